"""Worktrees as overlays: one folder of files for many of them, and what each changes on its own.

Below the folder of the layers lie

    lowers/TREE.N/ the files of a tree, written once and never again, and git's index of them
    uppers/KEY/    what the worktree KEY changes, and which lower it lies on

A lower shows in no box and is mounted where the worktree is. The mount is gone when the machine
was down; what was done is in the upper, so it is mounted again before anybody looks.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import count
from pathlib import Path

from attrs import frozen

from accord.core.ports import Entry
from accord.errors import RefusedError
from accord.git import mounting, worktrees
from accord.git.run import WHOLE, Git, GitError
from accord.git.worktrees import Worktree

IDLE = 2
"""How many lowers that no worktree lies on are kept for the next one."""

FEW = 20
"""A lower serves other commits too, which differ in less than one of so many of its files."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@frozen
class Layers:
    """Where the layers lie (resolved), and where what is taken away is deleted."""

    folder: Path
    graves: Path

    @property
    def lowers(self) -> Path:
        """Return the folder of the lowers."""
        return self.folder / "lowers"

    @property
    def uppers(self) -> Path:
        """Return the folder of what each worktree changes."""
        return self.folder / "uppers"

    def upper(self, path: Path) -> Path:
        """Return the folder that belongs to the worktree at `path`."""
        return self.uppers / path.name


@frozen
class Ground:
    """What a worktree lies on: files nobody writes, and what git calls them."""

    files: Path
    entries: Mapping[str, Entry]

    def has(self, path: str, entry: Entry | None, seen: os.stat_result) -> bool:
        """Tell whether the file at `path`, seen in the worktree, is the untouched one of `entry`.

        A file that was written is another one below, with a change time of its own.
        """
        if entry is None or self.entries.get(path) != entry:
            return False
        try:
            below = (self.files / path).lstat()
        except OSError:
            return False
        return mounting.facts(below) == mounting.facts(seen)


@lru_cache(maxsize=64)
def possible(git: Git, layers: Layers) -> bool:
    """Tell whether this process may lay overlays there; asked of the kernel once."""
    with worktrees.locked(git):
        return mounting.works(layers.graves)


def serves(git: Git, layers: Layers, commit: str, tree: str) -> bool:
    """Tell whether a worktree of `commit` could lie on a lower that is there."""
    return any(_distance(git, one, tree, commit) is not None for one in _children(layers.lowers))


def prepare(git: Git, layers: Layers, path: Path, commit: str, tree: str) -> Worktree:
    """Return the worktree at `path`, holding exactly `commit`, as a new overlay.

    `tree` is that of the commit. What was at `path` goes. Raises OSError where the kernel does not
    lay it after all; then there is no worktree.
    """
    path = worktrees.resolved(path)
    with worktrees.locked(git):
        discard(git, layers, path)
        lower = _lower(git, layers, tree, commit)
        own = _begin(layers, path, lower)
        path.parent.mkdir(parents=True, exist_ok=True)
        directory = worktrees.register(git, path, commit)
        # The pointer lies below the mount too, so that git finds the folder when it is gone.
        shutil.copyfile(path / ".git", own / "upper/.git")
        shutil.copyfile(lower / "index", directory / "index")
        try:
            _mount(layers, path)
        except OSError:
            discard(git, layers, path)
            raise
    if _tree(lower) != tree:
        _bring(git, path, directory, _tree(lower), commit)
    return Worktree(path, directory)


def _bring(git: Git, path: Path, directory: Path, tree: str, commit: str) -> None:
    """Bring a new overlay from `tree` to `commit`, by the files alone that differ."""
    try:
        git.bytes("read-tree", "-m", "-u", tree, commit, directory=directory, work_tree=path,
                  extra=WHOLE)  # fmt: skip
    except GitError:
        worktrees.reset(git, path, directory, commit)


def find(git: Git, layers: Layers, path: Path) -> Worktree | None:
    """Return the worktree at `path` as it stands, mounted again where it has to be, or None.

    Raises RefusedError where its work lies in the upper folder and cannot be shown.
    """
    path = worktrees.resolved(path)
    if layers.upper(path).is_dir() and not mounting.is_laid(path):
        with worktrees.locked(git):
            revive(layers, path)
    return worktrees.find(git, path)


