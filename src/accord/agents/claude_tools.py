"""What Claude Code may do, tool by tool. None of this is a wall: the wall is the order's `box`."""

import json
from collections.abc import Mapping

from attrs import frozen

from accord.agents.environment import TOOLS_TOKEN, TOOLS_URL
from accord.agents.permissions import writable
from accord.agents.toolroom import NAME
from accord.core import tools
from accord.core.orders import AgentOrder

READERS = ("Read", "Grep", "Glob", "LS")
WRITERS = dict.fromkeys(("Write", "Edit", "MultiEdit"), "file_path")
WRITERS["NotebookEdit"] = "notebook_path"
_OWN = frozenset(f"mcp__{NAME}__{name}" for name in tools.NAMES)
_NEVER = ("WebFetch", "WebSearch", "Task", "Agent")


@frozen
class Ruling:
    """What was decided about one tool call: a reason when it is refused, its path if it has one."""

    allowed: bool
    reason: str = ""
    path: str = ""


def judge(order: AgentOrder, tool: str, arguments: Mapping[str, object]) -> Ruling:
    """Decide one tool call of the agent; whatever is not known to be allowed is refused.

    Reading is allowed. Writing is allowed where `order.writable` says so, judged after symbolic
    links are followed. Bash is allowed only inside a box: what a shell command does cannot be told
    from its text, so without a wall around the agent there is no safe answer but no. Accord's own
    tools are allowed where the run has them. The network tools, sub-agents and tools that this
    version does not know are refused.
    """
    if order.tools is not None and tool in _OWN:
        return Ruling(True)
    if tool in READERS:
        return Ruling(True, path=str(arguments.get("file_path") or arguments.get("path") or ""))
    if tool in WRITERS:
        path = arguments.get(WRITERS[tool])
        if not isinstance(path, str):
            return Ruling(False, reason="the path is not a plain one")
        area = writable(order)
        shown = str(area.relative(path) or path)
        if area.allows(path):
            return Ruling(True, path=shown)
        return Ruling(False, f"{shown} is not among the paths that may be written", shown)
    if tool == "Bash":
        reason = "" if order.box else "there is no box around this run, so no shell in it"
        return Ruling(bool(order.box), reason=reason)
    return Ruling(False, reason="this tool is not allowed here")


def flags(order: AgentOrder) -> tuple[str, ...]:
    """Return the words that tell Claude Code which tools it has; the rest is not offered at all."""
    offered, refused = (("Bash",), ()) if order.box else ((), ("Bash",))
    return (
        *("--tools", ",".join((*READERS, *WRITERS, *offered))),
        *("--disallowedTools", ",".join((*_NEVER, *refused))),
    )


def servers(order: AgentOrder) -> tuple[str, ...]:
    """Return the flags that name the server of Accord's tools; none where the run has none.

    Claude Code takes the address and the token from its environment: other users of the machine
    can read a command line.
    """
    if order.tools is None:
        return ()
    headers = {"Authorization": f"Bearer ${{{TOOLS_TOKEN}}}"}
    server = {"type": "http", "url": f"${{{TOOLS_URL}}}", "headers": headers, "alwaysLoad": True}
    return ("--mcp-config", json.dumps({"mcpServers": {NAME: server}}))


def is_shut(status: object) -> bool:
    """Tell whether the server's status, as Claude Code tells it at first, means that it is lost."""
    return status not in ("connected", "pending")
