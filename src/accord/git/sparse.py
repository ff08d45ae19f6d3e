"""Worktrees in which only some folders of a large repository are.

The files that are not there keep a bit in git's index (skip-worktree), so that they do not look
deleted. What the cone is lies in the git directory of the worktree, where no agent writes.
"""

import json
from pathlib import Path

from accord.core.cones import Cone
from accord.git import worktrees
from accord.git.run import Git
from accord.git.worktrees import Worktree

CONE = "accord-cone"

# The person's own configuration stays as it is: git is told for these calls alone.
_NARROW = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "core.sparseCheckout",
    "GIT_CONFIG_VALUE_0": "true",
    "GIT_CONFIG_KEY_1": "core.sparseCheckoutCone",
    "GIT_CONFIG_VALUE_1": "true",
}


def prepare(git: Git, path: Path, commit: str, cone: Cone) -> Worktree:
    """Return the worktree at `path`, made anew, with what `cone` holds of `commit`."""
    path = worktrees.resolved(path)
    with worktrees.locked(git):
        worktrees.forget(git, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        directory = worktrees.register(git, path, commit)
        (directory / "info").mkdir(exist_ok=True)
        (directory / CONE).write_text(json.dumps(cone.folders))
        (directory / "info/sparse-checkout").write_text(cone.patterns(), errors="surrogateescape")
    git.bytes("reset", "-q", "--hard", commit, directory=directory, work_tree=path, extra=_NARROW)
    return Worktree(path, directory)


def cone(directory: Path) -> Cone | None:
    """Return what is in the worktree of this git directory, or None where everything is."""
    file = directory / CONE
    return Cone(tuple(json.loads(file.read_text()))) if file.is_file() else None
