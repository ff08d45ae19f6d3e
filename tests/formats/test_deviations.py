"""What people really write, beside what the grammars say: it is read, not refused."""

from pathlib import Path

import pytest

from accord.app import checking
from accord.core.model import ItemKind, Task
from accord.formats import kiro, openspec, speckit, standing
from accord.formats.registry import Reader

LABEL = "#### Acceptance Criteria\n\n1. WHEN a THEN it SHALL b\n"
CASES: list[tuple[str, Reader, str, str, list[str]]] = [
    ("crlf", kiro.read, "requirements.md",
     f"### Requirement 1\n\n{LABEL}".replace("\n", "\r\n"), ["R1", "R1.1"]),
    ("mark", kiro.read, "requirements.md", f"\ufeff# T\n\n### Requirement 1\n\n{LABEL}",
     ["R1", "R1.1"]),
    ("open-fence", kiro.read, "tasks.md", "- [ ] 1. a\n\n```\n- [ ] 2. b\n", ["T1"]),
    ("fenced-box", speckit.read, "tasks.md", "- [ ] T001 a\n\n```\n- [ ] T002 b\n```\n", ["T001"]),
    ("fenced-box-counts", openspec.read, "tasks.md", "- [ ] 1.1 a\n```\n- [ ] 1.2 b\n```\n",
     ["1.1", "1.2"]),
    ("front", speckit.read, "tasks.md", "---\ndescription: x\n---\n\n- [ ] T001 a\n", ["T001"]),
    ("front", kiro.read, "tasks.md", "---\ntags:\n  - a\n---\n\n- [ ] 1. a\n", ["T1"]),
    ("tilde-box", speckit.read, "tasks.md", "- [~] T001 a\n- [X] T002 b\n", ["T001", "T002"]),
    ("parallel-without-box", speckit.read, "tasks.md", "- [P] T001 a\n", ["T001"]),
    ("bold", speckit.read, "tasks.md", "- [x] **T001** a\n- [ ] **T002 [P]** b\n",
     ["T001", "T002"]),
    ("no-id", speckit.read, "tasks.md", "- [ ] Do it\n", ["T#55cfcaf4"]),
    ("late-star", kiro.read, "tasks.md", "- [x]* 1.1 a\n- [ ] 7.9* b\n", ["T1.1", "T7.9"]),
    ("depth-4", kiro.read, "tasks.md",
     "- [ ] 1. a\n  - [ ] 1.1 b\n    - [ ] 1.1.1 c\n      - [ ] 1.1.1.1 d\n", ["T1.1.1.1"]),
    ("in-progress", kiro.read, "tasks.md", "- [-] 1. a\n- [~] 2. b\n", ["T1", "T2"]),
    ("japanese", kiro.read, "requirements.md",
     "### 要件1: カート\n\n#### 受入基準\n\n1. WHEN a THEN it SHALL b\n", ["R1", "R1.1"]),
    ("chinese-link", kiro.read, "tasks.md", "- [ ] 1. a\n  - _需求：1.1_\n", ["T1 -> R1.1"]),
    ("fr-heading", kiro.read, "requirements.md", f"### FR-2: Cart\n\n{LABEL}", ["FR-2", "FR-2.1"]),
    ("done-mark", kiro.read, "requirements.md", f"### Requirement 3 ✅ IMPLEMENTED\n\n{LABEL}",
     ["R3", "R3.1"]),
    ("prose-link", kiro.read, "tasks.md", "- [ ] 1. a\n  - _Requirements: Foundation for all_\n",
     ["T1"]),
    ("bugfix", kiro.read, "bugfix.md",
     ("## Bug Analysis\n\n### Current Behavior (Defect)\n\n1.1 WHEN a THEN b\n\n"
     "### Expected Behavior (Correct)\n\n2.1 WHEN a THEN it SHALL c\n"),
     ["R1", "R1.1", "R2", "R2.1"]),
    ("property", kiro.read, "design.md",
     ("## Correctness Properties\n\n### Property 1: Kept\n\n*For any* cart\n\n"
     "**Validates: Requirements 1.1, 1.4**\n"), ["#correctness-properties", "P1 -> R1.1 R1.4"]),
    ("checklist", speckit.read, "checklists/ux.md", "## Content\n\n- [x] CHK001 Clear? [Spec]\n",
     ["checklists/ux.md#content"]),
    ("rename", openspec.read, "specs/cart/spec.md",
     "## RENAMED Requirements\n- FROM: `### Requirement: A`\n- TO: `### Requirement: B`\n",
     ["cart/A"]),
    ("nested-capability", openspec.read, "specs/shop/cart/spec.md",
     "## ADDED Requirements\n### Requirement: A\nIt SHALL.\n", [r"shop\/cart/A"]),
    ("archived", openspec.read, "openspec/changes/archive/2026-01-02-x/specs/cart/spec.md",
     "## ADDED Requirements\n### Requirement: A\nIt SHALL.\n", ["cart/A"]),
    ("no-last-newline", openspec.read, "tasks.md", "- [ ] 1.1 a", ["1.1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "path", "text", "wanted"),
    [pytest.param(*one[1:], id=f"{one[0]}-{number}") for number, one in enumerate(CASES)],
)
def test_a_deviation_is_read(read: Reader, path: str, text: str, wanted: list[str]) -> None:
    document = read(path, text.encode())

    found = [
        f"{one.id} -> {' '.join(one.satisfies)}" if one.satisfies else one.id
        for one in document.items
        if one.kind is not ItemKind.FRAME
    ]
    assert document.data == text.encode()
    assert found == wanted


def test_a_tilde_or_a_dash_is_not_done() -> None:
    for read, text in ((kiro.read, "- [~] 1. a\n- [-] 2. b\n"), (speckit.read, "- [~] T001 a\n")):
        tasks = [one for one in read("tasks.md", text.encode()).items if isinstance(one, Task)]
        assert [one.done for one in tasks] == [False] * len(tasks)


@pytest.mark.parametrize("base", [".specify/specs", "kitty-specs", "specs"])
def test_older_layouts_are_found(tmp_path: Path, base: str) -> None:
    folder = tmp_path / base / "001-cart"
    folder.mkdir(parents=True)
    (folder / "spec.md").write_text("# F\n\n- **FR-001**: System MUST a\n")

    assert [(one.folder, one.format) for one in checking.check(tmp_path, [])] == [
        (f"{base}/001-cart", "spec-kit")
    ]


def test_an_archived_change_can_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "openspec/changes/archive/2026-01-02-cart/specs/cart"
    folder.mkdir(parents=True)
    (folder / "spec.md").write_text("## ADDED Requirements\n### Requirement: A\nIt SHALL.\n")

    assert checking.check(tmp_path, []) == ()
    (found,) = checking.check(tmp_path, ["openspec/changes/archive/2026-01-02-cart"])
    assert found.format == "openspec"


@pytest.mark.parametrize(
    ("head", "inclusion", "patterns"),
    [
        ("", "always", ()),
        ("---\ninclusion: manual\n---\n", "manual", ()),
        ("---\ninclusion: fileMatch\nfileMatchPattern: \"src/**/*.ts\"\n---\n", "fileMatch",
         ("src/**/*.ts",)),
        ("---\ninclusion: fileMatch\nfileMatchPattern: ['a/*', \"b/*\"]\n---\n", "fileMatch",
         ("a/*", "b/*")),
        ("---\r\ninclusion: fileMatch\r\nfileMatchPattern:\r\n  - a/*\r\n  - b/*\r\n---\r\n",
         "fileMatch", ("a/*", "b/*")),
    ],
)  # fmt: skip
def test_steering_says_when_it_counts(head: str, inclusion: str, patterns: tuple[str, ...]) -> None:
    found = standing.steering(f"{head}\n# Product\n\nText\n".encode())

    assert (found.inclusion, found.patterns, found.text) == (
        inclusion,
        patterns,
        "# Product\n\nText\n",
    )


def test_a_constitution_is_read_into_its_principles() -> None:
    found = standing.constitution(
        b"# Shop Constitution\n\n## Core Principles\n\n### I. Test first\n\nAlways.\n\n### II. "
        b"Small\n\n- one\n\n## Governance\n\nAll.\n\n**Version**: 1.2.0 | **Ratified**: 2026-01-02"
    )

    assert found.principles == (("Test first", "Always."), ("Small", "- one"))
    assert found.footer == {"version": "1.2.0", "ratified": "2026-01-02"}
