"""The tasks of a change, and what each of them is built from."""

from collections.abc import Sequence

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
