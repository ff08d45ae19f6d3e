"""What Accord's own runs said of a checkout, for whoever only looks: no key, no configuration."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from accord.app.tried import tried
from accord.engine.journal import SqliteJournal
from accord.git.locate import Place
from accord.git.repo import GitRepo
from accord.git.run import Git


def ran(place: Place, state: Path, paths: Sequence[str]) -> tuple[bool, str] | None:
    """Return how the tests ended on these files of the checkout at `place`, None if none ran.

    `state` is Accord's folder for the repository.
    """
    if not (state / "journal.sqlite").is_file():
        return None
    repo = GitRepo(Git(place.common), place.common)  # it makes no worktrees, so it needs no state
    with closing(SqliteJournal(state / "journal.sqlite")) as journal:
        try:
            return tried(journal, repo, place.head, place.top)(paths)
        finally:
            repo.close()
