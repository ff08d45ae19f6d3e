"""Worktrees for agents: made under a lock, reused, outside the checkout; and plain exports."""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from attrs import frozen

from accord.git import mounting
from accord.git.objects import scratch_index
from accord.git.run import WHOLE, Git, GitError

# Of `ls-files -s -v -z`: an entry that git would not look at, and the name of a submodule.
_OVERLOOKED = re.compile(rb"(?:^|\0)(?!H )[^\0]")
_SUBMODULES = re.compile(rb"(?:^|(?<=\0))\w 160000 [^\t\0]*\t([^\0]+)")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
POOLED = 8
"""How many worktrees are kept for reuse; each is a checkout's worth of disk."""


MARK = "accord"
"""A file in the git directory of a worktree that Accord made and keeps; as old as its idleness."""


@frozen
class Worktree:
    """One linked worktree: its folder, and the git directory of its own inside the repository."""

    path: Path
    directory: Path


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold the file `lock`, so that no other process does at the same time."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def locked(git: Git) -> Iterator[None]:
    """Hold this repository's worktree lock: two `git worktree add` at once fail half the time."""
    folder = git.directory / "accord"
    folder.mkdir(exist_ok=True)
    with held(folder / "worktrees.lock"):
        yield


def registered(git: Git) -> dict[Path, Path]:
    """Map the folder of each linked worktree to its git directory, read from the trusted side."""
    found = {}
    for pointer in sorted((git.directory / "worktrees").glob("*/gitdir")):
        # Relative where the person configured worktree.useRelativePaths.
        named = pointer.parent / os.fsdecode(pointer.read_bytes()).rstrip("\n")
        found[resolved(named.parent)] = pointer.parent
    return found


def resolved(folder: Path) -> Path:
    """Return `folder` as git records it.

    What lies there itself may be a link that an agent put there; above it, git resolves.
    """
    return Path(os.path.realpath(folder.parent), folder.name)


