"""Locks that a git left behind which was killed: nobody else ever takes them away.

Git keeps a lock for milliseconds, a large fetch for seconds. One that stays exactly as it is for
half a minute, by the time that goes by and not by the clock, has no owner any more.
"""

import re
import time
from pathlib import Path

from accord.git.run import Git

PATIENCE_S = 30.0
_PAUSE_S = 0.25
_MET = re.compile(r"Unable to create '(.+?\.lock)': File exists")


def outwaited(git: Git, said: str) -> bool:
    """Tell whether the lock that git met, by what it `said`, is gone: given back or taken away.

    Only a lock in the repository's own git directory is ever taken away.
    """
    met = _MET.search(said)
    if met is None or not Path(met[1]).resolve().is_relative_to(git.directory.resolve()):
        return False
    lock, end = Path(met[1]), time.monotonic() + PATIENCE_S
    before = _seen(lock)
    while before is not None and _seen(lock) == before:
        if time.monotonic() > end:
            lock.unlink(missing_ok=True)
            return True
        time.sleep(_PAUSE_S)
    return True


def _seen(lock: Path) -> tuple[int, int] | None:
    try:
        found = lock.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
