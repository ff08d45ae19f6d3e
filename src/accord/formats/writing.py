"""Documents of each format, written from what a spec says; ids are given anew and mapped.

Whether all of it arrived is not decided here: the caller reads the result back and compares.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from accord.core.model import DESIGN, REQUIREMENTS, TASKS, Task
from accord.formats.carrying import Group, Note, Plain, Work, fields_free, one_line

_ITEM = re.compile(r"\s*(?:[-*+#]|\d+[.)]|```|~~~|<!--|\*\*(?!User Story))")


@frozen
class Written:
    """The files by their path in the spec's folder, and the new id of each old one."""

    files: Mapping[str, str]
    ids: Mapping[str, str]


def native(plain: Plain) -> Written:
    """Return `plain` as Accord's own documents."""
    ids = _numbered(plain, "R{0}", "R{0}.{1}", "T{0}")
    rows = [f"# {plain.title}", calm(plain.intro), "## Questions"]
    rows.append(_notes(plain.questions, "Q", "Answer", ids))
    rows += ["## Assumptions", _notes(plain.assumptions, "A", "Correction", ids)]
    rows.append("## Requirements")
    for number, group in enumerate(plain.groups, 1):
        rows += [f"### R{number} {one_line(group.title)}", calm(group.body)]
        rows.append("\n".join(f"- {ids[one.id]} {one.text}" for one in group.criteria))
    rows.append("## Out of scope")
    files = {REQUIREMENTS: joined(rows)}
    sections = []
    for number, (name, title, body, serves) in enumerate(plain.sections, 1):
        ids[name] = f"D{number}"
        links = ", ".join(dict.fromkeys(ids[one] for one in serves if one in ids))
        sections += [f"## D{number} {title}", f"Satisfies: {links or '-'}", fields_free(body)]
    if sections:
        files[DESIGN] = joined([f"# {plain.title}: design", *sections])
    if plain.tasks:
        tasks = [_native_task(one, ids) for one in plain.tasks]
        files[TASKS] = joined([f"# {plain.title}: tasks", "\n".join(tasks)])
    return Written(files, ids)


def _native_task(work: Work, ids: Mapping[str, str]) -> str:
    task = work.task
    names = _linked(task.satisfies, ids)
    rows = [f"- [{_box(task)}] {ids[task.id]} {one_line(task.text)}", *_nested(work)]
    rows.append(f"  - Satisfies: {', '.join(names) or '-'}")
    rows.append(f"  - Touches: {', '.join(task.touches) or '-'}")
    rows.append(f"  - After: {', '.join(_linked(task.after, ids)) or '-'}")
    # What proves a task is a command that runs: it is never taken over from another file.
    return "\n".join(rows)


def kiro(plain: Plain) -> Written:
    """Return `plain` as Kiro's requirements, design and tasks."""
    ids = _numbered(plain, "R{0}", "R{0}.{1}", "T{0}")
    rows = [f"# {plain.title}", "## Introduction", calm(plain.intro), "## Requirements"]
    for number, group in enumerate(plain.groups, 1):
        rows += [f"### Requirement {number}: {one_line(group.title)}", calm(group.body)]
        rows.append("#### Acceptance Criteria")
        rows.append("\n".join(f"{at}. {one.text}" for at, one in enumerate(group.criteria, 1)))
    files = {REQUIREMENTS: joined(rows)}
    if plain.sections:
        files[DESIGN] = _sections(plain, "# Design Document", ids)
    tasks = []
    for number, work in enumerate(plain.tasks, 1):
        task = work.task
        tasks += [f"- [{_box(task)}] {number}. {one_line(task.text)}", *_nested(work)]
        links = [name.removeprefix("R") for name in _linked(task.satisfies, ids)]
        tasks += [f"  - _Requirements: {', '.join(links)}_"] if links else []
        after = [name.removeprefix("T") for name in _linked(task.after, ids)]
        tasks += [f"  - _Depends: {', '.join(after)}_"] if after else []
        tasks += [f"  - _Boundary: {', '.join(task.touches)}_"] if task.touches else []
    if tasks:
        files[TASKS] = joined(["# Implementation Plan", "\n".join(tasks)])
    return Written(files, ids)


