"""The only way out of an agent's box: HTTP to the model's service, on one socket for each run.

An agent says what it wants with a token that is worth nothing elsewhere. What it may ask for goes
on as a new request with the person's key, written here from its parts; the answer comes back piece
by piece, and is metered on its way. Framing is h11's (RFC 9112) on both sides; nothing that one
side sent is handed to the other as it was framed.
"""

import asyncio
import json
import sqlite3
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

import h11
from attrs import field, frozen

from accord.agents import upstream as up
from accord.agents.exchange import BrokenError, Ended, Exchange, relay
from accord.agents.gateway_rules import (
    BODY_BYTES,
    Question,
    Refusal,
    Service,
    Way,
    asked_with,
    error_body,
    knows,
    question,
    way,
)
from accord.agents.seen import Seen
from accord.agents.spending import Entry, Ledger, Short
from accord.agents.usage import Usage, micros, price_of
from accord.core.orders import (
    AgentEvent,
    Emit,
    EventKind,
    Outlet,
)

HEAD_BYTES = 64 * 2**10
CONNECTIONS = 64
HELD_BYTES = 2 * BODY_BYTES
KEEP_S = 600.0
BODY_S = 60.0
WAIT_S = 60.0
LOG_BYTES = 4 * 2**20
ENOUGH = 3
"""How many requests for its work the service may fail an agent in a row before the run ends."""

_CHUNK = 2**16
_TOLD = 100
_NOT_NOW = Refusal(503, "the gateway has too much to do at once")


@frozen
class Plan:
    """What one run's gateway works with: whose key, for which service, within which budgets."""

    run_id: str
    outlet: Outlet
    service: Service
    upstream: up.Upstream
    variable: str
    key: str = field(repr=False)
    token: str = field(repr=False)
    idle_s: float = 600.0
    retry_s: float = 30.0
    resolve: up.Resolve = up.resolve
    redact: Callable[[str], str] = str


