"""How long an event of an agent takes to the screen of whoever watches its run."""

import http.client
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from accord.app.workshop import Workshop
from accord.web.running import Server
from accord.wiring import opening
from bench.changing import ACCEPT
from bench.peers import ACCORD
from bench.place import Place
from bench.table import Figure

BUDGET = 0.1
CHANGE = "spelling"
EVENTS = 10
_STEP = """\
[[step]]
do = "run"
argv = ["sh", "-c", "date +%s.%N > stamp{number}"]
[[step]]
do = "show"
text = "event {number} of them"
[[step]]
do = "wait"
seconds = 1.0
"""


def measure(place: Place, events: int = EVENTS) -> Figure:
    """Return the median of the seconds from an agent's doing to the page that shows it.

    The agent writes down when it did something and tells of it; a visitor of the review room
    follows the stream and loads the page whenever the stream says that something moved.
    """
    script = place.folder / "script.toml"
    begins = '[[step]]\ndo = "wait"\nseconds = 5.0\n'  # the visitor has come by then
    script.write_text(begins + "".join(_STEP.format(number=n) for n in range(events)))
    for command in (["init", "--verify", "sh check.sh"],
                    ["new", "Fix a typo", "--name", CHANGE, "--track", "trivial"]):  # fmt: skip
        subprocess.run([ACCORD, *command], cwd=place.repo, check=True, capture_output=True)
    driving = subprocess.Popen([ACCORD, "run", CHANGE, "--script", str(script), ACCEPT],
                               cwd=place.repo, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        with Server(lambda: _open(place), opening.reader, 0, False) as server:
            visitor = _Visitor(server)
            run = _begun(visitor)
            shown = _shown(visitor, run, events)
        with closing(_open(place)) as workshop:
            order = workshop.agents.order(run)
        folder = Path(order.workdir if order else "")
        stamps = [float((folder / f"stamp{number}").read_text()) for number in range(events)]
    finally:
        driving.terminate()
        driving.wait()
        with closing(_open(place)) as workshop:
            workshop.agents.stop(run)
    took = [after - before for after, before in zip(shown, stamps, strict=True)]
    return Figure("an agent's event, to the page", statistics.median(took), "s", BUDGET, (),
                  note=f"the slowest of {events} took {max(took):.3f} s")  # fmt: skip


class _Visitor:
    """Somebody with a session in the review room."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._host = f"accord.localhost:{server.port}"
        self._cookie = ""
        headers = {"Content-Type": "application/x-www-form-urlencoded",
                   "Origin": f"http://{self._host}", "Sec-Fetch-Site": "same-origin"}  # fmt: skip
        code = urlencode({"code": server.sessions.offer()})
        with self._ask("POST", "/enter", code, headers) as answer:
            self._cookie = str(answer.getheader("set-cookie")).partition(";")[0]

    def page(self, path: str) -> str:
        with self._ask("GET", path) as answer:
            return answer.read().decode()

    def moves(self, run: str) -> Iterator[None]:
        """Yield whenever the stream says that something moved."""
        with self._ask("GET", f"/events?run={run}") as answer:
            while line := answer.readline():
                if line.startswith(b"event: moved"):
                    yield

    @contextmanager
    def _ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        try:
            sent = {"Host": self._host, "Cookie": self._cookie, **(headers or {})}
            connection.request(method, path, body or None, sent)
            yield connection.getresponse()
        finally:
            connection.close()


def _open(place: Place) -> Workshop:
    return opening.open_workshop(place.repo, lambda _: "")


def _begun(visitor: _Visitor) -> str:
    while not (found := re.search(r'href="/runs/([^"]+)"', visitor.page("/board"))):
        time.sleep(0.1)
    return found[1]


def _shown(visitor: _Visitor, run: str, events: int) -> list[float]:
    """Return when each event stood on the page, in seconds since the epoch."""
    seen: dict[int, float] = {}
    for _ in visitor.moves(run):
        page = visitor.page(f"/runs/{run}")
        for number in range(events):
            if f"event {number} of them" in page:
                seen.setdefault(number, time.time())
        if len(seen) == events:
            break
        if "is-end" in page:
            raise RuntimeError("the run ended before all of its events were on the page")
    return [seen[number] for number in range(events)]
