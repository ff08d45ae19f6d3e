"""`python -I -S enter.py OPTIONS -- COMMAND...`: the last step into a box, then the command itself.

It runs inside the walls that bubblewrap built (level 3), or is the wall (level 2), so it leans on
the standard library alone and imports little: each import is paid at every start.

    --write PATH, --read PATH   Landlock: what may be written (and read), what may be read
    --seccomp HEX               the filter, as `seccomp.py` assembled it outside
    --door FOLDER, --port N     the gateway's socket there is reached on loopback port N
    --start FOLDER              where the command starts, if not where this does
    --limit NAME=N              a resource limit, soft and hard (setrlimit(2))
    --pending FILE              deleted when the command is about to start; gets why it could not
    --watch FOLDER              level 2: a folder for home and temporary files is made in FOLDER;
                                it is deleted at the end

The process stays beside the command. Inside namespaces it is the first process there, with which
the kernel ends all others; at level 2 it ends what the command left behind itself.

Landlock by landlock(7) and include/uapi/linux/landlock.h, seccomp by seccomp(2).
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys

TYPE_CHECKING = False  # as in `typing`, whose import would cost more than all of this
if TYPE_CHECKING:
    import socket

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 0b1101  # execute, read a file, read a folder
_ON_FILES = 0b1100_0000_0000_0111  # the rights that a rule for a single file may hold
_SOCKET = "gateway.sock"  # `DOOR` in core/orders.py, which cannot be imported here
_PORT = "port"  # `PORT` there
UNUSABLE = 126
"""The exit status when the command could not be started."""

_libc = ctypes.CDLL(None, use_errno=True)


class Options:
    """What was asked for; lists where an option may be given more than once."""

    def __init__(self, words: list[str]) -> None:
        """Take the words after the name of this file. Raises ValueError for an unknown one."""
        self.write: list[str] = []
        self.read: list[str] = []
        self.limit: list[str] = []
        self.seccomp = self.door = self.port = self.pending = self.watch = self.start = ""
        at = 0
        while words[at] != "--":
            name = words[at].removeprefix("--")
            if name in ("write", "read", "limit"):
                getattr(self, name).append(words[at + 1])
            elif name in ("seccomp", "door", "port", "pending", "watch", "start"):
                setattr(self, name, words[at + 1])
            else:
                raise ValueError(words[at])
            at += 2
        self.command = words[at + 1 :]


def main(words: list[str]) -> int:
    """Enter the box and become the command; returns only where it could not be started."""
    options = Options(words)
    _close_inherited()
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for limit in options.limit:
        _limit(*limit.split("="))
    if options.door:
        listener = _listen(options)
        if options.watch:
            _rename_port(options, listener.getsockname()[1])
            _say_port(options)
        _bridge(options.door, listener)
    if options.watch:
        _watch(options)
    try:
        if options.start:
            os.chdir(options.start)
        restrict(options.read, options.write, _ports(options), needed=bool(options.watch))
        _filter(bytes.fromhex(options.seccomp))
        if not options.watch:
            _init()
    except OSError as error:
        return _unusable(options, f"the box cannot be entered: {error}")
    return _become(options)


def _become(options: Options) -> int:
    if options.pending:
        os.unlink(options.pending)  # noqa: PTH108 - pathlib costs more than all the rest
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec would too
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(options.command[0], options.command)  # noqa: S606 - there is no shell on purpose
    except OSError as error:
        return _unusable(options, f"{options.command[0]}: {error.strerror}")


def _unusable(options: Options, said: str) -> int:
    sys.stderr.write(f"{said}\n")
    if options.pending:
        with contextlib.suppress(OSError), open(options.pending, "w") as file:  # noqa: PTH123
            file.write(said)
    return UNUSABLE


def prctl(option: int, value: int) -> None:
    """Call prctl(2). Raises OSError."""
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _close_inherited() -> None:
    """Close what was inherited but for the three: an open folder is a way past every mount."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _limit(name: str, value: str) -> None:
    which = getattr(resource, f"RLIMIT_{name}")
    wanted, hard = int(value), resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(which, (wanted, wanted))


# --- Landlock


def abi() -> int:
    """Return the version of Landlock that the kernel speaks, 0 for none."""
    found: int = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    return max(0, found)


def restrict(read: list[str], write: list[str], ports: list[int], *, needed: bool) -> None:
    """Keep this process and all it starts to these paths and, at level 2, TCP ports.

    What is not there is left out. Where Landlock is not `needed` because mounts and namespaces
    do the same, TCP is left alone (the network is private) and a kernel without it will do.
    Raises OSError.
    """
    version = abi()
    if not version and not needed:
        return
    files = (1 << {1: 13, 2: 14}.get(version, 15 if version < 5 else 16)) - 1
    net = 3 if needed and version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    asked = struct.pack("QQQ", files, net, scoped)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    ruleset = _call(_CREATE_RULESET, asked, len(asked), 0)
    for paths, rights in ((read, _READ), (write, files)):
        for path in paths:
            _allow(ruleset, path, rights)
    for port in ports if net else ():
        _call(_ADD_RULE, ruleset, 2, struct.pack("QQ", 2, port), 0)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if os.fstat(place).st_mode & 0o170000 != 0o040000:
        rights &= _ON_FILES
    _call(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0)
    os.close(place)


