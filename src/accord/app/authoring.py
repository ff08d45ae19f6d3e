"""Begin a change, answer what it asks, and keep what a person wrote."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from attrs import evolve, frozen

from accord.app import asking, desk, records
from accord.app.changes import Change, find, load, released
from accord.app.workshop import CHANGES, Workshop
from accord.core import choices, gates, policy
from accord.core.approval import Decision, Json, Log
from accord.core.gates import TRACK_GATE
from accord.core.model import NATIVE, Assumption, Document, Question, Stage, Standing, Track
from accord.core.policy import Proposal, Size
from accord.errors import ConfigurationError, RefusedError
from accord.formats import clarifying, layouts, native, registry
from accord.formats.registry import Format
from accord.formats.templates import template

YES = ("yes", "y", "ok", "true", "accept", "accepted")


@frozen
class Opened:
    """A change that was begun: its track, what was proposed and why, where its documents are."""

    change: str
    track: Track
    proposal: Proposal
    folder: str


def new(
    workshop: Workshop, sentence: str, *, track: Track | None = None, name: str = "",
    estimate: Size | None = None, paths: Sequence[str] = (), here: bool = False, form: str = "",
    filled: Callable[[str, str], str] | None = None,
) -> Opened:  # fmt: skip
    """Begin a change on a branch of its own (`here`: on the one that is checked out).

    The track is proposed from the sentence, the estimate and the paths; `track` overrides it.
    Either way the choice is a signed record. `form` names the format of its documents; documents
    of that name that lie on the branch already are the change's own. `filled` is given the format
    and each empty document of the story, and returns what it is to begin with. Raises
    ConfigurationError for a name that is taken and for `here` on the base branch.
    """
    records.refuse_agents()
    sentence = " ".join(sentence.split())
    if not sentence:
        raise ConfigurationError(
            "a change begins with a sentence", hint="accord new 'what you want'"
        )
    wanted = registry.named(form or workshop.config.format)
    change = _name(workshop, name, sentence)
    ref, tip = _branch(workshop, change, here=here)
    proposal = policy.propose(sentence, workshop.config.policy, estimate=estimate, paths=paths)
    chosen = track or proposal.track
    details: dict[str, Json] = {
        "sentence": sentence,
        "track": str(chosen),
        "proposed": str(proposal.track),
        "because": proposal.reason,
        "branch": ref,
    }
    if wanted.name != registry.NAME:
        details["format"] = wanted.name
    signer = workshop.signer()
    approval = records.draft(
        workshop, change, TRACK_GATE, Decision.APPROVE, log=Log(), signer=signer, number=1,
        approver=records.person(workshop, signer),
    )  # fmt: skip
    signed = records.signed_files(signer, evolve(approval, details=details))
    files: dict[str, bytes | None] = dict(signed)
    if chosen is not Track.TRIVIAL:
        begun = _templates(workshop, change, wanted, chosen, sentence, tip)
        if filled is not None:
            begun = {path: filled(wanted.name, text) for path, text in begun.items()}
        files |= {path: text.encode() for path, text in begun.items()}
    commit = workshop.repo.commit(tip, files, f"Open {change}: {sentence}\n", workshop.author)
    old = tip if here else ""
    workshop.move("new", change, ref, commit, old, detail=sentence)
    workshop.journal.note(f"home/{change}", {"folder": wanted.home(change)})
    records.witness(workshop, change, signed)
    folder = desk.refresh(workshop, change, ref)
    return Opened(change, chosen, proposal, "" if chosen is Track.TRIVIAL else str(folder))


def step_up(workshop: Workshop, change: Change, track: Track, reason: str) -> Change:
    """Give a change another track by a signed record; the documents that it now needs are begun."""
    details: dict[str, Json] = {
        "sentence": change.sentence,
        "track": str(track),
        "proposed": str(track),
        "because": reason,
        "before": str(change.track),
        "branch": change.found.ref,
    }
    chosen = gates.track_records(change.log)
    last = max((one.round for one in chosen), default=0)
    waiting = [one for one in chosen if one.round == last and one.details["track"] == track]
    number = last if waiting else last + 1  # where two have to choose, the second joins the first
    records.decide(workshop, change, TRACK_GATE, Decision.APPROVE, reason=reason, details=details,
                   number=number)  # fmt: skip
    changed = load(workshop, change.name)
    story = changed.spec.layout.documents[Stage.STORY]
    if track is not Track.TRIVIAL and changed.spec.document(story) is None:
        tip = changed.found.tip
        texts = _templates(workshop, change.name, change.form, track, change.sentence, tip)
        wanted = {path: text.encode() for path, text in texts.items()}
        commit = workshop.repo.commit(tip, wanted, f"Begin the story of {change.name}\n",
                                      workshop.author)  # fmt: skip
        workshop.move("edit", change.name, changed.found.ref, commit, tip, detail="the story")
    desk.refresh(workshop, change.name, changed.found.ref)
    return load(workshop, change.name)


def answer(workshop: Workshop, change: Change, item_id: str, words: str) -> str:
    """Answer a question, or accept (`yes`) or correct an assumption; return what was written.

    A question that an agent asked while it works is answered to that agent.
    Raises ConfigurationError when the change has no such item and RefusedError where its format
    has no place for an answer; then nothing is written.
    """
    records.refuse_agents()
    if (question := asking.find(workshop, change.name, item_id)) is not None:
        return asking.answer(workshop, question, words)
    document, item = _note(change, item_id)
    standing, said = _standing(item, words)
    if _written(change, document, item, standing, said) is None:
        raise RefusedError(
            f"{change.form.name} has no place for an answer, so {item.id} is answered in the text",
            hint=f"edit {change.folder}/{document.path}, line {item.place.line}",
        )
    if change.edited:  # what a person typed, joined with what the branch has got meanwhile
        desk.save(workshop, change.name, change.found.ref)
        change = load(workshop, change.name)
        document, item = _note(change, item_id)
    data = _written(change, document, item, standing, said) or document.data
    write(workshop, change, document, data, f"Answer {item_id} of {change.name}: {words}")
    return f"{item_id} {standing}" + (f": {said}" if said else "")


def choice(workshop: Workshop, change: Change, item_id: str, number: int) -> str:
    """Return the words of choice `number` of a question; the first one is 1.

    Raises ConfigurationError when there is no such question, or no such choice.
    """
    question = asking.find(workshop, change.name, item_id)
    text = question.text if question else _note(change, item_id)[1].text
    return choices.chosen(item_id, text, number)


def _written(
    change: Change, document: Document, item: Question | Assumption, standing: Standing, said: str
) -> bytes | None:
    """Return the document with an answer in it, or None where its format has no place for one."""
    if change.form.name == registry.NAME:
        return native.answer(document, item, standing, said)
    return clarifying.answer(document, item, said) if isinstance(item, Question) else None


def _note(change: Change, item_id: str) -> tuple[Document, Question | Assumption]:
    for document in change.spec.documents:
        for item in document.items:
            if isinstance(item, Question | Assumption) and item.id == item_id:
                return document, item
    known = ", ".join(item.id for item in (*change.spec.questions, *change.spec.assumptions))
    hint = f"there is: {known}" if known else f"accord show {change.name}"
    raise ConfigurationError(f"{change.name} has no question or assumption {item_id}", hint=hint)


def write(workshop: Workshop, change: Change, document: Document, data: bytes, reason: str) -> None:
    """Put new bytes of a document on the change's branch, on top of what lies on the desk."""
    tip = desk.save(workshop, change.name, change.found.ref)
    path = f"{change.folder}/{document.path}"
    commit = workshop.repo.commit(tip, {path: data}, f"{reason}\n", workshop.author)
    workshop.move("answer", change.name, change.found.ref, commit, tip, detail=reason)
    desk.refresh(workshop, change.name, change.found.ref)


