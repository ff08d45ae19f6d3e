"""Whether two patterns of paths can name the same file, told from the patterns alone.

The patterns are those of gitignore: one without a slash counts at any depth, and what names a
folder names all that lies below; a name with an ending (`cart.py`) is taken for that of a file.
Else the answer errs to yes: `[a-z]` counts as any one character, and a pattern that takes
something back (`!`) claims nothing and takes nothing away.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

_ANY = ""  # one character, whichever
_STAR = None  # as many as one likes, none too
Token = str | None
_FILE = re.compile(r"[^/]\.(?!d$)[A-Za-z]\w{0,7}$")


def shared(one: Sequence[str], other: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of patterns, one of each side, that can name the same file."""
    return tuple((left, right) for left in one for right in other if meet(left, right))


def claims_all(patterns: Sequence[str]) -> bool:
    """Tell whether one of `patterns` is every path there is, which says nothing about any."""
    return any(not _parts(one).replace("**", "").strip("/*") for one in patterns if _claims(one))


@lru_cache(maxsize=65_536)
def meet(one: str, other: str) -> bool:
    """Tell whether a file can match both gitignore patterns."""
    if not (_claims(one) and _claims(other)):
        return False
    return _meet(_segments(one), _segments(other), _alike)


def _claims(pattern: str) -> bool:
    return bool(pattern.strip().strip("/")) and not pattern.startswith(("!", "#"))


def _parts(pattern: str) -> str:
    return pattern.strip().strip("/")


@lru_cache(maxsize=4096)
def _segments(pattern: str) -> tuple[Token, ...]:
    """Return the parts of a pattern from the root of the repository down; `**` is _STAR."""
    text = pattern.strip()
    inner = text.rstrip("/")
    parts: list[Token] = [_STAR if one == "**" else one for one in inner.strip("/").split("/")]
    anywhere = [] if "/" in inner else [_STAR]
    below = [] if _FILE.search(inner) and inner == text else [_STAR]
    return (*anywhere, *parts, *below)


@lru_cache(maxsize=4096)
def _tokens(segment: str) -> tuple[Token, ...]:
    found: list[Token] = []
    at = 0
    while at < len(segment):
        letter = segment[at]
        end = segment.find("]", at + 2) if letter == "[" else -1
        if letter == "\\" and at + 1 < len(segment):
            at += 1
            found.append(segment[at])
        elif letter == "*":
            found.append(_STAR)
        elif letter == "?" or end > 0:
            found.append(_ANY)
            at = max(at, end)
        else:
            found.append(letter)
        at += 1
    return tuple(found)


def _alike(one: Token, other: Token) -> bool:
    return one == other or _meet(_tokens(one or ""), _tokens(other or ""), _same)


def _same(one: Token, other: Token) -> bool:
    return one == other or _ANY in (one, other)


def _meet(
    one: Sequence[Token], other: Sequence[Token], alike: Callable[[Token, Token], bool]
) -> bool:
    """Tell whether two rows of tokens can stand for the same row, by dynamic programming.

    It goes from the ends backwards, row by row, so that no pattern is too long for it.
    """
    below: list[bool] = []
    for i in range(len(one), -1, -1):
        row = [False] * (len(other) + 1)
        for j in range(len(other), -1, -1):
            more, rest = i < len(one), j < len(other)
            if not more and not rest:
                row[j] = True
            elif more and one[i] is _STAR:
                row[j] = below[j] or (rest and row[j + 1])
            elif rest and other[j] is _STAR:
                row[j] = row[j + 1] or (more and below[j])
            else:
                row[j] = more and rest and below[j + 1] and alike(one[i], other[j])
        below = row
    return below[0]
