"""Accord's tools in Claude Code itself, driven natively, against a scripted model."""

import importlib.util
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from accord.agents import claude
from accord.agents.claude_tools import judge, servers
from accord.agents.memory import CUT_OFF
from accord.agents.model_script import Call, Op, Say, Scene, Write
from accord.agents.model_server import ModelServer
from accord.agents.runs import AgentRuns
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Limits,
    Outlet,
    Tools,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("claude_agent_sdk") is None
    and not os.environ.get("ACCORD_REQUIRE_ALL"),
    reason="claude-agent-sdk is not installed",
)
TOOLS = Tools(
    "cart/T1",
    documents=(("requirements.md", "# Cart\n- R1.1 The cart is kept for 61 minutes.\n"),),
    hands_in="specs/a.md",
    patience_s=60.0,
)


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-the-real-key-0123456789")
    monkeypatch.setenv("HOME", str(tmp_path))


def order(root: Path, url: str, tools: Tools | None = TOOLS) -> AgentOrder:
    work = root / "work"
    work.mkdir(exist_ok=True)
    agent = AgentChoice("Claude", AgentKind.CLAUDE, model="claude-sonnet-4-5")
    return AgentOrder(
        "r", agent, str(work), "Please build the cart.", ("specs/**",),
        Limits(total_s=240.0, idle_s=200.0), outlet=Outlet("anthropic", url, retry_s=1.0),
        tools=tools,
    )  # fmt: skip


def played(root: Path, *ops: Op) -> tuple[AgentReport, str]:
    """Have Claude Code play `ops`, with each question answered; return its report and all asked."""
    runs = AgentRuns(root / "state" / "runs")
    over = threading.Event()

    def answer() -> None:
        while not over.is_set():
            for question in runs.questions():
                runs.reply(question, "Only with a card.")
            time.sleep(0.05)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with ModelServer([Scene(("build the cart",), ops)], root / "requests") as server:
            runs.start(order(root, server.url))
            while (report := runs.report("r")) is None:
                time.sleep(0.05)
    finally:
        over.set()
        thread.join()
    return report, (root / "requests").read_text()


def test_claude_code_reads_asks_hands_in_and_claims(tmp_path: Path) -> None:
    report, asked = played(
        tmp_path,
        Call("spec_read"),
        Call("ask_human", (("question", "May guests pay?"),)),
        Call("submit_artifact", (("text", "# A\n"),)),
        Call("task_done", (("summary", "all of it"),)),
        Say("All is done."),
    )
    assert report.status is AgentStatus.ENDED, report
    assert "kept for 61 minutes" in asked
    assert "Only with a card." in asked
    assert (tmp_path / "work/specs/a.md").read_text() == "# A\n"
    assert report.claimed == "all of it"


def test_claude_code_goes_on_with_an_answer_that_came_later(tmp_path: Path) -> None:
    runs = AgentRuns(tmp_path / "state" / "runs")
    scenes = [
        Scene(("A person answered",), (Say("Gone on."),)),
        Scene(("build the cart",), (Call("ask_human", (("question", "May guests pay?"),)),)),
    ]
    with ModelServer(scenes, tmp_path / "requests") as server:
        runs.start(order(tmp_path, server.url, evolve(TOOLS, patience_s=0.0)))
        while (report := runs.report("r")) is None:
            time.sleep(0.05)
        assert report.status is AgentStatus.ASKS, report
        runs.reply(runs.questions()[0], "Only with a card.")
        assert runs.go_on("r")
        while (report := runs.report("r")) is None:
            time.sleep(0.05)
    assert (report.status, report.said) == (AgentStatus.ENDED, "Gone on.")
    # What was said before is there again, and is not said anew: the same conversation goes on.
    last = (tmp_path / "requests").read_text().splitlines()[-1]
    assert "Only with a card." in last
    assert last.count("Please build the cart.") == 1
    assert CUT_OFF not in last


def test_claude_code_that_does_not_get_to_the_tools_has_failed(tmp_path: Path) -> None:
    # It is sent to the tools with a token that is not this run's.
    wrapper = tmp_path / "claude"
    found = claude.command(order(tmp_path, "http://127.0.0.1:1", None))[0]
    wrapper.write_text(f'#!/bin/sh\nexport ACCORD_TOOLS_TOKEN=wrong\nexec "{found}" "$@"\n')
    wrapper.chmod(0o755)
    runs = AgentRuns(tmp_path / "state" / "runs")
    ops = (Write("specs/a.md", "# A\n"), Write("specs/b.md", "# B\n"), Say("All is done."))
    with ModelServer([Scene(("build the cart",), ops)]) as server:
        made: Any = order(tmp_path, server.url)
        agent = AgentChoice("Claude", AgentKind.CLAUDE, (str(wrapper),), made.agent.model)
        runs.start(AgentOrder("r", agent, made.workdir, made.prompt, made.writable, made.limits,
                              outlet=made.outlet, tools=TOOLS))  # fmt: skip
        while (report := runs.report("r")) is None:
            time.sleep(0.05)
    assert (report.status, report.detail) == (
        AgentStatus.FAILED, "Claude did not load Accord's tools",
    )  # fmt: skip
    # It said so as it began, and was ended before it did anything.
    assert not (tmp_path / "work/specs/a.md").exists()


def test_the_command_line_holds_no_token_and_other_tools_stay_shut(tmp_path: Path) -> None:
    made = order(tmp_path, "http://127.0.0.1:1", Tools("a", token="accord-secret", url="http://u"))
    words = " ".join(servers(made))
    assert "accord-secret" not in words
    assert json.loads(servers(made)[1])["mcpServers"].keys() == {"accord"}
    assert judge(made, "mcp__accord__spec_read", {}).allowed
    assert not judge(made, "mcp__accord__approve", {}).allowed
    assert not judge(made, "mcp__other__spec_read", {}).allowed
    bare = order(tmp_path, "http://127.0.0.1:1", None)
    assert not judge(bare, "mcp__accord__spec_read", {}).allowed
    assert servers(bare) == ()
