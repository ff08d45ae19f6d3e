"""Merge in the object store, with conflicts resolved where that takes no judgement."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from accord.core import paths
from accord.core.keeping import Merge
from accord.core.ports import Entry
from accord.git import objects
from accord.git.objects import REGULAR, listing, scratch_index, store, write_entries
from accord.git.run import Git


def merge(git: Git, ours: str, theirs: str, union: Sequence[str] = ()) -> Merge:
    """Merge two commits as git does; then take both sides of what conflicts in `union` paths.

    `union` holds patterns of files where every line of both sides belongs (a changelog). Only a
    file that is a regular one on both sides is resolved so; the paths of the rest are named.
    """
    found = objects.merge(git, ours, theirs)
    wanted = [path for path in found.conflicts if paths.matches(path, union)]
    if not wanted:
        return found
    base = git.text("merge-base", ours, theirs)
    sides = [listing(git, commit) for commit in (ours, base, theirs)]
    done: dict[str, Entry | None] = {}
    for path in wanted:
        mine, before, other = (side.get(path) for side in sides)
        if mine is None or other is None or not {mine.mode, other.mode} <= set(REGULAR):
            continue
        if mine.mode != other.mode or (before is not None and before.mode not in REGULAR):
            continue
        data = _union(git, mine, before, other)
        if data is not None:
            done[path] = Entry(mine.mode, store(git, data))
    if not done:
        return found
    with scratch_index(git) as extra:
        git.bytes("read-tree", found.tree, extra=extra)
        write_entries(git, done, extra)
        tree = git.text("write-tree", extra=extra)
    return found.with_resolved(tree, done)


def _union(git: Git, mine: Entry, before: Entry | None, other: Entry) -> bytes | None:
    """Return the lines of both sides, or None for what is not text."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, entry in enumerate((mine, before, other)):
            data = git.bytes("cat-file", "blob", entry.id) if entry is not None else b""
            if b"\0" in data:
                return None
            path = Path(folder, str(number))
            path.write_bytes(data)
            names.append(str(path))
        return git.bytes("merge-file", "-p", "--union", "--", *names)
