"""Weigh the steps of all changes for `core.scheduling`: what they claim, how long they take."""

from collections.abc import Collection, Mapping, Sequence

from attrs import define, evolve, field

from accord.app import pace
from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core import scheduling
from accord.core.reconcile import Action, Build, Draft, Land, Release, Wait
from accord.core.scheduling import USUAL_S, Admission, Candidate, Limits, Running


@define
class Admitting:
    """What is known of the work that waits and runs; times are seconds of one clock."""

    workshop: Workshop
    asked: dict[str, float] = field(factory=dict)
    began: dict[str, float] = field(factory=dict)
    length: float = USUAL_S

    def __attrs_post_init__(self) -> None:
        """Take the usual length of a task from those that were built here."""
        self.length = pace.usual(self.workshop) or USUAL_S

    def choose(
        self,
        steps: Sequence[Action | Wait],
        changes: Mapping[str, Change],
        busy: Collection[Action],
        now: float,
        elsewhere: Collection[Action] = (),
        begun: Collection[str] = (),
    ) -> Admission:
        """Return which of the drafts and builds in `steps` start now beside those in `busy`.

        What is done `elsewhere` takes no slot here, and claims its files and resources. `begun`
        names changes that are partly built and are not among `changes`, since all of them waits.
        """
        running = [self._running(one, changes, now) for one in busy if not isinstance(one, Release)]
        running += [evolve(self._running(one, changes, now), working=False) for one in elsewhere
                    if isinstance(one, Draft | Build)]  # fmt: skip
        busy = (*busy, *elsewhere)
        known = {one.id for one in busy}
        running += [self._running(one, changes, now) for one in steps
                    if isinstance(one, Land) and one.id not in known]  # fmt: skip
        wanted = [self._candidate(one, changes, now) for one in steps
                  if isinstance(one, Draft | Build) and not _is_busy(one, busy)]  # fmt: skip
        under_way = {one.change for one in steps if isinstance(one, Wait) and one.decides}
        under_way |= {name for name, change in changes.items() if is_begun(change)}
        under_way |= set(begun)
        config = self.workshop.config
        limits = Limits(config.parallel, config.beside.under_way)
        return scheduling.admit(wanted, running, limits, under_way)

    def begin(self, step: Action, now: float) -> None:
        """Remember when a step began."""
        self.began[step.id] = now
        self.asked.pop(step.id, None)

    def end(self, step: Action, now: float, *, goes_on: bool = False) -> None:
        """Remember how long a task was worked on, for the estimates of the next run.

        `goes_on` tells that its agent asked, and is not done.
        """
        took = now - self.began.pop(step.id, now)
        if isinstance(step, Build) and not step.by_hand:
            pace.took(self.workshop, step, took, goes_on=goes_on)

    def _candidate(
        self, step: Draft | Build, changes: Mapping[str, Change], now: float
    ) -> Candidate:
        touches = self._touches(step, changes)
        change = changes.get(step.change)
        rank = self.length
        if isinstance(step, Build) and change is not None:
            left = scheduling.ranks(change.tasks, change.landed, self.length)
            rank = left.get(step.task, rank)
        return Candidate(
            step.id, step.change, rank, self.length, now - self.asked.setdefault(step.id, now),
            touches, self.leases(touches),
        )  # fmt: skip

    def _running(self, step: Action, changes: Mapping[str, Change], now: float) -> Running:
        works = isinstance(step, Draft | Build)
        touches = self._touches(step, changes)
        gone = now - self.began.get(step.id, now)
        left = max(0.0, self.length - gone) if works else 0.0
        return Running(f"{step.change} {step.subject}", step.change, left, touches,
                       self.leases(touches), works)  # fmt: skip

    def serial(self, step: Action, changes: Mapping[str, Change]) -> frozenset[str]:
        """Return the serial resources that `step` needs while an agent works on it."""
        if not isinstance(step, Build):
            return frozenset()
        return self.leases(self._touches(step, changes))

    def _touches(self, step: Action, changes: Mapping[str, Change]) -> tuple[str, ...]:
        change = changes.get(step.change)
        if change is None or not isinstance(step, Build | Land):
            return ()
        return next((one.touches for one in change.tasks if one.id == step.task), ())

    def leases(self, touches: tuple[str, ...]) -> frozenset[str]:
        """Return the serial resources that work on these paths has to lease."""
        return scheduling.leases(touches, self.workshop.config.beside.serial)


def _is_busy(step: Action, busy: Collection[Action]) -> bool:
    return any((one.change, one.subject) == (step.change, step.subject) for one in busy)


def is_begun(change: Change) -> bool:
    """Tell whether some of the tasks of a change have landed and others have not."""
    return bool(change.landed) and not change.landed.issuperset(one.id for one in change.tasks)
