"""Tasks in a graph, built side by side, while the drive and the agents are killed again and again.

The disk fills up and is free again and the clock jumps, too. `make torture` plays it with 200 tasks
and 60 kills of each (TORTURE names both numbers).
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gitrepo
import jumping
from accord.agents.environment import RUN_MARK
from accord.agents.folder import mark_of
from accord.agents.processes import end_marked, marked
from jumping import Clock
from project import DOCUMENTS, Project, make_project

DRIVER = Path(__file__).with_name("killing.py")
TASKS, KILLS = (int(one) for one in os.environ.get("TORTURE", "8,15").split(","))
MOST = 3 * TASKS * 15 // KILLS  # points that a run passes at most: so the kills spread over all
SLOTS = 3
JUMPS = ("+0s", "+0s", "+45s", "-45s", "+2h", "-2h", "+400d", "-30d")
CHANCE = random.Random(7)  # noqa: S311 -- a graph, not a key


def graph() -> dict[str, tuple[str, ...]]:
    """Return the tasks with those that each comes after, at most two, all of them before it."""
    names = [f"T{number}" for number in range(1, TASKS + 1)]
    return {
        name: tuple(sorted(CHANCE.sample(names[:at], min(at, CHANCE.randrange(3)))))
        for at, name in enumerate(names)
    }


GRAPH = graph()
TASK = """\
- [ ] {name} Part {name}
  - Satisfies: R1.1, R1.2
  - Touches: shop/{low}.py
  - After: {after}
"""
SCENE = """\
[[scene]]
when = ["Task {name}: Part"]
[[scene.step]]
do = "wait"
seconds = 2.0
[[scene.step]]
do = "write"
path = "shop/{low}.py"
text = "NAME = '{name}'\\n"
"""


def kill_an_agent(runs: Path) -> int:
    """Kill one agent that is at work, with all it started; return how many that were."""
    for run in sorted(runs.glob("build*")):
        if not (run / "exit.json").exists() and marked(RUN_MARK, mark_of(run)):
            end_marked(RUN_MARK, mark_of(run))
            return 1
    return 0


def agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Project, Path]:
    """Return a project whose tasks are agreed and not begun, and the script that builds them."""
    project = make_project(tmp_path, monkeypatch)
    config = project.file("main", ".accord/config.toml").decode()
    more = config.replace("parallel = 2", f"parallel = {SLOTS}")
    gitrepo.commit(project.top, {".accord/config.toml": more}, "Configure")
    project.new()
    listed = [TASK.format(name=one, low=one.lower(), after=", ".join(after) or "-")
              for one, after in GRAPH.items()]  # fmt: skip
    tasks = "# Guest cart: tasks\n\n" + "\n".join(listed)
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    script = project.root / "script.toml"
    script.write_text("".join(SCENE.format(name=one, low=one.lower()) for one in GRAPH))
    return project, script


def test_killed_by_lot_every_task_lands_once_in_order_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, script = agreed(tmp_path, monkeypatch)
    clock = Clock(project.root / "clock")
    monkeypatch.setenv(jumping.VARIABLE, str(clock.file))
    monkeypatch.setenv("PYTHONPATH", str(DRIVER.parents[1]))
    kills = agents = runs = full = vain = 0
    while True:
        most = MOST if kills < KILLS else 0
        # The second run's disk is full in its midst; so is that of one in ten.
        how = "fill" if most and (runs == 1 or CHANCE.random() < 0.1) else "kill"
        clock.jump(CHANCE.choice(JUMPS))
        words = [sys.executable, str(DRIVER), str(project.top), str(script), str(runs), str(most)]
        # Into a file: whoever reads a pipe waits until the last that was started has ended.
        with (project.root / "said").open("w") as said:
            done = subprocess.Popen([*words, how], stdout=said, stderr=said)
            # The lot may never have left an agent at work: then one dies in the drive's sight.
            while done.poll() is None:
                if kills >= KILLS and not agents:
                    agents += kill_an_agent(project.state / "runs")
                time.sleep(0.1)
        runs += 1
        full += how == "fill"
        # What was begun on a full disk may have been in vain, and a person asks for it once more.
        vain += done.returncode > 0 and how == "kill"
        assert vain <= full or done.returncode <= 0, (project.root / "said").read_text()
        kills += done.returncode == -signal.SIGKILL
        agents += kill_an_agent(project.state / "runs") if agents < KILLS else 0
        if done.returncode == 0 and how == "kill":
            break

    assert kills + agents >= KILLS, "the lot let it end too early"
    assert full, "the disk was never full"
    trailers = project.git("log", "--reverse", "--format=%(trailers:key=Spec-Task,valueonly)",
                       "--topo-order", "main..accord/guest")  # fmt: skip
    landed = [line.partition("/")[2].partition("@")[0] for line in trailers.split()]
    assert sorted(landed) == sorted(GRAPH)
    for task, after in GRAPH.items():
        for before in after:
            assert landed.index(before) < landed.index(task)
        text = project.file("accord/guest", f"shop/{task.lower()}.py").decode()
        assert text == f"NAME = '{task}'\n"
    # One run of an agent for each task, but where its agent was killed or had a full disk: the
    # others went on, and were found again.
    most = len(GRAPH) + agents + full * SLOTS
    assert len(list((project.state / "runs").glob("build*"))) <= most
    assert agents > 0, "no agent was killed at work"
    project.git("fsck", "--strict")
    assert project.git("status", "--porcelain") == ""
