"""A wording for a sentence that code no longer does, from what changed in the code.

Where a line of code had a number, a text or a name replaced by another one, and the sentence says
the old one, the new one is put in its place. Nothing is made up: where nothing fits, nothing is
proposed.
"""

import difflib
import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\d+(?:[.,]\d+)*|[^\W\d]\w*|[^\s\w]")
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_SHORTEST = 3


def proposed(words: str, changes: Iterable[tuple[str, str]]) -> str:
    """Return the sentence `words` as the code has it now, or '' where that cannot be told.

    `changes` are lines of code, before and after.
    """
    replaced: dict[str, str] = {}
    for was, now in changes:
        for old, new in _replaced(was, now):
            if replaced.setdefault(old, new) != new:
                return ""  # one thing became two
    said = words
    for old, new in replaced.items():
        said = _put(said, old, new)
    return said if said != words else ""


def _replaced(was: str, now: str) -> Iterable[tuple[str, str]]:
    old, new = _TOKEN.findall(was), _TOKEN.findall(now)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, at, end, there, close in matcher.get_opcodes():
        if tag == "replace" and end - at == close - there:
            for one, other in zip(old[at:end], new[there:close], strict=True):
                if _kind(one) and _kind(one) == _kind(other):
                    yield one.strip("\"'"), other.strip("\"'")


def _kind(token: str) -> str:
    if token[0] in "\"'":
        return "text" if token.strip("\"'").strip() else ""
    if token[0].isdigit():
        return "number"
    return "name" if token.isidentifier() and len(token) >= _SHORTEST else ""


def _put(words: str, old: str, new: str) -> str:
    """Return `words` with `old` replaced by `new` wherever it stands as a word of its own."""
    forms = {old: new}
    if old.isdigit() and int(old) < len(_NUMBERS):
        spelled = new.isdigit() and int(new) < len(_NUMBERS)
        forms[_NUMBERS[int(old)]] = _NUMBERS[int(new)] if spelled else new
    for one, other in forms.items():
        pattern = rf"(?<![\w.]){re.escape(one)}(?!\w|[.,]\d)"
        words = other.join(re.split(pattern, words, flags=re.IGNORECASE))
    return words
