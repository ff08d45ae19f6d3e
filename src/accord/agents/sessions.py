"""A session of an ACP agent made ready for its turn: its mode, its model, or taken up again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acp import RequestError
from acp.client.connection import ClientSideConnection
from acp.schema import HttpHeader, HttpMcpServer, InitializeResponse, SessionModeState

from accord.agents import quirks
from accord.agents.toolroom import NAME
from accord.agents.turn import Turn
from accord.core.orders import BRIDGE_PORT, PORT, AgentOrder, Tools
from accord.errors import AgentError


def resumption(greeting: InitializeResponse) -> str:
    """Return how the agent takes up a conversation: `resume`, `load`, or '' where it cannot."""
    able = greeting.agent_capabilities
    if able is None:
        return ""
    sessions = able.session_capabilities
    if sessions is not None and sessions.resume is not None:
        return "resume"
    return "load" if able.load_session else ""


def servers(greeting: InitializeResponse, order: AgentOrder, turn: Turn) -> list[Any]:
    """Return the MCP server of Accord's tools, for an agent that can take it, and else none."""
    if order.tools is None:
        return []
    able = greeting.agent_capabilities
    if able is None or able.mcp_capabilities is None or not able.mcp_capabilities.http:
        turn.note("it takes no tools over HTTP, so it has none of Accord's and can ask nobody")
        return []
    bearer = HttpHeader(name="Authorization", value=f"Bearer {order.tools.token}")
    return [HttpMcpServer(type="http", name=NAME, url=_url(order.tools), headers=[bearer])]


def _url(tools: Tools) -> str:
    """Return the address of the tools as it is inside of the box, which may have another port."""
    try:
        port = Path(tools.door, PORT).read_text(encoding="ascii")
    except OSError:
        return tools.url
    return tools.url.replace(f":{BRIDGE_PORT}/", f":{int(port)}/")


async def take_up(
    connection: ClientSideConnection, turn: Turn, how: str, order: AgentOrder,
    servers: list[Any],
) -> bool:  # fmt: skip
    """Go on with the session `turn.session`, by `session/resume` or `session/load`.

    Returns False where the agent no longer knows it: what was killed may not have been written.
    """
    held: Any
    turn.loading = True
    try:
        if how == "resume":
            held = await connection.resume_session(
                session_id=turn.session, cwd=turn.folder, mcp_servers=servers
            )
        else:
            held = await connection.load_session(
                session_id=turn.session, cwd=turn.folder, mcp_servers=servers
            )
    except RequestError:
        return False
    finally:
        turn.loading = False
    await prepare(connection, turn.session, held.modes, held.config_options, order)
    return True


async def prepare(
    connection: ClientSideConnection,
    session: str,
    modes: SessionModeState | None,
    options: Sequence[Any] | None,
    order: AgentOrder,
) -> None:
    """Set the mode that the agent is to work in and, where no variable did, its model.

    Raises AgentError where the agent does not offer what was asked for.
    """
    known = quirks.of(order.agent.command)
    mode = known.modes[0 if order.box else 1]
    if mode and modes is not None and modes.current_mode_id != mode:
        if mode not in {one.id for one in modes.available_modes}:
            raise AgentError(f"does not offer the mode {mode}")
        await connection.set_session_mode(session_id=session, mode_id=mode)
    model = order.agent.model
    if not model or known.name:
        return
    option = next((one for one in options or () if one.category == "model"), None)
    if option is None:
        raise AgentError(f"cannot be told to use the model {model}")
    await connection.set_config_option(config_id=option.id, session_id=session, value=model)
