import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import checks
from accord.core.markdown import Splice, UnreadableError, splice
from accord.core.model import (
    Criterion,
    Document,
    ItemKind,
    Requirement,
    Section,
    Spec,
    Task,
    bindings,
)
from accord.formats import openspec
from accord.formats.openspec import Delta

AUTH = "specs/auth/spec.md"

DELTA = b"""# Delta

## ADDED Requirements

### Requirement: Two factor

The system SHALL ask for a code.

#### Scenario: Valid code

- **WHEN** the code is right
- **THEN** the user
  is let in

#### Edge case
- **WHEN**: it is late

### Notes

Only said.

## MODIFIED Requirements

### Requirement: Sign in

The system SHALL lock after 3 tries.

## REMOVED Requirements

### Requirement: Remember me

**Reason**: unsafe

- `### Requirement: Magic link`
  - **Reason**: unused

## RENAMED Requirements

- FROM: `### Requirement: Login`
- TO: `### Requirement: User login`
"""

TASKS = b"""## 1. Server

- [ ] 1.1 Add the table
  with its index
  - keep the old one

  and its data
- [x] 1.2 Fill it
- **note** not a task

## 2. Screen
* [X] 2.1: Show it
  1. [ ] **3.** Nested
- [~] Half done, no number
- [] 2.2 Empty box
- [link](x.md) and [ref][x]
"""

PROPOSAL = (
    b"# Two factor\n\nWords.\n\n## Why\n\nTheft.\n\n## What Changes\n- a\n### Sub\n\n## Why\n"
)


def ids(path: str, data: bytes) -> list[str]:
    return [item.id for item in openspec.read(path, data).items[1:]]


def tasks(document: Document) -> list[Task]:
    return [item for item in document.items if isinstance(item, Task)]


def assert_whole(document: Document) -> None:
    """Every byte is in one item or in the frame, ids are unique, and splicing changes nothing."""
    frame, *items = document.items
    places = [item.place for item in items]
    data = document.data
    assert (frame.kind, frame.place.start, frame.place.end) == (ItemKind.FRAME, 0, len(data))
    assert all(0 <= one.start < one.end <= len(data) for one in places)
    assert all(before.end <= after.start for before, after in itertools.pairwise(places))
    assert all(one.line == _line(data, one.start) for one in places)
    assert len({item.id for item in document.items}) == len(document.items)
    assert splice(data, [Splice(p.start, p.end, data[p.start : p.end]) for p in places]) == data


def _line(data: bytes, at: int) -> int:
    return len(data[:at].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))


def test_a_delta_is_read_into_requirements_and_scenarios() -> None:
    found = [(item.id, item.kind) for item in openspec.read(AUTH, DELTA).items[1:]]

    assert found == [
        ("auth/Two factor", ItemKind.REQUIREMENT),
        ("auth/Two factor/Valid code", ItemKind.CRITERION),
        ("auth/Two factor/Edge case", ItemKind.CRITERION),
        ("auth/Sign in", ItemKind.REQUIREMENT),
        ("auth/Remember me", ItemKind.REQUIREMENT),
        ("auth/Magic link", ItemKind.REQUIREMENT),
        ("auth/Login", ItemKind.REQUIREMENT),
    ]


def test_a_scenario_says_its_steps_and_a_requirement_its_title() -> None:
    texts = {item.id: item.text for item in openspec.read(AUTH, DELTA).items}

    assert texts["auth/Two factor/Valid code"] == ("WHEN the code is right THEN the user is let in")
    assert texts["auth/Two factor/Edge case"] == "WHEN: it is late"
    assert texts["auth/Two factor"] == "Two factor"
    assert texts["auth/Login"] == "Login → User login"


def test_operations_hold_what_openspec_moves() -> None:
    found = openspec.operations(AUTH, DELTA)
    spans = [DELTA[one.place.start : one.place.end] for one in found]

    assert [(one.delta, one.item, one.title, one.renamed) for one in found] == [
        (Delta.ADDED, "auth/Two factor", "Two factor", ""),
        (Delta.MODIFIED, "auth/Sign in", "Sign in", ""),
        (Delta.REMOVED, "auth/Remember me", "Remember me", ""),
        (Delta.REMOVED, "auth/Magic link", "Magic link", ""),
        (Delta.RENAMED, "auth/Login", "Login", "User login"),
    ]
    assert spans[0].startswith(b"### Requirement: Two factor\n")
    assert spans[0].endswith(b"Only said.\n")
    assert spans[3].endswith(b"**Reason**: unused\n")
    assert spans[4].count(b"\n") == 2


