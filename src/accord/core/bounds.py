"""The least time that work can take, whatever the order: pure, beside what it did take.

It is the largest of the bounds of list scheduling (Graham 1969), with resources that only one may
have (Garey and Graham 1975) and with what the merge queue can land by one verification. What a
person takes to decide is in none of them.
"""

import graphlib
import math
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from accord.core import scheduling
from accord.core.model import Task
from accord.core.queue import LARGEST


@frozen
class Means:
    """What tasks are done with: so many agents, and what only one task may have at a time.

    `verify` is how long it takes to verify a task once it is built, where nothing may start from
    it before, and `slots` is how many verifications run at once. Where an agent's own time holds
    the verification, since what was verified so is not verified again, it is 0.
    """

    agents: int
    serial: Mapping[str, Sequence[str]] = field(factory=dict)
    slots: int = 1
    verify: float = 0.0


def least(tasks: Sequence[Task], lengths: Mapping[str, float], means: Means) -> float:
    """Return the least time in which those of `tasks` that have a length can be built and landed.

    The unit is that of `lengths`. The others count as done: nothing waits for them. 0 where no
    task has a length.
    """
    ours = [task for task in tasks if task.id in lengths]
    if not ours:
        return 0.0
    runs = math.ceil(len(ours) / (LARGEST * means.slots))  # so many land by one verification
    return max(
        _path(ours, lengths, means.verify),
        sum(lengths[task.id] for task in ours) / means.agents + means.verify,
        _serial(ours, lengths, means) + means.verify,
        min(lengths[task.id] for task in ours) + runs * means.verify / means.slots,
    )


def _path(tasks: Sequence[Task], lengths: Mapping[str, float], verify: float) -> float:
    """Return how long the longest path takes; each task on it is verified before the next."""
    graph = {task.id: [one for one in task.after if one in lengths] for task in tasks}
    ends: dict[str, float] = {}
    try:
        for name in graphlib.TopologicalSorter(graph).static_order():
            start = max((ends[one] for one in graph.get(name, ())), default=0.0)
            ends[name] = start + lengths[name] + verify
    except graphlib.CycleError:
        return max(lengths[task.id] for task in tasks) + verify
    return max(ends.values())


def _serial(tasks: Sequence[Task], lengths: Mapping[str, float], means: Means) -> float:
    """Return how long the tasks take that need the serial resource which is needed the longest."""
    needed = dict.fromkeys(means.serial, 0.0)
    for task in tasks:
        for name in scheduling.leases(task.touches, means.serial):
            needed[name] += lengths[task.id]
    return max(needed.values(), default=0.0)