def _call(number: int, *arguments: bytes | int) -> int:
    sent = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    done: int = _libc.syscall(number, *sent)
    if done < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return done


# --- seccomp


def _filter(program: bytes) -> None:
    """Install the filter (struct sock_fprog: a count and a pointer to instructions of 8 bytes)."""
    if not program:
        return
    held = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(held))
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0):
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


# --- The way to the gateway


def _listen(options: Options) -> "socket.socket":
    import socket

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Without a network of its own, another box may hold the port: any free one will do.
    listener.bind(("127.0.0.1", 0 if options.watch else int(options.port)))
    listener.listen(64)
    return listener


def _rename_port(options: Options, port: int) -> None:
    """Put the port that was free in the place of the fixed one, wherever that was named."""
    for host in ("127.0.0.1", "localhost"):
        old, new = f"{host}:{options.port}", f"{host}:{port}"
        for name, value in os.environ.items():
            if old in value:
                os.environ[name] = value.replace(old, new)
        options.command = [word.replace(old, new) for word in options.command]
    options.port = str(port)


def _say_port(options: Options) -> None:
    """Write the port beside the socket, for what the host says to the agent by itself."""
    with contextlib.suppress(OSError), open(f"{options.door}/{_PORT}", "w") as file:  # noqa: PTH123
        file.write(options.port)


def _ports(options: Options) -> list[int]:
    return [int(options.port)] if options.door else []


def _bridge(door: str, listener: "socket.socket") -> None:
    """Leave a process behind that pipes each connection to the gateway's socket."""
    parent = os.getpid()
    if os.fork():
        listener.close()
        return
    try:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_DUMPABLE, 0)
        if os.getppid() == parent:
            os.chdir(door)  # the path of a socket may be 108 bytes long
            _serve(listener)
    finally:
        os._exit(0)


def _serve(listener: "socket.socket") -> None:
    import socket
    import threading

    quiet = os.open("/dev/null", os.O_RDWR)
    for number in range(3):  # whoever reads what the command prints waits for the last writer
        os.dup2(quiet, number)

    def pump(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end, how in ((other, socket.SHUT_WR), (one, socket.SHUT_RD)):
            with contextlib.suppress(OSError):
                end.shutdown(how)

    def carry(client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as gateway:
            try:
                gateway.connect(_SOCKET)
            except OSError:
                return
            back = threading.Thread(target=pump, args=(gateway, client), daemon=True)
            back.start()
            pump(client, gateway)
            back.join()

    while True:
        client = listener.accept()[0]
        threading.Thread(target=carry, args=(client,), daemon=True).start()


# --- Stay beside the command, to end with it everything that it began


def _init() -> None:
    """Return in a child; the process itself is the box's first, with whose end all others end."""
    prctl(_PR_SET_DUMPABLE, 0)
    child = os.fork()
    if child:
        os._exit(_wait(child))


def _watch(options: Options) -> None:
    """Return in a child; the process itself waits for it and then ends what it left behind."""
    scratch = f"{options.watch}/accord-{os.getpid()}-{os.urandom(6).hex()}"
    home, temporary = f"{scratch}/home", f"{scratch}/temporary"
    for folder in (scratch, home, temporary):
        os.mkdir(folder, 0o700)  # noqa: PTH102
    os.environ.update(HOME=home, TMPDIR=temporary)
    options.write.append(scratch)
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    parent = os.getpid()
    child = os.fork()
    if not child:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(UNUSABLE)
        return
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: _kill(child))
    code = _wait(child)
    _sweep()
    _delete(scratch, options.watch)
    os._exit(code)


def _delete(scratch: str, folder: str) -> None:
    """Delete a run's folder, and those in `folder` of runs whose launcher was killed."""
    import shutil

    shutil.rmtree(scratch, ignore_errors=True)
    with os.scandir(folder) as entries:
        for entry in entries:
            prefix, _, rest = entry.name.partition("-")
            pid = rest.partition("-")[0]
            if prefix == "accord" and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                        shutil.rmtree(entry.path, ignore_errors=True)


def _wait(child: int) -> int:
    """Wait for `child` and meanwhile for all that lost their parent; return its exit status."""
    quiet = os.open("/dev/null", os.O_RDWR)
    for number in range(3):  # whoever reads what the command prints waits for the last writer
        os.dup2(quiet, number)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _sweep() -> None:
    """End every process that came back here because its parent ended before it."""
    while True:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            left = [int(word) for word in file.read().split()]
        if not left:
            return
        for pid in left:
            _kill(pid)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