def test_proposals_and_designs_are_read_by_section() -> None:
    document = openspec.read("proposal.md", PROPOSAL)

    assert document.title == "Two factor"
    assert [(item.id, item.text) for item in document.items if isinstance(item, Section)] == [
        ("proposal.md#why", "Why"),
        ("proposal.md#what-changes", "What Changes"),
        ("proposal.md#why (2)", "Why"),
    ]
    assert ids("design.md", b"## Context\n") == ["design.md#context"]


def test_tasks_are_read_with_their_numbers() -> None:
    found = tasks(openspec.read("tasks.md", TASKS))

    assert [(one.id, one.text, one.done) for one in found] == [
        ("1.1", "Add the table with its index - keep the old one and its data", False),
        ("1.2", "Fill it", True),
        ("2.1", "Show it", True),
        ("3", "Nested", False),
        ("half-done-no-number", "Half done, no number", False),
        ("2.2", "Empty box", False),
    ]


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        (AUTH, b"## Requirements\n### The system SHALL x\n", ["auth/The system SHALL x"]),
        (AUTH, b"## Notes\n### Not one\n", []),
        (AUTH, b"## ADDED Requirements\n### Divider\n", []),
        (AUTH, b"### Requirement: Orphan\n", ["auth/Orphan"]),
        (AUTH, b"## Added requirements\n### REQUIREMENT:  C# ###\n", ["auth/C#"]),
        (AUTH, b"## ADDED Requirements\n###Requirement: Glued\nx\n", ["auth/Glued"]),
        (AUTH, b"\xef\xbb\xbf### Requirement: Marked\n", ["auth/Marked"]),
        (AUTH, b"### Requirement:\n", []),
        (AUTH, b"### Scenario: Loose\n", ["auth//Loose"]),
        (AUTH, b"#### Loose\n", []),
        (AUTH, b"### Requirement: A\n##### Scenario: B\n", ["auth/A", "auth/A/B"]),
        (AUTH, b"### Requirement: A\n### Requirement: A\n", ["auth/A", "auth/A (2)"]),
        (AUTH, b"### Requirement: A/B\n#### C\\D\n", ["auth/A\\/B", "auth/A\\/B/C\\\\D"]),
        (AUTH, b"```\n### Requirement: A\n```\n", []),
        (AUTH, b"~~~~\n```\n### Requirement: A\n~~~\n#### B\n", []),
        (AUTH, b"<!--\n### Requirement: A\n-->\n", []),
        ("openspec/specs/auth/spec.md", b"### Requirement: A\n", ["auth/A"]),
        ("openspec/changes/x/specs/auth/spec.md", b"### Requirement: A\n", ["auth/A"]),
        ("specs/web/auth/spec.md", b"### Requirement: A\n", ["web\\/auth/A"]),
        ("specs/auth.md", b"### Requirement: A\n", ["auth.md/A"]),
        ("spec.md", b"### Requirement: A\n", ["spec.md/A"]),
        ("specs/a/spec.md", b"### Scenario: b\n#### Requirement: b\n", ["a//b", "a/b"]),
        ("specs/specs/spec.md", b"### Requirement: specs\n#### spec.md\n",
         ["specs/specs", "specs/specs/spec.md (2)"]),
        ("tasks.md", b"- [x] ### 1. Make it\n", ["1"]),
        ("tasks.md", b"- [ ] **1. Make it**\n  - [ ] Add `it`.\n", ["1", "add-it"]),
        ("tasks.md", b"- [ ] 1.1 A\n- [ ] 1.1 B\n- [ ] 1.1a C\n", ["1.1", "1.1-2", "1.1a"]),
        ("tasks.md", b"- [ ] 3 retries\n- [ ] ...\n- [ ]\n", ["3-retries", "task", "task-2"]),
        ("tasks.md", b"```\n- [ ] 1.1 In a stray fence\n- [a](b)\n- [ ](b)\n", ["1.1", "b"]),
        ("tasks.md", b"\xef\xbb\xbf- [ ] 1.1 Marked\n", ["1.1"]),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_read(path: str, data: bytes, expected: list[str]) -> None:
    document = openspec.read(path, data)

    assert [item.id for item in document.items[1:]] == expected
    assert_whole(document)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("* FROM: ### Requirement: A\n+ TO: ### Requirement: B", [("A", "B")]),
        ("FROM: `### Requirement: A`\nTO: `### Requirement: B ##`", [("A", "B")]),
        ("FROM: ### Requirement: A\nFROM:### Requirement: B\nTO: ### Requirement: C", [("B", "C")]),
        ("FROM: ### Requirement: A\n# Top\nTO: ### Requirement: B", [("A", "B")]),
        ("TO: ### Requirement: A", []),
        ("- FROM: `### Requirement: A`\n\n## RENAMED Requirements\n- TO: `### Requirement: B`", []),
        ("- FROM: `### Requirement: use `x``\n- TO: `### Requirement: y`", [("use `x`", "y")]),
        ("### Requirement: B\n- FROM: `### Requirement: A`\n- TO: `### Requirement: B`",
         [("A", "B")]),
        ("```\n- FROM: `### Requirement: A`\n- TO: `### Requirement: B`\n```", []),
    ],
)  # fmt: skip
def test_renames_are_pairs(entries: str, expected: list[tuple[str, str]]) -> None:
    data = f"## RENAMED Requirements\n{entries}\n".encode()

    found = openspec.operations(AUTH, data)

    assert [(one.title, one.renamed) for one in found] == expected
    assert_whole(openspec.read(AUTH, data))


