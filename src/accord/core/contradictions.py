"""Statements that cannot both hold, told by their words alone.

Two sentences contradict each other when they say the same of the same subject but for a number, a
list of values, or a NOT. What is the same is decided narrowly: all words that carry meaning, the
condition included, in the same order. So little is found, and what is found is worth reading.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

FEWEST_WORDS = 4

_MODAL = re.compile(r"\b(?:SHALL|MUST)\b")
_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=\S)")
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
_MARKS = str.maketrans("", "", "*_`\"“”'")
_TOKEN = re.compile(r"[^\W\d_]\w*(?:-\w+)*|\d[\d.,:]*\d|\d|@\w+")
_LIST = re.compile(
    r"\b[\w.+-]+(?:\s?[,/|]\s?(?!(?:and|or)\b)[\w.+-]+)+(?:\s?,?\s(?:and|or)\s[\w.+-]+)"
    r"|\b[\w.+-]+(?:\s?[,/|]\s?(?!(?:and|or)\b)[\w.+-]+){2,}"
)
_INTRODUCED = re.compile(
    r"(?:\bone of|\beither|\bonly|\bvalues?|\bstates?|\bstatus(?:es)?|:|\()\W*\Z"
)
_DENIED = re.compile(r"\b(shall|must) (?:not|never)\b")
_EMPTY = frozenset(
    "a an the of to for in on at is are be been with and or that this these those by from as it "
    "its their his her then when will".split()
)
_LISTING = ("one of", "either", "only", "value", "state", "status", ":", "(")
_DIGITS = frozenset("0123456789")
_MODALS = frozenset(("shall", "must"))


@frozen
class Statement:
    """One sentence that binds: `key` is what it speaks of, `value` what it says of that.

    `line` counts from 1 in the file at `path`; `item` tells it from all others: two statements of
    one item never contradict each other, whichever files they stand in.
    """

    key: str
    value: str
    path: str
    line: int
    item: str


@frozen
class Contradiction:
    """Two statements about one thing, and in what they differ."""

    one: Statement
    other: Statement
    about: str


def said(text: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of each sentence in `text` that says SHALL or MUST."""
    if "SHALL" not in text and "MUST" not in text:
        return
    for sentence in _SENTENCE.split(text):
        if _MODAL.search(sentence):
            found = _read(sentence)
            if found is not None:
                yield found


def _read(sentence: str) -> tuple[str, str] | None:
    words = (_LINK.sub("", sentence) if "](" in sentence else sentence).lower().translate(_MARKS)
    lists: list[str] = []
    if any(mark in words for mark in _LISTING):
        words = _LIST.sub(lambda match: _taken(match, lists), words)
    denied = _DENIED.sub(r"\1", words) if "not" in words or "never" in words else words
    tokens = [token for token in _TOKEN.findall(denied) if token not in _EMPTY]
    numbers = [token.rstrip(".,:") for token in tokens if token[0] in _DIGITS]
    if numbers:
        tokens = ["#" if one[0] in _DIGITS else one for one in tokens]
    tokens = ["!" if token in _MODALS else token for token in tokens]
    if len(tokens) - len(numbers) - tokens.count("!") < FEWEST_WORDS:
        return None
    return " ".join(tokens), "|".join(
        ["NOT" if len(denied) < len(words) else "", " ".join(numbers), *lists]
    )


def _taken(match: re.Match[str], lists: list[str]) -> str:
    # Only a list that says which values there are; others are part of the subject.
    if not _INTRODUCED.search(match.string[: match.start()]):
        return match[0]
    parts = re.split(r"\s?[,/|]\s?|\s(?:and|or)\s", match[0])
    bare = (part.removeprefix("and ").removeprefix("or ").strip(" .") for part in parts)
    lists.append(" ".join(sorted(filter(None, bare))))
    return "@list"


def find(statements: Iterable[Statement]) -> Iterator[Contradiction]:
    """Yield the pairs that contradict each other: what differs from the first to say something."""
    groups: dict[str, list[Statement]] = {}
    for one in statements:
        groups.setdefault(one.key, []).append(one)
    for group in groups.values():
        if len(group) > 1:
            yield from _within(group)


def _within(group: Sequence[Statement]) -> Iterator[Contradiction]:
    base, seen = group[0], {group[0].value}
    for one in group[1:]:
        if one.value not in seen and one.item != base.item:
            seen.add(one.value)
            yield Contradiction(base, one, _difference(base.value, one.value))


def _difference(one: str, other: str) -> str:
    ours, theirs = one.split("|"), other.split("|")
    if ours[0] != theirs[0]:
        return "one says SHALL, the other SHALL NOT"
    if ours[1] != theirs[1]:
        return f"one says {ours[1] or 'no number'}, the other {theirs[1] or 'no number'}"
    pairs = zip(ours[2:], theirs[2:], strict=False)
    left, right = next(((a, b) for a, b in pairs if a != b), ("", ""))
    return f"one lists {left.replace(' ', ', ')}, the other {right.replace(' ', ', ')}"
