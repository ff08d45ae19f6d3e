import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import checks
from accord.core.markdown import UnreadableError
from accord.core.model import Assumption, Document, Item, ItemKind, Question, Spec, Task, bindings
from accord.errors import ConfigurationError
from accord.formats import speckit

SPEC = """# Feature Specification: Guest checkout
**Feature Branch**: `001-guest-checkout`
**Status**: Draft
## Clarifications
- Q: Which countries? → A: All of them.
- Q: Which currency?
## User Scenarios & Testing *(mandatory)*
### User Story 1 - Keep the cart (Priority: P1)
A guest tries again.

**Acceptance Scenarios**:
1. **Given** a declined card, **When** the guest returns,
   **Then** the cart is there.
2. **Given** an hour, **When** it has passed, **Then** the cart is empty.

---
### User Story 2 - Receipt (Priority: P2)
**Acceptance Scenarios**:
- **Given** a paid order
- **When** it is stored
- **Then** a receipt [NEEDS CLARIFICATION: by mail or on screen?] is sent
### Edge Cases
- What happens when the mail bounces?
  - It is shown on screen.
## Requirements *(mandatory)*
### Functional Requirements

**Cart:**
- **FR-001**: System MUST keep the cart:
  - for guests
- **FR-002**: System MUST keep it for [NEEDS CLARIFICATION: how long?].
- System MUST NOT ask for a password.
### Key Entities
- **Cart**: FR-001 keeps it.
## Success Criteria *(mandatory)*
- **SC-001**: 95% of guests finish.
## Assumptions
- Prices include tax.
- Mail works.
"""

PLAN = """# Implementation Plan: Guest checkout
**Branch**: `001` | **Date**: 2026-01-02
## Summary
Serves FR-001 and US2.1.
## Technical Context

**Language/Version**: Python 3.13
**Storage**: NEEDS CLARIFICATION
## Notes
## Notes
"""

TASKS = """# Tasks: Guest checkout
## Format: `[ID] [P?] [Story] Description`
- **[P]**: Can run in parallel
## Phase 1: Setup
- [x] T001 Create `shop/` per plan.md
- [ ] T002 [P] Lint in pyproject.toml
- [X] T003 [P] Hooks in .github/workflows/ci.yml
## Phase 2: User Story 1
- [ ] T004 [P] [US1] Test in tests/test_cart.py
- [ ] **T005 [US1] Keep the cart in shop/cart.py (FR-001, FR-002)**
  - [x] with its docstring
- [~] T006 [US1] [US2] Clear it (depends on T004)
- [P] T007 [US2] Receipt in src/routes/[id]/page.tsx
- [ ] T008 Close the gap per US1/AC2 and FR-001 to FR-003 in shop/{name}.py:12
## Dependencies
- [P] T002, T003 can run together
- T004 blocks T005
## Validation Checklist
- [ ] All of it tested
"""

FILES = {"spec.md": SPEC, "plan.md": PLAN, "tasks.md": TASKS}


def document(path: str, text: str | None = None) -> Document:
    return speckit.read(path, (FILES[path] if text is None else text).encode())


def spec(**changed: str) -> Spec:
    return Spec(tuple(document(path, changed.get(path[:-3])) for path in FILES))


def named(items: tuple[Item, ...]) -> list[str]:
    """Return the ids with the hash of each derived one left out."""
    return [re.sub(r"#[0-9a-f]{8}(~[0-9]+)?$", "#", name) for name in ids(items)]


def ids(items: tuple[Item, ...]) -> list[str]:
    return [item.id for item in items]


def tasks(text: str) -> list[Task]:
    return [item for item in document("tasks.md", text).items if isinstance(item, Task)]


def test_a_spec_is_read_into_items_in_file_order() -> None:
    assert named(document("spec.md").items) == [
        "spec.md", "Q#", "Q#", "US1", "US1.1", "US1.2", "US2", "US2.1", "Q#", "EC#", "FR-001",
        "FR-002", "Q#", "FR#", "SC-001", "A#", "A#",
    ]  # fmt: skip


