"""OpenSpec's documents, read where they stand: one change, or the spec of one capability.

    proposal.md, design.md    ## Why                       a section: proposal.md#why
    specs/auth/spec.md        ## ADDED Requirements
                              ### Requirement: Two factor  auth/Two factor
                              #### Scenario: Valid code    auth/Two factor/Valid code
    tasks.md                  - [ ] 1.1 Add the form       1.1

OpenSpec knows a requirement by its title, so ids are made of titles. The grammar is that of
OpenSpec 1.13 (https://github.com/Fission-AI/OpenSpec), with two departures: a heading inside a
comment is no heading, and what its readers pass over (a requirement outside every known section,
a scenario at another depth) is an item too, so that it can be seen and approved.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum, auto

from attrs import evolve, frozen

from accord.core import markdown
from accord.core.markdown import Block, BlockKind, Splice
from accord.core.model import (
    DESIGN,
    REQUIREMENTS,
    TASKS,
    Criterion,
    Document,
    Item,
    ItemKind,
    Place,
    Requirement,
    Section,
    Task,
    framed,
    sha256,
    whole_file,
)

PROPOSAL = "proposal.md"

_DOCUMENTS = (PROPOSAL, DESIGN, TASKS)
_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_DELTA = re.compile(r"(added|modified|removed|renamed) requirements\Z")
_SPEC_PATH = re.compile(r"(?:(?:.*?/)?openspec/)?(?:changes/(?:archive/)?[^/]+/)?specs/(.+)\Z")
_LABEL = re.compile(r"(Requirement|Scenario):\s*(.*)\Z", re.IGNORECASE | re.DOTALL)
_GLUED = re.compile(r" {0,3}###(Requirement:.*)\Z", re.IGNORECASE | re.DOTALL)
_ENTRY = re.compile(
    r"(?s)(?:[-*+][ \t]*(?:(FROM|TO):[ \t]*)?|(FROM|TO):[ \t]*)(`?)###[ \t]*Requirement:(.*)\Z"
)
_BULLET = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])\s+")
_KEYWORD = re.compile(r"\*\*(\w+)(:?)\*\*")
# `[a](b)` is a link, but a box that could be ticked stays one when it is.
_BOX = re.compile(
    r"(?s)\s*(?:[-*+]|[0-9]{1,9}[.)])\s*"
    r"\[(\s+(?=\])|\s*[xX]\s*(?=\])|\s*(?:[^\]\s]\s*)?(?=\](?![(\[])))\]\s*(.*)\Z"
)
_NUMBER = re.compile(
    r"(?s)(?:#+\s+)?\**"
    r"([0-9]+(?:\.[0-9]+)+[A-Za-z]*|[0-9]+(?=[.:)]))[.:)]?\**[.:)]?(?:\s+(.*)|)\Z"
)
_CHANGE_FILE = re.compile(r"(?:.*/)?openspec/(?:(?:changes|specs)/.+|project\.md|config\.yaml)\Z")
_LONGEST_NAME = 48


class Delta(StrEnum):
    """What a change does to a requirement; OpenSpec applies them in this order."""

    RENAMED = auto()
    REMOVED = auto()
    MODIFIED = auto()
    ADDED = auto()


@frozen
class Operation:
    """One step of a delta: `item` is the id that `read` gives it, `title` names the requirement.

    `place` is all that OpenSpec moves with it, its scenarios included. `renamed` is the new title
    and is empty but for a RENAMED.
    """

    delta: Delta
    item: str
    title: str
    place: Place
    renamed: str = ""


@frozen
class _Source:
    """A file and its blocks."""

    path: str
    data: bytes
    blocks: Sequence[Block]

    def place(self, start: int, end: int, line: int) -> Place:
        """Return the place from `start` to `end`, without the blank lines before `end`."""
        last = _LINE.match(self.data, start + len(self.data[start:end].rstrip()), end)
        return Place(self.path, start, last.end() if last else end, line)

    def lines(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        for match in _LINE.finditer(self.data, start, end):
            if match.end() > match.start():
                yield match.start(), match.end(), match[0].decode().rstrip("\r\n")


class _Role(StrEnum):
    REQUIREMENT = auto()
    SCENARIO = auto()
    REMOVAL = auto()
    FROM = auto()
    TO = auto()
    CHILD = auto()  # a scenario where it stands in a requirement, nothing elsewhere
    OTHER = auto()


@frozen
class _Mark:
    """A line that begins or ends an item: a heading, or with level 0 an entry of a delta."""

    start: int
    after: int
    line: int
    level: int
    role: _Role
    title: str
    section: str


@frozen
class _Part:
    """A requirement, a scenario or an entry."""

    id: str
    mark: _Mark
    place: Place
    renamed: str = ""


def detect(names: Collection[str]) -> bool:
    """Tell whether files named so are OpenSpec's.

    `names` are paths with `/`, relative to a repository or to the folder of one change.
    """
    if any(_CHANGE_FILE.match(name) for name in names) or ".openspec.yaml" in names:
        return True
    return PROPOSAL in names and REQUIREMENTS not in names


def read(path: str, data: bytes) -> Document:
    """Return the document in `data`; `path` is its name within the change or the repository.

    A file that is none of OpenSpec's documents is one item as a whole. Raises UnreadableError for
    a document that is not UTF-8.
    """
    name = path.rpartition("/")[2]
    if not _is_spec(path) and name not in _DOCUMENTS:
        return whole_file(path, data)
    source = _source(path, data)
    if _is_spec(path):
        items = [_item(source, part) for part in _walk(source)[1]]
    else:
        items = _tasks(source) if name == TASKS else _sections(source)
    heads = (one for one in source.blocks if one.kind is BlockKind.HEADING)
    return framed(path, data, next((one.text for one in heads if one.level == 1), ""), items)


def operations(path: str, data: bytes) -> tuple[Operation, ...]:
    """Return what the delta in `data` does, in file order; a spec without a delta does nothing.

    A FROM without its TO does nothing either. Raises UnreadableError when it is not UTF-8.
    """
    if not _is_spec(path):
        return ()
    found: list[Operation] = []
    source, limit = _source(path, data), len(data)
    marks, parts = _walk(source)
    owned = {part.mark.start: part for part in parts}
    for mark in reversed(marks):
        part, delta = owned.get(mark.start), _DELTA.match(mark.section)
        heading = mark.level == 3 and mark.role is _Role.REQUIREMENT
        if part and delta and (mark.level == 0 or (heading and delta[1] != Delta.RENAMED)):
            place = source.place(mark.start, limit, mark.line) if heading else part.place
            found.append(Operation(Delta(delta[1]), part.id, mark.title, place, part.renamed))
        if heading or mark.level in (0, 2):
            limit = mark.start
    return tuple(reversed(found))


def tick(document: Document, task: Task) -> bytes:
    """Return the document's bytes with the box of `task` ticked: one byte differs.

    A task that is done stays as it is; a box with nothing in it gains the byte. Raises ValueError
    when there is no box where `task` is.
    """
    text = document.data[task.place.start : task.place.end].decode()
    box = _BOX.match(text)
    if box is None:
        raise ValueError(f"there is no box on line {task.place.line} of {document.path}")
    if task.done:
        return document.data
    mark = box[1].strip() or box[1][:1]
    at = task.place.start + len(text[: box.start(1) + box[1].index(mark)].encode())
    return markdown.splice(document.data, [Splice(at, at + len(mark.encode()), b"x")])


def _is_spec(path: str) -> bool:
    name = path.rpartition("/")[2]
    inside = name.endswith(".md") and _SPEC_PATH.match(path) is not None
    return name == "spec.md" or (inside and name not in _DOCUMENTS)


def _capability(path: str) -> str:
    inside = _SPEC_PATH.match(path.removesuffix("/spec.md"))
    return inside[1] if inside else path.removesuffix("/spec.md")


def _source(path: str, data: bytes) -> _Source:
    markdown.decode(data, path)
    # A byte order mark would hide the heading on the first line.
    skip = len(_BOM) if data.startswith(_BOM) else 0
    blocks = markdown.parse(data[skip:], path)
    if skip:
        blocks = tuple(evolve(one, start=one.start + skip, end=one.end + skip) for one in blocks)
    return _Source(path, data, blocks)


def _unique(name: str, taken: dict[str, int], suffix: str = " ({})") -> str:
    """Return `name`, or with a number after it when it is among `taken`, where it is put."""
    found = name
    while found in taken:
        taken[name] += 1
        found = name + suffix.format(taken[name])
    taken[found] = 1
    return found


def _part_of_id(text: str) -> str:
    return text.replace("\\", "\\\\").replace("/", "\\/")


def _walk(source: _Source) -> tuple[list[_Mark], list[_Part]]:
    """Return the marks of a spec, and its parts with their ids, both in file order."""
    marks = list(_marks(source))
    ends = [*(mark.start for mark in marks[1:]), len(source.data)]
    taken, prefix = {source.path: 1}, _part_of_id(_capability(source.path))
    parts: list[_Part] = []
    owner, pending = "", -1
    for at, mark in enumerate(marks):
        if mark.level == 2:
            owner, pending = "", -1
        head, end, renamed, above = mark, ends[at], "", prefix
        if mark.role is _Role.SCENARIO or (mark.role is _Role.CHILD and owner):
            above = owner or f"{prefix}/"  # two slashes: it stands under no requirement
        elif mark.role is _Role.TO and pending >= 0:
            head, renamed = marks[pending], mark.title
            end = ends[at if pending == at - 1 else pending]
            pending = -1
        elif mark.role is _Role.FROM:
            pending = at
            continue
        elif mark.role not in (_Role.REQUIREMENT, _Role.REMOVAL):
            continue
        name = _unique(f"{above}/{_part_of_id(head.title)}", taken)
        if mark.role is _Role.REQUIREMENT:
            owner = name
        parts.append(_Part(name, head, source.place(head.start, end, head.line), renamed))
    return marks, parts


def _marks(source: _Source) -> Iterator[_Mark]:
    section = ""
    for start, after, line, level, text in _rows(source):
        if level == 2:
            section = text.lower()
        role, title = _heading(section, level, text) if level else _entry(section, text)
        if role is not _Role.OTHER or 0 < level <= 4:
            yield _Mark(start, after, line, level, role, title, section)


def _rows(source: _Source) -> Iterator[tuple[int, int, int, int, str]]:
    """Yield start, end, line, level and text of the headings, and of other lines at level 0."""
    for block in source.blocks:
        if block.kind is BlockKind.HEADING:
            yield block.start, block.end, block.line, block.level, block.text.strip()
        elif block.kind in (BlockKind.ITEM, BlockKind.OTHER):
            for row, (start, end, text) in enumerate(source.lines(block.start, block.end)):
                glued = _GLUED.match(text)
                words = _unclosed(glued[1]) if glued else text.strip()
                yield start, end, block.line + row, 3 if glued else 0, words


def _unclosed(title: str) -> str:
    """Return a heading's text without the `#`s that close it, as in `### Title ###`."""
    bare = title.strip().rstrip("#")
    return bare.strip() if bare.endswith((" ", "\t")) else title.strip()


