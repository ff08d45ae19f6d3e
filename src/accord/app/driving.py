"""Merge drivers: programs of the team's choice that join what git alone cannot."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from accord.app.boxing import checked_out, for_check, left_behind
from accord.app.config import words
from accord.app.workshop import Workshop
from accord.core.keeping import Merge, keeps_both
from accord.core.paths import matches
from accord.core.ports import Repo

PLAIN = ("100644", "100755")
_HOLE = re.compile("%([%OABLPSXY])")
# As long as the conflict markers of git are.
_MARKER = "7"


def drive(workshop: Workshop, ours: str, theirs: str, merge: Merge) -> Merge:
    """Return `merge` with its conflicts joined by the drivers that `queue.drivers` names.

    A driver is called as git calls one, see gitattributes(5): `%O`, `%A` and `%B` are the file as
    it was and as both sides have it, and it leaves what it made in `%A` and exits with 0. It runs
    in the box of a check, at the top of a plain checkout of `ours`. What it made counts only where
    it keeps what both sides did. Nothing is done unless every conflict is resolved by a driver or,
    later, by the command of a generated file.
    """
    beside, repo = workshop.config.beside, workshop.repo
    wanted = [path for path in merge.conflicts if path not in beside.regenerate]
    lines = {path: _line(beside.drivers, path) for path in wanted}
    commits = (repo.fork(ours, theirs), ours, theirs)
    sides = {path: _sides(repo, commits, path) for path in wanted if lines[path]}
    if not wanted or not all(map(sides.get, wanted)):
        return merge
    made: dict[str, bytes | None] = {}
    with checked_out(workshop, ours) as top:
        for path in wanted:
            made[path] = _joined(workshop, top, path, lines[path], sides[path])
            if made[path] is None:
                return merge
    commit = repo.join(merge.tree, [ours, theirs], "Join\n", workshop.author)
    tree = repo.tree(repo.commit(commit, made, "Join\n", workshop.author))
    return merge.with_resolved(tree, wanted)


def _line(drivers: Mapping[str, str], path: str) -> str:
    """Return the command line of the first driver whose pattern matches, or ''."""
    if path.startswith("-"):  # it would be an option
        return ""
    return next((line for pattern, line in drivers.items() if matches(path, [pattern])), "")


def _sides(repo: Repo, commits: Sequence[str], path: str) -> tuple[bytes, ...]:
    """Return the file in each of three commits; nothing unless both sides have it as one kind."""
    base, ours, theirs = (repo.entry(commit, path) for commit in commits)
    if ours is None or theirs is None or ours.mode != theirs.mode or ours.mode not in PLAIN:
        return ()
    if base is not None and base.mode not in PLAIN:
        return ()
    return tuple(repo.blob(one.id) if one else b"" for one in (base, ours, theirs))


def _joined(
    workshop: Workshop, top: Path, path: str, line: str, sides: Sequence[bytes]
) -> bytes | None:
    """Return what the driver makes of the three sides, or None where that does not count."""
    with tempfile.TemporaryDirectory(dir=top, prefix=".merge-", ignore_cleanup_errors=True) as name:
        ending = PurePosixPath(path).suffix
        files = [Path(name, f"{side}{ending}") for side in ("base", "ours", "theirs")]
        for file, data in zip(files, sides, strict=True):
            file.write_bytes(data)
        meant = {
            **dict(zip("OAB", map(str, files), strict=True)),
            "L": _MARKER, "P": path, "S": "base", "X": "ours", "Y": "theirs", "%": "%",
        }  # fmt: skip
        command = [_HOLE.sub(lambda hole: meant[hole[1]], word) for word in words(line)]
        timeout = workshop.config.policy.verify_timeout_s
        ran = workshop.sandbox().run(command, for_check(workshop, str(top)), timeout)
        made = left_behind(files[1]) if ran.exit_status == 0 else None
    base, ours, theirs = sides
    return made if made is not None and keeps_both(base, ours, theirs, made) else None
