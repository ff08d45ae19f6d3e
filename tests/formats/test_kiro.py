import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import checks, markdown
from accord.core.markdown import Splice, UnreadableError
from accord.core.model import (
    Document,
    ItemKind,
    Requirement,
    Spec,
    Task,
    bindings,
    dependencies,
)
from accord.formats import kiro

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NAMES = ("requirements.md", "bugfix.md", "design.md", "tasks.md")

STORY = """# Requirements Document

## Introduction

1. Not a criterion.

## Requirements

### Requirement 1: Keep the cart

**User Story:** As a guest, I want my cart kept, so that I can try again.

#### Acceptance Criteria

1. WHEN the card is declined THEN the shop SHALL keep the cart
   for 60 minutes.
   - in the same browser
2. WHEN 60 minutes have passed THE shop SHALL empty the cart.

### Requirement 2

#### Acceptance Criteria

1. WHEN payment succeeds THE shop SHALL mail a receipt.

## Out of scope

1. Accounts.
"""

DESIGN = """# Design Document

## Overview

Text.

## Components

| Field | Detail |
|-------|--------|
| Requirements | 1, 2.1 |

## Correctness Properties

### Property Reflection

- Property 1: can be merged with 2.

### Property 1: The cart survives

*For any* decline, the cart is kept.

**Validates: Requirements 1.1, 1.2**

Property 2: A receipt is mailed
*For any* payment, a receipt is mailed.
**Validates: Requirements 2.1**

## Error Handling
"""

TASKS = """# Implementation Plan

- [ ] 1. The cart
- [x] 1.1 (P) Keep it on decline
  - Write it
  - [x] and try it
  - _Requirements: 1.1_
  - _Boundary: shop/cart/, `tests/cart`_

- [-] 1.2 (P) Empty it
  - _Requirements: 1.2_
  - _Boundary: CartService_
- [ ]* 1.3 Write a property test
  - **Property 1: The cart survives**
  - **Validates: Requirements 1.1**

- [ ] 2. Mail
  - Use the queue
  - _Requirements: 2_
  - [ ] 2.1 The letter
    - _Requirements: 2.1_
    - _Depends: 1_
- [ ] Final checkpoint
"""


def spec(story: str = STORY, design: str = DESIGN, tasks: str = TASKS) -> Spec:
    files = {"requirements.md": story, "design.md": design, "tasks.md": tasks}
    return Spec(tuple(kiro.read(path, text.encode()) for path, text in files.items()))


def ids(path: str, text: str) -> list[str]:
    return [item.id for item in kiro.read(path, text.encode()).items[1:]]


def tasks(text: str) -> Mapping[str, Task]:
    document = kiro.read("tasks.md", text.encode())
    return {item.id: item for item in document.items if isinstance(item, Task)}


def shares(document: Document) -> dict[str, bytes]:
    """Give each byte to the innermost item that holds it, and return the bytes of each item."""
    edges = {0, len(document.data)}
    for item in document.items:
        edges |= {item.place.start, item.place.end}
    found = dict.fromkeys((item.id for item in document.items), b"")
    for start, end in pairwise(sorted(edges)):
        holders = [
            one for one in document.items if one.place.start <= start and end <= one.place.end
        ]
        inner = min(
            holders, key=lambda one: (one.place.end - one.place.start, one.kind is ItemKind.FRAME)
        )
        found[inner.id] += document.data[start:end]
    return found


def test_the_story_is_read_into_requirements_and_criteria() -> None:
    items = kiro.read("requirements.md", STORY.encode()).items
    declined = "WHEN the card is declined THEN the shop SHALL keep the cart for 60 minutes."

    assert [(item.id, item.text) for item in items] == [
        ("requirements.md", "Requirements Document"),
        ("R1", "Keep the cart"),
        ("R1.1", f"{declined} in the same browser"),
        ("R1.2", "WHEN 60 minutes have passed THE shop SHALL empty the cart."),
        ("R2", "Requirement 2"),
        ("R2.1", "WHEN payment succeeds THE shop SHALL mail a receipt."),
    ]


def test_items_in_fences_and_comments_are_not_read() -> None:
    text = "```\n### Requirement 1\n1. a\n- [ ] 1. b\n```\n<!--\n### Requirement 2\n-->\n"

    assert ids("requirements.md", text) == ids("tasks.md", text) == []


def test_sections_and_properties_name_what_they_serve() -> None:
    assert [(one.id, one.text, one.satisfies) for one in spec().sections] == [
        ("#overview", "Overview", ()),
        ("#components", "Components", ("R1", "R2.1")),
        ("#correctness-properties", "Correctness Properties", ()),
        ("P1", "The cart survives", ("R1.1", "R1.2")),
        ("P2", "A receipt is mailed", ("R2.1",)),
        ("#error-handling", "Error Handling", ()),
    ]


