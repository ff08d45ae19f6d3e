"""Propose decisions, and put them in and out of force: every act is a signed record.

A decision lies on the branch of the change where it was born, or on the base. Signing it stamps
its file, and both files of a supersession, in the commit that holds the record.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from accord.app import desk, ledger, records, rule_commands
from accord.app.changes import find as open_changes
from accord.app.changes import load
from accord.app.ledger import Ledger
from accord.app.workshop import Workshop
from accord.approvals.records import digest as record_digest
from accord.core import contradiction, decision_checks, decision_record
from accord.core.approval import Approval, Decision, Json, Log, Signed
from accord.core.contradiction import Clash
from accord.core.decision_record import Rule
from accord.core.decisions import GATE, LOG, SIGNED, Act, Entry, State, act_of, register
from accord.core.recall import STOP
from accord.errors import ConfigurationError, RefusedError

STAMPED = {
    State.ACTIVE: "active", State.SUPERSEDED: "superseded", State.EXPIRED: "expired",
    State.REJECTED: "rejected",
}  # fmt: skip


@frozen
class Place:
    """Where a decision lies: a branch, its tip, the change (empty: the base), what holds there."""

    change: str
    ref: str
    tip: str
    ledger: Ledger

    def read(self, workshop: Workshop, rule: Rule) -> bytes:
        """Return the file of a decision as it lies here, or on the base."""
        for commit in (self.tip, workshop.repo.resolve(workshop.base)):
            data = workshop.repo.read(commit, rule.path)
            if data is not None and decision_record.read(rule.slug, data)[0] == rule:
                return data
        return decision_record.write(rule)


@frozen
class Nearby:
    """What to look at before a decision comes into force: the nearest ones, and exact clashes."""

    nearest: tuple[Rule, ...]
    clashes: tuple[Clash, ...]
    unproved: tuple[str, ...]


def place(workshop: Workshop, change: str) -> Place:
    """Return the place of a change, with what was typed on its desk committed; empty: the base."""
    if not change:
        tip = workshop.repo.resolve(workshop.base)
        return Place("", workshop.base, tip, ledger.on_base(workshop))
    found = load(workshop, change).found
    tip = desk.save(workshop, change, found.ref)
    return Place(change, found.ref, tip, ledger.on_branch(workshop, tip))


def place_to_look(workshop: Workshop, change: str) -> Place:
    """Return the place of a change, or the base, for looking only: no desk is saved."""
    if not change:
        return place(workshop, "")
    found = load(workshop, change).found
    return Place(change, found.ref, found.tip, ledger.on_branch(workshop, found.tip))


def held(workshop: Workshop, change: str) -> Ledger:
    """Return the decisions that hold in a change, or on the base, for looking only."""
    if not change:
        return ledger.on_base(workshop)
    return ledger.on_branch(workshop, load(workshop, change).found.tip)


def find(where: Place, name: str) -> Entry:
    """Return the decision called `name`. Raises ConfigurationError when there is none."""
    entry = where.ledger.register.find(name)
    if entry is None:
        raise ConfigurationError(f"there is no decision {name}", hint="accord decisions list")
    return entry


def slug_for(statement: str, taken: Mapping[str, object]) -> str:
    """Return a name for a statement that nothing has yet: its first words that say something."""
    plain = unicodedata.normalize("NFKD", statement).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    telling = [word for word in words if word not in STOP] or words or ["decision"]
    stem = "-".join(telling[:5])[:48].strip("-")
    stem = f"rule-{stem}" if stem.isdigit() else stem
    names = (stem, *(f"{stem}-{number}" for number in range(2, 10_000)))
    return next(name for name in names if name not in taken)


def propose(workshop: Workshop, change: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Write decisions as proposals, which bind nobody; return them as they read back.

    A slug that is taken, here or on another open change, or empty is replaced by a free one: two
    files of one name could not land beside each other. Raises ConfigurationError for a rule
    that would have a fault; then none is written.
    """
    records.refuse_agents()
    where = place(workshop, change)
    made = _drafted(workshop, where, rules)
    detail = made[0].id if len(made) == 1 else f"{len(made)} decisions"
    if made:
        _commit(workshop, where, {one.path: _written(one) for one in made}, "propose", detail)
    return made


