"""The proof of a box: start it, try to get out, look outside for what happened.

Nothing here is asked of the box itself but whether calls that leave no trace were refused. What
can be seen is looked for outside: in files made for it, and at sockets that wait to be reached.
"""

import contextlib
import fcntl
import json
import os
import secrets
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from accord.core.ports import Sandbox, Walls
from accord.errors import AccordError

LONGEST_S = 20.0
WORDS = {
    "outside": "a file outside of the worktree was written",
    "protected": "a protected file was changed",
    "absent": "a protected file that was absent was made",
    "pointer": "the .git pointer of the worktree was changed",
    "secret": "a secret in your home was read",
    "mode": "the mode of a file outside of the worktree was changed",
    "tcp": "a server on this machine was reached by TCP",
    "udp": "a server on this machine was reached by UDP",
    "unix": "a socket of another program was reached",
    "abstract": "an abstract socket of another program was reached",
    "signal": "a process outside could be signalled",
    "environ": "the environment of a process outside was read",
    "trace": "a process outside was taken over by ptrace",
    "keyring": "the keys of your session were reached",
    "descriptor": "an open folder was inherited",
    "mount": "something was mounted",
    "uring": "io_uring, which no filter sees into, was opened",
    "terminal": "keystrokes could be put into a terminal",
    "namespace": "a user namespace was made",
    "alive": "a process lived on after the command had ended",
}
"""What got through, in words, for each name that `probe.py` or this module knows."""

KNOWN = {
    3: frozenset[str](),
    2: frozenset({"protected", "absent", "pointer", "mode"}),
}
"""What each level does not promise to stop; its `gaps` say so."""
ROOT = frozenset({"environ"})
"""What Landlock does not keep root from."""

# What the probe says of these does not count: a write may have gone to a folder of the box.
_SEEN = frozenset({"outside", "protected", "absent", "pointer", "mode", "tcp", "udp", "unix",
                   "abstract", "alive"})  # fmt: skip
_KEPT = "kept"
_WAIT = "import time; time.sleep(60)"


@frozen
class Proof:
    """What was found: why the box did not start (or nothing), and the attempts that got through."""

    failed: str
    through: tuple[str, ...]

    def unexpected(self, level: int) -> tuple[str, ...]:
        """Return, in words, what got through although the level promises that it does not."""
        known = KNOWN.get(level, frozenset(WORDS))
        if level == 2 and os.getuid() == 0:
            known |= ROOT
        return tuple(WORDS[name] for name in self.through if name not in known)


@frozen
class _Outside:
    """What lies outside of the box, made to be attacked."""

    place: Path
    facts: dict[str, str]
    listeners: dict[str, socket.socket]


def prove(sandbox: Sandbox, state: Path, python: str) -> Proof:
    """Start `sandbox` on a throw-away worktree in `state` and return what got through.

    `python` is an interpreter that the box shows. Raises OSError when `state` cannot be written.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="canary-", dir=state) as name,
        _outside(Path(name).resolve(), python) as outside,
    ):
        walls = Walls(str(outside.place / "tree"), (".",), ("kept", "absent"))
        try:
            box = sandbox.prefix(walls)
        except AccordError as error:
            return Proof(error.message, ())
        return _attempt([*box, python, "-I", "-S"], outside)


@contextlib.contextmanager
def _outside(place: Path, python: str) -> Iterator[_Outside]:
    """Give files, sockets and a process that are there to be attacked."""
    tree = place / "tree"
    tree.mkdir()
    shutil.copy(Path(__file__).with_name("probe.py"), tree)
    files = {"outside": place / "outside", "protected": tree / "kept", "pointer": tree / ".git",
             "secret": place / "secret"}  # fmt: skip
    for path in files.values():
        path.write_text(_KEPT)
        path.chmod(0o600)
    with contextlib.ExitStack() as stack:
        listeners = _listeners(stack)
        sleep = shutil.which("sleep", path=os.defpath)
        words = [sleep, "60"] if sleep else [python, "-I", "-S", "-c", _WAIT]
        decoy = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        stack.callback(decoy.wait)
        stack.callback(decoy.kill)
        facts = {
            **{name: str(path) for name, path in files.items()},
            "absent": str(tree / "absent"),
            "lock": str(tree / "lock"),
            "pid": str(decoy.pid),
            "port": str(listeners["tcp"].getsockname()[1]),
            "udp_port": str(listeners["udp"].getsockname()[1]),
            "unix": str(listeners["unix"].getsockname()),
            "abstract": listeners["abstract"].getsockname()[1:].decode(),
        }
        yield _Outside(place, facts, listeners)


def _listeners(stack: contextlib.ExitStack) -> dict[str, socket.socket]:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="accord-"))  # a short name
    found = {}
    for name, family, kind, address in (
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM, f"{folder}/s"),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0accord-{secrets.token_hex(8)}"),
    ):
        found[name] = stack.enter_context(socket.socket(family, kind))
        found[name].bind(address)
        if kind is socket.SOCK_STREAM:
            found[name].listen()
    return found


def _attempt(words: list[str], outside: _Outside) -> Proof:
    command = [*words, str(outside.place / "tree/probe.py"), json.dumps(outside.facts)]
    folder = os.open(outside.place, os.O_RDONLY | os.O_DIRECTORY)
    os.set_inheritable(folder, True)
    try:
        done = subprocess.run(command, cwd=outside.place / "tree", stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False,
                              timeout=LONGEST_S, pass_fds=(folder,))  # fmt: skip
    except OSError as error:
        return Proof(f"{command[0]}: {error.strerror}", ())
    except subprocess.TimeoutExpired:
        return Proof(f"it did not end within {LONGEST_S:.0f} s", ())
    finally:
        os.close(folder)
    said = done.stdout.split()
    if "ready" not in said:
        lines = done.stderr.strip().splitlines()
        return Proof(lines[-1] if lines else f"it ended with {done.returncode}", ())
    found = (set(said) - _SEEN) | _seen(outside)
    return Proof("", tuple(name for name in WORDS if name in found))


def _seen(outside: _Outside) -> set[str]:
    """Return what really changed or was really reached."""
    files = {name: Path(path) for name, path in outside.facts.items() if path.startswith("/")}
    found = {name for name in ("outside", "protected", "pointer")
             if files[name].read_text() != _KEPT}  # fmt: skip
    if files["absent"].exists() and not files["absent"].is_dir():
        found.add("absent")
    if files["secret"].stat().st_mode & 0o777 != 0o600:
        found.add("mode")
    if _is_held(files["lock"]):
        found.add("alive")
    reached = select.select(list(outside.listeners.values()), [], [], 0)[0]
    return found | {name for name, one in outside.listeners.items() if one in reached}


def _is_held(lock: Path) -> bool:
    """Tell whether the process that the probe left behind still holds its lock."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
