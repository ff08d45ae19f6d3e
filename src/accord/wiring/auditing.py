"""Check a range of commits in a plain clone: no state folder, no key, no branch is needed."""

import re
from pathlib import Path

from accord.app.auditing import Audit, audit, basis
from accord.errors import ConfigurationError
from accord.git import commits
from accord.git.locate import check_version, locate
from accord.git.repo import GitRepo
from accord.git.run import Git

_STEPS = re.compile(r"[~^:]|@\{")  # what follows a name in gitrevisions(7)
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def check_range(start: Path, base: str, root: str) -> Audit:
    """Return what may not land of the commits that HEAD has and the ref `base` has not.

    `root` is the sha256 of version 1 of the trust file, or empty. Raises ConfigurationError for a
    ref that is missing or could be two, a clone without its history and a digest that is none,
    and what `auditing.basis` raises.
    """
    check_version()
    place = locate(start, detached=True)
    git = Git(place.common)
    repo = GitRepo(git, place.common)  # it makes no worktrees, so it needs no state
    try:
        commit = resolved(git, repo, base)
        refuse_shallow(git)
        found = commits.between(git, commit, place.head)
        if found and not git.succeeds("merge-base", commit, place.head):
            raise ConfigurationError(
                f"HEAD and {base} have no commit in common", hint="name the base of this branch"
            )
        return audit(repo, basis(repo, commit, found, root=digest(root)), place.head, found)
    finally:
        repo.close()


def resolved(git: Git, repo: GitRepo, base: str) -> str:
    """Return the commit of the ref `base`. Raises ConfigurationError for none, and for two."""
    # Git prefers a tag to a branch of the same name, and whoever may push could push a tag.
    name = _STEPS.split(base, maxsplit=1)[0]
    meant = commits.meanings(git, name)
    if len(meant) > 1:
        raise ConfigurationError(
            f"{name} could be {' or '.join(meant)}", hint=f"name it in full: --base {meant[-1]}"
        )
    full = f"{meant[0]}{base.removeprefix(name)}" if meant else base
    missing = not name.strip() or (name.startswith("refs/") and not meant)
    commit = "" if missing else repo.resolve(full)
    if not commit:
        raise ConfigurationError(
            f"there is no commit {base or 'without a name'} in this clone",
            hint="git fetch origin, or name another: --base origin/main",
        )
    return commit


def refuse_shallow(git: Git) -> None:
    """Raise ConfigurationError where the history is cut off."""
    if commits.is_shallow(git):
        raise ConfigurationError(
            "this clone is shallow, so what was agreed before cannot be seen",
            hint="git fetch --unshallow, or fetch-depth: 0 for actions/checkout",
        )


def digest(root: str) -> str:
    """Return the 64 hex digits of a pinned root, or ''. Raises ConfigurationError for others."""
    found = _DIGEST.fullmatch(root.strip())
    if root.strip() and found is None:
        raise ConfigurationError(
            "the pinned root is no sha256 digest", hint="--root sha256:, then 64 hex digits"
        )
    return found[1] if found else ""
