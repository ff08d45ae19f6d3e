"""What the review room costs: the CPU of a page with 200 changes, and how soon an event is shown.

The server runs as `accord serve` has it, on a thread of this process, and is asked over a real
connection. What is counted is the CPU of the process, the asking included.
"""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlencode

from attrs import evolve

from accord.app import authoring, desk
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core.orders import AgentEvent, AgentOrder, AgentReport, EventKind, Question
from accord.core.ports import Operation
from accord.web.running import Server
from accord.wiring import opening
from bench import documents, looking, peers, seeing
from bench.meter import spent
from bench.place import Place
from bench.table import Figure, Peer

PAGE = 0.030
EVENT = 0.200
AT_WORK = 50
SAID = 400
READ = 50
"""Criteria in a story of the size that people write; the page says that it is too large."""
TOO_LARGE = 200
PAGES = (
    "/", "/board", "/specs", "/drift", "/decisions", "/figures", "/log",
    "/changes/cart-001", "/changes/cart-003/result", "/changes/cart-003/past",
    "/changes/cart-003/document/requirements.md", "/runs/{run}/1", "/decisions/{decision}",
)  # fmt: skip
GATE = "/changes/cart-{criteria}-criteria"
ACTION = "build/cart-{number:03}/T1/0123456789ab/1"


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
        """Return as much as a page shows of one."""
        one = AgentEvent(EventKind.TEXT, "I keep the cart and say until when.")
        return [one, AgentEvent(EventKind.TOOL, "edit", "shop/cart.py")] * (SAID // 2)

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


def measure(
    place: Place, count: int = 200, repeats: int = 7, at_work: int = AT_WORK
) -> list[Figure]:
    """Return the CPU seconds of the dearest page and of large gates, and how soon an event shows.

    What a browser sees is measured where there is one.
    """
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", "sh check.sh"], place.repo)
    decision = ["decisions", "new", "Carts are kept in Redis.", "--base"]
    spent([peers.ACCORD, *decision], place.repo)

    def opens() -> Workshop:
        return evolve(opening.open_workshop(place.repo, lambda _: ""), agents=AtWork())

    visited = _first_visit(opens)
    workshop = opens()
    try:
        looking.open_many(workshop, count)
        for criteria in (READ, TOO_LARGE):
            _open_story(workshop, criteria)
        _begin(workshop, 3)
    finally:
        workshop.close()
    with Server(opens, opening.reader, 0, terminal=False) as server:
        cookie = _enter(server)
        costs = {path: _cost(server, cookie, path, repeats) for path in _paths(server, cookie)}
        gates = {size: _cost(server, cookie, GATE.format(criteria=size), repeats)
                 for size in (READ, TOO_LARGE)}  # fmt: skip
        with server.room.workshop() as held:
            for number in range(at_work):
                _begin(held, number)
        delays = _delays(server, cookie, repeats)
        seen = _seen(server, cookie, repeats, at_work)
    return [*_rows(count, costs, gates), *_soon(at_work, delays, seen), *visited]


def _rows(count: int, costs: Mapping[str, float], gates: Mapping[int, float]) -> Iterator[Figure]:
    dearest = max(costs, key=lambda path: costs[path])
    told = ", ".join(f"{path} {1000 * cost:.0f}" for path, cost in costs.items())
    yield Figure(f"a page, {count} changes", costs[dearest], "CPU s", PAGE,
                 (Peer("/log", costs["/log"]),),
                 note=f"the dearest is {dearest}; in thousandths: {told}")  # fmt: skip
    for size, cost in gates.items():
        yield Figure(f"a gate, {size} criteria", cost, "CPU s", PAGE, ())


def _soon(at_work: int, delays: Sequence[float], seen: Sequence[float]) -> Iterator[Figure]:
    missing = "" if seen else f"; {seeing.ABSENT}"
    yield Figure(f"event to screen, {at_work} agents", statistics.median(delays), "s", EVENT, (),
                 note=f"{_longest(delays)}{missing}")  # fmt: skip
    if seen:
        yield Figure(f"event in a browser, {at_work} agents", statistics.median(seen), "s", EVENT,
                     (), note=_longest(seen))  # fmt: skip


def _longest(delays: Sequence[float]) -> str:
    return f"the longest of {len(delays)} took {max(delays):.3f} s on the wall"


def _first_visit(opens: Callable[[], Workshop]) -> list[Figure]:
    """Return the row of what a browser loads of a room where nothing waits yet."""
    with (
        Server(opens, opening.reader, 0, terminal=False) as server,
        seeing.browsing(server, _enter(server)) as context,
    ):
        return seeing.first_visit(seeing.loaded(context)) if context else []


def _open_story(workshop: Workshop, criteria: int) -> None:
    """Open a change whose story has that many criteria and waits for its first review."""
    title = f"Keep the cart, {criteria} criteria"
    name = authoring.new(workshop, title, name=f"cart-{criteria}-criteria").change
    place = desk.of(workshop, name, load(workshop, name).found.ref).folder
    text = documents.story(title, criteria // 5, 5)
    desk.write(place / "requirements.md", text.encode())


def _begin(workshop: Workshop, number: int) -> None:
    """Have an agent at work on a change."""
    key = f"base/{ACTION.format(number=number)}"
    workshop.journal.note(key, {"commit": "", "feedback": ""})


def _paths(server: Server, cookie: str) -> Iterator[str]:
    """Yield the pages, with the run and the decision that there are."""
    listed = _get(server, cookie, "/decisions").decode()
    found = re.search(r'href="/decisions/([^"#?]+)"', listed)
    assert found, listed
    for path in PAGES:
        yield path.format(run=ACTION.format(number=3), decision=found[1])


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
        began = _happen(server, f"cart-{number:03}", lambda _: None)
        _until(stream, "moved")
        _get(server, cookie, "/board")
        found.append(time.time() - began)
        time.sleep(0.2)
    line.close()
    return found


def _seen(server: Server, cookie: str, repeats: int, first: int) -> Sequence[float]:
    """Return the seconds until a browser's board has the card of an agent that began.

    The agents begin at the change of number `first`. Nothing comes back without a browser.
    """
    with seeing.browsing(server, cookie) as context:
        if context is None:
            return []

        def act(number: int) -> float:
            return _happen(server, f"cart-{first + number:03}",
                           lambda held: _begin(held, first + number))  # fmt: skip

        cards = [f"card-cart-{first + number:03}-T1" for number in range(repeats)]
        return seeing.delays(context, act, cards, "/board")


def _happen(server: Server, change: str, act: Callable[[Workshop], None]) -> float:
    """Write an operation down on another thread, and return when that began."""
    with server.room.workshop() as held:
        operation = Operation("robin", "note", change, "", {}, held.clock.now())
        began = time.time()
        writing = threading.Thread(target=held.record, args=(operation, lambda: act(held)))
        writing.start()
        writing.join()
    return began


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
