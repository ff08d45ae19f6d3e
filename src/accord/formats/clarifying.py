"""Questions in the text of a host's document, and their answers written in their place.

    - **FR-001**: System MUST keep the cart for [NEEDS CLARIFICATION: how long?]
    **Storage**: NEEDS CLARIFICATION         (a bare one)
    - Q: Are guests known?                   (spec-kit's own list)

spec-kit has the marker of its own; agents are asked to write it in every format that has no other
place for a question. The answer stands where the marker stood; no other byte changes.
"""

import re
from collections.abc import Iterator

from attrs import evolve

from accord.core import markdown
from accord.core.markdown import BlockKind, Splice
from accord.core.model import Document, ItemKind, Place, Question, Standing, sha256

_OPENS = b"[NEEDS CLARIFICATION"
_MARKER = re.compile(
    rb"\[NEEDS CLARIFICATION\b(?!\][ \t]+(?:marker|item))((?:[^\[\]]|\[[^\[\]]*+\])*+)\]"
)
_BARE = re.compile(rb"(?i)NEEDS CLARIFICATION[ \t]*\Z")
_LISTED = re.compile(rb"\s*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\W{0,4}Q[0-9]{0,4}\W{0,2}:")
_UNREAD = (BlockKind.FENCE, BlockKind.COMMENT)


def asked(document: Document) -> Document:
    """Return the document with a question for each marker in it, named after its words."""
    if _OPENS not in document.data:
        return document
    counts: dict[str, int] = {}
    found = []
    for place, words in _markers(document):
        name = "Q#" + sha256(f"{document.path}\n{words}".encode())[:8]
        counts[name] = counts.get(name, 0) + 1
        name = name if counts[name] == 1 else f"{name}~{counts[name]}"
        own = sha256(document.data[place.start : place.end])
        found.append(Question(name, ItemKind.QUESTION, place, words, own))
    frame, *items = document.items
    items = sorted([*items, *found], key=lambda one: (one.place.start, -one.place.end))
    return evolve(document, items=(frame, *items))


def _markers(document: Document) -> Iterator[tuple[Place, str]]:
    data = document.data
    for block in markdown.parse(data, document.path):
        if block.kind in _UNREAD:
            continue
        for match in _MARKER.finditer(data, block.start, block.end):
            line = block.line + data.count(b"\n", block.start, match.start())
            words = " ".join(match[1].strip(b" :-\r\n").decode().split()) or match[0].decode()
            yield Place(document.path, match.start(), match.end(), line), words


def answer(document: Document, question: Question, words: str) -> bytes | None:
    """Return the document's bytes with `words` in place of the marker, or behind the question.

    Line breaks in `words` become spaces. None where the question is neither a marker nor an open
    entry of spec-kit's list: the text has no place for an answer then.
    """
    said = " ".join(words.split()).encode()
    start, end = question.place.start, question.place.end
    source = document.data[start:end]
    if source.upper().startswith(_OPENS):  # one that nobody closed ends with the words of its item
        return markdown.splice(document.data, [Splice(start, start + len(source.rstrip()), said)])
    if bare := _BARE.search(source):
        return markdown.splice(document.data, [Splice(start + bare.start(), end, said)])
    if question.standing is Standing.OPEN and _LISTED.match(source):
        at = start + len(source.rstrip())
        return markdown.splice(document.data, [Splice(at, at, " → A: ".encode() + said)])
    return None
