"""The head of a decision's file: a small part of YAML, read strictly and written in one form.

What is understood is also YAML 1.2 with the same meaning, so any other tool may read it:

    key: words            key: [one, 'two']        key:            key:
    key: 'it''s'          key: "a\\tb"               inner: words    - key: words
                                                                     other: words

Anything else (anchors, tags, folded text, tabs, keys twice, deeper nesting) is a fault with its
line, never a guess. Values stay text; what they should be is the reader's business.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

Value: TypeAlias = str | tuple[str, ...] | Mapping[str, "str | tuple[str, ...]"]
Values: TypeAlias = Value | tuple[Mapping[str, "str | tuple[str, ...]"], ...]

LARGEST = 64 * 2**10

_KEY = re.compile(r"([a-z][a-z_]*):(?:[ ]+(.*))?\Z")
_PLAIN = re.compile(r"[^\s\[\]{},&*!|>%@`\"'#?:-](?:[^#:]|:(?! |\Z)|(?<! )#)*\Z|-?[0-9.]+\Z")
_COMMENT = re.compile(r"(?:^|\s)#.*\Z")
_MARK = "---"


@frozen
class Fault:
    """Why a file is not what it should be, at a line that counts from 1."""

    line: int
    message: str


@frozen
class Front:
    """What a file holds: its values, the line of each key, where its body begins, its faults."""

    values: Mapping[str, Values]
    lines: Mapping[str, int]
    body: str
    faults: tuple[Fault, ...]


class _FaultError(Exception):
    """A line that cannot be read, told to the reader of the whole."""


def read(text: str) -> Front:
    """Return what stands in `text`; what cannot be read is a fault, and the rest is still read."""
    if len(text) > LARGEST:
        return Front({}, {}, "", (Fault(1, f"it is larger than {LARGEST // 2**10} KiB"),))
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != _MARK:
        return Front({}, {}, text, (Fault(1, "it does not begin with ---"),))
    ends = [at for at, line in enumerate(lines) if at and line.rstrip() == _MARK]
    if not ends:
        return Front({}, {}, "", (Fault(1, "its head is not closed by ---"),))
    reader = _Reader(lines[1 : ends[0]])
    reader.read()
    return Front(
        reader.values, reader.lines, "\n".join(lines[ends[0] + 1 :]).strip(), tuple(reader.faults)
    )


class _Reader:
    """One pass over the lines of the head; a block is read where its key stands."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.rows = [(at + 2, line.rstrip()) for at, line in enumerate(lines)]
        self.values: dict[str, Values] = {}
        self.lines: dict[str, int] = {}
        self.faults: list[Fault] = []

    def read(self) -> None:
        at = 0
        while at < len(self.rows):
            number, line = self.rows[at]
            after = at + 1
            while after < len(self.rows) and (
                self.rows[after][1][:1] in (" ", "\t") or _is_empty(self.rows[after][1])
            ):
                after += 1
            if not _is_empty(line):
                self._entry(number, line, self.rows[at + 1 : after])
            at = after

    def _entry(self, number: int, line: str, block: Sequence[tuple[int, str]]) -> None:
        inner = [row for row in block if not _is_empty(row[1])]
        at = number
        try:
            key, rest = _pair(line)
            if key in self.values:
                raise _FaultError(f"the key {key} stands there twice")
            if rest and inner:
                at = inner[0][0]
                raise _FaultError("this line belongs to nothing")
            self.lines[key] = number
            at = inner[0][0] if inner else number
            self.values[key] = _block(inner) if inner else _value(rest)
        except _FaultError as error:
            self.faults.append(Fault(at, str(error)))


def _block(rows: Sequence[tuple[int, str]]) -> Values:
    """Read an indented map, a list of values or a list of maps."""
    if not rows[0][1].lstrip(" ").startswith("- "):
        return _map([line for _, line in rows])
    depth = len(rows[0][1]) - len(rows[0][1].lstrip(" "))
    groups: list[list[str]] = []
    for _, line in rows:
        indent = len(line) - len(line.lstrip(" "))
        if indent == depth and line.startswith("- ", indent):
            groups.append([" " * (indent + 2) + line[indent + 2 :].lstrip(" ")])
        elif groups and indent > depth:
            groups[-1].append(line)
        else:
            raise _FaultError("a list that is not lined up")
    if all(len(group) == 1 and not _KEY.match(group[0].strip()) for group in groups):
        return tuple(_scalar(group[0].strip()) for group in groups)
    return tuple(_map(group) for group in groups)


