"""How each format divides a spec's files among the stages, and what its empty documents look like.

`<<...>>` marks what a person or an agent has yet to write.
"""

from collections.abc import Collection, Mapping, Sequence

from accord.core.model import DESIGN, REQUIREMENTS, TASKS, Layout, Stage

_KIRO_CRITERION = "1. WHEN <<event>> THE SYSTEM SHALL <<observable result>>"
_SPECKIT_CRITERION = "- **FR-001**: System MUST <<observable behaviour>>"
_KIRO_STORY = """\
# Requirements Document

## Introduction

{sentence}

## Requirements

### Requirement 1

**User Story:** As a <<who>>, I want <<what>>, so that <<why>>

#### Acceptance Criteria

1. WHEN <<event>> THE SYSTEM SHALL <<observable result>>
"""
_KIRO_DESIGN = """\
# Design Document

## Overview

<<How it works, what it replaces, what was rejected and why.>>
"""
_KIRO_TASKS = """\
# Implementation Plan

- [ ] 1. <<what one agent does>>
  - <<what it comes down to>>
  - _Requirements: 1.1_
"""
_SPECKIT_STORY = """\
# Feature Specification: {title}

**Input**: {sentence}

## User Scenarios & Testing

### User Story 1 - <<what a user can do>> (Priority: P1)

<<who wants it and why>>

**Acceptance Scenarios**:

1. **Given** <<state>>, **When** <<event>>, **Then** <<observable result>>

## Requirements

### Functional Requirements

- **FR-001**: System MUST <<observable behaviour>>

## Success Criteria

### Measurable Outcomes

- **SC-001**: <<a number and how it is measured>>
"""
_SPECKIT_DESIGN = """\
# Implementation Plan: {title}

## Summary

<<How it works, what it replaces, what was rejected and why.>>
"""
_SPECKIT_TASKS = """\
# Tasks: {title}

## Phase 1: <<what this phase ends with>>

- [ ] T001 [US1] <<what one agent does, with the paths of the files that it changes>>
"""
_OPENSPEC_STORY = """\
## Why

{sentence}

## What Changes

- <<what will be different for whoever uses it>>
"""
_OPENSPEC_DELTA = """\
## ADDED Requirements

### Requirement: <<what this part is about>>

The system SHALL <<observable behaviour>>.

#### Scenario: <<one case of it>>

- **WHEN** <<event>>
- **THEN** <<observable result>>
"""
_OPENSPEC_DESIGN = """\
## Context

<<How it works, what it replaces, what was rejected and why.>>
"""
_OPENSPEC_TASKS = """\
## 1. <<one part of the work>>

- [ ] 1.1 <<what one agent does>>
"""

_EMPTY = {
    "kiro": {
        Stage.STORY: {REQUIREMENTS: _KIRO_STORY},
        Stage.DESIGN: {DESIGN: _KIRO_DESIGN},
        Stage.ARCHITECTURE: {TASKS: _KIRO_TASKS},
    },
    "spec-kit": {
        Stage.STORY: {"spec.md": _SPECKIT_STORY},
        Stage.DESIGN: {"plan.md": _SPECKIT_DESIGN},
        Stage.ARCHITECTURE: {TASKS: _SPECKIT_TASKS},
    },
    "openspec": {
        Stage.STORY: {"proposal.md": _OPENSPEC_STORY, "specs/{change}/spec.md": _OPENSPEC_DELTA},
        Stage.DESIGN: {DESIGN: _OPENSPEC_DESIGN},
        Stage.ARCHITECTURE: {TASKS: _OPENSPEC_TASKS},
    },
}

_LINKED = "name it in the _Requirements:_ line of a task"
HINTS: Mapping[str, Mapping[str, str]] = {
    "kiro": {
        "no-criterion": "add one: 1. WHEN ... THE SYSTEM SHALL ...",
        "no-section": "add one: ## Overview",
        "no-task": "add one: - [ ] 1. ... with a line _Requirements: 1.1_",
        "no-task-for-criterion": _LINKED,
        "no-task-names-it": _LINKED,
        "names-nothing": "add a line _Requirements:_ with what asks for it",
        "overlap": "order them with _Depends:_, or narrow their _Boundary:_",
        "cycle": "take one of them out of a _Depends:_ line",
    },
    "spec-kit": {
        "no-criterion": "add one: - **FR-001**: System MUST ...",
        "no-section": "add one: ## Summary",
        "no-task": "add one: - [ ] T001 ... with the paths of its files",
        "overlap": "take a [P] away, or write (depends on T001)",
        "cycle": "take one of them out of a (depends on ...)",
    },
    "openspec": {
        "no-criterion": "add one: #### Scenario: ... below its requirement",
        "no-section": "add one: ## Decisions",
        "no-task": "add one: - [ ] 1.1 ...",
    },
}
"""How each host says what would mend a finding, by its rule, where it is not said as we do."""


def kiro(names: Collection[str]) -> Layout:
    """Return the layout of a Kiro or cc-sdd spec; that of a defect begins with `bugfix.md`."""
    story = "bugfix.md" if "bugfix.md" in names and REQUIREMENTS not in names else REQUIREMENTS
    both = (("bugfix.md", Stage.STORY), (REQUIREMENTS, Stage.STORY))
    return Layout({Stage.STORY: story, Stage.DESIGN: DESIGN, Stage.ARCHITECTURE: TASKS}, both)


def speckit(names: Collection[str]) -> Layout:  # noqa: ARG001 -- all layouts are asked alike
    """Return the layout of a feature of spec-kit; its checklists judge the story."""
    documents = {Stage.STORY: "spec.md", Stage.DESIGN: "plan.md", Stage.ARCHITECTURE: TASKS}
    return Layout(documents, (("checklists/", Stage.STORY),))


def openspec(names: Collection[str]) -> Layout:  # noqa: ARG001 -- all layouts are asked alike
    """Return the layout of a change of OpenSpec: its deltas are the story, with the proposal."""
    documents = {Stage.STORY: "proposal.md", Stage.DESIGN: DESIGN, Stage.ARCHITECTURE: TASKS}
    return Layout(documents, (("specs/", Stage.STORY),))


def empty(form: str, stage: Stage, *, change: str, title: str, sentence: str) -> dict[str, str]:
    """Return the empty documents of a stage in a host format, by path; `form` is its name."""
    return {
        path.format(change=change): text.format(title=title, sentence=sentence)
        for path, text in _EMPTY[form][stage].items()
    }


_STORIES = {
    "kiro": (_KIRO_CRITERION, "{at}. {words}\n   - Supersedes: {target}"),
    "spec-kit": (_SPECKIT_CRITERION, "- **FR-{at:03}**: {words}\n  - Supersedes: {target}"),
}


def fill(form: str, text: str, said: Sequence[tuple[str, str]]) -> str:
    """Return an empty story of a host format with a criterion for each of `said`.

    Those are words, and whose place they take. OpenSpec has a way of its own to do that, a delta,
    and its story stays empty.
    """
    old, new = _STORIES.get(form, ("", ""))
    criteria = [new.format(at=at, words=words, target=target)
                for at, (words, target) in enumerate(said, 1)]  # fmt: skip
    return text.replace(old, "\n".join(criteria), 1) if old else text
