"""What a page asks to have signed beside a gate: verdicts, captures, acts on decisions.

Whoever confirms it reads `words`, which are made here from the repository and never from what the
page said of it; `sign` refuses when the repository says something else by then.
"""

from collections.abc import Mapping

from accord.app import capturing, deciding, verdicts
from accord.app.capturing import Answer, Prompt
from accord.app.workshop import Workshop
from accord.core.decisions import Act, Entry, State
from accord.core.findings import Finding
from accord.core.model import Stage
from accord.errors import ConfigurationError, ConflictError

VERBS = ("verdict", "capture", "rule")

Fields = Mapping[str, str]

_DECIDED = "decided:"


def words(workshop: Workshop, verb: str, change: str, fields: Fields) -> tuple[str, ...]:
    """Return the lines that say what would be signed, the first one a heading.

    `fields` of a `verdict` are criterion, state, answer, reason and until; of a `capture` an
    answer (`again:SLUG`, `new:WORDS`, `skip`) by STAGE/KEY; of a `rule` decision, digest, act,
    reason, supersedes, narrows and keep. Raises ConflictError when what the page showed is so no
    more.
    """
    return tuple(" ".join(one.split()) for one in _words(workshop, verb, change, fields))


def sign(workshop: Workshop, verb: str, change: str, fields: Fields) -> str:
    """Sign all of it, and return what came of it in a sentence. Raises what the use case raises."""
    told = []
    while fields:
        said, fields = step(workshop, verb, change, fields)
        told.append(said)
    return "; ".join(filter(None, told))


def step(workshop: Workshop, verb: str, change: str, fields: Fields) -> tuple[str, Fields]:
    """Sign at most one record of it; return what came of that, and the fields of what is left.

    A verdict that something is wrong begins a change, which is a record of its own, and a capture
    signs each rule that comes of it: so each of these can be signed by whoever signs one record at
    a time. What was done by earlier steps stands in the fields that are left: `opened` is the
    change that was begun, and `decided:SLUG:SENTENCE` takes the place of `new:WORDS`.
    """
    if verb == "verdict":
        return _judged(workshop, change, fields)
    if verb == "capture":
        return _captured(workshop, change, fields)
    return _ruled(workshop, change, fields), {}


def signatures(verb: str, fields: Fields) -> int:
    """Return how many records are signed at most for what `fields` say is left."""
    if verb == "verdict":
        begins = fields["answer"] in verdicts.BEGINNING and not fields.get("opened")
        return 1 + begins
    if verb == "capture":
        stages = {key.partition("/")[0] for key in fields}
        return len(stages) + sum(said.startswith("new:") for said in fields.values())
    return 1


def unsigned(verb: str, change: str, fields: Fields) -> str:
    """Return the command that does the same on the command line."""
    place = f" --change {change}" if change else " --base"
    if verb == "verdict":
        return f"accord verdict {change}"
    if verb == "capture":
        return f"accord decisions capture {change}"
    if fields["act"] == Act.ACTIVATE:
        return f"accord decisions approve {fields['decision']}{place}"
    return f"accord decisions expire {fields['decision']}{place} --reason '...'"


_TOLD = ("supersedes", "narrows", "keep", "reason")
_DONE = {
    Act.ACTIVATE: "Put in force",
    Act.EXPIRE: "Take out of force",
    Act.REJECT: "Turn down",
}


def _words(workshop: Workshop, verb: str, change: str, fields: Fields) -> tuple[str, ...]:
    if verb == "verdict":
        found = _finding(workshop, change, fields)
        return (
            f"Judge {found.named} of {change}",
            found.told,
            *(f"{one.path}:{one.line} {one.message}" for one, _ in found.causes),
            f"verdict: {fields['answer']}{_until(fields)}",
            f"reason: {fields['reason']}",
            *_begins(fields),
        )
    if verb == "capture":
        return (
            f"Keep what was corrected in {change}",
            *(_said(one) for _, one in _answers(workshop, change, fields)),
        )
    entry = _entry(workshop, change, fields)
    return (
        f"{_DONE[Act(fields['act'])]} {entry.rule.id}: {entry.rule.statement}",
        *(f"{name}: {fields[name]}" for name in _TOLD if fields.get(name)),
    )


def _until(fields: Fields) -> str:
    return f" until {fields['until']}" if fields.get("until") else ""


def _begins(fields: Fields) -> tuple[str, ...]:
    if opened := fields.get("opened"):
        return (f"{opened} was begun for it",)
    return ("a change is begun for it first",) if fields["answer"] in verdicts.BEGINNING else ()


