"""Drives any agent that speaks the Agent Client Protocol on its standard streams, for one turn.

Nothing is offered but the conversation: no file system and no terminal of ours, since what an
agent does through those it can do as well without them. Whatever happens, the agent's process
group is dead when `drive` returns.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import cast

from acp import PROTOCOL_VERSION, Client, RequestError, connect_to_agent, text_block
from acp.client.connection import ClientSideConnection
from acp.schema import ClientCapabilities, FileSystemCapabilities, Implementation
from attrs import evolve, frozen
from pydantic import ValidationError

from accord import __version__
from accord.agents import quirks, sessions
from accord.agents.environment import clean
from accord.agents.memory import CUT_OFF, Memory
from accord.agents.processes import die_with_parent
from accord.agents.toolbox import Toolbox
from accord.agents.transcript import one_line
from accord.agents.turn import Turn
from accord.agents.wire import Fault, Wire
from accord.core import tools
from accord.core.orders import (
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    Limits,
)
from accord.errors import AgentError

CANCEL_S = 2.0
"""How long an agent may take to end its turn when it is asked to, before it is killed."""

_SETTLE_S = 1.0
_ENDED: Fault = (AgentStatus.ENDED, "")


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
    turn = Turn(order, emit)
    status, detail = await _run(order, turn, Talk(memory, box, words))
    name = one_line(order.agent.name, 80)
    return turn.report(status, f"{name} {detail}" if detail else "")


@frozen
class Talk:
    """What a conversation is made with: what is known of it, its tools, its first words."""

    memory: Memory | None
    box: Toolbox | None
    words: str


async def _run(order: AgentOrder, turn: Turn, said: Talk) -> Fault:
    order = quirks.dressed(order)
    missing = _missing(order)
    if missing:
        return AgentStatus.FAILED, f"was not started: {missing}"
    try:
        process = await _spawn(order)
    except OSError as error:
        command = (*order.box, *order.agent.command)[0]
        return AgentStatus.FAILED, f"was not started: {command}: {error.strerror}"
    wire = Wire(process, order.limits)
    turn.fail = wire.fail
    connection = connect_to_agent(cast(Client, turn), wire)
    talk = asyncio.create_task(_converse(connection, order, turn, said))
    watch = asyncio.create_task(_watch(process, wire, order.limits))
    drain = asyncio.create_task(wire.drain())
    try:
        await asyncio.wait({talk, watch}, return_when=asyncio.FIRST_COMPLETED)
        found = _outcome(talk, watch, wire)
        if found == _ENDED and order.outlet is None and _is_excuse(order, turn):
            return AgentStatus.FAILED, f"ended with an error: {one_line(turn.said)}"
        circle = quirks.of(order.agent.command).circle
        if found == _ENDED and circle and turn.stop_reason == circle:
            return AgentStatus.LOOPED, "went round in circles and stopped itself"
        return found or await _death(process, wire, drain, turn)
    except asyncio.CancelledError:
        await _ask_to_cancel(connection, turn, talk)
        raise
    finally:
        await _end(process)
        for task in (talk, watch, drain):
            task.cancel()
        await asyncio.gather(talk, watch, drain, return_exceptions=True)
        await connection.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(wire.empty(), _SETTLE_S)


def _missing(order: AgentOrder) -> str:
    if not order.agent.command:
        return "no command is configured for it"
    return "" if Path(order.workdir).is_dir() else f"there is no folder {order.workdir}"


async def _spawn(order: AgentOrder) -> Process:
    return await asyncio.create_subprocess_exec(
        *order.box,
        *order.agent.command,
        cwd=order.workdir,
        env=clean(dict(order.environment)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        preexec_fn=die_with_parent(),
    )


async def _converse(
    connection: ClientSideConnection, order: AgentOrder, turn: Turn, said: Talk
) -> None:
    greeting = await connection.initialize(
        protocol_version=PROTOCOL_VERSION,
        client_capabilities=ClientCapabilities(fs=FileSystemCapabilities(), terminal=False),
        client_info=Implementation(name="accord", version=__version__),
    )
    if greeting.protocol_version != PROTOCOL_VERSION:
        raise AgentError(f"speaks version {greeting.protocol_version} of the protocol, not 1")
    how, memory = sessions.resumption(greeting), said.memory
    servers = sessions.servers(greeting, order, turn)
    if said.box is not None and servers:
        said.box.offered = True
        order = evolve(order, prompt=f"{order.prompt}\n\n{tools.prompt(said.box.tools)}\n")
    known = memory is not None and bool(memory.session)
    if memory is not None and known:
        turn.session = memory.session
    if known and await sessions.take_up(connection, turn, how, order, servers):
        prompt = said.words or CUT_OFF
    else:
        begun = [CUT_OFF, said.words] if known or said.words else []
        prompt = "\n\n".join(filter(None, (order.prompt, *begun)))
        session = await connection.new_session(cwd=turn.folder, mcp_servers=servers)
        turn.session = session.session_id
        await sessions.prepare(connection, session.session_id, session.modes,
                               session.config_options, order)  # fmt: skip
        if memory is not None and how:
            memory.keep(turn.session)
    turn.prompted = True
    answer = await connection.prompt(session_id=turn.session, prompt=[text_block(prompt)])
    turn.finish(answer.stop_reason, answer.usage)


async def _watch(process: Process, wire: Wire, limits: Limits) -> Fault | None:
    """Return the first fault that time or the wire shows, None when the process is gone."""
    began = time.monotonic()
    while wire.fault is None:
        total = began + limits.total_s - time.monotonic()
        idle = wire.heard + limits.idle_s - time.monotonic()
        if total <= 0:
            return AgentStatus.HUNG, f"took longer than the {limits.total_s:g} s that it may take"
        if idle <= 0:
            return AgentStatus.HUNG, f"was silent for {limits.idle_s:g} s"
        if process.returncode is not None:
            # Its last words may still be in the pipe. The pipe need not end with it: a process
            # that it left behind may hold the other end open.
            await asyncio.sleep(_SETTLE_S)
            return None
        with suppress(TimeoutError):
            await asyncio.wait_for(wire.faulted.wait(), min(total, idle, 1.0))
    return wire.fault


def _outcome(
    talk: asyncio.Task[None], watch: asyncio.Task[Fault | None], wire: Wire
) -> Fault | None:
    """Return how the turn ended, None when it broke off because the agent is gone."""
    if wire.fault is not None:
        return wire.fault
    if not talk.done():
        return watch.result()
    try:
        talk.result()
    except RequestError as error:
        data = f" ({error.data})" if error.data else ""
        return AgentStatus.FAILED, f"answered with an error: {one_line(f'{error}{data}')}"
    except AgentError as error:
        return AgentStatus.FAILED, error.message
    except ValidationError:
        return AgentStatus.GARBAGE, "gave an answer that the protocol does not know"
    except ConnectionError:
        return None
    return _ENDED


def _is_excuse(order: AgentOrder, turn: Turn) -> bool:
    """Tell whether the last words are an error that the agent calls an end of its turn.

    A gateway knows better; without one these words are all that tells.
    """
    excuse = quirks.of(order.agent.command).excuse
    return excuse is not None and excuse.search(turn.said) is not None


async def _death(process: Process, wire: Wire, drain: asyncio.Task[None], turn: Turn) -> Fault:
    await _gone(process, _SETTLE_S)
    await asyncio.wait({drain}, timeout=_SETTLE_S)
    when = "during its turn" if turn.prompted else "before its turn began"
    words = wire.tail.decode(errors="replace").strip().splitlines()
    last = f": {one_line(words[-1])}" if words else ""
    status = process.returncode
    if status is None:
        return AgentStatus.DIED, f"closed its end {when}{last}"
    if status < 0:
        return AgentStatus.DIED, f"was ended by signal {-status} {when}{last}"
    return AgentStatus.DIED, f"exited with status {status} {when}{last}"


async def _ask_to_cancel(
    connection: ClientSideConnection, turn: Turn, talk: asyncio.Task[None]
) -> None:
    if not turn.session or talk.done():
        return
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(CANCEL_S):
            await connection.cancel(session_id=turn.session)
            await asyncio.wait({talk})


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await _gone(process, 10 * _SETTLE_S)


async def _gone(process: Process, patience: float) -> None:
    # Process.wait() may, depending on the Python, also wait for pipes that others hold open.
    deadline = time.monotonic() + patience
    while process.returncode is None and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.01)