class Gateway:
    """Answers the agent of one run. `seen` is what it saw; `over` is set when the run must end:

    a budget is spent, or the service failed it time and again.
    """

    def __init__(self, plan: Plan, ledger: Ledger, emit: Emit, log: BinaryIO) -> None:
        """Take what to work with, where refusals are told, and a file for one line a request."""
        self.seen = Seen()
        self.over = asyncio.Event()
        self._plan, self._ledger, self._emit, self._log = plan, ledger, emit, log
        self._context: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = 0
        self._logged = 0
        self._number = 0
        self._unpriced: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until either side ends it (the callback of asyncio's servers)."""
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= CONNECTIONS:
            writer.transport.abort()
            return
        self._tasks.add(task)
        client = _Client(reader, writer)
        try:
            while await self._next(client):
                client.connection.start_next_cycle()
        except (OSError, TimeoutError, h11.LocalProtocolError, BrokenError):
            writer.transport.abort()
        except asyncio.CancelledError:  # by `close`; asyncio's streams take it for an error
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """End every connection and settle what was under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _next(self, client: "_Client") -> bool:
        """Answer one request; tell whether another may follow on the same connection."""
        try:
            async with asyncio.timeout(KEEP_S):
                request = await client.event()
        except h11.RemoteProtocolError as error:
            await self._refuse(client, Refusal(error.error_status_hint, "not a proper request"))
            return False
        if not isinstance(request, h11.Request):
            return False
        client.headless = request.method == b"HEAD"
        headers = list(request.headers)
        found: Way | Refusal = Refusal(401, "this is not the token of this run")
        if request.http_version != b"1.1":
            found = Refusal(505, "the gateway speaks HTTP/1.1")
        elif sum(len(name) + len(value) for name, value in headers) > HEAD_BYTES:
            found = Refusal(431, f"the headers of a request may have {HEAD_BYTES} bytes")
        elif knows(self._plan.token, headers, request.target):
            found = way(self._plan.service, request.method, request.target, headers)
        if isinstance(found, Refusal):
            greeting = request.method == b"HEAD" and request.target in (b"/", b"/api/hello")
            if not greeting:
                self._tell(found, request)
            await self._refuse(client, found)
            return False
        try:
            body = await self._body(client)
            if isinstance(body, Refusal):
                await self._refuse(client, body)
                return False
            await self._pass(client, request, found, body)
        finally:
            self._held -= client.taken
            client.taken = 0
        connection = client.connection
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE

    async def _body(self, client: "_Client") -> bytes | Refusal:
        if client.connection.they_are_waiting_for_100_continue:
            await client.send(h11.InformationalResponse(status_code=100, headers=[]))
        pieces: list[bytes] = []
        while True:
            try:
                async with asyncio.timeout(BODY_S):
                    event = await client.event()
            except TimeoutError:
                return Refusal(408, "the body of the request did not come")
            except h11.RemoteProtocolError as error:
                return Refusal(error.error_status_hint, "not a proper request")
            if isinstance(event, h11.EndOfMessage):
                return b"".join(pieces)
            if not isinstance(event, h11.Data):
                raise BrokenError("the agent hung up")
            pieces.append(bytes(event.data))
            client.taken += len(event.data)
            self._held += len(event.data)
            if client.taken > BODY_BYTES:
                return Refusal(413, f"a request may have {BODY_BYTES} bytes")
            if self._held > HELD_BYTES:
                return _NOT_NOW

    async def _pass(self, client: "_Client", request: h11.Request, path: Way, body: bytes) -> None:
        """Judge the body, take the request's most from the budgets, and have it answered."""
        asked: Question | Refusal = Question(path.model, 0, 0, tools=False)
        if request.method == b"POST":
            asked = question(self._plan.service, body, path.model)
        elif body:
            asked = Refusal(400, "this request has no body")
        number: int | Refusal = 0
        if path.asks and isinstance(asked, Question):
            number = await self._hold(asked)
        turned = next((one for one in (asked, number) if isinstance(one, Refusal)), None)
        if turned is not None or isinstance(asked, Refusal) or isinstance(number, Refusal):
            turned = turned or _NOT_NOW
            if path.asks:
                tools = b'"tools"' in body if isinstance(asked, Refusal) else asked.tools
                self.seen.deny(turned.words, tools=tools)
            self._tell(turned, request)
            await self._refuse(client, turned, close=False)
            return
        plan = self._plan
        target = plan.upstream.prefix.encode() + path.target
        headers = asked_with(plan.service, plan.variable, plan.key, list(request.headers))
        exchange = Exchange(request.method, target, headers, body)
        await self._exchange(client, exchange, asked, number)

    async def _hold(self, asked: Question) -> int | Refusal:
        """Enter the request into the ledger, waiting for others where they alone are in the way."""
        price = price_of(self._plan.outlet.prices, asked.model)
        limited = any(budget.micros for _, budget in self._plan.outlet.budgets)
        if price is None:
            model = self._plan.redact(asked.model) or "a model without a name"
            if model not in self._unpriced and len(self._unpriced) < _TOLD:
                self._unpriced.add(model)
                self._emit(AgentEvent(EventKind.USAGE, f"no price is known for {model}"))
            if limited:
                # A limit in money that a model's name can step around would be none.
                words = f"there is a budget in money and no price for {model}"
                return Refusal(403, f"{words}; prices are set in .accord/config.toml")
        cost = micros(Usage(asked.input, output=asked.output), price)
        most = Entry(Usage(asked.input, output=asked.output), cost)
        patience = time.monotonic() + WAIT_S
        while True:
            try:
                found = self._ledger.hold(
                    self._plan.run_id, self._plan.outlet.budgets, asked.model, most
                )
            except sqlite3.Error as error:
                return Refusal(503, f"the ledger of what was spent cannot be written: {error}")
            if not isinstance(found, Short):
                return found
            if not found.waits or time.monotonic() > patience:
                self.seen.spent = str(found)
                self.over.set()
                return Refusal(402, str(found))
            await asyncio.sleep(0.25)

    async def _exchange(
        self, client: "_Client", exchange: Exchange, asked: Question, number: int
    ) -> None:
        plan = self._plan
        if self._context is None and plan.upstream.scheme == "https":
            self._context = ssl.create_default_context()
            self._context.set_alpn_protocols(["http/1.1"])
        self._number += 1
        mine, ended = self._number, Ended()
        if number:
            self.seen.begin(mine, time.monotonic(), tools=asked.tools)
        try:
            await relay(
                plan, self._context, client, exchange, ended,
                lambda: self.seen.hear(mine, time.monotonic()) if number else None,
                lambda words: self._emit(AgentEvent(EventKind.ERROR, words)),
            )  # fmt: skip
        finally:
            self._settle(exchange, asked, number, mine, ended)
        if ended.refusal is not None:
            await self._refuse(client, ended.refusal, close=False)

    def _settle(
        self, exchange: Exchange, asked: Question, number: int, mine: int, ended: Ended
    ) -> None:
        used = ended.used(asked.input, asked.output)
        cost = micros(used, price_of(self._plan.outlet.prices, asked.model))
        took = Entry(used, cost)
        self.seen.bytes_out += ended.sent
        self.seen.bytes_in += ended.received
        # What cannot be entered now stays entered as the most that it can have been.
        with suppress(sqlite3.Error):
            if number:
                self._ledger.settle(number, took)
        if not ended.failure and not 200 <= ended.status < 300:
            # The agent hung up on it, which is no answer: least of all after an error.
            ended.failure = f"answered {ended.status}" if ended.status else "gave no answer in time"
        self._write(exchange, asked, ended, took if number else Entry())
        if number:
            self.seen.end(mine, ended.failure, took, tools=asked.tools, times=ended.times)
            if self.seen.in_a_row >= ENOUGH:
                self.over.set()

    def _write(self, exchange: Exchange, asked: Question, ended: Ended, took: Entry) -> None:
        line = {
            "at": int(time.time()),
            "method": exchange.method.decode(),
            "path": exchange.target.decode().partition("?")[0],
            "model": asked.model,
            "status": ended.status,
            "failure": ended.failure,
            "bytes_sent": ended.sent,
            "bytes_received": ended.received,
            "tokens": took.tokens,
            "micros": took.micros,
        }
        data = self._plan.redact(json.dumps(line)).encode() + b"\n"
        if self._logged + len(data) <= LOG_BYTES:
            self._logged += len(data)
            with suppress(OSError):  # a full disk is no reason to cut an answer off
                self._log.write(data)

    def _tell(self, refusal: Refusal, request: h11.Request) -> None:
        self.seen.refused += 1
        if self.seen.refused > _TOLD:
            return
        what = f"{request.method.decode()[:20]} {request.target.decode('ascii', 'replace')[:200]}"
        self._emit(AgentEvent(EventKind.REFUSED, f"{what}: {refusal.words}"))

    async def _refuse(self, client: "_Client", refusal: Refusal, *, close: bool = True) -> None:
        """Answer with an error; `close` when the rest of the request was not read."""
        if client.connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            raise BrokenError("an answer has begun already")
        body = b"" if client.headless else error_body(self._plan.service, refusal)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *([] if refusal.status >= 500 else [(b"x-should-retry", b"false")]),
            *([(b"connection", b"close")] if close else []),
        ]
        await client.send(h11.Response(status_code=refusal.status, headers=headers))
        await client.send(h11.Data(data=body))
        await client.send(h11.EndOfMessage())
        if close:
            await client.linger()


class _Client:
    """The agent's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self.taken = 0
        self.headless = False

    async def event(self) -> object:
        while (event := self.connection.next_event()) is h11.NEED_DATA:
            self.connection.receive_data(await self.reader.read(_CHUNK))
        return event

    async def send(self, event: h11.Event) -> None:
        data = self.connection.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def linger(self) -> None:
        """Let the agent read a refusal before the rest of what it sends meets a closed door."""
        with suppress(OSError, TimeoutError):
            if self.writer.can_write_eof():
                self.writer.write_eof()
            async with asyncio.timeout(2.0):
                for _ in range(64):
                    if not await self.reader.read(_CHUNK):
                        return
