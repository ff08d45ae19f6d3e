"""The plan of a change before it starts: waves, claims, leases and overlaps, as plain data."""

from typing import Any

from accord.app import board, changes
from accord.app.changes import Change, Found
from accord.app.workshop import Workshop
from accord.core import plan, scheduling
from accord.core.model import Stage, Task, Track
from accord.core.scheduling import Overlap

KEPT = 200

# A commit stays as it is, and so does what is left of the tasks in it.
_LEFT: dict[tuple[str, str, str], tuple[Task, ...]] = {}

# By the state folder: where the base and all branches were, and which changes were being built.
_AT_WORK: dict[str, tuple[tuple[str, tuple[Found, ...]] | None, frozenset[str]]] = {}


def draw(workshop: Workshop, change: Change) -> dict[str, Any]:
    """Return how the tasks of `change` would run side by side.

    `waves` are rows of tasks that wait for no other row but those above; `overlaps` are pairs
    that claim the same files and have no order, `across` those with tasks of other changes.
    """
    beside = workshop.config.beside
    ranks = scheduling.ranks(change.tasks, change.landed, 1)
    tasks = {
        task.id: {
            "title": task.text,
            "touches": list(task.touches),
            "after": list(task.after),
            "leases": sorted(scheduling.leases(task.touches, beside.serial)),
            "landed": task.id in change.landed,
            "left": int(ranks.get(task.id, 0)),
        }
        for task in change.tasks
    }
    waves = [sorted(wave, key=lambda name: -ranks.get(name, 0))
             for wave in plan.waves(change.tasks)]  # fmt: skip
    overlaps = [
        {"tasks": [one.one, one.other], "patterns": [list(pair) for pair in one.patterns]}
        for one in scheduling.overlaps(change.tasks)
    ]
    return {
        "change": change.name,
        "agents": workshop.config.parallel,
        "tasks": tasks,
        "waves": waves,
        "overlaps": overlaps,
        "across": [
            {"task": one.one, "change": name, "other": one.other,
             "patterns": [list(pair) for pair in one.patterns], "words": _words(name, one)}
            for name, one in across(workshop, change)
        ],
    }  # fmt: skip


def across(workshop: Workshop, change: Change) -> tuple[tuple[str, Overlap], ...]:
    """Return (change, overlap) for each task that is left of `change` and meets another change's.

    Of the others counts what was agreed on, as it lies on their branches, and has not landed.
    """
    ours = [one for one in change.tasks if one.id not in change.landed]
    return scheduling.across(ours, _left(workshop, change.name)) if ours else ()


def notes(workshop: Workshop, change: Change) -> list[str]:
    """Return what tasks would be built beside, in words, at the gate where they are agreed on.

    Nothing has to be done about it: changes are seldom meant to wait for one another.
    """
    agreed = Stage.STORY if change.track is Track.SMALL else Stage.ARCHITECTURE
    if change.gate is None or change.gate.stage is not agreed:
        return []
    return [_words(name, one) for name, one in across(workshop, change)]


def _words(name: str, one: Overlap) -> str:
    paths = ", ".join(dict.fromkeys(path for pair in one.patterns for path in pair))
    return f"{one.one} and {one.other} of {name} overlap: {paths}"


def _left(workshop: Workshop, but: str) -> dict[str, tuple[Task, ...]]:
    """Map each other change that is being built to the tasks that are left of it."""
    every = changes.find(workshop)
    at_work = _at_work(workshop, every)
    found = [one for one in every if one.change != but and one.change in at_work]
    keys = {one.change: (str(workshop.state), one.change, one.tip) for one in found}
    unknown = [one for one in found if keys[one.change] not in _LEFT]
    if len(_LEFT) + len(unknown) > KEPT:
        _LEFT.clear()
        unknown = found
    history = changes.altered(workshop, unknown)
    for one in unknown:
        read = changes.read(workshop, one, history, desk_too=False)
        _LEFT[keys[one.change]] = tuple(task for task in read.tasks if task.id not in read.landed)
    return {name: _LEFT[key] for name, key in keys.items()}


def _at_work(workshop: Workshop, every: tuple[Found, ...]) -> frozenset[str]:
    """Return the changes that are being built, which follows from where all branches are."""
    key, state = (workshop.repo.resolve(workshop.base), every), str(workshop.state)
    before, names = _AT_WORK.get(state, (None, frozenset[str]()))
    if before != key:
        rows = board.rows(workshop)
        names = frozenset(row["change"] for row in rows if row["stage"] == Stage.IMPLEMENTATION)
        _AT_WORK[state] = (key, names)
    return names
