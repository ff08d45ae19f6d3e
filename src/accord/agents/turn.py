"""The client's half of one ACP turn: what the agent says is written down, what it asks is answered.

Protocol: Agent Client Protocol, version 1 (`session/update`, `session/request_permission`).
"""

import re
from collections.abc import Callable
from typing import Any

from acp.schema import (
    AgentMessageChunk,
    AllowedOutcome,
    DeniedOutcome,
    FileEditToolCallContent,
    PermissionOption,
    RequestPermissionResponse,
    TextContentBlock,
    ToolCallProgress,
    ToolCallStart,
    ToolCallUpdate,
    Usage,
    UsageUpdate,
)
from attrs import frozen

from accord.agents.loops import Circle
from accord.agents.permissions import writable
from accord.agents.transcript import EVENT_CHARS, one_line, plain
from accord.core import tools
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Emit,
    EventKind,
)

SAID_CHARS = 4_000
REFUSED_PATHS = 100

_HARMLESS = frozenset({"read", "search", "execute"})
_WRITES = frozenset({"edit", "delete", "move"})
# Agents that give no location name the file in the input of their tool; these are the spellings.
_INPUT_PATHS = ("path", "file_path", "filePath", "abs_path", "notebook_path")

# Agents put the name of the server before that of the tool or behind it, each in its own way.
_NAMES = "|".join(tools.NAMES)
_OWN = re.compile(
    rf"(?i)(?:mcp\W*_*)?accord[\W_]{{1,3}}(?:{_NAMES})|(?:{_NAMES}) \(accord .{{0,40}}"
)


@frozen
class _Wish:
    """What a tool call is after, gathered from all the messages that spoke of it."""

    kind: str | None = None
    title: str = ""
    paths: tuple[str, ...] = ()
    edits: bool = False
    own: bool = False

    def joined(self, call: ToolCallUpdate | ToolCallStart) -> "_Wish":
        """Return this wish with what `call` adds; some agents tell the path only once."""
        diffs = [c.path for c in call.content or () if isinstance(c, FileEditToolCallContent)]
        located = [location.path for location in call.locations or ()]
        given = call.raw_input if isinstance(call.raw_input, dict) else {}
        named = [given[key] for key in _INPUT_PATHS if isinstance(given.get(key), str)]
        return _Wish(
            call.kind or self.kind,
            call.title or self.title,
            tuple(dict.fromkeys([*self.paths, *located, *diffs, *named])),
            self.edits or bool(diffs),
            self.own or _OWN.fullmatch((call.title or "").strip()) is not None,
        )


