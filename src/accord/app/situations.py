"""Gather what the next step of a change depends on, for `core.reconcile`."""

from collections.abc import Collection, Mapping

from accord.app import agency, asking, evidence, opinions, running, workplaces
from accord.app.authoring import begin
from accord.app.changes import Change
from accord.app.desk import of, refresh
from accord.app.workshop import Workshop
from accord.core.gates import TRACK_GATE, Gate, Standing, sent_back
from accord.core.model import SPEC_STAGES, ItemKind, Spec, Stage, Task, Track, bindings, sha256
from accord.core.orders import Question
from accord.core.reconcile import Situation, Work, WorkState
from accord.formats.templates import PLACEHOLDER


def situation(
    workshop: Workshop, change: Change, *, failed: Mapping[str, str] | None = None,
    handed_in: Collection[str] = (), acting: bool = False,
) -> Situation:  # fmt: skip
    """Return where `change` stands.

    `failed` is what was tried in vain since the person asked, `handed_in` names tasks that a
    person says are built. Only when `acting` are templates and worktrees put in place.
    """
    gate = change.gate
    facts = Situation(change.name, change.track, change.standings, failed=dict(failed or {}),
                      tip=change.found.tip)  # fmt: skip
    if gate is not None and gate.stage in SPEC_STAGES:
        return _at_document(workshop, change, gate, facts, acting=acting)
    return _at_work(workshop, change, facts, handed_in, acting=acting)


def _at_document(
    workshop: Workshop, change: Change, gate: Gate, facts: Situation, *, acting: bool
) -> Situation:
    stage = gate.stage
    by_agent = agency.set_for(workshop, change, stage) is not None
    basis = _basis(change, gate)
    prefix = f"draft/{change.name}/{stage}/{basis[:12]}/"
    tries = workshop.journal.noted(prefix)
    blank = is_blank(change.spec, stage)
    # A document that is there is read and decided on, whatever was asked before it was.
    waits = asking.waiting(workshop, prefix) if blank or sent_back(gate) else ()
    asked = tuple(one.id for one in waits)
    folder = of(workshop, change.name, change.found.ref).folder
    if acting:
        refresh(workshop, change.name, change.found.ref)
    if acting and blank and not by_agent and gate.standing is not Standing.SHUT:
        begin(workshop, change, stage)
    return Situation(
        facts.change, facts.track, facts.gates, change.blocking_at(stage),
        blank, by_agent, basis, len(tries) + 1, change.spec.layout.documents[stage], str(folder),
        tip=facts.tip, failed=facts.failed, asked=asked,
        paused=agency.is_paused(workshop, change.name, stage),
    )  # fmt: skip


def _at_work(
    workshop: Workshop,
    change: Change,
    facts: Situation,
    handed_in: Collection[str],
    *,
    acting: bool,
) -> Situation:
    work = tuple(_work(workshop, change, task, handed_in, acting=acting) for task in change.tasks)
    obstacle, hint, gates = _obstacle(change)
    return Situation(
        facts.change, facts.track, facts.gates, work=work, tip=facts.tip, failed=facts.failed,
        evidence=evidence.known(workshop, change) is not None, code=change.code_digest,
        unread=opinions.wanted(workshop, change), obstacle=obstacle, obstacle_hint=hint,
        obstacle_gates=gates,
    )  # fmt: skip


def _obstacle(change: Change) -> tuple[str, str, tuple[str, ...]]:
    """Return what keeps any more work from being done, what helps, and the gates to sign that at.

    All of it is empty when nothing does.
    """
    if change.log.unsound:  # the track that is left may not be the one that was signed last
        return change.log.unsound[0].reason, f"accord show {change.name}", ()
    if change.outgrowth:
        hint = f"accord approve {change.name} --track full, or --waive 'why it may stay'"
        return str(change.outgrowth), hint, ("size", TRACK_GATE)
    return "", "", ()


def _work(
    workshop: Workshop, change: Change, task: Task, handed_in: Collection[str], *, acting: bool
) -> Work:
    key = change.keys[task.id]
    prefix = f"build/{change.name}/{task.id}/{key[:12]}/"
    attempt = len(workshop.journal.noted(prefix)) + 1
    agent = agency.set_for(workshop, change, Stage.IMPLEMENTATION, task.id)
    by_hand = agent is None or task.id in handed_in
    commit, folder = "", ""
    if task.id in change.landed:
        state = WorkState.LANDED
    elif commit := running.built(workshop, change, task):
        state = WorkState.BUILT
    elif set(task.after) <= change.landed:
        state = WorkState.READY
        if by_hand and not _obstacle(change)[0]:
            lend = workplaces.lend if acting else workplaces.lent
            folder = lend(workshop, change, task)
    else:
        state = WorkState.BLOCKED
    asked = tuple(one.id for one in asking.waiting(workshop, prefix))
    return Work(
        task.id, task.text, key, state, attempt, by_hand, task.id in handed_in, folder, commit,
        asked, agency.is_paused(workshop, change.name, task.id),
    )  # fmt: skip


def asked(workshop: Workshop, change: Change) -> list[Question]:
    """Return what agents asked about `change` that keeps it waiting now."""
    facts = situation(workshop, change)
    names = {*facts.asked, *(name for work in facts.work for name in work.asked)}
    mine = (one for one in workshop.agents.questions() if one.id in names)
    here = [one for one in mine if one.about.partition("/")[0] == change.name]
    return [*here, *asking.elsewhere(workshop, change.name)]


def is_blank(spec: Spec, stage: Stage) -> bool:
    """Tell whether the document of `stage` is missing or holds nothing but its template."""
    document = spec.document(spec.layout.documents[stage])
    if document is None:
        return True
    if document.items[0].kind is ItemKind.FILE:  # nobody could read it, so nobody may replace it
        return False
    return not any(item.text and PLACEHOLDER not in item.text for item in document.items[1:])


def _basis(change: Change, gate: Gate) -> str:
    """Return the digest of what a draft would be written from."""
    layout = change.spec.layout
    before = SPEC_STAGES[: SPEC_STAGES.index(gate.stage)]
    bound = bindings(change.spec)
    parts = [
        bound[item.id]
        for document in change.spec.documents
        if layout.stage(document.path) in before and change.track is Track.FULL
        for item in document.items
    ]
    rejected = gate.rejected.digest if gate.rejected else ""
    return sha256("\n".join([change.sentence, change.track, rejected, *parts]).encode())
