"""The tasks of a change: what each is built from, what may start now, what waits for itself."""

import graphlib
from collections.abc import Collection, Sequence

from accord.core import gates
from accord.core.approval import Decision, Log, Signed
from accord.core.model import ItemKind, Place, Spec, Stage, Task, Track, bindings, sha256


def tasks(track: Track, spec: Spec, sentence: str, verify: str) -> tuple[Task, ...]:
    """Return the tasks; a trivial change is one task that anything but protected paths is.

    `sentence` is what the change began with, `verify` the configured command.
    """
    if track is not Track.TRIVIAL:
        return spec.tasks
    place = Place("", 0, 0, 0)
    own = sha256(sentence.encode())
    return (Task("T1", ItemKind.TASK, place, sentence, own, touches=("**",), verify=verify),)


def keys(spec: Spec, tasks: Sequence[Task], log: Log) -> dict[str, str]:
    """Map each task to the digest of what it is built from, with what was sent back."""
    bound = bindings(spec)
    sent_back = [
        one
        for one in log.signed
        if one.approval.decision is Decision.REJECT
        and one.approval.gate in (Stage.IMPLEMENTATION, Stage.REVIEW)
        and not gates.is_withdrawal(one)
    ]
    return {
        task.id: sha256(
            "\n".join(
                [bound.get(task.id, task.own), *(r.digest for r in sent_back if names(r, task))]
            ).encode()
        )
        for task in tasks
    }


def names(record: Signed, task: Task) -> bool:
    """Tell whether a record that sent work back is about `task`; one without names is about all."""
    listed = record.approval.details.get("tasks")
    return not isinstance(listed, list) or not listed or task.id in listed


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
