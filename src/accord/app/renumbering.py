"""Numbered files that two sides added under the same number: those that land later move on."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from attrs import frozen

from accord.app.workshop import Workshop
from accord.core import paths, renumbering
from accord.core.keeping import Merge
from accord.core.lifecycle import TRAILER, shown
from accord.core.ports import FileChange

PLAIN = "100644"
RECORDS = ".accord/"


@frozen
class Renumbered:
    """A merge, and the files of the later side that got another number, old path to new."""

    merge: Merge
    moved: tuple[tuple[str, str], ...] = ()

    def words(self, work: str) -> str:
        """Return what the message of the commit has to say beside its subject, a line each.

        `work` is the task that a merge is part of where it is more than git makes by itself.
        """
        named = f"{TRAILER}: {work}\n" if work and self.merge.resolved else ""
        return named + "".join(
            f"Renumbered: {shown(old)} is {shown(new)}\n" for old, new in self.moved
        )


def renumber(
    workshop: Workshop, ours: str, theirs: str, merge: Merge, documents: str = ""
) -> Renumbered:
    """Return `merge` with the numbered files of `theirs` after those of `ours`.

    That is done for each folder of files that match `queue.renumber`, or not at all where it takes
    judgement: where a side changed a file that was there, where the later side's files name one
    that came before (a chain of names, which a number does not mend), and where its other files
    name one that would get another name. Records and what lies in the folder `documents` say what
    was agreed on, and may name it.
    """
    patterns, repo = workshop.config.beside.renumber, workshop.repo
    if not patterns:
        return Renumbered(merge)
    fork = repo.fork(ours, theirs)
    mine, yours = (repo.changed(fork, one) for one in (ours, theirs))
    same = {(one.path, one.id) for one in mine} & {(one.path, one.id) for one in yours}
    sets = [[one for one in side if paths.matches(one.path, patterns)
             and (one.path, one.id) not in same] for side in (mine, yours)]  # fmt: skip
    own = (RECORDS, *([f"{documents}/"] if documents else []))
    around = [one for one in yours if not one.path.startswith(own)]
    files: dict[str, bytes | None] = {}
    moved: list[tuple[str, str]] = []
    for folder in sorted({str(PurePosixPath(one.path).parent) for one in sets[1]}):
        here = [[one for one in side if str(PurePosixPath(one.path).parent) == folder]
                for side in sets]  # fmt: skip
        found = _moved(workshop, fork, here[0], here[1], around)
        for old, (new, data) in found.items():
            kept = repo.read(ours, old)
            files |= {new: data} if old in files else {old: kept, new: data}
            moved.append((old, new))
    if not moved:
        return Renumbered(merge)
    commit = repo.join(merge.tree, [ours, theirs], "Renumber\n", workshop.author)
    tree = repo.tree(repo.commit(commit, files, "Renumber\n", workshop.author))
    names = [path for pair in moved for path in pair]
    return Renumbered(merge.with_resolved(tree, names), tuple(moved))


def _moved(
    workshop: Workshop, fork: str, mine: Sequence[FileChange], yours: Sequence[FileChange],
    every: Sequence[FileChange],
) -> dict[str, tuple[str, bytes]]:  # fmt: skip
    """Map the files of one folder that get another number to their new path and bytes."""
    repo = workshop.repo
    if any(one.mode != PLAIN or repo.entry(fork, one.path) for one in (*mine, *yours)):
        return {}
    folder = str(PurePosixPath(yours[0].path).parent)
    inside = "" if folder == "." else folder
    before = repo.names(fork, inside)
    added = {PurePosixPath(one.path).name: one for one in yours}
    landed = [PurePosixPath(one.path).name for one in mine]
    names = renumbering.renamed(before, landed, added)
    stems = {renumbering.stem(old): renumbering.stem(new) for old, new in names.items()}
    moving = {added[name].path for name in names}
    data = {name: repo.blob(added[name].id) for name in names}
    around = [repo.blob(one.id) for one in every if one.id and one.path not in moving]
    vague = [renumbering.stem(name) for name in names if not renumbering.says_enough(name)]
    numbered = filter(renumbering.is_numbered, (*before, *landed))
    earlier = {renumbering.stem(name) for name in numbered} - set(stems)
    if any(renumbering.mentions(one, stems) for one in around):
        return {}
    if any(renumbering.mentions(one, (*vague, *earlier)) for one in data.values()):
        return {}
    return {
        added[old].path: (
            f"{inside}/{new}".lstrip("/"), renumbering.rewritten(data[old], stems)
        )
        for old, new in names.items()
    }  # fmt: skip
