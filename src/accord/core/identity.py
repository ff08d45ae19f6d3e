"""Ids that stay: items of a host's document are known again after inserts, moves and edits.

A host counts positions (`1.2`) or uses titles, and both change when somebody inserts or renames.
The ledger of a spec holds, outside the host's files, what each item said when it was last seen. An
item is known again by what it says and by what stands beside it. Where that leaves a doubt, the
doubt is told; no id ever passes to another item in silence.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from attrs import evolve, frozen

from accord.core.model import Item, ItemKind, Requirement, Spec, sha256
from accord.errors import ConfigurationError

T = TypeVar("T")

ALIKE, BESIDE, MARGIN, DOUBT = 0.5, 0.12, 0.15, 0.3
KINDS = {
    ItemKind.REQUIREMENT: "r",
    ItemKind.CRITERION: "c",
    ItemKind.QUESTION: "q",
    ItemKind.ASSUMPTION: "a",
    ItemKind.SECTION: "d",
    ItemKind.TASK: "t",
}


class How(StrEnum):
    """How an item was known again."""

    SAME = "same"
    MOVED = "moved"
    EDITED = "edited"
    NEW = "new"
    UNSURE = "unsure"


@frozen
class Known:
    """An item as it was last seen: its lasting id, the host's, its words, what it names.

    `names` are the host's ids that it named, `means` the lasting ids that those stood for then.
    `retired` says why an id is no longer in use; such an id is never given again.
    """

    id: str
    kind: str
    host: str
    words: str
    names: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    retired: str = ""


@frozen
class Match:
    """An item of today: its lasting id (empty in doubt), and the ids that it could have."""

    item: Item
    how: How
    id: str
    words: str
    candidates: tuple[str, ...] = ()


@frozen
class Shift:
    """A reference that would mean another item than it did: `name` is what stands in the file."""

    item: Item
    name: str
    was: str
    now: str


@frozen
class Identified:
    """The items of today in file order, and what is no longer there."""

    matches: tuple[Match, ...]
    gone: tuple[Known, ...]

    @property
    def unsure(self) -> tuple[Match, ...]:
        """Return the items that nobody could tell."""
        return tuple(one for one in self.matches if one.how is How.UNSURE)


def identify(known: Sequence[Known], spec: Spec) -> Identified:
    """Know the items of `spec` again by what was last seen; give new ids to new ones."""
    items = [one for one in spec.items if one.kind in KINDS]
    words = _words(items)
    left = [one for one in known if not one.retired]
    matched: dict[int, tuple[Known, How]] = {}
    doubts: dict[int, tuple[str, ...]] = {}
    for kind, letter in KINDS.items():
        here = [at for at, one in enumerate(items) if one.kind is kind]
        there = [one for one in left if one.kind == letter]
        _equal(items, words, here, there, matched)
        _alike(words, here, there, matched, doubts)
    taken = {one.id for one in known}
    matches = []
    for at, item in enumerate(items):
        if at in matched:
            before, how = matched[at]
            matches.append(Match(item, how, before.id, words[at]))
        elif at in doubts:
            matches.append(Match(item, How.UNSURE, "", words[at], doubts[at]))
        else:
            matches.append(Match(item, How.NEW, _fresh(item, words[at], taken), words[at]))
    used = {one.id for one, _ in matched.values()}
    return Identified(tuple(matches), tuple(one for one in left if one.id not in used))


def _words(items: Sequence[Item]) -> list[str]:
    """Return what each item says; a requirement is known by its criteria more than by its title."""
    found = [" ".join(one.text.split()) for one in items]
    last = -1
    for at, item in enumerate(items):
        if isinstance(item, Requirement):
            last = at
        elif item.kind is ItemKind.CRITERION and last >= 0:
            found[last] = f"{found[last]} {found[at]}"
    return found


def _equal(
    items: Sequence[Item],
    words: Sequence[str],
    here: Iterable[int],
    there: Iterable[Known],
    matched: dict[int, tuple[Known, How]],
) -> None:
    """Match what says the same: alone, or as many as there were, in their order."""
    now: dict[str, list[int]] = {}
    was: dict[str, list[Known]] = {}
    for at in here:
        now.setdefault(words[at].casefold(), []).append(at)
    for one in there:
        was.setdefault(one.words.casefold(), []).append(one)
    for text, places in now.items():
        before = was.get(text, [])
        if len(before) != len(places):
            continue
        for at, one in zip(places, before, strict=True):
            same = items[at].id == one.host
            matched[at] = one, How.SAME if same else How.MOVED


def _alike(
    words: Sequence[str],
    here: Sequence[int],
    there: Sequence[Known],
    matched: dict[int, tuple[Known, How]],
    doubts: dict[int, tuple[str, ...]],
) -> None:
    """Match what was edited: by far the most alike, in both directions, or not at all."""
    used = {one.id for one, _ in matched.values()}
    open_items = [at for at in here if at not in matched]
    open_known = [at for at, one in enumerate(there) if one.id not in used]
    if not open_items or not open_known:
        return
    before = {at: _beside(there, at, lambda one: one.id) for at in open_known}
    names = {at: matched[at][0].id if at in matched else "" for at in here}
    order = {at: place for place, at in enumerate(here)}
    after = {at: _beside(here, order[at], names.__getitem__) for at in open_items}
    bags = {at: Counter(words[at].casefold().split()) for at in open_items}
    olds = {at: Counter(there[at].words.casefold().split()) for at in open_known}
    scores: dict[tuple[int, int], float] = {}
    for at in open_items:
        for old in open_known:
            share = _share(bags[at], olds[old])
            near = sum(one == other != "" for one, other in
                       zip(after[at], before[old], strict=True))  # fmt: skip
            if share >= DOUBT or near == len(after[at]):
                scores[at, old] = share + BESIDE * near if share >= DOUBT else DOUBT
    for at in open_items:
        ranked = sorted(((score, old) for (one, old), score in scores.items() if one == at))[::-1]
        if not ranked:
            continue
        best, old = ranked[0]
        rivals = [score for (one, other), score in scores.items()
                  if (one == at) != (other == old)]  # fmt: skip
        sure = _share(bags[at], olds[old]) >= ALIKE and best >= max(rivals, default=0) + MARGIN
        if sure:
            matched[at] = there[old], How.EDITED
        else:
            doubts[at] = tuple(there[one].id for _, one in ranked[:3])


def _beside(row: Sequence[T], at: int, name: Callable[[T], str]) -> tuple[str, str]:
    before = name(row[at - 1]) if at else "first"
    return before, name(row[at + 1]) if at + 1 < len(row) else "last"


def _share(one: Counter[str], other: Counter[str]) -> float:
    """Return how much of two texts is the same words, from 0 to 1 (Dice's coefficient)."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _fresh(item: Item, words: str, taken: set[str]) -> str:
    for count in range(1, 1000):
        name = KINDS[item.kind] + sha256(f"{words}\n{count}".encode())[:8]
        if name not in taken:
            taken.add(name)
            return name
    raise AssertionError("a thousand items that say the same")


def record(
    known: Sequence[Known], found: Identified, decided: Mapping[str, str] | None = None
) -> tuple[Known, ...]:
    """Return the ledger after `found`; `decided` maps host ids in doubt to the ids they have.

    An empty id there makes the item a new one. What nobody decided stays in doubt: the old rows
    are kept, and the item gets none. Rows of retired ids stay for good.
    """
    taken = {one.id for one in known}
    settled = decided or {}
    rows: list[Known] = []
    for one in found.matches:
        name = one.id
        if one.how is How.UNSURE:
            choice = settled.get(one.item.id)
            if choice is None:
                continue
            name = choice or _fresh(one.item, one.words, taken)
        rows.append(Known(name, KINDS[one.item.kind], one.item.id, one.words))
    means = {one.host: one.id for one in rows}
    names = {one.item.id: one.item.satisfies for one in found.matches}
    # What a name stands for that is in doubt is what it stood for: it must not be forgotten.
    meant = {one.id: dict(zip(one.names, one.means, strict=True)) for one in known}
    rows = [
        evolve(
            row,
            names=names[row.host],
            means=tuple(
                means.get(one) or meant.get(row.id, {}).get(one, "") for one in names[row.host]
            ),
        )
        for row in rows
    ]
    used = {one.id for one in rows}
    doubtful = {
        name for one in found.unsure if one.item.id not in settled for name in one.candidates
    }
    kept = [one for one in known if one.id not in used and (one.retired or one.id in doubtful)]
    return (*rows, *kept)


def retired(known: Sequence[Known], name: str, why: str) -> tuple[Known, ...]:
    """Return the ledger with the id `name` out of use, and the reason."""
    return tuple(evolve(one, retired=why) if one.id == name else one for one in known)


def shifts(known: Sequence[Known], found: Identified) -> tuple[Shift, ...]:
    """Return the references that would mean something else than when they were last seen."""
    before = {one.id: one for one in known}
    now = {one.item.id: one for one in found.matches}
    moved = []
    for match in found.matches:
        was = before.get(match.id)
        for name, meant in zip(was.names, was.means, strict=True) if was else ():
            target = now.get(name)
            if not meant or name not in match.item.satisfies:
                continue
            if target is None or target.id != meant:
                moved.append(Shift(match.item, name, meant, target.id if target else ""))
    return tuple(moved)


def to_toml(known: Iterable[Known]) -> str:
    """Return the ledger as the text of its file."""
    rows = ["# Which item is which: written by Accord, read again when the spec has changed.\n"]
    for one in known:
        fields = {"id": one.id, "kind": one.kind, "host": one.host, "words": one.words}
        if one.retired:
            fields["retired"] = one.retired
        rows.append("[[item]]\n" + "".join(f"{key} = {_quoted(v)}\n" for key, v in fields.items()))
        for key, values in (("names", one.names), ("means", one.means)):
            if values:
                rows[-1] += f"{key} = [{', '.join(map(_quoted, values))}]\n"
    return "\n".join(rows)


def from_toml(text: str) -> tuple[Known, ...]:
    """Return the ledger in a text. Raises ConfigurationError when it is none."""
    try:
        rows = tomllib.loads(text).get("item", [])
        if not isinstance(rows, list):
            raise TypeError("item is no list")
        return tuple(
            Known(str(row["id"]), str(row["kind"]), str(row["host"]), str(row["words"]),
                  tuple(map(str, row.get("names", ()))), tuple(map(str, row.get("means", ()))),
                  str(row.get("retired", "")))
            for row in rows
        )  # fmt: skip
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"the ledger of ids cannot be read: {error}", hint="git checkout it as it was"
        ) from error


def _quoted(text: str) -> str:
    # A basic string of TOML 1.0: quotes, backslashes and control characters are escaped.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(
        f"\\u{ord(one):04x}" if ord(one) < ord(" ") or one == "\x7f" else one for one in escaped
    ) + '"'  # fmt: skip
