"""What it costs to wait: the review room, and a worker, while 10,000 changes wait for a person.

The changes are real ones, each opened by a signed record and with a story that waits to be
approved. One `git fast-import` writes them: opening them one by one would take half an hour. The
board was looked at before anything is counted, and a page stays open and listens. The worker has a
clone of its own and a bare repository as its remote; the leases, which no change that waits has,
are kept in its memory. It has looked at all of them once, and what is counted are whole turns: a
pause, a fetch and a look.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from attrs import evolve

from accord.app import records
from accord.app.workshop import CHANGES, Workshop
from accord.approvals.signers import Signer
from accord.core.approval import Decision, Log
from accord.core.gates import TRACK_GATE
from accord.core.model import Track
from accord.wiring.opening import open_workshop
from bench import documents, peers
from bench.hosting import pss
from bench.meter import spent
from bench.place import Place, git
from bench.table import Figure

CORE = 1.0
MEGABYTES = 150.0
SETTLES_S = 3.0

# A worker as `accord worker` opens it, which says when it looks, and for which nothing is new
# after its first looks.
_WORKS = """
import pathlib, sys, time
from contextlib import closing
from accord.app.travelling import Travel
from accord.core.leases import Worker
from accord.engine.board import MemoryBoard
from accord.engine.crew import Crew
from accord.engine.drive import drive
from accord.git.locate import locate
from accord.git.remotes import GitRemote
from accord.git.run import Git
from accord.wiring.opening import open_workshop

class Telling(Crew):
    def meet_again(self, say):
        print("looks", flush=True)
        return super().meet_again(say)

with closing(open_workshop(pathlib.Path(sys.argv[1]), lambda _: "")) as workshop:
    remote = GitRemote(Git(locate(workshop.top).common), "origin", workshop.base)
    crew = Telling(workshop, MemoryBoard(time.time), Travel(workshop, remote, yields=True), remote,
                   Worker("bench", "bench", 1, "bench"), lasting=True, still_s=0.0)
    drive(workshop, (), tell=lambda _: None, crew=crew)
