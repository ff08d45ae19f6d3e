"""Collisions between pieces of work that are under way at once, told before either lands.

Two of them are compared by what they did so far. It is *hot* when git cannot merge them, *broken*
when they merge and one uses a name that the other took away, and *soft* when they only changed the
same files, which mostly ends well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from accord.core.fingerprint import Symbol, last_name
from accord.core.paths import as_text

Files = Mapping[str, tuple[Symbol, ...]]
"""The symbols of each file of code, by its path; a file that is not there has none."""

_LEAST = 4  # letters: shorter names say too little about what is meant


class Kind(StrEnum):
    """How bad a collision is, the worst first."""

    HOT = "hot"
    BROKEN = "broken"
    SOFT = "soft"


@frozen
class Side:
    """One piece of work: its change, its task (empty: the whole change), where it stands.

    `gone` maps each name that it took away to the place where it was, `used` each name that its
    new code uses to the first place that does; `new` are the names that it brought.
    """

    change: str
    task: str
    commit: str
    paths: frozenset[str]
    gone: Mapping[str, str]
    used: Mapping[str, str]
    new: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return `CHANGE TASK`, or `CHANGE` for the whole of it."""
        return f"{self.change} {self.task}".strip()


@frozen
class Collision:
    """Two sides by name, how they collide, and over what: paths, or names with their places."""

    one: str
    other: str
    kind: Kind
    over: tuple[str, ...]

    @property
    def changes(self) -> frozenset[str]:
        """Return the names of the one or two changes."""
        return frozenset(name.partition(" ")[0] for name in (self.one, self.other))

    def words(self) -> str:
        """Return it as one sentence without its full stop."""
        what = ", ".join(map(as_text, self.over[:3])) + (" and more" if len(self.over) > 3 else "")
        if self.kind is Kind.HOT:
            return f"{self.one} and {self.other} conflict in {what}"
        if self.kind is Kind.BROKEN:
            return f"{self.one} and {self.other} do not go together: {what}"
        return f"{self.one} and {self.other} both change {what}"


def side(
    change: str, task: str, commit: str, paths: Iterable[str], before: Files, after: Files
) -> Side:
    """Return the side that made `after` of `before`, the changed files of code on either side."""
    known = {last_name(one.name) for symbols in after.values() for one in symbols}
    gone = {
        last_name(one.name): f"{path}::{one.name}"
        for path, symbols in before.items()
        for one in symbols
        if _tells(last_name(one.name)) and last_name(one.name) not in known
    }
    used: dict[str, str] = {}
    for path, symbols in after.items():
        was = {one.name: set(one.tokens) for one in before.get(path, ())}
        for one in symbols:
            for token in sorted(set(one.tokens) - was.get(one.name, set())):
                if _tells(token):
                    used.setdefault(token, f"{path}::{one.name}")
    old = {last_name(one.name) for symbols in before.values() for one in symbols}
    return Side(change, task, commit, frozenset(paths), gone, used, frozenset(known - old))


def pairs(sides: Sequence[Side]) -> Iterator[tuple[Side, Side]]:
    """Yield each two sides that may collide; a change does not with what it is made of."""
    for index, one in enumerate(sides):
        for other in sides[index + 1 :]:
            if one.change != other.change or (one.task and other.task):
                yield one, other


def compare(
    one: Side, other: Side, conflicts: Callable[[str, str], Sequence[str]]
) -> Collision | None:
    """Return how two sides collide, or None; `conflicts` merges two commits and names the paths.

    It is asked only where both changed the same file: work on other files never conflicts.
    """
    shared = sorted(one.paths & other.paths)
    if shared and (paths := conflicts(one.commit, other.commit)):
        return Collision(one.name, other.name, Kind.HOT, tuple(paths))
    if broken := (*_broken(one, other), *_broken(other, one)):
        return Collision(one.name, other.name, Kind.BROKEN, broken)
    return Collision(one.name, other.name, Kind.SOFT, tuple(shared)) if shared else None


def _broken(one: Side, other: Side) -> Iterator[str]:
    for name in sorted((one.gone.keys() & other.used.keys()) - other.new):
        yield f"{one.name} took away {one.gone[name]}, {other.name} uses it in {other.used[name]}"


def _tells(name: str) -> bool:
    return len(name) >= _LEAST and name.isidentifier()
