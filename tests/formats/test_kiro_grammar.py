from collections.abc import Mapping

import pytest

from accord.core.model import Criterion, Task
from accord.formats import kiro


def ids(path: str, text: str) -> list[str]:
    return [item.id for item in kiro.read(path, text.encode()).items[1:]]


def tasks(text: str) -> Mapping[str, Task]:
    document = kiro.read("tasks.md", text.encode())
    return {item.id: item for item in document.items if isinstance(item, Task)}


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("### Requirement 1", "R1"),
        ("### Requirement 1: Title", "R1"),
        ("### Requirement 1 - Title", "R1"),
        ("### Requirement 1 ✅ IMPLEMENTED", "R1"),
        ("## Requirement 1", "R1"),
        ("##### **Requirement 1:** Title", "R1"),
        ("### requirement #1", "R1"),
        ("### Requirement 01", "R1"),
        ("### Requirement 1.2: Title", "R1.2"),
        ("### 要件1: 名前", "R1"),
        ("### 要件 1", "R1"),
        ("### 要件１：名前", "R1"),
        ("### 需求 1：名称", "R1"),
        ("### 요구사항 1: 이름", "R1"),
        ("### Требование 1: Имя", "R1"),
        ("### Requisito 1: Nombre", "R1"),
        ("### Exigence 1 : Nom", "R1"),
        ("### Anforderung 1: Name", "R1"),
        ("### المتطلب ١", "R1"),
        ("### 1. Title", "R1"),
        ("### 1 Title", "R1"),
        ("### Krav 1: Navn", "R1"),
        ("### R1 Title", "R1"),
        ("### REQ-001: Title", "R1"),
        ("### FR-1: Title", "FR-1"),
        ("### Requirement NFR1 — Title", "NFR-1"),
        ("### Requirement NFR.1: Title", "NFR-1"),
        ("### Album management", "R-album-management"),
        ("### カートを保つ", "R-カートを保つ"),
        ("### !!!", "R-untitled"),
    ],
)
def test_requirement_headings_are_told_in_many_words(heading: str, wanted: str) -> None:
    text = f"# Doc\n\n## Top\n\n{heading}\n\n###### Acceptance Criteria\n\n1. WHEN a SHALL b\n"

    assert ids("requirements.md", text) == [wanted, f"{wanted}.1"]


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ("1. WHEN a\n2. WHEN b\n", ["1", "2"]),
        ("1) WHEN a\n2) WHEN b\n", ["1", "2"]),
        ("1. WHEN a\n\n   More.\n\n1. WHEN b\n1. WHEN c\n", ["1", "2", "3"]),
        ("3. WHEN a\n5. WHEN b\n", ["3", "5"]),
        ("1. WHEN a\n\nText.\n\n1. WHEN b\n", ["1", "1~2"]),
        ("1. WHEN a\n1. WHEN b\n\nText.\n\n2. WHEN c\n", ["1", "2", "2~2"]),
        ("1. 2.5 seconds after a\n", ["1"]),
        ("- 2.5 MB are enough\n- WHEN b\n", ["1", "2"]),
        ("1.1 WHEN a\n1.2 WHEN b\n", ["1", "2"]),
        ("1.1. WHEN a\n\n1.2. WHEN b\n", ["1", "2"]),
        ("**1.1** WHEN a\n\n**1.2.** WHEN b\n", ["1", "2"]),
        ("- 1.1 WHEN a\n- **1.2** WHEN b\n", ["1", "2"]),
        ("- AC1: WHEN a\n- AC2: WHEN b\n", ["1", "2"]),
        ("- WHEN a\n- [ ] WHEN b\n", ["1", "2"]),
        ("- a thing is seen\n- another\n", ["1", "2"]),
        ("１．WHEN a\n２．WHEN b\n", ["1", "2"]),
        ("1. a\n   1. nested\n   2. nested\n2. b\n", ["1", "2"]),
        ("##### Happy path\n\n1. a\n\n##### Sad path\n\n2. b\n", ["1", "2"]),
        ("1. a\n\n#### Notes\n\n1. a note\n2. another\n", ["1"]),
    ],
)
def test_criteria_are_numbered_as_the_host_numbers_them(criteria: str, wanted: list[str]) -> None:
    text = (
        f"# Doc\n\n### Requirement 1\n\n#### Acceptance Criteria\n\n{criteria}\n## End\n\n1. no\n"
    )

    assert ids("requirements.md", text) == ["R1", *(f"R1.{one}" for one in wanted)]


