import asyncio
from pathlib import Path
from typing import Any

import acp
import pytest
from acp.schema import (
    AllowedOutcome,
    FileEditToolCallContent,
    PermissionOption,
    ToolCallLocation,
    ToolCallStart,
    ToolCallUpdate,
    UsageUpdate,
)

from accord.agents.turn import Turn
from accord.core.orders import (
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentStatus,
    EventKind,
)

# The ids lie: only the kinds may be believed.
REJECT = PermissionOption(option_id="allow", name="Yes", kind="reject_once")
ALWAYS = PermissionOption(option_id="allow_always", name="Always", kind="allow_always")
ALLOW = PermissionOption(option_id="reject", name="No", kind="allow_once")


def begin(workdir: Path) -> tuple[Turn, list[AgentEvent]]:
    events: list[AgentEvent] = []
    order = AgentOrder("r", AgentChoice("a", AgentKind.ACP), str(workdir), "", ("src/**",))
    return Turn(order, events.append), events


def ask(turn: Turn, *options: PermissionOption, **call: Any) -> str:
    """Return the id of the option that the turn chose, or `cancelled`."""
    update = ToolCallUpdate(tool_call_id="1", **call)
    offered = list(options or (REJECT, ALWAYS, ALLOW))
    outcome = asyncio.run(turn.request_permission(tool_call=update, options=offered)).outcome
    return outcome.option_id if isinstance(outcome, AllowedOutcome) else outcome.outcome


def at(*paths: str) -> list[ToolCallLocation]:
    return [ToolCallLocation(path=path) for path in paths]


def diff(path: str) -> list[FileEditToolCallContent]:
    return [FileEditToolCallContent(type="diff", path=path, new_text="")]


@pytest.mark.parametrize(
    "call",
    [
        {"kind": "read", "locations": at("/etc/hosts")},
        {"kind": "search"},
        {"kind": "execute", "raw_input": {"command": "make test"}},
        {"kind": "edit", "locations": at("src/a")},
        {"kind": "delete", "raw_input": {"file_path": "src/a"}},
        {"kind": "move", "locations": at("src/a", "src/b")},
        {"kind": "other", "content": diff("src/a")},
        {"content": diff("src/a")},
    ],
)
def test_what_the_order_opens_is_allowed_once(tmp_path: Path, call: dict[str, Any]) -> None:
    turn, events = begin(tmp_path)
    assert ask(turn, **call) == ALLOW.option_id
    assert [event.kind for event in events] == [EventKind.ALLOWED]


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        ({}, ()),
        ({"kind": "edit"}, ()),
        ({"kind": "edit", "raw_input": {"target": "src/a"}}, ()),
        ({"kind": "edit", "raw_input": ["src/a"]}, ()),
        ({"kind": "fetch", "title": "get a page"}, ()),
        ({"kind": "switch_mode"}, ()),
        ({"kind": "other", "locations": at("src/a")}, ("src/a",)),
        ({"kind": "edit", "locations": at("src/a", "specs/b")}, ("specs/b",)),
        ({"kind": "edit", "locations": at("src/a"), "content": diff("b")}, ("b",)),
        ({"kind": "edit", "locations": at("src/a"), "raw_input": {"path": "b"}}, ("b",)),
        ({"kind": "execute", "content": diff("b")}, ("b",)),
        ({"kind": "move", "locations": at("src/a")}, ("src/a",)),
        ({"kind": "edit", "locations": at("b\n\x1b[31m")}, ("b [31m",)),
    ],
)
def test_anything_else_is_refused_once(
    tmp_path: Path, call: dict[str, Any], refused: tuple[str, ...]
) -> None:
    turn, events = begin(tmp_path)
    assert ask(turn, **call) == REJECT.option_id
    assert {event.kind for event in events} == {EventKind.REFUSED}
    assert turn.report(AgentStatus.ENDED, "").refused == refused


def test_a_request_that_leaves_out_the_path_is_judged_by_what_the_call_said_before(
    tmp_path: Path,
) -> None:
    turn, _ = begin(tmp_path)
    start = acp.start_tool_call("1", "edit", kind="edit", locations=at("specs/b"))
    asyncio.run(turn.session_update(update=start))
    assert ask(turn) == REJECT.option_id
    assert ask(turn, kind="edit", locations=at("src/a")) == REJECT.option_id


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ((ALWAYS, REJECT), REJECT.option_id),
        ((ALWAYS,), "cancelled"),
        ((), "cancelled"),
    ],
)
def test_more_than_once_is_never_allowed(
    tmp_path: Path, options: tuple[PermissionOption, ...], chosen: str
) -> None:
    turn, _ = begin(tmp_path)
    update = ToolCallUpdate(tool_call_id="1", kind="read")
    answer = asyncio.run(turn.request_permission(tool_call=update, options=list(options)))
    outcome = answer.outcome
    assert chosen == (outcome.option_id if isinstance(outcome, AllowedOutcome) else outcome.outcome)


def test_the_last_thing_said_is_what_came_after_the_last_tool(tmp_path: Path) -> None:
    turn, events = begin(tmp_path)
    tool: ToolCallStart = acp.start_tool_call("1", "make test", kind="execute")
    for update in (
        acp.update_agent_message_text("I will "),
        acp.update_agent_message_text("test."),
        acp.update_agent_thought_text("hm"),
        tool,
        acp.update_agent_message_text("It is "),
        UsageUpdate(session_update="usage_update", used=10, size=100),
        acp.update_agent_message_text("done.\ud800\x07"),
    ):
        asyncio.run(turn.session_update(update=update))
    assert turn.report(AgentStatus.ENDED, "").said == "It is done."
    assert events == [
        AgentEvent(EventKind.TEXT, "I will "),
        AgentEvent(EventKind.TEXT, "test."),
        AgentEvent(EventKind.TOOL, "make test"),
        AgentEvent(EventKind.TEXT, "It is "),
        AgentEvent(EventKind.USAGE, "10 of 100 tokens of context"),
        AgentEvent(EventKind.TEXT, "done."),
        AgentEvent(EventKind.END, "ended"),
    ]
