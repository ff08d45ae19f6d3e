"""Asks an agent who it is, without giving it any work."""

import asyncio
import re
from collections.abc import Sequence
from typing import Protocol, cast

from acp import Client, connect_to_agent
from acp.schema import InitializeResponse
from attrs import frozen

from accord.agents import acp, codex, quirks
from accord.agents.account import Account
from accord.agents.rpc import Rpc, text
from accord.agents.supervising import ENDED, Talk, supervise
from accord.agents.transcript import one_line
from accord.agents.wire import Fault, Message, Wire
from accord.core.orders import AgentChoice, AgentKind, AgentOrder, AgentStatus, Limits

PATIENCE_S = 60.0
TOOLS = "tools over HTTP"


@frozen
class Answer:
    """What an agent said of itself: its version and what it can do, or in `trouble` why it did not.

    `lacks` says what it goes without because it cannot take it. A claim, like all that an agent
    says.
    """

    version: str = ""
    can: tuple[str, ...] = ()
    trouble: str = ""
    lacks: str = ""


async def ask(agent: AgentChoice, box: Sequence[str], folder: str) -> Answer:
    """Start the agent behind `box` in `folder`, have it introduce itself, end it.

    Whatever is wrong with it is the answer's trouble; nothing is raised.
    """
    limits = Limits(total_s=PATIENCE_S, idle_s=PATIENCE_S, output_bytes=2**20)
    plain = AgentOrder("ask", agent, folder, "", (), limits, tuple(box))
    native = agent.kind is AgentKind.CODEX
    order = plain if native else quirks.dressed(plain)
    command = codex.command(order) if native else agent.command
    met: list[_Greeting] = []

    def begin(wire: Wire) -> Talk:
        met.append(_Codex(wire) if native else _Acp(wire))
        return met[-1]

    status, detail = await supervise(order, command, Account(order, lambda _: None), begin)
    return met[-1].answer if status is AgentStatus.ENDED else Answer(trouble=one_line(detail, 200))


class _Greeting(Talk, Protocol):
    answer: Answer


class _Acp:
    """A greeting over ACP."""

    def __init__(self, wire: Wire) -> None:
        self.answer = Answer()
        self._connection = connect_to_agent(cast(Client, _Nobody()), wire)

    async def hold(self) -> Fault:
        try:
            self.answer = _read(await acp.greet(self._connection))
        except acp.ODD as error:
            return acp.fault(error)
        return ENDED

    async def interrupt(self) -> None:
        """Do nothing: there is no turn."""

    async def close(self) -> None:
        await self._connection.close()


class _Nobody:
    """The client of an agent that is asked for nothing."""


def _read(greeting: InitializeResponse) -> Answer:
    able = greeting.agent_capabilities
    can = []
    if able is not None:
        sessions = able.session_capabilities
        if sessions is not None and sessions.resume is not None:
            can.append("resume")
        if able.load_session:
            can.append("load")
        if able.mcp_capabilities is not None and able.mcp_capabilities.http:
            can.append(TOOLS)
    info = greeting.agent_info
    lacks = "" if TOOLS in can else "it takes no tools over HTTP, so it can ask nobody"
    return Answer(one_line(info.version, 40) if info else "", tuple(can), lacks=lacks)


class _Codex:
    """A greeting of Codex's app-server, which says `CLIENT/VERSION (SYSTEM) ...` of itself."""

    def __init__(self, wire: Wire) -> None:
        self.answer = Answer()
        self._rpc = Rpc(wire, _refused, lambda _method, _params: None)

    async def hold(self) -> Fault:
        listening = asyncio.create_task(self._rpc.listen())
        try:
            said = text((await codex.greet(self._rpc)).get("userAgent"))
        finally:
            listening.cancel()
        version = re.match(r"[^/]*/(\S{1,40})", said)
        self.answer = Answer(one_line(version[1]) if version else "", ("resume", TOOLS))
        return ENDED

    async def interrupt(self) -> None:
        """Do nothing: there is no turn."""

    async def close(self) -> None:
        """Do nothing: the pipes are the process's own."""


def _refused(_method: str, _params: Message) -> None:
    """Answer no request."""
