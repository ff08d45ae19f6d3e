"""Ask at a gate, right after it was approved, whether a correction is a rule for the next time."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from accord.app import deciding, ledger, showing
from accord.app.changes import Change, Found, find, load, read
from accord.app.workshop import Workshop
from accord.core import capture, recall, secrets
from accord.core.approval import Decision, Json, Signed
from accord.core.capture import Candidate
from accord.core.decision_record import Rule
from accord.core.decisions import Act, act_of
from accord.core.gates import is_withdrawal
from accord.core.model import SPEC_STAGES, STAGES, Spec, Stage, sha256
from accord.errors import ConfigurationError, RefusedError

NOTES = "correction/"
DRAFTED = "Spec-Draft"
LONGEST = 400
CAUSES = ("not captured", "not retrieved", "ignored", "no check")
SignedLog = tuple[str, list[dict[str, Json]]]
"""When a capture was signed, and its answers."""


@frozen
class Prompt:
    """One question: a correction, the rules in force that it may repeat, whether it came before."""

    candidate: Candidate
    matches: tuple[Rule, ...]
    again: bool


@frozen
class Answer:
    """What a person answered: `again` with a decision's slug, `new` with words, or `skip`."""

    prompt: Prompt
    what: str
    words: str = ""


def pending(workshop: Workshop, name: str, stage: Stage) -> tuple[Prompt, ...]:
    """Return at most three questions about what was corrected at `stage` and not asked yet."""
    change = load(workshop, name)
    notes = workshop.journal.noted(NOTES)
    found = [one for one in _candidates(change, stage) if _key(name, one) not in notes]
    # What others signed counts as well, of other changes only: nothing is its own precedent.
    earlier = [str(note["words"]) for note in notes.values()
               if note.get("change") != name and not note.get("captured")]  # fmt: skip
    earlier += [str(each["words"]) for one in change.ledger.log.signed
                if one.approval.details.get("change") != name
                for each in _listed(one) if each.get("words")]  # fmt: skip
    rules = change.ledger.register.in_force
    return tuple(
        Prompt(one, tuple(rule for _, rule in recall.nearest(one.query, rules, capture.MATCHES)),
               again)
        for one, again in capture.ranked(found, earlier)
    )  # fmt: skip


def waiting(
    workshop: Workshop, name: str, stages: Sequence[Stage] = STAGES
) -> tuple[tuple[Stage, Prompt], ...]:
    """Return at most three questions with their stages; nothing once the change is released."""
    if name not in {one.change for one in find(workshop)}:
        return ()
    found = [(stage, one) for stage in stages for one in pending(workshop, name, stage)]
    return tuple(found[: capture.PROMPTS])


def _candidates(change: Change, stage: Stage) -> tuple[Candidate, ...]:
    comments = _comments(change, stage)
    drafts = _drafts(change, stage) if stage in SPEC_STAGES else ()
    if not drafts:
        return capture.candidates(change.spec, change.spec, "", comments)
    # What a person made of each draft but the last, as the agent found it the next time.
    left = [_at(change, f"{commit}^") for commit in drafts[1:]]
    written = [_at(change, commit) for commit in drafts]
    return capture.candidates(
        written[-1], change.spec, change.spec.layout.documents[stage], comments,
        earlier=tuple(zip(written, left, strict=False)),
        redrafts=tuple(zip(left, written[1:], strict=True)),
    )  # fmt: skip


def _comments(change: Change, stage: Stage) -> list[str]:
    return [
        one.approval.reason
        for one in change.log.signed
        if one.approval.gate == stage
        and one.approval.decision is Decision.REJECT
        and not is_withdrawal(one)
    ]


def _drafts(change: Change, stage: Stage) -> list[str]:
    """Return the commits in which an agent drafted `stage`, the oldest first."""
    marked = change.workshop.repo.marked(change.fork, change.found.tip, DRAFTED)
    return [commit for commit, value in marked if value.split("/")[:3] == _begin(change, stage)]


def _at(change: Change, commit: str) -> Spec:
    """Return the documents of a change as they were in a commit of its branch."""
    found = Found(change.name, change.found.ref, change.workshop.repo.resolve(commit))
    return read(change.workshop, found, {}, desk_too=False).spec


def _begin(change: Change, stage: Stage) -> list[str]:
    return ["draft", change.name, str(stage)]


def _key(change: str, one: Candidate) -> str:
    return f"{NOTES}{change}/{one.key}"


