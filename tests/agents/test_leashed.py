"""A run whose work another machine may have by now ends, also where nobody is there to end it."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents.runs import AgentRuns
from accord.core.orders import UNHELD, AgentOrder, AgentReport, AgentStatus, Leash

LONG = """
[[step]]
do = "write"
path = "begun"
text = "x"
[[step]]
do = "wait"
seconds = 300.0
"""
LASTS = 1.0


@pytest.fixture
def runs(tmp_path: Path) -> AgentRuns:
    return AgentRuns(tmp_path / "runs")


@pytest.fixture
def order(scripted: Callable[[str], AgentOrder], tmp_path: Path) -> AgentOrder:
    return evolve(scripted(LONG), leash=Leash(str(tmp_path / "held"), LASTS), writable=("**",))


def ended(runs: AgentRuns, order: AgentOrder) -> AgentReport:
    end = time.monotonic() + 60
    while (report := runs.report(order.run_id)) is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    return report


def test_a_run_ends_by_itself_when_nobody_held_its_work_for_a_while(
    runs: AgentRuns, order: AgentOrder, tmp_path: Path
) -> None:
    (tmp_path / "held").write_text("1")
    runs.start(order)
    report = ended(runs, order)
    assert (report.status, report.detail) == (AgentStatus.STOPPED, UNHELD)
    while runs.is_running(order.run_id):  # its report comes first
        time.sleep(0.05)


def test_a_run_whose_work_is_held_goes_on(
    runs: AgentRuns, order: AgentOrder, tmp_path: Path
) -> None:
    (tmp_path / "held").write_text("1")
    runs.start(order)
    for count in range(20):
        (tmp_path / "held").write_text(str(count))
        time.sleep(LASTS / 5)
    assert runs.is_running(order.run_id)
    # Whoever works alone from now on takes the file away, and nothing ends it.
    (tmp_path / "held").unlink()
    time.sleep(LASTS * 2)
    assert runs.is_running(order.run_id)
    runs.stop(order.run_id)
