"""Hold what was built against the decisions in force: the diff, and the commands of the base."""

from attrs import evolve

from accord.app import rule_commands, ruling
from accord.app.changes import Change
from accord.app.prompting import as_feedback
from accord.core import decision_checks
from accord.core.checks import Finding, Severity
from accord.core.decision_checks import Subject
from accord.core.decision_record import FOLDER
from accord.core.dispositions import Disposition
from accord.core.model import Stage, Track
from accord.errors import RefusedError

LARGEST = 2**20


def code_findings(
    change: Change, commit: str, base: str = "", *, commands: bool = True
) -> tuple[Finding, ...]:
    """Return where what `commit` changes since `base` (the fork) breaks a rule in force.

    What a document of the change says that it departs from does not block, nor does anything in
    a trivial change, which has no document to say so. Without `commands` nothing is run.
    """
    rules = [one for one in change.ledger.register.in_force if one.checks]
    if not rules:
        return ()
    looked = _subject(change, commit, base or change.fork)
    documents = [one for one in change.spec.documents if ruling.is_text(one)]
    said = ruling.said_in(change, documents)
    hits = ruling.demoted(decision_checks.run(rules, looked), said)
    found = [ruling.finding(hit) for hit in hits]
    departs = {
        change.ledger.register.entries[slug].rule.id
        for slug, one in said.items()
        if one.disposition is Disposition.DEPARTS
    }
    paths = looked.touched[Stage.IMPLEMENTATION]
    found += [
        evolve(one, severity=Severity.WARNS) if one.item in departs else one
        for one in (rule_commands.findings(change.workshop, commit, paths) if commands else ())
    ]
    if change.track is Track.TRIVIAL:
        found = [evolve(one, severity=Severity.WARNS) for one in found]
    return tuple(found)


def _subject(change: Change, commit: str, base: str) -> Subject:
    repo = change.workshop.repo
    changed = [
        one
        for one in repo.changed(base, commit)
        if not one.path.startswith((f"{change.folder}/", ".accord/"))
    ]
    texts = []
    for one in changed:
        data = repo.blob(one.id) if one.id else b""
        if data and len(data) <= LARGEST and b"\0" not in data[:8000]:
            before = (repo.read(base, one.path) or b"").decode(errors="replace")
            after = data.decode(errors="replace")
            texts.append(decision_checks.changed_text(one.path, before, after))
    lines = ruling.lines_at(change.workshop, commit)
    touched = {Stage.IMPLEMENTATION: [one.path for one in changed]}
    return Subject({Stage.IMPLEMENTATION: texts}, lines, touched)


def refused(change: Change, commit: str, base: str, *, last: bool) -> tuple[str, str]:
    """Return why what was built cannot be taken, and the feedback for its next round; or nothing.

    What only warns sends an agent back too, but not in the `last` round.
    """
    found = code_findings(change, commit, base)
    counted = [one for one in found if one.severity is Severity.BLOCKS or not last]
    if not counted:
        return "", ""
    return f"{counted[0].path}:{counted[0].line}: {counted[0].message}", as_feedback(counted)


def gate_findings(change: Change, *, commands: bool = True) -> tuple[Finding, ...]:
    """Return what a gate after the documents shows: the code against the rules, and the rules
    that this change brings against those that others brought meanwhile."""
    found = code_findings(change, change.found.tip, commands=commands)
    return (*found, *ruling.contradictions(change, FOLDER))


def refuse_broken(change: Change) -> None:
    """Raise RefusedError where the code of a change, or a rule of it, breaks a rule in force."""
    found = gate_findings(change)
    blocking = [one for one in found if one.severity is Severity.BLOCKS]
    if blocking:
        one = blocking[0]
        raise RefusedError(f"{one.path}:{one.line}: {one.message}", hint=one.hint)
