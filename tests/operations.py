"""Changes of files as operations, with a real journal beside the checkout."""

from contextlib import closing
from pathlib import Path

from accord.app import rewriting
from accord.app.edits_folder import EDITS
from accord.app.rewriting import Rewrite, Rewriter, Write
from accord.engine.journal import SqliteJournal
from accord.wiring.machine import SystemClock


def rewriter(top: Path) -> Rewriter:
    """Return what changes files of the checkout `top`; its journal is to be closed."""
    state = top.with_name(f"{top.name}-state")
    journal = SqliteJournal(state / "journal.sqlite")
    return Rewriter(top, state / EDITS, journal, "Robin", SystemClock())


def writing(top: Path) -> Write:
    """Return what does one operation on files of the checkout `top`."""

    def write(plan: Rewrite) -> None:
        at = rewriter(top)
        with closing(at.journal):
            rewriting.rewrite(at, plan)

    return write