def test_other_files_do_nothing_and_are_one_item_each() -> None:
    assert openspec.operations(AUTH, b"## Requirements\n### Requirement: A\n") == ()
    for path in ("notes.md", ".openspec.yaml", "specs/auth/flow.png"):
        assert openspec.operations(path, DELTA) == ()
        assert [item.kind for item in openspec.read(path, b"\xff").items] == [ItemKind.FILE]


def test_a_document_that_is_not_utf8_is_refused() -> None:
    for path in (AUTH, "proposal.md", "tasks.md"):
        with pytest.raises(UnreadableError):
            openspec.read(path, b"\xff")


def test_carriage_returns_change_no_id() -> None:
    for path, data in ((AUTH, DELTA), ("tasks.md", TASKS), ("proposal.md", PROPOSAL)):
        document = openspec.read(path, data.replace(b"\n", b"\r\n"))

        assert [item.id for item in document.items[1:]] == ids(path, data)
        assert_whole(document)


def test_every_byte_belongs_to_an_item() -> None:
    for path, data in ((AUTH, DELTA), ("tasks.md", TASKS), ("proposal.md", PROPOSAL)):
        before = bindings(Spec((openspec.read(path, data),)))
        for at in range(len(data)):
            if data[at - 1 : at] == b"[" and data[at + 1 : at + 2] == b"]":
                continue  # a tick is progress, not agreement
            changed = data[:at] + b"?" + data[at + 1 :]

            assert bindings(Spec((openspec.read(path, changed),))) != before, (path, at)


def test_an_edit_to_one_scenario_changes_it_alone() -> None:
    before = bindings(Spec((openspec.read(AUTH, DELTA),)))

    after = bindings(Spec((openspec.read(AUTH, DELTA.replace(b"let in", b"let out")),)))
    changed = [name for name in before if before[name] != after[name]]

    assert changed == ["auth/Two factor/Valid code"]


@pytest.mark.parametrize("box", ["[ ]", "[~]", "[  ]", "[\t]", "[✓]", "[\u00a0]", "[]", "[ - ]"])
def test_a_tick_touches_the_box_and_no_digest(box: str) -> None:
    data = f"- [x] 1.0 a [ ]\n  * {box} 1.1 b [ ] c\n".encode()
    document = openspec.read("tasks.md", data)
    first, second = tasks(document)

    ticked = openspec.tick(document, second)

    assert ticked.decode().count("x") == 2
    again = openspec.read("tasks.md", ticked)
    assert tasks(again)[1].done
    assert bindings(Spec((again,))) == bindings(Spec((document,)))
    assert openspec.tick(document, first) == data


def test_a_tick_where_no_box_is_is_refused() -> None:
    document = openspec.read("tasks.md", TASKS)
    task = evolve(tasks(document)[0], place=document.items[0].place)

    with pytest.raises(ValueError, match="no box"):
        openspec.tick(document, task)