def test_tasks_are_read_with_what_the_host_says_of_them() -> None:
    found = {
        one.id: (one.text, one.satisfies, one.done, one.touches, one.after) for one in spec().tasks
    }

    assert found == {
        "T1.1": ("Keep it on decline", ("R1.1",), True, ("shop/cart/", "tests/cart"), ()),
        "T1.2": ("Empty it", ("R1.2",), False, (), ()),
        "T1.3": ("Write a property test", ("R1.1",), False, (), ("T1.1", "T1.2")),
        "T2": ("Mail", ("R2",), False, (), ("T1.1", "T1.2")),
        "T2.1": ("The letter", ("R2.1",), False, (), ("T2", "T1.1", "T1.2", "T1.3")),
        "T-final-checkpoint": ("Final checkpoint", (), False, (), ("T2.1",)),
    }


def test_a_task_without_marks_waits_only_for_what_it_depends_on() -> None:
    found = tasks("- [ ] 1. a\n- [ ] 2. b\n- [ ] 3. c\n  - _Depends: 1, 9_\n- [ ] 4. d\n")

    assert [one.after for one in found.values()] == [(), (), ("T1", "T9"), ()]


def test_a_task_is_not_after_an_optional_one_nor_after_what_follows_it() -> None:
    found = tasks("- [ ] 1. (P) a\n- [ ]* 2. b\n- [ ] 3. (P) c\n- [ ] 4. d\n- [ ] 5. (P) e\n")

    assert [one.after for one in found.values()] == [(), ("T1",), (), ("T1", "T3"), ("T4",)]


def test_a_group_is_no_task_but_its_box_is_progress_too() -> None:
    text = "- [ ] 1. Group\n  - [ ] 1.1 a\n  - [ ] 1.2 b\n- [ ] 2. Flat\n- [ ] 2.1 c\n"
    ticked = text.replace("[ ]", "[x]")

    assert list(tasks(text)) == ["T1.1", "T1.2", "T2.1"]
    assert bindings(spec(tasks=text)) == bindings(spec(tasks=ticked))
    assert bindings(spec(tasks=text)) != bindings(spec(tasks=text.replace("Group", "Grope")))


def test_the_same_task_twice_has_two_ids() -> None:
    assert list(tasks("- [ ] 1. a\n- [ ] 1. b\n- [ ] c\n- [ ] c\n")) == [
        "T1",
        "T1~2",
        "T-c",
        "T-c~2",
    ]


def test_a_task_rests_on_its_criteria_and_on_the_properties_that_prove_them() -> None:
    rests = dependencies(spec())

    assert rests["T1.2"] == ("#components", "P1", "R1.2")
    assert rests["P2"] == ("R2.1",)


def test_an_edit_to_one_criterion_changes_it_and_what_rests_on_it_alone() -> None:
    before = bindings(spec())

    after = bindings(spec(story=STORY.replace("empty the cart", "keep the cart")))

    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"R1.2", "P1", "#components", "T1.2"}


@pytest.mark.parametrize(
    ("path", "text"), [("requirements.md", STORY), ("design.md", DESIGN), ("tasks.md", TASKS)]
)
def test_every_byte_belongs_to_an_item(path: str, text: str) -> None:
    data = text.encode()
    before = bindings(Spec((kiro.read(path, data),)))
    for at in range(len(data)):
        if data[at - 1 : at] == b"[" and data[at + 1 : at + 2] == b"]":
            continue  # a tick is progress, not agreement
        changed = data[:at] + b"~" + data[at + 1 :]

        assert bindings(Spec((kiro.read(path, changed),))) != before, (at, data[at : at + 10])


def test_a_file_that_is_not_utf8_is_named_and_any_other_file_is_one_item() -> None:
    with pytest.raises(UnreadableError):
        kiro.read("tasks.md", b"- [ ] 1. \xff\n")

    document = kiro.read("research.md", b"\xff# Notes")
    assert [(item.id, item.kind) for item in document.items] == [("research.md", ItemKind.FILE)]


FRAGMENTS = st.sampled_from(
    [
        "# ", "## ", "### ", "#### ", "Requirement 1", "Requirement ", "要件１：", "FR-2", "\n",
        "\n\n", "\r\n", "\r", "Acceptance Criteria", ":", "1. ", "1.1 ", "１．", "2) ", "- ",
        "* ", "  ", "    ", "\t", "\u3000", "- [ ] ", "- [x]* ", "- [-] ", "1.2 ", "(P) ", "**",
        "_", "`", "```\n", "<!--", "-->", "_Requirements: 1.1-1.3_", "_Depends: 1_",
        "_Boundary: a/b.py_", "Property 1: ", "**Validates: Requirements 1**", "WHEN a SHALL b",
        "| Requirements | 1 |", "🙂", "\u0661", "99999999999", "\x00", "\ufeff",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=8), max_size=40).map("".join)


@given(path=st.sampled_from(NAMES), text=TEXTS)
def test_any_text_is_read_with_ids_of_its_own_and_no_byte_lost(path: str, text: str) -> None:
    data = text.encode()
    document = kiro.read(path, data)
    names = [item.id for item in document.items]

    assert document.data == data
    assert len(set(names)) == len(names)
    assert all(0 <= item.place.start <= item.place.end <= len(data) for item in document.items)
    assert sum(len(share) for share in shares(document).values()) == len(data)
    checks.check(Spec((document,)))