class Turn:
    """Receives one turn of an agent: emits its events, answers its requests, keeps the sum."""

    def __init__(self, order: AgentOrder, emit: Emit) -> None:
        """Take what the run may do and where its events go."""
        self._order = order
        self._emit = emit
        self._writable = writable(order)
        self._wishes: dict[str, _Wish] = {}
        self._unsent = ""
        self.said = ""
        self._said_is_over = False
        self._refused: dict[str, None] = {}
        self._usage: Usage | None = None
        self._circle = Circle()
        self.fail: Callable[[AgentStatus, str], None] = lambda _status, _detail: None
        self.folder = str(self._writable.root)
        self.session = ""
        self.prompted = False
        self.loading = False
        self.stop_reason = ""

    async def session_update(self, update: object, **_: object) -> None:
        """Turn one update of the agent into an event; kinds that say nothing here are skipped.

        While a conversation is loaded, agents tell all of it again: that is no news.
        """
        if self.loading:
            return
        match update:
            case AgentMessageChunk(content=TextContentBlock(text=text)):
                self._hear(text)
            case ToolCallStart():
                wish = self._join(update)
                self._say(EventKind.TOOL, wish.title, self._shown(*wish.paths[:1]))
                self._look_for_a_circle(update)
            case ToolCallProgress():
                self._join(update)
                self._look_for_a_circle(update)
            case UsageUpdate(used=used, size=size):
                self._say(EventKind.USAGE, f"{used} of {size} tokens of context")

    async def request_permission(
        self, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        """Allow once what the order opens, refuse once anything else; options count by kind."""
        wish = self._join(tool_call)
        closed = self._closed(wish)
        once = next((o for o in options if o.kind == "allow_once"), None)
        if closed is None and once is not None:
            self._say(EventKind.ALLOWED, wish.title, self._shown(*wish.paths[:1]))
            return _chosen(once)
        for shown in dict.fromkeys(map(self._shown, closed or wish.paths or ("",))):
            self._refuse(wish, shown)
        rejections = [o for o in options if o.kind in ("reject_once", "reject_always")]
        if not rejections:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return _chosen(min(rejections, key=lambda o: o.kind != "reject_once"))

    def note(self, text: str) -> None:
        """Tell of what the agent cannot do."""
        self._say(EventKind.ERROR, text)

    def finish(self, stop_reason: str, usage: Usage | None) -> None:
        """Take what the agent gave at the end of its turn."""
        self.stop_reason = stop_reason
        self._usage = usage
        if usage is not None:
            spent = f"{usage.input_tokens} tokens in, {usage.output_tokens} out"
            self._say(EventKind.USAGE, spent)

    def report(self, status: AgentStatus, detail: str) -> AgentReport:
        """Emit how the run ended and return the report of it."""
        if status is not AgentStatus.ENDED:
            self._say(EventKind.ERROR, detail)
        self._say(EventKind.END, status)
        return AgentReport(
            run_id=self._order.run_id,
            status=status,
            detail=detail,
            said=self.said,
            stop_reason=self.stop_reason,
            refused=tuple(self._refused),
            input_tokens=self._usage.input_tokens if self._usage else 0,
            output_tokens=self._usage.output_tokens if self._usage else 0,
        )

    def _look_for_a_circle(self, call: ToolCallStart | ToolCallProgress) -> None:
        words = self._circle.note(call)
        if words:
            self.fail(AgentStatus.LOOPED, words)

    def _hear(self, text: str) -> None:
        if self._said_is_over:
            self.said, self._said_is_over = "", False
        self.said += plain(text, SAID_CHARS - len(self.said))
        # Agents stream a few letters at a time; one event for each would bury the rest.
        self._unsent += plain(text, EVENT_CHARS)
        if len(self._unsent) >= EVENT_CHARS:
            self._flush()

    def _say(self, kind: EventKind, text: str, path: str = "") -> None:
        self._flush()
        self._said_is_over = self._said_is_over or kind is EventKind.TOOL
        self._emit(AgentEvent(kind, plain(text, EVENT_CHARS), path))

    def _flush(self) -> None:
        if self._unsent:
            self._emit(AgentEvent(EventKind.TEXT, self._unsent[:EVENT_CHARS]))
            self._unsent = ""

    def _join(self, call: ToolCallUpdate | ToolCallStart) -> _Wish:
        wish = self._wishes.get(call.tool_call_id, _Wish()).joined(call)
        self._wishes[call.tool_call_id] = wish
        return wish

    def _closed(self, wish: _Wish) -> tuple[str, ...] | None:
        """Return the paths that `wish` may not have, None when it may have all that it asks."""
        if wish.kind in _HARMLESS and not wish.edits:
            return None
        if wish.own and not (wish.paths or wish.edits or wish.kind in _WRITES):
            return None  # one of Accord's tools: what it may do is decided where it is done
        # A move names where from and where to; with one path, the other is not known.
        known = len(wish.paths) >= (2 if wish.kind == "move" else 1)
        if not known or not (wish.kind in _WRITES or wish.edits):
            return wish.paths
        shut = tuple(path for path in wish.paths if not self._writable.allows(path))
        return shut or None

    def _refuse(self, wish: _Wish, shown: str) -> None:
        if shown and len(self._refused) < REFUSED_PATHS:
            self._refused[shown] = None
        self._say(EventKind.REFUSED, wish.title or "a request that names nothing", shown)

    def _shown(self, path: str = "") -> str:
        return one_line(str(self._writable.relative(path) or path))


def _chosen(option: PermissionOption) -> RequestPermissionResponse:
    return RequestPermissionResponse(
        outcome=AllowedOutcome(outcome="selected", option_id=option.option_id)
    )
