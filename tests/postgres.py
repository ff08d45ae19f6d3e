"""A server of Postgres for tests: made for them, on a port of its own, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from jumping import Clock

SECRET = "pw-0f-the-tests"


def programs() -> Path | None:
    """Return the folder with initdb and pg_ctl; Debian keeps them off the PATH."""
    named = shutil.which("pg_ctl")
    found = [Path(named).resolve().parent] if named else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in found if (one / "initdb").is_file()), None)


@frozen
class Server:
    """A cluster in `folder` that listens on `port` of this machine."""

    bin: Path
    folder: Path
    port: int

    def url(self, password: str = SECRET) -> str:
        """Return the address of its database."""
        return f"postgresql://tester:{password}@127.0.0.1:{self.port}/postgres"

    def start(self, clock: Clock | None = None) -> None:
        """Start it, by that clock, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        words = ("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", options, "start")
        self.run(*words, clock=clock)

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kill it and all that it started, as whoever runs out of memory is killed."""
        top = (self.data / "postmaster.pid").read_text().split()[0]
        others = Path(f"/proc/{top}/task/{top}/children").read_text().split()
        for pid in (top, *others):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        while not all(map(_is_dead, (top, *others))):
            time.sleep(0.02)
        # Where nobody has buried the dead by now, it would be taken for one that lives.
        for left in (self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)

    @property
    def data(self) -> Path:
        """Return the folder of the cluster's files."""
        return self.folder / "data"

    def run(self, program: str, *arguments: str, clock: Clock | None = None) -> None:
        """Run one of Postgres' programs as a user that it lets run it."""
        # Set by that user's own `env`: what libfaketime shares between processes is root's else.
        around = [f"{name}={value}" for name, value in clock.library().items()] if clock else []
        words = [*_as_user(), "env", *around, str(self.bin / program), *arguments]
        done = subprocess.run(words, check=False, cwd=self.folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr


@contextmanager
def serving(found: Path) -> Iterator[Server]:
    """Yield a running server; `found` is the folder of its programs."""
    # Not below a folder of root's: another user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="accord-postgres-", dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        (folder / "password").write_text(SECRET)
        (folder / "password").chmod(0o644)
        server = Server(found, folder, _free_port())
        server.run("initdb", "-D", str(server.data), "-U", "tester", "-A", "scram-sha-256",
                   "--pwfile", str(folder / "password"), "--no-sync", "-E", "UTF8",
                   "--locale", "C.UTF-8")  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_user() -> Sequence[str]:
    if os.getuid() != 0:  # it refuses to run as root
        return ()
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")


def _is_dead(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
