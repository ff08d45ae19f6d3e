"""No wall at all: commands run as the person. Level 1, and everything that shows it says so."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from accord.core.ports import CommandRun, Walls

LEVEL = 1
LARGEST_OUTPUT = 2**20
LARGEST_REPORT = 2**26

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "USER", "LOGNAME")


class NoSandbox:
    """Implements the `Sandbox` port without a sandbox."""

    level = LEVEL
    gaps: tuple[str, ...] = ("nothing keeps the agent from what you can read and write yourself",)

    def prefix(self, walls: Walls) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: the command runs as it is."""
        return ()

    def run(self, command: Sequence[str], walls: Walls, timeout_s: float) -> CommandRun:
        """Run `command` in the folder of `walls` with a cleaned environment and no shell.

        pytest is asked for a JUnit report through its own environment variable, which other
        programs do not read. The whole process group is ended afterwards. A command that cannot
        be started is `missing`.
        """
        workdir = walls.workdir
        with tempfile.TemporaryDirectory(dir=Path(workdir).parent) as scratch:
            report = Path(scratch) / "report.xml"
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
            environment["PYTEST_ADDOPTS"] = (
                f"{shlex.quote(f'--junitxml={report}')} -p no:cacheprovider"
            )
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            # As a shell started in the workdir: a name with a slash is a path from there.
            name = str(Path(workdir) / command[0]) if "/" in command[0] else command[0]
            found = shutil.which(name, path=environment.get("PATH"))
            if found is None:
                return CommandRun(tuple(command), None, "", missing=True)
            with (Path(scratch) / "output").open("w+b") as output:
                try:
                    status = _run([found, *command[1:]], workdir, timeout_s, environment,
                                  output.fileno())  # fmt: skip
                except OSError as error:  # no such interpreter, no format that the system knows
                    said = f"{command[0]}: {error.strerror}"
                    return CommandRun(tuple(command), None, said, missing=True)
                output.seek(max(0, output.seek(0, os.SEEK_END) - LARGEST_OUTPUT))
                text = output.read().decode(errors="replace")
            junit = _report(report)
        return CommandRun(tuple(command), status, text, junit, timed_out=status is None)


def _report(path: Path) -> bytes | None:
    """Return the report at `path`; one that is too large is none, half of it cannot be read."""
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        data = handle.read(LARGEST_REPORT + 1)
    return data if len(data) <= LARGEST_REPORT else None


def _run(
    command: list[str], workdir: str, timeout_s: float, environment: dict[str, str], output: int
) -> int | None:
    """Return the exit status, or None when the time was up; nothing of the command is left."""
    process = subprocess.Popen(
        command,
        cwd=workdir,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
