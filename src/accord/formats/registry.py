"""The formats that Accord reads, told apart by the files in a spec's folder."""

from collections.abc import Callable, Collection
from typing import Protocol

from attrs import frozen

from accord.core.model import Document
from accord.formats import kiro, native, openspec, speckit


class Reader(Protocol):
    """Reads one file of a spec's folder; the path is relative to that folder."""

    def __call__(self, path: str, data: bytes) -> Document:
        """Return the document. Raises UnreadableError when it is not UTF-8."""


@frozen
class Format:
    """One way of writing specs.

    `folders` are the patterns of its spec folders in a repository. `silent` names the rules that
    ask for what this format has no place for.
    """

    name: str
    folders: tuple[str, ...]
    detect: Callable[[Collection[str]], bool]
    read: Reader
    silent: frozenset[str] = frozenset()


_NO_FIELDS = frozenset(
    "no-touches no-verify satisfies-nothing no-id no-shall open-assumption".split()
)
# Their tasks name at most a story, and a scenario needs no task of its own.
_NO_LINKS = _NO_FIELDS | {"no-task-for-criterion"}

FORMATS = (
    Format("kiro", (".kiro/specs/*",), kiro.detect, kiro.read, _NO_FIELDS),
    Format("openspec", ("openspec/changes/*",), openspec.detect, openspec.read, _NO_LINKS),
    Format("spec-kit", ("specs/*",), speckit.detect, speckit.read, _NO_LINKS),
    Format("native", ("specs/*",), lambda names: "requirements.md" in names, native.read),
)


def detect(folder: str, names: Collection[str]) -> Format | None:
    """Return the format of the spec in `folder`, or None when it is none.

    `folder` is its path from the repository's root and `names` the paths of its files below it:
    where a spec lies tells as much as its files.
    """
    placed = [f"{folder}/{name}" for name in names]
    return next((one for one in FORMATS if one.detect(names) or one.detect(placed)), None)
