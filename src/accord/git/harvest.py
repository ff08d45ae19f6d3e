"""Take an agent's work out of its worktree: only what it was allowed to change, nothing lost.

The agent commits nothing. Its files are added by a trusted git directory to an index of Accord's
own; what lies outside its area is put back to the base and named, and the whole worktree is kept
as a snapshot all the same.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from accord.core import paths
from accord.core.hidden import find as find_hidden
from accord.core.ports import FileChange, Harvest
from accord.git.objects import MISSING, changed, commit_tree, scratch_index
from accord.git.run import Git
from accord.git.worktrees import Worktree

SYMLINK, SUBMODULE, DELETED = "120000", "160000", "000000"


def harvest(
    git: Git, worktree: Worktree, base: str, allowed: Sequence[str], *, message: str, author: str
) -> Harvest:
    """Return the agent's work in `worktree` as a commit on `base`; see Harvest.

    `allowed` are gitignore-style patterns. Refused are paths outside them, protected paths,
    names that imitate `.git`, links that leave the worktree, special files and submodules.
    """
    strange = dict(_strange(worktree.path))
    options = {"directory": worktree.directory, "work_tree": worktree.path}
    with scratch_index(git) as extra:
        git.bytes("read-tree", base, extra=extra)
        skipped = [f":(exclude,literal){path}" for path in strange]
        git.bytes("add", "-A", "--", ".", *skipped, extra=extra, **options)  # type: ignore[arg-type] # both are paths
        whole = git.text("write-tree", extra=extra)
        changes = changed(git, base, whole)
        parked = dict(_refused(worktree.path, changes, allowed)) | strange
        tree = _without(git, base, changes, parked, extra)
    kept = tuple(one.path for one in changes if one.path not in parked)
    commit = snapshot = ""
    if kept:
        commit = commit_tree(git, tree, [base], message, author)
    if changes:
        snapshot = commit_tree(git, whole, [base], f"Snapshot\n\n{message}", author)
    return Harvest(commit, kept, tuple(sorted(parked.items())), snapshot)


def _without(
    git: Git,
    base: str,
    changes: Sequence[FileChange],
    parked: dict[str, str],
    extra: dict[str, str],
) -> str:
    """Return the tree of the index with every parked path as it is in `base`."""
    back = [one.path for one in changes if one.path in parked]
    if back:
        lines = [f"0 {MISSING}\t{path}\0" for path in back]
        listed = git.bytes("ls-tree", "-r", "-z", "--full-tree", base, "--", *back)
        for entry in listed.decode(errors="surrogateescape").split("\0"):
            if entry:
                facts, _, path = entry.partition("\t")
                mode, _, oid = facts.split(" ")
                lines.append(f"{mode} {oid}\t{path}\0")
        feed = "".join(lines).encode(errors="surrogateescape")
        git.bytes("update-index", "-z", "--index-info", feed=feed, extra=extra)
    return git.text("write-tree", extra=extra)


def _refused(
    root: Path, changes: Sequence[FileChange], allowed: Sequence[str]
) -> Iterator[tuple[str, str]]:
    strangers = set(paths.outside([one.path for one in changes], allowed))
    for one in changes:
        if one.mode == SUBMODULE:
            yield one.path, "it is a repository inside the repository"
        elif paths.is_protected(one.path, allowed):
            yield one.path, "it is protected: it steers Accord, an agent, an editor or the CI"
        elif one.path in strangers:
            yield one.path, "it is outside the paths that were agreed"
        elif one.mode == SYMLINK and not _stays_inside(root, one.path):
            yield one.path, "it is a link that leaves the repository"


def _stays_inside(root: Path, path: str) -> bool:
    target = (root / path).readlink()
    if target.is_absolute():
        return False
    joined = os.path.normpath(Path(path).parent / target)
    return joined != ".." and not joined.startswith("../")


def _strange(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what git must not even look at: its path from the root, and what is wrong with it."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        at_top = here == root
        for name in [*names, *files]:
            path = (here / name).relative_to(root).as_posix()
            reason = "" if at_top and name == ".git" else _fault(here / name, name)
            if reason:
                yield path, reason
                if name in names:
                    names.remove(name)


def _fault(path: Path, name: str) -> str:
    if _imitates_git(name):
        return "its name imitates git's own folder"
    if any(True for _ in find_hidden(name)) or "\n" in name:
        return "its name holds hidden characters"
    facts = path.lstat()
    if stat.S_ISREG(facts.st_mode):
        return "it is a hard link" if facts.st_nlink > 1 else ""
    if stat.S_ISLNK(facts.st_mode) or stat.S_ISDIR(facts.st_mode):
        return ""
    return "it is a device, a pipe or a socket"


def _imitates_git(name: str) -> bool:
    plain = "".join(
        c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf"
    )
    plain = plain.rstrip(". ").lower()
    return plain in (".git", "git~1")
