"""A machine to attack, and what it takes to have a box there."""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from attrs import define, field

import escapes
from accord.core.ports import Sandbox, Walls
from accord.sandbox import toolchain
from accord.sandbox.launcher import Launcher

SECRET = "d3c0y-" + "53cr37"
NOBODY = 65534
"""Whom the attempts run as where the tests run as root."""


def works(program: str) -> bool:
    """Tell whether bubblewrap may make the namespaces that a box has."""
    words = [program, "--unshare-user", "--unshare-all", "--disable-userns", "--ro-bind", "/", "/"]
    return subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0


@define
class Lab:
    """A person's machine with what an agent is after, and a box's worktree in the middle of it.

    All of it belongs to an ordinary user, who makes the attempts.
    """

    place: Path
    uid: int
    facts: dict[str, str] = field(factory=dict)
    listeners: list[socket.socket] = field(factory=list)
    before: dict[str, object] = field(factory=dict)
    stack: ExitStack = field(factory=ExitStack)

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def tree(self) -> Path:
        return self.home / "trees/one"

    def launcher(self) -> Launcher:
        """What starts a box for that user, who may not read where the tests are installed."""
        if self.uid == os.getuid():
            return Launcher.here()
        return Launcher("/usr/bin/python3", str(self.place / "enter.py"))

    def walls(self) -> Walls:
        protected = ("kept", ".mcp.json", ".claude", "ci/flows/build.yml")
        return Walls(str(self.tree), (".",), protected, (str(self.home / "repo/.git"),))

    def become(self) -> dict[str, Any]:
        return {} if self.uid == os.getuid() else {
            "user": self.uid, "group": self.uid, "extra_groups": []
        }  # fmt: skip

    def run(self, words: Sequence[str], **options: object) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.home)}
        given: dict[str, Any] = {"cwd": self.tree, **self.become(), **options}
        return subprocess.run(
            list(words), env=environment, capture_output=True, text=True, check=False, timeout=60,
            **given,
        )  # fmt: skip

    def attempt(self, box: Sandbox, name: str) -> list[str]:
        """Make the attempt in `box` and return what it did outside; `refused: ...` is not that."""
        with suppress(FileNotFoundError):
            (self.tree / "lock").unlink()
        self.before = self.state()
        words = [*box.prefix(self.walls()), self.launcher().python, "-I", str(self.tree / "e.py")]
        process = subprocess.Popen(
            [*words, name, json.dumps(self.facts)], cwd=self.tree, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "GIT_CONFIG_GLOBAL": "/dev/null"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=self.left_open(), **self.become(),
        )  # fmt: skip
        said, found = "", []
        if name == "22-listen" and process.stdout is not None:
            said = process.stdout.readline()
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", int(self.facts["free"]))),
            ):
                found.append("a server in the box was reached")
        said += process.communicate("\n", timeout=60)[0]
        assert any(one in said for one in ("refused", "through", "done")), said
        return found + self.damage(said)

    def left_open(self) -> tuple[int, ...]:
        """An open folder and an open file that careless code would let a box inherit."""
        opened = (
            os.open(self.home, os.O_RDONLY | os.O_DIRECTORY),
            os.open(self.home / "state", os.O_WRONLY | os.O_APPEND),
        )
        for one in opened:
            self.stack.callback(os.close, one)
        return opened

    def state(self) -> dict[str, object]:
        """What lies outside, and in the worktree what is protected."""
        found: dict[str, object] = {}
        for top, folders, files in os.walk(self.home):
            if Path(top) == self.tree:
                folders[:] = ["kept", "ci"]
                files[:] = [".git"]
            for name in (*folders, *files):
                path = Path(top, name)
                if path == self.tree or not path.exists():
                    continue
                seen = path.lstat()
                text = path.read_bytes() if path.is_file() else b""
                times = 0 if path.is_dir() and path.name in ("trees", "ci") else seen.st_mtime_ns
                found[str(path)] = (seen.st_mode, text, times, len(os.listxattr(path)))
        for name in (".mcp.json", ".claude/settings.json"):
            found[name] = (self.tree / name).is_file()
        return found

    def damage(self, said: str) -> list[str]:
        after = self.state()
        changed = {name for name in self.before | after if self.before.get(name) != after.get(name)}
        found = [f"changed: {name}" for name in sorted(changed)]
        found += [f"reached: {one}" for one in select.select(self.listeners, [], [], 0)[0]]
        if SECRET in said:
            found.append("a secret was read")
        if "through" in said.split():
            found.append("it was not refused")
        if (
            Path(f"/proc/{self.facts['pid']}/stat").read_text().rpartition(")")[2].split()[0]
            in "ZX"
        ):
            found.append("the process outside was ended")
        lock = self.tree / "lock"
        if lock.exists():
            with lock.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    found.append("a process lives on")
        return found