def _entry(section: str, text: str) -> tuple[_Role, str]:
    match = _ENTRY.match(text)
    title = _unclosed(match[4].strip().removesuffix(match[3])) if match else ""
    if match is None or not title:
        return _Role.OTHER, ""
    word = match[1] or match[2]
    if word and section == "renamed requirements":
        return (_Role.FROM if word == "FROM" else _Role.TO), title
    removal = not word and section == "removed requirements"
    return (_Role.REMOVAL if removal else _Role.OTHER), title


def _heading(section: str, level: int, text: str) -> tuple[_Role, str]:
    label = _LABEL.match(text)
    if label and label[2] and level > 1:
        if label[1].lower() == "requirement":
            return _Role.REQUIREMENT, label[2]
        if level > 2:
            return _Role.SCENARIO, label[2]
    if level == 3 and text and section == "requirements":
        return _Role.REQUIREMENT, text
    return (_Role.CHILD if level == 4 and text else _Role.OTHER), text


def _item(source: _Source, part: _Part) -> Item:
    mark, place = part.mark, part.place
    own = sha256(source.data[place.start : place.end])
    if mark.role in (_Role.SCENARIO, _Role.CHILD):
        lines = (text.strip() for _, _, text in source.lines(mark.after, place.end))
        words = " ".join(_BULLET.sub("", line, count=1) for line in lines if line)
        text = _KEYWORD.sub(r"\1\2", words) or mark.title
        return Criterion(part.id, ItemKind.CRITERION, place, text, own)
    text = f"{mark.title} → {part.renamed}" if part.renamed else mark.title
    return Requirement(part.id, ItemKind.REQUIREMENT, place, text, own)