def test_stories_scenarios_and_criteria_hold_their_words() -> None:
    text = {item.id: item.text for item in document("spec.md").items}
    scenario = "**Given** a declined card, **When** the guest returns, **Then** the cart is there."

    assert (text["US1"], text["US1.1"]) == ("Keep the cart (Priority: P1)", scenario)
    assert text["US2.1"].startswith("**Given** a paid order **When** it is stored **Then**")
    assert text["FR-001"] == "System MUST keep the cart: for guests"


def test_markers_clarifications_and_assumptions_are_open_unless_answered() -> None:
    items = document("spec.md").items
    notes = [item for item in items if isinstance(item, Question | Assumption)]

    assert [item.text for item in notes if item.standing.value == "open"] == [
        "Which currency?", "by mail or on screen?", "how long?", "Prices include tax.",
        "Mail works.",
    ]  # fmt: skip
    assert (notes[0].text, notes[0].answer) == ("Which countries?", "All of them.")


def test_a_plan_is_read_into_its_sections_and_its_unknowns() -> None:
    items = document("plan.md").items

    assert named(items[1:]) == ["#summary", "#technical-context", "Q#", "#notes", "#notes~2"]
    assert items[1].satisfies == ("US2.1", "FR-001")
    assert items[3].text == "**Storage**: NEEDS CLARIFICATION"


def test_tasks_are_read_with_what_they_serve_touch_and_wait_for() -> None:
    found = {one.id: (one.done, one.satisfies, one.touches, one.after) for one in tasks(TASKS)}

    assert found == {
        "T001": (True, (), ("shop/", "plan.md"), ()),
        "T002": (False, (), ("pyproject.toml",), ("T001",)),
        "T003": (True, (), (".github/workflows/ci.yml",), ("T001",)),
        "T004": (False, ("US1",), ("tests/test_cart.py",), ("T002", "T003")),
        "T005": (False, ("US1", "FR-001", "FR-002"), ("shop/cart.py",), ("T004",)),
        "T006": (False, ("US1", "US2"), (), ("T004",)),
        "T007": (False, ("US2",), ("src/routes/\\[id]/page.tsx",), ("T006",)),
        "T008": (False, ("US1.2", "FR-001", "FR-002", "FR-003"), ("shop/*.py",), ("T007",)),
    }


@pytest.mark.parametrize(("words", "waits"), [
    ("(depends on T001, T002)", ["T001", "T002"]), ("after T001 and T002", ["T001", "T002"]),
    ("**Depends on**: T001", ["T001"]), ("blocked by T999", ["T999"]),
    ("depends on T001-T002", ["T002"]), ("requires t3.micro", ["T002"]),
])  # fmt: skip
def test_what_a_task_says_it_waits_for(words: str, waits: list[str]) -> None:
    assert list(tasks(f"- [ ] T001 a\n- [ ] T002 a\n- [ ] T003 b {words}\n")[-1].after) == waits


@pytest.mark.parametrize("line", [
    "- [ ] T001 [P] [US1] Title", "* [X] **T001** Title", "- [ ] **T001**: Title",
    "- [ ] **T001 [ADR]** Title", "- [ ] T001a. Title", "- [ ] T1.2 - Title", "- [ ] `T001` Title",
    "- [ ] [T001] [P] Title", "1. [ ] T001 Title", "- [~] T001 Title", "- [P] T001 — Title",
    "- [ ] Title",
])  # fmt: skip
def test_every_shape_of_a_task_found_in_the_wild(line: str) -> None:
    (task,) = tasks(line + "\n")

    assert task.text == "Title"
    assert task.id[:2] == "T#" or task.id in line