def begin(workshop: Workshop, change: Change, stage: Stage) -> str:
    """Put the template of a stage's document on the desk where there is none; return its path."""
    place = desk.of(workshop, change.name, change.found.ref)
    document = change.spec.layout.documents[stage]
    path = place.folder / document
    if change.spec.document(document) is None and not path.exists():
        texts = empty(workshop, change.name, change.form, stage, change.track,
                      title=change.title, sentence=change.sentence)  # fmt: skip
        desk.refresh(workshop, change.name, change.found.ref)
        for name, text in texts.items():
            if not (place.folder / name).exists():
                desk.write(place.folder / name, text.encode())
    return str(path)


def empty(
    workshop: Workshop, change: str, form: Format, stage: Stage, track: Track, *, title: str,
    sentence: str,
) -> dict[str, str]:  # fmt: skip
    """Return the empty documents of a stage in the change's format, by their paths."""
    if form.name != registry.NAME:
        return layouts.empty(form.name, stage, change=change, title=title, sentence=sentence)
    text = template(stage, track, title=title, sentence=sentence,
                    verify=workshop.config.policy.verify)  # fmt: skip
    return {NATIVE.documents[stage]: text}


def _standing(item: Question | Assumption, words: str) -> tuple[Standing, str]:
    said = " ".join(words.split())
    if not said:
        raise ConfigurationError(
            f"{item.id} needs an answer", hint=f"accord answer {item.id} '...'"
        )
    if isinstance(item, Question):
        return Standing.ANSWERED, said
    if said.lower().rstrip(".!") in YES:
        return Standing.ACCEPTED, ""
    return Standing.CORRECTED, said


