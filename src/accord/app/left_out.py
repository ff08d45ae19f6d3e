"""What was left out of a task's work: kept in a snapshot, and named wherever the change is.

It is said until the task is built again, or is agreed on otherwise, or its change is released. The
names are an agent's: they are data, and shown as such.
"""

from typing import Any

from accord.app.changes import Change
from accord.app.workplaces import WIP
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.model import Task
from accord.core.paths import as_text
from accord.core.ports import Harvest

View = dict[str, Any]

NOTE = "left"
MOST = 50
"""As many paths are named for a task; the snapshot has them all."""


def words(harvest: Harvest) -> str:
    """Return what a harvest left out and why, in one line; empty where it took everything."""
    return "; ".join(f"{as_text(path)}: {reason}" for path, reason in harvest.parked)


def note(workshop: Workshop, change: Change, task: Task, ref: str, harvest: Harvest) -> None:
    """Remember what this harvest of `task` left out, in the place of the one before.

    `ref` is that of its snapshot.
    """
    paths: list[Json] = [list(one) for one in harvest.parked[:MOST]]
    snapshot = ref.removeprefix(f"{WIP}/") if harvest.snapshot else ""
    workshop.journal.note(
        f"{NOTE}/{change.name}/{task.id}",
        {"key": change.keys[task.id], "snapshot": snapshot, "paths": paths,
         "more": len(harvest.parked) - len(paths)},
    )  # fmt: skip


def of_change(workshop: Workshop, change: Change) -> list[View]:
    """Return for each task whose last build was not taken whole what was left out of it.

    A row has the `task`, the `paths` with their reasons and how many `more` there are, the
    `snapshot` that has them with the command that writes it out, and the `document` with the line
    where the task says what it touches (empty where it has none).
    """
    notes = workshop.journal.noted(f"{NOTE}/{change.name}/")
    found = []
    for task in change.tasks:
        held = notes.get(f"{NOTE}/{change.name}/{task.id}", {})
        paths = held.get("paths")
        if held.get("key") != change.keys[task.id] or not isinstance(paths, list) or not paths:
            continue
        snapshot = str(held.get("snapshot", ""))
        is_written = any(one.path == task.place.path for one in change.spec.documents)
        found.append({
            "task": task.id,
            "paths": [{"path": str(one[0]), "reason": str(one[1])} for one in paths
                      if isinstance(one, list)],
            "more": held.get("more", 0),
            "snapshot": snapshot,
            "command": f"accord salvage {snapshot} --to FOLDER" if snapshot else "",
            "document": f"{task.place.path}:{task.place.line}" if is_written else "",
        })  # fmt: skip
    return found


def in_short(rows: list[View]) -> str:
    """Return what `of_change` found in a few words, such as `2 files left out of T1`; or ''."""
    count = sum(len(one["paths"]) + one["more"] for one in rows)
    named = ", ".join(one["task"] for one in rows)
    return f"{count} file{'' if count == 1 else 's'} left out of {named}" if rows else ""
