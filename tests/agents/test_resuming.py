"""A conversation outlives the processes that it was held in, where the agent offers that."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.memory import CUT_OFF, STARTS
from accord.agents.processes import marked, signal_to
from accord.agents.runs import AgentRuns
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    EventKind,
    Limits,
)
from accord.core.recording import joined

# Keeps its conversations in its home. DIES says how often it dies in its turn, WAITS what it does.
AGENT = """
import json, os, signal, sys, time
from pathlib import Path
home = Path(os.environ["HOME"])
def send(**held): print(json.dumps({"jsonrpc": "2.0", **held}), flush=True)
def tell(text):
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
    send(method="session/update", params={"sessionId": "s", "update": update})
for line in sys.stdin:
    asked = json.loads(line)
    method, params, answer = asked["method"], asked["params"], {}
    if method == "initialize":
        answer = {"protocolVersion": 1, "agentCapabilities": {"loadSession": OFFERS}}
    elif method == "session/new":
        answer = {"sessionId": "s"}
    elif method == "session/load":
        if not (home / "said").exists():
            send(id=asked["id"], error={"code": -32000, "message": "no such session"})
            continue
        tell("all that was said before")
    else:
        with (home / "said").open("a") as file:
            file.write(params["prompt"][0]["text"] + "|")
        if len((home / "said").read_text().split("|")) <= DIES + 1:
            WAITS
        tell((home / "said").read_text())
        answer = {"stopReason": "end_turn"}
    send(id=asked["id"], result=answer)
"""
KILLS = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def runs(tmp_path: Path) -> AgentRuns:
    return AgentRuns(tmp_path / "state" / "runs")


def order(
    tmp_path: Path, dies: int, waits: str = KILLS, *, offers: bool = True, forgets: bool = False
) -> AgentOrder:
    work = tmp_path / "work"
    work.mkdir()
    code = AGENT.replace("DIES", str(dies)).replace("WAITS", waits).replace("OFFERS", str(offers))
    if forgets:
        code = code.replace("answer = {}", "answer = {}; print(end='')", 1).replace(
            'not (home / "said").exists()', "True"
        )
    agent = AgentChoice("a", AgentKind.ACP, (sys.executable, "-I", "-c", code))
    environment = (("HOME", str(work)),)
    limits = Limits(total_s=120.0, idle_s=120.0)
    return AgentOrder("r", agent, str(work), "build", (), limits, environment=environment)


def finished(runs: AgentRuns, meanwhile: Callable[[], object] = lambda: None) -> AgentReport:
    for _ in range(6_000):
        report = runs.report("r")
        if report is not None:
            return report
        meanwhile()
        time.sleep(0.01)
    raise AssertionError("it never ended")


def test_an_agent_that_is_killed_goes_on_with_the_same_conversation(
    runs: AgentRuns, tmp_path: Path
) -> None:
    runs.start(order(tmp_path, dies=1))
    report = finished(runs)
    assert report.status is AgentStatus.ENDED, report
    assert report.said == f"build|{CUT_OFF}|"
    texts = [one.text for one in joined(runs.transcript("r")) if one.kind is EventKind.TEXT]
    assert texts == [report.said]  # what was said before is not told again


def test_an_agent_that_dies_again_and_again_is_given_up_on(runs: AgentRuns, tmp_path: Path) -> None:
    runs.start(order(tmp_path, dies=99))
    report = finished(runs)
    assert report.status is AgentStatus.DIED
    assert len((tmp_path / "work" / "said").read_text().split("|")) == STARTS + 1


def test_an_agent_that_does_not_offer_it_is_not_started_again(
    runs: AgentRuns, tmp_path: Path
) -> None:
    runs.start(order(tmp_path, dies=1, offers=False))
    assert finished(runs).status is AgentStatus.DIED
    assert (tmp_path / "work" / "said").read_text() == "build|"


def test_an_agent_that_has_forgotten_begins_anew_and_is_told_all_of_it(
    runs: AgentRuns, tmp_path: Path
) -> None:
    runs.start(order(tmp_path, dies=1, forgets=True))
    report = finished(runs)
    assert report.status is AgentStatus.ENDED
    assert report.said == f"build|build\n\n{CUT_OFF}|"


def test_a_run_whose_host_and_agent_are_killed_goes_on_for_whoever_asks_next(
    runs: AgentRuns, tmp_path: Path
) -> None:
    runs.start(order(tmp_path, dies=1, waits="time.sleep(300)"))
    run = tmp_path / "state" / "runs" / "r"
    mark = folder.mark_of(run)

    killed: list[int] = []

    def kill() -> None:
        said = tmp_path / "work" / "said"
        if not killed and said.exists() and said.read_text() == "build|":
            for pid in [*marked(HOST_MARK, mark), *marked(RUN_MARK, mark)]:
                signal_to(pid, signal.SIGKILL)
                killed.append(pid)

    report = finished(runs, kill)
    assert report.status is AgentStatus.ENDED, report
    assert report.said == f"build|{CUT_OFF}|"
    assert not (run / folder.HOME).exists()
    assert marked(RUN_MARK, mark) == []


def test_a_run_that_was_stopped_is_not_taken_up_again(runs: AgentRuns, tmp_path: Path) -> None:
    runs.start(order(tmp_path, dies=1, waits="time.sleep(300)"))
    while not (tmp_path / "work" / "said").exists():
        time.sleep(0.01)
    runs.stop("r")
    report = finished(runs)
    assert report.status is AgentStatus.STOPPED
    assert (tmp_path / "work" / "said").read_text() == "build|"