def furnish(lab: Lab) -> None:
    """Lay out the repository, its worktrees, the secrets, the servers and a process."""
    repo, other = lab.home / "repo", lab.home / "trees/two"
    for folder in (".ssh", ".aws", "repo", "trees"):
        (lab.home / folder).mkdir(parents=True)
    (lab.home / ".ssh/id_ed25519").write_text(SECRET)
    (lab.home / ".aws/credentials").write_text(SECRET)
    (lab.home / "state").write_text("state")
    for name in ("main.py", "kept/settings.json", "ci/flows/build.yml"):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text("kept")
    shutil.copy(Path(toolchain.__file__).with_name("enter.py"), lab.place / "enter.py")
    _give(lab)
    git = ("git", "-c", "user.name=R", "-c", "user.email=r@example.org", "-C", str(repo))
    for words in (("init", "-q", "-b", "main"), ("config", "user.name", "R"),
                  ("config", "user.email", "r@e.org"), ("add", "-A"), ("commit", "-qm", "x"),
                  ("worktree", "add", "-q", "--detach", str(lab.tree)),
                  ("worktree", "add", "-q", "--detach", str(other))):  # fmt: skip
        done = lab.run([*git, *words], cwd=lab.place)
        assert done.returncode == 0, done.stderr
    shutil.copy(escapes.__file__, lab.tree / "e.py")
    (lab.tree / "e.py").chmod(0o644)
    lab.facts |= {
        "home": str(lab.home), "tree": str(lab.tree), "repo": str(repo), "other": str(other),
        "state": str(lab.home / "state"), "gitdir": str(repo / ".git/worktrees/one"),
        "etc": "/etc/accord-planted",
    }  # fmt: skip
    _listen(lab)
    decoy = subprocess.Popen(["sleep", "600"], env={"TOKEN": SECRET}, **lab.become())
    lab.stack.callback(decoy.wait)
    lab.stack.callback(decoy.kill)
    lab.facts["pid"] = str(decoy.pid)


def _listen(lab: Lab) -> None:
    path, name = str(lab.home / "s"), f"accord-{os.urandom(6).hex()}"
    for fact, family, kind, address in (
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM, path),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}"),
        ("free", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
    ):
        one = lab.stack.enter_context(socket.socket(family, kind))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(address)
        found = one.getsockname()
        lab.facts[fact] = str(found[1]) if family == socket.AF_INET else str(address).strip("\0")
        if fact == "free":
            one.close()
            continue
        if kind is socket.SOCK_STREAM:
            one.listen()
        lab.listeners.append(one)
    Path(path).chmod(0o777)


def _give(lab: Lab) -> None:
    if lab.uid == os.getuid():
        return
    for top, folders, files in os.walk(lab.home):
        for name in (".", *folders, *files):
            os.chown(Path(top, name), lab.uid, lab.uid)


def end_daemons(lab: Lab) -> None:
    """End what an attempt left behind where no wall kept it from that."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and str(lab.tree / "e.py") in (entry / "cmdline").read_text():
                os.kill(int(entry.name), signal.SIGKILL)


def boxed(box: Sandbox, walls: Walls, *words: str, **options: Any) -> str:
    """Run `words` as an agent would be started; return what it printed, and how it ended."""
    done = subprocess.run(
        [*box.prefix(walls), *words], cwd=walls.workdir, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT, check=False, timeout=60, **options,
    )  # fmt: skip
    return f"{done.stdout}{done.returncode}"
