"""Drives any agent that speaks the Agent Client Protocol on its standard streams, for one turn.

Nothing is offered but the conversation: no file system and no terminal of ours, since what an
agent does through those it can do as well without them.
"""

from typing import cast

from acp import PROTOCOL_VERSION, Client, RequestError, connect_to_agent, text_block
from acp.client.connection import ClientSideConnection
from acp.schema import (
    ClientCapabilities,
    FileSystemCapabilities,
    Implementation,
    InitializeResponse,
)
from pydantic import ValidationError

from accord import __version__
from accord.agents import quirks, sessions
from accord.agents.memory import Memory, prompt
from accord.agents.supervising import ENDED, supervise
from accord.agents.toolbox import Toolbox
from accord.agents.transcript import one_line
from accord.agents.turn import Turn
from accord.agents.wire import Fault, Wire
from accord.core.orders import AgentOrder, AgentReport, AgentStatus, Emit
from accord.errors import AgentError

ODD = (RequestError, ValidationError)
"""What the acp package raises at an answer that is an error, or none that the protocol knows."""


async def drive(
    order: AgentOrder, emit: Emit, memory: Memory | None = None, *, box: Toolbox | None = None,
    words: str = "",
) -> AgentReport:  # fmt: skip
    """Run the agent of `order` to the end of one turn and report how it ended.

    With a `memory` the conversation is written down, and one that was begun is gone on with, by
    `words` if there is something to say. The tools in `box` are offered if the agent takes them.
    Every fault of the agent is a status of the report, never an exception. Cancelling asks the
    agent to cancel its turn, then kills it and raises CancelledError.
    """
    turn, order = Turn(order, emit), quirks.dressed(order)
    ended = await supervise(
        order, order.agent.command, turn, lambda wire: _Talk(wire, order, turn, memory, box, words)
    )
    return turn.report(*ended)


async def greet(connection: ClientSideConnection) -> InitializeResponse:
    """Introduce Accord to an agent and return what it says of itself.

    Raises AgentError where it speaks another version of the protocol, and the errors of `ODD`.
    """
    greeting = await connection.initialize(
        protocol_version=PROTOCOL_VERSION,
        client_capabilities=ClientCapabilities(fs=FileSystemCapabilities(), terminal=False),
        client_info=Implementation(name="accord", version=__version__),
    )
    if greeting.protocol_version != PROTOCOL_VERSION:
        raise AgentError(f"speaks version {greeting.protocol_version} of the protocol, not 1")
    return greeting


def fault(error: Exception) -> Fault:
    """Return what one of the errors of `ODD` says of the agent."""
    if isinstance(error, RequestError):
        data = f" ({error.data})" if error.data else ""
        return AgentStatus.FAILED, f"answered with an error: {one_line(f'{error}{data}')}"
    return AgentStatus.GARBAGE, "gave an answer that the protocol does not know"


class _Talk:
    """One turn over ACP."""

    def __init__(
        self, wire: Wire, order: AgentOrder, turn: Turn, memory: Memory | None,
        box: Toolbox | None, words: str,
    ) -> None:  # fmt: skip
        self._order, self._turn, self._memory = order, turn, memory
        self._box, self._words = box, words
        self._connection = connect_to_agent(cast(Client, turn), wire)

    async def hold(self) -> Fault:
        try:
            await self._converse()
        except ODD as error:
            return fault(error)
        return _verdict(self._order, self._turn)

    async def _converse(self) -> None:
        connection, order, turn, memory = self._connection, self._order, self._turn, self._memory
        greeting = await greet(connection)
        how = sessions.resumption(greeting)
        servers = sessions.servers(greeting, order, turn)
        if self._box is not None and servers:
            order = self._box.offer(order)
        held = memory.session if memory is not None else ""
        turn.session = held
        resumed = bool(held) and await sessions.take_up(connection, turn, how, order, servers)
        if not resumed:
            session = await connection.new_session(cwd=turn.folder, mcp_servers=servers)
            turn.session = session.session_id
            await sessions.prepare(connection, session.session_id, session.modes,
                                   session.config_options, order)  # fmt: skip
            if memory is not None and how:
                memory.keep(turn.session)
        turn.prompted = True
        said = text_block(prompt(order, held, resumed, self._words))
        answer = await connection.prompt(session_id=turn.session, prompt=[said])
        turn.finish(answer.stop_reason, answer.usage)

    async def interrupt(self) -> None:
        await self._connection.cancel(session_id=self._turn.session)

    async def close(self) -> None:
        await self._connection.close()


def _verdict(order: AgentOrder, turn: Turn) -> Fault:
    """Return what the end of the turn is worth: agents call an end what is none."""
    known = quirks.of(order.agent.command)
    # A gateway knows better; without one the last words are all that tells.
    if order.outlet is None and known.excuse is not None and known.excuse.search(turn.said):
        return AgentStatus.FAILED, f"ended with an error: {one_line(turn.said)}"
    if known.circle and turn.stop_reason == known.circle:
        return AgentStatus.LOOPED, "went round in circles and stopped itself"
    return ENDED
