"""Take an agent's work out of its worktree: only what it was allowed to change, nothing lost.

The agent commits nothing. Its files are added by a trusted git directory to an index of Accord's
own; what lies outside its area is put back to the base and named, and the whole worktree is kept
as a snapshot all the same.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from accord.core import paths, protected
from accord.core.cones import Cone
from accord.core.hidden import find as find_hidden
from accord.core.ports import Entry, FileChange, Harvest
from accord.git import screening
from accord.git.objects import changed, commit_tree, scratch_index, store, write_entries
from accord.git.overlays import Ground
from accord.git.run import Git, GitError
from accord.git.view import RULES, View, imitates_git, view
from accord.git.worktrees import Worktree

SYMLINK, SUBMODULE = "120000", "160000"


def harvest(
    git: Git, worktree: Worktree, base: str, allowed: Sequence[str], *, message: str, author: str,
    ground: Ground | None = None, cone: Cone | None = None,
) -> Harvest:  # fmt: skip
    """Return the agent's work in `worktree` as a commit on `base`; see Harvest.

    `allowed` are gitignore-style patterns. Refused are paths outside them, protected paths,
    names that imitate `.git` or another name, links that leave the worktree, special files,
    submodules, what is too large and what holds a secret; a new executable bit is left out.
    What is ignored is decided by the rules of `base`, never by those that the agent wrote.
    `ground` is what an overlay lies on, `cone` what is in a sparse worktree: a file that was never
    there is not one that was deleted.
    Raises RefusedError where an object in the repository was swapped.
    """
    with view(git, worktree.path, base, ground) as seen, scratch_index(git) as extra:
        if cone is not None:
            seen.untouched.update(_missing(seen, cone))
        whole = _whole(git, worktree.path, seen, base, extra)
        changes = changed(git, base, whole)
        parked = _parked(git, worktree.path, seen, changes, allowed)
        back = [
            one.path for one in changes if one.path in parked or _is_within(one.path, seen.refused)
        ]
        left = [one for one in changes if one.path not in parked]
        bits = screening.newly_executable(seen.base, left, allowed)
        write_entries(git, dict.fromkeys(back), extra)
        write_entries(git, {path: seen.base[path] for path in back if path in seen.base}, extra)
        plain = {one.path: Entry(screening.PLAIN, one.id) for one in bits if one.path not in back}
        write_entries(git, plain, extra)
        tree = git.text("write-tree", extra=extra)
    kept = tuple(one.path for one in changed(git, base, tree))
    settled = {*kept, *back, *plain}
    parked |= dict.fromkeys(plain, screening.BIT)
    for one in changes:
        if one.path not in settled:
            parked[one.path] = "it stands where something else must stay"
    commit = snapshot = ""
    if kept:
        commit = commit_tree(git, tree, [base], message, author)
    if changes:
        snapshot = commit_tree(git, whole, [base], f"Snapshot\n\n{message}", author)
    return Harvest(commit, kept, tuple(sorted(parked.items())), snapshot)


def _missing(seen: View, cone: Cone) -> Iterator[str]:
    """Yield what the base has outside of `cone`, as long as nothing was put in its way."""
    met = seen.files | seen.rules | set(seen.refused)
    taken = {str(above) for path in met for above in PurePosixPath(path).parents}
    for path in seen.base:
        above = {path, *map(str, PurePosixPath(path).parents)}
        if not cone.holds(path) and not met & above and path not in taken:
            yield path


def _parked(
    git: Git, root: Path, seen: View, changes: Sequence[FileChange], allowed: Sequence[str]
) -> dict[str, str]:
    """Map what is left out to the reason: first by its place, then by what is in it."""
    parked = dict(seen.refused)
    for one in changes:
        if reason := _reason(root, seen, one, allowed):
            parked.setdefault(one.path, reason)
    left = [one for one in changes if one.path not in parked]
    parked |= screening.screened(git, seen.base, left)
    left = [one for one in left if one.path not in parked]
    return parked | dict(screening.alike(seen.base, left))


def _whole(git: Git, root: Path, seen: View, base: str, extra: Mapping[str, str]) -> str:
    """Return the tree of everything in the view and the agent's own rule files."""
    options = {"extra": extra, "work_tree": seen.path}
    git.bytes("read-tree", base, extra=extra)
    submodules = [path for path, entry in seen.base.items() if entry.mode == SUBMODULE]
    write_entries(git, dict.fromkeys(submodules), extra)
    try:
        git.bytes("add", "-A", "--ignore-errors", "--", ".", **options)  # type: ignore[arg-type] # as bytes() wants
    except GitError as error:
        if error.status != 1:
            raise
    left = git.bytes("ls-files", "-o", "-z", "--exclude-standard", **options)  # type: ignore[arg-type]
    for path in left.decode(errors="surrogateescape").split("\0"):
        if path and path not in seen.base:
            seen.refused[path] = "git refuses its name"
    rules: dict[str, Entry | None] = {
        path: None for path in seen.base if PurePosixPath(path).name in RULES
    }
    for path in seen.rules:
        rules[path] = _rule(git, root / path, path, seen)
    kept = {path: seen.base[path] for path in submodules if not _is_used(path, seen)}
    kept |= {path: seen.base[path] for path in seen.untouched}
    write_entries(git, rules | kept, extra)
    return git.text("write-tree", extra=extra)


def _rule(git: Git, place: Path, path: str, seen: View) -> Entry:
    """Keep one of the agent's rule files, turned into a blob by the rules of the base."""
    if place.is_symlink():
        return Entry(SYMLINK, store(git, os.fsencode(place.readlink())))
    mode = "100755" if os.access(place, os.X_OK) else "100644"
    said = git.text("hash-object", "-w", "--stdin", f"--path={path}", feed=place.read_bytes(),
                    work_tree=seen.path)  # fmt: skip
    return Entry(mode, said)


def _is_used(submodule: str, seen: View) -> bool:
    return any(_is_within(path, (submodule,)) for path in seen.files | seen.rules)


def _is_within(path: str, folders: Mapping[str, str] | Sequence[str]) -> bool:
    return path in folders or any(str(above) in folders for above in PurePosixPath(path).parents)


def _reason(root: Path, seen: View, one: FileChange, allowed: Sequence[str]) -> str:
    """Return why this change may not be committed, or an empty string."""
    path = one.path
    above = (path, *map(str, PurePosixPath(path).parents))
    if any(each in seen.base and seen.base[each].mode == SUBMODULE for each in above):
        return "it belongs to a submodule"
    if steers := protected.is_protected(path, allowed):
        return steers
    if paths.outside([path], allowed):
        return "it is outside the paths that were agreed"
    if not one.id:
        return ""
    if doubts := [seen.doubted[each] for each in above if each in seen.doubted]:
        return doubts[0]
    if "\n" in path or any(True for _ in find_hidden(path)):
        return "its name holds hidden characters"
    if not path.isprintable():
        return "its name is not text"
    if one.mode == SYMLINK and not _stays_inside(root, path):
        return "it is a link that leaves the repository"
    return ""


def _stays_inside(root: Path, path: str) -> bool:
    target = (root / path).readlink()
    written = os.path.normpath(Path(path).parent / target)
    if target.is_absolute() or written.split("/")[0] == "..":
        return False
    # On the way it may pass other links, which a look at the words alone does not see.
    top = os.path.realpath(root)
    real = os.path.relpath(os.path.realpath(root / path), top)
    return not any(one.split("/")[0] == ".." or imitates_git(one.split("/")[0])
                   for one in (written, real))  # fmt: skip