@given(text=TEXTS)
def test_a_tick_changes_one_byte_and_no_digest_in_any_text(text: str) -> None:
    document = kiro.read("tasks.md", text.encode())
    for task in document.items:
        if isinstance(task, Task):
            assert_ticks(document, task)


@given(text=st.text().map(lambda text: text.encode()) | st.binary())
def test_claims_never_fail(text: bytes) -> None:
    assert all(isinstance(value, str) for value in kiro.claims(text).values())


def assert_ticks(document: Document, task: Task) -> None:
    ticked = kiro.tick(document, task)
    differing = [at for at, (a, b) in enumerate(zip(document.data, ticked, strict=True)) if a != b]
    again = kiro.read("tasks.md", ticked)

    assert len(differing) == (
        0 if document.data[task.place.start :].split(b"]")[0][-1:] == b"x" else 1
    )
    assert all(task.place.start <= at < task.place.end for at in differing)
    assert {one.id: one.own for one in again.items} == {one.id: one.own for one in document.items}
    assert next(one for one in again.items if isinstance(one, Task) and one.id == task.id).done


def corpus() -> Iterator[Path]:
    yield from (file for name in NAMES for file in sorted(CORPUS.glob(f"*/.kiro/specs/*/{name}")))


needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real specs is not beside this checkout"
)


@needs_corpus
def test_real_documents_are_covered_to_the_last_byte() -> None:
    files = list(corpus())
    assert len(files) >= 50
    for path in files:
        data = path.read_bytes()
        document = kiro.read(path.name, data)
        itself = [Splice(one.place.start, one.place.end, b"") for one in document.items[1:]]

        assert document.data == data, path
        assert sum(len(share) for share in shares(document).values()) == len(data), path
        for edit in itself:
            same = Splice(edit.start, edit.end, data[edit.start : edit.end])
            assert markdown.splice(data, [same]) == data, path
        if path.name != "tasks.md":
            for one in document.items[1:]:
                share = shares(document)[one.id]
                assert one.own == hashlib.sha256(share).hexdigest(), (path, one.id)


@needs_corpus
def test_every_task_of_every_real_file_is_ticked_by_one_byte() -> None:
    for path in corpus():
        if path.name == "tasks.md":
            document = kiro.read(path.name, path.read_bytes())
            for task in document.items:
                if isinstance(task, Task):
                    assert_ticks(document, task)


@needs_corpus
@pytest.mark.parametrize(
    ("folder", "requirements", "criteria", "properties", "found", "done"),
    [
        ("kiro-mirmer/.kiro/specs/ui-improvements", 6, 30, 7, 21, 21),
        ("kiro-mirmer/.kiro/specs/mobile-responsive-ui", 7, 35, 8, 22, 10),
        ("kiro-mirmer/.kiro/specs/enterprise-features", 10, 56, 44, 109, 18),
        ("kiro-mirmer/.kiro/specs/python-sdk", 12, 60, 20, 45, 25),
        ("kiro-mirmer/.kiro/specs/landing-page-with-pricing", 6, 31, 0, 14, 8),
        ("kiro-ccmanager/.kiro/specs/result-pattern-error-handling-2", 11, 71, 0, 0, 0),
        ("cc-sdd/.kiro/specs/photo-albums-en", 5, 30, 0, 28, 0),
        ("cc-sdd/.kiro/specs/customer-support-rag-backend-ja", 8, 40, 0, 28, 0),
        ("cc-sdd/.kiro/specs/vercel-ai-chatui-research-agent-ja", 6, 24, 0, 22, 0),
    ],
)
def test_real_specs_hold_what_was_counted_in_them(
    folder: str, requirements: int, criteria: int, properties: int, found: int, done: int
) -> None:
    real = Spec(
        tuple(
            kiro.read(one.name, one.read_bytes()) for one in sorted((CORPUS / folder).glob("*.md"))
        )
    )
    of_section = [one for one in real.sections if re.fullmatch(r"P\d+", one.id)]

    assert sum(isinstance(one, Requirement) for one in real.items) == requirements
    assert len(real.criteria) == criteria
    assert len(of_section) == properties
    assert all(one.satisfies for one in of_section)
    assert len(real.tasks) == found
    assert sum(one.done for one in real.tasks) == done
    assert {one.rule for one in checks.check(real)}.isdisjoint({"duplicate-id", "dangling-id"})


@needs_corpus
def test_real_spec_files_are_claims_of_approval() -> None:
    for path in CORPUS.glob("cc-sdd/.kiro/specs/*/spec.json"):
        said = kiro.claims(path.read_bytes())

        assert said["phase"] == "tasks-generated"
        assert said["approvals.design.approved"] == "true"
        assert kiro.detect([one.name for one in path.parent.iterdir()])
