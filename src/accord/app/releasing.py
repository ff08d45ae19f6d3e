"""Land changes on the base branch, together with those that are ready beside them.

They are verified as a chain by the merge queue, in batches: what lands is always a commit whose
very tree was verified for every change in it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import define, evolve, field

from accord.app import asking, clashing, deciding, desk, evidence, folding, ruling, ticking, tracing
from accord.app.changes import Change, load, released, trailer
from accord.app.clashing import CHANGE_TRAILER
from accord.app.queueing import Queueing, joined, merged, paths
from accord.app.renumbering import Renumbered
from accord.app.running import Taken
from accord.app.workplaces import BUILT, put_away
from accord.app.workshop import CHANGES, Workshop
from accord.core import queue as queues
from accord.core.checks import Severity
from accord.core.gates import current
from accord.core.lifecycle import PLAIN, Kind, Touch
from accord.core.model import Track
from accord.core.paths import outside
from accord.core.ports import Operation
from accord.core.queue import Entry, Joined, Land, Queue
from accord.core.reconcile import Release
from accord.errors import AccordError, ConflictError, RefusedError


def release(workshop: Workshop, action: Release) -> Taken:
    """Land a change on the base branch, verified as it lands; its branch and desk are cleared.

    Those of `action.along` that may land too are verified on top of it, and land with it, or
    without it where it is the culprit. The gates are asked again here, from the tree and the
    records alone. Raises ConflictError when the base or the change moved meanwhile and
    RefusedError when edits in its checkout are in the way.
    """
    if action.change in released(workshop):
        return clear(workshop, action.change)
    change = load(workshop, action.change)
    shut = current(change.standings)
    if shut is not None:
        raise RefusedError(f"the {shut.stage} of {change.name} is not open: {shut.reason}")
    for one in ruling.contradictions(change, ""):
        if one.severity is Severity.BLOCKS:
            return Taken(False, f"{one.message}; {one.hint}", exit_code=RefusedError.exit_code)
    try:
        return _released(workshop, change, _behind(workshop, action.along))
    except _OtherMovedError:
        return release(workshop, evolve(action, along=()))


def _released(workshop: Workshop, change: Change, behind: Mapping[str, Change]) -> Taken:
    base = workshop.repo.resolve(workshop.base)
    batch = _Batch(workshop, base, {change.name: change, **behind})
    queueing = Queueing(workshop, change.name, change.name, batch.join, batch.land,
                        lambda tree, line: (tree, line) in workshop.proved)  # fmt: skip
    fork = workshop.repo.fork(base, change.found.tip)
    since = clashing.changes_since(workshop, base, fork)
    queue = queueing.run(base, batch.entries(), fork,
                         [clashing.entry(workshop, one) for one in since])  # fmt: skip
    workshop.proved.update(key for key, runs in queue.runs.items() if queues.Verdict.PASS in runs)
    refusal = next((one for one in queue.refused if one.entry.id == change.name), None)
    if refusal is None:
        return batch.told(queue)
    if refusal.why is queues.Why.CONFLICT:
        words = batch.reasons.get(change.name) or _by_hand(workshop, change, refusal.paths)
        return Taken(False, words, exit_code=ConflictError.exit_code)
    reason = queueing.reason(refusal, f"on top of {_base_name(workshop)}")
    mine = clashing.of_change(workshop, change.name, fork, change.found.tip)
    others = [one for one in since if one.name in refusal.against]
    clashing.keep(workshop, change.name, mine, refusal.why, reason, others)
    words = reason + clashing.see(mine, others)
    return Taken(False, words, exit_code=RefusedError.exit_code)


class _OtherMovedError(ConflictError):
    """Raised when a change that was taken along is not what it was; it has its own turn."""


@define
class _Batch:
    """Changes that are to land on `base` together; `reasons` says of each why it cannot."""

    workshop: Workshop
    base: str
    changes: Mapping[str, Change]
    reasons: dict[str, str] = field(factory=dict)

    def entries(self) -> list[Entry]:
        return [_entry(self.workshop, one) for one in self.changes.values()]

    def join(self, onto: str, entry: Entry) -> Joined:
        change, repo = self.changes.get(entry.id), self.workshop.repo
        if change is None or not repo.contains(onto, self.base):
            # What landed long ago, or what is tried without what landed since.
            return joined(self.workshop, onto, entry.commit, f"Try {entry.id}\n")
        found = merged(self.workshop, onto, entry.commit, change.folder)
        if found.merge.conflicts:
            return Joined("", "", found.merge.conflicts)
        try:
            commit = _made(self.workshop, change, onto, found)
        except ConflictError as error:
            self.reasons[entry.id] = error.message
            return Joined("", "", (change.folder,))
        return Joined(commit, repo.tree(commit))

    def land(self, intent: Land) -> None:
        workshop, names = self.workshop, [one.id for one in intent.entries]
        for one in intent.entries:
            now = load(workshop, one.id)
            if now.found.tip != one.commit or current(now.standings) is not None:
                moved = ConflictError if one.id == next(iter(self.changes)) else _OtherMovedError
                raise moved(
                    f"{one.id} changed while it was being verified", hint=f"accord run {one.id}"
                )
        for name in names:  # before it is so: `undo` has to know what landed as one
            note = {"commit": intent.commit, "ref": self.changes[name].found.ref}
            workshop.journal.note(f"released/{name}", dict(note))
        first, *others = names
        workshop.move("release", first, workshop.base, intent.commit, intent.onto,
                      detail=self.changes[first].title)  # fmt: skip
        for name in others:
            detail, at = f"{self.changes[name].title}, with {first}", workshop.clock.now()
            operation = Operation(workshop.person, "release", name, detail, {}, at)
            workshop.record(operation, lambda: None)
        for name in names:
            put_away(workshop, self.changes[name])
            clear(workshop, name)

    def told(self, queue: Queue) -> Taken:
        first, *_ = self.changes
        others = [one.id for one in queue.landed if one.id in self.changes and one.id != first]
        taken = clear(self.workshop, first)
        return Taken(True, f"{taken.detail} with {', '.join(others)}") if others else taken


def _behind(workshop: Workshop, names: Sequence[str]) -> dict[str, Change]:
    """Return those of `names` that may land now, as many as a chain can hold."""
    found: dict[str, Change] = {}
    for name in names[: queues.LARGEST * workshop.config.beside.slots]:
        with suppress(AccordError):  # it will say so itself in its own turn
            change = load(workshop, name)
            # Rules that it brings are held against what landed, so it goes when that is known.
            if current(change.standings) is None and not change.ledger.own:
                found[name] = change
    return found


def _entry(workshop: Workshop, change: Change) -> Entry:
    """Return a change as the queue knows it."""
    lines: dict[str, bool] = {}
    for task in change.tasks:
        line = evidence.command(workshop, task)
        lines[line] = lines.get(line, True) and evidence.waived(change, task.id)
    waived = tuple(line for line, is_waived in lines.items() if is_waived)
    touched = paths(workshop, change.fork, change.found.tip)
    return Entry(change.name, change.found.tip, tuple(sorted(lines)), touched, waived)


def _made(workshop: Workshop, change: Change, onto: str, found: Renumbered) -> str:
    """Return the commit that lands `change` on `onto`, where `found` is what git merged.

    What the release itself writes is a commit of its own after the merge: a rebase that leaves
    merges out keeps it. Raises ConflictError for criteria that it ends and that are not what they
    were.
    """
    repo, parents = workshop.repo, [onto, change.found.tip]
    message = _message(change, found.words(_work(change, found.merge.resolved)))
    new = merge = repo.join(found.merge.tree, parents, message, workshop.author)
    words = f"Trace {change.name} to its code and tests\n"
    for follow in (tracing.traced, ticking.on_release, folding.folded):
        if tree := follow(workshop, change, new):
            new = repo.join(tree, [merge], words, workshop.author)
    return deciding.numbered(workshop, new)


def _message(change: Change, note: str) -> str:
    lines = [f"- {one.id} {one.text}" for one in change.spec.criteria]
    body = "\n".join(lines) + "\n\n" if change.track is not Track.TRIVIAL else ""
    return f"{change.title}\n\n{body}{note}{CHANGE_TRAILER}: {change.name}\n"


def _work(change: Change, paths: Sequence[str]) -> str:
    """Return the task of `change` whose paths hold all the code among `paths`, or ''."""
    code = [path for path in paths if Touch(path, PLAIN, PLAIN, "").kind is Kind.CODE]
    return next((trailer(change.name, one.id, change.keys[one.id]) for one in change.tasks
                 if not outside(code, one.touches)), "")  # fmt: skip


def _by_hand(workshop: Workshop, change: Change, conflicts: Sequence[str]) -> str:
    branch, base = change.found.ref.removeprefix("refs/heads/"), _base_name(workshop)
    words = f"{change.name} conflicts with {base} in {', '.join(conflicts)}; join them by hand: "
    return words + f"git switch {branch} && git merge {base}"


def clear(workshop: Workshop, name: str) -> Taken:
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
