"""A spec: three documents, the items in them, and the digests that approvals are made of.

Every byte of a document belongs to exactly one item. What stands outside the criteria, questions,
sections and tasks is an item too, named after its file, so nothing can change unseen.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from attrs import field, frozen

REQUIREMENTS = "requirements.md"
DESIGN = "design.md"
TASKS = "tasks.md"


class Track(StrEnum):
    """How much process a change gets."""

    TRIVIAL = "trivial"
    SMALL = "small"
    FULL = "full"


class Stage(StrEnum):
    """The six stages, in their order."""

    STORY = "story"
    DESIGN = "design"
    ARCHITECTURE = "architecture"
    IMPLEMENTATION = "implementation"
    REVIEW = "review"
    RELEASE = "release"


STAGES = tuple(Stage)
SPEC_STAGES = (Stage.STORY, Stage.DESIGN, Stage.ARCHITECTURE)


class ItemKind(StrEnum):
    """What an item of a document is."""

    REQUIREMENT = "requirement"
    CRITERION = "criterion"
    QUESTION = "question"
    ASSUMPTION = "assumption"
    SECTION = "section"
    TASK = "task"
    FRAME = "frame"
    FILE = "file"


class Standing(StrEnum):
    """Whether a question or an assumption was dealt with by a person."""

    OPEN = "open"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"


@frozen
class Place:
    """Where an item is: its file within the spec folder, byte offsets, first line from 1."""

    path: str
    start: int
    end: int
    line: int


@frozen
class Item:
    """One thing in a document with an id of its own; `own` is the sha256 of its bytes."""

    id: str
    kind: ItemKind
    place: Place
    text: str
    own: str
    satisfies: tuple[str, ...] = ()


@frozen
class Criterion(Item):
    """One testable acceptance statement."""


@frozen
class Requirement(Item):
    """A heading with its story; its criteria are items of their own."""


@frozen
class Question(Item):
    """What the agent would otherwise have guessed and nobody has decided."""

    standing: Standing = Standing.OPEN
    answer: str = ""


@frozen
class Assumption(Item):
    """What the agent took for granted: it needs a yes or a correction."""

    risk: str = ""
    standing: Standing = Standing.OPEN
    answer: str = ""


@frozen
class Section(Item):
    """One part of the design, with the criteria that it serves."""


@frozen
class Task(Item):
    """A unit that one agent does. `verify` is the words of a command line, as approved."""

    done: bool = False
    touches: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    verify: str = ""


@frozen
class Document:
    """One file of a spec: its name, its exact bytes and the items in it, in file order."""

    path: str
    data: bytes = field(repr=False)
    title: str
    items: tuple[Item, ...]


@frozen
class Layout:
    """Which file of a spec's folder belongs to which stage, and which of them is its document.

    `others` are further names, or folders ending in a slash; what is in none of these is design.
    """

    documents: Mapping[Stage, str]
    others: tuple[tuple[str, Stage], ...] = ()

    def stage(self, path: str) -> Stage:
        """Return the stage whose gate covers the file at `path`."""
        for stage, name in self.documents.items():
            if path == name:
                return stage
        for name, stage in self.others:
            if path == name or (name.endswith("/") and path.startswith(name)):
                return stage
        return Stage.DESIGN

    def order(self, path: str) -> tuple[int, int, str]:
        """Return a key that sorts paths by stage, the stage's document before the rest."""
        stage = self.stage(path)
        return SPEC_STAGES.index(stage), path != self.documents[stage], path


NATIVE = Layout({Stage.STORY: REQUIREMENTS, Stage.DESIGN: DESIGN, Stage.ARCHITECTURE: TASKS})


@frozen
class Spec:
    """The documents of one change, and how its format lays them out."""

    documents: tuple[Document, ...] = ()
    layout: Layout = NATIVE

    @property
    def items(self) -> Iterator[Item]:
        """Yield every item of every document."""
        for document in self.documents:
            yield from document.items

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Return the acceptance criteria in file order."""
        return tuple(item for item in self.items if isinstance(item, Criterion))

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the questions in file order."""
        return tuple(item for item in self.items if isinstance(item, Question))

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Return the assumptions in file order."""
        return tuple(item for item in self.items if isinstance(item, Assumption))

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the design sections in file order."""
        return tuple(item for item in self.items if isinstance(item, Section))

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks in file order."""
        return tuple(item for item in self.items if isinstance(item, Task))

    def document(self, path: str) -> Document | None:
        """Return the document at `path` within the spec folder, or None."""
        return next((one for one in self.documents if one.path == path), None)


def sha256(data: bytes) -> str:
    """Return the sha256 of `data` in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def framed(path: str, data: bytes, title: str, items: Iterable[Item]) -> Document:
    """Return the document with one more item for the bytes outside `items`, named `path`.

    Its digest covers which items stand between those bytes and where: a criterion that moves to
    another heading says something else without a byte of its own changing.
    """
    found = tuple(sorted(items, key=lambda item: item.place.start))
    outside = hashlib.sha256()
    at = 0
    for item in found:
        outside.update(f"{sha256(data[at : item.place.start])} {item.id}\n".encode())
        at = max(at, item.place.end)
    outside.update(sha256(data[at:]).encode())
    frame = Item(path, ItemKind.FRAME, Place(path, 0, len(data), 1), title, outside.hexdigest())
    return Document(path, data, title, (frame, *found))


def whole_file(path: str, data: bytes) -> Document:
    """Return a file that is approved as one piece (a mockup, a note)."""
    item = Item(path, ItemKind.FILE, Place(path, 0, len(data), 1), path, sha256(data))
    return Document(path, data, path, (item,))


def lineage(name: str) -> tuple[str, ...]:
    """Return an id and those that it is part of, the nearest first: `R1.2`, `R1`."""
    parts = name.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


def dependencies(spec: Spec) -> Mapping[str, tuple[str, ...]]:
    """Map each item's id to the ids that it rests on.

    A section rests on the criteria that it satisfies; a task on the criteria that it satisfies
    and on the sections that serve any of them. Naming a requirement names its criteria. Items
    that share an id rest on what each of them rests on.
    """
    members: dict[str, list[str]] = {}
    for criterion in spec.criteria:
        for name in lineage(criterion.id):
            members.setdefault(name, []).append(criterion.id)
    known = {item.id for item in spec.items}
    rests: dict[str, set[str]] = {}
    serving: dict[str, list[str]] = {}
    for item in spec.items:
        direct = {one for name in item.satisfies for one in (name, *members.get(name, ()))}
        if isinstance(item, Section):
            for name in direct:
                serving.setdefault(name, []).append(item.id)
        if isinstance(item, Task):
            direct |= {one for name in direct for one in serving.get(name, ())}
        rests.setdefault(item.id, set()).update(direct & known)
    return {name: tuple(sorted(below)) for name, below in rests.items()}


def bindings(spec: Spec) -> dict[str, str]:
    """Map each item's id to its binding digest: sha256 over its own digest and what it rests on.

    Two items that share an id are bound together, so that neither hides behind the other.
    """
    own: dict[str, str] = {}
    for item in spec.items:
        own[item.id] = own.get(item.id, "") + item.own
    rests = dependencies(spec)

    def bound(name: str) -> str:
        below = "".join(f"{one}={own[one]}\n" for one in rests[name])
        return sha256(f"{own[name]}\n{below}".encode())

    return {name: bound(name) for name in own}
