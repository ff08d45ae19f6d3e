"""A gate as the person who decides there needs to read it: decisions first, the document last.

What changed is measured against what this person approved last, not against the last revision.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from accord.app import asking, reviewing, situations, views
from accord.app.changes import Change
from accord.app.views import View
from accord.app.waivers import hidden
from accord.app.workshop import Workshop
from accord.core import checks, entitlement, headline, scenarios, terse
from accord.core.approval import Decision, Signed
from accord.core.checks import Finding, Severity
from accord.core.delta import Change as Kind
from accord.core.delta import ItemChange, changed_ids, compare, source, words
from accord.core.gates import Gate, sent_back
from accord.core.model import (
    SPEC_STAGES,
    Assumption,
    Criterion,
    Item,
    ItemKind,
    Question,
    Spec,
)
from accord.core.terse import Terse
from accord.errors import AccordError

BUDGET_WORDS = 400
BUDGET_CRITERIA = 12
WORDS_A_MINUTE = 150
MINUTES_A_DECISION = 0.5
LEAD_WORDS = 25  # words that a section or a task is begun with
AROUND = 6  # words kept on each side of a change

_NOTES = (ItemKind.QUESTION, ItemKind.ASSUMPTION)
_WHOLE = (ItemKind.CRITERION, *_NOTES)
_RISKS = ("high", "medium", "low")
_WORD = re.compile(r"\w[\w'’-]*")
_NUMBER = re.compile(r"^\*\*A-?\d+\*\*:?\s+")
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


def aloud(digest: str) -> str:
    """Return hex digits as words that can be compared by reading, five letters for each four.

    The encoding is the proquint (D. S. Wilkerson, arXiv:0901.4016).
    """
    spoken = []
    for at in range(0, len(digest) - 3, 4):
        number = int(digest[at : at + 4], 16)
        letters = (number >> 12 & 15, number >> 10 & 3, number >> 6 & 15, number >> 4 & 3, number)
        spoken.append(
            "".join(
                _VOWELS[one] if place % 2 else _CONSONANTS[one & 15]
                for place, one in enumerate(letters)
            )
        )
    return "-".join(spoken)


def gate_view(
    workshop: Workshop, change: Change, who: str, looks: AccordError | None = None
) -> View:
    """Return the gate that `change` stands before, for the person `who` of the trust file.

    `looks` is what refuses all that `who` does, where they may only look.
    For a gate without a document (the code is decided on) the lists about documents are empty.
    """
    gate = change.gate
    found = list(_findings(change, gate))
    mine = last_approval(change, gate, who) if gate else None
    # The first item of a document has its name; a gate covers whole documents.
    covered = Spec(tuple(one for one in change.spec.documents if gate and one.path in gate.items))
    notes = notes_of(change.spec)
    pending = [one for one in notes if one["open"]]
    asked = [asking.note_of(one) for one in situations.asked(workshop, change)]
    read = entries(change.spec, since(workshop, change, gate, mine), found)
    waived = hidden(change.log)
    blocking = [one for one in found if one.severity is Severity.BLOCKS and one.key not in waived]
    view = views.show(workshop, change)
    # What refuses this person is said first: whatever else is open is for others to settle.
    refused = (looks or reviewing.barred(change, gate, who)) if gate else None
    obstacle = (refused or _obstacle(change, gate, who)) if gate else None
    missing = _missing(pending, blocking, blank=view["blank"], obstacle=obstacle)
    return {
        **view,
        "who": who,
        "standing": str(gate.standing) if gate else "open",
        "reason": gate.reason if gate else "every gate is open",
        "sent_back": bool(gate and sent_back(gate)),
        "aloud": aloud(view["seen"]),
        "questions": [one for one in pending if one["kind"] == "question"],
        "assumptions": sorted(
            (one for one in pending if one["kind"] == "assumption"), key=lambda one: one["rank"]
        ),
        "asked": asked,
        "settled": [one for one in notes if not one["open"]],
        "read": read,
        "voice": voice_of(change.spec),
        "unchanged": _unchanged(change, gate, mine),
        "base": _signature(mine),
        "blocks": [views.finding(one) for one in blocking if one.rule != "hidden-text"],
        "warnings": [views.finding(one) for one in found if one.severity is Severity.WARNS],
        "hidden": [views.finding(one, waived) for one in found if one.rule == "hidden-text"],
        "documents": [
            {"path": one.path, "words": _count(one.data.decode(errors="replace")),
             "here": bool(gate and one.path in gate.items)}
            for one in change.spec.documents
        ],
        "missing": [refused.message] if refused else missing,
        "hint": obstacle.hint if obstacle else "",
        "ready": obstacle is None,
        "sends_back": looks is None and _may_send_back(change, gate, who),
        "cost": cost(covered, pending, read),
    }  # fmt: skip


def last_approval(change: Change, gate: Gate, who: str) -> Signed | None:
    """Return the newest approval that `who` signed at this gate, or None."""
    signed = [
        one
        for one in change.log.signed
        if one.approval.gate == gate.stage
        and one.approval.decision is Decision.APPROVE
        and one.approval.approver == who
    ]
    return signed[-1] if signed else None


def since(
    workshop: Workshop, change: Change, gate: Gate | None, mine: Signed | None
) -> tuple[ItemChange, ...]:
    """Return the items of a document's gate that differ from those in the record `mine`."""
    if gate is None or gate.stage not in SPEC_STAGES:
        return ()
    ids = changed_ids(mine.approval.items if mine else {}, gate.items)
    return compare(views.approved_spec(workshop, change, mine), change.spec, ids)


