"""Rules in force: which decisions count, decided by their texts and the signed records alone.

What a file says of its own status is only shown. A decision is in force when as many entitled
people as the trust file asks for at `decision` signed exactly its present text, and no later
record superseded, expired or rejected it.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from attrs import define, frozen

from accord.core import decision_record
from accord.core.approval import Decision, Log, Signed, Trust
from accord.core.decision_record import FOLDER, Rule
from accord.core.frontmatter import Fault
from accord.core.model import sha256

GATE = "decision"
LOG = "decisions"
SIGNED = f"{FOLDER}/signed"
PINNED = 10


class Act(StrEnum):
    """What a signed record does to a decision. A supersession names both ends."""

    ACTIVATE = "activate"
    SUPERSEDE = "supersede"
    EXPIRE = "expire"
    REJECT = "reject"
    CAPTURE = "capture"


class State(StrEnum):
    """How a decision stands. Edited: it was signed, and its text is another one now."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    EDITED = "edited"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    REJECTED = "rejected"


_AFTER = {Act.ACTIVATE: State.ACTIVE, Act.EXPIRE: State.EXPIRED, Act.REJECT: State.REJECTED}


@frozen
class Entry:
    """One decision and how it stands: since when, by whose signature, what took its place.

    `kept` names what it clashes with as the signer saw it, by slug: both hold.
    """

    rule: Rule
    state: State
    people: tuple[str, ...] = ()
    since: str = ""
    successor: str = ""
    kept: tuple[str, ...] = ()


@frozen
class Problem:
    """Something wrong in the folder of decisions, at a line of a file; `name` is the decision."""

    rule: str
    path: str
    line: int
    name: str
    message: str
    hint: str


@define(slots=False)
class Register:
    """All decisions of one tree, by slug, with what is wrong among them."""

    entries: Mapping[str, Entry]
    problems: tuple[Problem, ...]

    @cached_property
    def in_force(self) -> tuple[Rule, ...]:
        """Return the rules that bind, in order of their ids."""
        found = [one.rule for one in self.entries.values() if one.state is State.ACTIVE]
        return tuple(sorted(found, key=lambda rule: order(rule.id)))

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """Map every id under which a decision may be cited to it; one in force comes first."""
        found: dict[str, Entry] = {}
        for entry in _in_force_first(self):
            for name in entry.rule.names:
                found.setdefault(name, entry)
        return found

    def find(self, name: str) -> Entry | None:
        """Return the decision called `name` (with or without its `D-`), or None."""
        return self.by_name.get(name) or self.by_name.get(f"D-{name}")

    @property
    def next_number(self) -> int:
        """Return the number that the next decision to land gets; what a proposal says is no id."""
        landed = [one for one in self.entries.values() if one.state is not State.PROPOSED]
        names = (name for one in landed for name in one.rule.names)
        return max((int(name[2:]) for name in names if name[2:].isdigit()), default=0) + 1


def _in_force_first(found: Register) -> list[Entry]:
    """Return all decisions, so that no proposal takes the id of one that binds."""
    return sorted(found.entries.values(), key=lambda entry: entry.state is not State.ACTIVE)


def order(name: str) -> tuple[int, str]:
    """Return what ids are sorted by: numbers as numbers, before slugs."""
    number = name.removeprefix("D-")
    return (int(number), "") if number.isdigit() else (10**9, name)


def register(
    files: Mapping[str, Sequence[bytes]], log: Log, trust: Trust, *, altered: Iterable[str] = ()
) -> Register:
    """Return the decisions in `files`, which maps slugs to the texts that lie on the branches read.

    Where two branches hold different texts, the one that was signed counts. `altered` says in
    sentences which signed records history changed or removed.
    """
    states = _states(log, trust)
    entries: dict[str, Entry] = {}
    problems = [
        Problem("decision-record", SIGNED, 1, "", said, "git log -p " + SIGNED)
        for said in (*(one.reason for one in log.unsound), *altered)
    ]
    for slug, texts in sorted(files.items()):
        read = [decision_record.read(slug, data) for data in dict.fromkeys(texts)]
        rule, faults, state = _counting(read, states.get(slug, {}))
        path = f"{FOLDER}/{slug}.md"
        name = rule.id if rule else f"D-{slug}"
        problems += [Problem("decision-unreadable", path, one.line, name, f"{name}: {one.message}",
                             "mend the file; a decision with a fault is not in force")
                     for one in faults]  # fmt: skip
        if rule is not None:
            entries[slug] = _entry(rule, state, sound=not faults)
    found = Register(entries, ())
    problems += [*_statuses(found), *_links(found), *_cycles(found), *_names(found)]
    problems += _pinned(found)
    return Register(entries, tuple(problems))


