"""What an agent is told of a spec holds all that is linked to its task, and little besides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import slicing
from accord.core.delta import source
from accord.core.model import Spec, Task, dependencies, lineage
from accord.core.recall import tokens
from accord.formats import native, registry

IDS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=4, unique=True)


def text_of(found: slicing.Slice) -> str:
    return "\n".join(one.text for one in found.linked)


def name(one: tuple[int, int]) -> str:
    return f"R{one[0]}.{one[1]}" if one[1] else f"R{one[0]}"


def spec_of(sections: list[list[tuple[int, int]]], task: list[tuple[int, int]]) -> Spec:
    """Return a native spec of four requirements with three criteria each."""
    story = "# Cart\n\n## Questions\n\n- Q1 (answered) How long?\n  - Answer: an hour\n"
    story += "- Q2 (open) Which colour?\n\n## Requirements\n"
    for one in range(1, 5):
        rows = "".join(f"- R{one}.{n} THE shop SHALL do {one * 10 + n}.\n" for n in (1, 2, 3))
        story += f"\n### R{one} Part {one}\n\nStory of {one}.\n\n{rows}"
    story += "\n## Out of scope\n\n- Wish lists\n"
    design = "# Cart: design\n\nA frame.\n\n## Constraints\n\nNo more than one database.\n"
    for at, named in enumerate(sections, start=1):
        served = ", ".join(map(name, named))
        design += f"\n## D{at} Section {at}\n\nSatisfies: {served}\n\nHow {at} works.\n"
    satisfies = ", ".join(map(name, task))
    tasks = f"# Cart: tasks\n\n- [ ] T1 Build\n  - Satisfies: {satisfies}\n  - Touches: src/**\n"
    tasks += "- [ ] T2 Another\n  - Satisfies: R1.1\n  - Touches: lib/**\n"
    texts = {"requirements.md": story, "design.md": design, "tasks.md": tasks}
    return Spec(tuple(native.read(path, text.encode()) for path, text in texts.items()))


@given(st.lists(IDS, max_size=4), IDS)
def test_every_item_that_is_linked_to_a_task_is_in_its_slice(
    sections: list[list[tuple[int, int]]], named: list[tuple[int, int]]
) -> None:
    spec = spec_of(sections, named)
    task = spec.tasks[0]

    said = text_of(slicing.of_task(spec, task))

    wanted = {*dependencies(spec)["T1"], "T1"}
    wanted |= {above for one in dependencies(spec)["T1"] for above in lineage(one)}
    for document in spec.documents:
        for item in document.items:
            if item.id in wanted:
                assert source(document, item).strip("\r\n") in said


@given(st.lists(IDS, max_size=4), IDS)
def test_what_was_answered_and_what_holds_for_all_is_in_every_slice(
    sections: list[list[tuple[int, int]]], named: list[tuple[int, int]]
) -> None:
    spec = spec_of(sections, named)

    said = text_of(slicing.of_task(spec, spec.tasks[0]))

    assert "Answer: an hour" in said
    assert "Wish lists" in said
    assert "No more than one database." in said
    assert "Which colour" not in said


def test_what_is_for_other_tasks_is_not_in_a_slice() -> None:
    spec = spec_of([[(1, 1)], [(2, 0)]], [(2, 1)])

    found = slicing.of_task(spec, spec.tasks[0])

    said = text_of(found)
    assert "R2.1" in said
    assert "R2.2 THE shop" not in said
    assert "R1.1 THE shop" not in said
    assert "How 2 works" in said
    assert "How 1 works" not in said
    assert "T2 Another" not in said
    assert found.near == ()


KIRO = {
    "requirements.md": """\
# Requirements Document

## Requirements

### Requirement 1

**User Story:** As a guest, I want my cart kept, so that I can pay again.

#### Acceptance Criteria

1. WHEN the card is declined THEN the shop SHALL keep the cart for 60 minutes
2. WHEN the cart is kept THEN the shop SHALL say until when

### Requirement 2

**User Story:** As an owner, I want a report, so that I can plan.

#### Acceptance Criteria

1. WHEN a month ends THEN the shop SHALL send a report
""",
    "design.md": """\
