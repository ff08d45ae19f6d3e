"""Requests, answers and news with a process over its wire: JSON-RPC without its version number.

The connection of the acp package does the same and takes half a second of processor time to import,
for a schema of which an agent that does not speak ACP uses nothing.

Protocol: JSON-RPC 2.0 (https://www.jsonrpc.org/specification).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from accord.agents.transcript import one_line
from accord.agents.wire import Message, Wire
from accord.errors import AgentError

Answer = Callable[[str, Message], Message | None]
"""Answers a request of the process, by its method and parameters; None: it is not known."""

Hear = Callable[[str, Message], None]
"""Takes in a piece of news, by its method and parameters."""

_UNKNOWN = {"code": -32601, "message": "there is no such method here"}


class Rpc:
    """The two halves of a conversation; somebody has to `listen` for the other end to be heard."""

    def __init__(self, wire: Wire, answer: Answer, hear: Hear) -> None:
        """Take the wire, who answers requests and who hears news."""
        self._wire, self._answer, self._hear = wire, answer, hear
        self._waiting: dict[object, asyncio.Future[Message]] = {}
        self._asked = 0

    async def ask(self, method: str, **params: object) -> Message:
        """Return the result of a request, empty where it is no object.

        Raises AgentError when the answer is an error, ConnectionError when the process is gone.
        """
        self._asked += 1
        number = self._asked
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._wire.send({"id": number, "method": method, "params": params})
            answer = await self._waiting[number]
        finally:
            del self._waiting[number]
        if "error" in answer:
            words = table(answer["error"]).get("message", answer["error"])
            raise AgentError(f"answered with an error: {one_line(str(words))}")
        return table(answer.get("result"))

    async def tell(self, method: str) -> None:
        """Send a piece of news."""
        await self._wire.send({"method": method})

    async def listen(self) -> None:
        """Hear the process to its end; then whoever still waits has a ConnectionError."""
        try:
            while (message := await self._wire.receive()) is not None:
                await self._take(message)
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the process is gone"))

    async def _take(self, message: Message) -> None:
        method, number = message.get("method"), message.get("id")
        if method is None:
            waiting = self._waiting.get(number)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif "id" not in message:
            self._hear(method, table(message.get("params")))
        else:
            result = self._answer(method, table(message.get("params")))
            said: Message = {"error": _UNKNOWN} if result is None else {"result": result}
            await self._wire.send({"id": number, **said})


def table(value: Any) -> Message:
    """Return `value` where it is an object, else an empty one: nothing that is sent is trusted."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return `value` where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
