"""One request to the model's service and its answer, passed to the agent as it comes."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import h11
from attrs import define, field, frozen

from accord.agents import upstream as up
from accord.agents.gateway_rules import Headers, Refusal, Service, answered_with
from accord.agents.usage import Meter, Usage
from accord.agents.visits import BrokenError

_CHUNK = 2**16
_HEAD_BYTES = 64 * 2**10
_ERROR_BYTES = 256 * 2**10
_BUSY = frozenset({408, 429, 500, 502, 503, 504, 529})
# What services say where asking again later in the day is of no use.
_QUOTA = (b"insufficient_quota", b"billing", b"credit balance", b"usage limit", b"PerDay")
_FIRST_S = 1.0


@frozen
class Exchange:
    """What is sent to the service; the headers hold the real key."""

    method: bytes
    target: bytes
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@define
class Ended:
    """How an exchange ended, filled in as it goes: also when it is cut off, this much is known."""

    status: int = 0
    failure: str = ""
    refusal: Refusal | None = None
    sent: int = 0
    received: int = 0
    times: int = 0
    asked: bool = False
    meter: Meter | None = None

    def used(self, most_input: int, most_output: int) -> Usage:
        """Return the tokens that it took, or the most that it can have taken where none were told.

        An answer that broke off, or that holds no count, is counted by its size, four bytes to a
        token, and never as more than was asked for.
        """
        if not self.asked or self.status >= 300:
            return Usage()
        told = self.meter.usage if self.meter else None
        whole = self.meter is not None and self.meter.complete and not self.failure
        if told is not None and whole:
            return told
        guessed = min(most_output, -(-(self.meter.bytes if self.meter else 0) // 4))
        return Usage(most_input if told is None else 0, output=guessed).most(told or Usage())


class Client(Protocol):
    """The agent's end, as much of it as an answer needs."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    connection: h11.Connection

    async def send(self, event: h11.Event) -> None:
        """Send one event to the agent."""


class Terms(Protocol):
    """What of a gateway's plan an exchange needs."""

    @property
    def service(self) -> Service: ...
    @property
    def upstream(self) -> up.Upstream: ...
    @property
    def idle_s(self) -> float: ...
    @property
    def retry_s(self) -> float: ...
    @property
    def resolve(self) -> up.Resolve: ...
    @property
    def redact(self) -> Callable[[str], str]: ...


async def relay(
    terms: Terms,
    context: ssl.SSLContext | None,
    client: Client,
    exchange: Exchange,
    ended: Ended,
    hear: Callable[[], None],
    again: Callable[[str], None],
) -> None:
    """Have the service answer `exchange` and pass the answer to `client`.

    A service that is too busy is asked again, after 1, 2, 4 s and so on or when it says, for
    `retry_s` in all; the agent sees the last answer alone. `again` is told of each wait in words.
    Before anything of an answer was passed on, a failure is left in `ended.refusal` for the caller
    to tell; after that it raises BrokenError, and breaking the connection off tells it. `hear` is
    called whenever the service is heard.
    """
    gone = asyncio.create_task(_gone(client))
    work = asyncio.create_task(_persist(terms, context, client, exchange, ended, hear, again))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise BrokenError("the agent hung up")
        await work
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


async def _persist(
    terms: Terms,
    context: ssl.SSLContext | None,
    client: Client,
    exchange: Exchange,
    ended: Ended,
    hear: Callable[[], None],
    again: Callable[[str], None],
) -> None:
    left, pause = terms.retry_s, _FIRST_S
    while True:
        try:
            link = await up.connect(terms.upstream, terms.resolve, context)
        except up.UpstreamError as error:
            ended.failure = terms.redact(f"could not be asked: {error}")
            ended.refusal = Refusal(502, f"the model's service {ended.failure}")
            return
        service = _Service(link, terms.idle_s, ended, hear)
        ended.times += 1
        try:
            wait = await _relay(terms, service, client, exchange, ended, (pause, left))
        finally:
            link.writer.transport.abort()
        if wait is None:
            return
        again(f"the model's service answered {ended.status}; it is asked again in {wait:.0f} s")
        await asyncio.sleep(wait)
        hear()
        left, pause = left - wait, 2 * pause


async def _relay(
    terms: Terms,
    service: "_Service",
    client: Client,
    exchange: Exchange,
    ended: Ended,
    patience: tuple[float, float],
) -> float | None:
    """Pass on one answer; return the seconds to wait where it is better to ask again."""
    begun = False
    try:
        response = await service.ask(terms.upstream, exchange)
        ended.status = response.status_code
        if response.status_code >= 400:
            body = await _error_body(terms, service)
            wait = _wait(response, body, *patience)
            if wait is None:
                ended.failure = f"answered {response.status_code}"
                await _pass_error(client, response, body)
            return wait
        coding = dict(response.headers).get(b"content-encoding", b"identity").lower()
        if response.status_code >= 300 or coding not in (b"identity", b"gzip", b"deflate"):
            ended.failure = f"answered {response.status_code} in a way that is not passed on"
            ended.refusal = Refusal(502, f"the model's service {ended.failure}")
            return None
        begun = True
        await _pass_answer(service, client, response, coding)
    except TimeoutError:
        ended.failure = f"was silent for {terms.idle_s:g} s"
    except (OSError, h11.RemoteProtocolError):
        ended.failure = "broke off"
    if ended.failure and begun:
        raise BrokenError(ended.failure)
    if ended.failure:
        status = 504 if ended.failure.startswith("was") else 502
        ended.refusal = Refusal(status, f"the model's service {ended.failure}")
    return None


