"""Accord's tools as Claude Code is given them: flags that name no secret, and names to allow."""

import json

from attrs import evolve

from accord.agents.environment import TOOLS_TOKEN, TOOLS_URL
from accord.agents.toolbox import Toolbox
from accord.agents.toolroom import NAME
from accord.core import tools
from accord.core.orders import AgentOrder

_OWN = frozenset(f"mcp__{NAME}__{name}" for name in tools.NAMES)


def flags(order: AgentOrder) -> tuple[str, ...]:
    """Return the flags that name the server of the tools; none where the run has none.

    Claude Code takes the address and the token from its environment: other users of the machine
    can read a command line.
    """
    if order.tools is None:
        return ()
    headers = {"Authorization": f"Bearer ${{{TOOLS_TOKEN}}}"}
    server = {"type": "http", "url": f"${{{TOOLS_URL}}}", "headers": headers, "alwaysLoad": True}
    return ("--mcp-config", json.dumps({"mcpServers": {NAME: server}}))


def is_own(order: AgentOrder, tool: str) -> bool:
    """Tell whether `tool` is one of Accord's own, which this run has."""
    return order.tools is not None and tool in _OWN


def offered(order: AgentOrder, box: Toolbox | None) -> AgentOrder:
    """Return the order with the tools named in its prompt, where it has any."""
    if order.tools is None or box is None:
        return order
    box.offered = True
    return evolve(order, prompt=f"{order.prompt}\n\n{tools.prompt(order.tools)}\n")
