"""Which worktree an agent gets, and which folders of a large repository are in it.

Folders and what lies beside them as git means it by a cone: everything in a folder and below it,
and the files, but not the folders, of each folder above it (git-sparse-checkout).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from attrs import frozen

from accord.core import paths

_SPECIAL = re.compile(r"[*?\[\\]")


class Kind(StrEnum):
    """How a worktree comes to its files."""

    AUTO = "auto"
    OVERLAY = "overlay"
    POOL = "pool"
    SPARSE = "sparse"


@frozen
class Want:
    """What a worktree is for: the paths that its task `claims`, all of them where there are none.

    A `lasting` one is a person's, and a plain folder: it is there when the machine was down.
    """

    claims: tuple[str, ...] = ()
    lasting: bool = False


WHOLE = Want()


@frozen
class Cone:
    """The folders that are there with all that is in them, without slashes around their names."""

    folders: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Tell whether the file at `path` is there."""
        above = list(_above(path))
        if not above or set(above) & set(self.folders):
            return True
        return any(one.startswith(f"{above[0]}/") for one in self.folders)

    def patterns(self) -> str:
        """Return the cone as git wants it in `info/sparse-checkout`."""
        above = {one for each in self.folders for one in _above(each)}
        lines = ["/*", "!/*/"]
        for folder in sorted(above | set(self.folders)):
            plain = _SPECIAL.sub(r"\\\g<0>", folder)
            lines += [f"/{plain}/", f"!/{plain}/*/"] if folder in above else [f"/{plain}/"]
        return "\n".join([*lines, ""])


def cone(claims: Sequence[str], include: Iterable[str], there: Sequence[str]) -> Cone | None:
    """Return what is there for a task: the folders of its `claims` (patterns) and of `include`.

    `there` are the paths of the repository. A claim without a folder means those in which it
    matches something; None: the claims ask for everything.
    """
    found = {folder.strip("/") for folder in include}
    loose = [one for one in claims if "/" not in one.strip("/") or not paths.prefix(one)]
    for claim in claims:
        if claim not in loose and not claim.startswith("!"):
            plain = paths.prefix(claim)
            found.add(_folder(plain, there) if claim.lstrip("/") == plain else plain)
    if loose:
        matching = [one for one in there if paths.matches(one, loose)]
        if len(matching) == len(there):
            return None
        found |= {one.rpartition("/")[0] for one in matching}
    if any("\n" in one for one in found):  # git has no way to write that down
        return None
    found -= {""}
    covered = {one for one in found if found & set(_above(one))}
    return Cone(tuple(sorted(found - covered)))


def _folder(plain: str, there: Iterable[str]) -> str:
    """Return `plain` where it is a folder, and that of the file that it is, or is to be."""
    if any(path.startswith(f"{plain}/") for path in there):
        return plain
    return plain.rpartition("/")[0]


def _above(path: str) -> Iterator[str]:
    """Yield the folders that `path` lies in, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
