"""The programs themselves, against a scripted model: what passes is the table in docs/agents.md.

`make agents` installs them, `make drive` runs this and writes the table. A property that a test
here proves is named in `tools/agents_table.py` by the name of the test.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import claude
from accord.agents.model_script import Call, Drop, Fail, Hang, Op, Say, Scene, Shell, Write
from accord.agents.processes import signal_to
from accord.core.orders import AgentChoice, AgentKind, AgentStatus, EventKind, Tools
from realagents import REAL, RUN, Driven, driven

EVERY = pytest.mark.parametrize("name", sorted(REAL))


@pytest.fixture
def agent(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driven:
    return driven(name, tmp_path, monkeypatch)


def files(agent: Driven) -> set[str]:
    found = (one for one in agent.work.rglob("*") if one.is_file())
    return {str(one.relative_to(agent.work)) for one in found}


@EVERY
def test_pinned(agent: Driven) -> None:
    assert agent.real.installed == agent.real.pinned


@EVERY
def test_hello(agent: Driven) -> None:
    report = agent.play(Say("Hello from the model."))
    assert (report.status, report.detail) == (AgentStatus.ENDED, "")
    assert report.said.strip() == "Hello from the model."
    assert report.requests > 0
    assert report.output_tokens > 0
    assert {one["body"].get("model", agent.real.model) for one in agent.asked if one["body"]} == {
        agent.real.model
    }


@EVERY
def test_spec_stage(agent: Driven) -> None:
    ops: tuple[Op, ...] = (
        Write("specs/a.md", "# A\n"),
        Shell("echo no > src/shell.py; echo no > /usr/no; true"),
        Write("src/refused.py", "no\n"),
        Say("All is done."),
    )
    report = agent.play(*ops)
    assert report.status is AgentStatus.ENDED, report
    assert files(agent) == {"specs/a.md"}
    assert (agent.work / "specs/a.md").read_text() == "# A\n"
    assert not Path("/usr/no").exists()


@EVERY
def test_task(agent: Driven) -> None:
    ops = (
        Write("src/cart.py", "MINUTES = 60\n"),
        Shell("cat src/cart.py > src/copy.py; echo no > .github/ci.yml; true"),
        Say("All is done."),
    )
    report = agent.play(*ops, writable=(".",), protected=(".github",))
    assert report.status is AgentStatus.ENDED, report
    assert files(agent) == {"src/cart.py", "src/copy.py"}
    assert (agent.work / "src/copy.py").read_text() == "MINUTES = 60\n"


@EVERY
def test_cancel(agent: Driven) -> None:
    def stop() -> None:
        agent.until((agent.work / "begun").exists)
        assert len(agent.alive()) > 1
        agent.runs.stop("cart/T1/1")

    command = "echo > begun; setsid sleep 300 & timeout 300 tail -f /dev/null"
    report = agent.drive((Shell(command), Say("Never.")), stop, writable=(".",))
    assert report.status is AgentStatus.STOPPED
    assert agent.alive() == []


@EVERY
def test_hang(agent: Driven) -> None:
    def stop() -> None:
        agent.until((agent.root / "requests").exists)
        agent.runs.stop("cart/T1/1")

    report = agent.drive((Hang(),), stop)
    assert report.status is AgentStatus.STOPPED
    assert agent.alive() == []


@EVERY
@pytest.mark.parametrize("status", [401, 429, 529])
def test_errors(agent: Driven, status: int) -> None:
    report = agent.play(Fail(status))
    assert report.status is AgentStatus.FAILED, report
    assert f"the model's service answered {status}" in report.detail
    assert files(agent) == set()


@EVERY
def test_busy(agent: Driven) -> None:
    report = agent.play(Fail(529, 1), Write("specs/a.md", "# A\n"), Say("Done."))
    assert (report.status, report.trouble) == (AgentStatus.ENDED, "")
    assert files(agent) == {"specs/a.md"}
    assert any("it is asked again" in one.text for one in agent.told)


@EVERY
def test_dropped(agent: Driven) -> None:
    report = agent.play(Drop(1), Write("specs/a.md", "# A\n"), Say("Done."))
    wrote = files(agent) == {"specs/a.md"}
    broke = report.status is AgentStatus.FAILED and "broke off" in report.trouble
    assert broke or (wrote and report.status is AgentStatus.ENDED), report


@EVERY
def test_budget(agent: Driven) -> None:
    report = agent.play(Say("Never."), budget=10)
    assert report.status is AgentStatus.SPENT, report
    assert "0 of 10 tokens" in report.detail
    assert [one.text for one in agent.told if one.kind is EventKind.END] == ["spent"]


@EVERY
def test_loop(agent: Driven) -> None:
    report = agent.play(*[Shell("cat there-is-none")] * 20, Say("Never."))
    assert report.status is AgentStatus.LOOPED, report
    assert "went round in circles" in report.detail
    assert agent.alive() == []


TOOLS = Tools(
    "cart/T1",
    documents=(("requirements.md", "# Cart\n- R1.1 The cart is kept for 61 minutes.\n"),),
    hands_in="specs/a.md",
    patience_s=300.0,
)


def asking(agent: Driven, answers: str) -> Callable[[], None]:
    """Return what answers the question that the agent asks, once it is there."""

    def answer() -> None:
        agent.until(agent.runs.questions)
        agent.runs.reply(agent.runs.questions()[0], answers)

    return answer


def heard(agent: Driven, words: str) -> bool:
    return any(words in json.dumps(one["body"]) for one in agent.asked)


@EVERY
def test_tools(agent: Driven) -> None:
    ops = (
        Call("spec_read"),
        Call("ask_human", (("question", "May guests pay?"),)),
        Call("submit_artifact", (("text", "# A\n"),)),
        Call("task_done", (("summary", "all of it"),)),
        Say("All is done."),
    )
    report = agent.drive(ops, asking(agent, "Only with a card."), tools=TOOLS)
    assert report.status is AgentStatus.ENDED, report
    assert heard(agent, "kept for 61 minutes")
    assert heard(agent, "Only with a card.")
    assert files(agent) == {"specs/a.md"}
    assert report.claimed == "all of it"


@EVERY
def test_answered_later(agent: Driven) -> None:
    def answer() -> None:
        agent.until(lambda: agent.runs.report(RUN))
        report = agent.runs.report(RUN)
        assert report is not None
        assert report.status is AgentStatus.ASKS, report
        assert agent.alive(host=True) == []
        asking(agent, "Only with a card.")()
        assert agent.runs.go_on(RUN)

    scenes = [
        Scene(("A person answered",), (Write("specs/b.md", "# B\n"), Say("Gone on."))),
        Scene(
            ("build the cart",),
            (
                Write("specs/a.md", "# A\n"),
                Call("ask_human", (("question", "May guests pay?"),)),
                Say("I wait."),
            ),
        ),
    ]
    report = agent.drive((), answer, scenes=scenes, tools=evolve(TOOLS, patience_s=0.5))
    assert report.status is AgentStatus.ENDED, report
    assert files(agent) == {"specs/a.md", "specs/b.md"}
    last = [json.dumps(one["body"]) for one in agent.asked if heard(agent, "Only with a card.")]
    # What was said and done before is there again: the same conversation goes on.
    assert any("Please build the cart." in one and "# A" in one for one in last)


# Passes an agent what it is told, but for the place of the tools: there is nothing there.
ASTRAY = """
import json, subprocess, sys, threading
agent = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
for line in sys.stdin.buffer:
    told = json.loads(line)
    for one in told.get("params", {}).get("mcpServers", []):
        one["url"] = one["url"].replace(":8899/", ":8898/")
    agent.stdin.write(json.dumps(told).encode() + b"\\n")
    agent.stdin.flush()
