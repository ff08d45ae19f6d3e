"""The agents that `make agents` installed, driven in a box against the scripted model."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field, frozen

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.model_script import Op, Scene
from accord.agents.model_server import ModelServer
from accord.agents.processes import marked
from accord.agents.runs import AgentRuns
from accord.core.orders import (
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentReport,
    Budget,
    Limits,
    Outlet,
)
from accord.core.ports import Walls
from accord.sandbox.bubblewrap import Bubblewrap, find_program

ROOT = Path(__file__).parents[1]
INSTALLED = ROOT / ".tools" / "agents" / "node_modules"
NODE = shutil.which("node") or "node"
KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}
RUN = "cart/T1/1"


@frozen
class Real:
    """One agent: its package, the words that start it below the installed packages, its service."""

    package: str
    words: tuple[str, ...]
    service: str
    model: str
    kind: AgentKind = AgentKind.ACP

    @property
    def command(self) -> tuple[str, ...]:
        if not self.words:
            return ()
        program = str(INSTALLED / self.words[0])
        head = (NODE, program) if program.endswith(".js") else (program,)
        return (*head, *self.words[1:])

    @property
    def installed(self) -> str:
        """Return the version that is installed."""
        if not self.words:
            return version(self.package)
        held = json.loads((INSTALLED / self.package / "package.json").read_text())
        return str(held["version"])

    @property
    def pinned(self) -> str:
        """Return the version that the locks name, which is the one in the table of the docs."""
        if not self.words:
            lines = (ROOT / "locks/dev.txt").read_text().splitlines()
            named = (one for one in lines if one.startswith(f"{self.package}=="))
            return next(named).split()[0].partition("==")[2]
        lock = json.loads((ROOT / "locks/agents/package-lock.json").read_text())
        return str(lock["packages"][f"node_modules/{self.package}"]["version"])


REAL = {
    "claude": Real("claude-agent-sdk", (), "anthropic", "claude-sonnet-4-5", AgentKind.CLAUDE),
    "claude-agent-acp": Real(
        "@agentclientprotocol/claude-agent-acp",
        ("@agentclientprotocol/claude-agent-acp/dist/index.js",),
        "anthropic",
        "claude-sonnet-4-5",
    ),
    "codex-acp": Real(
        "@agentclientprotocol/codex-acp",
        ("@agentclientprotocol/codex-acp/dist/index.js",),
        "openai",
        "gpt-5.5",
    ),
    "codex": Real(
        "@openai/codex", ("@openai/codex/bin/codex.js",), "openai", "gpt-5.5", AgentKind.CODEX
    ),
    "copilot": Real(
        "@github/copilot", ("@github/copilot-linux-x64/copilot", "--acp"), "openai", "scripted"
    ),
    "gemini": Real(
        "@google/gemini-cli", ("@google/gemini-cli/bundle/gemini.js", "--acp"), "gemini",
        "gemini-2.5-pro",
    ),
    "opencode": Real(
        "opencode-linux-x64", ("opencode-linux-x64/bin/opencode", "acp"), "openai", "scripted"
    ),
}  # fmt: skip


def missing(name: str) -> str:
    """Return why the agent `name` cannot be driven here, an empty string when it can."""
    if not REAL[name].words and find_spec("claude_agent_sdk") is None:
        return "claude-agent-sdk is not installed (the extra accord[claude])"
    if REAL[name].words and not (INSTALLED / REAL[name].words[0]).exists():
        return f"{name} is not installed: make agents"
    return "" if find_program() else "bubblewrap is not installed"


@define
class Driven:
    """One agent with a worktree and a place for its runs; every run is behind walls."""

    real: Real
    root: Path
    work: Path
    runs: AgentRuns
    told: list[AgentEvent] = field(factory=list)

    def play(self, *ops: Op, run: str = RUN, **more: Any) -> AgentReport:
        """Have the agent play `ops` to its end."""
        return self.drive(ops, lambda: None, run, **more)

    def drive(
        self,
        ops: tuple[Op, ...],
        meanwhile: Callable[[], None],
        run: str = RUN,
        scenes: Sequence[Scene] = (),
        **more: Any,
    ) -> AgentReport:
        """Start the agent, do `meanwhile`, and wait for the report of its run."""
        played = [*scenes, Scene(("build the cart",), ops)]
        with ModelServer(played, self.root / "requests") as server:
            self.runs.start(self.order(server.url, run, **more))
            meanwhile()
            # However slow the machine is, the limits of the run end it.
            while (report := self.runs.report(run)) is None:
                time.sleep(0.05)
        self.told = self.runs.transcript(run)
        return report

    def until(self, found: Callable[[], object], run: str = RUN) -> None:
        """Wait until `found` finds something, or the run is over without that."""
        while not found():
            over = self.runs.report(run)
            assert over is None or found(), over
            time.sleep(0.05)

    def order(
        self,
        url: str,
        run: str,
        writable: tuple[str, ...] = ("specs",),
        protected: tuple[str, ...] = (),
        budget: int = 0,
        **more: Any,
    ) -> AgentOrder:
        door = Path(self.runs.door(run))
        door.mkdir(mode=0o700, parents=True, exist_ok=True)
        programs = (sys.prefix, *((str(INSTALLED),) if self.real.words else ()))
        walls = Walls(
            str(self.work), writable, protected, programs, str(door), home=self.runs.home(run)
        )
        patterns = tuple("**" if one == "." else f"/{one}/**" for one in writable)
        budgets = ((f"run:{run}", Budget(tokens=budget)),) if budget else ()
        order = AgentOrder(
            run_id=run,
            agent=AgentChoice("agent", self.real.kind, self.real.command, self.real.model),
            workdir=str(self.work),
            prompt="Please build the cart.",
            writable=patterns,
            limits=Limits(total_s=900.0, idle_s=600.0),
            box=Bubblewrap().prefix(walls),
            outlet=Outlet(self.real.service, url, budgets=budgets, retry_s=1.0),
        )
        return evolve(order, **more)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Return what the model's service was asked, one request after the other."""
        whole, _, _ = (self.root / "requests").read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def alive(self, run: str = RUN, *, host: bool = False) -> list[int]:
        """Return the processes of a run that are alive; its host first, if that is asked for."""
        mark = folder.mark_of(self.root / "state" / "runs" / folder.folder_name(run))
        return [*(marked(HOST_MARK, mark) if host else ()), *marked(RUN_MARK, mark)]


def driven(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> Driven:
    """Return the agent `name` ready to be driven; skips the test where it cannot be."""
    reason = missing(name)
    if reason and os.environ.get("ACCORD_REQUIRE_AGENTS") != "1":
        pytest.skip(reason)
    for variable in KEYS.values():
        monkeypatch.setenv(variable, "sk-the-real-key-0123456789")
    work = root / "work"
    for made in ("specs", "src", ".git", ".github"):
        (work / made).mkdir(parents=True)
    return Driven(REAL[name], root, work, AgentRuns(root / "state" / "runs"))
