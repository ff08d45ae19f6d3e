"""What OpenSpec itself reads in a spec and in a delta, line by line.

`formats.openspec` sees every heading that a person could mean; this module sees what version 1.13
of the tool acts on (https://github.com/Fission-AI/OpenSpec), so that the rules of
`openspec_rules` say what it would say and `openspec_apply` does what it would do. Lines count
from 0 here; fences hide what is in them, comments do not.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SECTIONS = ("ADDED", "MODIFIED", "REMOVED", "RENAMED")

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_CLOSING = re.compile(r"\s*(`{3,}|~{3,})\s*\Z")
_HEADING = re.compile(r"(#{1,6})\s(.*)\Z")
_SECTION = re.compile(r"##\s+(.+)\Z")
_REQUIREMENTS = re.compile(r"##\s+Requirements\s*\Z", re.IGNORECASE)
_REQUIREMENT = re.compile(r"###\s*Requirement:\s*(.+)\Z", re.IGNORECASE)
_STRAY = re.compile(r"###\s+(.+?)\s*\Z")
_BULLET = re.compile(r"\s*[-*+]\s*`?###\s*Requirement:\s*(.+?)`?\s*\Z")
_ENTRY = re.compile(r"\s*[-*+]?\s*(FROM|TO):\s*`?###\s*Requirement:\s*(.+?)`?\s*\Z")
_CLOSED = re.compile(r"[ \t]+#+[ \t]*\Z")
_SCENARIO_LABEL = re.compile(r"Scenario:\s*", re.IGNORECASE)
_METADATA = re.compile(r"\*\*[^*]+\*\*:")
_ENDS_BODY = re.compile(r"#{1,6}\s")
_ENDS_SCENARIO = re.compile(r"#{1,4}\s")
_SCENARIO = re.compile(r"####\s+(.*)")


class Lines(NamedTuple):
    """The lines of a file without their ends, and which of them a fence hides.

    `marks` are the seen lines that begin with `#`, in order: all that has a shape here does.
    `bodies` keeps what `body` returned, as it is asked for again and again.
    """

    text: list[str]
    hidden: list[bool] | None
    marks: list[int]
    bodies: dict[tuple[int, int], str]

    def seen(self, at: int) -> bool:
        """Tell whether no fence hides line `at`."""
        return self.hidden is None or not self.hidden[at]


class Heading(NamedTuple):
    """A heading: its line, its depth, its words; one with no words only ends what is above."""

    at: int
    level: int
    title: str
    named: bool


class Block(NamedTuple):
    """A requirement: its name, its first line, the line after its last one with words."""

    name: str
    start: int
    end: int


class Entry(NamedTuple):
    """A line of a delta that names a requirement (a removal, a FROM or a TO without the other)."""

    name: str
    at: int
    side: str = ""


class Rename(NamedTuple):
    """A FROM and the TO that follows it; `at` is the line of the FROM."""

    old: str
    new: str
    at: int


class Plan(NamedTuple):
    """What a delta does, and what in it does nothing.

    `present` names the sections that stand in it; `orphans` are requirements in none of them
    (`side` is the title of the section around), `strays` headings that look like requirements.
    """

    added: tuple[Block, ...]
    modified: tuple[Block, ...]
    removed: tuple[Entry, ...]
    renamed: tuple[Rename, ...]
    unpaired: tuple[Entry, ...]
    orphans: tuple[Entry, ...]
    strays: tuple[Entry, ...]
    present: tuple[str, ...]

    @property
    def entries(self) -> int:
        """Return how many steps the delta has."""
        return len(self.added) + len(self.modified) + len(self.removed) + len(self.renamed)


def lines(text: str) -> Lines:
    """Split `text` as OpenSpec does: no byte order mark, any line end."""
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = text.split("\n")
    mask = _mask(found) if "```" in text or "~~~" in text else None
    marks = [at for at, line in enumerate(found) if line[:1] == "#" and not (mask and mask[at])]
    return Lines(found, mask, marks, {})


def _mask(text: Sequence[str]) -> list[bool]:
    mask, opened = [False] * len(text), ""
    for at, line in enumerate(text):
        if not opened:
            if fence := _FENCE.match(line):
                opened, mask[at] = fence[1], True
            continue
        mask[at] = True
        closing = _CLOSING.match(line)
        if closing and closing[1][0] == opened[0] and len(closing[1]) >= len(opened):
            opened = ""
    return mask


def name(text: str) -> str:
    """Return a requirement's name without the `#`s that close its heading."""
    return _CLOSED.sub("", text).strip()


def folded(text: str) -> str:
    """Return a name as one that differs by case and spaces alone would be."""
    return " ".join(name(text).lower().split())


def headings(source: Lines) -> list[Heading]:
    """Return the headings that stand at the start of a line."""
    matches = ((at, _HEADING.match(source.text[at])) for at in source.marks)
    return [
        Heading(at, len(match[1]), match[2].strip(), bool(match[2]))
        for at, match in matches
        if match
    ]


def requirements(source: Lines) -> tuple[Block, ...]:
    """Return the requirements below the first `## Requirements` of a main spec."""
    start, end = section(source)
    return tuple(blocks(source, start + 1, end)) if start >= 0 else ()


def section(source: Lines) -> tuple[int, int]:
    """Return the line of `## Requirements` (-1 without one) and the line where it ends."""
    start = -1
    for at in source.marks:
        line = source.text[at]
        if line[:2] == "##" and line[2:3] not in ("#", ""):
            if start >= 0 and line[2].isspace():
                return start, at
            if start < 0 and _REQUIREMENTS.match(line):
                start = at
    return start, len(source.text)


