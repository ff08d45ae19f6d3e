"""A seccomp filter as bytes: what a coding agent never needs and an attack on the kernel does.

The filter is a program of classic BPF over `struct seccomp_data` (seccomp(2), filter in
Documentation/userspace-api/seccomp_filter.rst of the kernel): the system call's number at byte 0,
the architecture at 4, the arguments from 16 on in 8 bytes each. Numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import errno
import platform
import struct
from collections.abc import Iterator

from attrs import frozen

_LOAD, _EQUAL, _ATLEAST, _ANY, _MASK, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM
_ABSENT = _ERRNO | errno.ENOSYS
_OTHER_NUMBERS = 0x40000000  # the x32 calls of x86_64 have this bit

_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAST_OPEN = 0x20000000  # MSG_FASTOPEN: connects without asking whoever watches connect()
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _TCP, _ROUTE = 1, 6, 0


@frozen
class _Machine:
    """What differs between processors: the AUDIT_ARCH number and the numbers of the calls."""

    audit: int
    calls: dict[str, int]


# Each name is refused outright. The calls after `open_tree` have one number everywhere.
_X86 = {
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "bpf": 321,
    "userfaultfd": 323, "perf_event_open": 298, "unshare": 272, "setns": 308, "keyctl": 250,
    "add_key": 248, "request_key": 249, "mount": 165, "umount2": 166, "pivot_root": 155,
    "chroot": 161, "kexec_load": 246, "kexec_file_load": 320, "init_module": 175,
    "finit_module": 313, "delete_module": 176, "reboot": 169, "swapon": 167, "swapoff": 168,
    "acct": 163, "syslog": 103, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212,
    "open_by_handle_at": 304, "fanotify_init": 300, "vhangup": 153, "settimeofday": 164,
    "clock_settime": 227, "clock_adjtime": 305, "sethostname": 170, "setdomainname": 171,
    "move_pages": 279, "iopl": 172, "ioperm": 173, "modify_ldt": 154, "uselib": 134,
}  # fmt: skip
_ARM = {
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "bpf": 280,
    "userfaultfd": 282, "perf_event_open": 241, "unshare": 97, "setns": 268, "keyctl": 219,
    "add_key": 217, "request_key": 218, "mount": 40, "umount2": 39, "pivot_root": 41,
    "chroot": 51, "kexec_load": 104, "kexec_file_load": 294, "init_module": 105,
    "finit_module": 273, "delete_module": 106, "reboot": 142, "swapon": 224, "swapoff": 225,
    "acct": 89, "syslog": 116, "quotactl": 60, "nfsservctl": 42, "lookup_dcookie": 18,
    "open_by_handle_at": 265, "fanotify_init": 262, "vhangup": 58, "settimeofday": 170,
    "clock_settime": 112, "clock_adjtime": 266, "sethostname": 161, "setdomainname": 162,
    "move_pages": 239,
}  # fmt: skip
_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "quotactl_fd": 443, "open_tree_attr": 467,
}  # fmt: skip
_ASKED_X86 = {"clone": 56, "ioctl": 16, "socket": 41, "sendto": 44, "sendmsg": 46, "sendmmsg": 307}
_ASKED_ARM = {"clone": 220, "ioctl": 29, "socket": 198, "sendto": 206, "sendmsg": 211,
              "sendmmsg": 269}  # fmt: skip
_CLONE3 = 435

_MACHINES = {
    "x86_64": _Machine(0xC000003E, {**_X86, **_EVERYWHERE, **_ASKED_X86}),
    "aarch64": _Machine(0xC00000B7, {**_ARM, **_EVERYWHERE, **_ASKED_ARM}),
}


class UnknownMachineError(Exception):
    """Raised where the numbers of the system calls are not known here."""


def program(*, alone: bool, machine: str = "") -> bytes:
    """Return the filter for `machine` (as `uname -m` names it; this one by default).

    `alone`: there is no namespace around it, so sockets that reach other processes by a path or
    by datagrams are refused as well. Refused calls fail with EPERM; clone3, whose flags a filter
    cannot see, is absent, and the C library takes clone. Raises UnknownMachineError.
    """
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise UnknownMachineError(f"no filter is known for {name}")
    known = _MACHINES[name]
    parts = [
        *_load(4), _step(_EQUAL, known.audit, 1, 0), _step(_RETURN, _ABSENT),
        *_load(0), _step(_ATLEAST, _OTHER_NUMBERS, 0, 1), _step(_RETURN, _ABSENT),
        _step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ABSENT),
    ]  # fmt: skip
    for call, number in known.calls.items():
        body = list(_asked(call, alone=alone))
        if body:  # on no match, jump over the body; within it the accumulator is not the number
            parts += [_step(_EQUAL, number, 0, len(body)), *body]
    parts.append(_step(_RETURN, _ALLOW))
    return b"".join(parts)


def _asked(call: str, *, alone: bool) -> Iterator[bytes]:
    """Yield what is done once the call is known to be `call`; it always returns."""
    if call == "clone":
        yield from (*_argument(0), _step(_ANY, _NEW_NAMESPACES, 0, 1), *_verdict())
    elif call == "ioctl":
        yield from (*_argument(1), _step(_EQUAL, _TIOCSTI, 1, 0), _step(_EQUAL, _TIOCLINUX, 0, 1),
                    *_verdict())  # fmt: skip
    elif call == "socket":
        yield from _socket_alone() if alone else _socket()
    elif call in ("sendto", "sendmsg", "sendmmsg"):
        if alone:
            flags = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}[call]
            yield from (*_argument(flags), _step(_ANY, _FAST_OPEN, 0, 1), *_verdict())
    else:
        yield _step(_RETURN, _REFUSE)


def _socket() -> Iterator[bytes]:
    """Local, internet and route sockets: all of them end in the box's own network."""
    yield from (
        *_argument(0),
        _step(_EQUAL, _UNIX, 6, 0),
        _step(_EQUAL, _INET, 5, 0),
        _step(_EQUAL, _INET6, 4, 0),
        _step(_EQUAL, _NETLINK, 0, 2),
        *_argument(2),
        _step(_EQUAL, _ROUTE, 1, 0),
        *_verdict(),
    )


def _socket_alone() -> Iterator[bytes]:
    """TCP and route sockets only; Landlock says which ports, and it watches nothing but TCP."""
    yield from (
        *_argument(0),
        _step(_EQUAL, _NETLINK, 5, 0),
        _step(_EQUAL, _INET, 1, 0),
        _step(_EQUAL, _INET6, 0, 6),
        *_argument(1),
        _step(_MASK, 0xF),
        _step(_EQUAL, _STREAM, 0, 3),
        *_argument(2),
        _step(_EQUAL, _ROUTE, 2, 0),
        _step(_EQUAL, _TCP, 1, 0),
        *_verdict(),
    )


def _verdict() -> tuple[bytes, bytes]:
    return _step(_RETURN, _REFUSE), _step(_RETURN, _ALLOW)


def _argument(number: int) -> tuple[bytes]:
    """Load the lower half of an argument; every one that is asked about is 32 bits to the kernel.

    Both processors store the lower half first.
    """
    return _load(16 + 8 * number)


def _load(offset: int) -> tuple[bytes]:
    return (_step(_LOAD, offset),)


def _step(code: int, value: int, when: int = 0, unless: int = 0) -> bytes:
    """Return one instruction (struct sock_filter): the code, how far each way jumps, a number."""
    return struct.pack("HBBI", code, when, unless, value)
