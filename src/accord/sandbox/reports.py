"""The JUnit reports that a command wrote into its checkout, where the configuration says so."""

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from accord.core.paths import matches
from accord.core.ports import Walls

LARGEST = 2**26  # bytes: of all reports of a run, and of what coverage.py leaves


def written(walls: Walls) -> Mapping[Path, int]:
    """Return the files in the checkout that are named like reports, each with its change time."""
    if not walls.reports:
        return {}
    found = {}
    for folder, _, names in os.walk(walls.workdir):  # which follows no link
        for name in names:
            path = Path(folder, name)
            if matches(path.relative_to(walls.workdir).as_posix(), walls.reports):
                with suppress(FileNotFoundError):
                    found[path] = path.lstat().st_ctime_ns
    return found


def since(before: Mapping[Path, int], walls: Walls) -> tuple[Path, ...]:
    """Return the reports that came or changed since `before`: a committed one says nothing."""
    return tuple(sorted(one for one, at in written(walls).items() if before.get(one) != at))


def read(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """Return those that are there; none where one cannot be read, or all are too large together.

    What cannot be read may say that a test fails. A link or a pipe is no report.
    """
    found: list[bytes] = []
    for path in paths:
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                continue
        except FileNotFoundError:
            continue
        data = plain(path, LARGEST)
        if data is None:
            return ()
        found.append(data)
        if sum(map(len, found)) > LARGEST:
            return ()
    return tuple(found)


def plain(path: Path, largest: int) -> bytes | None:
    """Return what is in the file at `path`; one that is too large is none, half cannot be read.

    The command could have put anything there: a link to a file that it cannot read itself, a
    pipe that never ends.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as handle:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = handle.read(largest + 1)
    return data if len(data) <= largest else None