def blocks(source: Lines, start: int, end: int) -> Iterator[Block]:
    """Yield the requirements between two lines."""
    first, title = -1, ""
    for at in _marks(source, start, end):
        line = source.text[at]
        match = None if line[3:4] == "#" else _REQUIREMENT.match(line)
        if match is None:
            continue
        if first >= 0:
            yield Block(title, first, trimmed(source, first, at))
        first, title = at, name(match[1])
    if first >= 0:
        yield Block(title, first, trimmed(source, first, end))


def _marks(source: Lines, start: int, end: int) -> list[int]:
    return source.marks[bisect_left(source.marks, start) : bisect_left(source.marks, end)]


def trimmed(source: Lines, start: int, end: int) -> int:
    """Return `end` before the blank lines that stand before it."""
    while end > start + 1 and not source.text[end - 1].strip():
        end -= 1
    return end


def body(source: Lines, start: int, end: int) -> str:
    """Return what a requirement says before its first heading inside, `start` being its own.

    Lines like `**Priority**: high` count only where there is nothing else.
    """
    kept = source.bodies.get((start, end))
    if kept is not None:
        return kept
    found: list[str] = []
    aside: list[str] = []
    for at in range(start + 1, end):
        line = source.text[at]
        if source.hidden is not None and source.hidden[at]:
            continue
        # Spaces at the very end do not count, and without any after it `###` is no heading.
        if line[:1] == "#" and _ENDS_BODY.match(line if at < end - 1 else line.rstrip()):
            break
        words = line.strip()
        if words:
            (aside if words[:2] == "**" and _METADATA.match(words) else found).append(words)
    source.bodies[start, end] = "\n".join(found or aside)
    return source.bodies[start, end]


def scenarios(source: Lines, block: Block) -> list[tuple[str, int, bool]]:
    """Return name, line and whether there is text below, for each scenario of a requirement."""
    found = []
    for at in _marks(source, block.start + 1, block.end):
        match = _SCENARIO.match(source.text[at])
        if match is None:
            continue
        said, under = False, at + 1
        while under < block.end and not said:
            line = source.text[under] if under < block.end - 1 else source.text[under].rstrip()
            if source.seen(under) and _ENDS_SCENARIO.match(line):
                break
            said = bool(source.text[under].strip())
            under += 1
        title = _SCENARIO_LABEL.sub("", _CLOSED.sub("", match[1]), count=1).strip()
        found.append((title, at, said))
    return found


def plan(source: Lines) -> Plan:
    """Return what the delta in `source` does."""
    parts: dict[str, list[tuple[int, int]]] = {}
    starts = [
        (at, match[1].strip()) for at in source.marks if (match := _SECTION.match(source.text[at]))
    ]
    ends = [at for at, _ in starts[1:]] + [len(source.text)] * bool(starts)
    spans = [(-1, starts[0][0] if starts else len(source.text), "")]
    spans += [(at, end, title) for (at, title), end in zip(starts, ends, strict=True)]
    orphans = []
    for at, end, title in spans:
        kind, _, rest = title.upper().partition(" ")
        if kind in SECTIONS and rest == "REQUIREMENTS":
            parts.setdefault(kind, []).append((at + 1, end))
        else:
            orphans += [
                Entry(block.name, block.start, title) for block in blocks(source, at + 1, end)
            ]
    renamed, unpaired = _renames(source, parts.get("RENAMED", ()))
    wanted = [span for kind in ("ADDED", "MODIFIED") for span in parts.get(kind, ())]
    return Plan(
        tuple(one for span in parts.get("ADDED", ()) for one in blocks(source, *span)),
        tuple(one for span in parts.get("MODIFIED", ()) for one in blocks(source, *span)),
        tuple(one for span in parts.get("REMOVED", ()) for one in _removals(source, *span)),
        renamed,
        unpaired,
        tuple(orphans),
        tuple(sorted((one for span in wanted for one in _strays(source, *span)), key=_line)),
        tuple(kind for kind in SECTIONS if kind in parts),
    )


def _line(entry: Entry) -> int:
    return entry.at


def _removals(source: Lines, start: int, end: int) -> Iterator[Entry]:
    for at in range(start, end):
        line = source.text[at]
        if source.seen(at) and (match := _REQUIREMENT.match(line) or _BULLET.match(line)):
            yield Entry(name(match[1]), at)


def _renames(
    source: Lines, spans: Sequence[tuple[int, int]]
) -> tuple[tuple[Rename, ...], tuple[Entry, ...]]:
    pairs: list[Rename] = []
    alone: list[Entry] = []
    for start, end in spans:
        pending: Entry | None = None
        for at in range(start, end):
            match = _ENTRY.match(source.text[at]) if source.seen(at) else None
            if match is None:
                continue
            entry = Entry(name(match[2]), at, match[1])
            if entry.side == "FROM":
                alone += [pending] if pending else []
                pending = entry
            elif pending is None:
                alone.append(entry)
            else:
                pairs.append(Rename(pending.name, entry.name, pending.at))
                pending = None
        alone += [pending] if pending else []
    return tuple(pairs), tuple(sorted(alone, key=_line))


def _strays(source: Lines, start: int, end: int) -> Iterator[Entry]:
    for at in _marks(source, start, end):
        stray = _STRAY.match(source.text[at])
        if stray and not _REQUIREMENT.match(source.text[at]):
            yield Entry(stray[1].strip(), at)