def prepare(git: Git, path: Path, commit: str, pool: Path | None = None) -> Worktree:
    """Return the worktree at `path`, holding exactly `commit` and no file besides.

    An existing one is reset and cleaned; its `.git` pointer, which an agent could have turned
    elsewhere, is written anew first. Where there is none, one that was put into the folder `pool`
    is taken, which spares writing the files that both commits share. Other worktrees are not
    pruned: a person's may be on a disk that is not there just now.
    """
    path = resolved(path)
    with locked(git):
        if pool is not None and not os.path.lexists(path) and path not in registered(git):
            _take(git, pool, path)
        directory = registered(git).get(path)
        if directory is None or path.is_symlink() or not _is_complete(path, directory):
            erase(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            if directory is not None:
                shutil.rmtree(directory)
            directory = register(git, path, commit)
    open_up(path)
    _point(path, directory)
    for leftover in ("index.lock", "HEAD.lock"):
        (directory / leftover).unlink(missing_ok=True)
    try:
        reset(git, path, directory, commit)
    except GitError:
        # An index that a power cut tore apart; without one, git writes every file anew.
        (directory / "index").unlink(missing_ok=True)
        reset(git, path, directory, commit)
    return Worktree(path, directory)


def register(git: Git, path: Path, commit: str) -> Path:
    """Make the worktree `path` (resolved) of `commit`, without its files. The lock is held.

    Done as `git worktree add --detach --no-checkout` does it, whose start takes longer than all
    the rest of an overlay (gitrepository-layout); by itself where refs are not kept in files, or
    the name of the folder is not plainly one of a ref.
    """
    head = (git.directory / "HEAD").read_text(errors="replace")
    if head.strip() == "ref: refs/heads/.invalid" or not _PLAIN.fullmatch(path.name):
        return _added(git, path, commit)
    names = (f"{path.name}{number or ''}" for number in count())
    every = git.directory / "worktrees"
    directory = next(one for name in names if not (one := every / name).exists())
    directory.mkdir(parents=True)
    (directory / "locked").write_text("initializing\n")
    (directory / "gitdir").write_bytes(os.fsencode(path / ".git") + b"\n")
    (directory / "commondir").write_text("../..\n")
    (directory / "HEAD").write_text(f"{commit}\n")
    path.mkdir(parents=True, exist_ok=True)
    _point(path, directory)
    (directory / "locked").unlink()
    return directory


def _added(git: Git, path: Path, commit: str) -> Path:
    """Have git do it. It wants an empty folder, so beside one that is not it makes another."""
    spot = path.with_name(f".{path.name}.new") if os.path.lexists(path) else path
    forget(git, spot)
    git.bytes("worktree", "add", "--detach", "--no-checkout", "--", str(spot), commit)
    directory = registered(git)[spot]
    if spot != path:
        _locate(path, directory)
        _point(path, directory)
        erase(spot)
    return directory


def adopt(git: Git, path: Path, commit: str) -> Worktree | None:
    """Return the worktree at `path`, registered anew as one of `commit` where git knows none.

    Git forgets one whose folder it does not see (`git worktree prune`), and a `.git` that was
    brought back from elsewhere never knew it. What lies in the folder stays as it is. Returns
    None where nothing does.
    """
    path = resolved(path)
    with locked(git):
        if not path.is_dir():
            return None
        if directory := registered(git).get(path):
            return Worktree(path, directory)
        if path.is_symlink() or all(one.name == ".git" for one in path.iterdir()):
            return None
        directory = register(git, path, commit)
        git.bytes("read-tree", commit, directory=directory)
    return Worktree(path, directory)


def retire(git: Git, path: Path, pool: Path) -> None:
    """Put the worktree at `path`, which Accord made, into `pool` for another; or remove it.

    The pool holds POOLED worktrees at most. What lay in one is no longer of use to anybody.
    """
    path, pool = resolved(path), resolved(pool)
    with locked(git):
        directory = registered(git).get(path)
        kept = [one for one, its in registered(git).items() if one.parent == pool and is_ours(its)]
        sound = directory is not None and not path.is_symlink() and _is_complete(path, directory)
        if sound and directory is not None and len(kept) < POOLED:
            pool.mkdir(parents=True, exist_ok=True)
            _point(path, directory)  # as an agent may not have left it
            (directory / MARK).touch()
            _move(path, _spot(pool, directory), directory)
            return
    remove(git, path)


def _spot(pool: Path, directory: Path) -> Path:
    """Return where in `pool` the worktree may be put: nowhere that something else lies."""
    spots = (pool / f"{directory.name}{number or ''}" for number in count())
    return next(one for one in spots if _is_free(one, directory))


def _is_free(spot: Path, directory: Path) -> bool:
    """Tell so. What a move left there that was cut off names its owner, and goes."""
    pointer = spot / ".git"
    plain = not spot.is_symlink() and not pointer.is_symlink() and pointer.is_file()
    if plain and pointer.read_bytes() == _pointer(directory):
        erase(spot)
    return not os.path.lexists(spot)


def is_ours(directory: Path) -> bool:
    """Tell whether Accord put the worktree with this git directory into its pool."""
    return (directory / MARK).is_file()


def _take(git: Git, pool: Path, path: Path) -> None:
    """Move a worktree of the pool to `path`, if there is a sound one. The lock is held.

    One that somebody else put there is not of the pool.
    """
    pool = resolved(pool)
    for waiting, directory in registered(git).items():
        if waiting.parent == pool and is_ours(directory) and _is_complete(waiting, directory):
            path.parent.mkdir(parents=True, exist_ok=True)
            _move(waiting, path, directory)
            return


def _move(path: Path, target: Path, directory: Path) -> None:
    """Move a worktree. Cut off in between, it is registered where it is not, and made anew."""
    path.rename(target)
    _locate(target, directory)


def _locate(path: Path, directory: Path) -> None:
    """Have git know the worktree of `directory` at `path`."""
    part = directory / "gitdir.part"
    part.write_bytes(os.fsencode(path / ".git") + b"\n")
    part.replace(directory / "gitdir")


def reset(git: Git, path: Path, directory: Path, commit: str) -> None:
    """Bring the worktree at `path` to exactly `commit`, whatever was done in it."""
    options = {"directory": directory, "work_tree": path}
    git.bytes("reset", "-q", "--hard", commit, **options, extra=WHOLE)  # type: ignore[arg-type] # as bytes() wants
    git.bytes("clean", "-q", "-ffdx", **options, extra=WHOLE)  # type: ignore[arg-type]
    held = git.bytes("ls-files", "-s", "-v", "-z", **options)  # type: ignore[arg-type]
    if _OVERLOOKED.search(held):
        # Whoever worked there told git not to look at a file again; without an index it looks.
        (directory / "index").unlink()
        git.bytes("reset", "-q", "--hard", commit, **options, extra=WHOLE)  # type: ignore[arg-type]
    for name in _SUBMODULES.findall(held):  # git cleans around a submodule, never inside one
        erase(path / os.fsdecode(name))
        (path / os.fsdecode(name)).mkdir()


def _is_complete(path: Path, directory: Path) -> bool:
    parts = (directory / "HEAD", directory / "commondir", path)
    return all(one.exists() for one in parts) and path.is_dir()


def open_up(path: Path) -> None:
    """Give the owner every right on `path` and the folders in it; tools make some read-only."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o700)
    for folder, names, _ in os.walk(path):
        for name in names:
            mode = (below := Path(folder, name)).lstat().st_mode
            if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
                below.chmod(stat.S_IMODE(mode) | 0o700)


def erase(path: Path) -> None:
    """Delete whatever is at `path`, if anything; a link is deleted, never followed.

    What Accord mounted there is unmounted first. Raises RefusedError where others did.
    """
    if path.is_dir() and not path.is_symlink():
        mounting.clear(resolved(path))
        open_up(path)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find(git: Git, path: Path) -> Worktree | None:
    """Return the worktree at `path` as it stands, or None when there is none."""
    path = resolved(path)
    directory = registered(git).get(path)
    return Worktree(path, directory) if directory and path.is_dir() else None


def remove(git: Git, path: Path) -> None:
    """Forget the worktree at `path` and delete its folder; only one that Accord made."""
    with locked(git):
        forget(git, resolved(path))


def forget(git: Git, path: Path) -> None:
    """Do as `remove` for a resolved path. The lock is held."""
    erase(path)
    if directory := registered(git).get(path):
        shutil.rmtree(directory)


def _point(path: Path, directory: Path) -> None:
    pointer = path / ".git"
    erase(pointer)
    pointer.write_bytes(_pointer(directory))


def _pointer(directory: Path) -> bytes:
    return b"gitdir: " + os.fsencode(directory) + b"\n"


def export(git: Git, commit: str, target: Path) -> None:
    """Write the files of `commit` into the empty folder `target`, without any git directory."""
    erase(target)
    target.mkdir(parents=True)
    with scratch_index(git) as extra:
        git.bytes("read-tree", commit, extra=extra)
        git.bytes("checkout-index", "-a", "-f", "-q", f"--prefix={target}{os.sep}", extra=extra,
                  work_tree=target)  # fmt: skip
