"""The graph of tasks: what may start now, what waits for itself."""

import graphlib
from collections.abc import Collection, Sequence

from accord.core.model import Task


def ready(tasks: Sequence[Task], landed: Collection[str]) -> tuple[Task, ...]:
    """Return the tasks that may start: not landed themselves, and everything before them landed."""
    return tuple(task for task in tasks if task.id not in landed and set(task.after) <= set(landed))


def cycles(tasks: Sequence[Task]) -> tuple[tuple[str, ...], ...]:
    """Return one cycle of `After` lines as task ids, or nothing; each id waits for the next."""
    graph = {task.id: list(task.after) for task in tasks}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        round_trip: list[str] = error.args[1]
        return (tuple(reversed(round_trip[1:])),)
    return ()


def waves(tasks: Sequence[Task]) -> tuple[tuple[str, ...], ...]:
    """Return the ids of the tasks in waves: each wave needs only the waves before it."""
    done: set[str] = set()
    found: list[tuple[str, ...]] = []
    while wave := ready(tasks, done):
        found.append(tuple(task.id for task in wave))
        done |= set(found[-1])
    return tuple(found)
