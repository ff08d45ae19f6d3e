"""The formats that Accord reads, told apart by the files in a spec's folder."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from attrs import frozen

from accord.core.model import Document, Task
from accord.formats import editing, kiro, native, openspec, speckit


class Reader(Protocol):
    """Reads one file of a spec's folder; the path is relative to that folder."""

    def __call__(self, path: str, data: bytes) -> Document:
        """Return the document. Raises UnreadableError when it is not UTF-8."""


class Box(Protocol):
    """Writes the box of one task, by one byte."""

    def __call__(self, document: Document, task: Task) -> bytes:
        """Return the document's bytes with that box changed."""


@frozen
class Format:
    """One way of writing specs: how it is found, read and written.

    `folders` are the patterns of its spec folders in a repository. `silent` names the rules that
    ask for what this format has no place for. `tick` and `untick` write one byte; items are
    written by `formats.editing`, in every format alike. `claims` reads what a file says of its
    own state (`status`, `approvals.design.approved`), by the name of that file: for showing only.
    """

    name: str
    folders: tuple[str, ...]
    detect: Callable[[Collection[str]], bool]
    read: Reader
    tick: Box
    silent: frozenset[str] = frozenset()
    claims: Mapping[str, Callable[[bytes], Mapping[str, str]]] = {}
    untick: Box = editing.untick


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
        "kiro",
        (".kiro/specs/*",),
        kiro.detect,
        kiro.read,
        kiro.tick,
        _LINKS,
        {"spec.json": kiro.claims, ".config.kiro": kiro.claims},
    ),
    Format(
        "openspec",
        ("openspec/changes/*",),
        openspec.detect,
        openspec.read,
        openspec.tick,
        _NO_LINKS,
    ),
    Format(
        "spec-kit",
        ("specs/*", ".specify/specs/*", "kitty-specs/*"),
        speckit.detect,
        speckit.read,
        speckit.tick,
        _NO_LINKS,
        {speckit.SPEC: speckit.claims, speckit.PLAN: speckit.claims},
    ),
    Format(
        "native",
        ("specs/*",),
        lambda names: "requirements.md" in names,
        native.read,
        native.tick,
    ),
)


def named(name: str) -> Format | None:
    """Return the format called `name`, or None."""
    return next((one for one in FORMATS if one.name == name), None)


def detect(folder: str, names: Collection[str]) -> Format | None:
    """Return the format of the spec in `folder`, or None when it is none.

    `folder` is its path from the repository's root and `names` the paths of its files below it:
    where a spec lies tells as much as its files.
    """
    placed = [f"{folder}/{name}" for name in names]
    return next((one for one in FORMATS if one.detect(names) or one.detect(placed)), None)
