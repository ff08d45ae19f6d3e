"""Change files of the checkout as one operation: all of them or none, and it can be taken back.

Before the first file changes, what each was and what it becomes is kept outside the checkout, and
which ones they are is written down. Whatever cuts the work off leaves that note, and the next
command settles it: forward where the work had begun, back where somebody edited a file since. What
is new is written before anything is taken out, so that no text is ever in no file.
"""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from accord.app.edits_folder import EDITS, PENDING, cut_off
from accord.core.model import sha256
from accord.core.ports import Clock, Journal, Operation
from accord.errors import ConflictError, RefusedError

if TYPE_CHECKING:  # whoever only checks specs has no use for keys and signatures
    from accord.app.workshop import Workshop

ABSENT, OTHER = "", "other"

States = Mapping[str, tuple[str, str]]


@frozen
class Rewrite:
    """What a command makes of files: (what it read, what it writes) by path from the root.

    None stands for a file that is not there. `moves` are folders that go elsewhere with all that
    is in them: where each lies, and where it goes.
    """

    verb: str
    subject: str
    detail: str
    files: Mapping[str, tuple[bytes | None, bytes | None]]
    moves: Mapping[str, str] = field(factory=dict)


Write = Callable[[Rewrite], None]


@frozen
class Rewriter:
    """Where files are rewritten: the checkout, the folder that keeps what they were, the log."""

    top: Path
    kept: Path
    journal: Journal
    person: str
    clock: Clock


def of(workshop: "Workshop") -> Rewriter:
    """Return what rewrites files in the checkout of a workshop."""
    kept = workshop.state / EDITS
    return Rewriter(workshop.top, kept, workshop.journal, workshop.person, workshop.clock)


def about_files(operation: Operation) -> bool:
    """Tell whether an operation changed files of a checkout, named by absolute paths."""
    return any(path.startswith("/") for path in operation.refs)


def rewrite(at: Rewriter, plan: Rewrite) -> None:
    """Do `plan` as one operation of the log.

    Raises ConflictError when a file is no longer what was read and RefusedError for a path that
    leads out of the checkout; then nothing is touched.
    """
    with _alone(at):
        _settle(at)
        states: dict[str, tuple[str, str]] = {}
        for path, (read, new) in plan.files.items():
            place = _inside(at.top, path)
            now = _state(place)
            if now != ABSENT if read is None else not _alike(now, _named(0o100644, read)):
                raise ConflictError(f"{path} changed meanwhile", hint="look, and run it again")
            before, after = (
                ABSENT if data is None else _keep(at, _mode(now), data) for data in (read, new)
            )
            states[str(place)] = before, after
        for source, target in plan.moves.items():
            states |= _moved(at, _inside(at.top, source), _inside(at.top, target), states)
        _perform(at, plan.verb, plan.subject, plan.detail, states)
        for source in plan.moves:
            _hollow(at.top / source)
            _prune(at.top / source, at.top)


def undo(at: Rewriter, last: Operation, words: str) -> None:
    """Bring every file back to what it was before `last`, which `words` tell, as an operation.

    Raises ConflictError when a file was changed since and RefusedError when what it was is no
    longer kept; then nothing is touched.
    """
    with _alone(at):
        _settle(at)
        for path, (before, after) in last.refs.items():
            if not _alike(_state(Path(path)), after):
                raise ConflictError(
                    f"{_short(at, path)} was changed since: {words}",
                    hint="nothing was touched; undo it by hand, or put that file back first",
                )
            if before and not _text(at, before).is_file():
                raise RefusedError(
                    f"what {_short(at, path)} was is no longer kept", hint="git log has it"
                )
        back = {path: (after, before) for path, (before, after) in last.refs.items()}
        _perform(at, "undo", last.change, words, back, undoes=last.number)


def settle(at: Rewriter) -> tuple[str, ...]:
    """End what was cut off, and return in words what was done about it."""
    if not cut_off(at.kept.parent):
        return ()
    with _alone(at):
        return _settle(at)


def _settle(at: Rewriter, *, back: bool = False) -> tuple[str, ...]:
    """End what was cut off, or take it `back`; only for whoever is alone here."""
    try:
        note = json.loads((at.kept / PENDING).read_bytes())
    except FileNotFoundError:
        return ()
    states: States = {path: (before, after) for path, (before, after) in note["files"].items()}
    for path in states:
        with suppress(NotADirectoryError):
            _fresh(Path(path)).unlink(missing_ok=True)
    cut = [one.number for one in at.journal.operations(pending=True) if about_files(one)]
    now = {path: _state(Path(path)) for path in states}
    edited = [path for path, one in now.items()
              if not any(_alike(one, known) for known in states[path])]  # fmt: skip
    begun = any(not _alike(now[path], before) for path, (before, _) in states.items())
    forward = bool(cut) and begun and not (edited or back)
    _put_all(at, {
        path: after if forward else before
        for path, (before, after) in states.items() if path not in edited
    })  # fmt: skip
    for number in cut:
        (at.journal.finish if forward else at.journal.void)(number)
    (at.kept / PENDING).unlink()
    if not begun:
        return ()
    done = "finished" if forward else "taken back"
    said = [f"{note['words']} was cut off, and is {done} now"]
    said += [f"{_short(at, path)} was edited meanwhile, and is left as it is" for path in edited]
    return tuple(said)


