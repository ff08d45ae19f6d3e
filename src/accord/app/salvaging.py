"""Snapshots of agents' work: taken while they work, listed, and brought back. Nothing is deleted.

A snapshot is a commit of everything that lay in a worktree, under a ref of Accord's own; what was
refused of it, or set aside, is in it too.
"""

import re
from pathlib import Path

from attrs import frozen

from accord.app.workplaces import WIP, build_key, draft_key
from accord.app.workshop import CHANGES, Workshop
from accord.core.reconcile import Build, Draft
from accord.errors import ConfigurationError, RefusedError

_BRANCH = re.compile(r"(?!.*(?:\.\.|//|\.lock$|/$|/\.))[A-Za-z0-9][\w./-]*")


@frozen
class Snapshot:
    """One snapshot: its name, its commit, the commit that it was made on, what differs there."""

    name: str
    commit: str
    base: str
    files: tuple[str, ...]


def snapshots(workshop: Workshop, change: str = "") -> tuple[Snapshot, ...]:
    """Return every snapshot (of `change`), by name."""
    prefix = f"{WIP}/{change}/" if change else f"{WIP}/"
    found = workshop.repo.refs(prefix)
    return tuple(_snapshot(workshop, ref, commit) for ref, commit in sorted(found.items()))


def restore(workshop: Workshop, name: str, *, folder: Path | None, branch: str) -> Snapshot:
    """Write the snapshot `name` into `folder`, or make `branch` at it; return it.

    Raises ConfigurationError for a name that is not there, and RefusedError where the folder has
    something in it or the branch exists.
    """
    commit = workshop.repo.refs(f"{WIP}/{name}").get(f"{WIP}/{name}", "")
    if not commit:
        raise ConfigurationError(f"there is no snapshot {name}", hint="accord salvage")
    if folder is not None:
        if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
            raise RefusedError(f"{folder} is not empty", hint="name a folder that is not there")
        workshop.repo.export(commit, str(folder))
    if branch:
        if not _BRANCH.fullmatch(branch) or f"refs/heads/{branch}".startswith(CHANGES):
            raise ConfigurationError(
                f"a snapshot cannot be the branch {branch!r}", hint="--branch salvaged"
            )
        ref = f"refs/heads/{branch}"
        if workshop.repo.resolve(ref):
            raise RefusedError(f"the branch {branch} exists", hint="name another one")
        workshop.move("salvage", name.split("/", maxsplit=1)[0], ref, commit, "", detail=name)
    return _snapshot(workshop, f"{WIP}/{name}", commit)


def look_in(workshop: Workshop, action: Draft | Build, number: int) -> str:
    """Keep what an agent has written so far in round `number`; return the ref, or ''.

    The worktree is only read. Nothing is kept where nothing differs from the last snapshot of
    the round, whose tree is compared.
    """
    base = workshop.journal.noted(f"base/{action.id}").get(f"base/{action.id}")
    if base is None:
        return ""
    key = draft_key(action) if isinstance(action, Draft) else build_key(action.change, action.task)
    harvest = workshop.repo.harvest(
        key, str(base["commit"]), (), message=f"{action.id}/{number} at work\n",
        author=workshop.author,
    )  # fmt: skip
    if not harvest.snapshot:
        return ""
    subject = action.stage if isinstance(action, Draft) else action.task
    prefix = f"{WIP}/{action.change}/{subject}/{action.number}-{number}."
    folder = prefix.rpartition("/")[0]
    before = {ref: commit for ref, commit in workshop.repo.refs(f"{folder}/").items()
              if ref.startswith(prefix)}  # fmt: skip
    count = max((int(ref.removeprefix(prefix)) for ref in before), default=0)
    last = before.get(f"{prefix}{count:04}", "")
    if last and workshop.repo.tree(last) == workshop.repo.tree(harvest.snapshot):
        return ""
    ref = f"{prefix}{count + 1:04}"
    workshop.repo.move(ref, harvest.snapshot, "", "snapshot")
    return ref


def _snapshot(workshop: Workshop, ref: str, commit: str) -> Snapshot:
    base = workshop.repo.resolve(f"{commit}^")
    changes = workshop.repo.changed(base, commit) if base else ()
    return Snapshot(ref.removeprefix(f"{WIP}/"), commit, base, tuple(one.path for one in changes))


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
