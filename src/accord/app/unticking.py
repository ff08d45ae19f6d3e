"""Take the ticks of released tasks away whose evidence is gone from the base.

What a release ticked was proved then. Where a test or the code of one of its criteria is gone
since, or a test of it failed on the very commit, and nobody signed that this is right, nothing
stands behind the tick any more.
"""

from collections.abc import Iterator

from accord.app import verdicts
from accord.app.workshop import Workshop
from accord.core import trace
from accord.core.drift import Standing
from accord.core.markdown import UnreadableError
from accord.core.model import Document, Spec, Task
from accord.errors import ConfigurationError
from accord.formats import registry
from accord.formats.registry import FORMATS, Format


def keep_released(workshop: Workshop) -> tuple[str, ...]:
    """Untick on the base what lost its evidence, one byte each; return the files written.

    Raises what committing on the base raises, and ConfigurationError for an unreadable trace.
    """
    repo, base = workshop.repo, workshop.base
    tip = repo.resolve(base)
    gone: dict[str, set[str]] = {}
    for finding in verdicts.findings(workshop):
        for one in finding.verdicts:
            if one.standing in (Standing.ORPHANED, Standing.BROKEN):
                gone.setdefault(one.change, set()).add(one.criterion)
    files: dict[str, bytes | None] = {}
    for change, criteria in sorted(gone.items()):
        files |= dict(_unticked(workshop, tip, change, criteria))
    if files:
        message = "Take away ticks that nothing stands behind\n"
        new = repo.commit(tip, files, message, workshop.author)
        workshop.move("status", min(gone), base, new, tip, detail=", ".join(files))
    return tuple(files)


def _unticked(
    workshop: Workshop, tip: str, change: str, criteria: set[str]
) -> Iterator[tuple[str, bytes]]:
    for home in dict.fromkeys(form.home(change) for form in FORMATS):
        names = workshop.repo.folder(tip, home)
        form = registry.detect(home, names) if names else None
        if form is None:
            continue
        documents = {name: _read(workshop, tip, form, home, name) for name in sorted(names)}
        spec = Spec(tuple(one for one in documents.values() if one is not None))
        for name, document in documents.items():
            data = document.data if document else b""
            for task in document.items if document else ():
                lost = isinstance(task, Task) and task.done and criteria & set(
                    trace.satisfied(spec, task.satisfies))  # fmt: skip
                if lost:
                    data = _without(form, name, data, task.id)
            if document and data != document.data:
                yield f"{home}/{name}", data


def _read(workshop: Workshop, tip: str, form: Format, home: str, name: str) -> Document | None:
    try:
        return form.read(name, workshop.repo.read(tip, f"{home}/{name}") or b"")
    except UnreadableError:
        return None


def _without(form: Format, name: str, data: bytes, task: str) -> bytes:
    document = form.read(name, data)
    one = next(each for each in document.items if isinstance(each, Task) and each.id == task)
    try:
        return form.untick(document, one)
    except (ConfigurationError, ValueError):  # it has no box
        return data
