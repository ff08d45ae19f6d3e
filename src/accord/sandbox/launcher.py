"""The words that start `enter.py`, which takes the last step into a box."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from accord.errors import ConfigurationError
from accord.sandbox import seccomp, toolchain

# What leads a program to services of the person's session, which are not in the box.
HIDDEN = (
    "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
    "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
    "XDG_DATA_HOME", "XDG_STATE_HOME", "DOCKER_HOST", "KUBECONFIG", "LD_PRELOAD", "LD_AUDIT",
)  # fmt: skip


@frozen
class Launcher:
    """The interpreter that runs `enter.py`, and where that file lies outside of the box."""

    python: str
    enter: str

    @classmethod
    def here(cls) -> "Launcher":
        """Return the interpreter of this process, without the environment that it runs in."""
        return cls(os.path.realpath(sys.executable), str(Path(__file__).with_name("enter.py")))

    def needs(self) -> tuple[str, ...]:
        """Return what has to be shown in a box so that the interpreter starts."""
        folder = Path(self.python).parent
        if toolchain.is_system(folder):
            return ()
        return (str(folder.parent if folder.name == "bin" else folder),)

    def filter(self, *, alone: bool) -> bytes:
        """Return the filter of system calls. Raises ConfigurationError."""
        try:
            return seccomp.program(alone=alone)
        except seccomp.UnknownMachineError as error:
            raise ConfigurationError(str(error)) from error

    def words(
        self,
        enter: str,
        *,
        read: Sequence[str],
        write: Sequence[str],
        program: bytes,
        limits: Mapping[str, int],
        door: str,
        port: int,
        pending: str,
        start: str = "",
        watch: str = "",
    ) -> Iterator[str]:
        """Yield the words up to the command; `enter` is where the file lies for whoever runs it."""
        yield from (self.python, "-I", "-S", enter)
        for path in read:
            yield from ("--read", path)
        for path in write:
            yield from ("--write", path)
        for limit, most in limits.items():
            yield from ("--limit", f"{limit}={most}")
        yield from ("--seccomp", program.hex())
        if door:
            yield from ("--door", door, "--port", str(port))
        for name, value in (("--pending", pending), ("--start", start), ("--watch", watch)):
            if value:
                yield from (name, value)
        yield "--"
