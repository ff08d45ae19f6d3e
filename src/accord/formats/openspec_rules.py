"""OpenSpec's own rules, told as findings: what `openspec validate` of version 1.13 objects to.

An error there blocks here; a warning and a remark there warn here. What is said differently, and
why, stands in docs/formats.md. Lines count from 1 in what is returned.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from accord.core.checks import Finding, Severity
from accord.formats import openspec_apply as applying
from accord.formats import openspec_grammar as grammar
from accord.formats.openspec_grammar import Block, Heading, Lines, Plan

BRIEF, LONG = 50, 500

RULES: Mapping[str, tuple[Severity, str]] = {
    "spec-sections": (Severity.BLOCKS, "a spec has ## Purpose and ## Requirements with one in it"),
    "no-scenario": (Severity.BLOCKS, "add one: #### Scenario: ... with - **WHEN** and - **THEN**"),
    "delta-in-spec": (Severity.BLOCKS, "deltas stand in openspec/changes/NAME/specs/ alone"),
    "not-read": (Severity.BLOCKS, "move it to where OpenSpec reads it"),
    "passed-over": (Severity.WARNS, "move it, or write ### Requirement: NAME"),
    "same-name": (Severity.BLOCKS, "give each its own name"),
    "purpose": (Severity.WARNS, "say in a sentence or two what the capability is for"),
    "long-requirement": (Severity.WARNS, "split it: each with one thing that a test could show"),
    "no-text": (Severity.BLOCKS, "say below the heading what the system SHALL do"),
    "no-keyword": (Severity.WARNS, "say what the system SHALL do, below the heading"),
    "no-delta": (Severity.BLOCKS, "add specs/CAPABILITY/spec.md with ## ADDED Requirements"),
    "half-rename": (Severity.BLOCKS, "write each rename as a FROM: line with its TO: line below"),
    "two-ways": (Severity.BLOCKS, "let the change do one thing to it"),
    "lost-scenario": (Severity.BLOCKS, "copy it into the change, which replaces the whole"),
    "would-not-apply": (Severity.WARNS, "bring the change up to date with openspec/specs"),
    "skip-specs": (Severity.BLOCKS, "take skip_specs out of .openspec.yaml, or mend it"),
    "no-boxes": (Severity.WARNS, "write each task as: - [ ] 1.1 What to do"),
    "task-group": (Severity.WARNS, "move it to its group, or number it anew"),
    "same-task": (Severity.WARNS, "give each task its own number"),
}

_KEYWORD = re.compile(r"\b(?:SHALL|MUST)\b")
_DELTA_HEADING = re.compile(
    r"##\s+(?:ADDED|MODIFIED|REMOVED|RENAMED)\s+Requirements\s*\Z", re.IGNORECASE
)
_REQUIREMENT = re.compile(r"###\s+Requirement:\s*(.+)\Z", re.IGNORECASE)
_UNWRITTEN = re.compile(
    r"(?:TBD|TODO)(?![^\W])|(?i:(?:TBD|TODO)(?![^\W])(?=[ \t]*(?:\Z|\n|[:\-–—.,;()\[\]{}])))"
)
_GENERATED = re.compile(
    r"TBD - created by archiving change .*?\. Update Purpose after archive\.", re.DOTALL
)
_BOX = re.compile(
    r"\s*(?:[-*+]|[0-9]{1,9}[.)])\s*\[(?:\s*([^\]\s]?)\s*\](?![(\[])|\s+\])\s*(.*)", re.DOTALL
)
_GROUP = re.compile(r" {0,3}##(?!#)(?:[ \t]+|[ \t]*\Z)(?:([0-9]+)\.(?=[ \t]|\Z))?")
_TASK_ID = re.compile(r"([0-9]+(?:\.[0-9]+)+[A-Za-z]*)(?=\s|\Z)")
_LISTED = re.compile(r" {0,3}(?:[-*+]|[0-9]{1,9}[.)])\s+\S")
_MARKER = re.compile(r"(?m)^(['\"]?)skip_specs\1[ \t]*:[ \t]*([^#\r\n]*)")
_SCHEMA = re.compile(r"(?m)^schema[ \t]*:[ \t]*['\"]?([^\s'\"#]+)")


def said(rule: str, path: str, line: int, item: str, message: str) -> Finding:
    """Return a finding of one of RULES."""
    severity, hint = RULES[rule]
    return Finding(rule, severity, path, max(line, 1), 1, item, message, hint)


def spec(path: str, source: Lines) -> Iterator[Finding]:
    """Yield what is wrong with the main spec of a capability, as `openspec validate SPEC` does."""
    heads = grammar.headings(source)
    first: dict[str, int] = {}
    for at, head in enumerate(heads):
        if head.named:
            first.setdefault(head.title.lower(), at)
    purpose = _below(source, heads, first["purpose"]) if "purpose" in first else ""
    if not purpose or "requirements" not in first:
        missing = "Purpose" if not purpose else "Requirements"
        yield said("spec-sections", path, 1, path, f"there is no section {missing}")
        return
    yield from _requirements(path, source, heads, first["requirements"])
    yield from _structure(path, source, heads)
    yield from _purpose(path, purpose, heads[first["purpose"]].at + 1)
    for block in grammar.requirements(source):
        yield from _worded(path, source, block, "")


def _below(source: Lines, heads: Sequence[Heading], at: int) -> str:
    return "\n".join(source.text[heads[at].at + 1 : _end(source, heads, at)]).strip()


def _end(source: Lines, heads: Sequence[Heading], at: int) -> int:
    for later in heads[at + 1 :]:
        if later.level <= heads[at].level:
            return later.at
    return len(source.text)


def _requirements(
    path: str, source: Lines, heads: Sequence[Heading], top: int
) -> Iterator[Finding]:
    end = _end(source, heads, top)
    inside = [at for at in range(top + 1, len(heads)) if heads[at].at < end and heads[at].named]
    found, at = 0, 0
    while at < len(inside):
        head, last = heads[inside[at]], at + 1
        found += 1
        # What stands deeper belongs to it; a heading less deep than the one before is the next.
        while last < len(inside) and heads[inside[last]].level > head.level:
            last += 1
        after = grammar.trimmed(source, head.at, _end(source, heads, inside[at]))
        if len(grammar.body(source, head.at, after) or head.title) > LONG:
            words = f"'{_short(head.title)}' is longer than {LONG} characters"
            yield said("long-requirement", path, head.at + 1, head.title, words)
        if not _has_scenario(source, heads, inside[at + 1 : last]):
            words = f"'{_short(head.title)}' has no scenario"
            yield said("no-scenario", path, head.at + 1, head.title, words)
        at = last
    if not found:
        yield said("spec-sections", path, heads[top].at + 1, path, "there is no requirement")


def _has_scenario(source: Lines, heads: Sequence[Heading], inner: Sequence[int]) -> bool:
    lowest = 7
    for at in inner:
        # A heading deeper than its neighbour before belongs to that one.
        if heads[at].level > lowest:
            continue
        lowest = heads[at].level
        if any(map(str.strip, source.text[heads[at].at + 1 : _end(source, heads, at)])):
            return True
    return False


def _structure(path: str, source: Lines, heads: Sequence[Heading]) -> Iterator[Finding]:
    start, end = grammar.section(source)
    names: dict[str, int] = {}
    for head in heads:
        line = source.text[head.at]
        if head.level == 2 and _DELTA_HEADING.match(line):
            words = f"'{line.strip()}' belongs in a change, not in a spec"
            yield said("delta-in-spec", path, head.at + 1, path, words)
        match = _REQUIREMENT.match(line) if head.level == 3 else None
        if match is None:
            continue
        title = grammar.name(match[1])
        if not (start >= 0 and start < head.at < end):
            words = f"'{_short(title)}' stands outside ## Requirements"
            yield said("not-read", path, head.at + 1, title, words)
        elif title in names:
            words = f"'{_short(title)}' is already on line {names[title]}"
            yield said("same-name", path, head.at + 1, title, words)
        else:
            names[title] = head.at + 1


def _purpose(path: str, purpose: str, line: int) -> Iterator[Finding]:
    shown = grammar.lines(purpose)
    prose = purpose
    if shown.hidden:
        prose = "\n".join(line for at, line in enumerate(shown.text) if shown.seen(at)).strip()
    if _UNWRITTEN.match(prose) or _GENERATED.search(prose):
        yield said("purpose", path, line, path, "the purpose is not written yet")
    elif _units(purpose) < BRIEF:
        words = f"the purpose is shorter than {BRIEF} characters"
        yield said("purpose", path, line, path, words)


def _units(text: str) -> int:
    # JavaScript counts a character outside the basic plane twice.
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _worded(path: str, source: Lines, block: Block, kind: str) -> Iterator[Finding]:
    words = grammar.body(source, block.start, block.end)
    title = f"{kind} '{_short(block.name)}'".strip()
    if not words:
        yield said("no-text", path, block.start + 1, block.name, f"{title} has no text of its own")
    elif not _KEYWORD.search(words):
        message = f"{title} says neither SHALL nor MUST below its heading"
        yield said("no-keyword", path, block.start + 1, block.name, message)


def _short(title: str) -> str:
    return title if len(title) <= 60 else f"{title[:59]}…"


def change(files: Mapping[str, str], main: Callable[[str], str | None]) -> Iterator[Finding]:
    """Yield what is wrong with a change, as `openspec validate CHANGE` does.

    `files` maps the paths of its texts (`specs/auth/spec.md`, `tasks.md`, `.openspec.yaml`) to
    their text; `main` returns the text of a capability's main spec, or None.
    """
    deltas = 0
    unread = False
    for path in sorted(files):
        name = path.removeprefix("specs/")
        if not path.startswith("specs/") or not path.lower().endswith(".md"):
            continue
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if name == "spec.md" or path.rpartition("/")[2] != "spec.md":
            if name == "spec.md" or grammar.plan(grammar.lines(files[path])).present:
                unread = True
                yield said("not-read", path, 1, path, "OpenSpec reads no delta in this file")
            continue
        source = grammar.lines(files[path])
        plan = grammar.plan(source)
        deltas += plan.entries
        yield from _delta(path, source, plan, main(name.removesuffix("/spec.md")))
    yield from _marked(files, deltas, unread=unread)
    yield from _tasks("tasks.md", files)


def _delta(path: str, source: Lines, plan: Plan, main: str | None) -> Iterator[Finding]:
    found = [
        *(finding for rule in (_lines, _blocks, _twice) for finding in rule(path, source, plan)),
        *_lost(path, source, plan, main),
    ]
    yield from found
    if not plan.entries:
        words = "no requirement is in its sections" if plan.present else "it has no delta sections"
        yield said("no-delta", path, 1, path, words)
    elif not any(one.severity is Severity.BLOCKS for one in found):
        for refusal in applying.refusals(source, plan, main):
            words = f"'{_short(refusal.name)}': {refusal.reason}"
            yield said("would-not-apply", path, refusal.at + 1, refusal.name, words)
            return


def _lines(path: str, source: Lines, plan: Plan) -> Iterator[Finding]:  # noqa: ARG001 -- one signature
    for stray in plan.strays:
        words = f"'### {_short(stray.name)}' is no requirement to OpenSpec"
        yield said("passed-over", path, stray.at + 1, stray.name, words)
    for entry in plan.unpaired:
        other = "TO" if entry.side == "FROM" else "FROM"
        words = f"{entry.side}: '{_short(entry.name)}' has no {other}: line"
        yield said("half-rename", path, entry.at + 1, entry.name, words)
    for orphan in plan.orphans:
        words = f"'{_short(orphan.name)}' stands in no section of a delta"
        yield said("passed-over", path, orphan.at + 1, orphan.name, words)


def _blocks(path: str, source: Lines, plan: Plan) -> Iterator[Finding]:
    for kind, blocks in (("ADDED", plan.added), ("MODIFIED", plan.modified)):
        for block in blocks:
            yield from _worded(path, source, block, kind)
            if not any(one[2] for one in grammar.scenarios(source, block)):
                words = f"{kind} '{_short(block.name)}' has no scenario"
                yield said("no-scenario", path, block.start + 1, block.name, words)


def _twice(path: str, source: Lines, plan: Plan) -> Iterator[Finding]:  # noqa: ARG001 -- one signature
    named = {
        "ADDED": [(one.name, one.start) for one in plan.added],
        "MODIFIED": [(one.name, one.start) for one in plan.modified],
        "REMOVED": [(one.name, one.at) for one in plan.removed],
        "FROM": [(one.old, one.at) for one in plan.renamed],
        "TO": [(one.new, one.at) for one in plan.renamed],
    }
    for kind, entries in named.items():
        counts = Counter[str]()
        for name, at in entries:
            counts[name] += 1
            if counts[name] > 1:
                words = f"'{_short(name)}' stands twice in {kind}"
                yield said("same-name", path, at + 1, name, words)
    for name, kinds in _clashes(plan):
        at = next((at for one, at in named[kinds[0]] if one == name), 0)
        words = f"'{_short(name)}' is both {kinds[0]} and {kinds[1]}"
        yield said("two-ways", path, at + 1, name, words)


def _clashes(plan: Plan) -> Iterator[tuple[str, tuple[str, str]]]:
    added = dict.fromkeys(one.name for one in plan.added)
    modified = dict.fromkeys(one.name for one in plan.modified)
    removed = {one.name for one in plan.removed}
    for name in modified:
        if name in removed:
            yield name, ("MODIFIED", "REMOVED")
        if name in added:
            yield name, ("MODIFIED", "ADDED")
    for name in added:
        if name in removed:
            yield name, ("ADDED", "REMOVED")
    loosely = {grammar.folded(name) for name in removed}
    for pair in plan.renamed:
        if pair.old in modified:
            yield pair.old, ("MODIFIED", "FROM")
        if pair.new in added:
            yield pair.new, ("ADDED", "TO")
        if grammar.folded(pair.old) in loosely:
            yield pair.old, ("FROM", "REMOVED")


def _lost(path: str, source: Lines, plan: Plan, main: str | None) -> Iterator[Finding]:
    if main is None or not plan.modified:
        return
    target = grammar.lines(main)
    current = {one.name: one for one in grammar.requirements(target)}
    former = {pair.new: pair.old for pair in plan.renamed}
    away = {pair.old for pair in plan.renamed}
    for block in plan.modified:
        name, seen = block.name, set[str]()
        while name not in current and name in former and name not in seen:
            seen.add(name)
            name = former[name]
        if block.name in away or name not in current:
            continue
        there = Counter(one[0] for one in grammar.scenarios(target, current[name]))
        here = Counter(one[0] for one in grammar.scenarios(source, block))
        if lost := list((there - here).elements()):
            words = f"'{_short(block.name)}' leaves out scenarios: {', '.join(map(_short, lost))}"
            yield said("lost-scenario", path, block.start + 1, block.name, words)


def _marked(files: Mapping[str, str], deltas: int, *, unread: bool) -> Iterator[Finding]:
    path = ".openspec.yaml"
    text = files.get(path, "")
    marker = _MARKER.search(text)
    value = marker[2].strip().lower() if marker else "false"
    specs = any(
        one.startswith("specs/") and not any(part.startswith(".") for part in one.split("/"))
        for one in files
    )
    honoured = value == "true" and _SCHEMA.search(text) is not None
    if value != "false" and not honoured:
        yield said("skip-specs", path, 1, path, "skip_specs is set in a file that OpenSpec refuses")
    if honoured and specs:
        yield said("skip-specs", path, 1, path, "skip_specs is set and there are specs")
    if not deltas and not unread and not honoured:
        yield said("no-delta", "specs", 1, "specs", "the change changes no spec")


def _tasks(path: str, files: Mapping[str, str]) -> Iterator[Finding]:
    schema = _SCHEMA.search(files.get(".openspec.yaml", ""))
    if path not in files or (schema and schema[1] != "spec-driven"):
        return
    rows = files[path].split("\n")
    boxes = [_BOX.match(row.rstrip("\r")) for row in rows]
    if not any(boxes):
        bare = grammar.lines(files[path])
        for at, row in enumerate(bare.text):
            if bare.seen(at) and _LISTED.match(row):
                yield said("no-boxes", path, at + 1, path, "no line is a box: there is no task")
                return
    groups = [_GROUP.match(row.rstrip("\r")) for row in rows]
    if not any(group and group[1] for group in groups):
        return
    group, first = "", dict[str, int]()
    for at, (head, box) in enumerate(zip(groups, boxes, strict=True)):
        group = (head[1] or "") if head else group
        match = _TASK_ID.match(box[2] or "") if group and box else None
        if match is None:
            continue
        number = match[1]
        if number.split(".")[0].lstrip("0") != group.lstrip("0"):
            yield said("task-group", path, at + 1, number, f"{number} stands in group {group}")
        if number in first:
            words = f"{number} is already on line {first[number]}"
            yield said("same-task", path, at + 1, number, words)
        first.setdefault(number, at + 1)
