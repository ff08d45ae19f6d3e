"""Take back the last operation: refs go where they were, and nothing is deleted.

Decisions are not taken back by forgetting them. Undoing an approval signs its withdrawal;
undoing a rejection is approving, which the person does with open eyes.
"""

from functools import partial

from accord.app import asking, desk, records, reviewing, rewriting
from accord.app.changes import find
from accord.app.rewriting import Rewriter, about_files, of
from accord.app.workshop import Workshop
from accord.core.model import Stage
from accord.core.ports import Journal, Operation
from accord.errors import ConflictError, RefusedError

UNDONE = "refs/accord/undone"
DECISIONS = ("reject", "waive", "decide")
RECENT = 50


def undo(workshop: Workshop, change: str = "") -> str:
    """Undo the last operation (of `change`), and return in words what was done.

    Raises RefusedError when there is nothing to undo or when it cannot be taken back, and
    ConflictError when a ref or a file moved on since.
    """
    records.refuse_agents()
    last = _last(workshop.journal, change)
    release = _release_of(workshop, last.change)
    if release is not None and (last.verb == "close" or last.number <= release.number):
        return _take_back(workshop, release)
    if about_files(last):
        return _bring_back(of(workshop), last)
    if _stays(last):
        raise RefusedError(
            f"{_words(last)} is signed and stays in the record",
            hint="accord decisions --help"
            if last.verb == "decide"
            else f"decide again: accord approve {last.change}",
        )
    if last.verb == "approve":
        stage = Stage(last.detail.split(":")[0])
        reviewing.withdraw(workshop, last.change, stage)
        return f"withdrew the approval of the {stage} of {last.change}"
    for found in find(workshop):
        if found.change == last.change:
            desk.save(workshop, found.change, found.ref)
    if _last(workshop.journal, change).number != last.number:
        raise RefusedError(
            f"{last.change} has edits that were just saved", hint="run accord undo again"
        )
    _restore(workshop, last)
    return f"undid: {_words(last)}"


def _release_of(workshop: Workshop, change: str) -> Operation | None:
    """Return the operation that released `change`, if that was done and not undone since."""
    key = f"released/{change}"
    commit = workshop.journal.noted(key).get(key, {}).get("commit")
    done = workshop.journal.operations()
    undone = {one.undoes for one in done if one.undoes}
    return next(
        (one for one in done if one.verb == "release" and one.refs and one.number not in undone
         and (one.change == change or any(new == commit for _, new in one.refs.values()))), None
    )  # fmt: skip


def _take_back(workshop: Workshop, release: Operation) -> str:
    """Undo a release: of every change that landed with it, since they were verified as one."""
    landed = {new for _, new in release.refs.values()}
    notes = workshop.journal.noted("released/")
    others = [key.removeprefix("released/") for key, note in notes.items()
              if note.get("commit") in landed and key != f"released/{release.change}"]  # fmt: skip
    names = [release.change, *others]
    for name in names:
        one = _newest(workshop.journal, name, 0)
        if one is not None and one.verb == "close":  # the second half of it
            _restore(workshop, one)
    _restore(workshop, release)
    for name in names:
        _refresh(workshop, name)
    return f"undid: {_words(release)}" + (f" and with it {', '.join(others)}" if others else "")


def undo_files(files: Rewriter, change: str = "") -> str:
    """Undo the last operation (of `change`) where Accord is not set up: all were about files."""
    records.refuse_agents()
    return _bring_back(files, _last(files.journal, change))


def _bring_back(files: Rewriter, last: Operation) -> str:
    rewriting.undo(files, last, _words(last))
    return f"undid: {_words(last)}"


def _restore(workshop: Workshop, last: Operation) -> None:
    repo = workshop.repo
    for ref, (_, new) in last.refs.items():
        if repo.resolve(ref) != new:
            name = ref.removeprefix("refs/heads/")
            raise ConflictError(f"{name} moved on since: {_words(last)}", hint="accord log")
    for ref, (old, new) in last.refs.items():
        if new:
            kept = f"{UNDONE}/{last.number}"
            repo.move(kept, new, repo.resolve(kept), "undone")
        operation = Operation(
            workshop.person, "undo", last.change, _words(last), {ref: (new, old)},
            workshop.clock.now(), undoes=last.number,
        )  # fmt: skip
        workshop.record(operation, partial(repo.move, ref, old, new, "undo"))
        if last.verb == "new":
            _forget(workshop, last.change, ref)
        elif ref.startswith("refs/heads/"):
            _refresh(workshop, last.change)


def newest(workshop: Workshop, change: str = "", *, limit: int = 0) -> Operation | None:
    """Return the operation (of `change`) that `undo` would take back, or None.

    What moved no ref has nothing to take back. `limit` is how many operations are looked at; 0
    sets no limit.
    """
    return _newest(workshop.journal, change, limit)


def offered(workshop: Workshop, *, own: bool) -> Operation | None:
    """Return what a page offers to take back: the last operation of all, or None.

    None for what began a change, which has to be meant, for what is signed and stays, for what is
    further back than RECENT operations and, with `own`, for what somebody else did.
    """
    last = newest(workshop, limit=RECENT)
    if last is None or last.verb == "new" or _stays(last):
        return None
    return None if own and last.actor != workshop.person else last


def _stays(last: Operation) -> bool:
    """Tell whether an operation is signed and stays in the record."""
    return last.verb in DECISIONS or (
        last.verb == "approve" and last.detail.split(":")[0] == "track"
    )


def _newest(journal: Journal, change: str, limit: int = 0) -> Operation | None:
    done = journal.operations(change=change, limit=limit)
    undone = {one.undoes for one in done if one.undoes}
    return next(
        (one for one in done if one.refs and not one.undoes and one.number not in undone), None
    )


def _last(journal: Journal, change: str) -> Operation:
    found = _newest(journal, change)
    if found is None:
        raise RefusedError("there is nothing to undo", hint="accord log")
    return found


def _forget(workshop: Workshop, change: str, ref: str) -> None:
    """Clear what a change that was never begun left behind; its commits stay under UNDONE."""
    desk.clear(workshop, change, ref)
    asking.let_go(workshop, change)
    for key in workshop.journal.noted(f"record/{change}/"):
        workshop.journal.note(key, {"kept": False})


def _refresh(workshop: Workshop, change: str) -> None:
    for found in find(workshop):
        if found.change == change:
            desk.refresh(workshop, change, found.ref)


def _words(operation: Operation) -> str:
    detail = f" ({operation.detail})" if operation.detail else ""
    return f"{operation.verb} {operation.change}".rstrip() + detail