def test_a_label_may_be_a_line_and_what_stands_before_it_is_no_criterion() -> None:
    text = (
        "### Requirement 1\n\n1. background\n\n**Acceptance Criteria:**\n- a thing\n"
        "### Requirement 2\n\n- only a note\n- WHEN a THE shop SHALL b\n"
    )
    document = kiro.read("requirements.md", text.encode())

    assert [(one.id, one.text) for one in document.items if isinstance(one, Criterion)] == [
        ("R1.1", "a thing"),
        ("R2.1", "WHEN a THE shop SHALL b"),
    ]


def test_criteria_in_japanese_keep_their_words() -> None:
    text = (
        "# 要件定義書\n\n## 要件\n\n### 要件１：カート\n\n**ユーザーストーリー：** 客として。\n\n"
        "#### 受け入れ基準\n\n１．決済が失敗した時、店はカートを６０分保つこと\n"
        "２．WHEN 六十分が過ぎた THEN 店はカートを空にする SHALL\n"
    )
    document = kiro.read("requirements.md", text.encode())

    assert [(item.id, item.text) for item in document.items] == [
        ("requirements.md", "要件定義書"),
        ("R1", "カート"),
        ("R1.1", "決済が失敗した時、店はカートを６０分保つこと"),
        ("R1.2", "WHEN 六十分が過ぎた THEN 店はカートを空にする SHALL"),
    ]


def test_numbers_that_collide_stay_apart_in_file_order() -> None:
    text = "### Requirement 1\n1. a\n### Requirement 1\n1. b\n### Requirement 1\n1. c\n"

    assert ids("requirements.md", text) == ["R1", "R1.1", "R1~2", "R1~2.1", "R1~3", "R1~3.1"]


def test_chapters_with_numbers_are_no_requirements_beside_those_that_say_so() -> None:
    text = "## 1. Introduction\n\n1. x\n\n## 2. Requirements\n\n### Requirement 1\n\n1. WHEN a\n"

    assert ids("requirements.md", text) == ["R1", "R1.1"]


def test_a_heading_without_the_word_does_not_take_the_id_of_one_with_it() -> None:
    criteria = "#### Acceptance Criteria\n1. WHEN a\n"
    text = f"### Version 2\n{criteria}### Requirement 2\n{criteria}"

    assert ids("requirements.md", text) == ["R-version-2", "R-version-2.1", "R2", "R2.1"]


def test_the_three_parts_of_a_bug_report_are_requirements() -> None:
    text = (
        "# Bugfix\n\n## Bug Analysis\n\n### Current Behavior (Defect)\n\n1.1 WHEN a THEN b\n"
        "1.2 WHEN c THEN d\n\n### Expected Behavior (Correct)\n\n2.1 WHEN a SHALL b\n\n"
        "### Unchanged Behavior (Regression Prevention)\n\n3.1 WHEN a SHALL CONTINUE TO b\n"
    )

    assert ids("bugfix.md", text) == ["R1", "R1.1", "R1.2", "R2", "R2.1", "R3", "R3.1"]


@pytest.mark.parametrize(
    ("line", "wanted", "title"),
    [
        ("- [ ] 1. Do it", "T1", "Do it"),
        ("- [ ] 1 (P) Do it", "T1", "Do it"),
        ("- [ ] 1. Do it (P)", "T1", "Do it"),
        ("* [X] 2.1 Do it", "T2.1", "Do it"),
        ("- [ ] 1.1.1.1 Do it", "T1.1.1.1", "Do it"),
        ("- [x]* 1.2 Do it", "T1.2", "Do it"),
        ("- [ ] 7.9* (P) Do it", "T7.9", "Do it"),
        ("- [ ] **1.2 Do it**", "T1.2", "Do it"),
        ("- [ ] **1.2** Do it", "T1.2", "Do it"),
        ("- [ ] １．２　Do it", "T1.2", "Do it"),
        ("1. [ ] Do it", "T1", "Do it"),
        ("- [ ] 3 tests pass", "T-3-tests-pass", "3 tests pass"),
        ("- [ ]", "T-untitled", ""),
    ],
)
def test_task_lines_are_told_in_many_forms(line: str, wanted: str, title: str) -> None:
    assert [(one.id, one.text) for one in tasks(f"{line}\n").values()] == [(wanted, title)]


