"""Asks an agent that speaks ACP who it is, without giving it any work."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

from acp import PROTOCOL_VERSION, Client, RequestError, connect_to_agent
from acp.schema import (
    ClientCapabilities,
    FileSystemCapabilities,
    Implementation,
    InitializeResponse,
)
from attrs import frozen
from pydantic import ValidationError

from accord import __version__
from accord.agents import quirks
from accord.agents.environment import clean
from accord.agents.transcript import one_line
from accord.agents.wire import Wire
from accord.core.orders import AgentChoice, AgentKind, AgentOrder, Limits

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


async def ask(command: Sequence[str], box: Sequence[str], folder: str) -> Answer:
    """Start the agent behind `box` in `folder`, have it introduce itself, end it.

    Whatever is wrong with it is the answer's trouble; nothing is raised.
    """
    choice = AgentChoice("agent", AgentKind.ACP, tuple(command))
    order = quirks.dressed(AgentOrder("ask", choice, folder, "", (), box=tuple(box)))
    try:
        process = await asyncio.create_subprocess_exec(
            *box, *command, cwd=folder, env=clean(dict(order.environment)),
            stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return Answer(trouble=f"cannot be started: {error.strerror}")
    wire = Wire(process, Limits(output_bytes=2**20))
    drain = asyncio.create_task(wire.drain())
    connection = connect_to_agent(cast(Client, _Nobody()), wire)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return _read(
                await connection.initialize(
                    protocol_version=PROTOCOL_VERSION,
                    client_capabilities=ClientCapabilities(
                        fs=FileSystemCapabilities(), terminal=False
                    ),
                    client_info=Implementation(name="accord", version=__version__),
                )
            )
    except TimeoutError:
        return Answer(trouble=f"did not answer for {PATIENCE_S:g} s")
    except (RequestError, ValidationError, ConnectionError) as error:
        words = wire.tail.decode(errors="replace").strip().splitlines()
        last = wire.fault[1] if wire.fault else words[-1] if words else str(error)
        return Answer(trouble=one_line(f"gave no proper answer: {last}", 200))
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)
        await connection.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(wire.empty(), 1.0)


class _Nobody:
    """The client of an agent that is asked for nothing."""


def _read(answer: InitializeResponse) -> Answer:
    if answer.protocol_version != PROTOCOL_VERSION:
        return Answer(trouble=f"speaks version {answer.protocol_version} of the protocol, not 1")
    able = answer.agent_capabilities
    can = []
    if able is not None:
        sessions = able.session_capabilities
        if sessions is not None and sessions.resume is not None:
            can.append("resume")
        if able.load_session:
            can.append("load")
        if able.mcp_capabilities is not None and able.mcp_capabilities.http:
            can.append(TOOLS)
    info = answer.agent_info
    lacks = "" if TOOLS in can else "it takes no tools over HTTP, so it can ask nobody"
    return Answer(one_line(info.version, 40) if info else "", tuple(can), lacks=lacks)
