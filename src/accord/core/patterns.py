"""Regular expressions that other people wrote, matched in time that grows with the text alone.

RE2 (https://github.com/google/re2/wiki/Syntax) has no backtracking, so no expression and no text
can make it slow; what would need backtracking (look-ahead, back-references) it does not compile.
A limit of time would give another answer on a busy machine; this gives the same one everywhere.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped] # it comes without types

LONGEST = 1000
MEMORY = 2**20


class PatternError(ValueError):
    """Raised for an expression that cannot be matched safely; says why."""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    if len(pattern) > LONGEST:
        raise PatternError(f"it is longer than {LONGEST} characters")
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    try:
        return re2.compile(f"(?m){pattern}", options)
    except re2.error as error:
        words = error.args[0]
        said = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        raise PatternError(said) from None


def fault(pattern: str) -> str:
    """Return why `pattern` cannot be used, or an empty string."""
    try:
        _compiled(pattern)
    except PatternError as error:
        return str(error)
    return ""


def found(pattern: str, text: str) -> bool:
    """Tell whether `pattern` matches anywhere in `text`. Raises PatternError."""
    return _compiled(pattern).search(text) is not None


def spots(pattern: str, text: str, most: int = 20) -> Iterator[tuple[int, str]]:
    """Yield (offset, matched text) of the first matches in `text`. Raises PatternError."""
    for number, match in enumerate(_compiled(pattern).finditer(text)):
        if number >= most:
            return
        yield match.start(), match.group(0)
