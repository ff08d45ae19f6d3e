"""Which of the work that may start is started now: pure, over all changes at once.

Tasks that share files mostly do not conflict, so they are let run side by side unless waiting is
the cheaper bet. What does conflict nearly always (a chain of migrations, a lockfile) is declared
as a serial resource and leased to one task at a time. The order is by the longest path of work
that is left, as in list scheduling (Graham 1969), and whoever waits grows more urgent.
"""

import graphlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from attrs import field, frozen

from accord.core import overlap
from accord.core.model import Task

USUAL_S = 600.0
"""How long an agent works on a task, as long as nothing was measured."""

CONFLICTS = 0.3
"""How often two changes under way that share a file conflict; measured 0.23 and 0.43 elsewhere."""


@frozen
class Candidate:
    """Work for an agent that may start. Times are seconds; `rank` is the longest path left."""

    id: str
    change: str
    rank: float = USUAL_S
    length: float = USUAL_S
    waited: float = 0.0
    touches: tuple[str, ...] = ()
    leases: frozenset[str] = frozenset()


@frozen
class Running:
    """Work that began: `left` is the seconds that it will still take, as far as one can tell.

    `working` is false for what no longer needs an agent and is yet to land.
    """

    id: str
    change: str
    left: float = 0.0
    touches: tuple[str, ...] = ()
    leases: frozenset[str] = frozenset()
    working: bool = True


@frozen
class Limits:
    """How many agents work at once, and how many changes are under way at once.

    A change is under way while an agent works on it, while some of its tasks are built, and while
    it waits for a person to decide: people are the bottleneck, not agents.
    """

    agents: int
    under_way: int


@frozen
class Admission:
    """What is started, in its order, and why the rest is not (id to reason)."""

    started: tuple[Candidate, ...] = ()
    held: Mapping[str, str] = field(factory=dict)


@frozen
class Overlap:
    """Two tasks that claim the same files without an order between them, and the patterns."""

    one: str
    other: str
    patterns: tuple[tuple[str, str], ...]


def leases(touches: Sequence[str], serial: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the names of the serial resources that a task with `touches` has to lease.

    A task that claims every path names none of them: it would keep all others from starting.
    """
    if overlap.claims_all(touches):
        return frozenset()
    return frozenset(name for name, paths in serial.items() if overlap.shared(touches, paths))


def ranks(
    tasks: Sequence[Task], landed: Collection[str], length: float = USUAL_S
) -> dict[str, float]:
    """Map each task that is left to the seconds of the longest path that begins with it."""
    left = {task.id: task for task in tasks if task.id not in landed}
    graph = {name: [one for one in task.after if one in left] for name, task in left.items()}
    try:
        order = tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError:
        return dict.fromkeys(left, length)
    found = dict.fromkeys(left, length)
    for name in reversed(order):
        for before in graph[name]:
            found[before] = max(found[before], found[name] + length)
    return found


def overlaps(tasks: Sequence[Task]) -> tuple[Overlap, ...]:
    """Return each pair of tasks that can change the same file and may run side by side."""
    above = _ancestors(tasks)
    found = []
    for at, one in enumerate(tasks):
        for other in tasks[at + 1 :]:
            if one.id in above[other.id] or other.id in above[one.id] or one.id == other.id:
                continue
            if patterns := overlap.shared(one.touches, other.touches):
                found.append(Overlap(one.id, other.id, patterns))
    return tuple(found)


def across(
    tasks: Sequence[Task], others: Mapping[str, Sequence[Task]]
) -> tuple[tuple[str, Overlap], ...]:
    """Return (change, overlap) for each of `tasks` and each of another change's on its files.

    `others` maps the names of other changes to the tasks that are left of them: no order binds
    them to these. A task that claims every path says nothing about any, and is left out.
    """
    ours = [one for one in tasks if not overlap.claims_all(one.touches)]
    return tuple(
        (change, Overlap(one.id, other.id, patterns))
        for one in ours
        for change, theirs in others.items()
        for other in theirs
        if not overlap.claims_all(other.touches)
        if (patterns := overlap.shared(one.touches, other.touches))
    )


def _ancestors(tasks: Sequence[Task]) -> dict[str, set[str]]:
    after = {task.id: task.after for task in tasks}
    found: dict[str, set[str]] = {}
    for name in after:
        seen: set[str] = set()
        todo = list(after[name])
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += after.get(one, ())
        found[name] = seen
    return found


def admit(
    wanted: Iterable[Candidate],
    running: Iterable[Running],
    limits: Limits,
    under_way: Collection[str] = (),
) -> Admission:
    """Return which of `wanted` start beside what is `running`.

    `under_way` names the changes that count against the limit already; what carries one of them
    on is not kept from starting by it. Where nothing runs and no change is under way, something
    always starts.
    """
    at_work, started, held = list(running), [], {}
    begun = {*under_way, *(one.change for one in at_work)}
    for one in sorted(wanted, key=lambda each: (-each.rank - each.waited, each.id)):
        if reason := _held(one, at_work, limits, begun):
            held[one.id] = reason
            continue
        started.append(one)
        begun.add(one.change)
        at_work.append(Running(one.id, one.change, one.length, one.touches, one.leases))
    return Admission(tuple(started), held)


def _held(
    one: Candidate, at_work: Sequence[Running], limits: Limits, begun: Collection[str]
) -> str:
    if one.change not in begun and len(begun) >= limits.under_way:
        changes = f"{len(begun)} change{'' if len(begun) == 1 else 's'}"
        return f"{changes} under way is the limit; decide what waits for you"
    if sum(each.working for each in at_work) >= limits.agents:
        return "every agent is at work"
    for each in at_work:
        if taken := sorted(one.leases & each.leases):
            return f"{each.id} has {', '.join(taken)}"
    return _bet(one, at_work)


def _bet(one: Candidate, at_work: Sequence[Running]) -> str:
    """Return why it is cheaper to wait for work on the same files, or an empty string.

    Started now, it is built twice with the chance of a conflict; waiting costs what the first to
    end still takes. Whoever waited as long as that second build would take waits no more.
    """
    sharing = [each for each in at_work if overlap.shared(one.touches, each.touches)]
    if not sharing:
        return ""
    again = CONFLICTS * one.length * len(sharing)
    first = min(sharing, key=lambda each: each.left)
    if again < first.left or one.waited >= again:
        return ""
    return f"{first.id} works on the same files and is nearly done"
