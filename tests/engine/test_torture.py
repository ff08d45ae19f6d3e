"""Tasks in a graph, built side by side, while the drive is killed again and again."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gitrepo
from project import DOCUMENTS, make_project

DRIVER = Path(__file__).with_name("killing.py")
KILLS = 15
GRAPH = {"T1": "-", "T2": "-", "T3": "T1", "T4": "T1, T2", "T5": "-", "T6": "T3, T5"}
TASK = """\
- [ ] {name} Part {name}
  - Satisfies: R1.1, R1.2
  - Touches: shop/{low}.py
  - After: {after}
"""
SCENE = """\
[[scene]]
when = ["Part {name}"]
[[scene.step]]
do = "write"
path = "shop/{low}.py"
text = "NAME = '{name}'\\n"
"""


def test_killed_by_lot_every_task_lands_once_in_order_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, monkeypatch)
    config = project.file("main", ".accord/config.toml").decode()
    more = config.replace("parallel = 2", "parallel = 3")
    gitrepo.commit(project.top, {".accord/config.toml": more}, "Configure")
    project.new()
    listed = [TASK.format(name=one, low=one.lower(), after=GRAPH[one]) for one in GRAPH]
    tasks = "# Guest cart: tasks\n\n" + "\n".join(listed)
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    script = project.root / "script.toml"
    script.write_text("".join(SCENE.format(name=one, low=one.lower()) for one in GRAPH))

    kills = runs = 0
    while True:
        one_in = 8 if kills < KILLS else 0
        words = [sys.executable, str(DRIVER), str(project.top), str(script), str(runs), str(one_in)]
        done = subprocess.run(words, text=True, capture_output=True, check=False)
        runs += 1
        assert done.returncode in (0, -signal.SIGKILL), done.stdout + done.stderr
        kills += done.returncode != 0
        if done.returncode == 0:
            break

    assert kills == KILLS, "the lot let it end too early"
    said = project.git("log", "--reverse", "--format=%(trailers:key=Spec-Task,valueonly)",
                       "--topo-order", "main..accord/guest")  # fmt: skip
    landed = [line.partition("/")[2].partition("@")[0] for line in said.split()]
    assert sorted(landed) == sorted(GRAPH)
    for task, after in GRAPH.items():
        for before in after.replace("-", "").replace(",", "").split():
            assert landed.index(before) < landed.index(task)
        text = project.file("accord/guest", f"shop/{task.lower()}.py").decode()
        assert text == f"NAME = '{task}'\n"
    # One run of an agent for each task: those that were under way went on, and were found again.
    assert len(list((project.state / "runs").glob("build*"))) == len(GRAPH)
    project.git("fsck", "--strict")
    assert project.git("status", "--porcelain") == ""
