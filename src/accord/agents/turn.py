"""The client's half of one ACP turn: what the agent says is written down, what it asks is answered.

Protocol: Agent Client Protocol, version 1 (`session/update`, `session/request_permission`).
"""

import re
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

from accord.agents.account import Account
from accord.core import tools
from accord.core.orders import AgentOrder, Emit, EventKind

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


class Turn(Account):
    """Receives one turn of an agent: tells its events, answers its requests."""

    def __init__(self, order: AgentOrder, emit: Emit) -> None:
        """Take what the run may do and where its events go."""
        super().__init__(order, emit)
        self._wishes: dict[str, _Wish] = {}
        self.loading = False

    async def session_update(self, update: object, **_: object) -> None:
        """Turn one update of the agent into an event; kinds that say nothing here are skipped.

        While a conversation is loaded, agents tell all of it again: that is no news.
        """
        if self.loading:
            return
        match update:
            case AgentMessageChunk(content=TextContentBlock(text=text)):
                self.hear(text)
            case ToolCallStart():
                wish = self._join(update)
                self.say(EventKind.TOOL, wish.title, self.shown(*wish.paths[:1]))
                self._note(update)
            case ToolCallProgress():
                self._join(update)
                self._note(update)
            case UsageUpdate(used=used, size=size):
                self.say(EventKind.USAGE, f"{used} of {size} tokens of context")

    async def request_permission(
        self, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        """Allow once what the order opens, refuse once anything else; options count by kind."""
        wish = self._join(tool_call)
        closed = self._closed(wish)
        once = next((o for o in options if o.kind == "allow_once"), None)
        if closed is None and once is not None:
            self.say(EventKind.ALLOWED, wish.title, self.shown(*wish.paths[:1]))
            return _chosen(once)
        for shown in dict.fromkeys(map(self.shown, closed or wish.paths or ("",))):
            self.refuse(wish.title, shown)
        rejections = [o for o in options if o.kind in ("reject_once", "reject_always")]
        if not rejections:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return _chosen(min(rejections, key=lambda o: o.kind != "reject_once"))

    def note(self, text: str) -> None:
        """Tell of what the agent cannot do."""
        self.say(EventKind.ERROR, text)

    def finish(self, stop_reason: str, usage: Usage | None) -> None:
        """Take what the agent gave at the end of its turn."""
        self.stop_reason = stop_reason
        if usage is not None:
            self.count(usage.input_tokens, usage.output_tokens)

    def _note(self, call: ToolCallStart | ToolCallProgress) -> None:
        status, kind = call.status or "", call.kind or ""
        self.ran(call.tool_call_id, kind, _command(call), status, call.raw_output)

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
        shut = tuple(path for path in wish.paths if not self.writable.allows(path))
        return shut or None


def _command(call: ToolCallStart | ToolCallProgress) -> str:
    given = call.raw_input.get("command") if isinstance(call.raw_input, dict) else None
    words = " ".join(map(str, given)) if isinstance(given, list) else given
    return words if isinstance(words, str) and words else call.title or ""


def _chosen(option: PermissionOption) -> RequestPermissionResponse:
    return RequestPermissionResponse(
        outcome=AllowedOutcome(outcome="selected", option_id=option.option_id)
    )
