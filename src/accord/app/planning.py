"""The plan of a change before it starts: waves, claims, leases and overlaps, as plain data."""

from typing import Any

from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core import plan, scheduling


def draw(workshop: Workshop, change: Change) -> dict[str, Any]:
    """Return how the tasks of `change` would run side by side.

    `waves` are rows of tasks that wait for no other row but those above; `overlaps` are pairs
    that claim the same files and have no order.
    """
    beside = workshop.config.beside
    ranks = scheduling.ranks(change.tasks, change.landed, 1)
    tasks = {
        task.id: {
            "title": task.text,
            "touches": list(task.touches),
            "after": list(task.after),
            "leases": sorted(scheduling.leases(task.touches, beside.serial)),
            "landed": task.id in change.landed,
            "left": int(ranks.get(task.id, 0)),
        }
        for task in change.tasks
    }
    waves = [sorted(wave, key=lambda name: -ranks.get(name, 0))
             for wave in plan.waves(change.tasks)]  # fmt: skip
    overlaps = [
        {"tasks": [one.one, one.other], "patterns": [list(pair) for pair in one.patterns]}
        for one in scheduling.overlaps(change.tasks)
    ]
    return {
        "change": change.name,
        "agents": workshop.config.parallel,
        "tasks": tasks,
        "waves": waves,
        "overlaps": overlaps,
    }
