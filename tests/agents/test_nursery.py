"""Runs that are started beside others share a process that they are forked from, and no fate."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.processes import holding, marked
from accord.agents.runs import AgentRuns
from accord.core.orders import AgentOrder, AgentStatus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux are hosts forked")
Ordering = Callable[[str], AgentOrder]

WAITS = """
[[step]]
do = "run"
argv = ["sh", "-c", "echo begun >> begun; while [ ! -e go ]; do sleep 0.05; done"]
[[step]]
do = "append"
path = "effect"
text = "x"
"""
HANGS = """
[[step]]
do = "run"
argv = ["sh", "-c", "setsid sleep 600 & echo $! > child"]
[[step]]
do = "hang"
"""


def until(true: Callable[[], object]) -> None:
    for _ in range(6_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


@pytest.fixture
def runs(tmp_path: Path) -> AgentRuns:
    return AgentRuns(tmp_path / "state")


@pytest.fixture
def second(runs: AgentRuns, scripted: Ordering) -> Callable[[str], AgentOrder]:
    """Return what starts a run beside one that was started before it."""

    def start(script: str) -> AgentOrder:
        first = evolve(scripted(""" [[step]]\ndo = "claim" """), run_id="cart/T1/0")
        runs.start(first)
        until(lambda: runs.report(first.run_id))
        order = scripted(script)
        runs.start(order)
        return order

    return start


def place(tmp_path: Path, run_id: str) -> Path:
    return tmp_path / "state" / folder.folder_name(run_id)


def host_of(tmp_path: Path, order: AgentOrder) -> int:
    run = place(tmp_path, order.run_id)
    assert marked(HOST_MARK, folder.mark_of(run)) == []
    (host,) = holding(run / folder.HOST)
    return host


def test_a_run_beside_another_is_forked_and_ends_as_any_other(
    runs: AgentRuns, second: Callable[[str], AgentOrder], tmp_path: Path, workdir: Path
) -> None:
    order = second(WAITS)
    until(lambda: (workdir / "begun").exists())
    host = host_of(tmp_path, order)
    said = Path(f"/proc/{host}/cmdline").read_text()

    (workdir / "go").touch()
    until(lambda: runs.report(order.run_id))
    report = runs.report(order.run_id)

    assert "accord.agents.nursery" in said
    assert report is not None
    assert report.status is AgentStatus.ENDED
    assert (workdir / "effect").read_text() == "x"
    until(lambda: not runs.is_running(order.run_id))


def test_a_forked_run_is_stopped_with_all_that_it_started(
    runs: AgentRuns, second: Callable[[str], AgentOrder], tmp_path: Path, workdir: Path
) -> None:
    order = second(HANGS)
    until(lambda: (workdir / "child").exists() and (workdir / "child").read_text().strip())

    runs.stop(order.run_id)

    report = runs.report(order.run_id)
    assert report is not None
    assert report.status is AgentStatus.STOPPED
    assert marked(RUN_MARK, folder.mark_of(place(tmp_path, order.run_id))) == []


def test_a_forked_run_outlives_the_kill_of_whoever_started_it_and_of_what_it_was_forked_from(
    scripted: Ordering, tmp_path: Path, workdir: Path
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    order = scripted(WAITS)
    folder.write_order(given, order)
    code = (
        "import os, pathlib, sys\n"
        "from attrs import evolve\n"
        "from accord.agents import folder, runs\n"
        "order = folder.read_order(pathlib.Path(sys.argv[1]))\n"
        "all = runs.AgentRuns(pathlib.Path(sys.argv[2]))\n"
        "all.start(evolve(order, run_id='cart/T0/1', prompt='else'))\n"
        "all.start(order)\n"
        "print(all._nursery._end.peek()[2][1].pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    starter = [sys.executable, "-c", code, str(given), str(tmp_path / "state")]
    done = subprocess.run(starter, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    nursery = int(done.stdout)
    runs = AgentRuns(tmp_path / "state")
    until(lambda: not Path(f"/proc/{nursery}/cmdline").exists() or _is_dead(nursery))

    assert runs.is_running(order.run_id)
    (workdir / "go").touch()
    until(lambda: runs.report(order.run_id))

    report = runs.report(order.run_id)
    assert report is not None
    assert report.status is AgentStatus.ENDED


def test_a_nursery_that_was_killed_is_begun_anew(
    runs: AgentRuns, second: Callable[[str], AgentOrder], scripted: Ordering, workdir: Path
) -> None:
    (workdir / "go").touch()
    first = second(WAITS)
    assert runs._nursery._end is not None
    found = runs._nursery._end.peek()
    assert found is not None
    os.kill(found[2][1].pid, signal.SIGKILL)
    found[2][1].wait()
    order = evolve(scripted(WAITS), run_id="cart/T1/2")

    runs.start(order)

    until(lambda: runs.report(first.run_id) and runs.report(order.run_id))
    reports = [runs.report(one.run_id) for one in (first, order)]
    assert [one.status for one in reports if one] == [AgentStatus.ENDED, AgentStatus.ENDED]


def test_hosts_find_the_environment_that_there_was_when_they_were_started(
    runs: AgentRuns,
    second: Callable[[str], AgentOrder],
    scripted: Ordering,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (workdir / "go").touch()
    before = second(WAITS)
    until(lambda: runs.report(before.run_id))
    monkeypatch.setenv("SPARE", "spare-7")
    order = scripted('[[step]]\ndo = "run"\nargv = ["sh", "-c", "echo $SPARE > spare"]')
    order = evolve(order, run_id="cart/T1/3", agent=evolve(order.agent, passes=("SPARE",)))

    runs.start(order)
    until(lambda: runs.report(order.run_id))

    assert (workdir / "spare").read_text() == "spare-7\n"


def _is_dead(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
