"""What is known of one turn of an agent: its events, told as they come, and the sum of them."""

from collections.abc import Callable

from accord.agents.loops import Circle
from accord.agents.permissions import writable
from accord.agents.transcript import EVENT_CHARS, one_line, plain
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
)

SAID_CHARS = 4_000
_HELD = 2 * SAID_CHARS  # what is over is cut when it holds no secret any more
REFUSED_PATHS = 100


class Account:
    """Keeps the account of a turn; a driver adds the ears for the protocol of its agent.

    `session` names the conversation once there is one, `prompted` tells that the turn has begun,
    and `fail` ends it.
    """

    def __init__(self, order: AgentOrder, emit: Emit) -> None:
        """Take what the run may do and where its events go."""
        self.order = order
        self.writable = writable(order)
        self.folder = str(self.writable.root)
        self.fail: Callable[[AgentStatus, str], None] = lambda _status, _detail: None
        self.session = ""
        self.prompted = False
        self.said = ""
        self.stop_reason = ""
        self._emit = emit
        self._said_is_over = False
        self._refused: dict[str, None] = {}
        self._tokens = (0, 0)
        self._circle = Circle()

    def hear(self, text: str) -> None:
        """Take a piece of what the agent says."""
        if self._said_is_over:
            self.said, self._said_is_over = "", False
        self.said += plain(text, _HELD - len(self.said))
        if said := plain(text, len(text)):
            self._emit(AgentEvent(EventKind.TEXT, said))

    def say(self, kind: EventKind, text: str, path: str = "") -> None:
        """Emit one event."""
        self._said_is_over = self._said_is_over or kind is EventKind.TOOL
        self._emit(AgentEvent(kind, plain(text, EVENT_CHARS), path))

    def refuse(self, text: str, path: str = "") -> None:
        """Tell and remember that something was refused; `path` as `shown` returns it."""
        if path and len(self._refused) < REFUSED_PATHS:
            self._refused[path] = None
        self.say(EventKind.REFUSED, text or "a request that names nothing", path)

    def ran(
        self, call: str, kind: str = "", command: str = "", status: str = "", output: object = None
    ) -> None:
        """Note what became known of a tool call, as `Circle.note` does; end the turn in a loop."""
        words = self._circle.note(call, kind, command, status, output)
        if words:
            self.fail(AgentStatus.LOOPED, words)

    def count(self, tokens_in: int, tokens_out: int) -> None:
        """Take the tokens of the whole turn so far."""
        self._tokens = (tokens_in, tokens_out)
        self.say(EventKind.USAGE, f"{tokens_in} tokens in, {tokens_out} out")

    def report(self, status: AgentStatus, detail: str) -> AgentReport:
        """Emit how the run ended and return the report of it; `detail` goes on from a name."""
        detail = f"{one_line(self.order.agent.name, 80)} {detail}" if detail else ""
        if status is not AgentStatus.ENDED:
            self.say(EventKind.ERROR, detail)
        self.say(EventKind.END, status)
        return AgentReport(
            run_id=self.order.run_id,
            status=status,
            detail=detail,
            said=self.said,
            stop_reason=self.stop_reason,
            refused=tuple(self._refused),
            input_tokens=self._tokens[0],
            output_tokens=self._tokens[1],
        )

    def shown(self, path: str = "") -> str:
        """Return `path` as it is shown: from the root of the work where it lies in it."""
        return one_line(str(self.writable.relative(path) or path))
