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
import signal
import sys
import traceback
from pathlib import Path

from attrs import evolve

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.processes import end_marked
from accord.agents.transcript import Transcript, one_line
from accord.core.ports import (
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
)


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
    gc.set_threshold(50_000, 20, 20)  # the protocol's schema is many objects and no garbage
    # What a library has to say about an agent's messages quotes them, without end.
    logging.getLogger().addHandler(logging.NullHandler())
    with (run / folder.TRANSCRIPT).open("ab", buffering=0) as file:
        report = _play(run, Transcript(file).add)
    end_marked(RUN_MARK, folder.mark_of(run))
    folder.write_report(run, report)
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
    try:
        order = _marked(folder.read_order(run), run)
        report = asyncio.run(_drive(run, order, emit))
    except Exception as error:  # noqa: BLE001 - whatever it is, the run must be seen to have ended
        traceback.print_exc()
        detail = one_line(f"the run failed: {type(error).__name__}: {error}")
        report = AgentReport(run_id, AgentStatus.FAILED, detail)
        emit(AgentEvent(EventKind.ERROR, detail))
        emit(AgentEvent(EventKind.END, report.status))
    return report


def _marked(order: AgentOrder, run: Path) -> AgentOrder:
    """Return the order with the run's mark and with the variables that the agent is to have.

    Those are taken from this process and not from the order, so that no key lies in a file.
    """
    names = [name for name in order.agent.passes if name in os.environ]
    passed = tuple((name, os.environ[name]) for name in names)
    mark = (RUN_MARK, folder.mark_of(run))
    return evolve(order, environment=(*passed, *order.environment, mark))


async def _drive(run: Path, order: AgentOrder, emit: Emit) -> AgentReport:
    driving = asyncio.ensure_future(_driver(order, emit))
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:  # a second cancellation would interrupt the cleaning up after the first
            asked = True
            driving.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    if (run / folder.STOP).exists():
        stop()
    try:
        return await driving
    except asyncio.CancelledError:
        emit(AgentEvent(EventKind.END, AgentStatus.STOPPED))
        return AgentReport(order.run_id, AgentStatus.STOPPED, folder.STOPPED)


async def _driver(order: AgentOrder, emit: Emit) -> AgentReport:
    # Each driver is imported where it is used: none of them is light, and one may not be installed.
    if order.agent.kind is AgentKind.CLAUDE:
        from accord.agents import claude

        return await claude.drive(order, emit)
    from accord.agents import acp

    if order.agent.kind is AgentKind.SCRIPTED:
        # Isolated, or else a file in the folder that it works in could pose as a module of ours.
        command = (sys.executable, "-I", "-m", "accord.agents.scripted", *order.agent.command)
        order = evolve(order, agent=evolve(order.agent, command=command))
    return await acp.drive(order, emit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
