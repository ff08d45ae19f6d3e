"""Write down, as a change is released, what its criteria are bound to: nobody types a link.

Each task's commits say which symbols it changed and which tests it added; the criteria that the
task satisfies are bound to these, as the released tree has them.
"""

import difflib
from collections.abc import Iterator, Mapping

from attrs import evolve

from accord.app.changes import TRAILER, Change, trailer
from accord.app.covering import covered
from accord.app.workshop import Workshop
from accord.core import evidence, fingerprint, trace
from accord.core.cases import is_case, is_inline
from accord.core.fingerprint import Mark, Symbol, mark
from accord.core.model import Task
from accord.core.ports import FileChange, Repo, Symbols
from accord.core.trace import Trace

REGULAR = ("100644", "100755")
LARGEST = 512 * 1024
_LINES = 4000
_HUNKS = 20


def traced(workshop: Workshop, change: Change, commit: str) -> str:
    """Return the tree of `commit` with the trace of `change` in it, or '' where there is none."""
    found = covered(workshop, commit, bind(workshop, change, commit))
    if not (found.symbols or found.tests):
        return ""
    files: dict[str, bytes | None] = {trace.path(change.name): trace.to_toml(found).encode()}
    written = workshop.repo.commit(commit, files, "Trace\n", workshop.author)
    return workshop.repo.tree(written)


def bind(workshop: Workshop, change: Change, commit: str) -> Trace:
    """Return what the criteria of `change` are bound to in `commit`, which holds all its work."""
    repo = workshop.repo
    names = {trailer(change.name, task.id, change.keys[task.id]): task for task in change.tasks}
    own = {one.path for one in change.code}
    ends = _Ends(workshop, commit)
    symbols: list[tuple[str, Mark]] = []
    tests: list[tuple[str, Mark]] = []
    for made, value in repo.marked(change.fork, change.found.tip, TRAILER):
        task, before = names.get(value), repo.resolve(f"{made}^1")
        if task is None or not before:
            continue
        for file in repo.changed(before, made):
            if file.path not in own or not file.id or file.mode not in REGULAR:
                continue
            for one in changed(repo, workshop.symbols, before, file):
                into = tests if _is_test(file.path, one) else symbols
                into += _links(change, task, file.path, one, ends)
    promises = trace.promises(change.spec, change.folder)
    return Trace(change.name, promises, tuple(dict.fromkeys(symbols)), tuple(dict.fromkeys(tests)))


def marked(
    workshop: Workshop, change: Change, commit: str, links: Trace
) -> tuple[tuple[str, Mark], ...]:
    """Return those of the linked tests that name their criterion: in a name, text or property."""
    ends = _Ends(workshop, commit)
    found = []
    for name, one in links.tests:
        there = ends.find(one.path, Symbol(one.name, 0, 0, ()))
        if there and name in ends.named(change, *there):
            found.append((name, one))
    return tuple(found)


def changed(repo: Repo, symbols: Symbols, before: str, file: FileChange) -> Iterator[Symbol]:
    """Yield the symbols of a file that are not what they were in the commit `before`.

    Where its language is not known, each hunk that was added or changed is one.
    """
    data, old = repo.blob(file.id), repo.read(before, file.path) or b""
    now = symbols(file.path, data)
    if now is None:
        yield from _hunks(old, data)
        return
    was = {one.name: one.print for one in symbols(file.path, old) or ()}
    yield from (one for one in now if was.get(one.name) != one.print)


def _links(
    change: Change, task: Task, path: str, symbol: Symbol, ends: "_Ends"
) -> Iterator[tuple[str, Mark]]:
    found = ends.find(path, symbol)
    if found is None:
        return
    test = _is_test(path, symbol)
    if test and not is_case(path, symbol):
        return
    wanted = trace.satisfied(change.spec, task.satisfies)
    named = ends.named(change, found[0], found[1]) if test else ()
    for criterion in named or wanted:
        link = mark(*found)
        yield criterion, evolve(link, sketch=()) if test else link


def _is_test(path: str, symbol: Symbol) -> bool:
    return evidence.is_test(path) or is_inline(path, symbol)


class _Ends:
    """Where what a task's commit left stands in the end: another task may have gone on with it."""

    def __init__(self, workshop: Workshop, commit: str) -> None:
        self.repo: Repo = workshop.repo
        self.workshop, self.commit = workshop, commit
        self.read: dict[str, Mapping[str, Symbol] | None] = {}

    def find(self, path: str, symbol: Symbol) -> tuple[str, Symbol] | None:
        """Return the path and the symbol as the commit has them, or None where it is gone."""
        data = self.repo.read(self.commit, path)
        if data is None:
            return None
        if path not in self.read:
            found = self.workshop.symbols(path, data)
            self.read[path] = None if found is None else {one.name: one for one in found}
        there = self.read[path]
        if there is None:
            lines = data.decode(errors="replace").splitlines()
            moved = fingerprint.find_hunk(mark(path, symbol), lines)
            return (path, moved) if moved else None
        return (path, there[symbol.name]) if symbol.name in there else None

    def named(self, change: Change, path: str, symbol: Symbol) -> tuple[str, ...]:
        """Return the criteria that a test names, in its own name or after `Satisfies:`."""
        ids = [one.id for one in change.spec.criteria]
        data = self.repo.read(self.commit, path) or b""
        lines = data.decode(errors="replace").splitlines()[symbol.first - 1 : symbol.last]
        marked = trace.satisfied(change.spec, trace.markers("\n".join(lines)))
        said = [one for one in ids if evidence.names_criterion(symbol.name, one)]
        return marked or tuple(
            one for one in said if not any(each.startswith(f"{one}.") for each in said)
        )


def _hunks(old: bytes, new: bytes) -> Iterator[Symbol]:
    if b"\0" in new or max(len(old), len(new)) > LARGEST:
        return
    before, after = (one.decode(errors="replace").splitlines() for one in (old, new))
    if max(len(before), len(after)) > _LINES:
        return
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    rows = [(at, end) for tag, _, _, at, end in blocks if tag in ("insert", "replace")]
    for at, end in rows[:_HUNKS]:
        found = fingerprint.hunk(after, at + 1, end - at)
        if found.tokens:
            yield found
