"""A spec without the clothes of its format: what conversion carries from one to another."""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

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
from accord.formats import openspec
from accord.formats.openspec import Delta

_GROUPS = (
    ("FR", "Functional requirements"),
    ("SC", "Success criteria"),
    ("EC", "Edge cases"),
    ("", "Further criteria"),
)
_FIELD = re.compile(
    r"(?i)[ \t]*(?:[-*+][ \t]+)?\**(?:satisfies|touches|after|verify|answer|correction)\**:"
)
_LINKS = re.compile(
    r"(?i)[\W_]*(?:satisfies|touches|after|requirements?|boundary|depends)[\W_]*:[\W\d_]*"
    r"(?:(?:[A-Z]{0,4}-?\d[\w.]*|[\w*.-]*/[\w*./-]*)[\W_]*)*\Z"
)
_VERIFIES = re.compile(r"(?i)[\W_]*verify[\W_]*:")
_EDGES = re.compile(r"(?<!\w)[*_`]+(?=\w)|(?<=[\w.:)])[*_`]+(?!\w)")
_STORIES = ("requirements.md", "spec.md", "proposal.md", "bugfix.md")
_LABEL = re.compile(r"\W*[^\W\d]{2,24}[^:：]{0,12}[:：]")
_BULLET = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?:Scenario:)?\s*(.*?)[\s#]*\Z", re.IGNORECASE)
_OWN_NAME = re.compile(r"(?i)(?:feature (?:specification|spec)|change|proposal|bugfix):\s*(?=\S)")
# Titles and headings that a format has everywhere: they say nothing of this spec.
_NO_NAME = re.compile(
    r"(?i)(?:requirements|bugfix requirements|bugfix)(?: document)?|change proposal|proposal|spec"
)
_FRAME = re.compile(
    r"(?i)(?:(?:added|modified|removed|renamed|functional|non-functional) )?requirements"
    r"|introduction|purpose|overview|questions|assumptions|out of scope|acceptance criteria"
    r"|user scenarios.*|edge cases|success criteria|measurable outcomes|clarifications|glossary"
    r"|(?:review )?tasks|key entities"
)


@frozen
class Point:
    """A criterion: its id, its words, and the name that it has besides, if any."""

    id: str
    words: str
    name: str = ""

    @property
    def text(self) -> str:
        """Return the words behind the name, for a format where a criterion has none."""
        return f"{self.name}: {self.words}" if self.name else self.words


@frozen
class Group:
    """A requirement: its id, title and story, and the criteria in it."""

    id: str
    title: str
    body: str
    criteria: tuple[Point, ...]


@frozen
class Work:
    """A task with the words of its own line, and the lines below that say more than its links."""

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

    `name` is that of its folder. `loose` is what no item of another format can hold: where it
    stood, why it is left, and its lines.
    """

    name: str
    title: str
    intro: str
    groups: tuple[Group, ...]
    questions: tuple[Note, ...]
    assumptions: tuple[Note, ...]
    sections: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    tasks: tuple[Work, ...]
    files: tuple[Document, ...]
    loose: tuple[tuple[str, str, str], ...]


def plain(spec: Spec, name: str, form: str) -> Plain:
    """Return what `spec` says, in its order; `name` is that of its folder, `form` its format's."""
    documents = [one for one in spec.documents if one.items[0].kind is ItemKind.FRAME]
    documents.sort(key=lambda one: one.path not in _STORIES)
    files = tuple(one for one in spec.documents if one.items[0].kind is not ItemKind.FRAME)
    steps = {
        step.item: step.delta
        for one in documents
        if form == "openspec"
        for step in openspec.operations(one.path, one.data)
    }
    intro, loose = _loose(documents)
    gone = {one for one, delta in steps.items() if delta in (Delta.REMOVED, Delta.RENAMED)}
    return Plain(
        name,
        _title(documents, name),
        intro,
        tuple(one for one in _groups(documents) if one.id not in gone),
        tuple(_note(one) for one in spec.questions),
        tuple(_note(one) for one in spec.assumptions),
        tuple(
            (item.id, item.text, _body(document, item), item.satisfies)
            for document in documents
            for item in document.items
            if isinstance(item, Section)
        ),
        tuple(
            _work(document, item)
            for document in documents
            for item in document.items
            if isinstance(item, Task)
        ),
        files,
        (*_steps(documents, steps), *loose),
    )


def _title(documents: Sequence[Document], name: str) -> str:
    """Return what a spec calls itself; the name of its folder where its title names the format."""
    story = next((one.title for one in documents if one.path in _STORIES and one.title), "")
    own = _OWN_NAME.sub("", one_line(story), count=1)
    return name if not own or _NO_NAME.fullmatch(own) else own


def _steps(
    documents: Sequence[Document], steps: Mapping[str, Delta]
) -> Iterator[tuple[str, str, str]]:
    """Yield what only a delta can say: that a requirement goes, or is to be called otherwise."""
    for document in documents:
        for item in document.items:
            delta = steps.get(item.id) if isinstance(item, Requirement) else None
            if delta in (Delta.REMOVED, Delta.RENAMED):
                why = "no other format can say that a requirement goes or is renamed"
                text = _lines(document, item)
                yield f"{document.path}: {delta} {item.text}", why, "\n".join(text)
            elif delta is Delta.MODIFIED:
                why = "the new text is carried, and not that it takes the place of an older one"
                yield f"{document.path}: {delta} {item.text}", why, f"MODIFIED {item.text}"


def _note(item: Question | Assumption) -> Note:
    risk = item.risk if isinstance(item, Assumption) else ""
    return Note(item.id, one_line(item.text), item.standing, one_line(item.answer), risk)


def one_line(text: str) -> str:
    """Return `text` with every run of spaces and line ends as one space."""
    return " ".join(text.split())


def _groups(documents: Sequence[Document]) -> Iterator[Group]:
    for document in documents:
        heads = [one for one in document.items if isinstance(one, Requirement)]
        inside: dict[str, list[Point]] = {one.id: [] for one in heads}
        alone: list[Criterion] = []
        for item in document.items:
            if isinstance(item, Criterion):
                owner = _owner(item, heads)
                if owner:
                    inside[owner].append(_point(document, item))
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
                criteria = tuple(_point(document, one) for one in rows)
                yield Group(f"#{start or 'rest'}", title, "", criteria)


def _point(document: Document, item: Criterion) -> Point:
    words = one_line(item.text)
    heading = _HEADING.match(_lines(document, item)[0])
    name = one_line(heading[1]) if heading else ""
    # A name that is a number, or that the words begin with, says no more than they do.
    own = bool(name) and not name.isdigit() and name.casefold() not in words.casefold()
    return Point(item.id, words, name.rstrip(":") if own else "")


def _owner(item: Criterion, heads: Sequence[Requirement]) -> str:
    owners = [one.id for one in heads if item.id.startswith((f"{one.id}.", f"{one.id}/"))]
    return max(owners, key=len, default="")


def _body(document: Document, item: Item) -> str:
    """Return what stands below the heading of an item, without the items inside it."""
    lines = _lines(document, item)[1:]
    kept = [line for line in lines if not line.lstrip().startswith("#### Acceptance")]
    return "\n".join(kept).strip("\n")


def _lines(document: Document, item: Item) -> list[str]:
    return source(document, item).replace("\r\n", "\n").split("\n")


def _work(document: Document, task: Task) -> Work:
    below = _lines(document, task)[1:]
    first = next((line for line in below if _BULLET.match(line)), "")
    # Some formats take what stands below a task for its words: it is carried once.
    text = one_line(task.text).partition(f" {one_line(first)}")[0] if first else task.text
    return Work(evolve(task, text=text), tuple(_details(below, one_line(text))))


def _details(below: Sequence[str], text: str) -> Iterator[str]:
    """Yield the lines `below` a task that says `text`, without those its fields were read from.

    What looks like a field is written so that no format reads one: ids are others by then, and a
    command must never come over from another file.
    """
    for line in below:
        words = one_line(bare(line))
        wrapped = not _BULLET.match(line) and words in text
        if not words or wrapped or _VERIFIES.match(words) or _LINKS.match(words):
            continue
        if _LABEL.match(words) or words.startswith("_") or " _" in words:
            words = "Detail: " + _EDGES.sub("", words)
        yield words


def _loose(
    documents: Sequence[Document],
) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """Return the introduction, and the text outside every item with where it stood."""
    intro: list[str] = []
    rest: list[tuple[str, str, str]] = []
    for document in documents:
        inside = [one.place for one in document.items if one.kind is not ItemKind.FRAME]
        heading, headings = "", list[str]()
        for block in markdown.parse(document.data, document.path):
            covered = any(one.start <= block.start < one.end for one in inside)
            if block.kind is BlockKind.HEADING:
                heading = block.text if block.level > 1 else ""
                headings += [] if covered or _FRAME.fullmatch(heading.strip(" :*")) else [heading]
                continue
            if covered or block.kind is BlockKind.BLANK:
                continue
            text = document.data[block.start : block.end].decode().strip("\r\n")
            if not heading and document is documents[0]:
                intro.append(text)
            else:
                where = f"{document.path}: {heading}" if heading else document.path
                rest.append((where, "it stands in no item", text))
        told = {where.partition(": ")[2] for where, _, _ in rest}
        rest += [(document.path, "a heading that has no place", one)
                 for one in dict.fromkeys(headings) if one and one not in told]  # fmt: skip
    return "\n\n".join(intro), tuple(rest)


def fields_free(body: str) -> str:
    """Return a section's body in which no line is read as a field of ours.

    Lines that are nothing but links go: they are written anew. In others the label is put behind
    a word, so that what they say stays.
    """
    return "\n".join(
        f"Detail: {bare(line)}" if _FIELD.match(line) else line
        for line in body.split("\n")
        if not is_link(line)
    ).strip("\n")


def bare(line: str) -> str:
    """Return a line without the bullet or number that it begins with."""
    return _BULLET.sub("", line, count=1).strip()


def is_link(line: str) -> bool:
    """Tell whether a line of a section is one of our fields and holds nothing but ids or paths."""
    return _FIELD.match(line) is not None and _LINKS.match(line) is not None
