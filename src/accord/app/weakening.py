"""Which tests a change weakened, over all the files that it touched."""

from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.evidence import is_test
from accord.core.fingerprint import Symbol
from accord.core.ports import FileChange
from accord.core.weakening import Weakened, weakened

MOST = 200
"""Files of tests that are looked at; a change with more is looked at by people anyway."""


def weakenings(workshop: Workshop, change: Change) -> tuple[Weakened, ...]:
    """Return the tests that do less than before the change, by file and in the order of lines."""
    files = [one for one in change.code if is_test(one.path)][:MOST]
    rows = [(one, _before(workshop, change, one), _after(workshop, one)) for one in files]
    fresh = {
        symbol.print
        for _, before, after in rows
        for symbol in after
        if symbol.print not in {one.print for one in before}
    }
    return tuple(
        each for one, before, after in rows for each in weakened(one.path, before, after, fresh)
    )


def _before(workshop: Workshop, change: Change, one: FileChange) -> tuple[Symbol, ...]:
    data = workshop.repo.read(change.fork, one.path)
    return (workshop.symbols(one.path, data) if data is not None else ()) or ()


def _after(workshop: Workshop, one: FileChange) -> tuple[Symbol, ...]:
    return (workshop.symbols(one.path, workshop.repo.blob(one.id)) if one.id else ()) or ()