def entries(spec: Spec, changed: Iterable[ItemChange], found: Sequence[Finding] = ()) -> list[View]:
    """Return how each changed item is read, the riskiest first; notes are not read but answered."""
    notes = {one.id for one in (*spec.questions, *spec.assumptions)}
    voice = voice_of(spec)
    read = [_item(spec, one, found, voice) for one in changed if one.id not in notes]
    return list(_beneath_each_other(sorted(read, key=lambda one: one["rank"])))


def _beneath_each_other(read: Iterable[View]) -> Iterator[View]:
    """Yield entries with marks for what the one above says, each scenario's question once."""
    above: Terse | None = None
    asked: set[str] = set()
    for one in read:
        said: Terse | None = one["terse"]
        told = [[piece.shown, piece.stands_for] for piece in said.beneath(above)] if said else []
        marked = any(meant for _, meant in told)
        shown = "".join(text for text, _ in told) if said else one["shown"]
        again = one["scenario"] in asked
        asked.add(one["scenario"])
        count = _words_of(one["runs"], f"{shown} {one['lead']}")
        yield {
            **{name: value for name, value in one.items() if name not in ("terse", "after")},
            "shown": shown,
            "whole": one["whole"] or (one["after"] if marked else ""),
            "told": told or [[shown, ""]],
            "asked_above": again,
            "words": count + (0 if again else _count(one["scenario"])),
        }
        above = said


def _words_of(runs: Sequence[Sequence[str]], shown: str) -> int:
    return sum(_count(text) for _, text in runs) if runs else _count(shown)


def notes_of(spec: Spec) -> list[View]:
    """Return the questions, then the assumptions, as they are answered."""
    questions = [_note(spec, one) for one in spec.questions]
    return [*questions, *(_note(spec, one) for one in spec.assumptions)]


def cost(spec: Spec, pending: Sequence[View], read: Sequence[View]) -> View:
    """Return what deciding costs: words to read, decisions to take, minutes, words in all."""
    reading = sum(one["words"] for one in (*pending, *read))
    whole = sum(_count(one.data.decode(errors="replace")) for one in spec.documents)
    criteria = sum(one["kind"] == "criterion" for one in read)
    minutes = reading / WORDS_A_MINUTE + len(pending) * MINUTES_A_DECISION
    return {
        "words": reading,
        "whole": whole,
        "criteria": criteria,
        "decisions": len(pending),
        "minutes": max(1, round(minutes)),
        "over": reading > BUDGET_WORDS or criteria > BUDGET_CRITERIA,
    }


