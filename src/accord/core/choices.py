"""The choices that a question ends with: `Who pays? [the guest | the shop]`.

They are words of the document like all others; each of them is an answer that one key gives.
"""

import re

from accord.errors import ConfigurationError

MOST = 9
"""As many choices have a key of their own."""

_END = re.compile(r"\s\[([^\[\]]*\s\|\s[^\[\]]*)\]\s*\Z")


def taken_apart(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the question without its choices, and the choices in their order.

    There are none where one is empty or said twice, or where there are more than `MOST`: then the
    question is all of `text`, and is answered in words.
    """
    if not (found := _END.search(text)):
        return text, ()
    listed = tuple(" ".join(one.split()) for one in re.split(r"\s\|(?=\s)", f" {found[1]} "))
    if not all(listed) or len(set(listed)) < len(listed) or len(listed) > MOST:
        return text, ()
    return text[: found.start()].rstrip(), listed


def chosen(name: str, text: str, number: int) -> str:
    """Return choice `number`, counted from 1, of the question called `name` that says `text`.

    Raises ConfigurationError where it has no such choice.
    """
    _, listed = taken_apart(text)
    if not 1 <= number <= len(listed):
        there = f"{name} has {len(listed)} choices" if listed else f"{name} has no choices"
        raise ConfigurationError(there, hint=f"accord answer {name} '...'")
    return listed[number - 1]
