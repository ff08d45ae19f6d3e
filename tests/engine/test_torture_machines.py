"""Tasks in a graph, built by three machines on one Postgres, while all goes wrong by lot.

Workers, agents, what hosts them and the server are killed with SIGKILL, disks fill up and are free
again, clocks jump. `make torture` plays it with 200 tasks and 60 kills (TORTURE_MACHINES names both
numbers).
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field

import gitrepo
import jumping
from jumping import Clock
from machines import Machines, make_machines
from needing import need
from postgres import Server

TASKS, KILLS = (int(one) for one in os.environ.get("TORTURE_MACHINES", "10,15").split(","))
CHANCE = random.Random(11)  # noqa: S311 -- a graph and a lot, no key
LONG = 900.0 + 30 * TASKS
"""After so many seconds it hangs."""

FULL_S = 30.0
"""How long a worker may go on whose disk is full, where it has nothing to write."""

JUMPS = ("+0s", "+45s", "-45s", "+2h", "-2h", "+400d", "-30d")
WENT = ("lost its lease", "could not renew its leases", "has no room on its disk")
"""Why a worker may have ended by itself."""


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
    need(jumping.LIBRARY is not None, "libfaketime")
    made = make_machines(tmp_path, monkeypatch, server.url(), GRAPH, clones=3)
    made.clocks = {one: Clock(one.with_suffix(".clock")) for one in made.clones}
    yield made
    made.kill()
    made.end_agents()
    server.stop()  # by its own clock from here on
    server.start()


@define
class Lot:
    """What happens to the machines by chance, and how often it did."""

    machines: Machines
    server: Server
    done: Counter[str] = field(factory=Counter)
    back: dict[Path, float] = field(factory=dict)
    full: dict[Path, float] = field(factory=dict)

    def kills(self) -> int:
        return sum(self.done[one] for one in ("worker", "agent", "server"))

    def wants_more(self) -> bool:
        return self.kills() < KILLS or not self.done["disk"]

    def start(self, clone: Path) -> None:
        if time.monotonic() < self.back.get(clone, 0.0):
            return
        most = CHANCE.choice((15, 30, 60)) if self.wants_more() else 0
        fills = most and CHANCE.random() < (0.15 if self.done["disk"] else 0.6)
        self.machines.start(clone, most, "fill" if fills else "kill")
        if fills:
            self.full[clone] = time.monotonic() + FULL_S

    def watch(self, clone: Path) -> None:
        """See how the worker of `clone` does; what ended has to have had a reason."""
        worker = self.machines.running[clone]
        if worker.poll() is None:
            if time.monotonic() > self.full.get(clone, float("inf")):
                worker.kill()
                worker.wait()
            else:
                return
        if clone in self.full:
            del self.full[clone]
            self.done["disk"] += 1
        else:
            said = self.machines.said_last(clone)
            assert worker.poll() == -signal.SIGKILL or any(one in said for one in WENT), said
        self.done["worker"] += worker.poll() == -signal.SIGKILL
        del self.machines.running[clone]
        # At once, or after another could take its work.
        self.back[clone] = time.monotonic() + CHANCE.choice((0.0, self.machines.lasts * 1.5))

    def strike(self) -> None:
        """Let one more thing go wrong, now and then."""
        what = CHANCE.random()
        if not self.wants_more() or what > 0.3:
            return
        if what < 0.12:
            self.done["agent"] += self.machines.kill_an_agent(CHANCE)
        elif what < 0.26:
            CHANCE.choice(list(self.machines.clocks.values())).jump(CHANCE.choice(JUMPS))
            self.done["clock"] += 1
        elif self.done["server"] * 6 <= self.kills():
            self.crash()

    def crash(self) -> None:
        """Kill the server, which finds another time when it is back, now and then."""
        self.server.kill()
        clock = Clock(self.server.folder / "clock")
        clock.jump(CHANCE.choice(("+0s", "+0s", "+20m", "-20m")))
        self.server.start(clock)
        self.done["server"] += 1


def test_killed_by_lot_every_task_lands_once_in_order_and_nothing_is_lost(
    machines: Machines, server: Server
) -> None:
    lot = Lot(machines, server)
    end = time.monotonic() + LONG
    began = time.monotonic()
    while (left := TASKS - len(set(machines.landed()))) > 0:
        assert time.monotonic() < end, f"{left} are left\n{machines.said_all()}"
        for clone in machines.clones:
            if clone in machines.running:
                lot.watch(clone)
            else:
                lot.start(clone)
        lot.strike()
        machines.ask_again()
        time.sleep(0.3)
    print(f"{time.monotonic() - began:.0f} s: {dict(lot.done)}")
    assert lot.kills() >= KILLS, f"the lot let it end too early: {lot.done}"
    assert all(lot.done[one] for one in ("worker", "agent", "server", "disk", "clock")), lot.done
    for clone in machines.clones:
        lot.back[clone] = 0.0
        if clone in machines.running:
            machines.running[clone].kill()
            machines.running.pop(clone).wait()
        machines.start(clone)
    while not all("ready" in machines.said_last(clone) for clone in machines.clones):
        assert time.monotonic() < end
        time.sleep(0.2)
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
