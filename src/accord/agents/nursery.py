"""`python -m accord.agents.nursery SOCKET`: forks the hosts of runs, which share what it loaded.

A host loads some 25 MB of code that no run changes; forked from here, all of them have it once,
and none spends half a second of CPU on loading it. The nursery serves one process alone, over a
pair of sockets that nobody else holds, and ends when that one does. The hosts that it forked live
on, as any host does.
"""

import gc
import os
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from weakref import finalize

from attrs import define, field

from accord.agents import folder

_BYTES = 2**16
_PATIENCE_S = 60.0


@define(slots=False)
class Nursery:
    """The end of whoever has runs to start; the process is begun with the first of them."""

    _line: socket.socket | None = field(default=None, init=False)
    _environment: dict[str, str] = field(factory=dict, init=False)
    _end: finalize | None = field(default=None, init=False)  # type: ignore[type-arg] # of any kind
    _turn: threading.Lock = field(factory=threading.Lock, init=False)

    def start(self, run: Path, lock: int, log: int) -> int:
        """Start the host of `run`, which is given the descriptor `lock` and writes to `log`.

        Returns the exit status of the process that detached it, 0 where all is well. Raises
        OSError where there is no nursery to be had.
        """
        message = [os.fsencode(run)], [lock, log]
        with self._turn:
            try:
                socket.send_fds(self._opened(), *message)
            except OSError:  # it was killed, and nothing was forked: another one does
                self.close()
                socket.send_fds(self._opened(), *message)
            said = self._opened().recv(_BYTES)
            if not said:
                self.close()
                raise ConnectionError("what it is forked from was killed")
            return int(said)

    def close(self) -> None:
        """End the process; what it forked lives on."""
        if self._end is not None:
            self._end()
        self._line = self._end = None

    def _opened(self) -> socket.socket:
        if self._line is not None and self._environment == dict(os.environ):
            return self._line
        self.close()  # hosts find their keys in the environment that they are born with
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_PATIENCE_S)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "accord.agents.nursery", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._line, self._environment = ours, dict(os.environ)
        self._end = finalize(self, _end, ours, process)
        return ours


def _end(line: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    line.close()
    process.wait()


def main(argv: list[str]) -> int:
    """Fork a host for each message, until the other end closes."""
    gc.set_threshold(50_000, 20, 20)
    # All models are built here: what a host built for itself, it would have for itself.
    from accord.agents import acp, host, outlet  # noqa: F401 -- loaded here, they are in all

    gc.collect()
    gc.freeze()  # a collection in a host would write to what all of them share
    with socket.socket(fileno=int(argv[0])) as line:
        line.set_inheritable(False)
        while True:
            data, given, _, _ = socket.recv_fds(line, _BYTES, 2, socket.MSG_CMSG_CLOEXEC)
            if not data:
                return 0
            child = os.fork()
            if child == 0:
                _become_host(line, Path(os.fsdecode(data)), *given)
            for one in given:
                os.close(one)
            _, status = os.waitpid(child, 0)
            line.send(b"%d" % abs(os.waitstatus_to_exitcode(status)))


def _become_host(line: socket.socket, run: Path, lock: int, log: int) -> None:
    """Be the host of `run` from here on; never returns."""
    from accord.agents import host

    status = 1
    try:
        line.close()
        os.setsid()
        for stream in (1, 2):
            os.dup2(log, stream)
        os.chdir(run)
        # Not started by exec, it has no mark in its environment: this file, which only it has
        # open, is what it is found by.
        os.open(run / folder.HOST, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        status = host.main([str(run), str(lock)])
    except BaseException:  # noqa: BLE001 -- nobody is left to catch it, and the log has to say
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