def _wait(response: h11.Response, body: bytes, pause: float, left: float) -> float | None:
    """Return the seconds after which to ask again, None where that is of no use."""
    if response.status_code not in _BUSY or any(word in body for word in _QUOTA):
        return None
    said = dict(response.headers).get(b"retry-after", b"")
    wait = max(pause, float(said)) if said.isdigit() and len(said) < 6 else pause
    return wait if wait <= left else None


async def _error_body(terms: Terms, service: "_Service") -> bytes:
    # Services quote the key that they turn away; what they say is passed on without it.
    body = b""
    while len(body) < _ERROR_BYTES and (data := await service.data()) is not None:
        body += data
    return terms.redact(body[:_ERROR_BYTES].decode("utf-8", "replace")).encode()


async def _pass_error(client: Client, response: h11.Response, text: bytes) -> None:
    # It was asked often enough here: an agent that does the same goes on for minutes.
    dropped = (b"content-length", b"content-encoding", b"x-should-retry")
    kept = [pair for pair in answered_with(list(response.headers)) if pair[0] not in dropped]
    kept += [(b"x-should-retry", b"false"), (b"content-length", str(len(text)).encode())]
    await _to(client, h11.Response(status_code=response.status_code, headers=kept))
    await _to(client, h11.Data(data=text))
    await _to(client, h11.EndOfMessage())


async def _pass_answer(
    service: "_Service", client: Client, response: h11.Response, coding: bytes
) -> None:
    headers = answered_with(list(response.headers))
    kind = dict(headers).get(b"content-type", b"").decode("ascii", "replace")
    meter = Meter(kind, "" if coding == b"identity" else coding.decode())
    service.ended.meter = meter
    await _to(client, h11.Response(status_code=response.status_code, headers=headers))
    while (data := await service.data()) is not None:
        meter.feed(data)
        await _to(client, h11.Data(data=data), service.idle_s)
    meter.finish()
    if meter.failed:
        service.ended.failure = f"answered with {meter.failed}"
    await _to(client, h11.EndOfMessage())


async def _to(client: Client, event: h11.Event, patience: float = 60.0) -> None:
    try:
        async with asyncio.timeout(patience):
            await client.send(event)
    except (OSError, TimeoutError) as error:
        raise BrokenError("the agent does not read its answer") from error


async def _gone(client: Client) -> None:
    """Return when the agent hangs up; what else it sends is kept for its next request."""
    while data := await client.reader.read(_CHUNK):
        client.connection.receive_data(data)
        if len(client.connection.trailing_data[0]) > _HEAD_BYTES:
            await asyncio.Event().wait()


class _Service:
    """The service's end of an exchange."""

    def __init__(
        self, link: up.Link, idle_s: float, ended: Ended, hear: Callable[[], None]
    ) -> None:
        self._link, self._hear = link, hear
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self.idle_s, self.ended = idle_s, ended

    async def ask(self, upstream: up.Upstream, exchange: Exchange) -> h11.Response:
        """Send the request and return the head of the answer."""
        host = f"[{upstream.host}]" if ":" in upstream.host else upstream.host
        standard = 443 if upstream.scheme == "https" else 80
        name = host if upstream.port == standard else f"{host}:{upstream.port}"
        headers = [
            (b"host", name.encode()),
            *exchange.headers,
            (b"accept-encoding", b"identity"),
            *([(b"content-length", b"%d" % len(exchange.body))] if exchange.body else []),
        ]
        head = h11.Request(method=exchange.method, target=exchange.target, headers=headers)
        self.ended.asked = True
        self._link.writer.write(self._connection.send(head) or b"")
        with suppress(ConnectionError):  # it may have answered before it heard all
            for start in range(0, len(exchange.body), _CHUNK):
                piece = h11.Data(data=exchange.body[start : start + _CHUNK])
                self._link.writer.write(self._connection.send(piece) or b"")
                await self._in_time(self._link.writer.drain())
                self.ended.sent += len(piece.data)
        self._connection.send(h11.EndOfMessage())
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            switched = isinstance(event, h11.InformationalResponse) and event.status_code == 101
            if switched or not isinstance(event, h11.InformationalResponse):
                raise ConnectionResetError("no answer")

    async def data(self) -> bytes | None:
        """Return the next piece of the answer's body, None at its end."""
        event = await self._event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            return None
        raise ConnectionResetError("the answer ended before its end")

    async def _event(self) -> object:
        while (event := self._connection.next_event()) is h11.NEED_DATA:
            data = await self._in_time(self._link.reader.read(_CHUNK))
            self.ended.received += len(data)
            self._hear()
            self._connection.receive_data(data)
        return event

    async def _in_time(self, waited: Awaitable[bytes | None]) -> bytes:
        async with asyncio.timeout(self.idle_s):
            return await waited or b""
