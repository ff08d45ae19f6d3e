"""Land what was proved: a task on its change's branch, a change on the base. Both by the object
store: the tree that was verified is the tree that lands.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from accord.app import asking, deciding, desk, evidence, folding, ticking, tracing
from accord.app.changes import Change, load, released
from accord.app.queueing import Queueing, entry, note_flake
from accord.app.running import Taken, built
from accord.app.workplaces import BUILT, WIP, put_away, refuse_shut
from accord.app.workshop import CHANGES, Workshop
from accord.core import queue as queues
from accord.core.evidence import Result
from accord.core.gates import current
from accord.core.model import Task, Track
from accord.core.queue import Entry
from accord.core.reconcile import Land, Release
from accord.errors import AccordError, ConflictError, RefusedError


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

    def land(intent: queues.Land) -> None:
        names = ", ".join(one.id for one in intent.entries)
        workshop.move("land", change.name, ref, intent.commit, intent.onto, detail=names)
        desk.refresh(workshop, change.name, ref)

    queueing = Queueing(workshop, change, task.id, land)
    queue = queueing.run(_built(workshop, change, task))
    refusal = next((one for one in queue.refused if one.entry.id == task.id), None)
    if refusal is not None:
        return _set_aside(workshop, action, queueing.reason(queue, refusal))
    others = [one.id for one in queue.landed if one.id != task.id]
    return Taken(True, f"landed with {', '.join(others)}" if others else "landed")


def _built(workshop: Workshop, change: Change, first: Task) -> list[Entry]:
    """Return `first` and then every other built task of the change, as entries of a queue."""
    others = [one for one in change.tasks if one != first and one.id not in change.landed]
    commits = ((one, built(workshop, change, one)) for one in (first, *others))
    return [entry(workshop, change, one, commit) for one, commit in commits if commit]


def release(workshop: Workshop, action: Release) -> Taken:
    """Land a change on the base branch, verified as it lands; its branch and desk are cleared.

    Those that are to follow are verified on top of it meanwhile, so that they can land at once
    when it does. The gates are asked again here, from the tree and the records alone. Raises
    ConflictError when the base moved meanwhile and RefusedError when edits in its checkout are in
    the way.
    """
    if action.change in released(workshop):
        return _clear(workshop, action.change)
    change = load(workshop, action.change)
    shut = current(change.standings)
    if shut is not None:
        raise RefusedError(f"the {shut.stage} of {change.name} is not open: {shut.reason}")
    repo, tip, base = workshop.repo, change.found.tip, workshop.repo.resolve(workshop.base)
    merge = repo.merge(base, tip)
    if merge.conflicts:
        paths = ", ".join(merge.conflicts)
        branch, base_name = change.found.ref.removeprefix("refs/heads/"), _base_name(workshop)
        words = f"{change.name} conflicts with {base_name} in {paths}; join them by hand: "
        words += f"git switch {branch} && git merge {base_name}"
        return Taken(False, words, exit_code=ConflictError.exit_code)
    new = repo.join(merge.tree, [base, tip], _message(change), workshop.author)
    if traced := tracing.traced(workshop, change, new):
        new = repo.join(traced, [base, tip], _message(change), workshop.author)
    if ticked := ticking.on_release(workshop, change, new):
        new = repo.join(ticked, [base, tip], _message(change), workshop.author)
    try:
        if folded := folding.folded(workshop, change, new):
            new = repo.join(folded, [base, tip], _message(change), workshop.author)
    except ConflictError as error:
        return Taken(False, error.message, exit_code=ConflictError.exit_code)
    new = deciding.numbered(workshop, new)
    if reason := _with_those_behind(workshop, change, new, action.along):
        words = f"on top of {_base_name(workshop)}: {reason}"
        return Taken(False, words, exit_code=RefusedError.exit_code)
    now = load(workshop, action.change)
    if now.found.tip != tip or current(now.standings) is not None:
        raise ConflictError(
            f"{change.name} changed while it was being verified",
            hint=f"accord run {change.name}",
        )
    workshop.move("release", change.name, workshop.base, new, base, detail=change.title)
    workshop.journal.note(f"released/{change.name}", {"commit": new, "ref": change.found.ref})
    put_away(workshop, change)
    return _clear(workshop, change.name)


def _with_those_behind(
    workshop: Workshop, change: Change, commit: str, along: Sequence[str]
) -> str:
    """Verify a release, and on free slots those behind it as if it had landed.

    Returns why the release itself is not proved, or an empty string. What is found of the others
    counts only for the very tree that they will land.
    """
    spare = workshop.config.beside.slots - 1
    if not (spare and along):
        return _unproved(workshop, change, commit)
    with ThreadPoolExecutor(spare) as slots:
        for other, speculated in _behind(workshop, commit, along[:spare]):
            slots.submit(_unproved, workshop, other, speculated)
        return _unproved(workshop, change, commit)


def _behind(workshop: Workshop, at: str, names: Sequence[str]) -> Iterator[tuple[Change, str]]:
    """Yield each change that may land, with a commit of it on top of those before."""
    repo = workshop.repo
    for name in names:
        with suppress(AccordError):  # it will say so itself in its own turn
            change = load(workshop, name)
            merge = repo.merge(at, change.found.tip)
            if current(change.standings) is None and not merge.conflicts:
                parents = [at, change.found.tip]
                at = repo.join(merge.tree, parents, _message(change), workshop.author)
                yield change, at


def _unproved(workshop: Workshop, change: Change, commit: str) -> str:
    """Return why `commit` is not proved for `change`; a failure counts when it happens twice."""
    tree = workshop.repo.tree(commit)
    for line in sorted({evidence.command(workshop, task) for task in change.tasks}):
        if (tree, line) in workshop.proved:
            continue
        run = evidence.verify(workshop, commit, line)
        if run.result is Result.FAIL:
            run = evidence.verify(workshop, commit, line)
            if run.result is Result.PASS:
                note_flake(workshop, change, tree, line)
        if run.result is Result.PASS:
            workshop.proved.add((tree, line))
        proved_by_it = [one for one in change.tasks if evidence.command(workshop, one) == line]
        if not all(evidence.accepted(run, change, task.id) for task in proved_by_it):
            return run.reason
    return ""


def _message(change: Change) -> str:
    lines = [f"- {one.id} {one.text}" for one in change.spec.criteria]
    body = "\n".join(lines) + "\n\n" if change.track is not Track.TRIVIAL else ""
    return f"{change.title}\n\n{body}Accord-Change: {change.name}\n"


def _set_aside(workshop: Workshop, action: Land, reason: str) -> Taken:
    ref = f"{BUILT}/{action.change}/{action.task}"
    kept = f"{WIP}/{action.change}/{action.task}/set-aside-{action.commit[:12]}"
    if not workshop.repo.resolve(kept):
        workshop.repo.move(kept, action.commit, "", "set aside")
    if workshop.repo.resolve(ref) == action.commit:
        workshop.move("set aside", action.change, ref, "", action.commit, detail=action.task)
    return Taken(False, reason)


def _clear(workshop: Workshop, name: str) -> Taken:
    """Remove what a released change no longer needs; what it was made of stays in git."""
    repo = workshop.repo
    note = workshop.journal.noted(f"released/{name}").get(f"released/{name}", {})
    ref = f"{CHANGES}{name}"
    tip = repo.resolve(ref)
    if tip and repo.contains(repo.resolve(workshop.base), tip) and not repo.checkout_of(ref):
        workshop.move("close", name, ref, "", tip, detail="its branch is part of the base")
    for task, commit in repo.refs(f"{BUILT}/{name}/").items():
        repo.move(task, "", commit, "released")
    desk.clear(workshop, name, ref)
    asking.let_go(workshop, name)
    where = str(note.get("commit", "")) or repo.resolve(workshop.base)
    return Taken(True, f"on {_base_name(workshop)} as {where[:12]}")


def _base_name(workshop: Workshop) -> str:
    return workshop.config.policy.base
