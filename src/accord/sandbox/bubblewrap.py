"""Level 3: namespaces by bubblewrap, with Landlock and a filter of system calls inside them.

Everything that can be reached in it is named here, mount by mount. To show the whole file system
read-only would leave every socket in it open: a read-only mount does not keep anyone from
connecting to ssh-agent or to Docker.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from accord.core.orders import BRIDGE_PORT
from accord.core.ports import CommandRun, Walls
from accord.errors import ConfigurationError
from accord.sandbox import toolchain
from accord.sandbox.commands import run_boxed
from accord.sandbox.launcher import HIDDEN, Launcher
from accord.sandbox.mounts import Plan, plan

LEVEL = 3
PROGRAM = Path("/usr/bin/bwrap")
_INSIDE = "/run/accord"
_TMP_BYTES = 2 * 2**30
_SHARED_BYTES = 512 * 2**20
_OPEN_FILES = 65536
_PROCESSES = 8192
_LIB = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What programs look up, and nothing that holds a secret: /etc/ssl and /etc/pki hold private keys.
# Each mount costs about half a millisecond, so it is no longer than it has to be.
_ETC = (
    "alternatives", "ca-certificates", "crypto-policies", "group", "hosts", "java", "java-*",
    "ld.so.cache", "localtime", "maven", "mime.types", "nsswitch.conf", "os-release", "passwd",
    "pki/ca-trust", "pki/java", "pki/tls/cert.pem", "pki/tls/certs", "pki/tls/openssl.cnf",
    "protocols", "services", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf",
)  # fmt: skip
_ISOLATED = (
    "--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session",
    "--cap-drop", "ALL", "--as-pid-1",
)  # fmt: skip


def find_program() -> str:
    """Return the system's bubblewrap, or an empty string.

    The one of the distribution comes first: it is the one that AppArmor lets make namespaces, and
    a folder on the PATH may belong to anybody.
    """
    if PROGRAM.is_file():
        return str(PROGRAM)
    return shutil.which("bwrap", path=toolchain.search_path(os.environ)) or ""


class Bubblewrap:
    """Implements the `Sandbox` port with bubblewrap."""

    level = LEVEL

    def __init__(self, program: str = "", launcher: Launcher | None = None) -> None:
        """Take the program (the system's by default) and what takes the last step inside.

        Raises ConfigurationError where bubblewrap is not installed or the processor is unknown.
        """
        self._program = program or find_program()
        if not self._program:
            raise ConfigurationError("bubblewrap is not installed", hint="install bubblewrap")
        self._launcher = launcher or Launcher.here()
        self._filter = self._launcher.filter(alone=False)
        self.gaps: tuple[str, ...] = ()
        if os.getuid() == 0:
            self.gaps = ("it runs as root: without its powers, but a hole in the kernel is root's",)

    def prefix(self, walls: Walls) -> tuple[str, ...]:
        """Return the words to put before the command of an agent.

        The environment passes through, but for what leads to services that are not in the box.
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
        yield self._program
        yield from _ISOLATED
        if walls.network:
            yield "--share-net"
        yield from _set_up(home, walls.home)
        names = Path("/etc/resolv.conf")
        if walls.network and names.exists():
            yield from ("--ro-bind", str(names.resolve()), str(names))
        yield from _read_only(toolchain.visible(os.environ, home, self._launcher.needs()))
        yield from ("--ro-bind", self._launcher.enter, f"{_INSIDE}/enter.py")
        if walls.door:
            yield from ("--ro-bind", walls.door, f"{_INSIDE}/door")
        yield from _worktree(planned, walls.visible)
        written = [*planned.writable, *walls.shared, *([str(scratch)] if scratch else [])]
        for path in walls.shared:
            yield from ("--bind", path, path)
        if scratch:
            yield from ("--bind", str(scratch), str(scratch))
        yield from ("--remount-ro", "/", "--chdir", planned.workdir, "--")
        yield from self._launcher.words(
            f"{_INSIDE}/enter.py",
            read=("/",),
            write=("/tmp", "/dev", "/proc", str(home), *written),  # noqa: S108 - the box's own
            program=self._filter,
            limits={"CORE": 0, "NOFILE": _OPEN_FILES, "NPROC": _PROCESSES},
            door=f"{_INSIDE}/door" if walls.door else "",
            port=BRIDGE_PORT,
            pending=str(pending or ""),
        )


def system_settings() -> list[Path]:
    """Return the files and folders in /etc that programs need and that hold no secret."""
    return sorted(place for name in _ETC for place in Path("/etc").glob(name))


def _set_up(home: Path, kept: str) -> Iterator[str]:
    """Yield what every box has: the system, devices, processes of its own, empty folders.

    `kept` is the folder outside that is the home, if it is to outlast the box.
    """
    for name in HIDDEN:
        yield from ("--unsetenv", name)
    yield from ("--setenv", "HOME", str(home), "--setenv", "TMPDIR", "/tmp")  # noqa: S108
    yield from ("--ro-bind", "/usr", "/usr")
    for place in (*map(Path, _LIB), *system_settings()):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.exists():
            yield from ("--ro-bind", str(place), str(place))
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(_SHARED_BYTES), "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--remount-ro", "/dev", "--symlink", "../tmp", "/var/tmp")  # noqa: S108
    # The home comes after /tmp, for it may lie in it.
    for folder in ("/tmp",) if kept else ("/tmp", str(home)):  # noqa: S108
        yield from ("--size", str(_TMP_BYTES), "--tmpfs", folder)
    if kept:
        yield from ("--bind", kept, str(home))


def _read_only(paths: Sequence[str]) -> Iterator[str]:
    for path in sorted(paths):
        yield from ("--ro-bind", path, path)


def _worktree(planned: Plan, visible: Sequence[str]) -> Iterator[str]:
    """Yield the mounts of the worktree, each list over the one before."""
    yield from _read_only(visible)
    yield from _read_only([planned.workdir])
    for path in (*planned.writable, *planned.pinned):
        yield from ("--bind", path, path)
    yield from _read_only(planned.protected)