def adoptable(workshop: Workshop, change: str, rule: Rule) -> tuple[Place, Rule]:
    """Return where a new rule would come into force, and how it would read; nothing is written.

    Raises what `propose` raises for a rule with a fault, and what `activate` raises for one whose
    checks do not prove themselves or that clashes with another.
    """
    records.refuse_agents()
    where = place(workshop, change)
    (made,) = _drafted(workshop, where, [rule])
    _refuse_unproved(workshop, where, made, despite=False)
    return where, made


def adopt(workshop: Workshop, where: Place, made: Rule) -> Entry:
    """Put what is `adoptable` in force: one signature, and its file in the same commit."""
    return _sign(workshop, where, Act.ACTIVATE, [(made, made)])


def _drafted(workshop: Workshop, where: Place, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return rules as proposals under names that nothing has, as they read back."""
    taken: dict[str, object] = {**where.ledger.register.entries}
    for one in open_changes(workshop):
        taken |= dict.fromkeys(ledger.slugs(workshop, one.tip))
    made = []
    for rule in rules:
        slug = (
            rule.slug if rule.slug and rule.slug not in taken else slug_for(rule.statement, taken)
        )
        data = _written(evolve(rule, slug=slug, id=f"D-{slug}", status="proposed"))
        read, faults = decision_record.read(slug, data)
        if faults or read is None:
            said = faults[0].message if faults else "it has no statement"
            hint = "say it in one line of at most 40 words"
            if "the expression" in said:
                hint = "write an expression as RE2 has them: docs/decisions.md"
            raise ConfigurationError(f"'{rule.statement[:60]}' is no decision: {said}",
                                     hint=hint)  # fmt: skip
        taken[slug] = read
        made.append(read)
    return tuple(made)


def unwritable(rule: Rule) -> str:
    """Return why `rule` could not be proposed, or an empty string."""
    try:
        slug = slug_for(rule.statement, {})
        _, faults = decision_record.read(slug, _written(evolve(rule, slug=slug, id=f"D-{slug}")))
    except ConfigurationError as error:
        return error.message
    return faults[0].message if faults else ""


def _written(rule: Rule) -> bytes:
    try:
        return decision_record.write(rule)
    except ValueError as error:
        raise ConfigurationError(f"it holds {error}", hint="write it in one line") from None


def nearby(workshop: Workshop, where: Place, rule: Rule) -> Nearby:
    """Return what a person should see before putting `rule` in force."""
    others = where.ledger.register.in_force
    rest = [one for one in others if one.slug != rule.slug]
    lines = lambda path: _count(workshop, where.tip, path)  # noqa: E731 -- a lookup, used once
    near, found = contradiction.neighbours(rule, rest), contradiction.clashes(rule, rest)
    # What clashes is shown however far it is, or nobody could have seen it.
    shown = {one.slug: one for one in (*near, *(clash.other for clash in found))}
    return Nearby(tuple(shown.values()), found, decision_checks.unproved(rule, lines))


def _count(workshop: Workshop, commit: str, path: str) -> int | None:
    data = workshop.repo.read(commit, path) if path and not path.startswith(("/", "..")) else None
    return None if data is None else len(data.splitlines())


def activate(
    workshop: Workshop, change: str, name: str, *, narrows: Sequence[str] = (),
    despite: bool = False, source: Mapping[str, str] | None = None,
) -> Entry:  # fmt: skip
    """Put a decision in force by a signature over its text; return how it stands then.

    `narrows` names decisions that it is an exception to. Raises RefusedError for a rule whose
    checks do not prove themselves, and for one that clashes with another unless `despite` says
    that a person saw it; the record says then what it was. So what is in force already is signed
    once more where it clashes with something that its signer could not see.
    """
    records.refuse_agents()
    where = place(workshop, change)
    entry = find(where, name)
    rule = _narrowing(where, _sourced(workshop, entry.rule, source), narrows)
    kept = _kept(where, rule)
    if entry.state is State.ACTIVE and not (despite and set(kept) - set(entry.kept)):
        raise RefusedError(f"{entry.rule.id} is in force already",
                           hint=f"accord decisions show {entry.rule.id}")  # fmt: skip
    _refuse_unproved(workshop, where, rule, despite=despite)
    return _sign(workshop, where, Act.ACTIVATE, [(entry.rule, rule)], kept=kept)


def supersede(
    workshop: Workshop, change: str, old: str, new: str, *, narrows: Sequence[str] = (),
    despite: bool = False,
) -> Entry:  # fmt: skip
    """Put `new` in force in the place of `old`: one signature, both files in one commit.

    What it clashes with besides `old` is refused as `activate` refuses it.
    """
    records.refuse_agents()
    where = place(workshop, change)
    was, entry = find(where, old), find(where, new)
    if was.rule.slug == entry.rule.slug:
        raise ConfigurationError(f"{was.rule.id} cannot supersede itself")
    if was.state is not State.ACTIVE:
        raise RefusedError(f"{was.rule.id} is {was.state}, not in force",
                           hint=f"accord decisions approve {entry.rule.id}")  # fmt: skip
    ids = tuple(dict.fromkeys((*entry.rule.supersedes, was.rule.id)))
    rule = _narrowing(where, _sourced(workshop, entry.rule, None), narrows)
    rule = evolve(rule, supersedes=ids)
    _refuse_unproved(workshop, where, rule, despite=despite)
    return _sign(workshop, where, Act.SUPERSEDE, [(entry.rule, rule), (was.rule, was.rule)],
                 new=rule.slug, kept=_kept(where, rule))  # fmt: skip


def _narrowing(where: Place, rule: Rule, narrows: Sequence[str]) -> Rule:
    ids = (*rule.narrows, *(find(where, one).rule.id for one in narrows))
    return evolve(rule, narrows=tuple(dict.fromkeys(ids)))


def _kept(where: Place, rule: Rule) -> tuple[str, ...]:
    """Return the slugs of what `rule` clashes with, which the record names as seen."""
    found = contradiction.clashes(rule, where.ledger.register.in_force)
    return tuple(sorted({one.other.slug for one in found}))


def end(workshop: Workshop, change: str, name: str, act: Act, reason: str) -> Entry:
    """Take a decision out of force (`expire`) or turn a proposal down (`reject`); it stays."""
    records.refuse_agents()
    if not reason.strip():
        raise ConfigurationError("it needs a reason", hint="--reason 'why it no longer holds'")
    where = place(workshop, change)
    entry = find(where, name)
    wanted = (State.ACTIVE, State.EDITED) if act is Act.EXPIRE else (State.PROPOSED, State.EDITED)
    if entry.state not in wanted:
        raise RefusedError(f"{entry.rule.id} is {entry.state}",
                           hint=f"accord decisions show {entry.rule.id}")  # fmt: skip
    return _sign(workshop, where, act, [(entry.rule, entry.rule)], reason=reason)


def record_capture(workshop: Workshop, change: str, details: dict[str, Json]) -> None:
    """Sign what a person answered at a capture: it binds nobody, and the figures count it."""
    records.refuse_agents()
    where = place(workshop, change)
    signer = workshop.signer()
    approval = _record(workshop, where, Act.CAPTURE, {}, "", details)
    files = _moved(records.signed_files(signer, approval))
    _commit(workshop, where, dict(files), "decide", f"capture at the {details.get('stage', '')}")


def _sourced(workshop: Workshop, rule: Rule, source: Mapping[str, str] | None) -> Rule:
    """Return the rule with its provenance, which is what Accord knows and nobody types."""
    known = dict(source or rule.source)
    known |= {"by": workshop.person, "at": workshop.clock.now()} if "by" not in known else {}
    return evolve(rule, source=known)


def _refuse_unproved(workshop: Workshop, where: Place, rule: Rule, *, despite: bool) -> None:
    _, faults = decision_record.read(rule.slug, _written(rule))
    if faults:
        raise ConfigurationError(f"{rule.path}:{faults[0].line}: {faults[0].message}",
                                 hint="mend the file")  # fmt: skip
    found = nearby(workshop, where, rule)
    reasons = (*found.unproved, *rule_commands.unproved(workshop, rule))
    if reasons:
        raise RefusedError(f"{rule.id} cannot be put in force: {reasons[0]}",
                           hint=f"mend it in {rule.path}")  # fmt: skip
    if found.clashes and not despite:
        clash = found.clashes[0]
        raise RefusedError(
            f"{rule.id} clashes with {clash.other.id} ({clash.other.statement}): {clash.what}",
            hint=f"accord decisions supersede {clash.other.id} {rule.id}, or --keep-both",
        )


def _sign(
    workshop: Workshop, where: Place, act: Act, pairs: Sequence[tuple[Rule, Rule]], *,
    reason: str = "", new: str = "", kept: Sequence[str] = (),
) -> Entry:  # fmt: skip
    """Sign `act` over the rules in `pairs` (before, after), stamp their files, commit it all."""
    texts = {}
    for before, after in pairs:
        same = before == after
        data = where.read(workshop, before) if same else _written(after)
        read, _ = decision_record.read(after.slug, data)
        if read is None:
            raise ConfigurationError(f"{after.path} is no decision", hint="mend the file")
        texts[after.slug] = (data, read)
    items = {slug: read.digest for slug, (_, read) in texts.items()}
    signer = workshop.signer()
    details: dict[str, Json] = {"new": new} if new else {}
    details |= {"kept": list(kept)} if kept else {}
    approval = _record(workshop, where, act, items, reason, details)
    signed = _moved(records.signed_files(signer, approval))
    record = Signed(record_digest(next(iter(signed.values()))), approval, signer.line)
    log = Log((*where.ledger.log.signed, record))
    held = register({slug: [data] for slug, (data, _) in texts.items()}, log, workshop.trust)
    files: dict[str, bytes | None] = {**signed}
    for slug, (data, read) in texts.items():
        files[read.path] = _stamped(where, held.entries[slug], data, texts)
    first = pairs[0][1]
    _commit(workshop, where, files, "decide", f"{act} {first.id}")
    return find(place(workshop, where.change), f"D-{first.slug}")


def _stamped(
    where: Place, entry: Entry, data: bytes, texts: Mapping[str, tuple[bytes, Rule]]
) -> bytes:
    rule = entry.rule
    status = STAMPED.get(entry.state, "")
    successor = texts[entry.successor][1].id if entry.successor in texts else None
    data = decision_record.stamp(data, status=status, superseded_by=successor)
    if entry.state is State.ACTIVE and not where.change and not rule.id[2:].isdigit():
        number = f"D-{where.ledger.register.next_number}"
        data = decision_record.stamp(data, name=number, aliases=_aliases(rule))
    return data


def _aliases(rule: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*rule.aliases, rule.id)))


def _record(
    workshop: Workshop, where: Place, act: Act, items: dict[str, str], reason: str,
    details: dict[str, Json],
) -> Approval:  # fmt: skip
    signer = workshop.signer()
    approver = records.person(workshop, signer)
    before = [one for one in where.ledger.log.signed if act_of(one) is not None]
    approval = records.draft(
        workshop, LOG, GATE, Decision.APPROVE, log=where.ledger.log, approver=approver,
        signer=signer, number=len(before) + 1,
    )  # fmt: skip
    return evolve(
        approval, items=items, reason=" ".join(reason.split()),
        details={"act": str(act), "change": where.change, **details},
    )  # fmt: skip


def _moved(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the two files of a record under the folder of the decisions' own log."""
    return {f"{SIGNED}/{path.rpartition('/')[2]}": data for path, data in files.items()}


def _commit(
    workshop: Workshop, where: Place, files: Mapping[str, bytes | None], verb: str, detail: str
) -> None:
    message = f"{verb.title()}: {detail}\n"
    new = workshop.repo.commit(where.tip, files, message, workshop.author)
    workshop.move(verb, where.change, where.ref, new, where.tip, detail=detail)
    if where.change:
        desk.refresh(workshop, where.change, where.ref)


def numbered(workshop: Workshop, commit: str) -> str:
    """Return `commit` with a number for each decision in force that has none, or as it is.

    Numbers are given where everybody's decisions meet, on the commit that lands on the base, so
    two branches can never give the same one.
    """
    found = ledger.on_branch(workshop, commit).register
    waiting = [one for one in found.in_force if not one.id[2:].isdigit()]
    files: dict[str, bytes | None] = {}
    for number, rule in enumerate(sorted(waiting, key=lambda one: one.slug), found.next_number):
        data = workshop.repo.read(commit, rule.path)
        if data is not None:
            files[rule.path] = decision_record.stamp(data, name=f"D-{number}",
                                                     aliases=_aliases(rule))  # fmt: skip
    if not files:
        return commit
    return workshop.repo.commit(commit, files, "Number what was decided\n", workshop.author)
