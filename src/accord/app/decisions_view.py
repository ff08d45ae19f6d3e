"""The decisions as pages show them: what binds, what waits, what is to be looked at again."""

from collections.abc import Iterator, Mapping

from accord.app import capturing, deciding, decision_views, ledger
from accord.app.capturing import Prompt
from accord.app.changes import find
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.approvals import records
from accord.core.approval import Signed
from accord.core.decisions import State, act_of
from accord.core.model import Stage
from accord.errors import ConfigurationError, RefusedError

_OVER = (State.SUPERSEDED, State.EXPIRED, State.REJECTED)
_WAITING = (State.PROPOSED, State.EDITED)


def decisions_view(workshop: Workshop) -> View:
    """Return every decision by how it stands, the ones of open changes, and the queue of age."""
    every = decision_views.listing(workshop, every=True)
    rows = every["decisions"]
    return {
        "in_force": [one for one in rows if one["state"] == State.ACTIVE],
        "waiting": [one for one in rows if one["state"] in _WAITING],
        "over": [one for one in rows if one["state"] in _OVER],
        "branches": list(_branches(workshop)),
        "stale": decision_views.stale(workshop),
        "problems": every["problems"],
    }


def decision_view(workshop: Workshop, change: str, name: str) -> View:
    """Return one decision of a change (empty: of the base) with what people did about it.

    Raises ConfigurationError when there is none called `name`.
    """
    where = deciding.place_to_look(workshop, change)
    entry = deciding.find(where, name)
    view = decision_views.detail(workshop, change, name)
    waits = entry.state in _WAITING
    near = decision_views.near(deciding.nearby(workshop, where, entry.rule)) if waits else {}
    stale = {} if change else {one["id"]: one["reasons"] for one in decision_views.stale(workshop)}
    return {
        **{name: said for name, said in view.items() if name != "since"},
        "place": change,
        "slug": entry.rule.slug,
        "digest": entry.rule.digest,
        "waits": waits,
        "binds": entry.state in (State.ACTIVE, State.EDITED),
        "held": [{"kind": str(one.kind), "value": one.value or ", ".join(one.members),
                  "blocks": one.blocks, "stages": list(map(str, one.stages))}
                 for one in entry.rule.checks],
        "near": {"nearest": [], "clashes": [], "unproved": [], **near},
        "stale": stale.get(entry.rule.id, []),
        "uses": [*_uses(workshop, entry.rule.slug)],
        "repeats": _repeats(where.ledger.log.signed, entry.rule.slug),
        "acts": [_act(one) for one in reversed(where.ledger.log.signed)
                 if entry.rule.slug in one.approval.items],
    }  # fmt: skip


def corrections_view(workshop: Workshop, change: str) -> View:
    """Return the questions about what was corrected in a change, at most three."""
    waiting = capturing.waiting(workshop, change)
    return {"change": change, "prompts": [correction(stage, one) for stage, one in waiting]}


def correction(stage: Stage, one: Prompt) -> View:
    """Return what was corrected, and the rules in force that may say it already."""
    return {
        "key": f"{stage}/{one.candidate.key}",
        "stage": str(stage),
        "item": one.candidate.item,
        "removed": one.candidate.removed,
        "added": one.candidate.added,
        "comment": one.candidate.comment,
        "words": one.candidate.words,
        "again": one.again,
        "matches": [{"slug": rule.slug, "id": rule.id, "statement": rule.statement}
                    for rule in one.matches],
    }  # fmt: skip


def corrected(workshop: Workshop, change: str, stage: str) -> int:
    """Return how many questions wait about what was corrected at a stage that was approved."""
    if stage not in list(Stage):
        return 0
    try:
        return len(capturing.waiting(workshop, change, [Stage(stage)]))
    except ConfigurationError:  # it is being released just now, and then nothing is asked
        return 0


def _branches(workshop: Workshop) -> Iterator[View]:
    """Yield the decisions that open changes bring, each with the change that it is born in."""
    for one in find(workshop):
        held = ledger.on_branch(workshop, one.tip)
        for slug in sorted(held.born & held.register.entries.keys()):
            entry = held.register.entries[slug]
            yield {"change": one.change, "id": entry.rule.id, "state": str(entry.state),
                   "statement": entry.rule.statement, "slug": slug}  # fmt: skip


def _uses(workshop: Workshop, slug: str) -> Iterator[View]:
    """Yield what released approvals record of a decision, the newest first.

    It is for looking, so the signatures are not verified again.
    """
    base = workshop.repo.resolve(workshop.base)
    found = []
    for path, entry in workshop.repo.folder(base, records.FOLDER).items():
        data = workshop.repo.blob(entry.id) if path.endswith(".json") else b""
        if slug.encode() not in data:
            continue
        try:
            approval = records.from_bytes(data)
        except RefusedError:
            continue
        listed = approval.details.get("decisions")
        if isinstance(listed, Mapping) and slug in listed:
            found.append({"change": approval.change, "gate": approval.gate, "at": approval.issued,
                          "by": approval.approver, "standing": str(listed[slug])})  # fmt: skip
    yield from sorted(found, key=lambda one: one["at"], reverse=True)


def _repeats(signed: tuple[Signed, ...], slug: str) -> list[View]:
    """Return when a person corrected what the decision says already, the newest first."""
    found = []
    for one in reversed(signed):
        listed = one.approval.details.get("answers")
        for answer in listed if isinstance(listed, list) else ():
            known = isinstance(answer, Mapping) and answer.get("decision") == slug
            if known and isinstance(answer, Mapping) and answer.get("what") == "again":
                found.append({"change": str(one.approval.details.get("change", "")),
                              "by": one.approval.approver, "at": one.approval.issued,
                              "shown": bool(answer.get("shown"))})  # fmt: skip
    return found


def _act(one: Signed) -> View:
    approval = one.approval
    return {"act": str(act_of(one) or approval.decision), "by": approval.approver,
            "at": approval.issued, "reason": approval.reason,
            "change": str(approval.details.get("change", "")),
            "record": one.digest}  # fmt: skip
