"""Fingerprints of code: what a symbol does, hashed, and where a symbol went that is gone.

A symbol is a function, a method, a class without its methods, a constant, or what a module does
beside these. Its tokens are its normal form: two texts with the same tokens do the same, however
they are laid out. The symbol's own name is not among them, so a renamed symbol keeps its print.
"""

import base64
import hashlib
import heapq
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from attrs import define, field

MODULE = "<module>"
FLOOR = 0.3
_SHINGLE = 4
_LINES = "<lines "
_LONGEST = 5000  # lines
_KEPT = 12
_SELVES = (("self",), ("cls",))
_TELLING = 10  # tokens: a shorter body says the same in many places


@define(slots=False, frozen=True)
class Symbol:
    """One symbol as a file has it: its qualified name, its lines from 1, its normal tokens."""

    name: str
    first: int
    last: int
    tokens: tuple[str, ...] = field(repr=False)

    @cached_property
    def print(self) -> str:
        """Return 20 hex digits that are the same as long as the symbol does the same."""
        text = "\0".join(self.tokens).encode(errors="surrogateescape")
        return hashlib.sha256(text).hexdigest()[:20]

    @cached_property
    def sketch(self) -> tuple[int, ...]:
        """Return the smallest hashes of its shingles of four tokens, in order.

        Bottom-k sketch: Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007.
        """
        return _sketch(self.tokens)


