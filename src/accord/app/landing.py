"""Land what was proved on its change's branch: by the object store, the very tree that was
verified.
"""

from accord.app import clashing, desk, evidence
from accord.app.changes import Change, load, trailer
from accord.app.queueing import Queueing, entry, joined
from accord.app.running import Taken, built
from accord.app.workplaces import BUILT, WIP, refuse_shut
from accord.app.workshop import Workshop
from accord.core import queue as queues
from accord.core.queue import Entry, Joined
from accord.core.reconcile import Land


def land_task(workshop: Workshop, action: Land) -> Taken:
    """Join a built task to the change's branch, and with it those that were built beside it.

    They are verified as a chain, each on top of those before; the branch moves only to a commit
    whose very tree was verified. A join that conflicts or fails is not landed: the work is kept
    aside and built anew on top. That is done for the task of `action` alone; the others have
    their own turn.
    """
    change = load(workshop, action.change)
    if action.task in change.landed:
        return Taken(True, "landed")
    refuse_shut(change)
    task = next((one for one in change.tasks if one.id == action.task), None)
    if task is None or built(workshop, change, task) != action.commit:
        return Taken(False, f"{action.task} was built for something else")
    ref = change.found.ref

    def join(onto: str, one: Entry) -> Joined:
        work = trailer(change.name, one.id, change.keys[one.id]) if one.id in change.keys else ""
        return joined(workshop, onto, one.commit, f"Land {one.id} of {change.name}\n", work)

    def land(intent: queues.Land) -> None:
        names = ", ".join(one.id for one in intent.entries)
        workshop.move("land", change.name, ref, intent.commit, intent.onto, detail=names)
        desk.refresh(workshop, change.name, ref)
        clashing.forget(workshop, change.name, [one.id for one in intent.entries])

    def passed(tree: str, command: str) -> bool:
        return bool(workshop.journal.noted(evidence.verdict_key(workshop, tree, command)))

    def more() -> list[Entry]:
        return _built(workshop, load(workshop, change.name), task.id)

    queueing = Queueing(workshop, change.name, task.id, join, land, passed)
    since = clashing.tasks_since(workshop, change, action.commit)
    queue = queueing.run(change.found.tip, _built(workshop, change, task.id),
                         workshop.repo.fork(change.found.tip, action.commit),
                         [clashing.entry(workshop, one) for one in since], more)  # fmt: skip
    refusal = next((one for one in queue.refused if one.entry.id == task.id), None)
    if refusal is not None:
        reason = queueing.reason(refusal)
        mine = clashing.of_task(workshop, change, task, action.commit)
        others = [one for one in since if one.name in refusal.against]
        clashing.keep(workshop, change.name, mine, refusal.why, reason, others)
        return _set_aside(workshop, action, reason + clashing.see(mine, others))
    before = {one.name for one in since}
    names = [one.id for one in queue.landed if one.id not in before and one.id != task.id]
    return Taken(True, f"landed with {', '.join(names)}" if names else "landed")


def _built(workshop: Workshop, change: Change, first: str) -> list[Entry]:
    """Return the task `first` and then every other built one, as entries of a queue."""
    left = [one for one in change.tasks if one.id not in change.landed]
    left.sort(key=lambda one: one.id != first)
    commits = ((one, built(workshop, change, one)) for one in left)
    return [entry(workshop, change, one, commit) for one, commit in commits if commit]


def _set_aside(workshop: Workshop, action: Land, reason: str) -> Taken:
    ref = f"{BUILT}/{action.change}/{action.task}"
    kept = f"{WIP}/{action.change}/{action.task}/set-aside-{action.commit[:12]}"
    if not workshop.repo.resolve(kept):
        workshop.repo.move(kept, action.commit, "", "set aside")
    if workshop.repo.resolve(ref) == action.commit:
        workshop.move("set aside", action.change, ref, "", action.commit, detail=action.task)
    return Taken(False, reason)
