"""`python -m accord.agents.host RUN [LOCK]`: the process of one run, which outlives its caller.

RUN is the run's folder; LOCK is the descriptor of its lock when whoever started this process
took it already. The lock is held for the life of the process, so that holding it means that the
run is under way, and the kernel gives it back however the process ends.
"""

import asyncio
import fcntl
import gc
import logging
import os
import secrets
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import asdict, evolve

from accord.agents import asked, folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.lean import lean_models
from accord.agents.leashed import unheld
from accord.agents.memory import Memory
from accord.agents.processes import end_marked, left_behind
from accord.agents.redaction import clean_report, known_secrets, redactor
from accord.agents.speech import Speech
from accord.agents.transcript import Transcript, one_line
from accord.core.orders import (
    UNHELD,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
    Leash,
)
from accord.core.tools import replied
from accord.errors import AgentError

if TYPE_CHECKING:
    from accord.agents.gateway import Gateway
    from accord.agents.toolbox import Toolbox


class Drive(Protocol):
    """A driver: runs one turn of an agent and reports how it ended."""

    def __call__(
        self, order: AgentOrder, emit: Emit, memory: Memory | None = None, *,
        box: "Toolbox | None" = None, words: str = "",
    ) -> Awaitable[AgentReport]:  # fmt: skip
        """Drive the agent of `order`, told `words` where it was begun and asked something."""


GRACE_S = 5.0
"""How long an agent may take to end its turn once its gateway has shut."""


def main(argv: list[str]) -> int:
    """Detach, run the agent, write how it ended; 1 when the run is over or under way already."""
    run = Path(argv[0])
    if not _hold(run, int(argv[1]) if len(argv) > 1 else None) or (run / folder.EXIT).exists():
        return 1
    # The caller waits for this process and for no other: it is left with no child to reap, and
    # the run with no parent that could take it along.
    if os.fork():
        os._exit(0)
    os.environ.pop(HOST_MARK, None)
    (run / folder.PAUSED).unlink(missing_ok=True)
    gc.set_threshold(50_000, 20, 20)  # the protocol's schema is many objects and no garbage
    # What a library has to say about an agent's messages quotes them, without end.
    logging.getLogger().addHandler(logging.NullHandler())
    with (run / folder.TRANSCRIPT).open("ab", buffering=0) as file:
        report = _play(run, Transcript(file).add)
    end_marked(RUN_MARK, folder.mark_of(run))
    if report.status is AgentStatus.ASKS:  # its home and its conversation are kept
        folder.write(run / folder.PAUSED, asdict(report))
        return 0
    folder.write_report(run, report)
    folder.forget(run)
    return 0


def _hold(run: Path, lock: int | None) -> bool:
    held = os.open(run / folder.LOCK, os.O_RDWR | os.O_CREAT, 0o600) if lock is None else lock
    os.set_inheritable(held, False)  # an agent that held it would keep its dead host alive
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _play(run: Path, emit: Emit) -> AgentReport:
    run_id = folder.run_id_of(run.name)
    redact: Callable[[str], str] = str
    try:
        order = folder.read_order(run)
        redact = redactor(known_secrets(order, os.environ))
        report = asyncio.run(_opened(run, _marked(order, run), redact, emit))
    except AgentError as error:
        report = AgentReport(run_id, AgentStatus.FAILED, f"{error.message} {error.hint}".strip())
        emit(AgentEvent(EventKind.ERROR, report.detail))
    except Exception as error:  # noqa: BLE001 - whatever it is, the run must be seen to have ended
        sys.stderr.write(redact(traceback.format_exc()))
        detail = redact(one_line(f"the run failed: {type(error).__name__}: {error}"))
        report = AgentReport(run_id, AgentStatus.FAILED, detail)
        emit(AgentEvent(EventKind.ERROR, detail))
    left = left_behind(RUN_MARK, folder.mark_of(run))
    if left:
        emit(AgentEvent(EventKind.ERROR, f"left running, and ended: {one_line(', '.join(left))}"))
    emit(AgentEvent(EventKind.END, report.status))
    return report


