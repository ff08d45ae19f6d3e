"""Agents in processes of their own: started once, found again by anyone, ended with all they began.

Whether a run is under way is asked of the kernel, by the lock that its host holds, and never of a
stored process id. A second, short lock (the gate) makes asking and starting take turns.
"""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from accord.agents import asked, folder, spending, transcript
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.memory import Memory
from accord.agents.nursery import Nursery
from accord.agents.processes import end_marked, holding, marked, signal_to
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Question,
)
from accord.errors import AgentError

STOP_S = 10.0
"""How long a host may take to end its run in order, before it is killed."""


class AgentRuns:
    """The runs whose folders are in one place; implements the `Agent` port."""

    def __init__(self, root: Path) -> None:
        """Take the folder for the state of runs, outside of any checkout; made when needed."""
        self._root = root
        self._started = False
        self._nursery = Nursery()

    def start(self, order: AgentOrder) -> None:
        """Start the run, or do nothing when it runs or ran already. Raises AgentError."""
        run = self._folder(order.run_id)
        try:
            run.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise AgentError(f"The folder of the run cannot be made: {error}.") from error
        with _locked(run) as lock:
            if lock is None or (run / folder.ORDER).exists():
                return
            folder.write_order(run, order)
            try:
                self._spawn(run, lock)
            except AgentError:
                (run / folder.ORDER).unlink()
                raise

    def report(self, run_id: str) -> AgentReport | None:
        """Return the report of a finished run, None while it is under way or was never started.

        A run whose host was killed is settled here: what is left of it is ended, and the report
        says so from then on.
        """
        run = self._folder(run_id)
        if not (run / folder.ORDER).exists():
            return None
        report = folder.read_report(run)
        if report is not None:
            return report
        with _locked(run) as lock:
            if lock is None:
                return None
            # It may have ended between the first look and the lock.
            report = folder.read_report(run) or folder.read_report(run, folder.PAUSED)
            if report is None and not (run / folder.STOP).exists() and Memory(run).resumes():
                # The agent dies with its host; what was said is in its home, to be gone on from.
                _end_what_is_left(run, run_id)
                Memory(run).begin()  # before, or a host that dies at once is started for ever
                with suppress(AgentError):
                    self._spawn(run, lock)
                    return None
            return report or _settle(run, run_id)

    def order(self, run_id: str) -> AgentOrder | None:
        """Return what a run was given, None when there is no record of it that can be read."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return folder.read_order(self._folder(run_id))
        return None

    def is_running(self, run_id: str) -> bool:
        """Tell whether the run's process is alive."""
        run = self._folder(run_id)
        if not (run / folder.ORDER).exists():
            return False
        with _locked(run) as lock:
            return lock is None

    def trail(self, run_id: str) -> tuple[str, ...]:
        """Return the files that change as a run goes on and when it ends."""
        run = self._folder(run_id)
        return str(run / folder.TRANSCRIPT), str(run / folder.EXIT), str(run / folder.PAUSED)

    def door(self, run_id: str) -> str:
        """Return the folder in which the gateway of a run listens."""
        return str(self._folder(run_id) / folder.DOOR)

    def home(self, run_id: str) -> str:
        """Return the folder that is the home of a run's agent, made where it is missing."""
        home = self._folder(run_id) / folder.HOME
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(home)

    def stop(self, run_id: str) -> None:
        """End the run and everything that it started; a run that is over is left alone.

        Raises AgentError when its process cannot be ended from here.
        """
        if not self.is_running(run_id):
            return
        run = self._folder(run_id)
        (run / folder.STOP).touch()
        began = time.monotonic()
        told: set[int] = set()
        while self.is_running(run_id):
            hosts = [*marked(HOST_MARK, folder.mark_of(run)), *holding(run / folder.HOST)]
            waited = time.monotonic() - began
            if waited > 2 * STOP_S:
                raise AgentError(f"The process of the run {run_id} cannot be ended.")
            late = waited > STOP_S
            for host in hosts if late else set(hosts) - told:
                signal_to(host, signal.SIGKILL if late else signal.SIGTERM)
            told.update(hosts)
            time.sleep(0.02)
        self.report(run_id)

    def transcript(self, run_id: str) -> list[AgentEvent]:
        """Return what is known so far of what the run said and did."""
        return transcript.read(self._folder(run_id) / folder.TRANSCRIPT)

    def questions(self) -> tuple[Question, ...]:
        """Return what agents asked and nobody has answered, the oldest first."""
        return asked.waiting(self._root)

    def reply(self, question: Question, words: str) -> None:
        """Give the agent that asked its answer. Raises AgentError where it cannot be kept."""
        try:
            asked.reply(self._root, question, words)
        except (OSError, ValueError) as error:
            raise AgentError(f"The answer to {question.id} cannot be kept: {error}.") from error

    def go_on(self, run_id: str, beside: str = "") -> bool:
        """Let a run that asked go on where all is answered; tell whether it does.

        Its agent is told `beside` with the answers. Raises AgentError when it cannot be started.
        """
        run = self._folder(run_id)
        if any(one.run_id == run_id for one in self.questions()):
            return False
        with _locked(run) as lock:
            if lock is not None and (run / folder.PAUSED).exists():
                asked.inform(run, beside)
                self._spawn(run, lock)
        return True

    def let_go(self, prefix: str, but: str = "") -> None:
        """End the runs that asked and wait, of those whose ids begin with `prefix`; not with `but`.

        Their questions are withdrawn and their homes deleted; what they said and did is kept.
        """
        for paused in sorted(self._root.glob(f"*/{folder.PAUSED}")):
            run, run_id = paused.parent, folder.run_id_of(paused.parent.name)
            if not run_id.startswith(prefix) or (but and run_id.startswith(but)):
                continue
            with _locked(run) as lock:
                report = folder.read_report(run, folder.PAUSED)
                if lock is None or report is None:
                    continue  # it goes on just now
                asked.withdraw(self._root, run_id)
                stopped = evolve(report, status=AgentStatus.STOPPED, detail=folder.UNANSWERED)
                folder.write_report(run, stopped)
                folder.forget(run)

    def proposals(self, run_id: str) -> tuple[tuple[str, str], ...]:
        """Return the decisions that a run's agent proposed: statements and reasons."""
        return folder.read_proposals(self._folder(run_id))

    def _folder(self, run_id: str) -> Path:
        return self._root / folder.folder_name(run_id)

    def _spawn(self, run: Path, lock: int) -> None:
        """Start the host with the lock that this process holds, so that it is held without a gap.

        The first one is on its own; where there are more, they share what they load.
        """
        shared, self._started = self._started and sys.platform == "linux", True
        try:
            with (run / folder.LOG).open("ab") as log:
                if shared:
                    status = self._nursery.start(run.resolve(), lock, log.fileno())
                else:
                    status = _start_alone(run, lock, log)
        except OSError as error:
            raise AgentError(f"The process of the run could not be started: {error}.") from error
        if status != 0:
            raise AgentError(
                "The process of the run ended before it began.", hint=f"Read {run / folder.LOG}."
            )


