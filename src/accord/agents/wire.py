"""The pipe to an agent: one JSON message a line, every byte counted, the first lie noticed."""

import asyncio
import json
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from typing import Any

from accord.agents.transcript import one_line
from accord.core.orders import AgentStatus, Limits

Fault = tuple[AgentStatus, str]
Message = dict[str, Any]
Read = Callable[[bytes], Message | None]
"""Understands a line: an empty message is passed over, None is not the protocol."""

LINE_BYTES = 50 * 2**20
_CHUNK = 2**16
_TAIL = 4_096


class Wire:
    """Moves messages to and from a process, as the `Transport` that the acp package asks for.

    After `receive` has returned None, `fault` tells why, unless the agent just closed its end.
    """

    def __init__(self, process: Process, limits: Limits, read: "Read | None" = None) -> None:
        """Take a process whose three pipes are open; lines are JSON-RPC unless `read` differs."""
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the three streams of an agent's process must be pipes")
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._read = read or rpc
        self._limit = limits.output_bytes
        self._total = 0
        self._held = bytearray()
        self._searched = 0
        self.tail = b""
        self.heard = time.monotonic()
        self.fault: Fault | None = None
        self.faulted = asyncio.Event()

    async def send(self, message: Message) -> None:
        """Write one message. Raises ConnectionError when the agent no longer listens."""
        await self.write(json.dumps(message, separators=(",", ":")) + "\n")

    async def write(self, text: str) -> None:
        """Write whole lines. Raises ConnectionError when the agent no longer listens."""
        self._stdin.write(text.encode())
        await self._stdin.drain()

    async def receive(self) -> Message | None:
        """Return the next message, None at the end of the stream or at the first fault."""
        while (line := await self._line()) is not None:
            message = self._read(line)
            if message == {}:
                continue
            if message is None:
                said = one_line(line[:200].decode(errors="replace"), 80)
                self.fail(AgentStatus.GARBAGE, f"wrote what is not the protocol: {said!r}")
            return message
        return None

    async def close(self) -> None:
        """Close the way to the agent; its own end closes when it is gone."""
        self._stdin.close()

    async def drain(self) -> None:
        """Read what the agent writes beside the protocol, so that it never blocks on it."""
        while chunk := await self._stderr.read(_CHUNK):
            self.tail = (self.tail + chunk)[-_TAIL:]
            if not self._count(chunk):
                return

    async def empty(self) -> None:
        """Read to the end what a dead agent left, since a pipe closes only when it is empty."""
        for stream in (self._stdout, self._stderr):
            while await stream.read(_CHUNK):
                pass

    async def _line(self) -> bytes | None:
        while True:
            end = self._held.find(b"\n", self._searched)
            if end >= 0:
                return self._take(end + 1)
            self._searched = len(self._held)
            chunk = await self._stdout.read(_CHUNK)
            if not chunk:
                return self._take(len(self._held)) if self._held else None
            if not self._count(chunk):
                return None
            self._held += chunk
            if len(self._held) > LINE_BYTES:
                self.fail(AgentStatus.FLOODED, f"wrote a line of more than {LINE_BYTES} bytes")
                return None

    def _take(self, size: int) -> bytes:
        line = bytes(self._held[:size])
        del self._held[:size]
        self._searched = 0
        return line

    def _count(self, chunk: bytes) -> bool:
        self.heard = time.monotonic()
        self._total += len(chunk)
        if self._total > self._limit:
            self.fail(AgentStatus.FLOODED, f"wrote more than {self._limit} bytes")
        return self.fault is None

    def fail(self, status: AgentStatus, detail: str) -> None:
        """End the conversation with a fault, unless there was one before."""
        if self.fault is None:
            self.fault = (status, detail)
            self.faulted.set()


def rpc(line: bytes) -> Message | None:
    """Return the message of JSON-RPC on a line, with or without its version; see `Read`."""
    if not line.strip():
        return {}
    message = parsed(line)
    if message is None or not isinstance(message.get("id"), int | str | None):
        return None
    named = isinstance(message.get("method"), str)
    return message if named or ("id" in message and "method" not in message) else None


def parsed(line: bytes) -> Message | None:
    """Return the JSON object on a line, None where there is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
