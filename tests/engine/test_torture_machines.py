"""Tasks in a graph, built by three machines on one Postgres, while workers are killed by lot.

`make torture` plays it with 60 tasks and 60 kills, the server's among them (TORTURE_MACHINES names
both numbers).
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitrepo
from machines import Machines, make_machines
from postgres import Server

TASKS, KILLS = (int(one) for one in os.environ.get("TORTURE_MACHINES", "8,7").split(","))
CHANCE = random.Random(11)  # noqa: S311 -- a graph and a lot, no key
LONG = 1800.0


def graph() -> dict[str, tuple[str, ...]]:
    """Return the tasks with those that each comes after, at most two, all of them before it."""
    names = [f"T{number}" for number in range(1, TASKS + 1)]
    return {
        name: tuple(sorted(CHANCE.sample(names[:at], min(at, CHANCE.randrange(3)))))
        for at, name in enumerate(names)
    }


GRAPH = graph()


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Machines]:
    made = make_machines(tmp_path, monkeypatch, server.url(), GRAPH, clones=3)
    yield made
    made.kill()
    made.end_agents()


def test_workers_killed_by_lot_land_every_task_once_in_order_and_nothing_is_lost(
    machines: Machines, server: Server
) -> None:
    kills = crashes = 0
    back = dict.fromkeys(machines.clones, 0.0)
    end = time.monotonic() + LONG
    while len(set(machines.landed())) < TASKS or kills < KILLS:
        assert time.monotonic() < end, machines.said_all()
        for clone in machines.clones:
            worker = machines.running.get(clone)
            if worker is None and time.monotonic() >= back[clone]:
                machines.start(clone, CHANCE.choice((20, 50, 100)) if kills < KILLS else 0)
            elif worker is not None and worker.poll() is not None:
                status = worker.poll()
                # One that was not heard of in time, on a busy machine, ends itself and may.
                lost = "lost its lease" in machines.said(clone).read_text()
                assert status == -signal.SIGKILL or lost, machines.said(clone).read_text()
                kills += status == -signal.SIGKILL
                del machines.running[clone]
                # At once, or after another could take its work.
                back[clone] = time.monotonic() + CHANCE.choice((0.0, machines.lasts * 1.5))
        if kills >= (crashes + 1) * 3 and crashes < KILLS // 3:
            crashes += 1
            server.stop()
            server.start()
        if len(set(machines.landed())) == TASKS and kills < KILLS:
            break
        time.sleep(0.3)
    assert 3 * kills >= 2 * KILLS, "the lot let it end too early"
    print(f"{kills} workers and {crashes} servers were killed")
    for clone in machines.clones:
        if machines.running.get(clone) is None or machines.running[clone].poll() is not None:
            machines.start(clone)
    time.sleep(1)
    machines.drain()
    check(machines)


def check(machines: Machines) -> None:
    """Hold what came of it against what was asked for."""
    landed = machines.landed()
    assert sorted(landed) == sorted(GRAPH), "a task landed twice, or never"
    for task, after in GRAPH.items():
        for before in after:
            assert landed.index(before) < landed.index(task)
        path = f"accord/guest:shop/{task.lower()}.py"
        assert gitrepo.run(machines.hub, "show", path) == f"NAME = '{task}'"
    runs = [run for run, _ in machines.runs()]
    assert len(runs) == len(set(runs)), "an attempt had two agents"
    gitrepo.run(machines.hub, "fsck", "--strict")
    for clone in machines.clones:
        gitrepo.run(clone, "fsck", "--strict")
        assert gitrepo.run(clone, "status", "--porcelain") == ""
