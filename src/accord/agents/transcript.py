"""What a run said and did, one JSON object a line, up to a size."""

import json
import re
from pathlib import Path
from typing import BinaryIO

from accord.core.orders import AgentEvent, EventKind

TRANSCRIPT_BYTES = 16 * 2**20
EVENT_CHARS = 10_000

# Controls but for tab and newline, and halves of surrogate pairs, which no file can hold.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(text: str, limit: int) -> str:
    """Return `text` without control characters, cut to `limit` characters."""
    return _UNSEEN.sub("", text[: 2 * limit])[:limit]


def one_line(text: str, limit: int = 300) -> str:
    """Return `text` as a single line of at most `limit` characters without controls."""
    return plain(" ".join(text[: 2 * limit].split()), limit)


class Transcript:
    """Appends events to a file until it holds `cap` bytes; then only the end is still written."""

    def __init__(self, file: BinaryIO, cap: int = TRANSCRIPT_BYTES) -> None:
        """Take a file that is open for appending, unbuffered."""
        self._file = file
        self._left = cap
        self._full = False

    def add(self, event: AgentEvent) -> None:
        """Write `event` as one line."""
        line = _line(event)
        if len(line) <= self._left and not self._full:
            self._left -= len(line)
            self._file.write(line)
            return
        if not self._full:
            self._full = True
            self._file.write(_line(AgentEvent(EventKind.ERROR, "the transcript is cut here")))
        if event.kind is EventKind.END:
            self._file.write(line)


def read(path: Path) -> list[AgentEvent]:
    """Return the events in the file at `path`; a line that was cut by a crash is left out."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [event for line in lines if (event := _event(line)) is not None]


def _line(event: AgentEvent) -> bytes:
    said = {"kind": event.kind, "text": event.text, "path": event.path, "goes_on": event.goes_on}
    return json.dumps({name: value for name, value in said.items() if value}).encode() + b"\n"


def _event(line: bytes) -> AgentEvent | None:
    try:
        value = json.loads(line)
        kind, goes_on = EventKind(value["kind"]), bool(value.get("goes_on"))
        return AgentEvent(kind, value.get("text", ""), value.get("path", ""), goes_on)
    except (ValueError, KeyError, TypeError):
        return None