def speckit(plain: Plain) -> Written:
    """Return `plain` as spec-kit's spec, plan and tasks."""
    ids = _numbered(plain, "US{0}", "US{0}.{1}", "T{0:03}")
    rows = [f"# Feature Specification: {plain.title}", calm(plain.intro)]
    rows.append("## User Scenarios & Testing")
    for number, group in enumerate(plain.groups, 1):
        rows += [f"### User Story {number} - {one_line(group.title)}", calm(group.body)]
        rows.append("**Acceptance Scenarios**:")
        rows.append("\n".join(f"{at}. {one.text}" for at, one in enumerate(group.criteria, 1)))
    if plain.questions:
        rows.append("## Clarifications")
        rows.append("\n".join(_clarified(one) for one in plain.questions))
    if plain.assumptions:
        rows += ["## Assumptions", "\n".join(f"- {one.text}" for one in plain.assumptions)]
    files = {"spec.md": joined(rows)}
    if plain.sections:
        files["plan.md"] = _sections(plain, f"# Implementation Plan: {plain.title}", ids)
    tasks = []
    for work in plain.tasks:
        task = work.task
        links = [name.replace(".", "/AC") for name in _linked(task.satisfies, ids)]
        after = _linked(task.after, ids)
        extra = f" ({', '.join(links)})" if links else ""
        extra += f" in {' '.join(task.touches)}" if task.touches else ""
        extra += f" (depends on {', '.join(after)})" if after else ""
        tasks += [f"- [{_box(task)}] {ids[task.id]} {one_line(task.text)}{extra}", *_nested(work)]
    if tasks:
        rows = [f"# Tasks: {plain.title}", "## Phase 1: Build", "\n".join(tasks)]
        files["tasks.md"] = joined(rows)
    return Written(files, ids)


def _clarified(one: Note) -> str:
    if one.answer:
        return f"- Q: {one.text} → A: {one.answer}"
    return f"- [NEEDS CLARIFICATION: {one.text}]"


def openspec(plain: Plain) -> Written:
    """Return `plain` as an OpenSpec change with one new capability."""
    capability = slug(plain.name)
    ids = _numbered(plain, "", "", "1.{0}")
    rows = ["## ADDED Requirements"]
    for group in plain.groups:
        title = one_line(group.title)
        ids[group.id] = f"{capability}/{title}"
        rows += [f"### Requirement: {title}", calm(group.body) or title]
        for number, one in enumerate(group.criteria, 1):
            ids[one.id] = f"{capability}/{title}/{one.name or number}"
            rows.append(f"#### Scenario: {one.name or number}\n- {one.words}")
    why = calm(plain.intro) or "(not said)"
    changes = "\n".join(f"- {one_line(group.title)}" for group in plain.groups)
    files = {
        "proposal.md": joined(
            [f"# {plain.title}", "## Why", why, "## What Changes", changes, "## Impact", "-"]
        ),
        f"specs/{capability}/spec.md": joined(rows),
    }
    if plain.sections:
        files[DESIGN] = _sections(plain, f"# {plain.title}: design", ids)
    tasks = []
    for work in plain.tasks:
        line = f"- [{_box(work.task)}] {ids[work.task.id]} {one_line(work.task.text)}"
        tasks += [line, *_nested(work)]
    if tasks:
        files[TASKS] = joined(["## 1. Build", "\n".join(tasks)])
    return Written(files, ids)


WRITERS: Mapping[str, Callable[[Plain], Written]] = {
    "native": native,
    "kiro": kiro,
    "spec-kit": speckit,
    "openspec": openspec,
}


def slug(title: str) -> str:
    """Return `title` as the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:48].strip("-") or "spec"


def joined(rows: Sequence[str]) -> str:
    """Return blocks as a document, a blank line between each two."""
    return "\n\n".join(row.strip("\n") for row in rows if row.strip()) + "\n"


def quoted(text: str) -> str:
    """Return text of another document as a quotation: nothing in it is read as an item."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n")) if text.strip() else ""


def calm(text: str) -> str:
    """Return prose as it is, and as a quotation where a line of it could be read as an item."""
    return quoted(text) if any(map(_ITEM.match, text.split("\n"))) else text


def _notes(notes: Sequence[Note], letter: str, label: str, ids: dict[str, str]) -> str:
    rows = []
    for number, one in enumerate(notes, 1):
        ids[one.id] = f"{letter}{number}"
        mark = ", ".join(filter(None, (one.risk, one.state)))
        rows.append(f"- {letter}{number} ({mark}) {one.text}")
        rows += [f"  - {label}: {one.answer}"] if one.answer else []
    return "\n".join(rows)


def _sections(plain: Plain, title: str, ids: dict[str, str]) -> str:
    rows = [title]
    for name, heading, body, _ in plain.sections:
        ids[name] = f"#{slug(heading)}"
        rows += [f"## {heading}", body]
    return joined(rows)


def _numbered(plain: Plain, group: str, criterion: str, task: str) -> dict[str, str]:
    ids: dict[str, str] = {}
    for number, one in enumerate(plain.groups, 1):
        ids[one.id] = group.format(number)
        for at, point in enumerate(one.criteria, 1):
            ids[point.id] = criterion.format(number, at)
    for number, work in enumerate(plain.tasks, 1):
        ids[work.task.id] = task.format(number)
    return ids


def _nested(work: Work) -> list[str]:
    return [f"  - {line}" for line in work.details]


def _linked(names: Sequence[str], ids: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(ids[name] for name in names if name in ids))


def _box(task: Task) -> str:
    return "x" if task.done else " "


__all__ = ["WRITERS", "Group", "Written", "joined", "quoted", "slug"]