def _perform(
    at: Rewriter, verb: str, subject: str, detail: str, states: States, undoes: int = 0
) -> None:
    states = {path: moved for path, moved in states.items() if moved[0] != moved[1]}
    words = f"{verb} {subject}".rstrip()
    _durable(at.kept / PENDING, json.dumps({"words": words, "files": states}).encode())
    operation = Operation(at.person, verb, subject, detail, states, at.clock.now(), undoes=undoes)
    try:
        number = at.journal.begin(operation)
        _put_all(at, {path: after for path, (_, after) in states.items()})
    except (OSError, RefusedError):  # a full disk, a folder that may not be written
        with suppress(OSError):  # what cannot be put back now is settled by the next command
            _settle(at, back=True)
        raise
    at.journal.finish(number)
    (at.kept / PENDING).unlink()


def _put_all(at: Rewriter, states: Mapping[str, str]) -> None:
    """Bring each file into its state: what is to be there first, then what is to be gone."""
    for path, state in states.items():
        if state:
            _put(at, Path(path), state)
    for path, state in states.items():
        if not state:
            _put(at, Path(path), state)


def _put(at: Rewriter, path: Path, state: str) -> None:
    if _state(path) == state:
        return
    if not state:
        path.unlink()
        _prune(path.parent, at.top)
        return
    mode, data = int(state.partition(":")[0], 8), _text(at, state).read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _fresh(path)
    fresh.unlink(missing_ok=True)
    if stat.S_ISLNK(mode):
        fresh.symlink_to(os.fsdecode(data))
    else:
        _durable(fresh, data, stat.S_IMODE(mode))
    fresh.replace(path)


def _moved(at: Rewriter, source: Path, target: Path, taken: States) -> States:
    """Return the states of the files of a folder that goes elsewhere, of those not in `taken`."""
    found: dict[str, tuple[str, str]] = {}
    for path in _files(source):
        state, place = _state(path), target / path.relative_to(source)
        if state == OTHER:
            raise RefusedError(f"{path} is no plain file", hint="move it away")
        if str(path) not in taken:
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path)] = state, ABSENT
            found[str(place)] = ABSENT, _keep(at, _mode(state), data)
            if place.exists() or place.is_symlink():
                raise ConflictError(f"{_short(at, str(place))} is there already", hint="git status")
    return found


def _files(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda one: one.name)
    for one in found:
        if one.is_dir(follow_symlinks=False):
            yield from _files(Path(one.path))
        else:
            yield Path(one.path)


def _inside(top: Path, path: str) -> Path:
    place = top / path
    if place.is_symlink():
        place = place.resolve()
    if not place.parent.resolve().is_relative_to(top.resolve()):
        raise RefusedError(f"{path} leads out of the repository", hint="name a folder in it")
    return place


def _state(path: Path) -> str:
    """Return what is at `path`: its mode in octal digits and its digest; or ABSENT, or OTHER."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    if stat.S_ISLNK(mode):
        return _named(mode, os.fsencode(path.readlink()))
    return _named(mode, path.read_bytes()) if stat.S_ISREG(mode) else OTHER


def _named(mode: int, data: bytes) -> str:
    return f"{mode:o}:{sha256(data)}"


def _mode(state: str) -> int:
    return 0o100644 if state in (ABSENT, OTHER) else int(state.partition(":")[0], 8)


def _alike(one: str, other: str) -> bool:
    """Tell whether two states hold the same bytes; who may read them is not the question."""
    if ABSENT in (one, other) or OTHER in (one, other):
        return one == other
    link = stat.S_ISLNK(_mode(one)) == stat.S_ISLNK(_mode(other))
    return link and one.partition(":")[2] == other.partition(":")[2]


def _keep(at: Rewriter, mode: int, data: bytes) -> str:
    """Keep a text outside the checkout, and return the state of a file that holds it."""
    state = _named(mode, data)
    place = _text(at, state)
    if not place.exists():
        _durable(place, data)
    return state


def _text(at: Rewriter, state: str) -> Path:
    return at.kept / state.partition(":")[2]


def _durable(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file that is whole and on the disk once it has its name."""
    fresh = path if path.name.startswith(".") else path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        os.fchmod(out.fileno(), mode)
        out.flush()
        os.fsync(out.fileno())
    if fresh != path:
        fresh.replace(path)


def _fresh(path: Path) -> Path:
    return path.with_name(f".{path.name}.accord")


def _hollow(folder: Path) -> None:
    """Take away the folders in `folder` that hold nothing but folders."""
    for inner in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        if inner.is_dir() and not inner.is_symlink():
            with suppress(OSError):
                inner.rmdir()


def _prune(folder: Path, top: Path) -> None:
    """Take away `folder` and those above it, within `top`, as far as they are empty."""
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.ENOENT:
                return
        folder = folder.parent


def _short(at: Rewriter, path: str) -> str:
    return os.path.relpath(path, at.top) if Path(path).is_relative_to(at.top) else path


@contextmanager
def _alone(at: Rewriter) -> Iterator[None]:
    at.kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (at.kept / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