@pytest.mark.parametrize("line", [
    "- [P] T003-T005: can run together", "- [P] T002, T003 can run together",
    "- [P] T003 and T004 can run together", "- [P] tasks = different files", "- [Story] label",
    "- T004 depends on T003", "```\n- [ ] T001 in a fence\n```", "<!--\n- [ ] T001 in one\n-->",
])  # fmt: skip
def test_what_only_speaks_of_tasks_is_none(line: str) -> None:
    assert tasks(line + "\n") == []


@pytest.mark.parametrize(("words", "paths"), [
    ("in `src/a.py`, (tests/b.py).", ["src/a.py", "tests/b.py"]),
    ("see ./src/a.py:10 and tests/a.py::test_b", ["src/a.py", "tests/a.py"]),
    ("in backend/src/models and Dockerfile", ["backend/src/models", "Dockerfile"]),
    ("in `.gitignore`, package.json, /specs/a.md", [".gitignore", "package.json", "specs/a.md"]),
    ("for stdio/sse/http, and/or CI/CD w/ Node.js e.g. v1.2, destroy() in 2.0", []),
    ("from https://example.org/a.py or ../other/b.py or @scope/x.js", []),
])  # fmt: skip
def test_paths_are_told_from_words(words: str, paths: list[str]) -> None:
    assert list(tasks(f"- [ ] T001 Do it {words}\n")[0].touches) == paths


@pytest.mark.parametrize(("text", "names"), [
    ("# Requirements\n- FR-001 System MUST.\n- FR-001: b\n", "FR-001 FR-001~2"),
    ("# Requirements\n- **NFR-001:** a\n* [ ] **FR-AUTH-01** b\n", "NFR-001 FR-AUTH-01"),
    ("# Requirements\n#### FR-001: A\n\nMUST.\n- a\n#### FR-002\n", "FR-001 FR-002"),
    ("# Requirements\n**FR-001**: System MUST.\n\n**FR-002**: MUST.\n", "FR-001 FR-002"),
    ("# Requirements\n- **FR-001**: a\n  - **FR-001a**: b\n", "FR-001 FR-001a"),
    ("# Requirements\n- FR-001: a\n# Notes on it\n- FR-001: done\n", "FR-001"),
    ("# Success Criteria\n1. ✅ It works\n2. It works\n", "SC# SC#"),
    ("### Primary User Story\n### Acceptance Scenarios\n1. **Given** a\n", "US1 US1.1"),
    ("### Acceptance Scenarios\n1. **Given** a\n## Then edge cases\n- b\n", "AC# EC#"),
    ("### User Story 1 - A\n**Given** a, **When** b, **Then** c\n", "US1 US1.1"),
    ("### User Story 1\n### User Story 1\n", "US1 US1~2"),
    ("# Clarifications\n- Q: a?\n  - A: b\n- more\n", "Q#"),
    ("# Review & Acceptance Checklist\n### Requirements\n- [ ] They MUST be clear\n", ""),
    ("- No [NEEDS CLARIFICATION] markers remain\n# Key Entities\n- **Cart**: kept\n", ""),
    ("```\n[NEEDS CLARIFICATION: a]\n- **FR-001**: b\n```\n", ""),
    ("Text [NEEDS CLARIFICATION: never closed\n", "Q#"),
    ("Text [NEEDS CLARIFICATION: [a] or [b]?] and [needs clarification]\n", "Q# Q#"),
])  # fmt: skip
def test_every_shape_of_a_statement_found_in_the_wild(text: str, names: str) -> None:
    assert named(document("spec.md", text).items[1:]) == names.split()


def test_a_name_of_its_own_words_outlives_what_is_written_above_it() -> None:
    before = document("spec.md").items
    after = document("spec.md", SPEC.replace("- Prices", "- New.\n- Prices")).items

    assert set(ids(before)) < set(ids(after))


