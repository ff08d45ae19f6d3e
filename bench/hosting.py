"""What Accord takes beside the agent that it runs: CPU, memory, and the way of an event."""

import os
import statistics
import sys
import time
from pathlib import Path

from attrs import evolve

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.processes import holding, marked
from accord.agents.runs import AgentRuns
from accord.core.orders import AgentChoice, AgentKind, AgentOrder
from bench.meter import spent
from bench.place import Place
from bench.table import Figure, Peer

CPU_S = 0.5
ALONE_MB = 60.0
EACH_MB = 10.0
STOP_S = 2.0
TURNS = 5
HANGS = '[[step]]\ndo = "show"\ntext = "look"\n[[step]]\ndo = "hang"\n'
STAYS = (
    '[[step]]\ndo = "refuse-cancel"\n[[step]]\ndo = "run"\n'
    'argv = ["sh", "-c", "trap \'\' TERM INT; setsid sleep 600 & echo > begun; wait"]\n'
)
CLAIMS = '[[step]]\ndo = "write"\npath = "a"\ntext = "b"\n[[step]]\ndo = "claim"\n'

# Starts as many runs as it is told and waits for their ends, as `accord run` does.
_CALLER = """
import pathlib, sys, time
from attrs import evolve
from accord.agents import folder, runs
order = folder.read_order(pathlib.Path(sys.argv[1]))
all = runs.AgentRuns(pathlib.Path(sys.argv[2]))
ids = [f"bench/{n}" for n in range(int(sys.argv[3]))]
for one in ids:
    all.start(evolve(order, run_id=one))
while any(all.report(one) is None for one in ids):
    time.sleep(0.2)
"""


def measure(place: Place, many: int = 50, turns: int = TURNS) -> list[Figure]:
    """Return what one run takes, the memory of each of `many` at once, and how soon one stops."""
    alone, agent = _memory(place, 1)
    each, beside = _memory(place, many)
    cpu, own = _seconds(place, turns)
    stopped = min(_stopping(place, turn) for turn in range(turns))
    return [
        Figure("a run of an agent, beside the agent", cpu, "CPU s", CPU_S,
               (Peer("the scripted agent itself", own),)),
        Figure("its memory (PSS)", alone, "MB", ALONE_MB, (Peer("the scripted agent", agent),)),
        Figure(f"each of {many} at once (PSS)", each, "MB", EACH_MB,
               (Peer("the scripted agent", beside),)),
        Figure("stopping one that refuses, with its children", stopped, "s", STOP_S, ()),
    ]  # fmt: skip


def _memory(place: Place, many: int) -> tuple[float, float]:
    """Return the megabytes of each host, what they were forked from included, and of each agent.

    Each run hangs after its first event; its host has done by then what hosts do.
    """
    runs = AgentRuns(place.folder / f"memory-{many}" / "runs")
    order = _order(place, HANGS)
    ids = [f"bench/{number}" for number in range(many)]
    try:
        for one in ids:
            runs.start(evolve(order, run_id=one))
        while not all(runs.transcript(one) for one in ids):
            time.sleep(0.1)
        found = [place.folder / f"memory-{many}" / "runs" / folder.folder_name(one) for one in ids]
        hosts = {pid for run in found for pid in (*marked(HOST_MARK, folder.mark_of(run)),
                                                  *holding(run / folder.HOST))}  # fmt: skip
        agents = {pid for run in found for pid in marked(RUN_MARK, folder.mark_of(run))}
        shared = sum(map(pss, _forkers()))
        return (sum(map(pss, hosts)) + shared) / many, sum(map(pss, agents)) / many
    finally:
        for one in ids:
            runs.stop(one)


def _seconds(place: Place, turns: int) -> tuple[float, float]:
    """Return the CPU seconds that Accord takes for a run and that the agent takes itself.

    What the caller takes for nothing but being there is measured too and taken off.
    """
    given = place.folder / "given"
    given.mkdir()
    folder.write_order(given, _order(place, CLAIMS))
    command = [sys.executable, "-P", "-c", _CALLER, str(given)]
    idle = statistics.median(
        spent([*command, str(place.folder / f"idle-{turn}" / "runs"), "0"], place.folder)[0]
        for turn in range(turns)
    )
    found = [spent([*command, str(place.folder / f"run-{turn}" / "runs"), "1"], place.folder)
             for turn in range(turns)]  # fmt: skip
    agent = statistics.median(waited for _, waited in found)
    return statistics.median(total - waited for total, waited in found) - idle, agent


def _stopping(place: Place, turn: int) -> float:
    """Return the seconds until a run is over whose agent will not stop, nor will its children."""
    runs = AgentRuns(place.folder / f"stopping-{turn}" / "runs")
    order = evolve(_order(place, STAYS), run_id="bench/stop")
    mark = Path(order.workdir) / "begun"
    mark.unlink(missing_ok=True)
    runs.start(order)
    while not mark.exists():
        time.sleep(0.05)
    began = time.monotonic()
    runs.stop(order.run_id)
    return time.monotonic() - began


def _order(place: Place, script: str) -> AgentOrder:
    path = place.folder / "script.toml"
    path.write_text(script)
    work = place.folder / "work"
    work.mkdir(exist_ok=True)
    agent = AgentChoice("scripted", AgentKind.SCRIPTED, (str(path),))
    return AgentOrder("bench", agent, str(work), "build it", ("**",))


def _forkers() -> list[int]:
    """Return the processes of this one that hosts are forked from."""
    said = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    named = b"accord.agents.nursery"
    return [int(pid) for pid in said.split() if named in Path(f"/proc/{pid}/cmdline").read_bytes()]


def pss(pid: int) -> float:
    """Return the proportional set size of a process in megabytes (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