@contextmanager
def _locked(run: Path) -> Iterator[int | None]:
    """Give the descriptor of the run's lock, held, or None when its host holds it."""
    gate = os.open(run / folder.GATE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        lock = os.open(run / folder.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield lock if _taken(lock) else None
        finally:
            os.close(lock)  # a host that was given it keeps it: one description, two descriptors
    finally:
        os.close(gate)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_alone(run: Path, lock: int, log: BinaryIO) -> int:
    """Start a host in a Python of its own; return the status of the process that detached it."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "accord.agents.host", str(run.resolve()), str(lock)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=run,
        env={**os.environ, HOST_MARK: folder.mark_of(run)},
        pass_fds=(lock,),
        start_new_session=True,
        check=False,
    )
    return done.returncode


def _end_what_is_left(run: Path, run_id: str) -> None:
    end_marked(RUN_MARK, folder.mark_of(run))
    ledger = run.parent.parent / spending.LEDGER
    if ledger.exists():
        # Where it cannot be written now, what was under way stays counted as under way.
        with suppress(OSError, sqlite3.Error), closing(spending.Ledger(ledger)) as opened:
            opened.abandon(run_id)


def _settle(run: Path, run_id: str) -> AgentReport:
    _end_what_is_left(run, run_id)
    if (run / folder.STOP).exists():
        report = AgentReport(run_id, AgentStatus.STOPPED, folder.STOPPED)
    else:
        report = AgentReport(run_id, AgentStatus.DIED, folder.KILLED)
    folder.write_report(run, report)
    folder.forget(run)
    return report