# Design Document

## Overview

Version 1.1 of the till is out of use.

## Components

### Keeper

Keeps minutes beside the cart (Requirements 1.1, 1.2).

### Reporter

Sends the monthly report (Requirement 2.1).

## Global constraints

All money is in cents.
""",
    "tasks.md": """\
# Implementation Plan

- [ ] 1. Set up the project
- [ ] 2. Keep the cart
  - [ ] 2.1 Keep it on decline
    - Write the keeper in shop/cart.py
    - _Requirements: 1.1_
- [ ] 3. Report
  - _Requirements: 2.1_
""",
}

SPECKIT = {
    "spec.md": """\
# Feature Specification: Cart

## User Scenarios & Testing

### User Story 1 - Keep the cart (Priority: P1)

A guest pays again.

**Acceptance Scenarios**:

1. **Given** a cart, **When** the card is declined, **Then** it is kept

### User Story 2 - Report (Priority: P2)

An owner plans.

**Acceptance Scenarios**:

1. **Given** sales, **When** a month ends, **Then** a report is sent

## Requirements

- **FR-001**: System MUST keep a cart for 60 minutes
- **FR-002**: System MUST send a monthly report

## Out of Scope

- Wish lists
""",
    "plan.md": """\
# Implementation Plan: Cart

## Constraints

All money is in cents.

## Design

### Keeper

US1 and FR-001: minutes beside the cart.

### Reporter

US2: a job each month.
""",
    "tasks.md": """\
# Tasks

- [ ] T001 Create the structure
- [ ] T002 [US1] Keep the cart in shop/cart.py (FR-001)
- [ ] T003 [US2] Send the report in shop/report.py
""",
}


@pytest.mark.parametrize(
    ("form", "texts", "task", "in_it", "not_in_it"),
    [
        ("kiro", KIRO, "T2.1",
         ["keep the cart for 60 minutes", "As a guest", "Keeps minutes", "in cents",
          "Write the keeper"],
         ["send a report", "Sends the monthly", "out of use", "3. Report"]),
        ("spec-kit", SPECKIT, "T002",
         ["the card is declined", "A guest pays again", "**FR-001**", "Wish lists",
          "minutes beside the cart", "in cents", "T002"],
         ["a month ends", "a job each month", "T003"]),
    ],
)  # fmt: skip
def test_what_is_linked_is_found_in_the_formats_of_others(
    form: str, texts: dict[str, str], task: str, in_it: list[str], not_in_it: list[str]
) -> None:
    spec = loosely(form, texts)

    said = text_of(slicing.of_task(spec, _task(spec, task), loose=True))

    assert [one for one in in_it if one not in said] == []
    assert [one for one in not_in_it if one in said] == []


def test_what_no_word_links_is_found_by_its_words_and_kept_apart() -> None:
    spec = loosely("spec-kit", SPECKIT)

    found = slicing.of_task(spec, _task(spec, "T003"), loose=True)

    assert "FR-002" not in text_of(found)
    assert any("monthly report" in one.text for one in found.near)


def test_a_task_that_names_nothing_in_a_loose_format_is_not_given_everything() -> None:
    prose = "The keeper holds a number of minutes beside each cart, in a table of its own. " * 6
    plan = "# Plan\n" + "".join(f"\n## Part {one}\n\n{prose}\n" for one in range(40))
    texts = {"spec.md": SPECKIT["spec.md"], "plan.md": plan, "tasks.md": SPECKIT["tasks.md"]}
    spec = loosely("spec-kit", texts)

    found = slicing.of_task(spec, _task(spec, "T001"), loose=True)

    whole = tokens(slicing.all_documents(spec))
    assert sum(tokens(one.text) for one in (*found.linked, *found.near)) < 0.25 * whole


def loosely(form: str, texts: dict[str, str]) -> Spec:
    found = registry.named(form)
    return registry.linked([found.read(path, one.encode()) for path, one in texts.items()], found)


def _task(spec: Spec, name: str) -> Task:
    found = {one.id: one for one in spec.tasks}
    assert name in found, list(found)
    return found[name]
