"""Which tests a change weakened, over all the files that it touched."""

from collections.abc import Iterator, Sequence

from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.cases import is_inline
from accord.core.evidence import is_test
from accord.core.fingerprint import Symbol
from accord.core.ports import FileChange
from accord.core.weakening import Weakened, weakened

MOST = 200
"""Files that are looked at; a change with more is looked at by people anyway."""


def weakenings(workshop: Workshop, change: Change) -> tuple[Weakened, ...]:
    """Return the tests that do less than before the change, by file and in the order of lines.

    In Rust these are also the tests that stand beside the code. Where there are more files than
    are looked at, the first row says how many were not, at the place of the first of these.
    """
    files = [one for one in change.code if is_test(one.path) or one.path.endswith(".rs")]
    rows = [(one, *_states(workshop, change, one)) for one in files[:MOST]]
    fresh = {
        symbol.print
        for _, before, after in rows
        for symbol in after
        if symbol.print not in {one.print for one in before}
    }
    found = (
        each for one, before, after in rows for each in weakened(one.path, before, after, fresh)
    )
    return (*_left(files[MOST:]), *found)


def _left(files: Sequence[FileChange]) -> Iterator[Weakened]:
    if files:
        more = f", nor {'was' if len(files) == 2 else 'were'} {len(files) - 1} more"
        words = f"was not looked at{more if len(files) > 1 else ''}: {MOST} files were"
        yield Weakened(files[0].path, 1, "the file", words)


def _states(
    workshop: Workshop, change: Change, one: FileChange
) -> tuple[Sequence[Symbol], Sequence[Symbol]]:
    """Return what stood among the tests before the change, and what does now."""
    old = workshop.repo.read(change.fork, one.path)
    new = workshop.repo.blob(one.id) if one.id else None
    before, after = (
        (workshop.symbols(one.path, data) or ()) if data is not None else () for data in (old, new)
    )
    if is_test(one.path):
        return before, after
    kept = ([each for each in some if is_inline(one.path, each)] for some in (before, after))
    return next(kept), next(kept)
