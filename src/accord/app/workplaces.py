"""The worktrees in which people and agents work, and the snapshots of what lay in them."""

from accord.app import leasing
from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.cones import WHOLE, Want
from accord.core.model import SPEC_STAGES, Stage, Task
from accord.core.ports import Harvest
from accord.core.reconcile import Draft
from accord.errors import RefusedError

WIP = "refs/accord/wip"
BUILT = "refs/accord/tasks"


def draft_key(action: Draft) -> str:
    """Return the name of the worktree that a draft is written in."""
    return f"{action.change}-{action.stage}"


def build_key(change: str, task: str, *, by_hand: bool = False) -> str:
    """Return the name of the worktree that a task is built in.

    A person's is not an agent's: neither may find the other at work in it.
    """
    return f"{change}-{task}-by-hand" if by_hand else f"{change}-{task}"


def review_key(change: str) -> str:
    """Return the name of the worktree in which an agent reads what was built."""
    return f"{change}-{Stage.REVIEW}"


def lent(workshop: Workshop, change: Change, task: Task) -> str:
    """Return the folder where a person builds `task` as it is agreed now, or an empty string."""
    key = f"hand/{change.name}/{task.id}"
    note = workshop.journal.noted(key).get(key, {})
    return str(note.get("folder", "")) if note.get("key") == change.keys[task.id] else ""


def lend(workshop: Workshop, change: Change, task: Task) -> str:
    """Return the worktree where a person builds `task`, made where there is none."""
    refuse_shut(change)
    folder = lent(workshop, change, task)
    if folder:
        return folder
    key = build_key(change.name, task.id, by_hand=True)
    want = Want(lasting=True)
    folder = fresh(workshop, f"{change.name}/{task.id}", key, change.found.tip, want)
    leasing.furnish(workshop, folder, key)
    note = {"commit": change.found.tip, "folder": folder, "key": change.keys[task.id]}
    workshop.journal.note(f"hand/{change.name}/{task.id}", dict(note))
    return folder


def fresh(workshop: Workshop, about: str, key: str, commit: str, want: Want = WHOLE) -> str:
    """Return the worktree `key` holding just `commit`; what lay in it is kept as a snapshot."""
    _leave(workshop, about, key, commit)
    folder = workshop.repo.worktree(key, commit, want)
    workshop.journal.note(f"at/{key}", {"commit": commit})
    return folder


def _leave(workshop: Workshop, about: str, key: str, commit: str) -> bool:
    """Keep what lies in the worktree `key` as a snapshot; tell whether there is such a worktree.

    Where the journal, which may be dropped, does not tell what it was made from, it is held
    against `commit`.
    """
    note = workshop.journal.noted(f"at/{key}").get(f"at/{key}")
    base = str(note["commit"]) if note else commit
    left = workshop.repo.harvest(key, base, (), message="Left behind\n", author=workshop.author)
    keep(workshop, f"{WIP}/{about}/left-{left.snapshot[:12]}", left)
    return bool(note or left.snapshot)


def put_away(workshop: Workshop, change: Change) -> None:
    """Remove the worktrees of a change that is over; what lay in them is kept as snapshots."""
    name = change.name
    keys = [(str(stage), f"{name}-{stage}") for stage in (*SPEC_STAGES, Stage.REVIEW)]
    keys += [(task.id, build_key(name, task.id, by_hand=one))
             for task in change.tasks for one in (False, True)]  # fmt: skip
    for about, key in keys:
        if _leave(workshop, f"{name}/{about}", key, change.found.tip):
            workshop.repo.drop_worktree(key)


def keep(workshop: Workshop, ref: str, harvest: Harvest) -> None:
    """Point a ref of Accord's at everything that the agent wrote, so that none of it is lost."""
    old = workshop.repo.resolve(ref)
    if harvest.snapshot and old != harvest.snapshot:
        workshop.repo.move(ref, harvest.snapshot, old, "snapshot")


def refuse_shut(change: Change) -> None:
    """Raise RefusedError unless every gate before the code is open.

    Whoever plans the work asks first; this is asked again where the means to do it are made, so
    that a job that was planned before an edit comes to nothing.
    """
    gate = change.gate
    if gate is not None and gate.stage in SPEC_STAGES:
        raise RefusedError(
            f"the {gate.stage} of {change.name} is not open: {gate.reason}",
            hint=f"accord show {change.name}",
        )
