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
from typing import TYPE_CHECKING, BinaryIO

import h11
from attrs import field, frozen

from accord.agents import upstream as up
from accord.agents.exchange import Ended, Exchange, relay
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
from accord.agents.visits import Visitor, Visits, oversized
from accord.core.orders import (
    AgentEvent,
    Emit,
    EventKind,
    Outlet,
)

if TYPE_CHECKING:
    from accord.agents.toolroom import ToolRoom

HELD_BYTES = 2 * BODY_BYTES
WAIT_S = 60.0
LOG_BYTES = 4 * 2**20
ENOUGH = 3
"""How many requests for its work the service may fail an agent in a row before the run ends."""

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


class Gateway(Visits):
    """Answers the agent of one run. `seen` is what it saw; `over` is set when the run must end:

    a budget is spent, or the service failed it time and again. `tools` answers beside it.
    """

    def __init__(
        self, plan: Plan, ledger: Ledger, emit: Emit, log: BinaryIO,
        tools: "ToolRoom | None" = None,
    ) -> None:  # fmt: skip
        """Take what to work with, where refusals are told, and a file for one line a request."""
        super().__init__()
        self.seen = Seen()
        self.over = asyncio.Event()
        self._plan, self._ledger, self._emit, self._log = plan, ledger, emit, log
        self._tools = tools
        self._context: ssl.SSLContext | None = None
        self._held = 0
        self._logged = 0
        self._number = 0
        self._worked = False
        self._unpriced: set[str] = set()

    async def answer(self, client: Visitor, request: h11.Request) -> bool:
        """Answer one request; tell whether another may follow on the same connection."""
        if self._tools is not None and self._tools.is_for(request):
            return await self._tools.answer(client, request)
        headers = list(request.headers)
        found: Way | Refusal = Refusal(401, "this is not the token of this run")
        if refusal := oversized(request):
            found = refusal
        elif knows(self._plan.token, headers, request.target):
            found = way(self._plan.service, request.method, request.target, headers)
        if isinstance(found, Refusal):
            greeting = request.method == b"HEAD" and request.target in (b"/", b"/api/hello")
            if not greeting:
                self._tell(found, request)
            await self.refuse(client, found)
            return False
        try:
            body = await self._body(client)
            if isinstance(body, Refusal):
                await self.refuse(client, body)
                return False
            await self._pass(client, request, found, body)
        finally:
            self._held -= client.taken
            client.taken = 0
        return client.may_go_on

    async def _body(self, client: Visitor) -> bytes | Refusal:
        pieces: list[bytes] = []
        while (piece := await client.piece()) is not None:
            if isinstance(piece, Refusal):
                return piece
            pieces.append(piece)
            client.taken += len(piece)
            self._held += len(piece)
            if client.taken > BODY_BYTES:
                return Refusal(413, f"a request may have {BODY_BYTES} bytes")
            if self._held > HELD_BYTES:
                return _NOT_NOW
        return b"".join(pieces)

    async def _pass(self, client: Visitor, request: h11.Request, path: Way, body: bytes) -> None:
        """Judge the body, take the request's most from the budgets, and have it answered."""
        asked: Question | Refusal = Question(path.model, 0, 0, tools=False)
        if request.method == b"POST":
            asked = question(self._plan.service, body, path.model)
        elif body:
            asked = Refusal(400, "this request has no body")
        number: int | Refusal = 0
        if path.asks and isinstance(asked, Question):
            number = self._deaf(asked) or await self._hold(asked)
        turned = next((one for one in (asked, number) if isinstance(one, Refusal)), None)
        if turned is not None or isinstance(asked, Refusal) or isinstance(number, Refusal):
            turned = turned or _NOT_NOW
            if path.asks:
                tools = b'"tools"' in body if isinstance(asked, Refusal) else asked.tools
                self.seen.deny(turned.words, tools=tools)
            self._tell(turned, request)
            await self.refuse(client, turned, close=False)
            return
        plan = self._plan
        target = plan.upstream.prefix.encode() + path.target
        headers = asked_with(plan.service, plan.variable, plan.key, list(request.headers))
        exchange = Exchange(request.method, target, headers, body)
        await self._exchange(client, exchange, asked, number)

    def _deaf(self, asked: Question) -> Refusal | None:
        """Return why an agent goes no further that works without the tools that it was offered.

        It is told at its second request: some agents load them while their first is under way.
        """
        if not (asked.tools and self._worked and self._tools) or self._tools.box.works():
            return None
        self.over.set()
        return Refusal(403, "the tools of Accord were not loaded")

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
        self, client: Visitor, exchange: Exchange, asked: Question, number: int
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
            await self.refuse(client, ended.refusal, close=False)

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
            self._worked = self._worked or (asked.tools and not ended.failure)
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

    async def refuse(self, client: Visitor, refusal: Refusal, *, close: bool = True) -> None:
        """Answer with an error; `close` when the rest of the request was not read."""
        kind = [(b"content-type", b"application/json")]
        again = [] if refusal.status >= 500 else [(b"x-should-retry", b"false")]
        body = error_body(self._plan.service, refusal)
        await client.answer(refusal.status, [*kind, *again], body, close=close)
