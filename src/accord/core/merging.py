"""Three-way merge of specs, requirement by requirement and scenario by scenario.

Two people change one spec, each from the same base. What only one of them changed is taken; what
both changed alike is taken once; what they changed otherwise is a conflict that a person decides,
shown as the two texts. Nothing that either of them wrote is ever dropped without being named. The
rule for each part is that of any three-way merge (as in `diff3`); the parts are found by name, so
that moving one is no edit of its neighbours.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from accord.core.model import Criterion, Document, Requirement, sha256


@frozen
class Part:
    """A requirement or a scenario: its name, its own text, and the parts inside it, in order.

    `head` is the line that names it as it was written. It is carried, never compared. `known` is
    the fingerprint of the text where that alone was kept; `text` is empty then.
    """

    name: str
    text: str
    parts: tuple["Part", ...] = ()
    head: str = ""
    known: str = ""

    @property
    def fingerprint(self) -> str:
        """Return the digest of the own text."""
        return self.known or fingerprint(self.text)


@frozen
class Conflict:
    """A part that both sides changed: its names from the outside in, and its three texts.

    None stands for a part that is not there.
    """

    path: tuple[str, ...]
    base: str | None
    ours: str | None
    theirs: str | None


@frozen
class Merged:
    """What came of a merge. With conflicts, `parts` holds our side of each: not to be kept."""

    parts: tuple[Part, ...]
    conflicts: tuple[Conflict, ...]


def fingerprint(text: str) -> str:
    """Return the digest of a text by its words: line breaks and indents are no change."""
    return sha256(" ".join(text.split()).encode())


def same(one: Part | None, other: Part | None) -> bool:
    """Tell whether two parts say the same, all parts inside them included, in any order."""
    if one is None or other is None:
        return one is other
    return _whole(one) == _whole(other)


def _whole(part: Part) -> str:
    inner = sorted(f"{key} {_whole(one)}" for key, one in _keyed(part.parts).items())
    return sha256("\n".join([part.fingerprint, *inner]).encode())


def whole(part: Part | None) -> str:
    """Return the digest of all that a part says, the same for parts that are `same`; or ''."""
    return "" if part is None else _whole(part)


def said(part: Part) -> str:
    """Return everything that a part says, as one text."""
    return "\n".join([part.text, *(f"{one.name}\n{said(one)}" for one in part.parts)])


def merge(base: Sequence[Part], ours: Sequence[Part], theirs: Sequence[Part]) -> Merged:
    """Return `ours` with what `theirs` changed since `base`.

    The order is ours; what they added stands behind what it stands behind with them.
    """
    return _level(base, ours, theirs, ())


def _keyed(parts: Iterable[Part]) -> dict[tuple[str, int], Part]:
    """Map parts by name, and by which of that name they are."""
    counts = Counter[str]()
    found = {}
    for part in parts:
        counts[part.name] += 1
        found[part.name, counts[part.name]] = part
    return found


def _level(
    base: Sequence[Part], ours: Sequence[Part], theirs: Sequence[Part], above: tuple[str, ...]
) -> Merged:
    was, here, there = _keyed(base), _keyed(ours), _keyed(theirs)
    order = list(here)
    behind = 0
    for key in there:
        if key in here:
            behind = order.index(key) + 1
        else:
            order.insert(behind, key)
            behind += 1
    kept: list[Part] = []
    conflicts: list[Conflict] = []
    for key in order:
        part, found = _one(was.get(key), here.get(key), there.get(key), (*above, key[0]))
        conflicts += found
        kept += [part] if part else []
    return Merged(tuple(kept), tuple(conflicts))


def _one(
    base: Part | None, ours: Part | None, theirs: Part | None, path: tuple[str, ...]
) -> tuple[Part | None, Sequence[Conflict]]:
    if ours is None or theirs is None:
        kept = ours or theirs
        if base is None or same(base, kept):
            return (kept if base is None else None), ()
        # One side took out what the other went on writing.
        texts = (None if one is None else said(one) for one in (base, ours, theirs))
        return ours, (Conflict(path, *texts),)
    inner = _level(base.parts if base else (), ours.parts, theirs.parts, path)
    prints = [None if one is None else one.fingerprint for one in (base, ours, theirs)]
    text, conflicts = ours.text, list(inner.conflicts)
    if prints[0] == prints[1]:
        text = ours.text if prints[1] == prints[2] else theirs.text
    elif prints[2] not in (prints[0], prints[1]):
        conflicts.insert(0, Conflict(path, base.text if base else None, ours.text, theirs.text))
    merged = evolve(ours, text=text, parts=inner.parts)
    return (ours if merged == ours else merged), conflicts


def written_on(part: Part, versions: Sequence[Part | None]) -> int:
    """Return which of `versions` (the oldest first) an edit was written on, as far as it shows.

    Whoever wrote `part` on the last version has in it what the last step brought. As long as it
    lacks that, it was written on an earlier one: where the history does not tell when an edit was
    begun (squashed, rebased), this errs towards asking.
    """
    at = len(versions) - 1
    # A step that left the part alone brought nothing that the edit could show: it says neither.
    while at > 0 and (
        same(versions[at - 1], versions[at]) or not _carries(part, versions[at - 1], versions[at])
    ):
        at -= 1
    return at


def _carries(part: Part, before: Part | None, after: Part | None) -> bool:
    if after is None or same(part, after):
        return True
    words = Counter(said(part).split())
    new = Counter(said(after).split())
    old = Counter(said(before).split()) if before else Counter[str]()
    return not (new - old) - words and not ((old - new) & (words - new))


def parts(document: Document) -> tuple[Part, ...]:
    """Return the requirements of a native document, each with its criteria, for `merge`.

    Criteria that stand under no requirement of their own are parts beside them.
    """
    found: dict[str, Part] = {}
    for item in document.items:
        if isinstance(item, Requirement):
            head = document.data[item.place.start : item.place.end].decode(errors="replace")
            first, _, rest = head.partition("\n")
            found[item.id] = Part(item.id, f"{item.text}\n{rest.strip()}", (), first)
    alone: list[Part] = []
    for item in document.items:
        if isinstance(item, Criterion):
            part = Part(item.id, item.text)
            owner = found.get(item.id.partition(".")[0])
            if owner is None:
                alone.append(part)
            else:
                found[owner.name] = evolve(owner, parts=(*owner.parts, part))
    return (*found.values(), *alone)