_Read = tuple[Rule | None, tuple[Fault, ...]]


def _counting(
    read: Sequence[_Read], states: Mapping[str, "_Signed"]
) -> tuple[Rule | None, tuple[Fault, ...], "_Signed | None"]:
    """Return which of the texts of one slug counts, with its faults and what was signed of it."""
    found = [(rule, faults, states[rule.digest]) for rule, faults in read
             if rule is not None and rule.digest in states]  # fmt: skip
    if not found:
        return (*read[0], list(states.values())[-1] if states else None)
    newest = list(states)
    return max(found, key=lambda one: (one[2].state is State.ACTIVE,
                                       newest.index(one[2].digest)))  # fmt: skip


@frozen
class _Signed:
    """What the records say of one text: what became of it, and in which record."""

    digest: str
    state: State
    people: tuple[str, ...]
    since: str
    record: str
    successor: str = ""
    kept: tuple[str, ...] = ()


def _states(log: Log, trust: Trust) -> dict[str, dict[str, _Signed]]:
    """Map each slug to what the records say of each text that was signed under it, by digest.

    Usually that is one. Two branches may each sign a text under one slug: then what is signed of
    one says nothing of the other, which its signer did not know.
    """
    needed = max(1, trust.rule(GATE).threshold)
    states: dict[str, dict[str, _Signed]] = {}
    waiting: dict[tuple[object, ...], set[str]] = {}
    before = {one.digest: one.approval.previous for one in log.signed}
    for one in log.signed:
        act = act_of(one)
        if act is None or act is Act.CAPTURE:
            continue
        approval = one.approval
        key = (act, tuple(sorted(approval.items.items())), approval.details.get("new"))
        people = waiting.setdefault(key, set())
        people.add(approval.approver)
        if len(people) < needed:
            continue
        signed = tuple(sorted(people))
        del waiting[key]  # what is decided anew later needs as many people again
        new = str(approval.details.get("new", ""))
        kept = _kept(approval.details.get("kept"))
        for slug, digest in approval.items.items():
            after = _AFTER.get(act, State.ACTIVE if slug == new else State.SUPERSEDED)
            successor = new if after is State.SUPERSEDED else ""
            said = _Signed(digest, after, signed, approval.issued, one.digest, successor, kept)
            states[slug] = _with(states.get(slug, {}), said, before)
    return states


def _with(
    known: Mapping[str, _Signed], said: _Signed, before: Mapping[str, str | None]
) -> dict[str, _Signed]:
    """Return what is known of a slug with one record more, which takes the place of what it saw."""
    others = {digest: one for digest, one in known.items() if digest != said.digest}
    at = before.get(said.record) if others else None
    while at is not None and others:
        others = {digest: one for digest, one in others.items() if one.record != at}
        at = before.get(at)
    return {**others, said.digest: said}


def _kept(listed: object) -> tuple[str, ...]:
    return tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()


def act_of(record: Signed) -> Act | None:
    """Return what a signed record does to decisions, or None when it is about something else."""
    approval = record.approval
    if approval.gate != GATE or approval.decision is not Decision.APPROVE:
        return None
    said = approval.details.get("act")
    return next((act for act in Act if act == said), None)


