"""Clocks that jump: what a process is told of the time of day; how time goes by stays as it is."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
VARIABLE = "TEST_CLOCK"
"""Names the file of the clock of a process of Python's."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = time.time


@frozen
class Clock:
    """The clock that is as `file` says; implements the port of that name."""

    file: Path

    def jump(self, to: str) -> None:
        """Set it to so much beside the true time: `+3d`, `-2h`."""
        part = self.file.with_suffix(".part")
        part.write_text(f"{to}\n")
        part.replace(self.file)

    def library(self) -> Mapping[str, str]:
        """Return the variables of a program that has this clock by libfaketime."""
        return {
            "LD_PRELOAD": str(LIBRARY), "NO_FAKE_STAT": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_TIMESTAMP_FILE": str(self.file),
        }  # fmt: skip

    def time(self) -> float:
        """Return the time by it, in seconds since 1970."""
        said = self.file.read_text().strip() if self.file.exists() else "+0s"
        return _TIME() + int(said[:-1]) * _SECONDS[said[-1]]

    def now(self) -> str:
        """Return the time by it, as the port does."""
        return datetime.fromtimestamp(self.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def own() -> Clock | None:
    """Return the clock of this process, if it has one, for all that asks `time.time` from now on.

    Python's own waiting does not survive libfaketime, so it is put in place here.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    clock = Clock(Path(named))
    time.time = clock.time
    time.time_ns = lambda: round(clock.time() * 1e9)
    return clock
