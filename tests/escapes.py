"""`python escapes.py NAME FACTS`: one attempt to get out of a box, run inside of it.

Leans on the standard library alone. `through` is printed where the attempt itself can tell that it
was not refused; all else is judged outside, by what was changed, reached or printed there.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Facts = dict[str, str]
Attempt = Callable[[Facts], object]
ATTEMPTS: dict[str, tuple[str, Attempt]] = {}
_CALLS = {
    "x86_64": {"ptrace": 101, "mount": 165, "unshare": 272, "keyctl": 250, "clone3": 435,
               "io_uring": 425, "bpf": 321, "userfaultfd": 323, "process_vm_readv": 310},
    "aarch64": {"ptrace": 117, "mount": 40, "unshare": 97, "keyctl": 219, "clone3": 435,
                "io_uring": 425, "bpf": 280, "userfaultfd": 282, "process_vm_readv": 270},
}  # fmt: skip


def attempt(threat: str, name: str) -> Callable[[Attempt], Attempt]:
    """Enter the function below as the attempt `name` of a threat in the threat model."""

    def enter(function: Attempt) -> Attempt:
        ATTEMPTS[name] = (threat, function)
        return function

    return enter


def _writes(threat: str, name: str, fact: str, below: str = "") -> None:
    def write(facts: Facts) -> None:
        Path(facts[fact], below).write_text("planted")

    ATTEMPTS[name] = (threat, write)


def _call(name: str, *arguments: object) -> bool:
    number = _CALLS[os.uname().machine][name]
    sent = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    done: int = ctypes.CDLL(None, use_errno=True).syscall(number, *sent)
    return done >= 0


def _git(facts: Facts, *words: str) -> None:
    subprocess.run(["git", *words], cwd=facts["tree"], check=False)


_writes("T6", "03-write-main-checkout", "repo", "main.py")
_writes("T7", "04-write-hook", "repo", ".git/hooks/pre-commit")
_writes("T7", "05-write-git-config", "repo", ".git/config")
_writes("T6", "06-write-other-worktree", "other", "main.py")
_writes("T2", "07-write-engine-state", "state")
_writes("T7", "32-repoint-git-pointer", "tree", ".git")
_writes("T7", "33-repoint-commondir", "gitdir", "commondir")
_writes("T6", "36-write-etc", "etc")
_writes("T6", "37-write-dotfile", "home", ".bashrc")
_writes("T16", "40-write-protected", "tree", "kept/settings.json")


@attempt("T12", "08-read-ssh-key")
def _ssh(facts: Facts) -> None:
    print(Path(facts["home"], ".ssh/id_ed25519").read_text())


@attempt("T12", "09-read-aws-credentials")
def _aws(facts: Facts) -> None:
    print(Path(facts["home"], ".aws/credentials").read_text())


@attempt("T9", "10-symlink-into-state")
def _symlink(facts: Facts) -> None:
    link = Path(facts["tree"], "link")
    link.symlink_to(facts["state"])
    link.write_text("planted")


@attempt("T9", "11-hardlink-of-state")
def _hardlink(facts: Facts) -> None:
    link = Path(facts["tree"], "hard")
    link.hardlink_to(facts["state"])
    link.write_text("planted")


@attempt("T12", "12-hardlink-of-key")
def _hardlink_key(facts: Facts) -> None:
    link = Path(facts["tree"], "hard")
    link.hardlink_to(Path(facts["home"], ".ssh/id_ed25519"))
    print(link.read_text())


@attempt("T2", "13-rename-state-away")
def _take(facts: Facts) -> None:
    Path(facts["state"]).rename(Path(facts["tree"], "taken"))


@attempt("T9", "14-rename-worktree")
def _rename(facts: Facts) -> None:
    Path(facts["tree"]).rename(facts["tree"] + "-moved")


@attempt("T9", "15-rename-over-other-file")
def _rename_over(facts: Facts) -> None:
    mine = Path(facts["tree"], "mine")
    mine.write_text("planted")
    mine.rename(Path(facts["other"], "main.py"))


@attempt("T2", "16-chmod-state")
def _chmod(facts: Facts) -> None:
    Path(facts["state"]).chmod(0o666)


@attempt("T7", "17-touch-hooks")
def _utime(facts: Facts) -> None:
    os.utime(Path(facts["repo"], ".git/hooks"), (1, 1))


def _send(family: int, kind: int, address: tuple[str, int] | str) -> None:
    with socket.socket(family, kind) as one:
        one.settimeout(1)
        one.connect(address)
        one.send(b"x")


@attempt("T11", "18-loopback-tcp")
def _tcp(facts: Facts) -> None:
    _send(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(facts["tcp"])))


@attempt("T11", "19-unix-socket")
def _unix(facts: Facts) -> None:
    _send(socket.AF_UNIX, socket.SOCK_STREAM, facts["unix"])


@attempt("T11", "20-abstract-socket")
def _abstract(facts: Facts) -> None:
    _send(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + facts["abstract"])


@attempt("T11", "21-udp")
def _udp(facts: Facts) -> None:
    _send(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(facts["udp"])))


@attempt("T11", "22-listen")
def _listen(facts: Facts) -> None:
    with socket.create_server(("127.0.0.1", int(facts["free"]))):
        print("listening", flush=True)
        sys.stdin.readline()


@attempt("T9", "23-signal-outside")
def _signal(facts: Facts) -> bool:
    os.kill(int(facts["pid"]), signal.SIGTERM)
    return True


@attempt("T12", "24-environment-outside")
def _environ(facts: Facts) -> None:
    print(Path(f"/proc/{facts['pid']}/environ").read_text())


@attempt("T9", "25-ptrace-outside")
def _ptrace(facts: Facts) -> bool:
    return _call("ptrace", 16, int(facts["pid"]), 0, 0)


@attempt("T9", "26-write-by-proc-root")
def _proc_root(facts: Facts) -> None:
    Path(f"/proc/{facts['pid']}/root{facts['state']}").write_text("planted")


@attempt("T7", "28-git-commit")
def _commit(facts: Facts) -> None:
    Path(facts["tree"], "main.py").write_text("changed")
    _git(facts, "add", "-A")
    _git(facts, "commit", "-qm", "planted")


@attempt("T7", "29-git-update-ref")
def _update_ref(facts: Facts) -> None:
    _git(facts, "update-ref", "refs/heads/planted", "HEAD")


@attempt("T7", "30-git-config")
def _config(facts: Facts) -> None:
    _git(facts, "config", "core.fsmonitor", "/bin/false")


@attempt("T7", "31-git-config-worktree")
def _config_worktree(facts: Facts) -> None:
    Path(facts["gitdir"], "config.worktree").write_text("[core]\n\tfsmonitor = /bin/false\n")


@attempt("T27", "34-mount")
def _mount(facts: Facts) -> bool:
    ctypes.set_errno(0)
    _call("mount", b"none", b"/tmp", b"no-such-kind", 0, 0)  # may not: 1, may: no such kind
    return ctypes.get_errno() != 1


@attempt("T27", "35-user-namespace")
def _namespace(facts: Facts) -> bool:
    return _call("unshare", 0x10000000)


@attempt("T18", "38-terminal-injection")
def _terminal(facts: Facts) -> bool:
    ctypes.set_errno(0)
    ctypes.CDLL(None, use_errno=True).ioctl(0, 0x5412, b"x")
    return ctypes.get_errno() != 1


@attempt("T10", "39-daemon")
def _daemon(facts: Facts) -> None:
    held = os.open(Path(facts["tree"], "lock"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    if os.fork():
        return
    os.setsid()
    if os.fork() == 0:
        quiet = os.open("/dev/null", os.O_RDWR)
        for number in range(3):
            os.dup2(quiet, number)
        time.sleep(60)
    os._exit(0)


@attempt("T15", "41-make-protected-file")
def _make_file(facts: Facts) -> None:
    file = Path(facts["tree"], ".mcp.json")
    if file.is_dir():
        file.rmdir()
    file.write_text("planted")


@attempt("T15", "42-make-protected-folder")
def _make_folder(facts: Facts) -> None:
    folder = Path(facts["tree"], ".claude")
    if folder.exists():
        folder.rename(Path(facts["tree"], "gone"))
    folder.mkdir()
    Path(folder, "settings.json").write_text("planted")


@attempt("T15", "43-rename-above-protected")
def _above(facts: Facts) -> None:
    Path(facts["tree"], "ci").rename(Path(facts["tree"], "moved"))
    Path(facts["tree"], "ci/flows").mkdir(parents=True)
    Path(facts["tree"], "ci/flows/build.yml").write_text("planted")


@attempt("T15", "44-remove-protected")
def _remove(facts: Facts) -> None:
    shutil.rmtree(Path(facts["tree"], "kept"))


@attempt("T9", "45-inherited-folder")
def _descriptor(facts: Facts) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - of names
        try:
            place = os.open("state", os.O_WRONLY | os.O_TRUNC, dir_fd=int(name))
        except OSError:
            continue
        os.write(place, b"planted")


@attempt("T9", "54-inherited-file")
def _inherited_file(facts: Facts) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - of names
        if int(name) > 2:
            try:
                os.write(int(name), b"planted")
            except OSError:
                continue


@attempt("T9", "46-inherited-folder-of-first-process")
def _first(facts: Facts) -> None:
    for pid in ("1", str(os.getppid())):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            (entry / "state").write_text("planted")


@attempt("T12", "47-session-keyring")
def _keyring(facts: Facts) -> bool:
    return _call("keyctl", 0, -3, 0, 0, 0)


@attempt("T27", "48-io-uring")
def _uring(facts: Facts) -> bool:
    return _call("io_uring", 1, ctypes.create_string_buffer(120))


@attempt("T27", "49-clone3-namespace")
def _clone3(facts: Facts) -> bool:
    asked = (ctypes.c_uint64 * 8)(0x10000000)
    ctypes.set_errno(0)
    if _call("clone3", asked, 64):
        return True
    return ctypes.get_errno() not in (1, 38)


@attempt("T27", "50-machine-sockets")
def _families(facts: Facts) -> bool:
    for family in (17, 38, 40):  # packets, the crypto interface, the machine's host
        try:
            socket.socket(family, socket.SOCK_RAW if family == 17 else socket.SOCK_STREAM).close()
        except OSError as error:
            if error.errno != 1:  # refused for lack of something else than a wall
                return True
        else:
            return True
    return False


@attempt("T9", "51-memory-outside")
def _memory(facts: Facts) -> bool:
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 8)
    ctypes.set_errno(0)
    _call("process_vm_readv", int(facts["pid"]), vector, 1, vector, 1, 0)
    return ctypes.get_errno() not in (1, 3)


@attempt("T11", "52-tcp-fast-open")
def _fast_open(facts: Facts) -> None:
    with socket.socket() as one:
        one.settimeout(1)
        one.sendto(b"x", 0x20000000, ("127.0.0.1", int(facts["tcp"])))


@attempt("T2", "53-extended-attribute-of-state")
def _attribute(facts: Facts) -> None:
    os.setxattr(facts["state"], "user.planted", b"1")


def main() -> None:
    """Make the attempt; whatever refuses it is printed."""
    try:
        through = ATTEMPTS[sys.argv[1]][1](json.loads(sys.argv[2]))
    except OSError as error:
        print("refused:", error)
    else:
        print("through" if through is True else "done")


if __name__ == "__main__":
    main()