def _judged(workshop: Workshop, change: str, fields: Fields) -> tuple[str, Fields]:
    found = _finding(workshop, change, fields)
    answer, reason = verdicts.Answer(fields["answer"]), fields["reason"]
    opened = fields.get("opened", "")
    if answer in verdicts.BEGINNING and not opened:
        opened = verdicts.begun(workshop, found, answer, reason=reason)
        if not opened:
            opened = verdicts.begin(workshop, found, answer, reason=reason).change
        return "", {**fields, "opened": opened}
    closed = verdicts.close(
        workshop, found, answer, reason=reason, until=fields.get("until", ""), opened=opened
    )
    said = f"{found.named} of {change}: {closed.answer}"
    return (f"{said}; {opened} was begun for it" if opened else said), {}


def _finding(workshop: Workshop, change: str, fields: Fields) -> Finding:
    """Return the finding as it was shown, about the criteria alone that were chosen."""
    found = verdicts.find(workshop, change, fields["criterion"])
    about = fields["about"].split("\n")
    if found.state != fields["state"] or not set(about) <= set(found.criteria):
        raise ConflictError(f"{found.named} of {change} changed since you looked",
                            hint="read the finding again")  # fmt: skip
    return found.only(about)


def _answers(workshop: Workshop, change: str, fields: Fields) -> list[tuple[Stage, Answer]]:
    """Return the answers by stage. Raises ConflictError for a correction that waits no more."""
    waiting = {f"{stage}/{one.candidate.key}": (stage, one)
               for stage, one in capturing.waiting(workshop, change)}  # fmt: skip
    if not fields or not waiting.keys() >= fields.keys():
        raise ConflictError(f"what was corrected in {change} is another thing by now",
                            hint="look at the corrections again")  # fmt: skip
    return [(waiting[key][0], _answer(waiting[key][1], said)) for key, said in fields.items()]


def _answer(prompt: Prompt, said: str) -> Answer:
    what, _, about = said.partition(":")
    known = [rule.slug for rule in prompt.matches]
    if what == "again" and about in known:
        return Answer(prompt, "again", about)
    if what == "new" and about.strip():
        return Answer(prompt, "new", about)
    if said.startswith(_DECIDED):
        return Answer(prompt, "new", _decided(said)[1])
    if said == "skip":
        return Answer(prompt, "skip")
    raise ConfigurationError(f"'{said}' is no answer to a correction",
                             hint="choose a rule that was shown, write one, or skip")  # fmt: skip


def _said(one: Answer) -> str:
    item = one.prompt.candidate.item or "a comment"
    if one.what == "again":
        rule = next(rule for rule in one.prompt.matches if rule.slug == one.words)
        return f"{item}: {rule.id} once more: {rule.statement}"
    return f"{item}: a new rule: {one.words}" if one.what == "new" else f"{item}: no rule"


def _captured(workshop: Workshop, change: str, fields: Fields) -> tuple[str, Fields]:
    answers = _answers(workshop, change, fields)
    for key, (stage, one) in zip(fields, answers, strict=True):
        if fields[key].startswith("new:"):
            slug, said = capturing.decide(workshop, change, stage, one)
            return "", {**fields, key: f"{_DECIDED}{slug}:{said}"}
    stage = answers[0][0]
    here = [(key, one) for key, (where, one) in zip(fields, answers, strict=True) if where == stage]
    decided = {one.prompt.candidate.key: _decided(fields[key]) for key, one in here}
    said_all = capturing.record(workshop, change, stage, [one for _, one in here], decided)
    left = {key: said for key, said in fields.items() if key not in dict(here)}
    return "; ".join(said_all) or "noted that no rule comes of it", left


def _decided(said: str) -> tuple[str, str]:
    slug, _, words = said.removeprefix(_DECIDED).partition(":")
    return slug, words


def _entry(workshop: Workshop, change: str, fields: Fields) -> Entry:
    entry = deciding.find(
        deciding.Place(change, "", "", deciding.held(workshop, change)), fields["decision"]
    )
    if entry.rule.digest != fields["digest"]:
        raise ConflictError(f"{entry.rule.id} changed since you looked", hint="read it again")
    return entry


def _ruled(workshop: Workshop, change: str, fields: Fields) -> str:
    entry = _entry(workshop, change, fields)
    name, act = entry.rule.id, Act(fields["act"])
    if act is not Act.ACTIVATE:
        done = deciding.end(workshop, change, name, act, fields["reason"])
        return f"{done.rule.id} is {done.state}: {fields['reason']}"
    narrows = tuple(filter(None, fields.get("narrows", "").split(", ")))
    despite = bool(fields.get("keep"))
    if fields.get("supersedes"):
        done = deciding.supersede(workshop, change, fields["supersedes"], name, narrows=narrows,
                                  despite=despite)  # fmt: skip
    else:
        done = deciding.activate(workshop, change, name, narrows=narrows, despite=despite)
    state = "in force" if done.state is State.ACTIVE else f"{done.state}, it waits for more people"
    return f"{done.rule.id} is {state}: {done.rule.statement}"
