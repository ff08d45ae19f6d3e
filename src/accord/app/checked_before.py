"""What earlier checks found, kept outside the repository and used where no file moved.

A file counts as unmoved while its size, its number on the disk, its modification time and its
change time (which nobody can set) are those that were seen, and it was not written within the two
seconds before the findings were kept: a file system's clock may be that coarse. A file that moved
and holds the same bytes is not read anew either: its digest says so. Whatever cannot be read of
what was kept is found again.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from accord import __version__
from accord.app.spec_facts import Edit, Facts, State
from accord.app.spec_folders import Folder
from accord.core.checks import Finding, Severity
from accord.core.contradictions import Statement
from accord.core.ticks import Claim

_COARSE = 2 * 10**9
_ROOMS = ("app", "core", "formats")


@define
class Kept:
    """One spec as it was found: its folder's stamps, its findings and, once asked for, its facts.

    `row` is folder, format, criteria and tasks; `digest` is over the bytes that were read.
    """

    stamps: dict[str, Any]
    digest: str
    row: list[Any]
    findings: list[list[Any]]
    claims: list[list[Any]]


@define
class Before:
    """What was kept: `place` is its folder, None keeps nothing; `moment` is when it was written."""

    place: Path | None
    salt: str
    specs: dict[str, Kept] = field(factory=dict)
    between: list[list[Any]] = field(factory=list)
    moment: int = 0

    def unmoved(self, folder: Folder) -> Kept | None:
        """Return what was kept of a spec none of whose files moved."""
        kept = self.specs.get(folder.path)
        if kept is None or kept.stamps != stamps(folder):
            return None
        every = (*folder.files.values(), *filter(None, folder.beside.values()))
        fresh = any(max(one[0], one[1]) > self.moment - _COARSE for one in every)
        return None if fresh else kept

    def facts(self) -> dict[str, Facts]:
        """Return the facts that were kept, by folder."""
        if self.place is None:
            return {}
        try:
            found = json.loads((self.place / "facts.json").read_bytes())
            if found["salt"] != self.salt:
                return {}
            return {path: _facts(one) for path, one in found["facts"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def keep(self, facts: Mapping[str, Facts] | None) -> None:
        """Write everything down; `facts` is None where they did not change."""
        if self.place is None:
            return
        specs = {
            path: [one.stamps, one.digest, one.row, one.findings, one.claims]
            for path, one in self.specs.items()
        }
        with suppress(OSError):  # a full disk costs time later, and nothing now
            self.place.mkdir(parents=True, exist_ok=True)
            if facts is not None:
                rows = {path: _row(one) for path, one in facts.items()}
                _write(self.place / "facts.json", {"salt": self.salt, "facts": rows})
            _write(
                self.place / "specs.json",
                {"salt": self.salt, "specs": specs, "between": self.between},
            )


def stamps(folder: Folder) -> dict[str, Any]:
    """Return the stamps of a spec as they are kept."""
    every = {**folder.files, **{f"/{path}": one for path, one in folder.beside.items()}}
    return {path: list(one) if one else None for path, one in every.items()}


def load(place: Path | None, verify: str) -> Before:
    """Return what was kept at `place` by the same version of Accord, for the same `verify`."""
    before = Before(place, f"{__version__} {_program()} {verify}")
    if place is None:
        return before
    path = place / "specs.json"
    try:
        found = json.loads(path.read_bytes())
        if found["salt"] == before.salt:
            before.specs = {name: Kept(*row) for name, row in found["specs"].items()}
            before.between = found["between"]
            before.moment = path.stat().st_mtime_ns
    except (OSError, ValueError, KeyError, TypeError):
        before.specs, before.between = {}, []
    return before


def _program() -> int:
    """Return the moment when the code that judges was last changed."""
    home = Path(__file__).parents[1]
    with suppress(OSError):
        return max(
            entry.stat().st_mtime_ns
            for room in _ROOMS
            for entry in os.scandir(home / room)
            if entry.name.endswith(".py")
        )
    return 0


def _write(path: Path, found: object) -> None:
    # Another check may be reading: it sees what was there or what is there now, never a half.
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(found, separators=(",", ":")))
    fresh.replace(path)


def row(finding: Finding) -> list[Any]:
    """Return a finding as it is kept."""
    one = finding
    return [
        one.rule, one.severity.value, one.path, one.line, one.column, one.item, one.message,
        one.hint,
    ]  # fmt: skip


def finding(row: list[Any]) -> Finding:
    """Return a finding that was kept."""
    return Finding(row[0], Severity(row[1]), *row[2:])


def claim(row: list[Any]) -> Claim:
    """Return a claim that was kept."""
    item, path, line, done, makes, paths = row
    return Claim(item, path, line, done, makes, tuple(paths))


def claim_row(one: Claim) -> list[Any]:
    """Return a claim as it is kept."""
    return [one.item, one.path, one.line, one.done, one.makes, list(one.paths)]


def _row(facts: Facts) -> list[Any]:
    said: dict[str, list[Any]] = {}
    for one in facts.statements:
        said.setdefault(one.path, []).append([one.key, one.value, one.line, one.item])
    return [said, facts.edits, facts.states]


def _facts(row: list[Any]) -> Facts:
    said = (
        Statement(key, value, path, line, item)
        for path, rows in row[0].items()
        for key, value, line, item in rows
    )
    return Facts(
        tuple(said), (), tuple(Edit(*one) for one in row[1]), tuple(State(*one) for one in row[2])
    )