def excerpt(runs: Iterable[tuple[str, str]], around: int = AROUND) -> list[list[str]]:
    """Return runs of a word diff with what was kept cut to `around` words beside each change."""
    listed = list(runs)
    cut: list[list[str]] = []
    for at, (sign, text) in enumerate(listed):
        parts = re.findall(r"\s*\S+|\s+$", text)
        last = at == len(listed) - 1
        head = 0 if at == 0 else around
        tail = 0 if last else around
        if sign == " " and len(parts) > head + tail + 1:
            after = "".join(parts[len(parts) - tail :]).lstrip() if tail else ""
            text = f"{''.join(parts[:head])} … {after}"
        cut.append([sign, text])
    return cut


def voice_of(spec: Spec) -> View:
    """Return what most criteria have in common: whom they oblige, who acts, and the language."""
    texts = [one.text for one in spec.criteria]
    return {"subject": terse.subject_of(texts), "actor": terse.actor_of(texts),
            "english": headline.is_english(texts)}  # fmt: skip


def _item(spec: Spec, one: ItemChange, found: Sequence[Finding], voice: View) -> View:
    item = next((item for item in spec.items if item.id == one.id), None)
    kind = one.kind
    runs = excerpt(words(one.before, one.after)) if one.change is Kind.CHANGED else []
    about = [finding for finding in found if finding.item == one.id]
    shown = _shown(spec, one, item)
    plain = kind is ItemKind.CRITERION and one.change is not Kind.REMOVED and not runs
    short = terse.terse(shown, **voice) if plain else None
    shown, source_text = (short.text if short else shown), shown
    begun = kind in (ItemKind.SECTION, ItemKind.TASK) and one.change is Kind.ADDED
    lead = _lead(one.after, shown) if begun else ""
    count = _words_of(runs, f"{shown} {lead}")
    # What blocks comes first, then what was there before and is not the same, then what is new.
    order = (Kind.REMOVED, Kind.CHANGED, Kind.ADDED, Kind.RESTS, Kind.SAME)
    return {
        "id": one.id,
        "kind": "text around the items" if kind is ItemKind.FRAME else str(kind),
        "change": str(one.change),
        "shown": shown,
        "terse": short,
        "after": one.after,
        "lead": lead,
        "runs": runs,
        "whole": one.after if shown != source_text else _rest(kind, shown, one.after),
        "folded": _count(one.after) - count if kind not in _WHOLE else 0,
        "findings": [views.finding(each) for each in about],
        "own": item.own if item else "",
        "sentence": item.text.split("\n", 1)[0].strip() if item else "",
        "scenario": scenarios.question(item.text) if isinstance(item, Criterion) else "",
        "rank": (not about, kind is not ItemKind.CRITERION, order.index(one.change), _place(item)),
    }


def _rest(kind: ItemKind, shown: str, text: str) -> str:
    return "" if kind in _WHOLE or shown == text.strip() else text


def _shown(spec: Spec, one: ItemChange, item: Item | None) -> str:
    """Return what is read of an item at first sight: a criterion whole, of the rest its name."""
    if item is None:
        return one.before.strip()
    if item.kind in _WHOLE:
        bare = re.sub(
            rf"^\s*[-*+]?\s*(?:\[.\]\s*)?\**{re.escape(one.id)}\**[:.)]?\s*", "", one.after
        )
        return bare.strip()
    if item.kind is ItemKind.FRAME:
        document = spec.document(item.id)
        return headline.heading(document.title) if document else item.id
    text = item.text.strip()
    if item.kind is not ItemKind.REQUIREMENT:
        return text or item.id
    within = (f"{item.id}.", f"{item.id}/")
    beneath = [each.text for each in spec.criteria if each.id.startswith(within)]
    return "" if item.id.endswith(f"/{text}") else headline.heading(text, beneath)


