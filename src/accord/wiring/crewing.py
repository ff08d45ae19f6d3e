"""Open what one machine needs to work with others: the board, the remote, its own name."""

import secrets
import socket
from pathlib import Path

from accord import __version__
from accord.app.travelling import Say, Travel
from accord.app.workshop import Workshop
from accord.core import leases
from accord.core.leases import Worker
from accord.engine.board import PostgresBoard
from accord.engine.crew import Crew
from accord.engine.takings import PostgresTakings
from accord.git.locate import locate
from accord.git.remotes import GitRemote
from accord.git.run import Git
from accord.wiring.sharing import PATIENCE_S, database

REMOTE = "origin"


def open_crew(
    workshop: Workshop, say: Say, *, lasting: bool, slots: int, remote: str = REMOTE
) -> Crew:
    """Return the crew of this clone, which has not entered yet; its board is to be closed.

    Raises ConfigurationError where no database is named.
    """
    git = Git(locate(workshop.top).common)
    far = GitRemote(git, remote, workshop.base)
    worker = Worker(_name(workshop.state), socket.gethostname(), slots, __version__)
    shares, project = database(PATIENCE_S), workshop.trust.project
    travel = Travel(workshop, far, yields=lasting, say=say)
    return Crew(workshop, PostgresBoard(shares, project), travel, far, worker, lasting,
                PostgresTakings(shares, project))  # fmt: skip


def at_work(workshop: Workshop) -> list[dict[str, object]]:
    """Return the workers that live: host, slots, and the pieces of work that each holds."""
    board = PostgresBoard(database(), workshop.trust.project)
    try:
        ledger, now = board.look()
    finally:
        board.close()
    return [
        {"host": one.host, "slots": one.slots, "release": one.release, "holds": [
            _words(lease.job) for _, lease in sorted(ledger.leases.items())
            if lease.worker == one.name and not lease.job.startswith(("serial/", "radar"))
        ]}
        for one in leases.living(ledger, now)
    ]  # fmt: skip


def _words(job: str) -> str:
    """Return what a lease is for, as a person would say."""
    kind, *names = job.split("/")
    if kind == "branch":
        return f"the landing on {names[0]}"
    return "a release" if kind == "base" else " ".join(names[:2])


def _name(state: Path) -> str:
    """Return the name of this clone, made up when it is first asked for and kept."""
    path = state / "clone"
    if not path.is_file():
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(secrets.token_hex(8))
        part.replace(path)
    return path.read_text()