def _entry(rule: Rule, state: _Signed | None, *, sound: bool) -> Entry:
    if state is None:
        return Entry(rule, State.PROPOSED)
    standing = state.state
    if standing is State.ACTIVE and (rule.digest != state.digest or not sound):
        standing = State.EDITED
    return Entry(rule, standing, state.people, state.since, state.successor, state.kept)


def _at(rule: str, one: Rule, message: str, hint: str) -> Problem:
    return Problem(rule, one.path, 1, one.id, message, hint)


def _statuses(found: Register) -> Iterable[Problem]:
    for entry in found.entries.values():
        rule = entry.rule
        if entry.state is State.EDITED:
            hint = f"accord decisions approve {rule.id}, or git restore {rule.path}"
            yield _at("decision-edited", rule, f"{rule.id} was edited since it was signed", hint)
        elif rule.status != entry.state:
            yield _at(
                "decision-status", rule,
                f"{rule.id} says {rule.status}, but by the signed records it is {entry.state}",
                f"write status: {entry.state}",
            )  # fmt: skip


def _links(found: Register) -> Iterable[Problem]:
    for entry in found.entries.values():
        rule = entry.rule
        ends = [("supersedes", name) for name in rule.supersedes]
        ends += [("narrows", name) for name in rule.narrows]
        ends += [("superseded_by", rule.superseded_by)] if rule.superseded_by else []
        for key, name in ends:
            other = found.by_name.get(name)
            if other is None:
                said = f"{rule.id} {key} {name}, which does not exist"
                yield _at("decision-link", rule, said, "name a decision that exists")
            elif key == "supersedes" and entry.state is other.state is State.ACTIVE:
                said = f"{rule.id} supersedes {name}, which is in force"
                hint = f"accord decisions supersede {name} {rule.id}"
                yield _at("decision-link", rule, said, hint)
        if entry.state is State.SUPERSEDED and entry.successor not in found.entries:
            hint = f"git log -- {FOLDER}/{entry.successor}.md"
            yield _at("decision-link", rule, f"what superseded {rule.id} is gone", hint)


def _cycles(found: Register) -> Iterable[Problem]:
    """Yield each cycle of supersession once; follows the links with a stack of its own."""
    after = {
        slug: [other.rule.slug for name in entry.rule.supersedes if (other := found.find(name))]
        for slug, entry in found.entries.items()
    }
    done: set[str] = set()
    for start in after:
        trail = {start: iter(after[start])} if start not in done else {}
        while trail:
            slug = next(reversed(trail))
            following = next(trail[slug], None)
            if following is None:
                done.add(slug)
                del trail[slug]
            elif following in trail:
                cycle = [*trail][[*trail].index(following) :]
                names = [found.entries[one].rule.id for one in (*cycle, following)]
                hint = "take one of the links out"
                yield _at("decision-cycle", found.entries[following].rule,
                          " supersedes ".join(names), hint)  # fmt: skip
            elif following not in done:
                trail[following] = iter(after[following])


def _names(found: Register) -> Iterable[Problem]:
    taken: dict[str, Rule] = {}
    statements: dict[str, Rule] = {}
    for entry in _in_force_first(found):
        rule = entry.rule
        for name in rule.names:
            first = taken.setdefault(name, rule)
            if first is not rule:
                yield _at("decision-duplicate", rule, f"{name} is also the id of {first.path}",
                          "give one of them an id of its own")  # fmt: skip
        if entry.state is State.ACTIVE:
            first = statements.setdefault(sha256(normal(rule.statement).encode()), rule)
            if first is not rule:
                yield _at("decision-duplicate", rule, f"{rule.id} says the same as {first.id}",
                          f"accord decisions supersede {first.id} {rule.id}")  # fmt: skip


def normal(text: str) -> str:
    """Return a statement as it is compared: small letters, single spaces, no full stop."""
    return " ".join(text.lower().split()).rstrip(".")


def _pinned(found: Register) -> Iterable[Problem]:
    pinned = [rule for rule in found.in_force if rule.always]
    for rule in pinned[PINNED:]:
        yield _at("decision-pinned", rule, f"{rule.id} is pinned beyond the first {PINNED}",
                  "take always: true out of some")  # fmt: skip