def _sections(source: _Source) -> list[Item]:
    heads = [one for one in source.blocks if one.kind is BlockKind.HEADING and one.level <= 2]
    ends = [*(head.start for head in heads[1:]), len(source.data)]
    taken = {source.path: 1}
    items: list[Item] = []
    for head, end in zip(heads, ends, strict=False):
        if head.level == 2:
            place = source.place(head.start, end, head.line)
            name = _unique(f"{source.path}#{_slug(head.text)}", taken)
            own = sha256(source.data[place.start : place.end])
            items.append(Section(name, ItemKind.SECTION, place, head.text, own))
    return items


def _tasks(source: _Source) -> list[Item]:
    # OpenSpec counts every box, in fences too: a stray fence would hide open work.
    heads = {one.start for one in source.blocks if one.kind is BlockKind.HEADING}
    first = source.blocks[0].start if source.blocks else 0
    lines = list(source.lines(first, len(source.data)))
    boxes = [_BOX.match(text) for _, _, text in lines]
    taken = {source.path: 1}
    items: list[Item] = []
    for at, box in enumerate(boxes):
        if box is None:
            continue
        after = last = at + 1
        level = _columns(lines[at][2])
        while after < len(lines) and not boxes[after] and lines[after][0] not in heads:
            text = lines[after][2]
            if text.strip():
                if _columns(text) <= level and (last != after or _BULLET.match(text.lstrip())):
                    break
                last = after + 1
            after += 1
        more = [text.strip() for _, _, text in lines[at + 1 : last]]
        place = Place(source.path, lines[at][0], lines[last - 1][1], at + 1)
        items.append(_task(source.data, place, box, more, taken))
    return items


def _task(
    data: bytes, place: Place, box: re.Match[str], more: Sequence[str], taken: dict[str, int]
) -> Task:
    number = _NUMBER.match(box[2])
    name = number[1] if number and len(number[1]) <= _LONGEST_NAME else _slug(box[2]) or "task"
    words = (number[2] or "") if number else box[2]
    # A tick says how far the work is, not what was agreed, so it is not part of the digest.
    start = place.start + len(box.string[: box.start(1)].encode())
    end = start + len(box[1].encode())
    own = sha256(data[place.start : start] + b" " + data[end : place.end])
    text = " ".join(one for one in (words.strip(), *more) if one)
    done = box[1].strip() in ("x", "X")
    return Task(_unique(name, taken, "-{}"), ItemKind.TASK, place, text, own, done=done)


def _columns(text: str) -> int:
    text = text.expandtabs(4)
    return len(text) - len(text.lstrip())


def _slug(title: str) -> str:
    # The id of a task becomes part of a git ref: short, and of word characters alone.
    return re.sub(r"\W+", "-", title.lower())[:_LONGEST_NAME].strip("-")
