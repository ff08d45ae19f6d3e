"""No wall at all: commands run as the person. Level 1, and everything that shows it says so."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from accord.core.ports import CommandRun

LEVEL = 1
LARGEST_OUTPUT = 2**20

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "USER", "LOGNAME")


class NoSandbox:
    """Implements the `Sandbox` port without a sandbox."""

    level = LEVEL

    def prefix(self, workdir: str, writable: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: the command runs as it is."""
        return ()

    def run(self, command: Sequence[str], workdir: str, timeout_s: float) -> CommandRun:
        """Run `command` in `workdir` with a cleaned environment and no shell.

        pytest is asked for a JUnit report through its own environment variable, which other
        programs do not read. The whole process group is ended afterwards.
        """
        with tempfile.TemporaryDirectory(dir=Path(workdir).parent) as scratch:
            report = Path(scratch) / "report.xml"
            environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
            environment["PYTEST_ADDOPTS"] = f"--junitxml='{report}' -p no:cacheprovider"
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            found = shutil.which(command[0], path=environment.get("PATH"))
            inside = Path(workdir) / command[0]
            if found is None and not ("/" in command[0] and os.access(inside, os.X_OK)):
                return CommandRun(tuple(command), None, "", missing=True)
            with (Path(scratch) / "output").open("w+b") as output:
                status = _run([found or str(inside), *command[1:]], workdir, timeout_s,
                              environment, output.fileno())  # fmt: skip
                output.seek(max(0, output.seek(0, os.SEEK_END) - LARGEST_OUTPUT))
                text = output.read().decode(errors="replace")
            junit = report.read_bytes() if report.is_file() else None
        return CommandRun(tuple(command), status, text, junit, timed_out=status is None)


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
