"""What a draft says of the decisions that it was given: follows, does not apply, departs.

    ## Decisions

    - Follows D-12: in D2 Cart store
    - N/A D-3: nothing is mailed here
    - Departs D-9: two shops share one queue

The section is plain markdown at the end of a document. `Follows: D-12 - words` is read as well.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from accord.core import markdown
from accord.core.checks import Finding, Severity
from accord.core.decisions import Register, State
from accord.core.markdown import BlockKind
from accord.core.model import Document

HEADING = "decisions"
_NEARLY = re.compile(r"\**(?:follow|depart|n/?a\b|not applicable)", re.IGNORECASE)
_LINE = re.compile(
    r"\**(Follows|N/A|Departs)\**:?\**\s+(?:from\s+)?\**(D-[A-Za-z0-9-]+?)\**"
    r"(?:\s*(?:[:–—]|\s-\s)\s*(.*)|\s*\((.*)\)\s*|\s*)\Z",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip


class Disposition(StrEnum):
    """What a draft says of one decision."""

    FOLLOWS = "follows"
    NOT_APPLICABLE = "n/a"
    DEPARTS = "departs"


@frozen
class Said:
    """One line of the section: the decision as it is named, a place or a reason, and where."""

    disposition: Disposition
    name: str
    words: str
    path: str
    line: int


@frozen
class Section:
    """The dispositions in one document, with the byte offsets of their lines.

    `strange` holds lines that look like one and are none; other prose is left alone.
    """

    said: tuple[Said, ...] = ()
    strange: tuple[tuple[int, str], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def read(path: str, data: bytes) -> Section:
    """Return what the `## Decisions` section of a document says; nothing where it has none.

    Raises UnreadableError for a document that is not UTF-8.
    """
    if b"ecisions" not in data:
        return Section()
    blocks = markdown.parse(data, path)
    heads = [
        at
        for at, block in enumerate(blocks)
        if block.kind is BlockKind.HEADING and block.text.strip().lower() == HEADING
    ]
    if not heads:
        return Section()
    first = blocks[heads[0]]
    after = next(
        (one.start for one in blocks[heads[0] + 1 :]
         if one.kind is BlockKind.HEADING and one.level <= first.level),
        len(data),
    )  # fmt: skip
    said, strange, spans = [], [], []
    for block in blocks[heads[0] + 1 :]:
        if block.start >= after or block.kind is not BlockKind.ITEM:
            continue
        match = _LINE.match(block.text)
        if match:
            words = (match[3] or match[4] or "").strip()
            kind = Disposition(match[1].lower())
            said.append(Said(kind, match[2], words, path, block.line))
            spans.append((block.start, block.end))
        elif _NEARLY.match(block.text):
            strange.append((block.line, block.text))
    return Section(tuple(said), tuple(strange), tuple(spans))


def without(data: bytes, section: Section) -> str:
    """Return the document's text with its dispositions blanked out; lines keep their numbers.

    Only these lines: whatever else stands under the heading is text like any other.
    """
    kept = bytearray(data)
    for start, end in section.spans:
        kept[start:end] = re.sub(rb"[^\r\n]", b" ", data[start:end])
    return kept.decode(errors="replace")


def resolved(sections: Sequence[Section], register: Register) -> dict[str, Said]:
    """Map each decision's slug to the last thing that the documents say of it."""
    found = {}
    for section in sections:
        for one in section.said:
            entry = register.find(one.name)
            if entry is not None:
                found[entry.rule.slug] = one
    return found


def findings(
    documents: Sequence[Document], shown: Sequence[str], register: Register, *, path: str
) -> Iterator[Finding]:
    """Yield what is missing or wrong in the dispositions.

    `shown` holds the slugs that were put before the writer, `path` the document that is due. A
    decision that is no longer in force needs no word.
    """
    sections = [read(one.path, one.data) for one in documents]
    said = resolved(sections, register)
    for section, document in zip(sections, documents, strict=True):
        yield from _section(section, document.path, register)
    for slug in shown:
        entry = register.entries.get(slug)
        if entry is not None and entry.state is State.ACTIVE and slug not in said:
            name = entry.rule.id
            yield Finding(
                "undisposed", Severity.BLOCKS, path, 1, 1, path,
                f"{name} was in force for this draft, and it says nothing of it: "
                f"{entry.rule.statement}",
                f"under ## Decisions: - Follows {name}: where, N/A {name}: why, "
                f"or Departs {name}: why",
            )  # fmt: skip


def _section(section: Section, path: str, register: Register) -> Iterator[Finding]:
    shape = "- Follows D-12: where, - N/A D-12: why, or - Departs D-12: why"

    def at(line: int, message: str, severity: Severity = Severity.BLOCKS) -> Finding:
        return Finding("disposition", severity, path, line, 1, path, message, shape)

    for line, text in section.strange:
        yield at(line, f"this says nothing of a decision: {text[:80]}")
    seen: Mapping[str, Said] = {}
    for one in section.said:
        entry = register.find(one.name)
        if entry is None:
            yield at(one.line, f"there is no decision {one.name}")
            continue
        if entry.state is not State.ACTIVE:
            yield at(one.line, f"{one.name} is {entry.state}, not in force", Severity.WARNS)
        before = seen.get(entry.rule.slug)
        if before is not None and before.disposition is not one.disposition:
            yield at(one.line, f"line {before.line} says {before.disposition} of {one.name}")
        if not one.words:
            what = "place" if one.disposition is Disposition.FOLLOWS else "reason"
            yield at(one.line, f"{one.disposition} {one.name} gives no {what}")
        seen = {**seen, entry.rule.slug: one}
