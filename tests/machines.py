"""Machines that work on one project: clones of one bare repository, each with a worker in it."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from attrs import define, field

import gitrepo
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.folder import HOST, mark_of
from accord.agents.processes import end_marked, holding, marked, signal_to
from accord.wiring.opening import open_workshop
from jumping import VARIABLE, Clock
from project import DOCUMENTS, Project, make_project

TESTS = Path(__file__).parent
HOSTS = 0.3
"""How often what hosts an agent is killed, and not the agent."""
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
seconds = {seconds}
[[scene.step]]
do = "write"
path = "shop/{low}.py"
text = "NAME = '{name}'\\n"
"""


@define
class Machines:
    """The person's project, the bare repository `hub`, and the clones."""

    project: Project
    hub: Path
    clones: tuple[Path, ...]
    script: Path
    lasts: float = 6.0
    started: int = 0
    running: dict[Path, "subprocess.Popen[bytes]"] = field(factory=dict)
    began: dict[Path, int] = field(factory=dict)
    clocks: dict[Path, Clock] = field(factory=dict)

    def start(self, clone: Path, most: int = 0, how: str = "kill") -> None:
        """Start the worker of `clone`, which kills itself at one of the first `most` points.

        With `fill` its disk is full from there on. It has the clock of its clone, if there is one.
        """
        self.started += 1
        given = (clone, self.script, self.started, most, self.lasts, how)
        self._spawn(clone, "engine.working", *map(str, given))

    def command(self, clone: Path, *words: str) -> None:
        """Start `accord WORDS` in `clone`."""
        self._spawn(clone, "accord", "-C", str(clone), *words)

    def _spawn(self, clone: Path, module: str, *words: str) -> None:
        # Into a file: whoever reads a pipe waits until the last that was started has ended.
        clock = {VARIABLE: str(self.clocks[clone].file)} if clone in self.clocks else {}
        with self.said(clone).open("ab") as said:
            self.began[clone] = said.tell()
            self.running[clone] = subprocess.Popen(
                [sys.executable, "-m", module, *words], stdout=said, stderr=said,
                env={**os.environ, **clock, "PYTHONPATH": str(TESTS)},
            )  # fmt: skip

    def said(self, clone: Path) -> Path:
        """Return the file with what the workers of `clone` said."""
        return clone.with_suffix(".said")

    def said_last(self, clone: Path) -> str:
        """Return what the worker of `clone` said that was started last."""
        return self.said(clone).read_bytes()[self.began[clone] :].decode(errors="replace")

    def kill_an_agent(self, lot: random.Random) -> int:
        """Kill an agent that is at work, with all it started, or what hosts it; count it."""
        found = [run for run in self._folders() if marked(RUN_MARK, mark_of(run))]
        if not found:
            return 0
        run = lot.choice(found)
        hosts = [*marked(HOST_MARK, mark_of(run)), *holding(run / HOST)]
        for pid in hosts if lot.random() < HOSTS else marked(RUN_MARK, mark_of(run)):
            signal_to(pid, signal.SIGKILL)
        return 1

    def ask_again(self) -> None:
        """Do what `accord run` does for a person: have tried again what was tried in vain."""
        with closing(open_workshop(self.project.top, lambda _: "", patience_s=20.0)) as workshop:
            for key, note in workshop.journal.noted("failed/").items():
                if note["of"]:
                    workshop.journal.note(key, {"of": "", "why": ""})

    def drain(self) -> None:
        """End every worker in order; each has to end well."""
        for one in self.running.values():
            one.send_signal(signal.SIGINT)
        for clone, one in self.running.items():
            assert one.wait(120) == 0, self.said(clone).read_text()
        self.running.clear()

    def kill(self) -> None:
        """Kill what still runs."""
        for one in self.running.values():
            one.kill()
            one.wait()

    def said_all(self) -> str:
        """Return what all workers said."""
        return "".join(self.said(one).read_text() for one in self.running)

    def alive(self) -> list[str]:
        """Return the clone of each run whose agent is at work."""
        return [run.parent.parent.name for run in self._folders() if marked(RUN_MARK, mark_of(run))]

    def reports(self) -> Iterator[str]:
        """Yield how each run that is over ended."""
        yield from (file.read_text() for run in self._folders() for file in run.glob("exit.json"))

    def end_agents(self) -> None:
        """End the agents that are left."""
        for run in self._folders():
            end_marked(RUN_MARK, mark_of(run))

    def landed(self) -> list[str]:
        """Return the tasks that the hub's branch has, the oldest first, each as often as it has."""
        form = "--format=%(trailers:key=Spec-Task,valueonly)"
        said = gitrepo.run(self.hub, "log", "--reverse", form, "--topo-order", "main..accord/guest")
        return [line.partition("/")[2].partition("@")[0] for line in said.split()]

    def runs(self) -> list[tuple[str, str]]:
        """Return (run, clone) for each run of an agent, on any machine."""
        return [(run.name, run.parent.parent.name) for run in self._folders()]

    def _folders(self) -> list[Path]:
        top = Path(os.environ["XDG_STATE_HOME"]) / "accord"
        return sorted(top.glob("*/runs/build*"), key=lambda run: run.name)


def make_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str,
    graph: Mapping[str, tuple[str, ...]], *, clones: int, seconds: float = 0.5, serial: str = "",
) -> Machines:  # fmt: skip
    """Return machines with a change whose tasks are agreed and pushed, and nothing built."""
    project = make_project(tmp_path, monkeypatch)
    config = project.file("main", ".accord/config.toml").decode()
    if serial:
        gitrepo.commit(project.top, {".accord/config.toml": f"{config}\n{serial}"}, "Configure")
    project.new()
    listed = [TASK.format(name=one, low=one.lower(), after=", ".join(after) or "-")
              for one, after in graph.items()]  # fmt: skip
    tasks = "# Guest cart: tasks\n\n" + "\n".join(listed)
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    script = project.root / "script.toml"
    script.write_text("".join(
        SCENE.format(name=one, low=one.lower(), seconds=seconds) for one in graph))  # fmt: skip
    hub = project.root / "hub.git"
    gitrepo.run(project.root, "init", "-q", "--bare", "-b", "main", str(hub))
    project.git("remote", "add", "origin", str(hub))
    project.git("push", "-q", "origin", "main", "accord/guest")
    made = []
    for number in range(clones):
        gitrepo.run(project.root, "clone", "-q", str(hub), f"clone{number}")
        made.append(project.root / f"clone{number}")
    monkeypatch.setenv("ACCORD_DATABASE_URL", url)
    return Machines(project, hub, tuple(made), script)
