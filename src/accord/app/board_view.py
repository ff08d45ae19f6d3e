"""The board: what waits for a person, what runs, what is queued, what was released."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import evolve

from accord.app import board, changes, pace, pausing, radar, verifying
from accord.app.at_work import Running, running
from accord.app.changes import released
from accord.app.needs import needs, others
from accord.app.queue_view import queue_view
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core import overlap, plan
from accord.core.model import SPEC_STAGES, Task
from accord.core.ports import Operation

SHOWN = 12
KEPT = 200
LOOKED = 2000  # operations that are asked what landed

# A commit stays as it is, and so do the tasks in it.
_TASKS: dict[tuple[str, str, str], tuple[Task, ...]] = {}


def board_view(workshop: Workshop, who: str, *, acts: bool = True) -> View:
    """Return the four columns of the board, with how many more each has than are listed.

    It is shown to `who`, for whom nothing waits where they may only look (not `acts`).
    """
    every = board.rows(workshop)
    waiting = needs(workshop, who, every) if acts else []
    elsewhere = others(who, every, acts=acts)
    alive = running(workshop)
    plans = _plans(workshop, alive)
    operations = workshop.journal.operations(limit=LOOKED)
    joined = {(one.change, one.detail) for one in operations if one.verb == "land"}
    at_work = {one.change for one in alive}
    known = {row["change"] for row in every}
    queue = queue_view(every, verifying.under_way(workshop))
    rows = [row for row in every if not row["command"] and not row["leaves"]]
    titles = {row["change"]: row["title"] for row in every}
    asking = {one.run_id for one in workshop.agents.questions()}
    return {
        "changes": [row["change"] for row in every],
        "needs": waiting[:SHOWN],
        "needs_more": max(0, len(waiting) - SHOWN),
        "others": elsewhere[:SHOWN],
        "others_more": max(0, len(elsewhere) - SHOWN),
        "running": [
            {**one, "asks": one["run"] in asking} for one in cards(alive, titles, plans)
        ],
        "paused": [
            {**one, "title": titles.get(one["change"], one["change"])}
            for one in pausing.paused(workshop) if one["change"] in known
        ],
        "agents": sorted(workshop.config.agents),
        "beside": [one.words() for one in radar.seen(workshop) if one.changes <= known],
        "left": list(_left(workshop, joined, alive, plans)),
        "able": [row for row in rows if row["change"] not in at_work][:SHOWN],
        "able_more": max(0, len([r for r in rows if r["change"] not in at_work]) - SHOWN),
        "queue": queue[:SHOWN],
        "queue_more": max(0, len(queue) - SHOWN),
        **_landed(workshop, operations),
    }  # fmt: skip


def cards(
    alive: Sequence[Running], titles: Mapping[str, str], plans: Mapping[str, tuple[Task, ...]]
) -> list[View]:
    """Return the runs as cards say them: what is done in words, and whose paths it shares."""
    tasks = {one.run_id: task for one in alive if (task := _task(one, plans))}
    cards = []
    for one in alive:
        own = tasks.get(one.run_id)
        meets = [
            {"change": other.change, "subject": other.subject,
             "paths": sorted({path for pair in shared for path in pair})}
            for other in alive
            if own and other is not one and other.run_id in tasks
            if (shared := overlap.shared(own.touches, tasks[other.run_id].touches))
        ]  # fmt: skip
        cards.append({
            "change": one.change, "title": titles.get(one.change, one.change),
            "subject": one.subject, "does": own.text if own else "", "meets": meets,
            "attempt": one.attempt, "run": one.run_id,
        })  # fmt: skip
    return cards


def _task(one: Running, plans: Mapping[str, tuple[Task, ...]]) -> Task | None:
    """Return the task that a run builds; None for a draft."""
    return next((task for task in plans.get(one.change, ()) if task.id == one.subject), None)


def _plans(workshop: Workshop, alive: Sequence[Running]) -> dict[str, tuple[Task, ...]]:
    """Return the tasks of each change that is built now; kept by its tip, since boards are many."""
    building = {one.change for one in alive if one.subject not in list(SPEC_STAGES)}
    plans = {}
    for one in changes.find(workshop) if building else ():
        if one.change in building:
            key = (str(workshop.state), one.change, one.tip)
            if key not in _TASKS:
                if len(_TASKS) > KEPT:
                    _TASKS.clear()
                _TASKS[key] = changes.load(workshop, one.change).tasks
            plans[one.change] = _TASKS[key]
    return plans


def _left(
    workshop: Workshop, landed: Collection[tuple[str, str]], alive: Sequence[Running],
    plans: Mapping[str, tuple[Task, ...]],
) -> Iterator[View]:  # fmt: skip
    """Yield, for each change that is built now, the fewest rounds that it can still take.

    The tasks of one round wait for none of each other, so more agents cannot make it fewer. What
    is known of its pace (`pace.of`) stands beside that.
    """
    building = Counter(one.change for one in alive)
    paces = pace.noted(workshop) if plans else {}
    landed = {(name, task) for name, detail in landed for task in detail.split(", ")}
    for name, tasks in plans.items():
        working = building[name]
        done = {task.id for task in tasks if (name, task.id) in landed}
        open_ = [task for task in tasks if task.id not in done]
        able = len(plan.ready(tasks, done))
        rest = [evolve(task, after=tuple(one for one in task.after if one not in done))
                for task in open_]  # fmt: skip
        yield {"change": name, "tasks": len(open_), "rounds": len(plan.waves(rest)),
               "working": min(working, able), "able": able,
               "pace": pace.of(workshop, name, tasks, done, paces.get(name))}  # fmt: skip


def _landed(workshop: Workshop, operations: Sequence[Operation]) -> View:
    """Return what was released, the newest first; what another machine released has no time."""
    at = {one.change: one.at for one in operations if one.verb == "release"}
    names = sorted(released(workshop), key=lambda name: at.get(name, ""), reverse=True)
    return {
        "landed": [{"change": name, "at": at.get(name, "")} for name in names[:SHOWN]],
        "landed_more": max(0, len(names) - SHOWN),
    }
