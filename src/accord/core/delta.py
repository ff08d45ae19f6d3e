"""What changed between two states of a spec, item by item and word by word."""

import difflib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

from accord.core.model import Document, Item, ItemKind, Spec, dependencies


class Change(StrEnum):
    """How an item differs from what was approved."""

    ADDED = "added"
    CHANGED = "changed"
    RESTS = "rests on a change"
    SAME = "as it was"
    REMOVED = "removed"


@frozen
class ItemChange:
    """One item that a person has to look at; `before` and `after` are its source text.

    `kind` is what it is, or what it was where it was taken out.
    """

    id: str
    change: Change
    before: str
    after: str
    kind: ItemKind


def changed_ids(approved: Mapping[str, str], current: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids whose binding digests differ, in the order of `current`, removed ones last."""
    moved = [name for name, digest in current.items() if approved.get(name) != digest]
    return (*moved, *(name for name in approved if name not in current))


def compare(before: Spec, after: Spec, ids: tuple[str, ...]) -> tuple[ItemChange, ...]:
    """Describe each of `ids` by its text in `before` and in `after`.

    An item whose text is the same is asked about because something that it rests on is not (the
    items of its document, for the text around them), or because it was sent back.
    """
    old, new = _sources(before), _sources(after)
    moved = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    rests, rested = dependencies(after), dependencies(before)
    kinds = {item.id: item.kind for spec in (before, after) for item in spec.items}
    found = []
    for name in ids:
        was, now = old.get(name, ""), new.get(name, "")
        if name not in new:
            change = Change.REMOVED
        elif name not in old:
            change = Change.ADDED
        else:
            below = {*rests.get(name, ()), *rested.get(name, ())}  # what is gone is in the latter
            change = Change.CHANGED if was != now else _unchanged(name, below, moved, after)
        found.append(ItemChange(name, change, was, now, kinds.get(name, ItemKind.FILE)))
    return tuple(found)


def _unchanged(name: str, below: set[str], moved: set[str], spec: Spec) -> Change:
    document = spec.document(name)
    inside = {item.id for item in document.items} if document else set[str]()
    # What was taken out of a document is in none any more, but the text around it was around it.
    rests = moved & (below | inside) or (document is not None and moved)
    return Change.RESTS if rests else Change.SAME


def words(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Return runs of (`-`, `+` or a space, text): what was taken out, put in, and kept."""
    old, new = re.findall(r"\S+|\s+", before), re.findall(r"\S+|\s+", after)
    runs: list[tuple[str, str]] = []
    # Spaces and common words alone are no place to begin a match: it would take cubic time.
    matcher = difflib.SequenceMatcher(None, old, new)
    for tag, i, j, k, end in matcher.get_opcodes():
        if tag == "equal":
            runs.append((" ", "".join(old[i:j])))
            continue
        if j > i:
            runs.append(("-", "".join(old[i:j])))
        if end > k:
            runs.append(("+", "".join(new[k:end])))
    return tuple(runs)


def _sources(spec: Spec) -> dict[str, str]:
    found: dict[str, str] = {}
    for document in spec.documents:
        order = _in_order(document)
        for item in document.items:  # items that share an id are shown together, as they are bound
            found[item.id] = found.get(item.id, "") + _source(document, item, order)
    return found


def source(document: Document, item: Item) -> str:
    """Return the item's own text as it stands in the file, without the items inside it.

    Bytes that are not UTF-8 are written as `\\xff`, so that no two texts look the same.
    """
    return _source(document, item, _in_order(document))


def _in_order(document: Document) -> list[Item]:
    return sorted(document.items, key=_start)


def _start(item: Item) -> int:
    return item.place.start


def _source(document: Document, item: Item, order: list[Item]) -> str:
    """Return the text of an item; of all items in order only those that begin in it are asked."""
    first = bisect_left(order, item.place.start, key=_start)
    last = bisect_right(order, item.place.end, lo=first, key=_start)
    inner = [one.place for one in order[first:last] if one is not item and _holds(item, one)]
    parts, at = [], item.place.start
    for place in inner:
        parts.append(document.data[at : place.start])
        at = max(at, place.end)
    parts.append(document.data[at : item.place.end])
    return b"".join(parts).decode(errors="backslashreplace")


def _holds(outer: Item, inner: Item) -> bool:
    # A frame spans its whole file, and so may the one item in it: a frame is inside nothing.
    return (
        inner.kind is not ItemKind.FRAME
        and outer.place.start <= inner.place.start
        and inner.place.end <= outer.place.end
    )
