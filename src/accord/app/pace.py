"""How fast a change is built, beside the least time that it can take; what is left, at least.

Whoever drives notes how long each task took and how long a change was worked on: the time in which
everything that is left of it waits for a person, or nobody drives, is not in it.
"""

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, evolve, field, frozen

from accord.app.changes import Change, load_all
from accord.app.views import View
from accord.app.workplaces import BUILT
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.bounds import Means, least
from accord.core.model import Task
from accord.core.reconcile import Build, Land, Step

PACE, TOOK = "pace", "took"

WORTH_S = 60.0
"""The least work of which it is said how fast it went: what is noted are whole seconds."""


@frozen
class Paced:
    """How long a change was worked on: `worked` seconds, and from `since` to `seen` besides.

    The moments are in UTC, and `since` is empty while nobody works on it. `began` maps the tasks
    that agents are at to the moments when they began; `over`: every task has landed.
    """

    worked: int = 0
    since: str = ""
    seen: str = ""
    began: Mapping[str, str] = field(factory=dict)
    over: bool = False

    @property
    def seconds(self) -> int:
        """Return the seconds that it was worked on, as far as anybody saw."""
        return self.worked + (_between(self.since, self.seen) if self.since else 0)


@define
class Pacing:
    """Notes the pace of each change that is driven."""

    workshop: Workshop
    known: dict[str, Paced] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Take up what is known; of a drive that was killed counts what it saw."""
        for change, one in noted(self.workshop).items():
            self.known[change] = evolve(one, worked=one.seconds, since="", began={})

    def tell(
        self, steps: Iterable[Step], busy: Iterable[Step], changes: Mapping[str, Change]
    ) -> None:
        """Note what is worked on now: `busy`, or what in `steps` waits for nobody.

        Of a change with tasks that landed before anybody noted its pace nothing is noted.
        """
        busy = tuple(busy)
        going = {one.change for one in (*steps, *busy) if isinstance(one, Build | Land)}
        building = {one.change for one in busy if isinstance(one, Build)}
        for name in sorted(changes.keys() & (self.known.keys() | building)):
            change = changes[name]
            if name not in self.known and change.landed:
                continue
            mine = [one for one in busy if isinstance(one, Build) and one.change == name]
            tasks = sorted(one.task for one in mine if not one.by_hand)
            one = self._next(name, tasks, goes=name in going)
            over = bool(change.tasks) and len(change.landed) == len(change.tasks)
            self._keep(name, evolve(one, over=over))

    def stop(self) -> None:
        """Note that nothing is worked on any more."""
        for name, one in sorted(self.known.items()):
            if one.since:
                self._keep(name, self._next(name, tuple(one.began), goes=False))

    def _next(self, name: str, tasks: Sequence[str], *, goes: bool) -> Paced:
        one, now = self.known.get(name, Paced()), self.workshop.clock.now()
        if not goes and not one.since:
            return one
        seen = evolve(one, since=one.since or now, seen=now,
                      began={task: one.began.get(task, now) for task in tasks})  # fmt: skip
        return seen if goes else evolve(seen, worked=seen.seconds, since="")

    def _keep(self, name: str, one: Paced) -> None:
        if one != self.known.get(name):
            self.known[name] = one
            self.workshop.journal.note(f"{PACE}/{name}", _as_json(one))


def of_open(workshop: Workshop) -> list[View]:
    """Return the pace of each open change whose tasks are under way, as far as it is known."""
    paces = {name: one for name, one in noted(workshop).items() if not one.over}
    changes = load_all(workshop, paces) if paces else ()
    found = (of(workshop, one.name, one.tasks, one.landed, paces[one.name]) for one in changes)
    return [one for one in found if one["words"]]


def usual(workshop: Workshop) -> float | None:
    """Return the median of the seconds that tasks took here, None while none was built."""
    found = [seconds for seconds, goes_on in _took(workshop, "").values() if not goes_on]
    return statistics.median(found) if found else None


def noted(workshop: Workshop) -> dict[str, Paced]:
    """Map each change whose pace is known to it."""
    notes = workshop.journal.noted(f"{PACE}/").items()
    return {key.removeprefix(f"{PACE}/"): _paced(note) for key, note in notes}


def of(
    workshop: Workshop, change: str, tasks: Collection[Task], landed: Collection[str],
    pace: Paced | None,
) -> View:  # fmt: skip
    """Return what is known of the pace of a change, with the words for it.

    `left` are the seconds that what is left of it takes at least, by the median of the tasks that
    were built here; `worked` those that it was worked on, and `ratio` says how many times the least
    is that was possible for what was done. What is not known is None, and has no words.
    """
    began = {} if pace is None else {
        name: _between(at, pace.seen) for name, at in pace.began.items()
    }  # fmt: skip
    left = _left(workshop, change, tasks, landed, began)
    ratio = None if pace is None else _ratio(workshop, change, tasks, landed, pace, began)
    words = [f"at least {_time(left)} left"] if left else []
    words += [f"{ratio:.2f} of the least possible so far"] if ratio else []
    return {"change": change, "left": left, "worked": pace.seconds if pace else None,
            "ratio": ratio, "words": "; ".join(words)}  # fmt: skip


def _left(
    workshop: Workshop, change: str, tasks: Collection[Task], landed: Collection[str],
    began: Mapping[str, int],
) -> int | None:  # fmt: skip
    length = usual(workshop)
    if length is None:
        return None
    prefix = f"{BUILT}/{change}/"
    built = {ref.removeprefix(prefix) for ref in workshop.repo.refs(prefix)}
    lengths = {one.id: 0.0 if one.id in built else max(0.0, length - began.get(one.id, 0))
               for one in tasks if one.id not in landed}  # fmt: skip
    return round(least(tuple(tasks), lengths, _means(workshop)))


def _ratio(
    workshop: Workshop, change: str, tasks: Collection[Task], landed: Collection[str],
    pace: Paced, began: Mapping[str, int],
) -> float | None:  # fmt: skip
    """Return None where too little was measured: a person built a task, or it is too soon."""
    took = _took(workshop, change)
    lengths = {name: seconds for name, (seconds, _) in took.items()}
    for name, seconds in began.items():  # one whose agent had asked goes on where it was
        before, goes_on = took.get(name, (0, False))
        lengths[name] = seconds + (before if goes_on else 0)
    if not lengths.keys() >= set(landed):
        return None
    bound = least(tuple(tasks), lengths, _means(workshop))
    # Seconds are whole, and what lies a rounding below what is possible is what is possible.
    return max(1.0, round(pace.seconds / bound, 2)) if bound >= WORTH_S else None


def _means(workshop: Workshop) -> Means:
    """Return what tasks are built with here; what a task took holds that it was verified."""
    return Means(workshop.config.parallel, workshop.config.beside.serial)


def took(workshop: Workshop, step: Build, seconds: float, *, goes_on: bool) -> None:
    """Note how long an agent worked on a task; `goes_on` where it asked, and is not done."""
    key = f"{TOOK}/{step.change}/{step.task}"
    before = workshop.journal.noted(key).get(key, {})
    earlier = before.get("seconds") if before.get("asked") == step.id else 0
    whole = max(1, round(seconds)) + (earlier if isinstance(earlier, int) else 0)
    workshop.journal.note(key, {"seconds": whole, "asked": step.id if goes_on else ""})


def _took(workshop: Workshop, change: str) -> dict[str, tuple[int, bool]]:
    """Map each task of `change` (of all, by `change/task`, without one) to its seconds so far.

    Beside them stands whether it asked and goes on.
    """
    prefix = f"{TOOK}/{change}/" if change else f"{TOOK}/"
    return {key.removeprefix(prefix): (seconds, bool(note.get("asked")))
            for key, note in workshop.journal.noted(prefix).items()
            if isinstance(seconds := note.get("seconds"), int)}  # fmt: skip


def _between(one: str, other: str) -> int:
    seconds = (datetime.fromisoformat(other) - datetime.fromisoformat(one)) / timedelta(seconds=1)
    return max(0, round(seconds))


def _time(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


def _as_json(one: Paced) -> dict[str, Json]:
    began: dict[str, Json] = dict(one.began)
    return {"worked": one.worked, "since": one.since, "seen": one.seen, "began": began,
            "over": one.over}  # fmt: skip


def _paced(note: Mapping[str, Json]) -> Paced:
    worked, began = note.get("worked"), note.get("began")
    return Paced(
        worked if isinstance(worked, int) else 0, str(note.get("since", "")),
        str(note.get("seen", "")),
        {name: str(at) for name, at in began.items()} if isinstance(began, dict) else {},
        note.get("over") is True,
    )  # fmt: skip
