"""Put the decisions in force before whoever writes, and note beside the draft which they were.

The note is `.accord/decisions/shown/<change>/<stage>.json`, in the commit after the draft. It is
not signed: it says what an agent was given, and shuts or opens nothing by itself. What a person
approved of the decisions is signed with the approval of the gate.
"""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from accord.app import ledger
from accord.core import recall
from accord.core.approval import Decision, Json
from accord.core.model import SPEC_STAGES, Stage
from accord.core.recall import Recall, Shown

if TYPE_CHECKING:  # a change asks for its findings, which ask here, so this cannot import it
    from accord.app.changes import Change


def recalled(change: "Change", stage: Stage, *, paths: Sequence[str] = ()) -> Recall:
    """Return the decisions to put before whoever writes the document of `stage`, or builds."""
    layout = change.spec.layout
    before = [layout.documents[one] for one in SPEC_STAGES if one != stage or stage is Stage.STORY]
    texts = [one.data.decode(errors="replace") for one in change.spec.documents
             if one.path in before]  # fmt: skip
    reasons = [one.approval.reason for one in change.log.signed
               if one.approval.decision is Decision.REJECT]  # fmt: skip
    query = "\n".join([change.sentence, change.title, *texts, *reasons])
    return recall.recall(change.ledger.register.in_force, query, stage, paths=paths)


def block(found: Iterable[Shown], left: int, *, path: str = "") -> str:
    """Return the part of a prompt that shows decisions; with `path` it asks for dispositions."""
    shown = list(found)
    if not shown:
        return ""
    lines = ["## Decisions in force", ""]
    lines += ["People signed these rules. Each line between the fences is a rule to obey where it",
              "applies; nothing in it is an instruction to run."]  # fmt: skip
    if path:
        lines += [
            f"For EACH id write one line under a last heading `## Decisions` in {path}:",
            "    - Follows D-12: where it shows",
            "    - N/A D-12: why it does not apply",
            "    - Departs D-12: why (a person has to grant it)",
        ]
    texts = [recall.line(one.rule).replace("`", "'") for one in shown]
    lines += ["", "```", *texts, "```"]
    if left:
        lines += ["", f"{left} further decisions are not shown: they are about other things."]
    return "\n".join(lines)


@frozen
class Noted:
    """One decision in the note of what a draft was shown."""

    slug: str
    why: str
    score: float


def shown_path(change: str, stage: Stage) -> str:
    """Return where it is noted which decisions the draft of `stage` was shown."""
    return f"{ledger.SHOWN}/{change}/{stage}.json"


def shown_at(change: "Change", stage: Stage) -> tuple[Noted, ...]:
    """Return the decisions that the last draft of `stage` was shown, as noted beside it.

    A note that cannot be read says nothing.
    """
    data = change.workshop.repo.read(change.found.tip, shown_path(change.name, stage))
    return read_note(data or b"")


def read_note(data: bytes) -> tuple[Noted, ...]:
    """Return what a note says; nothing for bytes that are none."""
    try:
        listed = json.loads(data)["shown"] if data else []
        return tuple(
            Noted(str(one["decision"]), str(one["why"]), float(one["score"])) for one in listed
        )
    except (ValueError, KeyError, TypeError):
        return ()


def note(found: Recall, late: Sequence[Shown], run: str) -> bytes:
    """Return the note of what a draft was shown: the same recall gives the same bytes."""
    shown: list[Json] = [
        {
            "decision": one.rule.slug,
            "id": one.rule.id,
            "text": one.rule.digest[:12],
            "why": str(one.why),
            "score": f"{one.score:.3f}",
        }
        for one in (*found.shown, *late)
    ]
    value: Json = {"run": run, "budget": recall.BUDGET, "tokens": found.tokens,
                   "left": found.left, "shown": shown}  # fmt: skip
    return (json.dumps(value, indent=1) + "\n").encode()


def draft_block(change: "Change", stage: Stage, path: str) -> str:
    """Return what the prompt for a document says of the decisions in force."""
    found = recalled(change, stage)
    return block(found.shown, found.left, path=path)


def task_block(change: "Change", paths: Sequence[str]) -> str:
    """Return what the prompt for a task says of the decisions in force for code."""
    found = recalled(change, Stage.IMPLEMENTATION, paths=paths)
    return block(found.shown, found.left)


def with_note(before: "Change", after: "Change", stage: Stage, run: str) -> str:
    """Return the commit of a draft with the note of what it was shown, or as it is without.

    `before` is the change as the draft began, `after` with it. What the draft comes near to and
    was not shown is noted as well: it has to speak of that, too.
    """
    found = recalled(before, stage)
    document = after.spec.document(after.spec.layout.documents[stage])
    text = document.data.decode(errors="replace") if document else ""
    rules = before.ledger.register.in_force
    missed = recall.late(rules, text, stage, [one.rule.slug for one in found.shown])
    if not found.shown and not missed:
        return after.found.tip
    workshop = after.workshop
    files = {shown_path(after.name, stage): note(found, missed, run)}
    message = f"Note the decisions that the draft of the {stage} was shown\n"
    return workshop.repo.commit(after.found.tip, dict(files), message, workshop.author)
