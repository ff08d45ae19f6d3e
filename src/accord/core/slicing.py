"""The part of a spec that one task needs: all that is linked to it, and a little of what is near.

Linked are the task itself, the criteria that it names, the requirement around each, every part of
the design that names one of these, what people answered, and what holds for all (scope, limits,
invariants). Beside that stand, up to a size, the parts that share the most words with the task:
the formats of others link loosely, and what nobody linked may still matter.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from attrs import frozen

from accord.core import markdown, recall
from accord.core.delta import source
from accord.core.markdown import BlockKind
from accord.core.model import (
    SPEC_STAGES,
    Assumption,
    Document,
    Item,
    ItemKind,
    Question,
    Section,
    Spec,
    Stage,
    Standing,
    Task,
    lineage,
)

NEAR = 1500
"""The most tokens of what is only near."""

SHARE = 0.15
"""The most that it may be of all documents together."""

PART = 600
"""Tokens above which a part that is only near is left in its file."""

_FOR_ALL = re.compile(
    r"(?i)\b(?:out[ -]of[ -]scope|non[ -]goals?|constraints?|invariants?|conventions?|"
    r"global rules|principles)\b"
)
_GAPS = re.compile(r"\n(?:[ \t]*\n){2,}")
_NUMBERED = re.compile(r"R?([0-9]+(?:\.[0-9]+)*)")
_ASKS = re.compile(r"(?i)\brequirements?\b|\bcriteri(?:on|a)\b|\bsatisfies\b")


@frozen
class Part:
    """A piece of a document: its file, its bytes as text, and the item or heading it is."""

    path: str
    start: int
    name: str
    text: str


@frozen
class Slice:
    """What is linked to a task and what is only near it, each in the order of the documents."""

    linked: tuple[Part, ...]
    near: tuple[Part, ...]


def of_task(spec: Spec, task: Task, *, loose: bool = False) -> Slice:
    """Return what `task` needs of `spec`.

    In a `loose` format a task that names no criterion was linked to all of them: that says
    nothing about it, so what is near decides. Elsewhere nothing is near: all that a task is to do
    is linked, and the rest is for other tasks.
    """
    named = _named(spec, task, loose=loose)
    linked = _in_order(spec, [*_items(spec, task, named), *_design(spec, named, loose=loose)])
    if not loose:
        return Slice(linked, ())
    held = {_key(one) for one in linked}
    rest = [one for one in _rest(spec) if _key(one) not in held]
    query = "\n".join([task.text, *task.touches, *(one.text for one in linked)])
    whole = sum(recall.tokens(one.data.decode(errors="replace")) for one in _texts(spec))
    near = _nearest(query, rest, min(NEAR, int(SHARE * whole)))
    return Slice(linked, _in_order(spec, near))


def all_documents(spec: Spec) -> str:
    """Return every document of text of a spec, as one text."""
    return "\n\n".join(one.data.decode(errors="replace") for one in _texts(spec))


def _texts(spec: Spec) -> list[Document]:
    return [one for one in spec.documents if one.path.endswith(".md")]


def _named(spec: Spec, task: Task, *, loose: bool) -> frozenset[str]:
    """Return the ids that a task names, with the criteria in them and the requirements around."""
    every = tuple(dict.fromkeys(one.id for one in spec.criteria))
    if loose and task.satisfies == every:
        return frozenset()
    named = set(task.satisfies)
    named |= {one.id for one in spec.criteria if named & set(lineage(one.id))}
    return frozenset({above for one in named for above in lineage(one)})


def _items(spec: Spec, task: Task, named: Collection[str]) -> Iterator[Part]:
    """Yield the task, what it names, what people answered, and what holds for all."""
    for document in spec.documents:
        story = spec.layout.stage(document.path) is Stage.STORY
        for item in document.items:
            around = isinstance(item, Task) and item.id in lineage(task.id)
            if around or (item.id in named and not isinstance(item, Task)) or _is_settled(item):
                yield _part(document, item)
            elif story and item.kind is ItemKind.FRAME:
                yield from (one for one in _parts(document, item) if _FOR_ALL.search(one.name))


def _is_settled(item: Item) -> bool:
    """Tell whether a person answered or corrected something; what was accepted is as written."""
    if isinstance(item, Question):
        return item.standing is Standing.ANSWERED
    return isinstance(item, Assumption) and item.standing is not Standing.OPEN


def _design(spec: Spec, named: frozenset[str], *, loose: bool) -> Iterator[Part]:
    """Yield the parts of the design that name one of `named`, and those that hold for all."""
    mentions = _mentions(named)
    for document in spec.documents:
        if spec.layout.stage(document.path) is not Stage.DESIGN:
            continue
        for item in document.items:
            if isinstance(item, Section) and not loose:
                if named & _with_members(spec, item.satisfies) or _FOR_ALL.search(item.text):
                    yield _part(document, item)
            elif item.kind in (ItemKind.SECTION, ItemKind.FILE, ItemKind.FRAME):
                yield from (
                    one for one in _parts(document, item)
                    if _FOR_ALL.search(one.name) or _says(one.text, mentions)
                )  # fmt: skip


def _with_members(spec: Spec, names: Iterable[str]) -> set[str]:
    found = set(names)
    return found | {one.id for one in spec.criteria if found & set(lineage(one.id))}


def _mentions(named: Iterable[str]) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """Return what finds ids in a text: with letters anywhere, numbers beside certain words."""
    lettered = [re.escape(one) for one in named if not one[0].isdigit()]
    numbers = [re.escape(found[1]) for one in named if (found := _NUMBERED.fullmatch(one))]
    if not lettered and not numbers:
        return None
    ends = r"(?![\w-]|[.~#]\w)"
    nothing = re.compile(r"(?!)")
    return (
        re.compile(rf"(?<![\w.-])(?:{'|'.join(lettered)}){ends}") if lettered else nothing,
        re.compile(rf"(?<![\w.-])(?:{'|'.join(numbers)}){ends}") if numbers else nothing,
    )


def _says(text: str, mentions: tuple[re.Pattern[str], re.Pattern[str]] | None) -> bool:
    if mentions is None:
        return False
    lettered, numbers = mentions
    return any(
        lettered.search(line) or (_ASKS.search(line) and numbers.search(line))
        for line in text.splitlines()
    )


def _rest(spec: Spec) -> Iterator[Part]:
    """Yield what a task might need and nobody linked: unowned criteria, parts of the design."""
    for document in _texts(spec):
        stage = spec.layout.stage(document.path)
        if stage not in SPEC_STAGES[:2]:
            continue
        for item in document.items:
            if item.kind in (ItemKind.CRITERION, ItemKind.REQUIREMENT):
                yield _part(document, item)
            elif stage is Stage.DESIGN:
                yield from _parts(document, item)


def _nearest(query: str, parts: Sequence[Part], budget: int) -> list[Part]:
    """Return the parts nearest to `query` that fit into `budget` tokens together."""
    found = recall.scores(query, [recall.bag(one.text) for one in parts])
    ranked = sorted(zip(found, range(len(parts)), strict=True), key=lambda one: (-one[0], one[1]))
    chosen: list[Part] = []
    for score, at in ranked:
        cost = recall.tokens(parts[at].text)
        if score > 0 and cost <= min(PART, budget):
            budget -= cost
            chosen.append(parts[at])
    return chosen


def _part(document: Document, item: Item) -> Part:
    return Part(document.path, item.place.start, item.id, source(document, item).strip("\r\n"))


def _parts(document: Document, item: Item) -> Iterator[Part]:
    """Yield an item's own text cut at its headings, each part under its own."""
    if not document.path.endswith(".md"):
        return
    first, text = item.place.start, _masked(document, item)
    try:
        found = markdown.parse(text)
    except markdown.UnreadableError:
        return
    headings = [(one.start, one.text) for one in found if one.kind is BlockKind.HEADING]
    if not headings or headings[0][0] > 0:
        headings.insert(0, (0, item.text))
    ends = [*(start for start, _ in headings[1:]), len(text)]
    for (start, name), end in zip(headings, ends, strict=True):
        body = _GAPS.sub("\n\n", text[start:end].decode().strip("\r\n"))
        if body.strip():
            yield Part(document.path, first + start, name, body)


def _masked(document: Document, item: Item) -> bytes:
    """Return the bytes of an item with line ends in the place of the items inside it."""
    text = bytearray(document.data[item.place.start : item.place.end])
    for one in document.items:
        start, end = one.place.start - item.place.start, one.place.end - item.place.start
        if one.kind is not ItemKind.FRAME and one is not item and 0 <= start < end <= len(text):
            text[start:end] = b"\n" * (end - start)
    return bytes(text)


def _key(part: Part) -> tuple[str, int, str]:
    return part.path, part.start, part.name


def _in_order(spec: Spec, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts in the order of the documents, each once."""
    order = {document.path: at for at, document in enumerate(spec.documents)}
    once = {_key(one): one for one in parts}
    return tuple(sorted(once.values(), key=lambda one: (order[one.path], one.start)))
