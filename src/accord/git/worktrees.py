"""Worktrees for agents: made under a lock, reused, outside the checkout; and plain exports."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from accord.git.objects import scratch_index
from accord.git.run import Git, GitError


@frozen
class Worktree:
    """One linked worktree: its folder, and the git directory of its own inside the repository."""

    path: Path
    directory: Path


@contextmanager
def locked(git: Git) -> Iterator[None]:
    """Hold this repository's worktree lock: two `git worktree add` at once fail half the time."""
    folder = git.directory / "accord"
    folder.mkdir(exist_ok=True)
    with (folder / "worktrees.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def registered(git: Git) -> dict[Path, Path]:
    """Map the folder of each linked worktree to its git directory, read from the trusted side."""
    found = {}
    for pointer in sorted((git.directory / "worktrees").glob("*/gitdir")):
        found[Path(pointer.read_text().strip()).parent] = pointer.parent
    return found


def prepare(git: Git, path: Path, commit: str) -> Worktree:
    """Return the worktree at `path`, holding exactly `commit` and no file besides.

    An existing one is reset and cleaned; its `.git` pointer, which an agent could have turned
    elsewhere, is written anew first.
    """
    with locked(git):
        directory = registered(git).get(path)
        if directory is None or not path.is_dir():
            git.bytes("worktree", "prune")
            shutil.rmtree(path, ignore_errors=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            git.bytes("worktree", "add", "--detach", "--no-checkout", str(path), commit)
            directory = registered(git)[path]
    _point(path, directory)
    for leftover in ("index.lock", "HEAD.lock"):
        (directory / leftover).unlink(missing_ok=True)
    options = {"directory": directory, "work_tree": path}
    git.bytes("reset", "-q", "--hard", commit, **options)  # type: ignore[arg-type] # both are paths
    git.bytes("clean", "-q", "-ffdx", **options)  # type: ignore[arg-type]
    return Worktree(path, directory)


def find(git: Git, path: Path) -> Worktree | None:
    """Return the worktree at `path` as it stands, or None when there is none."""
    directory = registered(git).get(path)
    return Worktree(path, directory) if directory and path.is_dir() else None


def remove(git: Git, path: Path) -> None:
    """Forget the worktree at `path` and delete its folder; only one that Accord made."""
    with locked(git):
        shutil.rmtree(path, ignore_errors=True)
        git.bytes("worktree", "prune")


def _point(path: Path, directory: Path) -> None:
    pointer = path / ".git"
    if pointer.is_dir() and not pointer.is_symlink():
        shutil.rmtree(pointer)
    elif pointer.exists() or pointer.is_symlink():
        pointer.unlink()
    pointer.write_text(f"gitdir: {directory}\n")


def export(git: Git, commit: str, target: Path) -> None:
    """Write the files of `commit` into the empty folder `target`, without any git directory."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with scratch_index(git) as extra:
        git.bytes("read-tree", commit, extra=extra)
        git.bytes("checkout-index", "-a", "-f", "-q", f"--prefix={target}{os.sep}", extra=extra,
                  work_tree=target)  # fmt: skip


def checkouts(git: Git) -> dict[str, Path]:
    """Map each branch that is checked out somewhere to the folder where it is."""
    found, folder = {}, Path()
    for line in git.text("worktree", "list", "--porcelain").splitlines():
        name, _, value = line.partition(" ")
        if name == "worktree":
            folder = Path(value)
        elif name == "branch":
            found[value] = folder
    return found


def dirt(git: Git, folder: Path) -> tuple[str, ...]:
    """Return the tracked paths that differ from HEAD in the checkout at `folder`."""
    said = git.bytes(
        "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all",
        directory=_directory(git, folder), work_tree=folder,
    )  # fmt: skip
    entries = said.decode(errors="surrogateescape").split("\0")
    return tuple(entry[3:] for entry in entries if re.match(r".. ", entry))


def follow(git: Git, folder: Path, old: str, new: str, *, rehearse: bool = False) -> str:
    """Bring the checkout at `folder` from `old` to `new` without losing a local edit.

    Returns an empty string, or what stands in the way (and then nothing was touched).
    """
    options = ("-n",) if rehearse else ()
    try:
        git.bytes("read-tree", "-m", "-u", *options, old, new,
                  directory=_directory(git, folder), work_tree=folder)  # fmt: skip
    except GitError as error:
        return error.said.strip().splitlines()[0].removeprefix("error: ")
    return ""


def refresh(git: Git, folder: Path) -> None:
    """Bring the stat data of the checkout's index up to date, so that unchanged files match."""
    git.bytes("update-index", "-q", "--really-refresh", "--unmerged", "--ignore-missing",
              directory=_directory(git, folder), work_tree=folder)  # fmt: skip


def index_matches(git: Git, folder: Path, tree: str) -> bool:
    """Tell whether the checkout's index holds exactly `tree`."""
    try:
        written = git.text("write-tree", directory=_directory(git, folder), work_tree=folder)
    except GitError:
        return False
    return written == git.text("rev-parse", f"{tree}^{{tree}}")


def forget_paths(git: Git, folder: Path, paths: list[str]) -> None:
    """Make the index of the checkout agree with HEAD for `paths`, leaving the files alone."""
    git.bytes("reset", "-q", "--", *paths, directory=_directory(git, folder), work_tree=folder)


def _directory(git: Git, folder: Path) -> Path:
    return registered(git).get(folder, git.directory)