def revive(layers: Layers, path: Path) -> None:
    """Mount the overlay of `path` where it is not mounted. The lock is held. See `find`."""
    own = layers.upper(path)
    if not own.is_dir() or mounting.is_laid(path):
        return
    strange = [one for one in path.iterdir() if one.name != ".git"] if path.is_dir() else []
    if strange:
        raise RefusedError(
            f"the work of {path.name} lies in {own / 'upper'}, and {path} is not empty",
            hint=f"move what lies in {path} elsewhere",
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        _mount(layers, path)
    except OSError as error:
        raise RefusedError(
            f"the work of {path.name} lies in {own / 'upper'} and cannot be mounted: {error}",
            hint="run accord as the user who began it, with the right to mount",
        ) from error


def revive_all(git: Git, layers: Layers, folder: Path) -> None:
    """Mount again what the start of the machine took off of the worktrees in `folder`.

    What cannot be is said by whoever asks for it (`find`).
    """
    gone = [one.name for one in _children(layers.uppers) if not mounting.is_laid(folder / one.name)]
    if gone:
        with worktrees.locked(git):
            for name in gone:
                with suppress(RefusedError):
                    revive(layers, folder / name)


def discard(git: Git, layers: Layers, path: Path) -> None:
    """Take away the worktree at `path` and its layer, if there is one. The lock is held.

    The mount goes first, the layer later in one step. A kill in between leaves it whole, or gone,
    and never an empty folder that looks as if all had been deleted.
    """
    worktrees.erase(path)
    if (own := layers.upper(path)).is_dir():
        bury(layers, own)
    worktrees.forget(git, path)


def bury(layers: Layers, folder: Path) -> None:
    """Delete a folder of the layers: moved aside in one step, so that nobody finds half of it."""
    layers.graves.mkdir(parents=True, exist_ok=True)
    grave = layers.graves / f"{folder.name}-{secrets.token_hex(8)}"
    folder.rename(grave)
    worktrees.erase(grave)


def ground(git: Git, layers: Layers, path: Path) -> Ground | None:
    """Return what the worktree at `path` lies on, or None where it is no overlay."""
    own = layers.upper(worktrees.resolved(path))
    if not own.is_dir():
        return None
    lower = layers.lowers / (own / "lower").read_text()
    said = git.bytes("ls-files", "-s", "-z", extra=_index(lower))
    entries = {}
    for line in said.decode(errors="surrogateescape").split("\0"):
        facts, _, file = line.partition("\t")
        if file:
            mode, oid, _ = facts.split(" ")
            entries[file] = Entry(mode, oid)
    return Ground(lower / "files", entries)


def lowers(layers: Layers) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the lowers that some worktree lies on, and those that none does, the oldest first."""
    names = {(one / "lower").read_text() for one in _children(layers.uppers)}
    mounted = " ".join(one.options for one in mounting.listed() if one.ours)
    found = list(_children(layers.lowers))
    used = [one for one in found if one.name in names or f"{one}/files" in mounted]
    idle = [one for one in found if one not in used]
    return tuple(used), tuple(sorted(idle, key=lambda one: one.stat().st_mtime_ns))


def _mount(layers: Layers, path: Path) -> None:
    own = layers.upper(path)
    lower = layers.lowers / (own / "lower").read_text()
    mounting.lay(lower / "files", own / "upper", own / "work", path)


def _begin(layers: Layers, path: Path, lower: Path) -> Path:
    """Make the layer of `path` on `lower`: whole or not at all."""
    own = layers.upper(path)
    part = own.with_name(f".{path.name}")
    worktrees.erase(part)
    for name in ("upper", "work"):
        (part / name).mkdir(parents=True)
    (part / "lower").write_text(lower.name)
    part.rename(own)
    return own


def _lower(git: Git, layers: Layers, tree: str, commit: str) -> Path:
    """Return the lower that serves `commit` best, a new one where none does. The lock is held."""
    near = [(far, one) for one in _children(layers.lowers)
            if (far := _distance(git, one, tree, commit)) is not None]  # fmt: skip
    if not near:
        _reap(layers)
        return _write(git, layers, tree, commit)
    found = min(near)[1]
    os.utime(found)  # used last
    return found


def _distance(git: Git, lower: Path, tree: str, commit: str) -> int | None:
    """Return in how many files `lower` differs from `commit`; None where it does not serve."""
    if not _is_whole(git, lower):
        return None
    if _tree(lower) == tree:
        return 0
    try:
        said = git.bytes("diff-index", "--cached", "--name-only", "-z", "--no-renames", commit,
                         "--", extra=_index(lower))  # fmt: skip
    except GitError:  # its objects are gone
        return None
    # The number of entries stands in the header of the index (gitformat-index).
    files = int.from_bytes((lower / "index").read_bytes()[8:12])
    number = said.count(b"\0")
    return number if number * FEW < files else None


def _write(git: Git, layers: Layers, tree: str, commit: str) -> Path:
    """Write the files of `commit` and an index of them; moved to their place when all is there."""
    part = layers.lowers / f".{tree}"
    worktrees.erase(part)
    (part / "files").mkdir(parents=True)
    git.bytes("read-tree", "--reset", "-u", commit, extra=_index(part), work_tree=part / "files")
    (part / "boot").write_text(_boot())
    # One that is not whole any more stays for those that lie on it.
    names = (f"{tree}.{number}" for number in count())
    lower = next(one for name in names if not (one := layers.lowers / name).exists())
    part.rename(lower)
    return lower


def _tree(lower: Path) -> str:
    return lower.name.partition(".")[0]


def _is_whole(git: Git, lower: Path) -> bool:
    """Tell whether the files are as they were written; asked once after each start of the machine.

    A power cut may take what was not on the disk yet.
    """
    boot = lower / "boot"
    if boot.read_text() != _boot():
        try:
            git.bytes("diff-files", "--quiet", extra=_index(lower), work_tree=lower / "files")
        except GitError:
            return False
        boot.write_text(_boot())
    return True


def _boot() -> str:
    return _BOOT.read_text() if _BOOT.exists() else ""


def _reap(layers: Layers) -> None:
    """Delete lowers that nobody needs, to make place for one, and what was cut off."""
    for part in (*layers.lowers.glob(".*"), *layers.uppers.glob(".*")):
        worktrees.erase(part)
    idle = lowers(layers)[1]
    for one in idle[: max(0, len(idle) + 1 - IDLE)]:
        bury(layers, one)


def _index(lower: Path) -> dict[str, str]:
    return {**WHOLE, "GIT_INDEX_FILE": str(lower / "index")}


def _children(folder: Path) -> Iterator[Path]:
    """Yield what is whole in `folder`; what is being made has a dot before its name."""
    if folder.is_dir():
        yield from sorted(one for one in folder.iterdir() if not one.name.startswith("."))