agent.stdin.close()
"""


@EVERY
def test_tools_not_loaded(agent: Driven) -> None:
    script = agent.work / "src" / "astray.py"
    if agent.real.kind is AgentKind.ACP:
        script.write_text(ASTRAY)
        command = (sys.executable, str(script), *agent.real.command)
    else:  # it is told by its environment, and has a token that is not this run's
        script.write_text('export ACCORD_TOOLS_TOKEN=wrong\nexec "$@"\n')
        program = agent.real.command or claude.command(agent.order("", RUN))[:1]
        command = ("/bin/sh", str(script), *program)
    choice = AgentChoice("Agent", agent.real.kind, command, agent.real.model)
    ops = (Write("specs/a.md", "# A\n"), Write("specs/b.md", "# B\n"), Say("All is done."))
    report = agent.play(*ops, tools=TOOLS, agent=choice)
    assert report.status is AgentStatus.FAILED, report
    assert report.detail == "Agent did not load Accord's tools"
    assert any(report.detail in one.text for one in agent.told)


@EVERY
@pytest.mark.parametrize("whom", ["agent", "both"])
def test_killed(agent: Driven, whom: str) -> None:
    def kill() -> None:
        agent.until((agent.work / "specs/a.md").exists)
        agent.until(lambda: heard(agent, "specs/a.md"))
        for pid in agent.alive(host=whom == "both"):
            signal_to(pid, signal.SIGKILL)

    asked = "You were cut off"
    scenes = [
        Scene((asked,), (Write("specs/b.md", "# B\n"), Say("Gone on."))),
        Scene(("build the cart",), (Write("specs/a.md", "# A\n"), Hang())),
    ]
    report = agent.drive((), kill, scenes=scenes)
    assert report.status is AgentStatus.ENDED, report
    assert files(agent) == {"specs/a.md", "specs/b.md"}
    last = [json.dumps(one["body"]) for one in agent.asked if asked in json.dumps(one["body"])]
    # What was said and done before is there again, and not because it was said anew.
    assert any("Please build the cart." in one and "# A" in one for one in last)
