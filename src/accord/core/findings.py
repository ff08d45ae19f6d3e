"""What a person looks at once: the criteria of a change that the same thing puts in doubt.

One test that changed may be bound to five criteria. That is one thing to look at and one thing to
say, so it is one finding, and one record when it is judged.
"""

from collections.abc import Collection, Iterable, Sequence

from attrs import evolve, frozen

from accord.core.drift import Cause, Standing, Verdict
from accord.core.model import sha256

MOST = 12


@frozen
class Finding:
    """Criteria of one change that share a cause, the worst first; there is one at least."""

    verdicts: tuple[Verdict, ...]

    @property
    def change(self) -> str:
        """Return the released change that they are of."""
        return self.verdicts[0].change

    @property
    def criteria(self) -> tuple[str, ...]:
        """Return their ids."""
        return tuple(one.criterion for one in self.verdicts)

    @property
    def named(self) -> str:
        """Return their ids as a person says them: `R1.1, R1.2`; the first of them where many."""
        return listed(self.criteria)

    @property
    def told(self) -> str:
        """Return how they stand, in words: `R1.1, R1.2 are stale; R1.3 is orphaned`."""
        by: dict[Standing, list[str]] = {}
        for one in self.verdicts:
            by.setdefault(one.standing, []).append(one.criterion)
        return "; ".join(
            f"{listed(names)} {'is' if len(names) == 1 else 'are'} {standing}"
            for standing, names in by.items()
        )

    @property
    def standing(self) -> Standing:
        """Return the worst standing among them."""
        return self.verdicts[0].standing

    @property
    def decided(self) -> str:
        """Return what people said of them, each answer once."""
        return "; ".join(dict.fromkeys(one.decided for one in self.verdicts if one.decided))

    @property
    def causes(self) -> tuple[tuple[Cause, tuple[str, ...]], ...]:
        """Return each cause once, with the criteria that it is a cause for; empty: for all."""
        for_whom: dict[Cause, list[str]] = {}
        for one in self.verdicts:
            for cause in one.causes:
                for_whom.setdefault(cause, []).append(one.criterion)
        every = len(self.verdicts)
        # What is a cause for more of them says more.
        rows = sorted(for_whom.items(), key=lambda row: -len(row[1]))
        return tuple((cause, () if len(ids) == every else tuple(ids)) for cause, ids in rows)

    @property
    def state(self) -> str:
        """Return the sha256 of exactly what was found, of all of them."""
        if len(self.verdicts) == 1:
            return self.verdicts[0].state
        return sha256("\n".join(sorted(one.state for one in self.verdicts)).encode())

    def only(self, criteria: Collection[str]) -> "Finding":
        """Return the finding about those of its criteria alone that are in `criteria`."""
        return evolve(self, verdicts=tuple(v for v in self.verdicts if v.criterion in criteria))


def listed(names: Sequence[str]) -> str:
    """Return ids in a list that a line can hold: the first MOST, and how many more."""
    more = [f"{len(names) - MOST} more"] if len(names) > MOST else []
    return ", ".join([*names[:MOST], *more])


def gathered(verdicts: Iterable[Verdict]) -> tuple[Finding, ...]:
    """Return findings in the order of their first criterion.

    Two criteria of a change are of one finding where something that moved is bound to both, or to
    one that is of a finding with each.
    """
    every = tuple(verdicts)
    joined = list(range(len(every)))  # each leads to an earlier one of its finding, or to itself
    first: dict[tuple[str, str], int] = {}
    for at, one in enumerate(every):
        for thing in {(one.change, cause.thing) for cause in one.causes if cause.thing}:
            ends = _first(joined, first.setdefault(thing, at)), _first(joined, at)
            joined[max(ends)] = min(ends)
    found: dict[int, list[Verdict]] = {}
    for at, one in enumerate(every):
        found.setdefault(_first(joined, at), []).append(one)
    return tuple(Finding(tuple(group)) for group in found.values())


def _first(joined: list[int], at: int) -> int:
    while joined[at] != at:
        joined[at] = at = joined[joined[at]]
    return at