def _map(lines: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    depth = len(lines[0]) - len(lines[0].lstrip(" "))
    found: dict[str, str | tuple[str, ...]] = {}
    for line in lines:
        if len(line) - len(line.lstrip(" ")) != depth:
            raise _FaultError("lines that are not lined up, or nested too deeply")
        key, rest = _pair(line.strip())
        if key in found:
            raise _FaultError(f"the key {key} stands there twice")
        found[key] = _value(rest)
    return found


def _is_empty(line: str) -> bool:
    return not line.strip() or line.lstrip(" ").startswith("#")


def _pair(line: str) -> tuple[str, str]:
    if "\t" in line:
        raise _FaultError("there is a tab")
    match = _KEY.match(line)
    if match is None:
        raise _FaultError("it is not a line of the form key: value")
    return match[1], (match[2] or "").strip()


def _value(text: str) -> str | tuple[str, ...]:
    if not text.startswith("["):
        return _scalar(text)
    end = text.rfind("]")
    if end < 0 or _COMMENT.sub("", text[end + 1 :]).strip():
        raise _FaultError("a list that is not closed by ]")
    return tuple(_scalar(one) for one in _items(text[1:end]))


def _items(text: str) -> list[str]:
    """Split a list at the commas that stand outside of quotes."""
    found, start, quote = [], 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and not text[start:at].strip():
            quote = character
        elif character == ",":
            found.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return [*found, last] if last else found


def _scalar(text: str) -> str:
    if text[:1] == "'":
        return _single(text)
    if text[:1] == '"':
        return _double(text)
    plain = _COMMENT.sub("", text).strip()
    if plain and not _PLAIN.match(plain):
        raise _FaultError("a value that has to stand in quotes: 'like this'")
    return plain


def _single(text: str) -> str:
    match = re.match(r"'((?:[^']|'')*)'\s*(?:#.*)?\Z", text)
    if match is None:
        raise _FaultError("a quote that is not closed")
    return match[1].replace("''", "'")


def _double(text: str) -> str:
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        raise _FaultError("a quote that is not closed, or an escape that JSON lacks") from None
    if _COMMENT.sub("", text[end:]).strip():
        raise _FaultError("something follows the quote")
    return str(value)


def write(values: Mapping[str, Values], body: str) -> str:
    """Return the file that `read` reads back as these values and this body; empty ones are left.

    Raises ValueError for a value with a line break, which the form has no place for.
    """
    lines = [_MARK]
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = [f"  {name}: {_shown(one)}" for name, one in value.items() if one]
            lines += [f"{key}:", *inner] if inner else []
        elif maps := _maps(value):
            lines.append(f"{key}:")
            for one in maps:
                pairs = [f"{name}: {_shown(each)}" for name, each in one.items() if each]
                lines += [f"  {'- ' if at == 0 else '  '}{pair}" for at, pair in enumerate(pairs)]
        elif value:
            lines.append(f"{key}: {_shown(value)}")
    text = f"\n{body.strip()}\n" if body.strip() else "\n"
    return "\n".join([*lines, _MARK]) + text


def _maps(value: object) -> list[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, tuple) else []


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(str(one), listed=True) for one in value)}]"
    return _quoted(str(value))


def _quoted(text: str, *, listed: bool = False) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("a value with a line break")
    plain = _PLAIN.match(text) and not _COMMENT.search(text) and text == text.strip()
    if plain and not (listed and re.search(r"[,\[\]'\"]", text)):
        return text
    return "'" + text.replace("'", "''") + "'"


def replace_line(text: str, key: str, value: str | tuple[str, ...]) -> str:
    """Return `text` with the line of `key` in its head replaced, or added after the first line.

    Every other byte stays. A value that is empty takes the line away. The key must not hold a
    block.
    """
    line = f"{key}: {_shown(value)}\n" if value else ""
    head = text.find(f"\n{_MARK}", len(_MARK))
    pattern = re.compile(rf"^{key}:[^\n]*\n", re.MULTILINE)
    found = pattern.search(text, 0, head + 1)
    if found is not None:
        return text[: found.start()] + line + text[found.end() :]
    first = text.find("\n") + 1
    after = text.find("\n", first) + 1 if text.startswith("id:", first) else first
    return text[:after] + line + text[after:]
