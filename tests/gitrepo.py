"""Real repositories for tests, without the configuration of whoever runs them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from accord.git.repo import GitRepo
from accord.git.run import Git

AUTHOR = "Robin <robin@example.org>"
Files = Mapping[str, str | bytes | None]


def run(folder: Path, *arguments: str, feed: bytes = b"") -> str:
    """Run git in `folder` as a person would, and return its stdout without the last line end."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Robin", f"GIT_{role}_EMAIL": "robin@example.org"}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        input=feed,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(errors="surrogateescape").rstrip("\n")


def make_repo(path: Path, files: Files | None = None) -> GitRepo:
    """Return a repository on the branch main with one commit of `files`."""
    path.mkdir(parents=True)
    run(path, "init", "-q", "-b", "main")
    commit(path, files or {"README.md": "shop\n"}, "Start")
    return GitRepo(Git(path / ".git"), path.parent / "state")


def write(folder: Path, files: Files) -> None:
    """Write `files` below `folder`; None deletes."""
    for name, data in files.items():
        path = folder / name
        if data is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def commit(folder: Path, files: Files, message: str = "Change") -> str:
    """Write `files`, commit everything in the checkout, and return the commit."""
    write(folder, files)
    run(folder, "add", "-A", "-f")
    run(folder, "commit", "-q", "--allow-empty", "-m", message)
    return head(folder)


def head(folder: Path, name: str = "HEAD") -> str:
    """Return the commit that `name` stands for."""
    return run(folder, "rev-parse", "--verify", name)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below `folder` but for git's own; links as their targets."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.fsencode(path.readlink())
        elif path.is_file() and not name.startswith(".git/") and name != ".git":
            found[name] = path.read_bytes()
    return found
