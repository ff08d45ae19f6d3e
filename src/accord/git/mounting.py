"""Overlay mounts, by the calls of the kernel itself: mount(2), umount2(2), proc_pid_mountinfo(5).

An overlay shows a lower folder that stays as it is, and keeps in an upper one what is changed.
Only who has CAP_SYS_ADMIN may lay one; whether that is so is tried, not guessed.
"""

import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from accord.errors import RefusedError

NAME = "accord"
"""What our mounts are called in the table of the kernel."""

_TABLE = Path("/proc/self/mountinfo")
_NOSUID, _NODEV = 2, 4
_DETACH, _NOFOLLOW = 2, 8
_TRIES, _PAUSE_S = 20, 0.1
# In the words of a mount these separate or escape; a path that has one is not put there.
_RESERVED = re.compile(r"[,:\\\"\0-\x1f]")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@frozen
class Mount:
    """One mount as the kernel lists it: where it is, and the layers where it is one of ours."""

    path: Path
    ours: bool
    options: str


def listed() -> tuple[Mount, ...]:
    """Return what is mounted for this process; nothing where the kernel has no such list."""
    try:
        said = _TABLE.read_bytes()
    except OSError:
        return ()
    return tuple(_mount(line) for line in said.decode(errors="surrogateescape").splitlines())


def _mount(line: str) -> Mount:
    place, _, facts = line.partition(" - ")
    kind, source, options = facts.split(" ", 2)
    path = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), place.split(" ")[4])
    return Mount(Path(path), (kind, source) == ("overlay", NAME), options)


def is_laid(path: Path) -> bool:
    """Tell whether an overlay of ours lies on the folder `path` (resolved) now."""
    return any(one.ours and one.path == path for one in listed())


def lay(lower: Path, upper: Path, work: Path, target: Path) -> None:
    """Mount `lower` with what `upper` changes of it on `target`; `work` is for the kernel alone.

    A file keeps its number and times until it is written (one file system); a folder can be
    renamed; the same `upper` cannot be mounted twice. Raises OSError where the kernel says no.
    It may say so for a moment: a box that is being started has all mounts before it drops them.
    """
    folders = {"lowerdir": lower, "upperdir": upper, "workdir": work}
    for one in folders.values():
        if _RESERVED.search(str(one)):
            raise OSError(errno.EINVAL, "an overlay cannot name this path", str(one))
    words = [f"{name}={path}" for name, path in folders.items()]
    # Every change has to be whole in the upper folder, and nowhere else.
    words += ["index=on", "redirect_dir=on", "metacopy=off"]
    flags, options = ctypes.c_ulong(_NOSUID | _NODEV), os.fsencode(",".join(words))
    for left in reversed(range(_TRIES)):
        try:
            _call("mount", NAME.encode(), os.fsencode(target), b"overlay", flags, options,
                  about=target)  # fmt: skip
            return
        except OSError as error:
            if error.errno != errno.EBUSY or not left:
                raise
        time.sleep(_PAUSE_S)


def take_off(path: Path) -> None:
    """Unmount the overlay of ours at `path` (resolved), if one is there; a link is not followed.

    Where a process still looks at it, it goes with that process. Raises OSError.
    """
    while is_laid(path):
        try:
            _call("umount2", os.fsencode(path), _NOFOLLOW, about=path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            _call("umount2", os.fsencode(path), _NOFOLLOW | _DETACH, about=path)


def clear(path: Path) -> None:
    """Unmount what of ours lies at `path` (resolved) or below it, so that it may be deleted.

    Raises RefusedError for a mount that is not ours: what is in it is not to be deleted.
    """
    found = [one for one in listed() if one.path == path or path in one.path.parents]
    for one in found:
        if not one.ours:
            raise RefusedError(
                f"{one.path} is mounted there and is not Accord's", hint=f"umount {one.path}"
            )
    for one in reversed(found):
        take_off(one.path)


def works(folder: Path) -> bool:
    """Tell whether this process may lay overlays in `folder`, and they do what is said of them.

    That is tried on a few files, which are gone afterwards.
    """
    if sys.platform != "linux" or _RESERVED.search(str(folder)):
        return False
    place = folder / f"try-{secrets.token_hex(8)}"
    parts = [place / name for name in ("lower", "upper", "work", "target")]
    try:
        for part in parts:
            part.mkdir(parents=True)
        (parts[0] / "folder").mkdir()
        (parts[0] / "folder/file").write_bytes(b"1")
        lay(*parts)
        try:
            return _is_sound(parts[0], parts[3])
        finally:
            take_off(parts[3])
    except OSError:
        return False
    finally:
        _forget(place)


def _is_sound(lower: Path, target: Path) -> bool:
    """Tell whether a file is told from its original once it is written, and folders move."""
    before = (lower / "folder/file").lstat()
    (target / "folder").rename(target / "moved")
    file = target / "moved/file"
    if facts(file.lstat()) != facts(before):
        return False
    file.write_bytes(b"2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    return facts(file.lstat()) != facts(before) and (lower / "folder/file").read_bytes() == b"1"


def facts(seen: os.stat_result) -> tuple[int, ...]:
    """Return what of a file changes whenever it does: its number, size, mode and times.

    The change time cannot be set back, so an edit within the size and the time is seen too.
    """
    return (seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def _forget(place: Path) -> None:
    # What was cut off lies there until the folder of the layers is swept.
    with suppress(OSError, RefusedError):
        clear(place)
        shutil.rmtree(place)


def _call(name: str, *arguments: object, about: Path) -> None:
    call = getattr(ctypes.CDLL(None, use_errno=True), name)
    if call(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(about))
