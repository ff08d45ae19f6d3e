import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.processes import marked
from accord.agents.runs import AgentRuns
from accord.core.orders import (
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    EventKind,
    Limits,
)
from accord.core.ports import Agent
from accord.errors import AgentError

Ordering = Callable[[str], AgentOrder]

# The agent tells that it has begun, with a child that nobody waits for, and then never ends.
BEGUN = """
[[step]]
do = "run"
argv = ["sh", "-c", "echo run >> begun; setsid sleep 600 & sleep 600 & echo $! > child"]
[[step]]
do = "hang"
"""


@pytest.fixture
def runs(tmp_path: Path) -> AgentRuns:
    return AgentRuns(tmp_path / "state")


def until(true: Callable[[], bool]) -> None:
    """Wait for what must come; a test that waits in vain fails, however slow the machine is."""
    for _ in range(6_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def finished(runs: AgentRuns, run_id: str) -> AgentReport:
    until(lambda: runs.report(run_id) is not None)
    report = runs.report(run_id)
    assert report is not None
    return report


def mark(tmp_path: Path, run_id: str) -> str:
    return folder.mark_of(tmp_path / "state" / folder.folder_name(run_id))


def begun(workdir: Path) -> bool:
    return (workdir / "child").exists() and bool((workdir / "child").read_text().strip())


def test_a_run_goes_on_by_itself_and_is_reported(
    runs: AgentRuns, scripted: Ordering, workdir: Path
) -> None:
    agent: Agent = runs
    order = scripted('[[step]]\ndo = "write"\npath = "a"\ntext = "b"\n[[step]]\ndo = "claim"')
    assert agent.report(order.run_id) is None
    assert not agent.is_running(order.run_id)
    agent.start(order)
    report = finished(runs, order.run_id)
    assert (report.run_id, report.status, report.stop_reason) == (
        "cart/T1/1",
        AgentStatus.ENDED,
        "end_turn",
    )
    assert (workdir / "a").read_text() == "b"
    until(lambda: not agent.is_running(order.run_id))
    events = runs.transcript(order.run_id)
    assert events[0].text.startswith("[scripted]")
    assert events[-1] == AgentEvent(EventKind.END, "ended")


def test_a_run_that_is_over_does_not_start_again(
    runs: AgentRuns, scripted: Ordering, workdir: Path
) -> None:
    order = scripted('[[step]]\ndo = "append"\npath = "effect"\ntext = "x"')
    runs.start(order)
    first = finished(runs, order.run_id)
    runs.start(evolve(order, prompt="something else"))
    assert runs.report(order.run_id) == first
    assert (workdir / "effect").read_text() == "x"


def test_starts_at_the_same_time_give_one_agent(
    runs: AgentRuns, scripted: Ordering, workdir: Path
) -> None:
    order = scripted('[[step]]\ndo = "append"\npath = "effect"\ntext = "x"')
    threads = [threading.Thread(target=runs.start, args=(order,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert finished(runs, order.run_id).status is AgentStatus.ENDED
    assert (workdir / "effect").read_text() == "x"


def test_those_who_look_at_the_same_time_do_not_take_each_other_for_the_run(
    runs: AgentRuns, scripted: Ordering
) -> None:
    order = scripted('[[step]]\ndo = "claim"')
    runs.start(order)
    finished(runs, order.run_id)
    until(lambda: not runs.is_running(order.run_id))
    seen: set[bool] = set()

    def look() -> None:
        seen.update(runs.is_running(order.run_id) for _ in range(500))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    assert seen == {False}


def test_stopping_ends_the_agent_and_all_that_it_started(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    order = scripted(BEGUN)
    runs.start(order)
    until(lambda: begun(workdir))
    # The agent and two children, of which one left its group.
    until(lambda: len(marked(RUN_MARK, mark(tmp_path, order.run_id))) >= 3)
    runs.stop(order.run_id)
    assert not runs.is_running(order.run_id)
    assert finished(runs, order.run_id).status is AgentStatus.STOPPED
    assert runs.transcript(order.run_id)[-1] == AgentEvent(EventKind.END, "stopped")
    until(lambda: marked(RUN_MARK, mark(tmp_path, order.run_id)) == [])


def test_a_run_is_stopped_before_it_has_begun(
    runs: AgentRuns, scripted: Ordering, tmp_path: Path
) -> None:
    order = scripted(BEGUN)
    runs.start(order)
    runs.stop(order.run_id)
    assert finished(runs, order.run_id).status is AgentStatus.STOPPED
    until(lambda: marked(RUN_MARK, mark(tmp_path, order.run_id)) == [])


def test_a_host_that_does_not_answer_is_stopped_all_the_same(
    runs: AgentRuns,
    scripted: Ordering,
    workdir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("accord.agents.runs.STOP_S", 1.0)
    order = scripted(BEGUN)
    runs.start(order)
    until(lambda: begun(workdir))
    (host,) = marked(HOST_MARK, mark(tmp_path, order.run_id))
    os.kill(host, signal.SIGSTOP)
    runs.stop(order.run_id)
    assert finished(runs, order.run_id).status is AgentStatus.STOPPED
    assert marked(RUN_MARK, mark(tmp_path, order.run_id)) == []


def test_stopping_a_run_that_is_over_or_unknown_changes_nothing(
    runs: AgentRuns, scripted: Ordering
) -> None:
    runs.stop("unknown")
    order = scripted('[[step]]\ndo = "claim"')
    runs.start(order)
    report = finished(runs, order.run_id)
    until(lambda: not runs.is_running(order.run_id))
    runs.stop(order.run_id)
    assert runs.report(order.run_id) == report


def test_a_run_outlives_the_kill_of_whoever_started_it(
    scripted: Ordering, tmp_path: Path, workdir: Path
) -> None:
    order = scripted(
        """
        [[step]]
        do = "run"
        argv = ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done"]
        [[step]]
        do = "append"
        path = "effect"
        text = "x"
        """
    )
    given = tmp_path / "given"
    given.mkdir()
    folder.write_order(given, order)
    code = (
        "import os, pathlib, sys\n"
        "from accord.agents import folder, runs\n"
        "order = folder.read_order(pathlib.Path(sys.argv[1]))\n"
        "runs.AgentRuns(pathlib.Path(sys.argv[2])).start(order)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    starter = [sys.executable, "-c", code, str(given), str(tmp_path / "state")]
    assert subprocess.run(starter, check=False).returncode == -signal.SIGKILL
    runs = AgentRuns(tmp_path / "state")
    assert runs.is_running(order.run_id)
    runs.start(order)
    (workdir / "go").touch()
    assert finished(runs, order.run_id).status is AgentStatus.ENDED
    assert (workdir / "effect").read_text() == "x"


def test_a_run_whose_host_was_killed_is_dead_with_all_that_it_started(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    order = scripted(BEGUN)
    runs.start(order)
    until(lambda: begun(workdir))
    (host,) = marked(HOST_MARK, mark(tmp_path, order.run_id))
    os.kill(host, signal.SIGKILL)
    report = finished(runs, order.run_id)
    assert report == AgentReport(order.run_id, AgentStatus.DIED, "the run's process was killed")
    assert marked(RUN_MARK, mark(tmp_path, order.run_id)) == []
    runs.start(order)
    assert runs.report(order.run_id) == report
    assert (workdir / "begun").read_text() == "run\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_an_agent_dies_with_its_host_before_anybody_asks(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    # It reads nothing, so the end of its input does not end it.
    deaf = "import os, time; open('child', 'w').write(str(os.getpid())); time.sleep(600)"
    choice = AgentChoice("Deaf", AgentKind.ACP, (sys.executable, "-I", "-c", deaf))
    order = evolve(scripted('[[step]]\ndo = "hang"'), agent=choice)
    runs.start(order)
    until(lambda: begun(workdir))
    agent = int((workdir / "child").read_text())
    (host,) = marked(HOST_MARK, mark(tmp_path, order.run_id))
    assert agent in marked(RUN_MARK, mark(tmp_path, order.run_id))
    os.kill(host, signal.SIGKILL)
    until(lambda: agent not in marked(RUN_MARK, mark(tmp_path, order.run_id)))


def test_an_ended_run_leaves_nothing_behind_that_left_its_group(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    leave = "setsid sleep 600 & echo $! > child"
    order = scripted(f'[[step]]\ndo = "run"\nargv = ["sh", "-c", "{leave}"]')
    runs.start(order)
    assert finished(runs, order.run_id).status is AgentStatus.ENDED
    until(lambda: not runs.is_running(order.run_id))
    assert begun(workdir)
    told = [event.text for event in runs.transcript(order.run_id)]
    assert told[-2:] == ["left running, and ended: sleep", "ended"]
    assert marked(RUN_MARK, mark(tmp_path, order.run_id)) == []


def test_an_agent_that_dies_and_leaves_its_pipes_to_another_is_dead_all_the_same(
    runs: AgentRuns, scripted: Ordering, tmp_path: Path
) -> None:
    code = (
        "import os, subprocess\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "os._exit(4)\n"
    )
    agent = AgentChoice("Agent", AgentKind.ACP, (sys.executable, "-I", "-c", code))
    order = evolve(scripted('[[step]]\ndo = "hang"'), agent=agent)
    runs.start(order)
    report = finished(runs, order.run_id)
    assert (report.status, report.detail) == (
        AgentStatus.DIED,
        "Agent exited with status 4 before its turn began",
    )
    until(lambda: marked(RUN_MARK, mark(tmp_path, order.run_id)) == [])


@pytest.mark.parametrize("run_id", ["a/b", "..", ".", "../../etc", "a b%2Fc", "change/T1/ü"])
def test_any_run_id_has_a_folder_of_its_own_inside_the_root(run_id: str) -> None:
    name = folder.folder_name(run_id)
    assert "/" not in name
    assert name not in {".", ".."}
    assert folder.run_id_of(name) == run_id


def test_an_order_and_a_report_are_read_as_they_were_written(tmp_path: Path) -> None:
    order = AgentOrder(
        run_id="cart/T1/1",
        agent=AgentChoice("Codex", AgentKind.ACP, ("codex", "--acp"), "fast"),
        workdir="/work",
        prompt="first\nsecond \u202e \x00",
        writable=("src/**", "!src/lock"),
        limits=Limits(1.5, 0.5, 10),
        box=("bwrap", "--"),
        environment=(("URL", "http://127.0.0.1"),),
    )
    report = AgentReport(
        "cart/T1/1", AgentStatus.HUNG, "silent", "words", "end_turn", ("a", "b"), 3, 4
    )
    folder.write_order(tmp_path, order)
    folder.write_report(tmp_path, report)
    assert folder.read_order(tmp_path) == order
    assert folder.read_report(tmp_path) == report
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exit.json", "order.json"]


@pytest.mark.parametrize("bytes_", [b"", b"{", b"[]", b"{}", b'{"status": "fine", "refused": []}'])
def test_a_report_that_cannot_be_read_is_a_failed_run(tmp_path: Path, bytes_: bytes) -> None:
    run = tmp_path / folder.folder_name("cart/T1/1")
    run.mkdir()
    (run / folder.EXIT).write_bytes(bytes_)
    assert folder.read_report(run) == AgentReport(
        "cart/T1/1", AgentStatus.FAILED, "the record of the run cannot be read"
    )


def test_a_driver_that_breaks_is_a_failed_run_with_its_traceback_in_the_log(
    runs: AgentRuns, scripted: Ordering, tmp_path: Path
) -> None:
    order = evolve(scripted('[[step]]\ndo = "claim"'), workdir="a\0b")
    runs.start(order)
    report = finished(runs, order.run_id)
    assert report.status is AgentStatus.FAILED
    assert report.detail.startswith("the run failed: ValueError: ")
    log = tmp_path / "state" / folder.folder_name(order.run_id) / folder.LOG
    assert "Traceback" in log.read_text()


def test_a_host_that_cannot_begin_is_an_error_of_the_start(
    runs: AgentRuns, scripted: Ordering, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = scripted('[[step]]\ndo = "claim"')
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(AgentError):
            runs.start(order)
    assert runs.report(order.run_id) is None
    runs.start(order)
    assert finished(runs, order.run_id).status is AgentStatus.ENDED


def test_a_run_id_that_no_folder_can_be_called_by_is_an_error_of_the_start(
    runs: AgentRuns, scripted: Ordering
) -> None:
    with pytest.raises(AgentError):
        runs.start(evolve(scripted('[[step]]\ndo = "claim"'), run_id="x" * 300))


def test_a_second_host_for_the_same_run_refuses(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    order = scripted(BEGUN)
    runs.start(order)
    until(lambda: begun(workdir))
    run = tmp_path / "state" / folder.folder_name(order.run_id)
    host = [sys.executable, "-m", "accord.agents.host", str(run)]
    assert subprocess.run(host, check=False).returncode == 1
    runs.stop(order.run_id)
    assert subprocess.run(host, check=False).returncode == 1
    assert (workdir / "begun").read_text() == "run\n"
