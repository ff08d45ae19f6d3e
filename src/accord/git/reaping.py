"""The room that Accord's worktrees take on the disk: over the quota, idle ones are taken away.

Only what Accord put into its pool is, and lowers that nothing lies on. A worktree of the pool has a
mark in its git directory. It is moved to the graves first, in one step, so that nobody takes it for
a worktree any more; whoever comes next deletes what lies there, and forgets what is registered
where nothing is.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from accord.errors import RefusedError
from accord.git import overlays
from accord.git.overlays import Layers
from accord.git.run import Git
from accord.git.worktrees import MARK, erase, is_ours, locked, registered

BLOCK = 4096
MB, GB = 10**6, 10**9


@frozen
class Room:
    """Where Accord's worktrees lie, those in use and those that wait, and the most they take.

    `under` is the folder of the layers of overlays. `quota` is in bytes; 0 sets no limit.
    """

    used: Path
    pool: Path
    graves: Path
    under: Path
    quota: int = 0

    @property
    def layers(self) -> Layers:
        """Return where the layers of overlays lie."""
        return Layers(self.under, self.graves)


@frozen
class _Idle:
    path: Path
    since: int
    size: int
    directory: Path | None = None


def make(
    git: Git, room: Room, path: Path, commit: str, *, light: bool = False, anew: bool = False
) -> None:
    """Make room for a worktree of `commit` at `path`; finish what was cut off before.

    A `light` one lies on files that are there already, and takes next to nothing; one that is
    made `anew` is not taken from the pool.
    Raises RefusedError where those in use leave none. One that is there already is let be.
    """
    with locked(git):
        sweep(git, room)
        if not room.quota:
            return
        there = os.path.lexists(path)
        need = 0 if there or light else weight(git, commit)
        taken = _trim(git, room, need, anew=anew)
    if taken > room.quota and not there:
        most = _words(room.quota)
        raise RefusedError(
            f"the worktrees would take {_words(taken)}, and worktrees.quota is {most}",
            hint="finish changes that are under way, or raise the quota in .accord/config.toml",
        )


def trim(git: Git, room: Room) -> None:
    """Take idle worktrees away, the oldest first, until all take no more than the quota."""
    if room.quota:
        with locked(git):
            _trim(git, room, 0)


def sweep(git: Git, room: Room) -> None:
    """Finish what was cut off while a worktree was taken away. The lock is held."""
    if room.graves.is_dir():
        for grave in room.graves.iterdir():
            erase(grave)
    for path, directory in registered(git).items():
        if path.parent == room.pool and is_ours(directory) and not os.path.lexists(path):
            shutil.rmtree(directory)


def size(folder: Path) -> int:
    """Return the bytes that `folder` takes on the disk; links are not followed."""
    return sum(one.stat(follow_symlinks=False).st_blocks * 512 for one in _entries(folder))


def weight(git: Git, commit: str) -> int:
    """Return about how many bytes a worktree of `commit` takes on the disk."""
    said = git.bytes("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    facts = (line.partition(b"\t")[0].split() for line in said.split(b"\0") if line)
    sizes = (int(one[3]) for one in facts if one[3].isdigit())
    return sum(-(-each // BLOCK) * BLOCK for each in sizes)


def _trim(git: Git, room: Room, need: int, *, anew: bool = False) -> int:
    """Take away what has to go; return what is taken then, `need` for a new one included.

    One that waits in the pool is taken for the new one, which then needs nothing more, unless it
    is made `anew`.
    """
    every = registered(git)
    lowers, bare = overlays.lowers(room.layers)
    used = sum(_own(room, path) for path in every if path.parent == room.used)
    used += sum(size(one) for one in lowers)
    idle = [_Idle(path, _since(directory / MARK), size(path), directory)
            for path, directory in every.items()
            if path.parent == room.pool and is_ours(directory)]  # fmt: skip
    idle += [_Idle(one, _since(one), size(one)) for one in bare]
    idle.sort(key=lambda one: one.since)

    def taken() -> int:
        served = not anew and any(one.directory for one in idle)
        return used + sum(one.size for one in idle) + (0 if served else need)

    while idle and taken() > room.quota:
        _bury(room, idle.pop(0))
    return taken()


def _own(room: Room, path: Path) -> int:
    """Return what the worktree at `path` takes that no other one shares."""
    layer = room.layers.upper(path)
    return size(layer if layer.is_dir() else path)


def _since(path: Path) -> int:
    return path.stat().st_mtime_ns


def _bury(room: Room, one: _Idle) -> None:
    room.graves.mkdir(parents=True, exist_ok=True)
    grave = room.graves / f"{one.path.name}-{secrets.token_hex(8)}"
    one.path.rename(grave)
    if one.directory is not None:
        shutil.rmtree(one.directory)
    erase(grave)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            here = list(found)
    except OSError:  # it is not there any more, or an agent shut it
        return
    for one in here:
        yield one
        if one.is_dir(follow_symlinks=False):
            yield from _entries(Path(one.path))


def _words(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / MB:.1f} MB"
