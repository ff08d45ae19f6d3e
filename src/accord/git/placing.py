"""Which kind of worktree is made: an overlay, a sparse one, or a plain one from the pool."""

from pathlib import Path

from attrs import frozen

from accord.core.cones import Cone, Kind, Want, cone
from accord.git import overlays, reaping, sparse, worktrees
from accord.git.objects import listing
from accord.git.reaping import Room
from accord.git.run import Git
from accord.git.worktrees import Worktree

MANY = 2000
"""From how many files on an overlay is worth its mount, where nobody said what is wanted."""


@frozen
class Rules:
    """What the team decided: how worktrees come to their files, and what a sparse one has."""

    kind: Kind = Kind.AUTO
    include: tuple[str, ...] = ()


def provide(
    git: Git, room: Room, path: Path, commit: str, tree: str, want: Want, rules: Rules
) -> Worktree:
    """Return the worktree at `path` at `commit` (of `tree`), made as `rules` say.

    An agent's is an overlay only where the kernel lets this process mount one. Raises RefusedError
    where there is no room.
    """
    path = worktrees.resolved(path)
    on_top = _is_on_top(git, room, commit, want, rules)
    light = on_top and room.quota > 0 and overlays.serves(git, room.layers, commit, tree)
    narrow = _cone(git, commit, want, rules)
    anew = on_top or narrow is not None
    reaping.make(git, room, path, commit, light=light, anew=anew)
    if on_top:
        try:
            return overlays.prepare(git, room.layers, path, commit, tree)
        except OSError:
            pass  # here the kernel does not after all, and nothing is left of the attempt
    if narrow is not None:
        _discard(git, room, path)
        return sparse.prepare(git, path, commit, narrow)
    if not _is_plain(git, room, path):
        _discard(git, room, path)
    return worktrees.prepare(git, path, commit, room.pool)


def find(git: Git, room: Room, path: Path) -> Worktree | None:
    """Return the worktree at `path` as it was left, or None. See `overlays.find`."""
    return overlays.find(git, room.layers, path)


def adopt(git: Git, room: Room, path: Path, base: str) -> Worktree | None:
    """Do as `find`, and have git know a folder of `base` again that it forgot."""
    return find(git, room, path) or worktrees.adopt(git, path, base)


def drop(git: Git, room: Room, path: Path) -> None:
    """Take the worktree at `path` away; a plain one goes into the pool."""
    path = worktrees.resolved(path)
    if _is_plain(git, room, path):
        worktrees.retire(git, path, room.pool)
    else:
        _discard(git, room, path)
    reaping.trim(git, room)


def _is_on_top(git: Git, room: Room, commit: str, want: Want, rules: Rules) -> bool:
    if want.lasting or rules.kind not in (Kind.AUTO, Kind.OVERLAY):
        return False
    if not overlays.possible(git, room.layers):
        return False
    return rules.kind is Kind.OVERLAY or len(listing(git, commit)) >= MANY


def _cone(git: Git, commit: str, want: Want, rules: Rules) -> Cone | None:
    if rules.kind is not Kind.SPARSE or want.lasting or not want.claims:
        return None
    return cone(want.claims, rules.include, tuple(listing(git, commit)))


def _is_plain(git: Git, room: Room, path: Path) -> bool:
    directory = worktrees.registered(git).get(path)
    narrow = directory is not None and sparse.cone(directory) is not None
    return not (narrow or room.layers.upper(path).is_dir())


def _discard(git: Git, room: Room, path: Path) -> None:
    with worktrees.locked(git):
        overlays.discard(git, room.layers, path)
