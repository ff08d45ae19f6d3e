"""Overlays as tests look at them: what is mounted, what lies below, a start of the machine."""

from pathlib import Path

from accord.git import mounting
from accord.git.repo import GitRepo
from gitrepo import AUTHOR

ALL = ("**",)


def mounted(repo: GitRepo) -> list[str]:
    return sorted(one.path.name for one in mounting.listed()
                  if one.ours and repo.room.used in one.path.parents)  # fmt: skip


def lowers(repo: GitRepo) -> list[Path]:
    return sorted(repo.room.layers.lowers.iterdir())


def reboot(repo: GitRepo) -> None:
    """Do what the start of a machine does to mounts."""
    for one in mounting.listed():
        if one.ours and repo.room.used in one.path.parents:
            mounting.take_off(one.path)


def taken(repo: GitRepo, base: str, key: str = "T1") -> dict[str, bytes]:
    """Return all that a harvest finds changed, with the bytes that it holds."""
    found = repo.harvest(key, base, ALL, message="Do\n", author=AUTHOR)
    if not found.commit:
        return {}
    return {path: repo.read(found.commit, path) or b"" for path in found.changed}
