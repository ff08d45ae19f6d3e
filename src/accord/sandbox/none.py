"""No wall at all: commands run as the person. Level 1, and everything that shows it says so."""

from collections.abc import Sequence

from accord.core.ports import CommandRun, Walls
from accord.sandbox.commands import run_command

LEVEL = 1


class NoSandbox:
    """Implements the `Sandbox` port without a sandbox."""

    level = LEVEL
    gaps: tuple[str, ...] = ("nothing keeps the agent from what you can read and write yourself",)

    def prefix(self, walls: Walls) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: the command runs as it is."""
        return ()

    def run(self, command: Sequence[str], walls: Walls, timeout_s: float) -> CommandRun:
        """Run `command` in the folder of `walls`; see `run_command`."""
        return run_command(command, walls, timeout_s)
