"""Finding and ending processes by the mark in their environment.

A stored process id may belong to somebody else by the time it is used, and a process group is
left by one call of setsid. The environment that a process was started with is inherited by all
that it starts and tells whose it is.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_ROUNDS = 50


def marked(name: str, value: str) -> list[int]:
    """Return the ids of the living processes that were started with `name=value`, but for this."""
    mark = f"{name}={value}"
    found = _marked_in_proc(mark) if (_PROC / "self/environ").exists() else _marked_by_ps(mark)
    return [pid for pid in found if pid != os.getpid()]


def holding(path: Path) -> list[int]:
    """Return the ids of the living processes that have the file at `path` open, but for this."""
    wanted = os.path.realpath(path)
    numbers = [entry for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []
    found = [int(entry.name) for entry in numbers if wanted in _open_in(entry)]
    return [pid for pid in found if pid != os.getpid()]


def left_behind(name: str, value: str, patience_s: float = 0.2) -> list[str]:
    """Return the names of the marked processes that are there still after `patience_s` seconds.

    Those that were killed a moment ago, or whose box was, take a moment to be gone.
    """
    late = time.monotonic() + patience_s
    while pids := marked(name, value):
        if time.monotonic() > late:
            return sorted({_name(pid) for pid in pids})
        time.sleep(0.05)
    return []


def end_marked(name: str, value: str) -> None:
    """Kill every process that was started with `name=value`, also those that appear meanwhile."""
    for _ in range(_ROUNDS):
        pids = marked(name, value)
        if not pids:
            return
        for pid in pids:
            signal_to(pid, signal.SIGKILL)
        time.sleep(0.01)


def signal_to(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child calls before exec so that it is killed when this process dies.

    Linux alone knows how (prctl(2), PR_SET_PDEATHSIG). None where it is unknown, and None in a
    process with threads, in which no Python code may run between fork and exec.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before the question was put
            os._exit(1)

    return ask


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a process"


def _open_in(process: Path) -> Iterator[str]:
    """Yield what a process in /proc has open, as far as this one may know."""
    with suppress(OSError):
        for one in (process / "fd").iterdir():
            with suppress(OSError):  # it may be closed by now
                yield str(one.readlink())


def _marked_in_proc(mark: str) -> Iterator[int]:
    needle = os.fsencode(mark)
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if needle in environment.split(b"\0"):
            yield int(entry.name)


def _marked_by_ps(mark: str) -> Iterator[int]:
    listing = subprocess.run(
        ["ps", "-axEww", "-o", "pid=,command="], capture_output=True, check=True
    ).stdout.decode(errors="replace")
    for line in listing.splitlines():
        pid, *words = line.split()
        if mark in words:
            yield int(pid)
