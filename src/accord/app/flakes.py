"""Commands that failed and then passed on the same tree: kept in the journal, for people to see.

A flake lands, since nothing about it changed; but each one is a doubt about what a command proves.
"""

from typing import Any

from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.model import sha256

FLAKE = "flake"


def note(workshop: Workshop, name: str, tree: str, command: str) -> None:
    """Write down for the change called `name` that `command` failed and then passed on `tree`."""
    key = f"{FLAKE}/{tree}/{sha256(command.encode())[:16]}"
    before = workshop.journal.noted(key).get(key)
    times = 1 + _times(before) if before else 1
    workshop.journal.note(key, {"command": command, "change": name, "times": times})


def flakes(workshop: Workshop, change: str = "") -> list[dict[str, Any]]:
    """Return each command that did so (for `change` alone, if given), the most often first.

    `times` says how often, `changes` while which changes were verified.
    """
    times: dict[str, int] = {}
    changes: dict[str, set[str]] = {}
    for one in workshop.journal.noted(f"{FLAKE}/").values():
        command, name = str(one["command"]), str(one["change"])
        if change in ("", name):
            times[command] = times.get(command, 0) + _times(one)
            changes.setdefault(command, set()).add(name)
    return [
        {"command": command, "times": times[command], "changes": sorted(changes[command])}
        for command in sorted(times, key=lambda one: (-times[one], one))
    ]


def _times(note: dict[str, Json]) -> int:
    times = note.get("times", 1)
    return times if isinstance(times, int) else 1