def test_an_edit_opens_that_item_and_what_rests_on_it_alone() -> None:
    before = bindings(spec())
    after = bindings(spec(spec=SPEC.replace("the cart is empty", "it is gone")))
    changed = {name for name in before if before[name] != after[name]}

    assert changed == {"US1.2", "T004", "T005", "T006", "T008"}


def test_an_edited_assumption_is_another_and_leaves_the_rest_alone() -> None:
    before = bindings(spec())
    after = bindings(spec(spec=SPEC.replace("Mail works", "Mail is slow")))

    assert len(before.items() - after.items()) == len(after.items() - before.items()) == 1


@pytest.mark.parametrize("path", list(FILES))
def test_every_byte_but_a_tick_counts(path: str) -> None:
    text, before = FILES[path], bindings(spec())
    for at, letter in enumerate(text):
        if path == "tasks.md" and text[at - 1 : at + 2] in ("[x]", "[X]", "[ ]", "[~]"):
            continue
        changed = text[:at] + ("^" if letter != "^" else "~") + text[at + 1 :]

        assert bindings(spec(**{path[:-3]: changed})) != before, (at, text[at : at + 20])


def ticked(source: Document, task: Task) -> Document:
    """Return the document with `task` ticked; assert that one byte differs, or none if it was."""
    data = speckit.tick(source, task)
    assert sum(a != b for a, b in zip(source.data, data, strict=True)) == (not task.done)
    return speckit.read(source.path, data)


def test_a_tick_is_one_byte_and_no_digest() -> None:
    source = document("tasks.md")
    for task in tasks(TASKS):
        if task.id != "T007":
            after = ticked(source, task).items

            assert [one.done for one in after if isinstance(one, Task) and one.id == task.id] == [
                True
            ]
            assert [one.own for one in after] == [one.own for one in source.items]


def test_a_task_without_a_box_cannot_be_ticked() -> None:
    with pytest.raises(ConfigurationError, match="T007 has no box"):
        speckit.tick(document("tasks.md"), tasks(TASKS)[6])


def test_a_box_in_a_checklist_is_an_opinion_and_one_in_the_spec_may_be_a_choice() -> None:
    text = "# Quality\n\n## Content\n\n- [ ] CHK001 No FR-001 is vague [NEEDS CLARIFICATION: x]\n"
    listed, ticked = (
        speckit.read("checklists/quality.md", one.encode())
        for one in (text, text.replace("[ ]", "[x]"))
    )
    choice = document("spec.md", text), document("spec.md", text.replace("[ ]", "[x]"))

    assert ids(listed.items) == ["checklists/quality.md", "checklists/quality.md#content"]
    assert listed.items[1].satisfies == ()
    assert listed.items == ticked.items
    assert choice[0].items != choice[1].items


def test_other_files_are_one_item_each_and_a_document_must_be_utf_8() -> None:
    (item,) = speckit.read("contracts/a.yaml", b"\xff").items

    assert (item.id, item.kind) == ("contracts/a.yaml", ItemKind.FILE)
    with pytest.raises(UnreadableError, match=r"spec.md:2:3"):
        speckit.read("spec.md", b"a\nbc\xff")


@pytest.mark.parametrize(("names", "found"), [
    ("spec.md", True), ("spec.md tasks.md checklists/a.md", True), ("plan.md tasks.md", True),
    ("requirements.md design.md tasks.md", False), ("proposal.md tasks.md specs/a/spec.md", False),
    ("spec.md design.md", False), ("", False),
])  # fmt: skip
def test_a_feature_is_told_by_its_files(names: str, found: bool) -> None:
    assert speckit.detect(names.split()) is found


def test_the_head_of_a_file_makes_claims() -> None:
    assert speckit.claims(SPEC.encode())["status"] == "Draft"
    assert speckit.claims(PLAN.encode()) == {"branch": "`001`", "date": "2026-01-02"}
    assert speckit.claims(b"**Status:** a  \r\n**Status**: b\r\n") == {"status": "a"}
    assert speckit.claims(b"<!-- **Status**: a -->\n## Head\n**Status**: Done\n") == {}


