"""The door of a run: connections are taken, requests read (h11, RFC 9112), answers written."""

import asyncio
from contextlib import suppress

import h11

from accord.agents.gateway_rules import Refusal

HEAD_BYTES = 64 * 2**10
CONNECTIONS = 64
KEEP_S = 600.0
BODY_S = 60.0

_CHUNK = 2**16


class BrokenError(Exception):
    """Raised when the agent is gone, or can only be told by breaking its connection off."""


class Visitor:
    """The agent's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take both directions of the connection."""
        self.reader, self.writer = reader, writer
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self.taken = 0
        self.headless = False

    async def event(self) -> object:
        """Return the next event of the request. Raises h11.RemoteProtocolError."""
        while (event := self.connection.next_event()) is h11.NEED_DATA:
            self.connection.receive_data(await self.reader.read(_CHUNK))
        return event

    async def piece(self) -> bytes | Refusal | None:
        """Return the next piece of the request's body, None at its end, or what is wrong with it.

        Raises BrokenError when the agent is gone.
        """
        if self.connection.they_are_waiting_for_100_continue:
            await self.send(h11.InformationalResponse(status_code=100, headers=[]))
        try:
            async with asyncio.timeout(BODY_S):
                event = await self.event()
        except TimeoutError:
            return Refusal(408, "the body of the request did not come")
        except h11.RemoteProtocolError as error:
            return Refusal(error.error_status_hint, "not a proper request")
        if isinstance(event, h11.EndOfMessage):
            return None
        if not isinstance(event, h11.Data):
            raise BrokenError("the agent hung up")
        return bytes(event.data)

    async def send(self, event: h11.Event) -> None:
        """Send one event of the answer."""
        data = self.connection.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def answer(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, close: bool
    ) -> None:
        """Send a whole answer; `close` when the rest of the request was not read."""
        if self.connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            raise BrokenError("an answer has begun already")
        body = b"" if self.headless else body
        length = [(b"content-length", str(len(body)).encode())]
        ending = [(b"connection", b"close")] if close else []
        await self.send(h11.Response(status_code=status, headers=[*headers, *length, *ending]))
        await self.send(h11.Data(data=body))
        await self.send(h11.EndOfMessage())
        if close:
            await self.linger()

    @property
    def may_go_on(self) -> bool:
        """Tell whether another request may follow on this connection."""
        return self.connection.our_state is h11.DONE and self.connection.their_state is h11.DONE

    async def linger(self) -> None:
        """Let the agent read a refusal before the rest of what it sends meets a closed door."""
        with suppress(OSError, TimeoutError):
            if self.writer.can_write_eof():
                self.writer.write_eof()
            async with asyncio.timeout(2.0):
                for _ in range(64):
                    if not await self.reader.read(_CHUNK):
                        return


class Visits:
    """Takes the connections of one run's agent; what is behind the door says how to answer."""

    def __init__(self) -> None:
        """Begin with nobody at the door."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, client: Visitor, request: h11.Request) -> bool:
        """Answer one request; tell whether another may follow on the same connection."""
        raise NotImplementedError

    async def refuse(self, client: Visitor, refusal: Refusal, *, close: bool = True) -> None:
        """Answer with an error; `close` when the rest of the request was not read."""
        raise NotImplementedError

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until either side ends it (the callback of asyncio's servers)."""
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= CONNECTIONS:
            writer.transport.abort()
            return
        self._tasks.add(task)
        client = Visitor(reader, writer)
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

    async def _next(self, client: Visitor) -> bool:
        try:
            async with asyncio.timeout(KEEP_S):
                request = await client.event()
        except h11.RemoteProtocolError as error:
            await self.refuse(client, Refusal(error.error_status_hint, "not a proper request"))
            return False
        if not isinstance(request, h11.Request):
            return False
        client.headless = request.method == b"HEAD"
        return await self.answer(client, request)


def oversized(request: h11.Request) -> Refusal | None:
    """Return why a request is not looked at any further: its protocol, or its many headers."""
    if request.http_version != b"1.1":
        return Refusal(505, "the gateway speaks HTTP/1.1")
    if sum(len(name) + len(value) for name, value in request.headers) > HEAD_BYTES:
        return Refusal(431, f"the headers of a request may have {HEAD_BYTES} bytes")
    return None
