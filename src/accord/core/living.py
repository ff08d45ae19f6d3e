"""The living spec: what released changes promise today, and what came in the place of the rest.

A criterion says in lines of its own, nested under it, which earlier ones it takes the place of; a
line anywhere else in a story takes one out of force without a successor. At the release the
earlier criterion gets a line that says so: it stays where it was agreed, with a link.

    - R1.1 WHEN the card is declined THE shop SHALL keep the cart for 90 minutes.
      - Supersedes: guest/R1.1
    Retires: guest/R1.2 because nobody asked for it
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from accord.core import markdown, merging
from accord.core.markdown import Splice
from accord.core.merging import Conflict, Part
from accord.core.model import Criterion, Document, Spec, Stage

_LINE = r"(?im)^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?[*_]*%s[*_]*[ \t]*:[*_]*[ \t]*([^\r\n]+)"
_SUPERSEDES = re.compile(_LINE % "Supersedes")
_RETIRES = re.compile(_LINE % "Retires")
_ENDED = re.compile(_LINE % "(Superseded by|Retired by)")
_TARGET = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,127})/([A-Za-z][\w~-]*\d[\w.~-]*)")
_TAIL = re.compile(r"\s*[*_]*(?:Supersedes|Superseded by|Retired by)[*_]*\s*:.*\Z", re.DOTALL)
_BECAUSE = re.compile(r"\s+because\s+", re.IGNORECASE)


@frozen
class Ending:
    """The end of a criterion of an earlier change, as a line of a story asks for it.

    `by` is the criterion that takes its place; empty: nothing does, and `why` says why. `path` and
    `line` are where it is asked for.
    """

    change: str
    criterion: str
    by: str
    why: str
    path: str
    line: int


def endings(spec: Spec) -> tuple[Ending, ...]:
    """Return what the story of `spec` takes out of force, in file order."""
    found: list[Ending] = []
    for document in spec.documents:
        if spec.layout.stage(document.path) is Stage.STORY:
            found += _superseded(document)
            found += _retired(document)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.path, one.line)))


def _superseded(document: Document) -> Iterator[Ending]:
    for item in document.items:
        if not isinstance(item, Criterion):
            continue
        source = document.data[item.place.start : item.place.end].decode(errors="replace")
        for line in _SUPERSEDES.finditer(source):
            at = item.place.line + source.count("\n", 0, line.start(1))
            for change, criterion in _TARGET.findall(line[1]):
                yield Ending(change, criterion, item.id, "", document.path, at)


def _retired(document: Document) -> Iterator[Ending]:
    text = document.data.decode(errors="replace")
    for line in _RETIRES.finditer(text):
        names, *because = _BECAUSE.split(line[1].strip(), maxsplit=1)
        at = 1 + text.count("\n", 0, line.start(1))
        for change, criterion in _TARGET.findall(names):
            yield Ending(change, criterion, "", " ".join(because), document.path, at)


def ended(document: Document, item: Criterion) -> str:
    """Return what a criterion says of its own end (`superseded by pay/R1.1`), or ''."""
    source = document.data[item.place.start : item.place.end]
    if b" by" not in source:  # most say nothing, and are asked often
        return ""
    found = _ENDED.search(source.decode(errors="replace"))
    return f"{found[1].lower()} {found[2].strip()}" if found else ""


def words(item: Criterion) -> str:
    """Return what a criterion says, without what it says of other criteria."""
    return _TAIL.sub("", item.text)


def clash(
    base: Sequence[Part], ours: Sequence[Part], gone: Iterable[str]
) -> tuple[Conflict, ...]:  # fmt: skip
    """Return what keeps the parts called `gone` from going: what changed in them since `base`.

    `base` is the document as it was when the change was begun, `ours` as it is now: the change
    made of it what it was, without these parts.
    """
    names = frozenset(gone)
    return merging.merge(base, ours, tuple(_without(base, names))).conflicts


def _without(parts: Iterable[Part], gone: frozenset[str]) -> Iterator[Part]:
    for one in parts:
        if one.name not in gone:
            yield evolve(one, parts=tuple(_without(one.parts, gone)))


def marked(document: Document, item: Criterion, change: str, ending: Ending) -> bytes:
    """Return the document's bytes with a line under `item` that says what ended it."""
    data, place = document.data, item.place
    line_end = markdown.newline(data)
    source = data[place.start : place.end]
    head = source[: len(source) - len(source.lstrip(b" \t"))]
    digits = len(source.strip()) - len(source.strip().lstrip(b"0123456789"))
    # What is nested stands as far in as the words of the item do.
    indent = head + b" " * (digits + 2 if digits else 2)
    because = f" because {ending.why}" if ending.why else ""
    said = f"Superseded by: {change}/{ending.by}" if ending.by else f"Retired by: {change}{because}"
    before = b"" if source.endswith((b"\n", b"\r")) else line_end
    new = before + indent + b"- " + said.encode() + (line_end if not before else b"")
    return markdown.splice(data, [Splice(place.end, place.end, new)])