def _templates(
    workshop: Workshop, change: str, form: Format, track: Track, sentence: str, tip: str
) -> dict[str, str]:
    """Return the empty story to put on the branch; none where documents lie there already."""
    home = form.home(change)
    if workshop.repo.folder(tip, home):
        return {}
    texts = empty(workshop, change, form, Stage.STORY, track, title=sentence.rstrip("."),
                  sentence=sentence)  # fmt: skip
    return {f"{home}/{path}": text for path, text in texts.items()}


def _branch(workshop: Workshop, change: str, *, here: bool) -> tuple[str, str]:
    if not here:
        return f"{CHANGES}{change}", workshop.repo.resolve(workshop.base)
    if workshop.branch == workshop.base:
        base = workshop.config.policy.base
        raise RefusedError(
            f"{base} holds only what was released, so no change can live on it",
            hint=f"git switch -c {change}, or leave out --here",
        )
    if workshop.branch.startswith(CHANGES):
        name = workshop.branch.removeprefix("refs/heads/")
        raise RefusedError(f"{name} is the branch of another change", hint="leave out --here")
    return workshop.branch, workshop.repo.resolve(workshop.branch)


def _name(workshop: Workshop, wanted: str, sentence: str) -> str:
    taken = {one.change for one in find(workshop)} | set(released(workshop))
    if wanted:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", wanted):
            raise ConfigurationError(
                f"'{wanted}' cannot be a name", hint="small letters, digits and hyphens, at most 60"
            )
        if wanted in taken:
            raise ConfigurationError(f"there is a change {wanted} already", hint="choose another")
        return wanted
    stem = _stem(sentence)
    return next(
        name
        for name in (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
        if name not in taken
    )


def begun(workshop: Workshop, sentence: str) -> str:
    """Return the open change that was begun with just this sentence, or an empty string."""
    sentence = " ".join(sentence.split())
    own = re.compile(rf"{re.escape(_stem(sentence))}(?:-\d+)?")
    named = (one.change for one in find(workshop) if own.fullmatch(one.change))
    return next((name for name in named if load(workshop, name).sentence == sentence), "")


def _stem(sentence: str) -> str:
    plain = unicodedata.normalize("NFKD", sentence).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z0-9]+", plain) if word not in _SMALL_WORDS]
    return "-".join(words[:5])[:40].rstrip("-") or "change"


_SMALL_WORDS = frozenset("a an the of to in on for and or is are be so that with as at it".split())
