"""A spec without the clothes of its format: what conversion carries from one to another."""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from accord.core import markdown
from accord.core.delta import source
from accord.core.markdown import BlockKind
from accord.core.model import (
    Assumption,
    Criterion,
    Document,
    Item,
    ItemKind,
    Question,
    Requirement,
    Section,
    Spec,
    Task,
)

_GROUPS = (
    ("FR", "Functional requirements"),
    ("SC", "Success criteria"),
    ("EC", "Edge cases"),
    ("", "Further criteria"),
)
_FIELD = re.compile(r"(?i)\W*(?:satisfies|touches|after|verify|status)\W")
_LINKS = re.compile(
    r"(?i)[\W_]*(?:satisfies|touches|after|requirements?|boundary|depends)[\W_]*:[\W\d_]*"
    r"(?:(?:[A-Z]{0,4}-?\d[\w.]*|[\w*.-]*/[\w*./-]*)[\W_]*)*\Z"
)
_VERIFIES = re.compile(r"(?i)[\W_]*verify[\W_]*:")
_EDGES = re.compile(r"(?<!\w)[*_`]+(?=\w)|(?<=[\w.:)])[*_`]+(?!\w)")
_STORIES = ("requirements.md", "spec.md", "proposal.md", "bugfix.md")
_LABEL = re.compile(r"\W*[^\W\d]{2,24}[^:：]{0,12}[:：]")
_BULLET = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")


@frozen
class Group:
    """A requirement: its id, title and story, and the criteria in it by their ids."""

    id: str
    title: str
    body: str
    criteria: tuple[tuple[str, str], ...]


@frozen
class Work:
    """A task, and the lines below its own that say more than its links do."""

    task: Task
    details: tuple[str, ...]


@frozen
class Note:
    """A question or an assumption: whether it is dealt with, and how."""

    id: str
    text: str
    state: str
    answer: str
    risk: str = ""


@frozen
class Plain:
    """A spec as every format could hold it; `files` are carried as they are.

    `loose` is text that stands in no item: where it stood, and its lines.
    """

    title: str
    intro: str
    groups: tuple[Group, ...]
    questions: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    sections: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    tasks: tuple[Work, ...]
    files: tuple[Document, ...]
    loose: tuple[tuple[str, str], ...]


def plain(spec: Spec) -> Plain:
    """Return what `spec` says, in its order."""
    documents = [one for one in spec.documents if one.items[0].kind is ItemKind.FRAME]
    documents.sort(key=lambda one: one.path not in _STORIES)
    files = tuple(one for one in spec.documents if one.items[0].kind is not ItemKind.FRAME)
    intro, loose = _loose(documents)
    first = next((one for one in documents if one.title), None)
    return Plain(
        first.title if first else "Untitled",
        intro,
        tuple(_groups(documents)),
        tuple(_note(one) for one in spec.questions),
        tuple(_note(one) for one in spec.assumptions),
        tuple(
            (item.id, item.text, _body(document, item), item.satisfies)
            for document in documents
            for item in document.items
            if isinstance(item, Section)
        ),
        tuple(
            Work(item, tuple(_details(document, item)))
            for document in documents
            for item in document.items
            if isinstance(item, Task)
        ),
        files,
        loose,
    )


def _note(item: Question | Assumption) -> Note:
    risk = item.risk if isinstance(item, Assumption) else ""
    return Note(item.id, one_line(item.text), item.standing, one_line(item.answer), risk)


def one_line(text: str) -> str:
    """Return `text` with every run of spaces and line ends as one space."""
    return " ".join(text.split())


def _groups(documents: Sequence[Document]) -> Iterator[Group]:
    for document in documents:
        heads = [one for one in document.items if isinstance(one, Requirement)]
        inside: dict[str, list[tuple[str, str]]] = {one.id: [] for one in heads}
        alone: list[Criterion] = []
        for item in document.items:
            if isinstance(item, Criterion):
                owner = _owner(item, heads)
                if owner:
                    inside[owner].append((item.id, one_line(item.text)))
                else:
                    alone.append(item)
        for head in heads:
            yield Group(head.id, head.text, _body(document, head), tuple(inside[head.id]))
        for start, title in _GROUPS:
            rows = [one for one in alone if start and one.id.startswith(start)]
            rows = rows if start else [
                one for one in alone if not one.id.startswith(tuple(s for s, _ in _GROUPS if s))
            ]  # fmt: skip
            if rows:
                criteria = tuple((one.id, one_line(one.text)) for one in rows)
                yield Group(f"#{start or 'rest'}", title, "", criteria)


def _owner(item: Criterion, heads: Sequence[Requirement]) -> str:
    owners = [one.id for one in heads if item.id.startswith((f"{one.id}.", f"{one.id}/"))]
    return max(owners, key=len, default="")


def _body(document: Document, item: Item) -> str:
    """Return what stands below the heading of an item, without the items inside it."""
    lines = source(document, item).replace("\r\n", "\n").split("\n")[1:]
    kept = [line for line in lines if not line.lstrip().startswith("#### Acceptance")]
    return "\n".join(kept).strip("\n")


def _details(document: Document, task: Task) -> Iterator[str]:
    """Yield the lines of a task below its first, without those that its fields were read from.

    What looks like a field is written so that no format reads one: ids are others by then, and a
    command must never come over from another file.
    """
    for line in source(document, task).replace("\r\n", "\n").split("\n")[1:]:
        words = one_line(_BULLET.sub("", line, count=1))
        if not words or _VERIFIES.match(words) or _LINKS.match(words):
            continue
        if _LABEL.match(words) or words.startswith("_") or " _" in words:
            words = "Detail: " + _EDGES.sub("", words)
        yield words


def _loose(documents: Sequence[Document]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the introduction, and the text outside every item with where it stood."""
    intro: list[str] = []
    rest: list[tuple[str, str]] = []
    for document in documents:
        inside = [one.place for one in document.items if one.kind is not ItemKind.FRAME]
        heading = ""
        for block in markdown.parse(document.data, document.path):
            if block.kind is BlockKind.HEADING:
                heading = block.text if block.level > 1 else ""
                continue
            covered = any(one.start <= block.start < one.end for one in inside)
            if covered or block.kind is BlockKind.BLANK:
                continue
            text = document.data[block.start : block.end].decode().strip("\r\n")
            if not heading and document is documents[0]:
                intro.append(text)
            else:
                where = f"{document.path}: {heading}" if heading else document.path
                rest.append((where, text))
    return "\n\n".join(intro), tuple(rest)


def fields_free(body: str) -> str:
    """Return a section's body without lines that would be read as links of another format."""
    return "\n".join(line for line in body.split("\n") if not _FIELD.match(line)).strip("\n")
