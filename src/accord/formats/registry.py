"""The formats that Accord reads, told apart by the files in a spec's folder."""

from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from typing import Protocol

from attrs import evolve, frozen

from accord.core.model import NATIVE, Document, Item, Layout, Section, Spec, Task
from accord.errors import ConfigurationError
from accord.formats import layouts, native


class Reader(Protocol):
    """Reads one file of a spec's folder; the path is relative to that folder."""

    def __call__(self, path: str, data: bytes) -> Document:
        """Return the document. Raises UnreadableError when it is not UTF-8."""


@frozen
class Format:
    """One way of writing specs.

    `folders` are the patterns of its spec folders in a repository. `silent` names the rules that
    ask for what this format has no place for; one that has any is `loose`: what names no
    criterion there rests on all of them.
    """

    name: str
    folders: tuple[str, ...]
    detect: Callable[[Collection[str]], bool]
    read: Reader
    silent: frozenset[str] = frozenset()
    layout: Callable[[Collection[str]], Layout] = lambda _: NATIVE

    @property
    def loose(self) -> bool:
        """Tell whether items need not say what they rest on."""
        return bool(self.silent)

    def home(self, change: str) -> str:
        """Return the folder in which a change called `change` has its documents."""
        return self.folders[0].replace("*", change)


NAME = "native"
"""The format of Accord's own."""

_NO_FIELDS = frozenset(
    "no-touches no-verify satisfies-nothing no-id no-shall open-assumption".split()
)
# Their tasks name at most a story, and a scenario needs no task of its own.
_NO_LINKS = _NO_FIELDS | {"no-task-for-criterion"}


def _host(module: str) -> tuple[Callable[[Collection[str]], bool], Reader]:
    """Return `detect` and `read` of a host format's module, which is imported when it is used."""

    def detect(names: Collection[str]) -> bool:
        return bool(import_module(f"accord.formats.{module}").detect(names))

    def read(path: str, data: bytes) -> Document:
        found: Document = import_module(f"accord.formats.{module}").read(path, data)
        return found

    return detect, read


FORMATS = (
    Format("kiro", (".kiro/specs/*",), *_host("kiro"), _NO_FIELDS, layouts.kiro),
    Format("openspec", ("openspec/changes/*",), *_host("openspec"), _NO_LINKS, layouts.openspec),
    Format("spec-kit", ("specs/*",), *_host("speckit"), _NO_LINKS, layouts.speckit),
    Format(NAME, ("specs/*",), lambda names: "requirements.md" in names, native.read),
)


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
