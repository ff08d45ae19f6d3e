"""Ticks that are derived: a task is ticked while what was built for it, as agreed now, is proved.

One byte each is written, in whatever format. A tick is no part of what anybody approves.
"""

from collections.abc import Mapping

from accord.app import evidence
from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.markdown import UnreadableError
from accord.core.model import Document, Task
from accord.errors import ConfigurationError


def proved(workshop: Workshop, change: Change) -> Mapping[str, bool]:
    """Map each task that stands in a document to whether it landed, and something verified it."""
    unverified = evidence.unverified(workshop, change)
    return {
        one.id: one.id in change.landed and one.id not in unverified for one in change.spec.tasks
    }


def ticked(change: Change, path: str, data: bytes, done: Mapping[str, bool]) -> bytes:
    """Return the document `data` at `path` with its tasks ticked as `done` says, and no other.

    What cannot be read, and a task without a box, stays as it is.
    """
    form = change.form
    for name, wanted in done.items():
        try:
            document = form.read(path, data)
        except UnreadableError:
            return data
        task = _task(document, name)
        if task is not None and task.done != wanted:
            data = _written(change, document, task, wanted=wanted)
    return data


def on_release(workshop: Workshop, change: Change, commit: str) -> str:
    """Return the tree of `commit` with the tasks of `change` ticked, or '' where they are."""
    done = proved(workshop, change)
    files: dict[str, bytes | None] = {}
    for document in change.spec.documents:
        place = f"{change.folder}/{document.path}"
        data = workshop.repo.read(commit, place)
        new = ticked(change, document.path, data, done) if data is not None else None
        if new != data:
            files[place] = new
    if not files:
        return ""
    return workshop.repo.tree(workshop.repo.commit(commit, files, "Ticks\n", workshop.author))


def _task(document: Document, name: str) -> Task | None:
    found = (one for one in document.items if isinstance(one, Task) and one.id == name)
    return next(found, None)


def _written(change: Change, document: Document, task: Task, *, wanted: bool) -> bytes:
    write = change.form.tick if wanted else change.form.untick
    try:
        data = write(document, task)
    except (ConfigurationError, ValueError):  # it has no box
        return document.data
    # Where there is no box, a bracket of something else may come first: then nothing is written.
    again = _task(change.form.read(document.path, data), task.id)
    return data if again is not None and again.done == wanted and again.own == task.own else (
        document.data)  # fmt: skip
