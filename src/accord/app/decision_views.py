"""What people look at of the decisions, as plain data for the command line, JSON and the web."""

from collections.abc import Sequence
from typing import Any

from accord.app import deciding, ledger, ruling, showing
from accord.app.changes import Change, find
from accord.app.deciding import Nearby
from accord.app.ledger import Ledger
from accord.app.workshop import Workshop
from accord.approvals import records
from accord.core import decision_checks, recall
from accord.core.decision_record import CheckKind, Rule
from accord.core.decisions import Entry, State, order
from accord.core.model import SPEC_STAGES, Stage
from accord.core.paths import matches
from accord.errors import RefusedError

View = dict[str, Any]


def listing(workshop: Workshop, change: str = "", *, every: bool = False) -> View:
    """Return the decisions that hold in a place, and those that are staged on open changes.

    `every` adds what is out of force.
    """
    held = deciding.held(workshop, change)
    entries = sorted(held.register.entries.values(), key=lambda one: order(one.rule.id))
    wanted = (State.ACTIVE, State.PROPOSED, State.EDITED)
    branches = [(one.change, one.tip) for one in find(workshop) if one.change != change]
    return {
        "place": change or workshop.config.policy.base,
        "decisions": [_row(one, held) for one in entries if every or one.state in wanted],
        "staged": {
            name: [_brief(rule) for rule in rules]
            for name, rules in ledger.staged(workshop, branches).items()
        },
        "problems": problems(held),
    }


def problems(held: Ledger) -> list[View]:
    """Return what is wrong in the folder of decisions."""
    return [
        {"rule": one.rule, "place": f"{one.path}:{one.line}", "decision": one.name,
         "message": one.message, "hint": one.hint}
        for one in held.register.problems
    ]  # fmt: skip


def _brief(rule: Rule) -> View:
    return {"id": rule.id, "statement": rule.statement}


def _row(entry: Entry, held: Ledger) -> View:
    rule = entry.rule
    return {
        **_brief(rule),
        "state": str(entry.state),
        "stages": list(map(str, rule.stages)),
        "labels": list(rule.labels),
        "checks": [str(check.kind) for check in rule.checks],
        "by": list(entry.people),
        "since": entry.since,
        "path": rule.path,
        "born_here": rule.slug in held.born,
    }


def detail(workshop: Workshop, change: str, name: str) -> View:
    """Return one decision with where it came from and what lies near it."""
    where = deciding.Place(change, "", "", deciding.held(workshop, change))
    entry = deciding.find(where, name)
    rule = entry.rule
    successor = where.ledger.register.entries.get(entry.successor)
    return {
        **_row(entry, where.ledger),
        "because": rule.because,
        "kind": rule.kind,
        "paths": list(rule.paths),
        "triggers": list(rule.triggers),
        "always": rule.always,
        "wrong": rule.wrong,
        "right": rule.right,
        "names": list(rule.names),
        "supersedes": list(rule.supersedes),
        "narrows": list(rule.narrows),
        "superseded_by": successor.rule.id if successor else "",
        "review_after": rule.review_after,
        "source": dict(rule.source),
    }


def near(found: Nearby) -> View:
    """Return what a person is shown before a decision comes into force."""
    return {
        "nearest": [_brief(rule) for rule in found.nearest],
        "clashes": [{**_brief(one.other), "what": one.what} for one in found.clashes],
        "unproved": list(found.unproved),
    }


def gate(change: Change) -> View:
    """Return the decisions as the gate of `change` shows them: counts, rows and questions."""
    standing = change.gate
    stage = standing.stage if standing else None
    if stage is None:
        return {"counts": {}, "rows": [], "ask": []}
    rows = ruling.table(change, stage) if stage in SPEC_STAGES else ()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.standing] = counts.get(row.standing, 0) + 1
    about = stage if stage in SPEC_STAGES else Stage.IMPLEMENTATION
    written = stage not in SPEC_STAGES or change.spec.document(change.spec.layout.documents[stage])
    rules = change.ledger.register.in_force if written else ()
    questions = decision_checks.questions(rules, about)
    return {
        "counts": counts,
        "rows": [
            {**_brief(row.rule), "standing": row.standing, "words": row.words, "why": row.why}
            for row in rows
        ],
        "ask": [{"id": rule.id, "question": check.value} for rule, check in questions],
    }


