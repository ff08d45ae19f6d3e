"""`python -I -S probe.py FACTS`: try to get out of the box that this process is in.

FACTS is JSON: what lies outside, made for this, so that an attempt can be seen to have worked. One
line is printed for each that did, as `NAME`, and `ready` at the end. The list in `canaries.py` says
what each name means; attempts that change something outside are counted there, not here.
"""

import ctypes
import errno
import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Callable

_PTRACE_ATTACH, _CLONE_NEWUSER, _KEYCTL_READ_SESSION = 16, 0x10000000, 0
_TIOCSTI = 0x5412
_STAY_S = 30
_CALLS = {
    "x86_64": {"ptrace": 101, "unshare": 272, "mount": 165, "keyctl": 250, "io_uring": 425},
    "aarch64": {"ptrace": 117, "unshare": 97, "mount": 40, "keyctl": 219, "io_uring": 425},
}


def _call(name: str, *arguments: object) -> bool:
    number = _CALLS[os.uname().machine][name]
    sent = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    done: int = ctypes.CDLL(None, use_errno=True).syscall(number, *sent)
    return done >= 0


def _write(path: str) -> bool:
    with open(path, "a") as file:  # noqa: PTH123 - little is imported here
        file.write("x")
    return True


def _read(path: str) -> bool:
    with open(path, "rb") as file:  # noqa: PTH123
        return bool(file.read(1))


def _connect(family: int, kind: int, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, kind) as one:
        one.settimeout(0.5)
        one.connect(address)
        one.send(b"x")
    return True


def _descriptors() -> bool:
    # The one that lists them is the last.
    return any(int(name) > 2 for name in sorted(os.listdir("/proc/self/fd"), key=int)[:-1])  # noqa: PTH208


def _inject() -> bool:
    # Nobody's terminal: the filter answers before the kernel looks what the descriptor is.
    ctypes.set_errno(0)
    ctypes.CDLL(None, use_errno=True).ioctl(0, _TIOCSTI, b"x")
    return ctypes.get_errno() != errno.EPERM


def _mount() -> bool:
    # A kind that no kernel has: who may mount is told that, anybody else that it may not, and
    # nothing is mounted even where there is no wall at all.
    ctypes.set_errno(0)
    _call("mount", b"none", b"/tmp", b"no-such-kind", 0, 0)
    return ctypes.get_errno() == errno.ENODEV


def _stay(lock: str) -> None:
    """Leave a process behind that holds `lock` until somebody ends it."""
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    if os.fork():
        return
    os.setsid()
    if os.fork() == 0:
        quiet = os.open("/dev/null", os.O_RDWR)
        for number in range(3):
            os.dup2(quiet, number)
        time.sleep(_STAY_S)
    os._exit(0)


def _attempts(facts: dict[str, str]) -> dict[str, Callable[[], bool | None]]:
    pid = int(facts["pid"])
    local = ("127.0.0.1", int(facts["port"]))
    return {
        "outside": lambda: _write(facts["outside"]),
        "protected": lambda: _write(facts["protected"]),
        "absent": lambda: _write(facts["absent"]),
        "pointer": lambda: _write(facts["pointer"]),
        "secret": lambda: _read(facts["secret"]),
        "mode": lambda: os.chmod(facts["secret"], 0o640),  # noqa: PTH101
        "tcp": lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, local),
        "udp": lambda: _connect(
            socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(facts["udp_port"]))
        ),
        "unix": lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, facts["unix"]),
        "abstract": lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + facts["abstract"]),
        "signal": lambda: os.kill(pid, 0),
        "environ": lambda: _read(f"/proc/{pid}/environ"),
        "trace": lambda: _call("ptrace", _PTRACE_ATTACH, pid, 0, 0),
        "keyring": lambda: _call("keyctl", _KEYCTL_READ_SESSION, -3, 0, 0, 0),
        "descriptor": _descriptors,
        "mount": _mount,
        "uring": lambda: _call("io_uring", 1, ctypes.create_string_buffer(120)),
        "terminal": _inject,
        "namespace": lambda: _call("unshare", _CLONE_NEWUSER),
    }


def main(facts: dict[str, str]) -> None:
    """Print the name of each attempt that was not refused."""
    for name, attempt in _attempts(facts).items():
        try:
            through = attempt()
        except OSError:
            through = False
        if through is not False:
            print(name)
    _stay(facts["lock"])
    print("ready", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
