"""Run a command that a person approved, with a cleaned environment, behind what walls there are."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from accord.core.ports import CommandRun, Walls
from accord.errors import AccordError
from accord.sandbox import halting, reports, toolchain
from accord.sandbox.mounts import tidy
from accord.sandbox.reports import LARGEST, plain

LARGEST_OUTPUT = 2**20

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "USER", "LOGNAME")
_PENDING = "pending"

Enclose = Callable[[Path, Path], tuple[str, ...]]
"""Takes a folder that the command must be able to write, and the file that tells whether it began
(see `enter.py`); returns the words to put before it."""


def run_command(
    command: Sequence[str],
    walls: Walls,
    timeout_s: float,
    *,
    enclose: Enclose | None = None,
    changes: Mapping[str, str] | None = None,
) -> CommandRun:
    """Run `command` in the folder of `walls` with a cleaned environment and no shell.

    pytest is asked for a JUnit report through its own environment variable, and coverage.py to
    leave its data beside that; other programs do not read these, and are looked after where
    `walls` says. The whole process group is ended
    afterwards. A command that cannot be started is `missing`. `changes` replaces variables; an
    empty value removes one. Raises KeyboardInterrupt for one that a person had ended.
    """
    workdir = walls.workdir
    try:
        place = tempfile.TemporaryDirectory(dir=Path(workdir).parent, ignore_cleanup_errors=True)
    except OSError as error:
        return CommandRun(tuple(command), None, f"{workdir}: {error.strerror}", missing=True)
    with place as name:
        scratch = Path(name).resolve() / "written"
        scratch.mkdir()
        report, pending = scratch / "report.xml", scratch / _PENDING
        covered = scratch / "coverage"
        environment = _environment(report, covered, {**(changes or {}), **dict(walls.variables)})
        # As a shell started in the workdir: a name with a slash is a path from there.
        named = str(Path(workdir) / command[0]) if "/" in command[0] else command[0]
        found = shutil.which(named, path=environment.get("PATH"))
        if found is None:
            return CommandRun(tuple(command), None, "", missing=True)
        words: tuple[str, ...] = ()
        before = reports.written(walls)
        if enclose is not None:
            pending.touch()
            words = enclose(scratch, pending)
        with (Path(name) / "output").open("w+b") as output:
            try:
                status = _run([*words, found, *command[1:]], workdir, timeout_s, environment,
                              output.fileno(), boxed=enclose is not None)  # fmt: skip
            except OSError as error:  # no such interpreter, no format that the system knows
                said = f"{command[0]}: {error.strerror}"
                return CommandRun(tuple(command), None, said, missing=True)
            output.seek(max(0, output.seek(0, os.SEEK_END) - LARGEST_OUTPUT))
            text = output.read().decode(errors="replace")
        if enclose is not None and (unstarted := plain(pending, LARGEST_OUTPUT)) is not None:
            said = unstarted.decode(errors="replace") or f"the box could not be started: {text}"
            return CommandRun(tuple(command), None, said, missing=True)
        data = plain(covered, LARGEST)
        told = reports.read((report, *reports.since(before, walls)))
    return CommandRun(tuple(command), status, text, told, data, timed_out=status is None)


def run_boxed(
    words: Callable[[Path, Path], Iterable[str]],
    command: Sequence[str],
    walls: Walls,
    timeout_s: float,
) -> CommandRun:
    """Run `command` in a box; see `run_command`. One that cannot be built is `missing`, and why.

    `words` gives what stands before the command, as `Enclose` does.
    """
    changes = {"PATH": toolchain.search_path(os.environ), "TMPDIR": ""}
    try:
        return run_command(
            command, walls, timeout_s, enclose=lambda *places: tuple(words(*places)),
            changes=changes,
        )  # fmt: skip
    except AccordError as error:
        return CommandRun(tuple(command), None, error.message, missing=True)
    finally:
        tidy(walls)


def _environment(report: Path, covered: Path, changes: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(changes)
    return {
        **{name: value for name, value in kept.items() if value},
        "PYTEST_ADDOPTS": f"{shlex.quote(f'--junitxml={report}')} -p no:cacheprovider",
        "COVERAGE_FILE": str(covered),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _run(
    command: list[str],
    workdir: str,
    timeout_s: float,
    environment: dict[str, str],
    output: int,
    *,
    boxed: bool,
) -> int | None:
    """Return the exit status, or None when the time was up; nothing of the command is left."""

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=workdir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    end = partial(_end, boxed=boxed)
    process = halting.begun(start, end)
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(process)
        halting.over(process)


def _end(process: "subprocess.Popen[bytes]", *, boxed: bool) -> None:
    """Kill what runs; a box from the inside out, so that nothing of it is left when this returns.

    The first process in a box is the child of the one that built it. When it dies, the kernel
    ends all others there, and only then is it told to its parent.
    """
    if boxed and process.poll() is None:
        for child in _children(process.pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


_PATIENCE_S = 2.0


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
