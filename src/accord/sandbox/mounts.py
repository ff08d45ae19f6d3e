"""Where a worktree may be written: what the walls ask for, as folders that really lie in it.

Names in walls may pass through links that somebody put into the repository, so every one of them
is followed to its end first, and what ends outside of the worktree is not opened for writing.
"""

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

from attrs import frozen

from accord.core.ports import Walls
from accord.errors import ConfigurationError, RefusedError

POINTER = ".git"


@frozen
class Plan:
    """The worktree's folder and absolute paths in it, each list from the outside to the inside.

    `pinned` are the folders above protected paths: once something is mounted at them they can
    no longer be renamed, and with them what lies below.
    """

    workdir: str
    writable: tuple[str, ...]
    pinned: tuple[str, ...]
    protected: tuple[str, ...]


def plan(walls: Walls) -> Plan:
    """Return where `walls` can be built; makes what is absent, as empty folders that git ignores.

    Something has to be there for a mount to cover it. An empty folder stands for a file as well:
    nothing can be written at its name, and git and a harvest do not see it (see `tidy`). Raises
    ConfigurationError for a folder that is not there or a name that is no path in it, RefusedError
    for a writable path that leads out of it.
    """
    root = Path(walls.workdir)
    if not root.is_absolute() or not root.is_dir():
        raise ConfigurationError(f"there is no folder {walls.workdir!r} to work in")
    writable = [_inside(root, name) for name in walls.writable]
    for name, path in zip(walls.writable, writable, strict=True):
        if path is None:
            raise RefusedError(f"{name!r} leads out of {root} and is not opened for writing")
    opened = _outermost([path for path in writable if path is not None])
    for path in opened:
        if not os.path.lexists(path):
            path.mkdir(parents=True)
    held = _outermost([
        path for path in _protected(root, walls) if any(path.is_relative_to(one) for one in opened)
    ])  # fmt: skip
    pinned: set[Path] = set()
    for path in held:
        if not os.path.lexists(path):
            path.mkdir(parents=True, exist_ok=True)
        above = {one for one in path.parents if any(one.is_relative_to(top) for top in opened)}
        pinned |= above - set(opened) - {root}
    return Plan(str(root), _words(opened), _words(pinned), _words(held))


def tidy(walls: Walls) -> None:
    """Remove the empty folders that `plan` made for `walls`, once nothing runs behind them."""
    root = Path(walls.workdir)
    for path in _protected(root, walls):
        _remove_empty(path, root)


def _remove_empty(path: Path, root: Path) -> None:
    with suppress(OSError):  # not empty, not a folder, not there: it was not made for a mount
        for one in (path, *path.parents):
            if one == root:
                return
            one.rmdir()


def _protected(root: Path, walls: Walls) -> list[Path]:
    found = [path for name in walls.protected if (path := _inside(root, name)) is not None]
    pointer = root / POINTER
    if os.path.lexists(pointer) and not pointer.is_symlink():
        found.append(pointer)
    return found


def _inside(root: Path, name: str) -> Path | None:
    """Return where `name` really ends, as a path in `root`, or None where that is outside.

    Raises ConfigurationError for what is not the name of anything in a folder.
    """
    pure = PurePosixPath(name)
    if not name or pure.is_absolute() or ".." in pure.parts or "\0" in name:
        raise ConfigurationError(f"{name!r} is not a path in the worktree")
    real = Path(os.path.realpath(root))
    end = Path(os.path.realpath(real / pure))
    return root / end.relative_to(real) if end.is_relative_to(real) else None


def _outermost(paths: list[Path]) -> list[Path]:
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda one: len(one.parts)):
        if not any(path.is_relative_to(one) for one in kept):
            kept.append(path)
    return kept


def _words(paths: "set[Path] | list[Path]") -> tuple[str, ...]:
    return tuple(str(one) for one in sorted(paths, key=lambda one: (len(one.parts), one)))
