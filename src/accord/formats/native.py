"""Accord's own documents: plain markdown that a person can write without Accord.

    # Title                      | ## D1 Section      | - [ ] T1 Task
    - Q1 (open) Question?        | Satisfies: R1.1    |   - Satisfies: R1.1, R1.2
    - A1 (high) Assumption.      |                    |   - Touches: shop/**, tests/**
    ### R1 Requirement           |                    |   - After: -
    - R1.1 WHEN ... SHALL ...    |                    |   - Verify: pytest tests/cart

Questions and assumptions may stand in any document, criteria in the story alone, tasks in
`tasks.md` or, for a small change, in the story.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence

from attrs import frozen

from accord.core import markdown
from accord.core.markdown import Block, BlockKind, Splice
from accord.core.model import (
    DESIGN,
    REQUIREMENTS,
    TASKS,
    Assumption,
    Criterion,
    Document,
    Item,
    ItemKind,
    Place,
    Question,
    Requirement,
    Section,
    Standing,
    Task,
    framed,
    whole_file,
)

_REQUIREMENT = re.compile(r"\**(R\d+)\**[:.]?(?:\s+(.*)|)\Z", re.DOTALL)
_CRITERION = re.compile(r"\**(R\d+(?:\.\d+)+)\**[:.]?\s+(.*)\Z", re.DOTALL)
_NOTE = re.compile(r"\**([QA]\d+)\**[:.]?\s+(?:\(([^)]*)\)\s*)?(.*)\Z", re.DOTALL)
_TASK = re.compile(r"\[([ xX])\]\s+(?:\**(T\d+)\**[:.]?\s+)?(.*)\Z", re.DOTALL)
_SECTION = re.compile(r"\**(D\d+)\**[:.]?\s+(.*)\Z")
_FIELD = re.compile(
    r"\**(Satisfies|Touches|After|Verify|Answer|Correction)\**:\**\s*(.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_SATISFIES = re.compile(
    rb"^[ \t]*(?:[-*+][ \t]+)?\**Satisfies\**:\**[ \t]*([^\r\n]+)", re.MULTILINE | re.IGNORECASE
)
_BOX = re.compile(rb"\A([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]\]")
_STATE = re.compile(rb"(\**[QA]\d+\**[:.]?)([ \t]+\([^)\r\n]*\))?")


@frozen
class _Source:
    """A file and its blocks, with `block[at]` looked at in order."""

    path: str
    data: bytes
    blocks: Sequence[Block]

    def reach(self, at: int) -> int:
        """Return the index after the item at `at` and everything nested under it."""
        level, after = self.blocks[at].level, at + 1
        last = after
        while after < len(self.blocks):
            block = self.blocks[after]
            if block.kind is BlockKind.ITEM and block.level > level:
                last = after + 1
            elif block.kind is not BlockKind.BLANK:
                break
            after += 1
        return last

    def place(self, first: int, after: int) -> Place:
        start = self.blocks[first]
        return Place(self.path, start.start, self.blocks[after - 1].end, start.line)

    def own(self, place: Place, holes: Sequence[Place] = ()) -> str:
        """Return the sha256 of the bytes at `place`, without the items inside it."""
        digest, at = hashlib.sha256(), place.start
        for hole in holes:
            # The mark binds where the hole is, so that what is inside cannot move about unseen.
            digest.update(self.data[at : hole.start] + b"\0")
            at = hole.end
        digest.update(self.data[at : place.end])
        return digest.hexdigest()

    def fields(self, first: int, after: int) -> dict[str, str]:
        found = {}
        for block in self.blocks[first + 1 : after]:
            if match := _FIELD.match(block.text):
                found[match[1].lower()] = match[2].strip()
        return found


def read(path: str, data: bytes) -> Document:
    """Return the document in `data`; `path` is its name within the spec folder.

    A file that is not one of the three documents is one item as a whole. Raises UnreadableError
    for a document that is not UTF-8.
    """
    if path not in (REQUIREMENTS, DESIGN, TASKS):
        return whole_file(path, data)
    source = _Source(path, data, markdown.parse(data, path))
    items = _listed(source)
    if path == REQUIREMENTS:
        items += _requirements(source)
    if path == DESIGN:
        items += _sections(source, [item.place for item in items])
    titles = (one.text for one in source.blocks if one.kind is BlockKind.HEADING and one.level == 1)
    return framed(path, data, next(titles, ""), items)


def _listed(source: _Source) -> list[Item]:
    """Read the items that are list items: criteria, questions, assumptions, tasks."""
    items: list[Item] = []
    at = 0
    while at < len(source.blocks):
        block = source.blocks[at]
        after = at + 1
        if block.kind is BlockKind.ITEM:
            after = source.reach(at)
            item = _item(source, at, after)
            if item is None:
                after = at + 1
            else:
                items.append(item)
        at = after
    return items


def _item(source: _Source, at: int, after: int) -> Item | None:
    text = source.blocks[at].text
    place = source.place(at, after)
    if source.path == REQUIREMENTS and (match := _CRITERION.match(text)):
        nested = [block.text for block in source.blocks[at + 1 : after] if block.text]
        words = " ".join([match[2], *nested])
        return Criterion(match[1], ItemKind.CRITERION, place, words, source.own(place))
    if match := _NOTE.match(text):
        return _note(source, match, place, source.fields(at, after))
    if source.path != DESIGN and (match := _TASK.match(text)):
        return _task(source, match, place, source.fields(at, after))
    return None


def _note(source: _Source, match: re.Match[str], place: Place, fields: dict[str, str]) -> Item:
    name, text, own = match[1], match[3], source.own(place)
    marks = [mark.strip().lower() for mark in (match[2] or "").split(",") if mark.strip()]
    standing = next((Standing(mark) for mark in marks if mark in set(Standing)), Standing.OPEN)
    answer = fields.get("answer", "") or fields.get("correction", "")
    if name.startswith("Q"):
        return Question(name, ItemKind.QUESTION, place, text, own, (), standing, answer)
    risk = next((mark for mark in marks if mark not in set(Standing)), "")
    return Assumption(name, ItemKind.ASSUMPTION, place, text, own, (), risk, standing, answer)


def _task(source: _Source, match: re.Match[str], place: Place, fields: dict[str, str]) -> Item:
    # A tick says how far the work is, not what was agreed, so it is not part of the digest.
    words = _BOX.sub(rb"\1[ ]", source.data[place.start : place.end])
    return Task(
        match[2] or f"line {place.line}",
        ItemKind.TASK,
        place,
        match[3],
        hashlib.sha256(words).hexdigest(),
        _names(fields.get("satisfies", "")),
        match[1] in "xX",
        _names(fields.get("touches", "")),
        _names(fields.get("after", "")),
        _bare(fields.get("verify", "")),
    )


def _requirements(source: _Source) -> list[Item]:
    items: list[Item] = []
    for at, block in enumerate(source.blocks):
        match = _REQUIREMENT.match(block.text) if block.kind is BlockKind.HEADING else None
        if match is None:
            continue
        after = last = at + 1
        while after < len(source.blocks):
            kind = source.blocks[after].kind
            if kind in (BlockKind.HEADING, BlockKind.ITEM):
                break
            after += 1
            last = last if kind is BlockKind.BLANK else after
        place = source.place(at, last)
        title = match[2] or ""
        items.append(Requirement(match[1], ItemKind.REQUIREMENT, place, title, source.own(place)))
    return items


def _sections(source: _Source, inside: Sequence[Place]) -> list[Item]:
    heads = [
        at
        for at, block in enumerate(source.blocks)
        if block.kind is BlockKind.HEADING and block.level <= 2
    ]
    items: list[Item] = []
    for at, after in itertools.pairwise([*heads, len(source.blocks)]):
        head = source.blocks[at]
        if head.level != 2:
            continue
        place = source.place(at, _trimmed(source, at, after))
        holes = [one for one in inside if place.start <= one.start and one.end <= place.end]
        match = _SECTION.match(head.text)
        name, title = (match[1], match[2]) if match else (_slug(head.text), head.text)
        served = _SATISFIES.findall(source.data, place.start, place.end)
        ids = tuple(one for line in served for one in _names(line.decode()))
        own = source.own(place, holes)
        items.append(Section(name, ItemKind.SECTION, place, title, own, ids))
    return items


def _trimmed(source: _Source, at: int, after: int) -> int:
    while after > at + 1 and source.blocks[after - 1].kind is BlockKind.BLANK:
        after -= 1
    return after


def _slug(title: str) -> str:
    return "#" + re.sub(r"\W+", "-", title.lower()).strip("-")


def _names(value: str) -> tuple[str, ...]:
    names = (_bare(name.strip().rstrip(".")) for name in value.split(","))
    return tuple(name for name in names if name not in ("", "-", "–", "none", "None"))


def _bare(value: str) -> str:
    return value.strip().strip("`").strip()


def answer(
    document: Document, item: Question | Assumption, standing: Standing, words: str
) -> bytes:
    """Return the document's bytes with `item` marked as `standing` and `words` kept beneath it.

    An earlier answer is replaced. Line breaks in `words` become spaces; every byte outside the
    item stays as it is.
    """
    words = " ".join(words.split())
    place, data = item.place, document.data
    own = data[place.start : place.end]
    blocks = markdown.parse(own)
    mark = f"{item.risk}, {standing}" if isinstance(item, Assumption) and item.risk else standing
    head = _STATE.sub(lambda match: match[1] + f" ({mark})".encode(), own[: blocks[0].end], count=1)
    kept = b"".join(
        own[block.start : block.end]
        for block in blocks[1:]
        if not (found := _FIELD.match(block.text)) or found[1].lower() in ("satisfies", "verify")
    )
    end = markdown.newline(data)
    if not head.endswith((b"\n", b"\r")):
        head += end
    indent = head[: len(head) - len(head.lstrip())].decode()
    label = "Answer" if isinstance(item, Question) else "Correction"
    line = f"{indent}  - {label}: {words}".encode() + end if words else b""
    return markdown.splice(data, [Splice(place.start, place.end, head + line + kept)])


def tick(document: Document, task: Task) -> bytes:
    """Return the document's bytes with the box of `task` ticked: one byte differs."""
    at = document.data.index(b"[", task.place.start) + 1
    return markdown.splice(document.data, [Splice(at, at + 1, b"x")])