def recalled(change: Change, stage: Stage, *, paths: Sequence[str] = ()) -> View:
    """Return what whoever writes at `stage` is shown, and why."""
    found = showing.recalled(change, stage, paths=paths)
    return {
        "stage": str(stage),
        "budget": recall.BUDGET,
        "tokens": found.tokens,
        "left": found.left,
        "shown": [
            {**_brief(one.rule), "why": str(one.why), "score": round(one.score, 3)}
            for one in found.shown
        ],
    }


def stale(workshop: Workshop) -> list[View]:
    """Return the decisions in force on the base that somebody should look at again, and why.

    Nothing is ever taken out of force by age.
    """
    held = ledger.on_base(workshop)
    today = workshop.clock.now()[:10]
    base = workshop.repo.resolve(workshop.base)
    departed = ruling.past_departures(workshop)
    unused = _never_followed(workshop)
    # Files are only listed where a rule has paths: a large repository has many.
    paths = list(workshop.repo.folder(base, "")) if any(
        rule.paths for rule in held.register.in_force
    ) else []  # fmt: skip
    found = []
    for rule in held.register.in_force:
        reasons = []
        if rule.review_after and rule.review_after <= today:
            reasons.append(f"it was to be looked at after {rule.review_after}")
        if rule.paths and not any(matches(path, rule.paths) for path in paths):
            reasons.append("no file lies in its paths any more")
        if len(departed.get(rule.slug, ())) > 1:
            reasons.append(f"{', '.join(departed[rule.slug])} departed from it")
        if unused.get(rule.slug, 0) >= _UNUSED:
            reasons.append(f"it was shown {unused[rule.slug]} times and never applied")
        if gone := _gone(workshop, base, rule):
            reasons.append(f"its check runs {gone}, which is gone")
        found += [{**_brief(rule), "reasons": reasons}] if reasons else []
    return found


_UNUSED = 10


def _gone(workshop: Workshop, base: str, rule: Rule) -> str:
    """Return the first file that a command of the rule names and the base has no more."""
    for check in rule.checks:
        if check.kind is CheckKind.COMMAND:
            for word in check.value.split():
                if "/" in word and not word.startswith(("/", "-")) and (
                    workshop.repo.read(base, word) is None
                ):  # fmt: skip
                    return word
    return ""


def _never_followed(workshop: Workshop) -> dict[str, int]:
    """Map decisions to how often a released approval has them as not applicable, if always so."""
    counts: dict[str, int] = {}
    followed: set[str] = set()
    for standings in _signed_standings(workshop):
        for slug, standing in standings.items():
            if standing == "n/a":
                counts[slug] = counts.get(slug, 0) + 1
            else:
                followed.add(slug)
    return {slug: count for slug, count in counts.items() if slug not in followed}


def _signed_standings(workshop: Workshop) -> list[dict[str, str]]:
    """Return what released approvals record of the decisions.

    It only feeds a queue of things to look at, so the signatures are not verified again.
    """
    base = workshop.repo.resolve(workshop.base)
    found = []
    for path, entry in workshop.repo.folder(base, records.FOLDER).items():
        data = workshop.repo.blob(entry.id) if path.endswith(".json") else b""
        if b'"decisions"' not in data:
            continue
        try:
            listed = records.from_bytes(data).details.get("decisions")
        except RefusedError:
            continue
        if isinstance(listed, dict):
            found.append({slug: str(one) for slug, one in listed.items()})
    return found
