"""What Accord's own runs said of the files as they are: a run counts for the very bytes it saw."""

from collections.abc import Sequence
from pathlib import Path

from accord.core.evidence import Result
from accord.core.ports import Journal, Repo
from accord.core.ticks import Ran


def tried(journal: Journal, repo: Repo, head: str, root: Path) -> Ran:
    """Return what tells how the tests ended on the tree of `head`, for files as they are there.

    One that failed there weighs more than any that passed. A file below `root` that was edited
    since `head` is none that a run saw.
    """
    notes = list(journal.noted(f"run/{repo.tree(head)}/").values())

    def ran(paths: Sequence[str]) -> tuple[bool, str] | None:
        for result in (Result.FAIL, Result.PASS):
            said = [str(one.get("reason", "")) for one in notes if one.get("result") == result]
            if said and all(_as_in(repo, head, root, path) for path in paths):
                return result is Result.PASS, said[0]
        return None

    return ran


def _as_in(repo: Repo, head: str, root: Path, path: str) -> bool:
    if (root / path).is_dir():
        return True  # what is in it has names of its own
    return (root / path).read_bytes() == repo.read(head, path)
