"""Where the specs of a repository lie, and a stamp of each file that changes when the file does."""

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen

from accord.app import identifying
from accord.formats.registry import FORMATS

LARGEST = 4 * 2**20
LIVING = "openspec/specs"

# Modification time, change time (which nobody can set), size, number on the disk.
Stamp = tuple[int, int, int, int]

_SUFFIXES = (".md", ".json", ".yaml")


@frozen
class Folder:
    """One spec: its path from the root, and the stamps of its files by their paths below it.

    A `living` one is an OpenSpec capability, whose only file is its spec. `beside` are stamps of
    files elsewhere that the findings depend on, None for one that is not there.
    """

    path: str
    files: dict[str, Stamp]
    living: bool = False
    beside: dict[str, Stamp | None] = field(factory=dict)


def below(root: Path) -> Iterator[Folder]:
    """Yield the specs of the repository at `root`: living ones first, then in order of path."""
    yield from living(root, LIVING)
    bases = dict.fromkeys(one.removesuffix("/*") for kind in FORMATS for one in kind.folders)
    found = sorted(f"{base}/{name}" for base in bases for name in _folders(root / base))
    for path in found:
        if not path.endswith("/archive"):
            yield folder(root, path)


def living(root: Path, base: str) -> Iterator[Folder]:
    """Yield the capabilities of OpenSpec below the folder `base`."""
    files = dict(_files(str(root / base), ""))
    for name in sorted(files):
        if name.endswith("/spec.md"):
            yield Folder(f"{base}/{name.removesuffix('/spec.md')}", {"spec.md": files[name]}, True)


def folder(root: Path, path: str) -> Folder:
    """Return the spec in the folder `path` of the repository at `root`."""
    files = dict(_files(str(root / path), ""))
    beside: dict[str, Stamp | None] = {}
    ids = identifying.ledger(path)
    beside[ids] = stamp(root / ids)
    home, found, _ = path.rpartition("/changes/")
    for name in files if found else ():
        if name.startswith("specs/") and name.endswith("/spec.md"):
            main = f"{home}/{name}"
            beside[main] = stamp(root / main)
    return Folder(path, files, False, beside)


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, or None where there is none."""
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _folders(base: Path) -> list[str]:
    try:
        with os.scandir(base) as entries:
            return [one.name for one in entries if one.is_dir() and not one.name.startswith(".")]
    except OSError:
        return []


def _files(folder: str, prefix: str) -> Iterator[tuple[str, Stamp]]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except OSError:
        return
    for one in found:
        if one.is_dir(follow_symlinks=False):
            yield from _files(one.path, f"{prefix}{one.name}/")
        elif one.name.endswith(_SUFFIXES) and one.is_file(follow_symlinks=False):
            status = one.stat(follow_symlinks=False)
            if status.st_size <= LARGEST:
                yield prefix + one.name, _stamp(status)
