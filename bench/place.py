"""A throw-away place to measure in: a repository, and a home, state and configuration of its own.

It lies below the person's cache folder, since Accord keeps no state in a temporary folder.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

ROOT = Path.home() / ".cache" / "accord-bench"
_DROPPED = ("GIT_", "ACCORD_", "PYTHON", "XDG_", "NODE_", "npm_")


@frozen
class Place:
    """The folder that is removed at the end, and the repository in it."""

    folder: Path
    repo: Path


@contextmanager
def throw_away(root: Path = ROOT) -> Iterator[Place]:
    """Yield a place with a repository of one commit; meanwhile the environment points there."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root))
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if not name.startswith(_DROPPED)}
    own = {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
    try:
        for name, where in own.items():
            (folder / where).mkdir()
            kept[name] = str(folder / where)
        # A peer that phones home would be measured doing that.
        os.environ.clear()
        os.environ.update(kept, CI="1", DO_NOT_TRACK="1", OPENSPEC_TELEMETRY="0")
        yield Place(folder, _repository(folder / "shop"))
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder` as a person would. Raises CalledProcessError when it fails."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def _repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Robin")
    git(folder, "config", "user.email", "robin@example.org")
    for number in range(40):
        path = folder / "src" / f"part{number % 8}" / f"file{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number}\n" * 20)
    (folder / "README.md").write_text("# A shop\n\nIt sels things.\n")
    (folder / "check.sh").write_text("test -f README.md && echo '1 passed'\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Start")
    return folder