def record(
    workshop: Workshop, name: str, stage: Stage, answers: Sequence[Answer],
    decided: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Keep what a person answered; return a sentence for each decision that came of it.

    A new rule says exactly the person's words and comes into force by the signature; where it
    cannot (it clashes, it is too long) it is left as a proposal, or as nothing, and that is said.
    `decided` holds, by the keys of corrections, what `decide` returned for answers that it was
    given already.
    """
    said = []
    kept: list[Json] = []
    notes: dict[str, dict[str, Json]] = {}
    for answer in answers:
        one = answer.prompt.candidate
        slug = answer.words if answer.what == "again" else ""
        if answer.what == "new":
            known = decided.get(one.key) if decided else None
            slug, words = known or decide(workshop, name, stage, answer)
            said.append(words)
        elif answer.what == "again":
            ids = {rule.slug: rule.id for rule in answer.prompt.matches}
            said.append(f"noted: {ids.get(slug, f'D-{slug}')} once more")
        kept.append(_kept(workshop, name, stage, answer, slug))
        notes[_key(name, one)] = {"words": one.words, "captured": bool(slug), "change": name,
                                  "at": workshop.clock.now()}  # fmt: skip
    if kept:
        details: dict[str, Json] = {"stage": str(stage), "answers": kept}
        deciding.record_capture(workshop, name, details)
    for key, note in notes.items():  # only what is signed is answered
        workshop.journal.note(key, note)
    return tuple(said)


def _kept(
    workshop: Workshop, name: str, stage: Stage, answer: Answer, slug: str
) -> dict[str, Json]:
    found: dict[str, Json] = {"what": answer.what, "decision": slug, "before": answer.prompt.again}
    words = answer.prompt.candidate.words
    if not slug and not any(secrets.find(words)):
        found["words"] = words[:LONGEST]  # so that whoever meets it again is told
    if answer.what == "again":
        change = load(workshop, name)
        shown = {one.slug for one in showing.shown_at(change, stage)}
        entry = change.ledger.register.entries.get(slug)
        found["shown"] = slug in shown
        found["check"] = bool(entry and entry.rule.checks)
    return found


def decide(workshop: Workshop, name: str, stage: Stage, answer: Answer) -> tuple[str, str]:
    """Put the new rule of an answer in force; return its slug, empty without one, and a sentence.

    That is one signature. A rule that cannot come into force is proposed without any.
    """
    one = answer.prompt.candidate
    source = {
        "change": name,
        "stage": str(stage),
        "item": one.item,
        "draft": f"sha256:{sha256(one.removed.encode())[:12]}" if one.removed else "",
        "approved": f"sha256:{sha256(one.added.encode())[:12]}" if one.added else "",
        "by": workshop.person,
        "at": workshop.clock.now(),
    }
    rule = Rule(
        "", "", "proposed", " ".join(answer.words.split()), stages=_stages(stage),
        wrong=one.removed, right=one.added,
        source={key: value for key, value in source.items() if value},
    )  # fmt: skip
    try:
        where, made = deciding.adoptable(workshop, name, rule)
    except RefusedError as error:
        made = deciding.propose(workshop, name, [rule])[0]
        return made.slug, f"{made.id} is proposed, not in force: {error.message}"
    except ConfigurationError as error:
        return "", f"not kept: {error.message}"
    entry = deciding.adopt(workshop, where, made)
    return entry.rule.slug, f"{entry.rule.id} is in force: {entry.rule.statement}"


def _stages(stage: Stage) -> tuple[Stage, ...]:
    return (stage,) if stage in SPEC_STAGES else (Stage.IMPLEMENTATION,)


def stats(workshop: Workshop, logs: Iterable[SignedLog]) -> dict[str, Json]:
    """Return how often corrections repeat, and why: the figures of the signed captures in `logs`.

    A repeat was not captured (made before, no rule), not retrieved (a rule, not shown), ignored
    (shown, and it has a check) or has no check (shown, and nothing could verify it).
    """
    answers = [one for _, log in logs for one in log]
    found = [cause for one in answers if (cause := _cause(one))]
    causes = {name: found.count(name) for name in CAUSES}
    captured = sum(one.get("what") in ("again", "new") for one in answers)
    held = ledger.on_base(workshop).register.in_force
    return {
        "corrections": len(answers),
        "repeats": len(found),
        "repeat_rate": f"{len(found) / len(answers):.3f}" if answers else "",
        "causes": dict(causes),
        "captured": captured,
        "in_force": len(held),
        "with_check": sum(bool(rule.checks) for rule in held),
    }


def counted(logs: Iterable[SignedLog]) -> list[tuple[str, int, int]]:
    """Return each signed capture as (when, how many corrections, how many made before)."""
    return [(at, len(log), sum(bool(_cause(one)) for one in log)) for at, log in logs]


def _cause(one: Mapping[str, Json]) -> str:
    """Return why a correction had to be made again, or an empty string for one that had not."""
    if one.get("what") != "again":
        return "not captured" if one.get("before") else ""
    if not one.get("shown"):
        return "not retrieved"
    return "ignored" if one.get("check") else "no check"


def logs(workshop: Workshop) -> list[SignedLog]:
    """Return the answers in each signed capture, on the base and on open branches, once."""
    places = [ledger.on_base(workshop)]
    places += [ledger.on_branch(workshop, one.tip) for one in find(workshop)]
    found: dict[str, SignedLog] = {}
    for place in places:
        for one in place.log.signed:
            if act_of(one) is Act.CAPTURE:
                found[one.digest] = (one.approval.issued, _listed(one))
    return list(found.values())


def _listed(one: Signed) -> list[dict[str, Json]]:
    """Return the answers in a signed capture; none in any other record."""
    listed = one.approval.details.get("answers") if act_of(one) is Act.CAPTURE else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
