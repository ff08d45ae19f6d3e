"""The desk: the folder where a person edits the documents of a change, in any editor.

Where the change's branch is checked out, the desk is that checkout's spec folder. Elsewhere it is
a plain folder of Accord's, beside it a note of the commit that it was copied from. What a person
typed there is committed before anything else happens, so it cannot be lost or overlooked.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from accord.app.workshop import Workshop
from accord.errors import ConfigurationError, ConflictError

LARGEST = 4 * 2**20


@frozen
class Desk:
    """Where the documents of one change lie; `commit` is what they were copied from.

    `root` is the checkout or the folder of Accord's that they lie in.
    """

    change: str
    ref: str
    root: Path
    folder: Path
    commit: str
    checked_out: bool


def of(
    workshop: Workshop, change: str, ref: str, checkouts: Mapping[str, str] | None = None
) -> Desk:
    """Return the desk of `change`; it may not exist yet.

    `checkouts` is what the repository says of them, for whoever asks for many.
    """
    checkout = workshop.repo.checkout_of(ref) if checkouts is None else checkouts.get(ref, "")
    if checkout:
        root = Path(checkout)
        folder = root / workshop.home(change)
        return Desk(change, ref, root, folder, workshop.repo.resolve(ref), True)
    return _apart(workshop, change, ref)


def _apart(workshop: Workshop, change: str, ref: str) -> Desk:
    """Return the desk that is a folder of Accord's; the person may have left text on it."""
    folder = workshop.state.joinpath("desks", change)
    try:
        commit = _note(folder).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        commit = ""
    return Desk(change, ref, folder.parent, folder, commit, False)


def edits(workshop: Workshop, desk: Desk) -> dict[str, bytes | None]:
    """Return what differs on the desk from the commit it was copied from; None: deleted.

    Paths are relative to the spec folder. Raises ConfigurationError for what cannot be a
    document: a link, a special file, more than 4 MiB.
    """
    if not desk.commit or not desk.folder.is_dir():
        return {}
    found = _files(desk)
    known = workshop.repo.folder(desk.commit, workshop.home(desk.change))
    changed: dict[str, bytes | None] = {
        path: data
        for path, data in found.items()
        if path not in known or blob_id(data, known[path].id) != known[path].id
    }
    return changed | {path: None for path in known if path not in found and not _ignored(path)}


def blob_id(data: bytes, like: str) -> str:
    """Return the id that git gives to `data`, by the hash that made the id `like`.

    Only for telling an edit from none: what a person approves is hashed by itself.
    """
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def save(workshop: Workshop, change: str, ref: str) -> str:
    """Commit what a person typed on the desk; return the tip of the branch afterwards.

    Raises ConflictError, with the desk as it was, where the branch was changed in the same lines.
    """
    desk = of(workshop, change, ref)
    if desk.checked_out:  # it may have been checked out after something was typed elsewhere
        _save(workshop, _apart(workshop, change, ref))
        desk = of(workshop, change, ref)
    return _save(workshop, desk)


def _save(workshop: Workshop, desk: Desk) -> str:
    change, ref = desk.change, desk.ref
    repo, tip = workshop.repo, workshop.repo.resolve(ref)
    lying = _files(desk) if desk.folder.is_dir() else {}
    typed = edits(workshop, desk)
    if not typed:
        refresh(workshop, change, ref)
        return tip
    paths = {f"{workshop.home(change)}/{path}": data for path, data in typed.items()}
    message = f"Edit the documents of {change}\n"
    new = repo.commit(desk.commit, paths, message, workshop.author)
    if desk.commit != tip:
        merge = repo.merge(tip, new)
        if merge.conflicts:
            raise ConflictError(
                f"{change} was changed elsewhere in the same lines: {', '.join(merge.conflicts)}",
                hint=f"your text is in {desk.folder}; the other is on {_branch(ref)}",
            )
        new = repo.join(merge.tree, [tip, new], message, workshop.author)
    adopted = tuple(paths) if desk.checked_out else ()
    workshop.move("edit", change, ref, new, tip, detail=", ".join(typed), adopt=adopted)
    if not desk.checked_out:
        _lay_out(workshop, desk, new, lying)
    return new


def refresh(workshop: Workshop, change: str, ref: str) -> Path:
    """Bring a desk without edits to the tip of the branch; return its folder."""
    desk = of(workshop, change, ref)
    tip = workshop.repo.resolve(ref)
    if not desk.checked_out and desk.commit != tip:
        lying = _files(desk) if desk.folder.is_dir() else {}
        if not edits(workshop, desk):
            _lay_out(workshop, desk, tip, lying)
    return desk.folder


def _lay_out(workshop: Workshop, desk: Desk, commit: str, lying: Mapping[str, bytes]) -> None:
    """Make the desk hold the documents of `commit`, which has everything that was `lying` there.

    A file that an editor saved since is left as it is: it is an edit to what is laid out now.
    """
    wanted = {
        path: workshop.repo.blob(entry.id)
        for path, entry in workshop.repo.folder(commit, workshop.home(desk.change)).items()
    }
    desk.folder.mkdir(parents=True, exist_ok=True)
    now = _files(desk)
    for path in set(now) - set(wanted):
        if now[path] == lying.get(path):
            (desk.folder / path).unlink()
    for path, data in wanted.items():
        if now.get(path) == lying.get(path) and now.get(path) != data:
            write(desk.folder / path, data)
    write(_note(desk.folder), f"{commit}\n".encode())


def clear(workshop: Workshop, change: str, ref: str) -> None:
    """Remove the desk of a change that is over, unless there is text on it that is nowhere else."""
    desk = of(workshop, change, ref)
    if not desk.checked_out and edits(workshop, desk):
        return
    folder = workshop.state / "desks" / change
    shutil.rmtree(folder, ignore_errors=True)
    _note(folder).unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader finds the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _files(desk: Desk) -> dict[str, bytes]:
    found, folder = {}, desk.folder
    # A link may have come with a commit of somebody else's, and lead to anything of the person's.
    for one in (folder, *folder.parents[: len(folder.relative_to(desk.root).parts) - 1]):
        _refuse_link(one)
    for where, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in names:
            _refuse_link(Path(where) / name)
        for name in files:
            path = Path(where) / name
            inside = path.relative_to(folder).as_posix()
            if _ignored(inside):
                continue
            if path.is_symlink() or not path.is_file():
                raise ConfigurationError(f"{path} is not a plain file", hint="remove it")
            if path.stat().st_size > LARGEST:
                raise ConfigurationError(f"{path} is larger than 4 MiB", hint="remove it")
            found[inside] = path.read_bytes()
    return found


def _refuse_link(folder: Path) -> None:
    if folder.is_symlink():
        raise ConfigurationError(f"{folder} is a link", hint="put the folder itself there")


def _ignored(path: str) -> bool:
    """Tell whether an editor left `path` there; such a file is neither taken nor missed."""
    return any(part.startswith(".") for part in path.split("/")) or path.endswith(("~", ".swp"))


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.commit")


def _branch(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
