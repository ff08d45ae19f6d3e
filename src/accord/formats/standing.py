"""Rules that stand above every spec: Kiro's steering files and spec-kit's constitution.

.kiro/steering/*.md              | .specify/memory/constitution.md
---                              | ## Core Principles
inclusion: fileMatch             | ### I. Test first
fileMatchPattern: "src/**/*.ts"  | ...
---                              | **Version**: 1.2.0 | **Ratified**: 2026-01-02
"""

import re
from collections.abc import Mapping

from attrs import frozen

from accord.core import markdown
from accord.core.markdown import BlockKind

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"(?m)^([A-Za-z]\w*)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t]+-[^\r\n]*)*)")
_WORDS = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^,\[\]\s#][^,\[\]#\r\n]*)")
_PRINCIPLE = re.compile(r"(?:[IVXLC]+|\d+)[.:)]\s+")
_FOOTER = re.compile(r"\*\*(Version|Ratified|Last Amended)\*\*:\s*([^|\r\n]+)")


@frozen
class Steering:
    """One steering file: when it counts (`always`, `fileMatch`, `manual`, `auto`), and its text.

    `patterns` are the globs of the files for which it counts, `name` and `description` what an
    `auto` one is chosen by.
    """

    inclusion: str
    patterns: tuple[str, ...]
    name: str
    description: str
    text: str


@frozen
class Constitution:
    """The principles by title, with their text, and what the footer says."""

    title: str
    principles: tuple[tuple[str, str], ...]
    footer: Mapping[str, str]


def steering(data: bytes) -> Steering:
    """Return the steering file in `data`. Raises UnreadableError when it is not UTF-8.

    Without a head it always counts, as Kiro takes it.
    """
    text = markdown.decode(data)
    front = _FRONT.match(text)
    found = dict(_KEY.findall(front[1])) if front else {}
    body = text[front.end() :] if front else text

    def words(key: str) -> tuple[str, ...]:
        value = re.sub(r"(?m)^[ \t]+-[ \t]*", ",", found.get(key, ""))
        return tuple(next(filter(None, one)).strip() for one in _WORDS.findall(value) if any(one))

    def one(key: str) -> str:
        return " ".join(found.get(key, "").strip().strip("\"'").split())

    inclusion = one("inclusion") or "always"
    return Steering(
        inclusion, words("fileMatchPattern"), one("name"), one("description"), body.lstrip("\r\n")
    )


def constitution(data: bytes) -> Constitution:
    """Return the constitution in `data`. Raises UnreadableError when it is not UTF-8.

    A principle is a heading of level 3, or one with a number (`## II. Simplicity`); its text
    goes on to the next heading of its level or above.
    """
    text = markdown.decode(data)
    blocks = [one for one in markdown.parse(data) if one.kind is BlockKind.HEADING]
    title = next((one.text for one in blocks if one.level == 1), "")
    found = []
    for at, head in enumerate(blocks):
        numbered = _PRINCIPLE.match(head.text)
        if head.level == 3 or (head.level == 2 and numbered):
            ends = (one.start for one in blocks[at + 1 :] if one.level <= head.level)
            own = data[head.end : next(ends, len(data))].decode().strip()
            found.append((head.text[numbered.end() if numbered else 0 :], own))
    footer = {name.lower(): value.strip() for name, value in _FOOTER.findall(text)}
    return Constitution(title, tuple(found), footer)