PIECES = st.sampled_from(
    [*SPEC.splitlines(True), *PLAN.splitlines(True), *TASKS.splitlines(True), "\r\n", "\t", "- ",
     "[NEEDS CLARIFICATION: a", "]", "```\n", "<!--\n", "-->\n", "\N{NO-BREAK SPACE}", "é", "🎯",
     "# ", "FR-001 to FR-999999", "US٣", "T٠٠١", "[", "- [x] ", "\x00", "\u2028"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))
PATHS = st.sampled_from([*FILES, "checklists/a.md"])


@given(PATHS, TEXTS)
def test_any_text_is_read_covered_and_named_once(path: str, text: str) -> None:
    data = text.encode()
    source = speckit.read(path, data)
    speckit.claims(data)

    covered(source, data)
    assert source == speckit.read(path, data)
    for task in source.items:
        if isinstance(task, Task) and "[P] T" not in text:
            ticked(source, task)


def covered(source: Document, data: bytes) -> None:
    """Assert that the items nest within the file, that no two share an id, and no byte is lost."""
    assert source.data == data
    assert source.items[0].place.end == len(data)
    assert len(set(ids(source.items))) == len(source.items)
    around: list[int] = []
    for item in source.items[1:]:
        place = item.place
        while around and around[-1] <= place.start:
            around.pop()
        assert 0 <= place.start < place.end <= (around[-1] if around else len(data))
        before = data[: place.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert place.line == before.count(b"\n") + 1
        around.append(place.end)


ROOT = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.skipif(not ROOT.exists(), reason="the real specs are not beside this checkout")
def test_real_features_are_told_covered_checked_and_ticked() -> None:
    count = 0
    for folder in ROOT.glob("speckit-*/specs/*"):
        files = {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*.md")}
        documents = tuple(speckit.read(path, data) for path, data in files.items())
        found = [item for one in documents for item in one.items]
        assert speckit.detect(files), folder
        assert len({item.id for item in found}) == len(found), folder
        assert "cycle" not in {one.rule for one in checks.check(Spec(documents))}
        for one in documents:
            covered(one, files[one.path])
            count += len([ticked(one, task) for task in one.items if isinstance(task, Task)])
    assert count == 472


@pytest.mark.skipif(not ROOT.exists(), reason="the real specs are not beside this checkout")
@pytest.mark.parametrize(("path", "counts"), [
    ("note-sage/specs/001-mcp-server/spec.md", "3 US, 8 US., 4 EC, 7 FR, 5 SC, 4 A, 4 Q"),
    ("liturgy/specs/001-github-pages/spec.md", "4 US, 12 US., 4 EC, 15 FR, 8 SC, 9 A"),
    ("liturgy/specs/002-daily-readings/spec.md", "5 US, 25 US., 7 EC, 36 FR, 26 NFR, 10 SC"),
    ("liturgy/specs/004-preserve-site-history/spec.md",
     "3 US, 15 US., 6 EC, 15 FR, 7 SC, 10 A, 1 Q"),
    ("note-sage/specs/001-mcp-server/plan.md", "5 "),
    ("note-sage/specs/001-mcp-server/tasks.md", "8 T, 40 Tx"),
    ("liturgy/specs/001-github-pages/tasks.md", "1 T, 45 Tx"),
    ("liturgy/specs/002-daily-readings/tasks.md", "10 T, 170 Tx"),
])  # fmt: skip
def test_real_files_hold_what_a_person_counts_in_them(path: str, counts: str) -> None:
    real = ROOT / f"speckit-{path}"
    found = Counter(
        re.sub(r"[#-].*|[0-9]+", "", item.id) + "x" * (isinstance(item, Task) and item.done)
        for item in speckit.read(real.name, real.read_bytes()).items[1:]
    )

    assert {f"{count} {name}" for name, count in found.items()} == set(counts.split(", "))
