"""The formats that Accord reads, told apart by the files in a spec's folder."""

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from attrs import evolve, frozen

from accord.core.checks import Finding
from accord.core.model import NATIVE, Document, Item, Layout, Section, Spec, Task
from accord.errors import ConfigurationError
from accord.formats import clarifying, layouts, native


class Reader(Protocol):
    """Reads one file of a spec's folder; the path is relative to that folder."""

    def __call__(self, path: str, data: bytes) -> Document:
        """Return the document. Raises UnreadableError when it is not UTF-8."""


class Box(Protocol):
    """Writes the box of one task, by one byte."""

    def __call__(self, document: Document, task: Task) -> bytes:
        """Return the document's bytes with that box changed."""


def _later(module: str, function: str) -> Callable[..., Any]:
    """Return a function of a module of this room that is imported when it is first called."""

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"accord.formats.{module}"), function)(*arguments)

    return call


def _asking(module: str) -> Reader:
    """Return the reader of a format that has no place for questions but markers in its text."""
    read = _later(module, "read")

    def call(path: str, data: bytes) -> Document:
        document: Document = read(path, data)
        return clarifying.asked(document) if path.endswith(".md") else document

    return call


UNTICK = _later("editing", "untick")


@frozen
class Format:
    """One way of writing specs: how it is found, read and written.

    `folders` are the patterns of its spec folders in a repository. `silent` names the rules that
    ask for what this format has no place for; one that has any is `loose`: what names no
    criterion there rests on all of them. `layout` divides its files among the stages. `tick` and
    `untick` write one byte; items are written by `formats.editing`, in every format alike.
    `claims` reads what a file says of its own state (`status`, `approvals.design.approved`), by
    the name of that file: for showing only.
    """

    name: str
    folders: tuple[str, ...]
    detect: Callable[[Collection[str]], bool]
    read: Reader
    tick: Box
    silent: frozenset[str] = frozenset()
    layout: Callable[[Collection[str]], Layout] = lambda _: NATIVE
    claims: Mapping[str, Callable[[bytes], Mapping[str, str]]] = {}
    untick: Box = UNTICK

    @property
    def loose(self) -> bool:
        """Tell whether items need not say what they rest on."""
        return bool(self.silent)

    def said(self, finding: Finding) -> Finding:
        """Return a finding with its hint in the words of this format."""
        hint = layouts.HINTS.get(self.name, {}).get(finding.rule, finding.hint)
        return finding if hint == finding.hint else evolve(finding, hint=hint)

    def home(self, change: str) -> str:
        """Return the folder in which a change called `change` has its documents."""
        return self.folders[0].replace("*", change)


NAME = "native"
"""The format of Accord's own."""

_NO_FIELDS = frozenset(
    "no-touches no-verify satisfies-nothing no-id no-shall open-assumption".split()
)
# Here a criterion without a task is said by the rule for all formats that have links.
_LINKS = _NO_FIELDS | {"no-task-names-it"}
# Their tasks name at most a story, and a scenario needs no task of its own; what prepares or
# polishes belongs to no story.
_NO_LINKS = _NO_FIELDS | {"no-task-for-criterion", "names-nothing"}


FORMATS = (
    Format(
        "kiro", (".kiro/specs/*",), _later("kiro", "detect"), _asking("kiro"),
        _later("kiro", "tick"), _LINKS, layouts.kiro,
        {name: _later("kiro", "claims") for name in ("spec.json", ".config.kiro")},
    ),
    Format(
        "openspec", ("openspec/changes/*",), _later("openspec", "detect"),
        _asking("openspec"), _later("openspec", "tick"), _NO_LINKS, layouts.openspec,
    ),
    Format(
        "spec-kit", ("specs/*", ".specify/specs/*", "kitty-specs/*"), _later("speckit", "detect"),
        _later("speckit", "read"), _later("speckit", "tick"), _NO_LINKS, layouts.speckit,
        {name: _later("speckit", "claims") for name in ("spec.md", "plan.md")},
    ),
    Format(NAME, ("specs/*",), lambda names: "requirements.md" in names, native.read, native.tick),
)  # fmt: skip


def detect(folder: str, names: Collection[str]) -> Format | None:
    """Return the format of the spec in `folder`, or None when it is none.

    `folder` is its path from the repository's root and `names` the paths of its files below it:
    where a spec lies tells as much as its files.
    """
    placed = [f"{folder}/{name}" for name in names]
    return next((one for one in FORMATS if one.detect(names) or one.detect(placed)), None)


def names() -> tuple[str, ...]:
    """Return the names of the formats."""
    return tuple(one.name for one in FORMATS)


def named(name: str) -> Format:
    """Return the format called `name`. Raises ConfigurationError when there is none."""
    for one in FORMATS:
        if one.name == name:
            return one
    known = ", ".join(names())
    raise ConfigurationError(f"there is no format {name}", hint=f"one of {known}")


def linked(documents: Sequence[Document], form: Format) -> Spec:
    """Return the spec that `documents` make in a format.

    In a loose one a section or task that names no criterion serves them all, and a task that
    names no path may change any: an edit to what nobody linked reopens too much, never too little.
    """
    layout = form.layout([one.path for one in documents])
    ordered = tuple(sorted(documents, key=lambda one: layout.order(one.path)))
    spec = Spec(ordered, layout)
    if not form.loose:
        return spec
    every = tuple(dict.fromkeys(one.id for one in spec.criteria))
    return Spec(tuple(evolve(one, items=tuple(_linked(item, every) for item in one.items))
                      for one in ordered), layout)  # fmt: skip


def _linked(item: Item, every: tuple[str, ...]) -> Item:
    if isinstance(item, Section) and not item.satisfies:
        return evolve(item, satisfies=every)
    if isinstance(item, Task):
        return evolve(item, satisfies=item.satisfies or every, touches=item.touches or ("**",))
    return item
