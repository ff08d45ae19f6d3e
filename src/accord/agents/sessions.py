"""A session of an ACP agent made ready for its turn: its mode and its model are set."""

from acp.client.connection import ClientSideConnection
from acp.schema import NewSessionResponse

from accord.agents import quirks
from accord.core.orders import AgentOrder
from accord.errors import AgentError


async def prepare(
    connection: ClientSideConnection, session: NewSessionResponse, order: AgentOrder
) -> None:
    """Set the mode that the agent is to work in and, where no variable did, its model.

    Raises AgentError where the agent does not offer the model that was asked for.
    """
    known = quirks.of(order.agent.command)
    mode = known.modes[0 if order.box else 1]
    modes = session.modes
    if mode and modes is not None and modes.current_mode_id != mode:
        offered = {one.id for one in modes.available_modes}
        if mode not in offered:
            raise AgentError(f"does not offer the mode {mode}")
        await connection.set_session_mode(session_id=session.session_id, mode_id=mode)
    if order.agent.model and not known.name:
        await _set_model(connection, session, order.agent.model)


async def _set_model(
    connection: ClientSideConnection, session: NewSessionResponse, model: str
) -> None:
    option = next((one for one in session.config_options or () if one.category == "model"), None)
    if option is None:
        raise AgentError(f"cannot be told to use the model {model}")
    await connection.set_config_option(
        config_id=option.id, session_id=session.session_id, value=model
    )
