"""An agent that goes round in circles is noticed, whichever way it tells that a command failed."""

import asyncio
import json
import sys
from typing import Any

import pytest

from accord.agents import acp
from accord.agents.loops import FAILING, REPEATED, Circle
from accord.core.orders import AgentChoice, AgentKind, AgentOrder, AgentStatus, Limits

LOOPING = """
import json, sys
def send(**held): print(json.dumps({"jsonrpc": "2.0", **held}), flush=True)
def tell(**update): send(method="session/update", params={"sessionId": "s", "update": update})
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"initialize": {"protocolVersion": 1}, "session/new": {"sessionId": "s"}}
    if asked["method"] in answer:
        send(id=asked["id"], result=answer[asked["method"]])
        continue
    for n in range(99):
        tell(sessionUpdate="tool_call", toolCallId=str(n), title="make test", kind="execute",
             status="pending", rawInput={"command": "make test"})
        tell(sessionUpdate="tool_call_update", toolCallId=str(n), status="failed")
    sys.stdin.read()
"""


def ran(circle: Circle, number: int, command: str, output: Any = None, **more: Any) -> str:
    name = f"call-{number}"
    circle.note(name, more.get("kind", "execute"))
    circle.note(name, command=command)
    return circle.note(name, status=more.get("status", "completed"), output=output)


@pytest.mark.parametrize(
    ("status", "output"),
    [
        ("failed", None),
        ("failed", "Exit code 3\nhi"),
        ("completed", {"content": "hi\n<shellId: 0 completed with exit code 3>"}),
        ("completed", {"output": "hi\n", "metadata": {"exit": 3}}),
        ("completed", "hi\nexited with code 2"),
    ],
)
def test_a_command_that_fails_four_times_is_a_loop(status: str, output: Any) -> None:
    circle = Circle()
    said = [ran(circle, n, "make test", output, status=status) for n in range(FAILING)]
    assert said == [*[""] * (FAILING - 1), "went round in circles: 4 times this failed: make test"]


def test_commands_that_succeed_or_differ_or_follow_an_edit_are_no_loop() -> None:
    circle = Circle()
    assert not any(ran(circle, n, "make test", {"exit": 0}) for n in range(FAILING))
    assert not any(ran(circle, 10 + n, f"make {n}", status="failed") for n in range(2 * FAILING))
    for n in range(20, 20 + 4 * FAILING, 2):
        assert ran(circle, n, "make test", status="failed") == ""
        assert ran(circle, n + 1, "", kind="edit") == ""


def test_the_same_command_again_and_again_is_a_loop_though_nothing_tells_that_it_fails() -> None:
    circle = Circle()
    said = [ran(circle, n, "make test") for n in range(REPEATED)]
    assert said[:-1] == [""] * (REPEATED - 1)
    assert said[-1].startswith("went round in circles: 12 times, and nothing edited")


def test_an_agent_in_a_loop_is_ended_and_its_run_says_so(tmp_path: Any) -> None:
    agent = AgentChoice("a", AgentKind.ACP, (sys.executable, "-I", "-c", LOOPING))
    limits = Limits(total_s=60, idle_s=60)
    order = AgentOrder("r", agent, str(tmp_path), "x", (), limits)
    report = asyncio.run(acp.drive(order, lambda _: None))
    assert report.status is AgentStatus.LOOPED
    assert report.detail == "a went round in circles: 4 times this failed: make test"
    assert json.dumps(report.status) == '"looped"'
