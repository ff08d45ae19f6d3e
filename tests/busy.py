"""Agents that work on something for as long as a test looks at them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accord.app.at_work import running
from accord.web.running import Server
from project import Project

AGENTS = """
[agent]
default = "slow"
[agents.slow]
kind = "scripted"
command = ["none.toml"]
[agents.quick]
kind = "scripted"
command = ["none.toml"]
"""
WAITING = '[[step]]\ndo = "say"\ntext = "I begin"\n[[step]]\ndo = "wait"\nseconds = 60\n'
LONG = 60.0


def two_agents(project: Project) -> None:
    """Configure two agents: `slow`, which does what there is to do, and `quick`."""
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text().split("\n[agent]")[0] + AGENTS)
    project.git("commit", "-qam", "Agents")


@contextmanager
def at_work(project: Project, server: Server, change: str) -> Iterator[str]:
    """Yield the run of an agent that builds `change` and does nothing but wait."""
    script = project.root / "waiting.toml"
    script.write_text(WAITING)
    process = subprocess.Popen(
        [Path(sys.executable).with_name("accord"), "run", change, "--script", str(script)],
        cwd=project.top, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    run = ""
    try:
        until = time.monotonic() + LONG
        while not run and time.monotonic() < until:
            run = next((one for one in runs(server)), "")
            time.sleep(0.2)
        assert run, "no agent began"
        yield run
    finally:
        process.terminate()
        process.wait()
        if run in runs(server):
            with server.room.workshop() as workshop:
                workshop.agents.stop(run)


def runs(server: Server) -> list[str]:
    """Return the runs that are alive."""
    with server.room.workshop() as workshop:
        return [one.run_id for one in running(workshop)]