async def _opened(
    run: Path, order: AgentOrder, redact: Callable[[str], str], emit: Emit
) -> AgentReport:
    """Drive the agent, with its way out open meanwhile if the order has one."""
    if order.outlet is None and order.tools is None:
        quiet = Speech(redact, known_secrets(order, os.environ), _without_end(emit))
        return clean_report(redact, await _drive(run, order, quiet))
    from accord.agents import outlet
    from accord.agents.toolbox import Toolbox
    from accord.agents.toolroom import ToolRoom

    plan = outlet.plan(order, order.outlet, os.environ) if order.outlet else None
    # The tokens are known from here on, and are secrets too while the run lasts.
    token = f"accord-{secrets.token_hex(24)}"
    known = (*known_secrets(order, os.environ), *([plan.token] if plan else ()), token)
    redact = redactor(known)
    quiet = Speech(redact, known, _without_end(emit))
    tools = evolve(order.tools, token=token) if order.tools else None
    box = Toolbox(run, order, tools, quiet.aside, redact) if tools else None
    room = ToolRoom(box) if box else None
    if plan is None:
        if room is None:
            raise AgentError("There is nothing behind the door of the run.")
        async with outlet.opened_for_tools(run, order, room) as opened:
            report = room.box.concluded(await _drive(run, opened, quiet, box=box))
        return clean_report(redact, report)
    plan = evolve(plan, redact=redact)
    async with outlet.opened(run, order, plan, quiet.aside, room) as (opened, gateway):
        report = await _drive(run, opened, quiet, gateway, box)
        report = outlet.concluded(report, gateway, plan, quiet.aside)
        report = box.concluded(report) if box else report
    return clean_report(redact, outlet.counted(report, gateway, quiet.aside))


def _without_end(emit: Emit) -> Emit:
    """Return an `emit` that keeps to itself how the agent ended: the host has the last word."""

    def add(event: AgentEvent) -> None:
        if event.kind is not EventKind.END:
            emit(event)

    return add


def _marked(order: AgentOrder, run: Path) -> AgentOrder:
    """Return the order with the run's mark and with the variables that the agent is to have.

    Those are taken from this process and not from the order, so that no key lies in a file.
    """
    names = [name for name in order.agent.passes if name in os.environ]
    passed = tuple((name, os.environ[name]) for name in names)
    mark = (RUN_MARK, folder.mark_of(run))
    return evolve(order, environment=(*passed, *order.environment, mark))


async def _drive(
    run: Path, order: AgentOrder, emit: Speech, gateway: "Gateway | None" = None,
    box: "Toolbox | None" = None,
) -> AgentReport:  # fmt: skip
    driving = asyncio.ensure_future(_driver(run, order, emit, box))
    wished: list[str] = []

    def stop(why: str) -> None:
        if not wished:  # a second cancellation would interrupt the cleaning up after the first
            driving.cancel()
        wished.append(why)

    async def stop_when_over(over: asyncio.Event) -> None:
        await over.wait()
        await asyncio.sleep(GRACE_S)
        stop("")

    async def stop_when_unheld(leash: Leash) -> None:
        await unheld(leash)
        stop(UNHELD)

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop, folder.STOPPED)
    if (run / folder.STOP).exists():
        stop(folder.STOPPED)
    watches = [asyncio.ensure_future(stop_when_over(gateway.over))] if gateway else []
    watches += [asyncio.ensure_future(stop_when_unheld(order.leash))] if order.leash else []
    try:
        return await driving
    except asyncio.CancelledError:
        if why := next(filter(None, wished), ""):
            return AgentReport(order.run_id, AgentStatus.STOPPED, why)
        return AgentReport(order.run_id, AgentStatus.FAILED)  # the gateway knows why
    finally:
        emit.finish()
        for watch in watches:
            watch.cancel()


async def _driver(run: Path, order: AgentOrder, emit: Emit, box: "Toolbox | None") -> AgentReport:
    """Drive the agent to the end of its turn, and on: after a death, and with what was answered."""
    drive, order = _chosen(order)
    memory, words = Memory(run), _replies(run)
    while True:
        report = await drive(order, emit, memory, box=box, words=words)
        if report.status is AgentStatus.DIED and memory.resumes():
            memory.begin()
        elif report.status is not AgentStatus.ENDED or not asked.untold(run):
            return report
        words = _replies(run)


def _replies(run: Path) -> str:
    """Return what people answered the agent of the run so far, and mark it as told.

    What else there is to say to it, now that it goes on, comes after.
    """
    found = asked.replies(run)
    for one in found:
        asked.tell(run, one)
    return "\n\n".join(filter(None, (replied(found) if found else "", asked.beside(run))))


def _chosen(order: AgentOrder) -> tuple[Drive, AgentOrder]:
    """Return the driver for the agent of an order, and the order as that is to have it."""
    # Each driver is imported where it is used: none of them is light, and one may not be installed.
    if order.agent.kind is AgentKind.CLAUDE:
        from accord.agents import claude

        return claude.drive, order
    if order.agent.kind is AgentKind.CODEX:
        from accord.agents import codex

        return codex.drive, order
    with lean_models():
        from accord.agents import acp

    if order.agent.kind is AgentKind.SCRIPTED:
        # Isolated, or else a file in the folder that it works in could pose as a module of ours.
        command = (sys.executable, "-I", "-m", "accord.agents.scripted", *order.agent.command)
        order = evolve(order, agent=evolve(order.agent, command=command))
    return acp.drive, order


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
