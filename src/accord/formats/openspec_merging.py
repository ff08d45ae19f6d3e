"""An OpenSpec delta brought into the main spec by a three-way merge, written by splice.

OpenSpec replaces a whole requirement by what the change says, so that an edit which came in since
the change was written is lost. Here the change is held against the text that it was written on.
Requirements and scenarios that the merge does not touch keep every byte.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from attrs import evolve, frozen

from accord.core import merging
from accord.core.merging import Conflict, Part
from accord.formats import openspec_grammar as grammar
from accord.formats.openspec_grammar import Block, Lines, Plan

_RAW = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_PURPOSE = re.compile(r"##\s+Purpose\s*\Z", re.IGNORECASE)

Base = Callable[[str, Part | None], Part | None]


@frozen
class Outcome:
    """What a delta comes to: the new text of the main spec, unless there are conflicts.

    `kept` names the requirements where the change holds an older text than the spec, and edits
    nothing; `dropped` are scenarios of the base that it leaves out.
    """

    text: str
    conflicts: tuple[Conflict, ...]
    kept: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]


def tree(source: Lines, blocks: Sequence[Block]) -> tuple[Part, ...]:
    """Return requirements with their scenarios, line by line as they stand."""
    found = []
    for block in blocks:
        inner = [(name, at) for name, at, _ in grammar.scenarios(source, block)]
        starts = [at for _, at in inner]
        scenarios = tuple(
            Part(name, _between(source, at + 1, end), (), source.text[at])
            for (name, at), end in zip(inner, [*starts[1:], block.end], strict=False)
        )
        own = _between(source, block.start + 1, starts[0] if starts else block.end)
        found.append(Part(block.name, own, scenarios, source.text[block.start]))
    return tuple(found)


def _between(source: Lines, start: int, end: int) -> str:
    return "\n".join(source.text[start:end])


def requirements(text: str | None) -> Mapping[str, Part]:
    """Return the requirements of a main spec by name; none for None."""
    source = grammar.lines(text or "")
    return {one.name: one for one in tree(source, grammar.requirements(source))}


def merge(main: str, source: Lines, plan: Plan, base: Base, over: Collection[str] = ()) -> Outcome:
    """Return what the delta `plan` in `source` comes to in the spec with the text `main`.

    `base` tells what a requirement of a name was when the change was written, given what the
    change makes of it (None where it takes it out). A requirement that the delta adds and the spec
    has by now is one of two texts, unless it is named in `over`: then the delta's takes its place.
    """
    former = {pair.new: pair.old for pair in plan.renamed}
    ours = tree(grammar.lines(main), grammar.requirements(grammar.lines(main)))
    here = {part.name: part for part in ours}
    later = {pair.old: pair.new for pair in plan.renamed if pair.old in here}
    ours = tuple(evolve(part, name=later.get(part.name, part.name)) for part in ours)
    theirs = {part.name: part for part in ours}
    was: dict[str, Part | None] = {**theirs}
    kept: list[str] = []
    dropped: list[tuple[str, str]] = []
    for part in tree(source, plan.modified):
        before = base(former.get(part.name, part.name), part)
        was[part.name], theirs[part.name] = before, part
        now = here.get(former.get(part.name, part.name))
        if before is not None:
            had = {one.name for one in part.parts}
            dropped += [(part.name, one.name) for one in before.parts if one.name not in had]
            kept += [part.name] * (merging.same(before, part) and not merging.same(now, part))
    for entry in plan.removed:
        was[entry.name] = base(former.get(entry.name, entry.name), None)
        theirs.pop(entry.name, None)
    for part in tree(source, plan.added):
        there = was.pop(part.name, None)
        if there is not None and part.name in over:
            was[part.name] = there
            had = {one.name for one in part.parts}
            dropped += [(part.name, one.name) for one in there.parts if one.name not in had]
        theirs[part.name] = part
    before_all = [evolve(one, name=name) for name, one in was.items() if one is not None]
    merged = merging.merge(before_all, ours, list(theirs.values()))
    text = _written(main, merged.parts, {later.get(name, name): name for name in here})
    return Outcome(text, merged.conflicts, tuple(kept), tuple(dropped))


def _written(main: str, parts: Sequence[Part], names: Mapping[str, str]) -> str:
    """Return `main` with its requirements as in `parts`; `names` are those that they had in it."""
    source = grammar.lines(main)
    blocks = {one.name: one for one in grammar.requirements(source)}
    had = {one.name: one for one in tree(source, tuple(blocks.values()))}
    raw = [match[0] for match in _RAW.finditer(main.removeprefix("\ufeff"))]
    raw = raw[: len(source.text)] + [""] * (len(source.text) - len(raw))
    end = "\r\n" if "\r\n" in main else "\n"
    edits: list[tuple[int, int, str]] = []
    last, behind = grammar.trimmed(source, *grammar.section(source)), ""
    left = {names.get(part.name) for part in parts}
    for name, block in blocks.items():
        if name not in left:
            after = _after(source, block.end)
            edits.append((block.start, after, ""))
            behind = end if block.end == last and after < len(raw) else behind
    taken = any(start < last <= stop for start, stop, _ in edits)
    for part in parts:
        if part.name in names:
            block = blocks[names[part.name]]
            head = part.head if part.name == block.name else f"### Requirement: {part.name}"
            if evolve(part, name=block.name, head=head) != had[block.name]:
                edits.append((block.start, block.end, _rendered(evolve(part, head=head), end)))
    new = end.join(_rendered(part, end) for part in parts if part.name not in names)
    if new:
        crowded = last < len(raw) and bool(raw[last].strip())
        edits.append((last, last, new + behind if taken else end + new + end * crowded))
    if edits and raw and not raw[last - 1].endswith(("\n", "\r")):
        raw[last - 1] += end
    edits.sort(key=lambda one: (one[0], one[1]))
    out, at = [], 0
    for start, stop, words in edits:
        out += [*raw[at:start], words]
        at = max(at, stop)
    bom = "\ufeff" if main.startswith("\ufeff") else ""
    return bom + "".join([*out, *raw[at:]])


def _after(source: Lines, at: int) -> int:
    while at < len(source.text) and not source.text[at].strip():
        at += 1
    return at


def _rendered(part: Part, end: str) -> str:
    lines = [part.head, *part.text.split("\n")]
    for one in part.parts:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += ["", one.head, *one.text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    return end.join(lines) + end


def begun(capability: str, change: str, source: Lines) -> str:
    """Return the text of a new main spec without requirements, its purpose taken from the delta."""
    purpose, inside = [], False
    for at, line in enumerate(source.text):
        if source.seen(at) and line.startswith("## "):
            inside = _PURPOSE.match(line) is not None
        elif inside:
            purpose.append(line)
    words = "\n".join(purpose).strip()
    words = words or f"TBD - created by archiving change {change}. Update Purpose after archive."
    return f"# {capability} Specification\n\n## Purpose\n{words}\n\n## Requirements\n"
