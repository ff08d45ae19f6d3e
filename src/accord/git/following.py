"""The checkouts of the person: where each branch is, and how its files follow it."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from accord.core.ports import FileChange
from accord.git.objects import changed
from accord.git.run import Git, GitError
from accord.git.worktrees import registered, resolved


def checkouts(git: Git) -> dict[str, Path]:
    """Map each branch that is checked out somewhere to the folder where it is, if it is there.

    Every command asks this for every change, so the HEAD files are read as they lie; git is
    asked where they do not tell (a submodule, refs that are not kept in files).
    """
    heads = {git.directory.parent: git.directory / "HEAD"}
    heads |= {folder: directory / "HEAD" for folder, directory in registered(git).items()}
    found = {}
    for folder, head in heads.items():
        said = head.read_text(errors="replace").strip() if head.is_file() else ""
        if said == "ref: refs/heads/.invalid":
            return _listed(git)
        if said.startswith("ref: "):
            found[said.removeprefix("ref: ")] = folder
    if git.directory.name != ".git":
        return _listed(git)
    return {ref: where for ref, where in found.items() if (where / ".git").exists()}


def _listed(git: Git) -> dict[str, Path]:
    found, folder = {}, Path()
    said = git.bytes("worktree", "list", "--porcelain", "-z").decode(errors="surrogateescape")
    for line in said.split("\0"):
        name, _, value = line.partition(" ")
        if name == "worktree":
            folder = Path(value)
        elif name == "branch":
            found[value] = folder
    for ref, where in found.items():
        if not (where / ".git").exists() and where.is_dir() and where.samefile(git.directory):
            # Git takes the git directory of a submodule for its checkout.
            named = git.text("config", "--get", "--default", "", "core.worktree")
            found[ref] = Path(os.path.realpath(git.directory / named))
    return {ref: where for ref, where in found.items() if (where / ".git").exists()}


def dirt(git: Git, folder: Path) -> tuple[str, ...]:
    """Return the tracked paths that differ from HEAD in the checkout at `folder`."""
    said = git.bytes(
        "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=all",
        "--no-renames", directory=_directory(git, folder), work_tree=folder,
    )  # fmt: skip
    entries = said.decode(errors="surrogateescape").split("\0")
    return tuple(entry[3:] for entry in entries if re.match(r".. ", entry))


def ignored(git: Git, folder: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of `paths` that git ignores in the checkout at `folder`: rules, not links."""
    # This command refuses literal names altogether; behind a `./` nothing is magic either.
    feed = "\0".join(f"./{path}" for path in paths).encode(errors="surrogateescape")
    try:
        said = git.bytes("check-ignore", "-z", "--stdin", feed=feed, work_tree=folder,
                         directory=_directory(git, folder),
                         extra={"GIT_LITERAL_PATHSPECS": "0"})  # fmt: skip
    except GitError as error:
        if error.status == 1:  # none is
            return ()
        raise
    names = said.decode(errors="surrogateescape").split("\0")[:-1]
    return tuple(name.removeprefix("./") for name in names)


def follow(git: Git, folder: Path, old: str, new: str, *, rehearse: bool = False) -> str:
    """Bring the checkout at `folder` from `old` to `new` without losing a local edit.

    Returns an empty string, or what stands in the way (and then nothing was touched).
    """
    if blocked := _untracked(git, folder, changed(git, old, new)):
        return f"{blocked} is not tracked and would be overwritten"
    options = ("-n",) if rehearse else ()
    try:
        git.bytes("read-tree", "-m", "-u", *options, old, new,
                  directory=_directory(git, folder), work_tree=folder)  # fmt: skip
    except GitError as error:
        return error.said.strip().splitlines()[0].removeprefix("error: ").removeprefix("fatal: ")
    return ""


def _untracked(git: Git, folder: Path, changes: tuple[FileChange, ...]) -> str:
    """Return an untracked file that the changes would overwrite, or an empty string.

    Ignored files count: read-tree takes them for expendable, and a person's `.env` is not.
    """
    said = git.bytes("ls-files", "-z", directory=_directory(git, folder), work_tree=folder)
    tracked = set(said.decode(errors="surrogateescape").split("\0"))
    for path in [one.path for one in changes if one.id and one.path not in tracked]:
        for above in reversed(PurePosixPath(path).parents[:-1]):
            place = folder / above
            if str(above) not in tracked and (place.is_symlink() or place.is_file()):
                return str(above)
        place = folder / path
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return path
        for where, _, files in os.walk(place):
            inside = Path(where).relative_to(folder)
            strangers = [name for name in files if (inside / name).as_posix() not in tracked]
            if strangers:
                return (inside / strangers[0]).as_posix()
    return ""


def catch_up(git: Git, folder: Path, old: str, new: str) -> None:
    """Bring a checkout whose branch is at `new` and whose index is at `old` to `new`.

    A file that already is as in `new` stays as it is; one with other edits stops the rest.
    """
    refresh(git, folder)
    done = [one.path for one in changed(git, old, new) if _is_written(git, folder, one)]
    forget_paths(git, folder, done)
    follow(git, folder, old, new)


def _is_written(git: Git, folder: Path, change: FileChange) -> bool:
    place = folder / change.path
    if not change.id or place.is_symlink() or not place.is_file():
        return not change.id and not os.path.lexists(place)
    said = git.text("hash-object", "--stdin", f"--path={change.path}", feed=place.read_bytes(),
                    directory=_directory(git, folder), work_tree=folder)  # fmt: skip
    return said == change.id


def refresh(git: Git, folder: Path) -> None:
    """Bring the stat data of the checkout's index up to date, so that unchanged files match."""
    with suppress(GitError):  # another git holds the index; what comes next will say so
        git.bytes("update-index", "-q", "--really-refresh", "--unmerged", "--ignore-missing",
                  directory=_directory(git, folder), work_tree=folder)  # fmt: skip


def index_matches(git: Git, folder: Path, tree: str) -> bool:
    """Tell whether the checkout's index holds exactly `tree`."""
    try:
        written = git.text("write-tree", directory=_directory(git, folder), work_tree=folder)
    except GitError:
        return False
    return written == git.text("rev-parse", f"{tree}^{{tree}}")


def forget_paths(git: Git, folder: Path, paths: list[str]) -> None:
    """Make the index of the checkout agree with HEAD for `paths`, leaving the files alone."""
    if not paths:  # no path at all would mean every path
        return
    feed = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
    git.bytes("reset", "-q", "--pathspec-from-file=-", "--pathspec-file-nul", feed=feed,
              directory=_directory(git, folder), work_tree=folder)  # fmt: skip


def _directory(git: Git, folder: Path) -> Path:
    return registered(git).get(resolved(folder), git.directory)
