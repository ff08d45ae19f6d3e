"""A line without the words that the line above it has in the same place.

As in a table or a bibliography, a ditto mark stands for what a part of a line (its condition, who
responds, the response) begins or ends with where the part above begins or ends with the same. It
stands for whole words, never for a piece of what is quoted or code, never across parts, and
whoever wants the words has them: each mark knows what it stands for.
"""

import re
from collections.abc import Sequence

from attrs import frozen

MARK = "″"
# One word is as short as the mark; the last words of a line have to be more to be recognised.
HEAD_WORDS = 1
TAIL_WORDS = 2
_TOKEN = re.compile(r"\S+\s*")
_WORD = re.compile(r"\w[\w'’-]*")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"))


@frozen
class Part:
    """One part of a line: what it is, what it says and what leads to the next part."""

    role: str
    text: str
    mark: str = ""


@frozen
class Piece:
    """What is shown of a line, and what it stands for where it is a mark."""

    shown: str
    stands_for: str = ""


def pieces(line: Sequence[Part], above: Sequence[Part] = ()) -> tuple[Piece, ...]:
    """Return what is shown of `line` right beneath `above`.

    What the pieces show, each mark with what it stands for in its place, is the line.
    """
    said = {one.role: one.text for one in above}
    found: list[Piece] = []
    for one in line:
        found += [*_beneath(one.text, said.get(one.role, "")), Piece(one.mark)]
    return tuple(one for one in found if one.shown)


def _beneath(text: str, above: str) -> list[Piece]:
    if not above or not text:
        return [Piece(text)]
    if text == above:
        return [Piece(MARK, text)]
    words, before = _TOKEN.findall(text), _TOKEN.findall(above)
    head = _head(words, before)
    tail = _tail(words[head:], before[head:])
    middle = words[head : len(words) - tail]
    return [
        *_marked("".join(words[:head])),
        Piece("".join(middle)),
        *_marked("".join(words[len(words) - tail :])),
    ]


def _marked(text: str) -> list[Piece]:
    """Return a mark for `text`, with the blanks that follow it."""
    if not text:
        return []
    bare = text.rstrip()
    return [Piece(MARK, bare), Piece(text[len(bare) :])]


def _head(words: Sequence[str], before: Sequence[str]) -> int:
    """Return how many tokens both begin with, as few as leave quotes and brackets whole."""
    same = _same(words, before)
    while same and not _whole("".join(words[:same])):
        same -= 1
    return same if _count(words[:same]) >= HEAD_WORDS and same < len(words) else 0


def _tail(words: Sequence[str], before: Sequence[str]) -> int:
    same = min(_same(words[::-1], before[::-1]), len(words) - 1)
    while same > 0 and not _whole("".join(words[len(words) - same :])):
        same -= 1
    return same if same > 0 and _count(words[len(words) - same :]) >= TAIL_WORDS else 0


def _same(words: Sequence[str], before: Sequence[str]) -> int:
    pairs = zip(words, before, strict=False)
    return next(
        (at for at, (one, other) in enumerate(pairs) if one.rstrip() != other.rstrip()),
        min(len(words), len(before)),
    )


def _whole(text: str) -> bool:
    """Tell whether nothing that is quoted, code or in brackets is cut off in `text`."""
    paired = all(text.count(left) == text.count(right) for left, right in _PAIRS)
    return paired and not any(text.count(one) % 2 for one in '"`')


def _count(words: Sequence[str]) -> int:
    return len(_WORD.findall("".join(words)))
