"""Accord's tools behind a real door, as the host of a run opens it, and a client of them."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from accord.agents import outlet
from accord.agents.toolbox import Toolbox
from accord.agents.toolroom import ToolRoom
from accord.core.orders import AgentChoice, AgentEvent, AgentKind, AgentOrder, Tools

TOKEN = "accord-the-token-of-this-run"
TOOLS = Tools(
    "cart/design",
    documents=(("requirements.md", "# Cart\n- R1.1 It is kept.\n"), ("design.md", "# Draft\n")),
    items=(("R1.1", "- R1.1 It is kept."),),
    decisions=("D-1 All state lives in PostgreSQL.",),
    hands_in="specs/cart/design.md",
    patience_s=20.0,
)


@frozen
class Opened:
    """A room that listens: where, for which run, and what was told of it."""

    run: Path
    work: Path
    box: Toolbox
    port: int
    told: list[AgentEvent]

    def send(
        self,
        message: object,
        headers: Mapping[str, str | None] | None = None,
        method: str = "POST",
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one message as an agent does; a header that is None is left out."""
        sent: dict[str, str | None] = {
            "authorization": f"Bearer {TOKEN}",
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in (headers or {}).items()},
        }
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, "/mcp", body, given)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, method: str, /, **params: Any) -> Any:
        """Return the answer to a request of JSON-RPC, its result or its error."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        status, _, body = self.send(message)
        assert status == 200, body
        answer = json.loads(body)
        assert answer["jsonrpc"] == "2.0"
        return answer.get("result", answer.get("error"))

    def call(self, tool: str, **arguments: Any) -> tuple[str, bool]:
        """Call a tool; return what it says and whether it was refused."""
        held = self.ask("tools/call", name=tool, arguments=arguments)
        return held["content"][0]["text"], held["isError"]


@contextmanager
def toolroom(root: Path, tools: Tools = TOOLS, run_id: str = "cart-1") -> Iterator[Opened]:
    """Open the tools of a run until the block ends."""
    run, work = root / "runs" / run_id, root / "work"
    run.mkdir(parents=True)
    work.mkdir(exist_ok=True)
    order = AgentOrder(run_id, AgentChoice("Agent", AgentKind.ACP), str(work), "build", ("**",))
    told: list[AgentEvent] = []
    box = Toolbox(run, order, evolve(tools, token=TOKEN), told.append)
    ready: Future[Opened] = Future()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with outlet.opened_for_tools(run, order, ToolRoom(box)) as opened:
            assert opened.tools is not None
            port = int(opened.tools.url.rpartition(":")[2].partition("/")[0])
            ready.set_result(Opened(run, work, box, port, told))
            await done.wait()

    def work_on() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=work_on)
    thread.start()
    try:
        yield ready.result(60)
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)
        thread.join()
