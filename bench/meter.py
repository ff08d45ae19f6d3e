"""Count the CPU seconds of a command and of everything that it left running behind.

`python meter.py REPORT COMMAND...` runs COMMAND as a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER),
so that a process that detached itself comes back here when it ends, waits for the last of them
and writes what each used. getrusage(2) of a process that was waited for holds all that it waited
for itself; what part of it that is stands in /proc/PID/stat (proc(5), cutime and cstime), which is
still there while a process is dead and not yet waited for.

Only Linux has subreapers. Elsewhere what detached itself is not counted.
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):  # noqa: N818 -- it is what happened
    """Raised when a command that is to be measured fails; says what it printed."""


def spent(command: Sequence[str], cwd: Path) -> tuple[float, float]:
    """Run `command` and return its CPU seconds and those of the children of what it left behind.

    The first figure holds the second. Raises Failed when the command exits with anything but 0.
    """
    with tempfile.NamedTemporaryFile() as report:
        meter = [sys.executable, "-I", __file__, report.name, *command]
        done = subprocess.run(meter, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        found: list[dict[str, float]] = json.load(report)
    first, *left = found
    every = first["total"] + sum(one["total"] for one in left)
    return every, sum(one["waited"] for one in left)


def median(command: Sequence[str], cwd: Path, repeats: int) -> float:
    """Return the median of the CPU seconds of `command` over `repeats` runs."""
    return statistics.median(spent(command, cwd)[0] for _ in range(repeats))


def _main(report: str, command: list[str]) -> int:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    first = subprocess.Popen(command)
    found: list[dict[str, float]] = []
    status = 1
    while (pid := _dead()) is not None:
        waited = _waited(pid)
        _, code, used = os.wait4(pid, 0)
        process = {"total": used.ru_utime + used.ru_stime, "waited": waited}
        if pid == first.pid:
            status = first.returncode = os.waitstatus_to_exitcode(code)
            found.insert(0, process)
        else:
            found.append(process)
    Path(report).write_text(json.dumps(found))
    return abs(status)


def _dead() -> int | None:
    """Return a child that ended and was not waited for, or None when there is no child left."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        return None
    return ended.si_pid if ended else None


def _waited(pid: int) -> float:
    """Return the CPU seconds of the children that a dead process waited for."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The name in parentheses may hold anything; the fields after it count from the third.
    fields = said.rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2:]))
