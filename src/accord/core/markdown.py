"""Markdown as bytes with exact spans: read a file, change one span, keep every other byte.

Only what specs are built from is told apart (headings, list items, fenced code, comments); the
block structure follows CommonMark 0.31 §4 and §5.2 that far. Blocks tile the file: joined in
order they are the file again, whatever its line ends.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate

from attrs import frozen

from accord.errors import ConfigurationError


class UnreadableError(ConfigurationError):
    """Raised for a document that is not UTF-8; says line and column of the first bad byte."""

    def __init__(self, name: str, line: int, column: int) -> None:
        super().__init__(
            f"{name}:{line}:{column}: this byte is not UTF-8",
            hint="save the file as UTF-8 and try again",
        )
        self.name = name
        self.line = line
        self.column = column


class BlockKind(StrEnum):
    """What a block is; `OTHER` is prose, tables and everything else that is only kept."""

    HEADING = "heading"
    ITEM = "item"
    FENCE = "fence"
    COMMENT = "comment"
    BLANK = "blank"
    OTHER = "other"


@frozen
class Block:
    """A run of whole lines: `start` and `end` are byte offsets, `line` is its first line from 1.

    `level` is a heading's depth or an item's indent in columns (a tab goes to the next multiple
    of four); `text` is the heading or the item without its marker, decoded, with the lines of a
    wrapped item joined by one space.
    """

    kind: BlockKind
    start: int
    end: int
    line: int
    level: int = 0
    text: str = ""


@frozen
class Splice:
    """Replace the bytes from `start` to `end` by `new`."""

    start: int
    end: int
    new: bytes


_HEADING = re.compile(rb" {0,3}(#{1,6})(?:[ \t](.*))?\Z", re.DOTALL)
_ITEM = re.compile(rb"([ \t]*)(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(.*)|)\Z", re.DOTALL)
_FENCE = re.compile(rb" {0,3}(`{3,}(?=[^`]*\Z)|~{3,})")


def decode(data: bytes, name: str = "document") -> str:
    """Return `data` as text. Raises UnreadableError with line and column (both from 1)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        raise UnreadableError(name, line, column) from None


def newline(data: bytes) -> bytes:
    """Return the line end that `data` uses first: CRLF or LF (LF where there is none)."""
    first = data.find(b"\n")
    return b"\r\n" if first > 0 and data[first - 1 : first] == b"\r" else b"\n"


def splice(data: bytes, edits: Iterable[Splice]) -> bytes:
    """Return `data` with every edit applied, offsets in `data`. ValueError when two overlap."""
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < at or edit.end < edit.start or edit.end > len(data):
            raise ValueError(f"edit {edit.start}..{edit.end} overlaps another or leaves the file")
        parts += [data[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*parts, data[at:]])


def parse(data: bytes, name: str = "document") -> tuple[Block, ...]:
    """Split `data` into blocks that tile it. Raises UnreadableError when it is not UTF-8."""
    decode(data, name)
    return tuple(_Scanner(data).blocks())


class _Scanner:
    """One pass over the lines; an open item or paragraph grows until a line ends it."""

    def __init__(self, data: bytes) -> None:
        self.lines = data.splitlines()
        self.marks = [line.lstrip()[:1] for line in self.lines]
        self.ends = [0, *accumulate(map(len, data.splitlines(keepends=True)))]
        self.found: list[Block] = []

    def blocks(self) -> list[Block]:
        at = 0
        while at < len(self.lines):
            at = self._take(at)
        return self.found

    def _add(self, kind: BlockKind, first: int, after: int, level: int = 0, text: str = "") -> int:
        self.found.append(Block(kind, self.ends[first], self.ends[after], first + 1, level, text))
        return after

    def _take(self, at: int) -> int:
        body, mark = self.lines[at], self.marks[at]
        if not mark:
            return self._add(BlockKind.BLANK, at, at + 1)
        if mark == b"#" and (heading := _HEADING.match(body)):
            text = _title(heading[2] or b"").decode()
            return self._add(BlockKind.HEADING, at, at + 1, len(heading[1]), text)
        if mark in b"`~" and (fence := _FENCE.match(body)):
            return self._add(BlockKind.FENCE, at, self._fence_end(at, fence[1]))
        if mark == b"<" and body.lstrip().startswith(b"<!--"):
            return self._add(BlockKind.COMMENT, at, self._comment_end(at))
        if mark in b"-*+0123456789" and (item := _ITEM.match(body)):
            return self._item(at, item)
        return self._add(BlockKind.OTHER, at, self._prose_end(at + 1))

    def _fence_end(self, at: int, opening: bytes) -> int:
        close = re.compile(rb" {0,3}" + re.escape(opening[:1]) + b"{%d,}[ \t]*\\Z" % len(opening))
        for line in range(at + 1, len(self.lines)):
            if close.match(self.lines[line]):
                return line + 1
        return len(self.lines)

    def _comment_end(self, at: int) -> int:
        for line in range(at, len(self.lines)):
            if b"-->" in self.lines[line]:
                return line + 1
        return len(self.lines)

    def _item(self, at: int, item: re.Match[bytes]) -> int:
        after = self._prose_end(at + 1)
        words = [item[2] or b"", *self.lines[at + 1 : after]]
        text = " ".join(word.decode().strip() for word in words).strip()
        return self._add(BlockKind.ITEM, at, after, _columns(item[1]), text)

    def _prose_end(self, at: int) -> int:
        """Return the line where a paragraph or a wrapped item that goes on at `at` ends."""
        while at < len(self.lines):
            body, mark = self.lines[at], self.marks[at]
            if (
                not mark
                or (mark == b"#" and _HEADING.match(body))
                or (mark in b"`~" and _FENCE.match(body))
                or (mark == b"<" and body.lstrip().startswith(b"<!--"))
                or (mark in b"-*+0123456789" and _ITEM.match(body))
            ):
                break
            at += 1
        return at


def _title(rest: bytes) -> bytes:
    """Return a heading's text without the closing `#`s that it may have after a space."""
    text = rest.strip(b" \t")
    shorter = text.rstrip(b"#")
    closed = not shorter or shorter.endswith((b" ", b"\t"))
    return shorter.rstrip(b" \t") if closed else text


def _columns(indent: bytes) -> int:
    width = 0
    for byte in indent:
        width = width + 4 - width % 4 if byte == 0x09 else width + 1
    return width