def _lead(text: str, shown: str) -> str:
    """Return how the prose of an item begins, without headings, fields and what `shown` says."""
    said = " ".join(_WORD.findall(shown))
    for line in text.splitlines():
        words = line.strip(" \t#*-_>|`").split()
        bare = " ".join(words)
        again = said in " ".join(_WORD.findall(bare))
        if len(words) > 3 and not again and not re.match(r"\w+:|#", line.strip()):
            return bare if len(words) <= LEAD_WORDS else " ".join(words[:LEAD_WORDS]) + " …"
    return ""


def _place(item: Item | None) -> tuple[str, int]:
    return (item.place.path, item.place.start) if item else ("", 0)


def _note(spec: Spec, item: Question | Assumption) -> View:
    document = spec.document(item.place.path)
    view = views.note(item)
    risk = view["risk"]
    said = _assumed(item.text) if isinstance(item, Assumption) else view["said"]
    return {
        **view,
        "rank": (_RISKS.index(risk) if risk in _RISKS else 1, item.place.start),
        "said": said,
        "own": item.own,
        "source": source(document, item) if document else "",
        "words": sum(map(_count, (said, *view["choices"]))),
    }


def _assumed(text: str) -> str:
    """Return what is to be read of an assumption; a question is read as it is asked."""
    bare = _NUMBER.sub("", text)
    said = headline.headline(bare) if headline.is_english([bare]) else bare
    return said[:1].upper() + said[1:] if bare[:1].isupper() else said


def _unchanged(change: Change, gate: Gate | None, mine: Signed | None) -> list[View]:
    if gate is None or gate.stage not in SPEC_STAGES or mine is None:
        return []
    known = {item.id: item for item in change.spec.items}
    return [
        {"id": name, "text": known[name].text}
        for name, digest in gate.items.items()
        if mine.approval.items.get(name) == digest
    ]


def _signature(record: Signed | None) -> View | None:
    if record is None:
        return None
    approval = record.approval
    return {"by": approval.approver, "at": approval.issued, "record": record.digest}


def _findings(change: Change, gate: Gate | None) -> Iterable[Finding]:
    if gate is None or gate.stage not in SPEC_STAGES:
        return ()
    notes = ("open-question", "open-assumption")
    return (one for one in change.findings_at(gate.stage) if one.rule not in notes)


def _obstacle(change: Change, gate: Gate, who: str) -> AccordError | None:
    try:
        reviewing.waiting(change)
    except AccordError as error:
        return error
    return reviewing.refusal(change, gate, who)


def _may_send_back(change: Change, gate: Gate | None, who: str) -> bool:
    trust = change.workshop.trust
    return gate is None or entitlement.lacks_role(trust, gate.stage, who) is None


def _missing(
    pending: Sequence[View], blocking: Sequence[Finding], *, blank: bool,
    obstacle: AccordError | None,
) -> list[str]:  # fmt: skip
    if obstacle is None:
        return []
    if blank:
        return ["the document is yet to be written"]
    kinds = [(kind, len(list(group))) for kind, group in groupby(one["kind"] for one in pending)]
    counted = [*kinds, *([("finding", len(blocking))] if blocking else [])]
    said = [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counted]
    return [f"open: {', '.join(said)}"] if said else [obstacle.message]


def _count(text: str) -> int:
    return len(_WORD.findall(text))


def blocking(change: Change, gate: Gate) -> int:
    """Return how many findings keep the gate shut, open notes left out."""
    notes = ("open-question", "open-assumption")
    return sum(one.rule not in notes for one in checks.blocking(change.findings_at(gate.stage)))
