"""What people look at, as plain data: the command line prints it, `--json` gives it as it is."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from attrs import asdict

from accord.app import (
    asking,
    board,
    clashing,
    deciders,
    decision_views,
    evidence,
    flakes,
    judging,
    left_out,
    opinions,
    planning,
    radar,
    reviewing,
)
from accord.app.authoring import empty
from accord.app.changes import Change, Found, read, released
from accord.app.claims import claims
from accord.app.desk import of
from accord.app.records import level
from accord.app.situations import asked as asked_of
from accord.app.situations import is_blank, situation
from accord.app.waivers import hidden
from accord.app.weakening import weakenings
from accord.app.workshop import Workshop
from accord.core import paths, plan
from accord.core.approval import Signed
from accord.core.checks import Finding
from accord.core.choices import taken_apart
from accord.core.delta import ItemChange, compare, words
from accord.core.gates import Gate
from accord.core.model import SPEC_STAGES, Assumption, Question, Spec, Stage, Standing
from accord.core.ports import Operation
from accord.core.reconcile import Step, Wait, next_steps
from accord.errors import RefusedError

View = dict[str, Any]

TOLD = ("change", "title", "track", "stage", "waits", "command", "left_out")
"""What is told of each row where all are listed."""


def status(workshop: Workshop, who: str) -> View:
    """Return every open change with what it waits for, and first what `who` can do now.

    `whom` says of each change for whom it waits, where that is not `who`.
    """
    rows = [_of(row, who) for row in board.rows(workshop)]
    waiting = [row for row in rows if row["command"] and not row["whom"]]
    working = [row for row in rows if not row["command"]]
    elsewhere = [row for row in rows if row["whom"]]
    first = next(iter((*waiting, *working, *elsewhere)), None)
    if first is None:
        now: View = {"what": "nothing waits", "command": "accord new 'what you want'"}
    elif first["whom"]:
        words = f"nothing waits for you; {first['change']} waits for {first['whom']}"
        now = {"what": f"{words}: {first['waits']}", "command": f"accord show {first['change']}"}
    elif first["command"]:
        now = {"what": f"{first['change']}: {first['waits']}", "command": first["command"]}
    else:
        now = {"what": f"{first['change']}: {first['waits']}", "command": "accord run"}
    names = {row["change"] for row in rows}
    beside = [one.words() for one in radar.seen(workshop) if one.changes <= names]
    return {"now": now, "changes": rows, "beside": beside, "released": list(released(workshop))}


def _of(row: board.Row, who: str) -> View:
    """Return a row as `who` is told of it."""
    told = {name: row[name] for name in TOLD}
    return {**told, "whom": "" if deciders.is_for(row, who) else deciders.whom(row)}


def show(workshop: Workshop, change: Change) -> View:
    """Return one change as the person who decides at its gate needs to see it."""
    gate = change.gate
    steps = steps_of(workshop, change)
    return {
        "change": change.name,
        "title": change.title,
        "sentence": change.sentence,
        "track": str(change.track),
        "because": _because(change),
        "branch": change.found.ref.removeprefix("refs/heads/"),
        "folder": str(of(workshop, change.name, change.found.ref).folder),
        "edited": list(change.edited),
        "gates": [_gate(one) for one in change.standings],
        "stage": str(gate.stage) if gate else "released",
        "seen": reviewing.seen(gate) if gate else "",
        "document": change.spec.layout.documents.get(gate.stage, "") if gate else "",
        "blank": bool(gate and gate.stage in SPEC_STAGES and is_blank(change.spec, gate.stage)),
        "notes": [
            *map(note, change.spec.questions),
            *map(note, change.spec.assumptions),
            *(asking.note_of(one) for one in asked_of(workshop, change)),
        ],
        "items": [_changed(one) for one in asked(workshop, change)],
        "kept": _kept(gate),
        "level": level(change),
        "claims": [asdict(one) for one in claims(change)],
        "findings": [finding(one, hidden(change.log)) for one in _findings(change, gate)],
        "decisions": decision_views.gate(change),
        "tasks": [_task(workshop, change, task.id) for task in change.tasks],
        "waves": [list(wave) for wave in plan.waves(change.tasks)],
        "beside": [
            *(one.words() for one in radar.seen(workshop, change.name)),
            *(radar.apart(workshop, change) if gate and gate.items else ()),
            *clashing.lines(workshop, change),
        ],
        "meets": planning.notes(workshop, change),
        "left_out": left_out.of_change(workshop, change),
        "evidence": evidence.known(workshop, change) if gate and gate.items else None,
        "flakes": flakes.flakes(workshop, change.name),
        "opinion": opinions.known(workshop, change),
        "files": _files(change, gate),
        "weakened": _weakened(workshop, change, gate),
        "diff": f"git diff {change.fork[:12]} {change.found.tip[:12]}"
        if _files(change, gate)
        else "",
        "next": [_step(step) for step in steps],
    }


def steps_of(workshop: Workshop, change: Change) -> tuple[Step, ...]:
    """Return what may be done now for `change` and whom the rest waits for."""
    base = workshop.repo.resolve(workshop.base)
    return next_steps(situation(workshop, change), base)


def asked(workshop: Workshop, change: Change) -> tuple[ItemChange, ...]:
    """Return the items that the gate asks about, beside the text that was approved last."""
    gate = change.gate
    if gate is None or gate.stage not in SPEC_STAGES:
        return ()
    return compare(approved_spec(workshop, change, gate.approved), change.spec, gate.asked)


def approved_spec(workshop: Workshop, change: Change, record: Signed | None) -> Spec:
    """Return the documents as they were when `record` was signed; empty without a record."""
    commit = recorded_in(workshop, change, record.digest) if record is not None else ""
    if not commit:
        return Spec()
    found = Found(change.name, change.found.ref, commit)
    return read(workshop, found, {}, desk_too=False).spec


def place(workshop: Workshop, change: Change) -> str:
    """Return the path where the person works next: a document, or the folder of a task."""
    gate = change.gate
    folder = of(workshop, change.name, change.found.ref).folder
    if gate is not None and gate.stage in SPEC_STAGES:
        return str(folder / change.spec.layout.documents[gate.stage])
    places = [step.place for step in steps_of(workshop, change) if isinstance(step, Wait)]
    return next((place for place in places if place), str(folder))


def template(workshop: Workshop, change: Change) -> str:
    """Return the empty document of the stage that the change stands at."""
    stage = change.gate.stage if change.gate else Stage.STORY
    if stage not in SPEC_STAGES:
        raise RefusedError(f"the {stage} has no document", hint=f"accord show {change.name}")
    texts = empty(workshop, change.name, change.form, stage, change.track, title=change.title,
                  sentence=change.sentence)  # fmt: skip
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"--- {path}\n{text}" for path, text in texts.items())


def history(operations: Sequence[Operation]) -> View:
    """Return the operation log, the newest first."""
    return {
        "operations": [
            {
                "number": one.number,
                "at": one.at,
                "actor": one.actor,
                "verb": one.verb,
                "change": one.change,
                "detail": one.detail,
                **{
                    kind: {
                        name: {"before": old, "after": new}
                        for name, (old, new) in one.refs.items()
                        if name.startswith("/") is (kind == "files")
                    }
                    for kind in ("refs", "files")
                },
                "undoes": one.undoes,
            }
            for one in operations
        ]
    }


def _because(change: Change) -> str:
    """Return why the change is on its track, and who put it there against the proposal."""
    opening = change.opening
    if opening is None:
        return "no signed record says otherwise"
    proposed, reason = opening.details.get("proposed"), str(opening.details.get("because", ""))
    if proposed == opening.details.get("track"):
        return reason
    return f"chosen by {opening.approver} (proposed: {proposed}, {reason})"


def _gate(gate: Gate) -> View:
    return {
        "stage": str(gate.stage),
        "standing": str(gate.standing),
        "reason": gate.reason,
        "asked": list(gate.asked),
        "round": gate.round,
    }


def note(item: Question | Assumption) -> View:
    """Return a question or an assumption as it is answered; `said` is it without its choices."""
    said, listed = (item.text, ()) if isinstance(item, Assumption) else taken_apart(item.text)
    return {
        "id": item.id,
        "kind": str(item.kind),
        "standing": str(item.standing),
        "open": item.standing is Standing.OPEN,
        "risk": item.risk if isinstance(item, Assumption) else "",
        "text": item.text,
        "said": said,
        "choices": listed,
        "answer": item.answer,
        "place": f"{item.place.path}:{item.place.line}",
    }


def _changed(one: ItemChange) -> View:
    return {
        "id": one.id,
        "change": str(one.change),
        "before": one.before,
        "after": one.after,
        "words": [list(run) for run in words(one.before, one.after)] if one.before else [],
    }


def _kept(gate: Gate | None) -> View:
    if gate is None or gate.approved is None:
        return {"count": 0, "by": "", "at": ""}
    count = len(set(gate.items) - set(gate.asked))
    approval = gate.approved.approval
    return {"count": count, "by": approval.approver, "at": approval.issued}


def _findings(change: Change, gate: Gate | None) -> Iterable[Finding]:
    if gate is None:
        return ()
    if gate.stage not in SPEC_STAGES:
        return judging.gate_findings(change, commands=False)
    notes = ("open-question", "open-assumption")  # shown as what is to be answered
    return [one for one in change.findings_at(gate.stage) if one.rule not in notes]


def finding(one: Finding, waived: Collection[str] = ()) -> View:
    """Return a finding as it is printed and shown; `waived` holds the keys of those waived."""
    return {
        "rule": one.rule,
        "severity": "waived" if one.key in waived else str(one.severity),
        "place": f"{one.path}:{one.line}:{one.column}",
        "item": one.item,
        "message": one.message,
        "hint": one.hint,
    }


def _task(workshop: Workshop, change: Change, name: str) -> View:
    task = next(one for one in change.tasks if one.id == name)
    gate = change.gate
    reached = gate is None or gate.stage not in SPEC_STAGES
    return {
        "id": task.id,
        "title": task.text,
        "satisfies": list(task.satisfies),
        "touches": list(task.touches),
        "after": list(task.after),
        "verify": evidence.command(workshop, task),
        "landed": reached and task.id in change.landed,
    }


def _files(change: Change, gate: Gate | None) -> list[View]:
    if gate is None or gate.stage in SPEC_STAGES:
        return []
    agreed = [pattern for task in change.tasks for pattern in task.touches]
    unasked = set(paths.outside([one.path for one in change.code], agreed))
    return [
        {
            "path": one.path,
            "lines": one.lines,
            "deleted": not one.id,
            "unasked": one.path in unasked,
        }
        for one in sorted(change.code, key=lambda one: one.path not in unasked)
    ]


def _weakened(workshop: Workshop, change: Change, gate: Gate | None) -> list[View]:
    if gate is None or gate.stage in SPEC_STAGES:
        return []
    return [asdict(one) for one in weakenings(workshop, change)]


def _step(step: Step) -> View:
    if isinstance(step, Wait):
        return {"waits": step.what, "command": step.command, "place": step.place}
    return {"does": type(step).__name__.lower(), "subject": step.subject}


def recorded_in(workshop: Workshop, change: Change, digest: str) -> str:
    """Return the commit that put the record `digest` on the branch, or an empty string."""
    path = f".accord/approvals/{change.name}/{digest[:32]}.json"
    # What is released lies on the base, whose whole history it may have come with.
    fork = "" if change.found.ref == workshop.base else change.fork
    return workshop.repo.introduced(fork, change.found.tip, path)