def test_openspec_is_known_by_its_files() -> None:
    assert openspec.detect(["proposal.md"])
    assert openspec.detect([".openspec.yaml", "tasks.md"])
    assert openspec.detect(["README.md", "openspec/project.md"])
    assert openspec.detect(["openspec/specs/auth/spec.md"])
    assert not openspec.detect(["requirements.md", "proposal.md"])
    assert not openspec.detect(["specs/001-cart/spec.md", "specs/001-cart/tasks.md"])
    assert not openspec.detect(["src/openspec/main.py"])
    assert not openspec.detect([])


LINES = st.sampled_from(
    [line for data in (DELTA, TASKS, PROPOSAL) for line in data.decode().splitlines()]
    + ["```", "~~~", "<!--", "-->", "## Requirements", "###Requirement: Glued", "#### ", "###"]
    + ["### Requirement: A", "### Requirement: A (2)", "### Scenario: A", "- [ ] 1.1 A", "- [ ]("]
)
TEXTS = st.one_of(
    st.text(),
    st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"]))).map(
        lambda parts: "".join(a + b for a, b in parts)
    ),
)
PATHS = st.sampled_from([AUTH, "specs/auth.md", "proposal.md", "design.md", "tasks.md"])


@given(PATHS, TEXTS, st.booleans())
def test_any_text_is_read_to_the_last_byte(path: str, words: str, marked: bool) -> None:
    data = b"\xef\xbb\xbf" * marked + words.encode()
    document = openspec.read(path, data)

    assert_whole(document)
    assert document == openspec.read(path, data)
    known = {item.id: item.place for item in document.items}
    for one in openspec.operations(path, data):
        assert one.place.start == known[one.item].start < known[one.item].end <= one.place.end
    for task in tasks(document):
        again = openspec.read(path, openspec.tick(document, task))
        assert bindings(Spec((again,))) == bindings(Spec((document,)))


def corpus() -> Iterator[tuple[str, bytes]]:
    folders = sorted((Path(__file__).parents[3] / "shared" / "corpus").glob("openspec-*"))
    if not folders:
        pytest.skip("the corpus of real specs is not beside this checkout")
    for folder in folders:
        for path in sorted(folder.glob("openspec/**/*.md")):
            yield f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def test_real_documents_are_read_to_the_last_byte_and_can_be_checked() -> None:
    for name, data in corpus():
        document = openspec.read(name.partition("/")[2], data)

        assert isinstance(checks.check(Spec((document,))), tuple)
        if document.items[0].kind is ItemKind.FRAME:
            assert_whole(document)


def test_every_real_task_is_ticked_by_one_byte() -> None:
    for name, data in corpus():
        for at, task in enumerate(tasks(openspec.read(name.partition("/")[2], data))):
            box = data.index(b"[", task.place.start) + 1
            fresh = data[:box] + b" " + data[box + 1 :]
            document = openspec.read(name.partition("/")[2], fresh)

            ticked = openspec.tick(document, tasks(document)[at])

            assert ticked == data[:box] + b"x" + data[box + 1 :], name


def test_real_documents_hold_what_a_person_counts_in_them() -> None:
    files = dict(corpus())
    kinds = (Requirement, Criterion, Task, Section)
    scope, postgast = "openspec-agent-scope/openspec/", "openspec-postgast/openspec/"
    change = f"{scope}changes/add-architecture-consistency-validation/"
    drop = f"{postgast}changes/archive/2026-02-22-to-drop/"
    for name, expected in {
        f"{scope}specs/skills/spec.md": (2, 2, 0, 0),
        f"{change}specs/consistency-checks/spec.md": (2, 2, 0, 0),
        f"{change}tasks.md": (0, 0, 13, 0),
        f"{postgast}specs/vendored-library-bundling/spec.md": (5, 7, 0, 0),
        f"{postgast}specs/recipebook/spec.md": (11, 12, 0, 0),
        f"{postgast}specs/typed-tree-walking/spec.md": (0, 3, 0, 0),
        f"{drop}tasks.md": (0, 0, 9, 0),
        f"{drop}proposal.md": (0, 0, 0, 4),
    }.items():
        items = openspec.read(name.partition("/")[2], files[name]).items

        assert tuple(sum(isinstance(i, kind) for i in items) for kind in kinds) == expected, name
