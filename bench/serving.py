"""What the review room costs: the CPU of a page with 200 changes, and how soon an event is shown.

The server runs as `accord serve` has it, on a thread of this process, and is asked over a real
connection. What is counted is the CPU of the process, the asking included.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from attrs import evolve

from accord.app.workshop import Workshop
from accord.core.orders import AgentEvent, AgentOrder, AgentReport, Question
from accord.core.ports import Operation
from accord.web.running import Server
from accord.wiring import opening
from bench import looking, peers
from bench.meter import spent
from bench.place import Place
from bench.table import Figure, Peer

PAGE = 0.030
EVENT = 0.200
PAGES = ("/", "/board", "/specs", "/drift", "/decisions", "/figures", "/log", "/changes/cart-001")
AT_WORK = 50


class AtWork:
    """Agents of which those that were begun are at work for ever."""

    def start(self, order: AgentOrder) -> None:
        """Do nothing: they run already."""

    def report(self, run_id: str) -> AgentReport | None:  # noqa: ARG002 -- the port's
        """Return None: none has ended."""
        return None

    def order(self, run_id: str) -> AgentOrder | None:  # noqa: ARG002 -- the port's
        """Return None: none was ordered."""
        return None

    def is_running(self, run_id: str) -> bool:
        """Tell that the first round is at work."""
        return run_id.endswith("/1")

    def transcript(self, run_id: str) -> list[AgentEvent]:  # noqa: ARG002 -- the port's
        """Return nothing."""
        return []

    def trail(self, run_id: str) -> tuple[str, ...]:  # noqa: ARG002 -- the port's
        """Return nothing to watch."""
        return ()

    def door(self, run_id: str) -> str:
        """Return no folder."""
        return run_id

    def home(self, run_id: str) -> str:
        """Return no folder."""
        return run_id

    def stop(self, run_id: str) -> None:
        """Do nothing."""

    def questions(self) -> tuple[Question, ...]:
        """Return nothing: none asks."""
        return ()

    def reply(self, question: Question, words: str) -> None:
        """Do nothing."""

    def go_on(self, run_id: str, beside: str = "") -> bool:  # noqa: ARG002 -- the port's
        """Tell that nothing is in the way."""
        return True

    def let_go(self, prefix: str, but: str = "") -> None:
        """Do nothing."""

    def proposals(self, run_id: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- the port's
        """Return nothing."""
        return ()


def measure(place: Place, count: int = 200, repeats: int = 7) -> list[Figure]:
    """Return the CPU seconds of the dearest page, and the seconds from an event to the screen."""
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", "sh check.sh"], place.repo)
    workshop = opening.open_workshop(place.repo, lambda _: "")
    try:
        looking.open_many(workshop, count)
    finally:
        workshop.close()

    def opens() -> Workshop:
        return evolve(opening.open_workshop(place.repo, lambda _: ""), agents=AtWork())

    with Server(opens, opening.reader, 0, terminal=False) as server:
        cookie = _enter(server)
        costs = {path: _cost(server, cookie, path, repeats) for path in PAGES}
        with server.room.workshop() as held:
            for number in range(AT_WORK):
                key = f"base/build/cart-{number:03}/T1/0123456789ab/1"
                held.journal.note(key, {"commit": "", "feedback": ""})
        delays = _delays(server, cookie, repeats)
    dearest = max(costs, key=lambda path: costs[path])
    told = ", ".join(f"{path} {1000 * cost:.0f}" for path, cost in costs.items())
    return [
        Figure(f"a page, {count} changes", costs[dearest], "CPU s", PAGE,
               tuple(Peer(path, costs[path]) for path in ("/log",)),
               note=f"the dearest is {dearest}; in thousandths: {told}"),
        Figure(f"event to screen, {AT_WORK} agents", statistics.median(delays), "s", EVENT, (),
               note=f"the longest of {len(delays)} took {max(delays):.3f} s on the wall"),
    ]  # fmt: skip


def _cost(server: Server, cookie: str, path: str, repeats: int) -> float:
    """Return the median of the CPU seconds of a page that was asked for once before."""
    _get(server, cookie, path)
    found = []
    for _ in range(repeats):
        began = time.process_time()
        _get(server, cookie, path)
        found.append(time.process_time() - began)
    return statistics.median(found)


def _delays(server: Server, cookie: str, repeats: int) -> Sequence[float]:
    """Return the seconds from writing down an operation until the board that follows is here."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    line.request("GET", "/events", headers=_headers(server, cookie))
    stream = line.getresponse()
    _until(stream, "ready")
    _get(server, cookie, "/board")
    found = []
    for number in range(repeats):
        with server.room.workshop() as held:
            told = held.clock.now()
            operation = Operation("robin", "note", f"cart-{number:03}", "", {}, told)
            began = time.perf_counter()
            writing = threading.Thread(target=held.record, args=(operation, lambda: None))
            writing.start()
            writing.join()
        _until(stream, "moved")
        _get(server, cookie, "/board")
        found.append(time.perf_counter() - began)
        time.sleep(0.2)
    line.close()
    return found


def _until(stream: http.client.HTTPResponse, event: str) -> None:
    while stream.readline().decode().strip() != f"event: {event}":
        pass


def _enter(server: Server) -> str:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    own = {"Origin": server.address, "Sec-Fetch-Site": "same-origin",
           "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
    body = urlencode({"code": server.sessions.offer()})
    line.request("POST", "/enter", body, {**_headers(server, ""), **own})
    cookie = (line.getresponse().getheader("set-cookie") or "").partition(";")[0]
    line.close()
    return cookie


def _get(server: Server, cookie: str, path: str) -> bytes:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    line.request("GET", path, headers=_headers(server, cookie))
    answer = line.getresponse()
    data = answer.read()
    line.close()
    assert answer.status == 200, (path, answer.status, data[:400])
    return data


def _headers(server: Server, cookie: str) -> dict[str, str]:
    return {"Host": server.address.removeprefix("http://"), "Cookie": cookie}
