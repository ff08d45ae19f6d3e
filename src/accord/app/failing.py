"""The tests that failed in the last run on a commit: what a person may judge until it is another.

They are kept outside the repository, beside what was quiet.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from accord.core.evidence import TestCase


def keep(kept: Path | None, commit: str, results: Iterable[TestCase]) -> None:
    """Remember which of `results`, of a run on `commit`, failed."""
    if kept is None:
        return
    red = [one.name for one in results if not one.passed]
    place = _place(kept)
    with suppress(OSError):  # a full disk costs another run
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f"{place.name}.new")
        fresh.write_text(json.dumps({"commit": commit, "failed": red}))
        fresh.replace(place)


def load(kept: Path | None, commit: str) -> tuple[TestCase, ...] | None:
    """Return the tests that failed on `commit`; None where they were not asked there last."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(_place(kept).read_bytes()) if kept else {}
        if found["commit"] == commit and found["failed"]:
            return tuple(TestCase(str(one), passed=False) for one in found["failed"])
    return None


def _place(kept: Path) -> Path:
    return kept.with_name("failed.json")
