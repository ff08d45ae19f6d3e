"""The process of an agent from its start to its end, whatever is spoken on its pipes.

The box comes first in its command, a cleaned environment is all that it sees, time, silence and
output are limited, and whatever happens, its process group is dead when `supervise` returns, and
so is whatever else carries the mark of the run.
"""

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from accord.agents.account import Account
from accord.agents.environment import RUN_MARK, clean
from accord.agents.processes import die_with_parent, end_marked, left_behind
from accord.agents.transcript import one_line
from accord.agents.wire import Fault, Read, Wire, rpc
from accord.core.orders import AgentOrder, AgentStatus, EventKind, Limits
from accord.errors import AgentError

CANCEL_S = 1.0
"""How long an agent may take to end its turn when it is asked to, before it is killed."""

ENDED: Fault = (AgentStatus.ENDED, "")
_SETTLE_S = 1.0


class Talk(Protocol):
    """A conversation with an agent over a wire, in the protocol that it speaks."""

    async def hold(self) -> Fault:
        """Talk to the end of one turn and return how it ended.

        Raises ConnectionError when the agent is gone, AgentError where it will not do.
        """

    async def interrupt(self) -> None:
        """Ask the agent to end its turn; `hold` returns when it has."""

    async def close(self) -> None:
        """Let go of what the conversation held."""


Begin = Callable[[Wire], Talk]


async def supervise(
    order: AgentOrder, command: Sequence[str], account: Account, begin: Begin, read: Read = rpc
) -> Fault:
    """Start `command` in the order's box, have the talk that `begin` makes, return how it ended.

    `read` understands a line that the process wrote. Every fault of the agent is returned, never
    raised. Cancelling interrupts the talk, then kills the agent and raises CancelledError.
    """
    missing = _missing(order, command)
    if missing:
        return AgentStatus.FAILED, f"was not started: {missing}"
    try:
        process = await _spawn(order, command)
    except OSError as error:
        program = (*order.box, *command)[0]
        return AgentStatus.FAILED, f"was not started: {program}: {error.strerror}"
    wire = Wire(process, order.limits, read)
    account.fail = wire.fail
    talk = begin(wire)
    held = asyncio.create_task(talk.hold())
    watch = asyncio.create_task(_watch(process, wire, order.limits))
    drain = asyncio.create_task(wire.drain())
    try:
        await asyncio.wait({held, watch}, return_when=asyncio.FIRST_COMPLETED)
        return _outcome(held, watch, wire) or await _death(process, wire, drain, account)
    except asyncio.CancelledError:
        if account.prompted and not held.done():
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CANCEL_S):
                    await talk.interrupt()
                    await asyncio.wait({held})
        raise
    finally:
        await _end(process, order, account)
        for task in (held, watch, drain):
            task.cancel()
        await asyncio.gather(held, watch, drain, return_exceptions=True)
        await talk.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(wire.empty(), _SETTLE_S)


def _missing(order: AgentOrder, command: Sequence[str]) -> str:
    if not command:
        return "no command is configured for it"
    return "" if Path(order.workdir).is_dir() else f"there is no folder {order.workdir}"


async def _spawn(order: AgentOrder, command: Sequence[str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *order.box,
        *command,
        cwd=order.workdir,
        env=clean(dict(order.environment)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        preexec_fn=die_with_parent(),
    )


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
    held: asyncio.Task[Fault], watch: asyncio.Task[Fault | None], wire: Wire
) -> Fault | None:
    """Return how the turn ended, None when it broke off because the agent is gone."""
    if wire.fault is not None:
        return wire.fault
    if not held.done():
        return watch.result()
    try:
        return held.result()
    except AgentError as error:
        return AgentStatus.FAILED, error.message
    except ConnectionError:
        return None


async def _death(
    process: Process, wire: Wire, drain: asyncio.Task[None], account: Account
) -> Fault:
    await _gone(process, _SETTLE_S)
    await asyncio.wait({drain}, timeout=_SETTLE_S)
    when = "during its turn" if account.prompted else "before its turn began"
    words = wire.tail.decode(errors="replace").strip().splitlines()
    last = f": {one_line(words[-1])}" if words else ""
    status = process.returncode
    if status is None:
        return AgentStatus.DIED, f"closed its end {when}{last}"
    if status < 0:
        return AgentStatus.DIED, f"was ended by signal {-status} {when}{last}"
    return AgentStatus.DIED, f"exited with status {status} {when}{last}"


async def _end(process: Process, order: AgentOrder, account: Account) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await _gone(process, 10 * _SETTLE_S)
    # A shell of an agent runs in a session of its own, which no signal to the group reaches.
    mark = dict(order.environment).get(RUN_MARK, "")
    if mark:
        if left := left_behind(RUN_MARK, mark):
            words = f"left running, and ended: {one_line(', '.join(left))}"
            account.say(EventKind.ERROR, words)
        end_marked(RUN_MARK, mark)


async def _gone(process: Process, patience: float) -> None:
    # Process.wait() may, depending on the Python, also wait for pipes that others hold open.
    deadline = time.monotonic() + patience
    while process.returncode is None and time.monotonic() < deadline:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.01)
