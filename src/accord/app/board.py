"""The board: one row for each open change, worked out anew only where something moved.

A row is kept beside a digest of all that it depends on. It is for looking: whatever decides or
acts reads the change itself.
"""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from accord import __version__
from accord.app import changes, clashing, deciders, desk, left_out
from accord.app.changes import Change, Found
from accord.app.situations import situation
from accord.app.workplaces import BUILT
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.model import sha256
from accord.core.reconcile import Release, Wait, WorkState, next_steps

Row = dict[str, Any]

SHAPE = "3"
"""Of what a row holds: one of another shape, kept by an earlier version, is made anew."""

# Notes of the engine's that say nothing about how a change stands.
_ASIDE = (
    "row", "need", "ran", "run", "base", "told", "together", "took", "pace", "verifying",
)  # fmt: skip


def rows(workshop: Workshop) -> list[Row]:
    """Return a row for each open change: its title, track and stage, and what it waits for.

    `who` says who can do that, for `deciders` to read; `built` holds [task, text] of what is to
    land, `aside` [task, why, reason] of what was refused; `leaves`: it may be released.
    """
    base = workshop.repo.resolve(workshop.base)
    found = changes.find(workshop)
    every = workshop.journal.noted("")
    states = states_of(workshop, found, base, every)
    kept = {key: note for key, note in every.items() if key.startswith("row/")}
    stale = [one for one in found if _kept(kept, one).get("state") != states[one.change]]
    history = changes.altered(workshop, stale)
    fresh: dict[str, Row] = {}
    for one in stale:
        row = _row(workshop, changes.read(workshop, one, history), base)
        fresh[one.change] = row
        workshop.journal.note(f"row/{one.change}", {"state": states[one.change], "row": row})
    return [fresh.get(one.change) or _known(_kept(kept, one)["row"]) for one in found]


def _row(workshop: Workshop, change: Change, base: str) -> Row:
    gate = change.gate
    facts = situation(workshop, change)
    steps = next_steps(facts, base)
    built = {one.task: one.title for one in facts.work if one.state is WorkState.BUILT}
    aside = clashing.aside(workshop, change)
    waits = [step for step in steps if isinstance(step, Wait)]
    work = [step for step in steps if not isinstance(step, Wait)]
    # What an agent asks is for the person also where other work can go on without.
    pressing = [step for step in waits if step.decides] or ([] if work else waits)
    what = pressing[0].what if pressing else "work can go on" if work else "nothing"
    signed_at = pressing[0].signed_at if pressing else ()
    return {
        "change": change.name,
        "title": change.title,
        "track": str(change.track),
        "stage": str(gate.stage) if gate else "release",
        "waits": what,
        "command": pressing[0].command if pressing else "",
        "who": _who(change, signed_at),
        "built": [[task, title] for task, title in built.items()],
        "aside": [[task, note.get("why", ""), note["reason"]] for task, note in aside.items()
                  if task not in built],
        "left_out": left_out.in_short(left_out.of_change(workshop, change)),
        "leaves": any(isinstance(step, Release) for step in steps),
    }  # fmt: skip


def _who(change: Change, signed_at: Sequence[str]) -> Json:
    """Return who can do what is signed at any of these gates; None where it is for anybody."""
    if change.gate is not None and signed_at == (change.gate.stage,):
        return deciders.of_gate(change, change.gate)
    return deciders.of_any(change, signed_at) if signed_at else None


def states_of(
    workshop: Workshop, found: tuple[Found, ...], base: str, every: Mapping[str, dict[str, Json]]
) -> dict[str, str]:
    """Return for each change the digest of everything that its row and its steps are made from.

    `every` holds all notes of the journal.
    """
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in every.items():
        kind, _, rest = key.partition("/")
        if kind not in _ASIDE:
            notes[rest.partition("/")[0]].append(f"{key}={value!r}")
    for one in workshop.agents.questions():
        notes[one.about.partition("/")[0]].append(f"{one.id} {one.run_id}")
    built: defaultdict[str, list[str]] = defaultdict(list)
    for ref, commit in workshop.repo.refs(f"{BUILT}/").items():
        built[ref.removeprefix(f"{BUILT}/").partition("/")[0]].append(f"{ref}={commit}")
    places = workshop.repo.checkouts()
    agents = repr((workshop.config.stages, workshop.branch))
    return {
        each.change: sha256(
            "\n".join(
                [__version__, SHAPE, base, agents, each.ref, each.tip,
                 *_desk(workshop, each, places), *sorted(notes[each.change]),
                 *sorted(built[each.change])]
            ).encode(errors="surrogateescape")
        )
        for each in found
    }  # fmt: skip


def _desk(workshop: Workshop, found: Found, checkouts: Mapping[str, str]) -> list[str]:
    """Return what tells an edited desk from the one before, without reading the files."""
    place = desk.of(workshop, found.change, found.ref, checkouts)
    signs = [place.commit, str(place.folder)]
    for folder, _, files in os.walk(place.folder):
        for name in sorted(files):
            facts = os.lstat(os.path.join(folder, name))  # noqa: PTH118 -- thousands of them
            signs.append(f"{folder}/{name} {facts.st_size} {facts.st_mtime_ns} {facts.st_mode}")
    return signs


def _kept(kept: Mapping[str, dict[str, Json]], one: Found) -> dict[str, Json]:
    return kept.get(f"row/{one.change}", {})


def _known(row: Json) -> Row:
    return dict(row) if isinstance(row, dict) else {}