@pytest.mark.parametrize("line", ["- [a](b)", "- [y] 1. Do it", "- [x](link) 1.1", "- [ ]1.1 Do"])
def test_lines_that_only_look_like_boxes_are_no_tasks(line: str) -> None:
    assert tasks(f"{line}\n") == {}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("_Requirements: 1.1, 2.3_", ("R1.1", "R2.3")),
        ("_Requirements:_ 1.1", ("R1.1",)),
        ("Requirements: 1", ("R1",)),
        ("_Requirements: 1.1-1.3_", ("R1.1", "R1.2", "R1.3")),
        ("_Requirements: 1.1–1.3, 2.1_", ("R1.1", "R1.2", "R1.3", "R2.1")),
        ("_Requirements: 1.9-2.1_", ("R1.9", "R2.1")),
        ("_Requirements: Requirement 1, Requirement 2.1_", ("R1", "R2.1")),
        ("_Requirements: Requirement 1 (the cart, kept)_", ("R1",)),
        ("_Requirements: FR-1 (why), NFR-2, FR-3 Dashboard Tab_", ("FR-1", "NFR-2", "FR-3")),
        ("_Requirements: User context for 1.1, 1.2_", ("R1.1", "R1.2")),
        ("_Requirements: 1.1, 1.1_", ("R1.1",)),
        ("_Requirements: 1.1,\n    1.2_", ("R1.1", "R1.2")),
        ("_Requirements: Foundation for all_", ()),
        ("_Requirements: All 3 stories_", ()),
        ("_要件: 1.1、1.2_", ("R1.1", "R1.2")),
        ("_需求：1.1， 1.2_", ("R1.1", "R1.2")),
        ("**Validates: Requirements 1.1, 1.4**", ("R1.1", "R1.4")),
        ("_Validates: 1.1_", ("R1.1",)),
        ("**検証対象: 要件 1.2**", ("R1.2",)),
        ("**驗證：需求 1.3**", ("R1.3",)),
        ("**Property 1** is kept. **Validates: 1.1**", ("R1.1",)),
        ("Do it in version 1.2", ()),
    ],
)
def test_links_to_requirements_are_told_in_many_forms(line: str, wanted: tuple[str, ...]) -> None:
    assert tasks(f"- [ ] 1. Do it\n  - {line}\n")["T1"].satisfies == wanted


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([".kiro/specs/cart/requirements.md"], True),
        (["/home/a/.kiro/specs/cart/tasks.md"], True),
        (["requirements.md", "spec.json"], True),
        ([".config.kiro", "requirements.md"], True),
        (["bugfix.md"], True),
        (["requirements.md", "design.md", "tasks.md"], False),
        (["spec.md", "plan.md", "tasks.md"], False),
        ([".kiro/steering/product.md"], False),
        ([], False),
    ],
)
def test_a_folder_is_told_by_the_files_in_it(names: list[str], wanted: bool) -> None:
    assert kiro.detect(names) is wanted


def test_what_spec_json_claims_can_be_shown() -> None:
    data = (
        b'{"feature_name": "cart", "phase": "tasks-generated", "approvals": {"design": '
        b'{"generated": true, "approved": false}}, "tags": ["a"], "depth": 1, '
        b'"none": null, "half": "\\ud800"}'
    )

    assert kiro.claims(data) == {
        "feature_name": "cart",
        "phase": "tasks-generated",
        "approvals.design.generated": "true",
        "approvals.design.approved": "false",
        "depth": "1",
        "none": "null",
        "half": "?",
    }


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"nul", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000]
)
def test_what_is_no_json_object_claims_nothing(data: bytes) -> None:
    assert kiro.claims(data) == {}
