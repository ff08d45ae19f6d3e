"""Several machines on one project: clones of one bare repository, one Postgres."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gitrepo
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
    for clone in machines.clones:
        machines.start(clone)
    until(lambda: len(machines.landed()) == len(GRAPH), machines)
    machines.drain()

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