@define(frozen=True)
class Mark:
    """What is remembered of a symbol: where it was, its print and its sketch."""

    path: str
    name: str
    print: str
    sketch: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Return `path::name`."""
        return f"{self.path}::{self.name}"

    @property
    def last_name(self) -> str:
        """Return the name without what it is part of and without its number."""
        return last_name(self.name)


def mark(path: str, symbol: Symbol) -> Mark:
    """Return what is to be remembered of `symbol` in the file `path`."""
    return Mark(path, symbol.name, symbol.print, symbol.sketch)


def packed(sketch: Sequence[int]) -> str:
    """Return a sketch as text: its 32-bit numbers, little-endian, in base64."""
    return base64.b64encode(struct.pack(f"<{len(sketch)}I", *sketch)).decode().rstrip("=")


def unpacked(text: str) -> tuple[int, ...]:
    """Return the sketch that `packed` wrote; an unreadable one is empty."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return ()
    return struct.unpack(f"<{len(data) // 4}I", data) if len(data) % 4 == 0 else ()


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the estimated share of shingles that two sketched bodies have in common, 0 to 1."""
    mine, theirs = set(one), set(other)
    union = heapq.nsmallest(_KEPT, mine | theirs)
    return sum(1 for each in union if each in mine and each in theirs) / len(union or [0])


def follow(gone: Mark, fresh: Iterable[tuple[str, Symbol]]) -> tuple[str, Symbol] | None:
    """Return where a symbol went that is no longer in its place, or None.

    `fresh` are the symbols, with their paths, that came since. The same body wins, however it is
    called, but where it is so short that it says nothing the name must be the same, or it must be
    the only such one that came where the other was. Then one of the same name does that left its
    class, or entered one, in the same file, and is the same but for `self`. Then the most similar
    body does, from FLOOR on; one of the same name needs half of that.
    """
    candidates = list(fresh)
    same = [one for one in candidates if one[1].print == gone.print]
    telling = [
        one
        for one in same
        if len(one[1].tokens) >= _TELLING or last_name(one[1].name) == gone.last_name
    ]
    beside = [
        one for one in same if one[0] == gone.path and _owner(one[1].name) == _owner(gone.name)
    ]
    same = telling or (beside if len(beside) == 1 else [])
    if same:
        return max(
            same, key=lambda one: (last_name(one[1].name) == gone.last_name, one[0] == gone.path)
        )
    crossed = [one for one in candidates if one[0] == gone.path and _crossed(gone, one[1])]
    if len(crossed) == 1:
        return crossed[0]
    if not gone.sketch:
        return None
    best, score = None, 0.0
    for one in candidates:
        alike = similarity(gone.sketch, one[1].sketch)
        named = last_name(one[1].name) == gone.last_name
        if len(one[1].tokens) < _TELLING and not named:
            continue
        if alike >= (FLOOR / 2 if named else FLOOR) and alike + named > score:
            best, score = one, alike + named
    return best


def _crossed(gone: Mark, fresh: Symbol) -> bool:
    """Tell whether `fresh` is what `gone` was, as a function instead of a method or the reverse."""
    if last_name(fresh.name) != gone.last_name or bool(_owner(fresh.name)) == bool(
        _owner(gone.name)
    ):
        return False
    said = fresh.tokens
    if "def" not in said:
        return False
    at = said.index("def") + 3  # `def`, the name, a bracket
    head, rest = said[:at], said[at:]
    if _owner(fresh.name):
        some = [(*head, *rest[2 if rest[1:2] == (",",) else 1 :])] if rest[:1] in _SELVES else []
    else:
        comma = () if rest[:1] == (")",) else (",",)
        some = [(*head, *one, *comma, *rest) for one in _SELVES]
    return any(Symbol("", 0, 0, one).print == gone.print for one in some)


def last_name(name: str) -> str:
    """Return `keep` for `Cart.keep` and `Cart.keep#2`."""
    return name.partition("#")[0].rpartition(".")[2]


def _owner(name: str) -> str:
    """Return `Cart` for `Cart.keep`."""
    return name.partition("#")[0].rpartition(".")[0]


def hunk(lines: Sequence[str], first: int, count: int) -> Symbol:
    """Return the anchor in a file that nothing here can parse: `count` lines from the line `first`.

    White space at the ends of lines, and lines without anything else, do not count.
    """
    said = tuple(filter(None, (" ".join(one.split()) for one in lines[first - 1 :][:count])))
    return Symbol(f"{_LINES}{first}+{len(said)}>", first, first + count - 1, said)


def find_hunk(gone: Mark, lines: Sequence[str]) -> Symbol | None:
    """Return where the lines of the anchor `gone` stand now, wherever that is, or None."""
    said = [(number, " ".join(one.split())) for number, one in enumerate(lines, 1)]
    said = [one for one in said if one[1]]
    count = int(gone.name.rpartition("+")[2].rstrip(">"))
    for at in range(len(said) - count + 1):
        some = said[at : at + count]
        found = Symbol(gone.name, some[0][0], some[-1][0], tuple(text for _, text in some))
        if found.print == gone.print:
            return found
    return None


def is_hunk(mark: Mark) -> bool:
    """Tell whether `mark` remembers lines of a file that nothing here can parse."""
    return mark.name.startswith(_LINES)


def replaced(gone: Mark, old: Sequence[str], new: Sequence[str]) -> Symbol | None:
    """Return what stands in the lines `new` where the anchor `gone` stood in `old`, or None.

    Where it is not in `old`, what stands at its numbers is meant.
    """
    was = find_hunk(gone, old)
    if was is None or max(len(old), len(new)) > _LONGEST:
        first, _, count = gone.name[len(_LINES) :].rstrip(">").partition("+")
        found = hunk(new, int(first), int(count))
        return found if found.tokens else None
    begin, end = was.first - 1, was.last
    ends: list[int] = []
    for tag, at, to, there, close in SequenceMatcher(None, old, new, False).get_opcodes():
        if at >= end or to <= begin:
            continue
        same = tag == "equal"
        ends += (there + max(begin - at, 0) if same else there,
                 close - max(to - end, 0) if same else close)  # fmt: skip
    found = hunk(new, min(ends) + 1, max(ends) - min(ends))
    return found if found.tokens else None


def _sketch(tokens: Sequence[str]) -> tuple[int, ...]:
    return tuple(heapq.nsmallest(_KEPT, set(_shingles(tokens))))


def _shingles(tokens: Sequence[str]) -> Iterator[int]:
    for at in range(max(1, len(tokens) - _SHINGLE + 1)):
        yield zlib.crc32("\0".join(tokens[at : at + _SHINGLE]).encode(errors="surrogateescape"))
