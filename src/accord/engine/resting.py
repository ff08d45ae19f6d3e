"""What a worker need not look at again: changes that wait for a person, while nothing moves.

A change is read anew when what its steps are made from is another than it was, by the digest that
the board keeps its rows by. Where nothing happened for a while, looking at all takes as much of
the time as waiting may cost.
"""

import math
import os
from collections.abc import Callable, Sequence

from attrs import define, field, frozen

from accord.app import board
from accord.app.changes import Change, find, load_each
from accord.app.workshop import Workshop
from accord.core.reconcile import Step, Wait
from accord.engine.admitting import is_begun

SHARE = 0.005
"""How much of a core it takes to look whether something happened, where nothing does."""


@frozen
class _Rest:
    state: str
    steps: tuple[Step, ...]
    begun: bool


@define
class Resting:
    """The changes of which everything waited when they were looked at, and how still it is."""

    workshop: Workshop
    kept: dict[str, _Rest] = field(factory=dict)
    steps: tuple[Step, ...] | None = None
    since: float = 0.0
    cost: float = 0.0

    @property
    def begun(self) -> frozenset[str]:
        """Return those of them that are partly built."""
        return frozenset(name for name, one in self.kept.items() if one.begun)

    def look(
        self, base: str, steps_of: Callable[[Change], tuple[Step, ...]]
    ) -> tuple[dict[str, tuple[Step, ...]], dict[str, Change]]:
        """Return the steps of every open change, and those changes of which not everything waits.

        `steps_of` is asked about those that moved, or that did not wait. What it says may rest on
        the day, as a waiver does that ends, so that none is kept for longer.
        """
        found = find(self.workshop)
        day = self.workshop.clock.now()[:10]
        states = {
            name: f"{day} {state}" for name, state in
            board.states_of(self.workshop, found, base, self.workshop.journal.noted("")).items()
        }  # fmt: skip
        self.kept = {name: one for name, one in self.kept.items() if states.get(name) == one.state}
        steps = {one.change: self._known(one.change) for one in found}
        changes = {}
        moved = states.keys() - self.kept.keys()
        for change in load_each(self.workshop, moved) if moved else ():
            own = steps[change.name] = steps_of(change)
            if all(isinstance(one, Wait) for one in own):
                self.kept[change.name] = _Rest(states[change.name], own, is_begun(change))
            else:
                changes[change.name] = change
        return steps, changes

    def _known(self, name: str) -> tuple[Step, ...]:
        one = self.kept.get(name)
        return () if one is None else one.steps

    def looked(self, steps: Sequence[Step], cost: float, now: float) -> None:
        """Know what a look found, and the CPU seconds that it took to find nothing new."""
        self.cost = cost
        if (found := tuple(steps)) != self.steps:
            self.steps, self.since, self.cost = found, now, 0.0

    def naps(self, shortest: float, still: float, now: float) -> list[float]:
        """Return the seconds until the next look, in pieces after which one may be told to end.

        They are the more the more a look takes, where nothing was new for `still` seconds.
        """
        length = max(shortest, self.cost / SHARE) if now - self.since >= still else shortest
        count = max(1, math.ceil(length / max(shortest, 1.0)))
        return [length / count] * count


def spent() -> float:
    """Return the CPU seconds of this process and of all that it waited for."""
    return sum(os.times()[:4])
