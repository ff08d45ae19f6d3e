"""Level 2: Landlock and a system call filter around a process, without namespaces.

For a kernel or a container in which nobody may make user namespaces. What it cannot do is in
`GAPS`, in the words that people are shown. Each run has a folder of its own below /tmp for its
home and its temporary files; the launcher stays beside the command, ends what that leaves behind
and deletes the folder.

The gateway is reached at a loopback port of the machine, since there is no network of the run's
own. The launcher takes one that is free and puts it wherever the command or its environment names
`127.0.0.1:BRIDGE_PORT`; Landlock lets the command connect to that port and to no other.
"""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from accord.core.orders import BRIDGE_PORT
from accord.core.ports import CommandRun, Walls
from accord.errors import ConfigurationError
from accord.sandbox import toolchain
from accord.sandbox.bubblewrap import system_settings
from accord.sandbox.commands import run_boxed
from accord.sandbox.launcher import HIDDEN, Launcher
from accord.sandbox.mounts import plan

LEVEL = 2
GAPS = (
    "protected paths inside a writable folder can be changed, the .git pointer too",
    "the modes and times of your own files can be changed, though not what is in them",
    "the names and arguments of your other processes can be read",
    "a server elsewhere that listens on the port of the gateway can be reached",
    "a process that gets away from the launcher when that is killed lives on",
)
_NEEDED_ABI = 6
"""The first version of Landlock that keeps signals and abstract sockets within (Linux 6.12)."""
_TMP = "/tmp"  # noqa: S108 - a folder of its own, with a random name, is made in it
_DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))
_OPEN_FILES = 65536


class Landlock:
    """Implements the `Sandbox` port with Landlock and seccomp alone."""

    level = LEVEL
    gaps: tuple[str, ...] = GAPS

    def __init__(self, launcher: Launcher | None = None) -> None:
        """Take what starts the launcher. Raises ConfigurationError where the kernel lacks it."""
        from accord.sandbox import enter

        found = enter.abi()
        if found < _NEEDED_ABI:
            said = f"the kernel has version {found} of it" if found else "the kernel has none"
            raise ConfigurationError(
                f"Landlock {_NEEDED_ABI} is needed and {said}", hint="Linux 6.12 or newer has it"
            )
        self._launcher = launcher or Launcher.here()
        self._filter = self._launcher.filter(alone=True)
        if os.getuid() == 0:
            root = "it runs as root, who can read the environment of every process"
            self.gaps = (*GAPS, root)

    def prefix(self, walls: Walls) -> tuple[str, ...]:
        """Return the words to put before the command of an agent.

        Raises ConfigurationError or RefusedError where such walls cannot be built.
        """
        return tuple(self._words(walls))

    def run(self, command: Sequence[str], walls: Walls, timeout_s: float) -> CommandRun:
        """Run `command` behind `walls`; see `run_boxed`."""
        return run_boxed(partial(self._words, walls), command, walls, timeout_s)

    def _words(
        self, walls: Walls, scratch: Path | None = None, pending: Path | None = None
    ) -> Iterator[str]:
        planned = plan(walls)
        home = toolchain.home_beside(planned.workdir)
        tools = toolchain.visible(os.environ, home, self._launcher.needs())
        settings = [str(one) for one in system_settings()]
        written = [*planned.writable, *walls.shared, *([str(scratch)] if scratch else [])]
        yield from ("/usr/bin/env", *(f"--unset={name}" for name in HIDDEN))
        # A file that is there and may not be read is an error to git; one that is absent is not.
        yield "GIT_CONFIG_NOSYSTEM=1"
        yield from self._launcher.words(
            self._launcher.enter,
            read=(*toolchain.SYSTEM, *settings, "/proc", *tools, *walls.visible, planned.workdir),
            write=(*_DEVICES, *written),
            program=self._filter,
            limits={"CORE": 0, "NOFILE": _OPEN_FILES},
            door=walls.door,
            port=BRIDGE_PORT,
            pending=str(pending or ""),
            start=planned.workdir,
            watch=_TMP,
        )