"""


def measure(place: Place, count: int = 10_000, seconds: float = 30.0) -> list[Figure]:
    """Return the percent of a core and the megabytes of a room in which `count` changes wait."""
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", "sh check.sh"], place.repo)
    with closing(open_workshop(place.repo, lambda _: "")) as workshop:
        _open_many(workshop, place, count)
    with _room(place) as (room, address, code), closing(_Visitor(address, code)) as visitor:
        first, again = _looked(visitor, room), _looked(visitor, room)
        with visitor.listening():
            time.sleep(SETTLES_S)
            before, began = _cpu(room), time.monotonic()
            time.sleep(seconds)
            share = 100 * (_cpu(room) - before) / (time.monotonic() - began)
            memory = _memory(room)
        if f"{count} wait for you" not in visitor.page("/board"):
            raise RuntimeError(f"the board does not say that {count} changes wait")
    return [
        Figure(f"{count:,} changes that wait", share, "% of a core", CORE, (),
               note=f"the first look at the board took {first:.1f} CPU s, the next {again:.1f}"),
        Figure("the memory of their room (PSS)", memory, "MB", MEGABYTES, ()),
        *_worker(place, count, seconds),
    ]  # fmt: skip


def _worker(place: Place, count: int, seconds: float) -> list[Figure]:
    """Return the same of a worker in a clone of its own, over whole turns of `seconds` or more."""
    hub, clone = place.folder / "hub.git", place.folder / "clone"
    git(place.folder, "clone", "-q", "--bare", str(place.repo), str(hub))
    shutil.copytree(place.repo, clone, symlinks=True)  # its branches are there from the beginning
    git(clone, "remote", "add", "origin", str(hub))
    command = [sys.executable, "-P", "-c", _WORKS, str(clone)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        try:
            for _ in range(3):  # the first two looks read what is there
                _heard(worker)
            first, before, began = _cpu(worker.pid), _cpu(worker.pid), time.monotonic()
            turns, took = 0, 0.0
            while took < seconds:
                _heard(worker)
                turns, took = turns + 1, time.monotonic() - began
            share = 100 * (_cpu(worker.pid) - before) / took
            memory = _memory(worker.pid)
        finally:
            worker.kill()
    note = f"after {first:.1f} CPU s for the first looks; one look each {took / turns:.0f} s"
    return [
        Figure(f"a worker beside {count:,} such changes", share, "% of a core", CORE, (),
               note=note),
        Figure("the memory of that worker (PSS)", memory, "MB", MEGABYTES, ()),
    ]  # fmt: skip


def _heard(worker: "subprocess.Popen[str]") -> None:
    """Wait until the worker looks again. Raises RuntimeError where it ended."""
    assert worker.stdout is not None
    if not worker.stdout.readline():
        raise RuntimeError("the worker ended")


def _open_many(workshop: Workshop, place: Place, count: int) -> None:
    signer = workshop.signer()
    base = workshop.repo.resolve(workshop.base)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=place.repo,
                          stdin=subprocess.PIPE) as importing:  # fmt: skip
        assert importing.stdin is not None
        for number in range(count):
            name = f"cart-{number:05}"
            files = _files(workshop, signer, name, f"Keep the cart, part {number}")
            importing.stdin.write(_commit(name, base, files))
    if importing.returncode:
        raise RuntimeError("git fast-import failed")


def _files(workshop: Workshop, signer: Signer, name: str, title: str) -> dict[str, bytes]:
    """Return what `accord new` and somebody who wrote the story commit."""
    approval = records.draft(
        workshop, name, TRACK_GATE, Decision.APPROVE, log=Log(), signer=signer, number=1,
        approver=records.person(workshop, signer),
    )  # fmt: skip
    details = {"sentence": title, "track": str(Track.FULL), "proposed": str(Track.FULL),
               "because": "asked for", "branch": f"{CHANGES}{name}"}  # fmt: skip
    signed = records.signed_files(signer, evolve(approval, details=details))
    return {**signed, f"specs/{name}/requirements.md": documents.story(title, 3, 3).encode()}


def _commit(name: str, base: str, files: dict[str, bytes]) -> bytes:
    parts = [f"commit {CHANGES}{name}\ncommitter Robin <robin@example.org> 0 +0000\n".encode(),
             b"data 5\nOpen\n", f"from {base}\n".encode()]  # fmt: skip
    for path, data in files.items():
        parts += [f"M 100644 inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
    return b"".join(parts)


@contextmanager
def _room(place: Place) -> Iterator[tuple[int, str, str]]:
    """Yield the process of `accord serve`, its address and the code that lets somebody in."""
    with subprocess.Popen([peers.ACCORD, "serve", "--no-open", "--json"], cwd=place.repo,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as room:  # fmt: skip
        assert room.stdout is not None
        try:
            said = room.stdout.readline()
            while not said.rstrip().endswith("}"):
                said += room.stdout.readline()
            facts = json.loads(said)
            yield room.pid, facts["address"], facts["code"]
        finally:
            room.terminate()


def _looked(visitor: "_Visitor", room: int) -> float:
    """Return the CPU seconds of the room for its board."""
    before = _cpu(room)
    visitor.page("/board")
    return _cpu(room) - before


def _family(pid: int) -> list[int]:
    """Return a process and its children, which read git's objects for it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [one for task in tasks for one in (task / "children").read_text().split()]
    return [pid, *map(int, children)]


def _memory(pid: int) -> float:
    """Return the megabytes of a process and its children; one that has just ended has none."""
    found = 0.0
    for one in _family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += pss(one)
    return found


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process, its children and those that it waited for (proc(5))."""
    ticks = 0
    for one in _family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(each) for each in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


class _Visitor:
    """Somebody whose browser is in the room."""

    def __init__(self, address: str, code: str) -> None:
        self._host = urlsplit(address).netloc
        self._cookie = ""
        own = {"Origin": address, "Sec-Fetch-Site": "same-origin",
               "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        with self._asked("POST", "/enter", urlencode({"code": code}), own) as answer:
            self._cookie = str(answer.getheader("set-cookie")).partition(";")[0]

    def page(self, path: str) -> str:
        with self._asked("GET", path) as answer:
            return answer.read().decode()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep a page open, which follows what happens, while the block lasts."""
        with self._asked("GET", "/events") as answer:
            answer.readline()
            yield

    @contextmanager
    def _asked(
        self, method: str, path: str, body: str | None = None, more: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        port = int(self._host.rpartition(":")[2])
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1200)) as line:
            headers = {"Host": self._host, "Cookie": self._cookie, **(more or {})}
            line.request(method, path, body, headers)
            yield line.getresponse()

    def close(self) -> None:
        """Do nothing: each request closed its line."""
