"""Begin the change that mends a finding of drift, with what is known written into its story.

Each new criterion takes the place of an earlier one: it says the same where the code is wrong, and
what the code does where the words are, as far as that can be told. It goes through its gates like
any other.
"""

from collections.abc import Iterator

from attrs import frozen

from accord.app import authoring, desk, promises
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core import living, policy, wording
from accord.core.drift import Verdict
from accord.core.findings import Finding
from accord.core.hidden import visible
from accord.core.model import Stage, Track
from accord.formats import layouts, registry
from accord.formats.templates import fill


@frozen
class Begun:
    """The change that was begun, where its story says the sentences, and where the old ones stand.

    `document` is the place of the first of them, `proposed` are those that say something new.
    """

    change: str
    document: str
    places: tuple[str, ...]
    proposed: tuple[str, ...]


@frozen
class _Anew:
    """A criterion that is to be said again: where it stands, its words, and the proposed ones."""

    target: str
    place: str
    words: str
    proposed: str


def begin(workshop: Workshop, finding: Finding, reason: str, *, reword: bool) -> Begun:
    """Begin a change for `finding`; with `reword` its words are what is wrong, else the code.

    Raises what `authoring.new` raises.
    """
    sentence = sentence_of(finding, reason, reword=reword)
    proposal = policy.propose(sentence, workshop.config.policy)
    every = [_anew(workshop, one, reword=reword) for one in finding.verdicts]
    said = [(one.proposed or one.words, one.target) for one in every if one.words]

    def filled(form: str, text: str) -> str:
        if form == registry.NAME:
            return fill(text, said, _found(finding))
        return layouts.fill(form, text, said)

    # A trivial change has no story, and this one is about a sentence.
    track = Track.SMALL if proposal.track is Track.TRIVIAL else None
    opened = authoring.new(workshop, sentence, track=track, filled=filled if said else None)
    return Begun(
        opened.change,
        _place(workshop, opened.change, said[0][1] if said else ""),
        tuple(dict.fromkeys(one.place for one in every)),
        tuple(one.proposed for one in every if one.proposed),
    )


def _anew(workshop: Workshop, one: Verdict, *, reword: bool) -> _Anew:
    target = f"{one.change}/{one.criterion}"
    there = promises.find(workshop.repo, workshop.base, one.change, one.criterion)
    if there is None:
        return _Anew(target, one.path, "", "")
    words = living.words(there.item)
    changes = [(each.was, each.now) for each in one.causes if each.was and each.now]
    proposed = wording.proposed(words, changes) if reword else ""
    return _Anew(target, f"{there.path}:{there.item.place.line}", words, proposed)


def sentence_of(finding: Finding, reason: str, *, reword: bool) -> str:
    """Return the sentence that the change for `finding` begins with."""
    what = "Say what is so" if reword else "Make it true again"
    return f"{what}, {finding.named} of {finding.change}: {reason}"


def _found(finding: Finding) -> Iterator[str]:
    """Yield what was found, as lines of plain text."""
    yield f"{finding.change} {finding.told}."
    for one, _ in finding.causes:
        who = f" (commit {one.commit[:12]} by {one.author})" if one.commit else ""
        lines = [f"{one.path}:{one.line} {one.message}{who}"]
        lines += [f"  was: {one.was}", f"  now: {one.now}"] if one.was or one.now else []
        yield from (visible(line).replace("`", "'") for line in lines)


def _place(workshop: Workshop, change: str, target: str) -> str:
    """Return the file and line on the desk where the first sentence to be decided stands."""
    found = load(workshop, change)
    folder = desk.of(workshop, change, found.found.ref).folder
    document = found.spec.document(found.spec.layout.documents[Stage.STORY])
    if document is None:
        return str(folder)
    lines = document.data.decode(errors="replace").splitlines()
    link = f"Supersedes: {target}"  # it stands below the sentence
    at = next((number for number, line in enumerate(lines) if line.endswith(link)), 1)
    return f"{folder / document.path}:{at}"
