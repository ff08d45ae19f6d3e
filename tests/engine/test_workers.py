"""Several machines on one project: clones of one bare repository, one Postgres."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.wiring.opening import open_workshop
from machines import Machines, make_machines
from postgres import Server

GRAPH = {"T1": (), "T2": (), "T3": ("T1", "T2"), "T4": ("T1",), "T5": ("T3",)}


def until(holds: Callable[[], bool], machines: Machines, seconds: float = 180) -> None:
    """Wait until it holds; fail with what the workers said."""
    end = time.monotonic() + seconds
    while not holds():
        said = "".join(machines.said(one).read_text() for one in machines.running)
        assert time.monotonic() < end, said
        assert all(one.poll() is None for one in machines.running.values()), said
        time.sleep(0.2)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Machines]:
    made = make_machines(tmp_path, monkeypatch, server.url(), GRAPH, clones=2)
    yield made
    made.kill()


def test_two_workers_build_and_land_every_task_once_and_end_when_they_are_told(
    machines: Machines,
) -> None:
    first, second = machines.clones
    machines.command(second, "worker", "--slots", "1", "--script", str(machines.script),
                     "--accept-unsandboxed")  # fmt: skip
    until(lambda: "is being built" in machines.said(second).read_text(), machines)
    machines.start(first)
    until(lambda: len(machines.landed()) == len(GRAPH), machines)
    machines.drain()
    said = machines.said(second).read_text()
    assert "at work with 1 slot; Ctrl-C ends it" in said
    assert "what was begun is finished first; Ctrl-C again ends it now" in said
    assert "the worker ended; nothing is unfinished here" in said

    landed = machines.landed()
    assert sorted(landed) == sorted(GRAPH)
    for task, after in GRAPH.items():
        assert all(landed.index(one) < landed.index(task) for one in after)
    assert len(machines.runs()) == len(GRAPH)
    assert len({place for _, place in machines.runs()}) == 2, "one of them built nothing"
    gitrepo.run(machines.hub, "fsck", "--strict")
    # The person gets it all by a run that finds nothing to build.
    assert machines.project.ok("status").said.count("no worker lives") == 1
    waits = machines.project.ok("run", "guest", "--json").json["waits"]
    assert [one["what"] for one in waits] == ["approve the implementation"]
    for _ in ("implementation", "review", "release"):
        machines.project.ok("approve", "guest", "--yes")
        said = machines.project.run("run", "guest").said
    assert "guest is released" in said
    assert gitrepo.run(machines.hub, "show", "main:shop/t5.py") == "NAME = 'T5'"
    refs = gitrepo.run(machines.hub, "for-each-ref", "--format=%(refname)")
    assert "refs/heads/accord/guest" not in refs
    assert "refs/accord/tasks" not in refs


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Machines]:
    """Two machines and one task whose agent works longer than any of these tests."""
    made = make_machines(tmp_path, monkeypatch, server.url(), {"T1": ()}, clones=2, seconds=300)
    yield made
    made.kill()
    made.end_agents()


def test_the_task_of_a_worker_that_was_killed_is_begun_anew_by_another_as_the_next_attempt(
    slow: Machines,
) -> None:
    first, second = slow.clones
    slow.start(first)
    until(lambda: len(slow.runs()) == 1, slow)
    slow.running[first].kill()
    slow.running.pop(first).wait()
    slow.start(second)
    until(lambda: len(slow.runs()) == 2, slow)

    (one, here), (other, there) = slow.runs()
    assert one != other
    assert here != there
    # The first machine is back, and ends the agent that it left: the work is another's now.
    slow.start(first)
    until(lambda: slow.alive() == [there], slow)


def test_an_agent_whose_worker_was_killed_ends_by_itself_when_others_may_take_its_work(
    slow: Machines,
) -> None:
    first, _ = slow.clones
    slow.start(first)
    until(lambda: len(slow.alive()) == 1, slow)
    slow.running[first].kill()
    slow.running.pop(first).wait()
    assert len(slow.alive()) == 1
    until(lambda: slow.alive() == [], slow, seconds=60)
    until(lambda: "was not heard of" in next(slow.reports(), ""), slow, seconds=60)


def test_a_worker_that_is_back_in_time_finds_its_agent_again(slow: Machines) -> None:
    slow.lasts = 60.0
    first, _ = slow.clones
    slow.start(first)
    until(lambda: len(slow.alive()) == 1, slow)
    slow.running[first].kill()
    slow.running.pop(first).wait()
    slow.start(first)
    until(lambda: slow.said(first).read_text().count("is being built") == 2, slow)
    assert len(slow.runs()) == 1
    assert len(slow.alive()) == 1


def test_a_worker_that_was_not_heard_of_ends_its_agents_and_itself_and_lands_nothing(
    slow: Machines,
) -> None:
    first, _ = slow.clones
    slow.start(first)
    until(lambda: len(slow.alive()) == 1, slow)
    slow.running[first].send_signal(signal.SIGSTOP)
    time.sleep(slow.lasts + 1)
    slow.running[first].send_signal(signal.SIGCONT)
    process = slow.running.pop(first)
    assert process.wait(120) != 0
    assert "lost its lease" in slow.said(first).read_text()
    assert slow.alive() == []
    assert slow.landed() == []
    assert "refs/accord/tasks" not in gitrepo.run(slow.hub, "for-each-ref")


def test_a_second_ctrl_c_ends_the_agents_and_leaves_the_task_to_others(slow: Machines) -> None:
    first, second = slow.clones
    slow.command(first, "worker", "--script", str(slow.script), "--accept-unsandboxed")
    until(lambda: len(slow.alive()) == 1, slow)
    worker = slow.running.pop(first)
    worker.send_signal(signal.SIGINT)
    time.sleep(2)
    assert worker.poll() is None
    assert len(slow.alive()) == 1
    worker.send_signal(signal.SIGINT)
    assert worker.wait(60) == 130
    assert "its agents were ended" in slow.said(first).read_text()
    assert slow.alive() == []
    slow.start(second)
    until(lambda: len(slow.alive()) == 1, slow)
    assert len(slow.runs()) == 2


def test_what_failed_on_one_machine_is_tried_by_no_other_until_a_person_asks(
    machines: Machines,
) -> None:
    text = machines.script.read_text()
    machines.script.write_text(text.replace('"shop/t1.py"', '"elsewhere.py"'))
    for clone in machines.clones:
        machines.start(clone)
    until(lambda: "nothing was changed" in machines.said_all(), machines)
    until(lambda: machines.landed() == ["T2"], machines)
    time.sleep(3)
    machines.drain()
    assert attempts(machines, "T1") == 1

    script = ("--script", str(machines.script), "--accept-unsandboxed")
    machines.project.run("run", "guest", *script)
    assert attempts(machines, "T1") == 2


def attempts(machines: Machines, task: str) -> int:
    """Return how many attempts at `task` there were, on all machines."""
    return len({note for note in shared(machines) if note.startswith(f"build/guest/{task}/")})


def shared(machines: Machines) -> list[str]:
    """Return the keys of the notes that all machines see."""
    with closing(open_workshop(machines.project.top, lambda _: "")) as workshop:
        return list(workshop.journal.noted("build/"))


def test_status_says_which_workers_live_and_what_they_hold(slow: Machines) -> None:
    slow.start(slow.clones[0])
    until(lambda: len(slow.alive()) == 1, slow)
    said = slow.project.ok("status").out
    assert f"worker on {socket.gethostname()} (2 slots): guest T1" in said
    # Whoever runs it as a person does not build it beside.
    script = ("--script", str(slow.script), "--accept-unsandboxed")
    waits = slow.project.ok("run", "guest", *script, "--json").json["waits"]
    assert [one["what"] for one in waits] == [f"T1 is at work on {socket.gethostname()}"]
