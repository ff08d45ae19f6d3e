"""Change who may approve what: every change is a version of the trust file, signed by its people.

A version that too few people signed so far is a proposal: it lies on the base beside the trust
file, where it has no force, until the others sign it too.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from attrs import evolve, frozen

from accord.app import records, trust_keys
from accord.app.changes import load_all
from accord.app.trust_keys import Device
from accord.app.trust_words import differences
from accord.app.workshop import Workshop
from accord.approvals import sshsig
from accord.approvals import trust as trusts
from accord.approvals.passkeys import Offer
from accord.approvals.trust import FOLDER, NAMESPACE
from accord.core.approval import GateRule, Principal, Trust
from accord.core.gates import TRACK_GATE
from accord.core.model import STAGES, sha256
from accord.errors import ConfigurationError, ConflictError, RefusedError

PROPOSED = f"{FOLDER}/proposed"
GATES = (TRACK_GATE, *map(str, STAGES), "size", "evidence", "decision", "verdict", "trace", "trust")

_SIGNATURE = re.compile(r"v[0-9]+\.[0-9a-f]{16}\.sig")


@frozen
class Proposal:
    """A version that waits for signatures: whose it has, how many it needs, who else could sign."""

    trust: Trust
    signed: tuple[str, ...]
    needed: int
    able: tuple[str, ...]


@frozen
class Changed:
    """What became of a change of trust: the version, in words what it changes, if it holds now."""

    version: int
    digest: str
    words: tuple[str, ...]
    proposal: Proposal | None

    @property
    def holds(self) -> bool:
        """Tell whether enough people signed it."""
        return self.proposal is None


def add(
    workshop: Workshop, name: str, line: str = "", *, roles: Sequence[str] = (),
    aliases: Sequence[str] = (), verify_required: bool = False, device: Device | None = None,
    passkey: Offer | None = None, logins: Sequence[str] = (),
) -> Changed:  # fmt: skip
    """Add a person with the key `line`, or one more key, role or alias to a person who is there.

    A `passkey` is a key that signs on web pages; it stands in the place of `line`.
    Raises RefusedError for a key that somebody has already, and one that somebody lost: what was
    signed with it once would count again. Raises ConfigurationError for a person without a key, and
    AttestationError where `device` does not prove that the key is in one.
    """
    trust, line = workshop.trust, passkey.line if passkey else line
    if not name.isprintable() or name != name.strip() or not name:
        raise ConfigurationError("a name is one line of plain text", hint="accord trust add NAME")
    known = trust.principal(name) or Principal(name, (), ())
    if not line and not known.keys:
        raise ConfigurationError(f"{name} is new and needs a key", hint="--key FILE")
    person = evolve(
        known,
        roles=_union(known.roles, roles or (() if known.roles else ("approver",))),
        aliases=_union(known.aliases, aliases),
        logins=_union(known.logins, logins),
    )
    if line:
        key = trust_keys.bare(line)
        _refuse_known(trust, key)
        marks = {**known.marks, **trust_keys.marks(key, device, verify_required=verify_required)}
        passkeys = {**known.passkeys, **({key: passkey.passkey} if passkey else {})}
        person = evolve(person, keys=(*known.keys, key), marks=marks, passkeys=passkeys)
    return _change(workshop, _with(trust, person), trust.gates, keeps=trust.keeps)


def rotate(
    workshop: Workshop, line: str, *, verify_required: bool = False, device: Device | None = None
) -> Changed:
    """Put a new key in the place of the one that the person signs with.

    What the old one signed on open changes goes on counting: the new version names it.
    """
    trust, signer = workshop.trust, workshop.signer()
    me = trust.principal(records.person(workshop, signer))
    if me is None:
        raise RefusedError("your key belongs to nobody in the trust file", hint="accord trust show")
    key = trust_keys.bare(line)
    _refuse_known(trust, key)
    marks = {one: found for one, found in me.marks.items() if one != signer.line}
    person = evolve(
        me,
        keys=tuple(key if one == signer.line else one for one in me.keys),
        marks={**marks, **trust_keys.marks(key, device, verify_required=verify_required)},
    )
    people = _with(trust, person)
    _refuse_lockout(trust, people, trust.gates)
    return _change(workshop, people, trust.gates, keeps=_keeps(workshop, people))


def revoke(workshop: Workshop, who: str, because: str, *, keep: bool = False) -> Changed:
    """Take a person (by name) or one key (by fingerprint) out of the trust file.

    What they signed on open changes opens nothing any more, unless `keep` says that only the
    future is meant. Raises RefusedError when too few people would be left for any gate.
    """
    if not because.strip():
        raise ConfigurationError(
            "a revocation needs a reason", hint="--because 'the laptop is gone'"
        )
    trust = workshop.trust
    gone = _named(trust, who)
    left = (
        evolve(
            one,
            keys=tuple(key for key in one.keys if key not in gone),
            marks={key: marks for key, marks in one.marks.items() if key not in gone},
            passkeys={key: known for key, known in one.passkeys.items() if key not in gone},
        )
        for one in trust.principals
    )
    people = tuple(one for one in left if one.keys)
    _refuse_lockout(trust, people, trust.gates)
    keeps = _keeps(workshop, people, () if keep else gone)
    reason = " ".join(because.split())
    return _change(workshop, people, trust.gates, keeps=keeps, reason=reason)


def require(workshop: Workshop, gate: str, rule: GateRule) -> Changed:
    """Set what a gate asks for. Raises RefusedError for what the people in it could never give."""
    if gate not in GATES:
        raise ConfigurationError(f"there is no gate {gate}", hint=f"there is: {', '.join(GATES)}")
    if gate not in list(STAGES) and (rule.separate or rule.fresh):
        raise ConfigurationError(
            f"nobody writes what {gate} is about", hint=f"name one of: {', '.join(STAGES)}"
        )
    if gate == "trust" and rule.level:
        raise ConfigurationError("no agent works on the trust file", hint="leave --level out")
    trust = workshop.trust
    gates = {**trust.gates, gate: rule}
    _refuse_lockout(trust, trust.principals, gates)
    return _change(workshop, trust.principals, gates, keeps=trust.keeps)


def sign(workshop: Workshop, seen: str = "") -> Changed:
    """Sign the proposal that is there; with `seen`, only the one with that digest.

    Raises RefusedError without one, for another one, or for a second time.
    """
    records.refuse_agents()
    found = pending(workshop)
    if found is None:
        raise RefusedError("no version of the trust file waits for a signature",
                           hint="accord trust show")  # fmt: skip
    if not found.trust.digest.startswith(seen):
        raise RefusedError("the proposal is another than you saw", hint="accord trust show")
    signer = workshop.signer()
    name = records.person(workshop, signer)
    if name in found.signed:
        raise RefusedError(
            f"you signed version {found.trust.version} already",
            hint=f"it waits for {', '.join(found.able)}",
        )
    if name not in found.able:
        raise RefusedError(
            f"the signature of {name} would not count for the trust file",
            hint=f"it waits for {', '.join(found.able)}",
        )
    files = _proposed(workshop)
    given = {path: data for path, data in files.items() if _SIGNATURE.fullmatch(path)}
    return _signed(workshop, files[f"v{found.trust.version}.json"], given)


def drop(workshop: Workshop) -> int:
    """Take the proposal off the base, which changes nothing that holds; return its version."""
    records.refuse_agents()
    found = pending(workshop)
    if found is None:
        raise RefusedError("there is no proposal to drop", hint="accord trust show")
    version = found.trust.version
    _commit(workshop, {}, f"Drop version {version} of the trust file", f"drop v{version}")
    return version


def pending(workshop: Workshop) -> Proposal | None:
    """Return the proposal on the base, if it follows the version that holds now."""
    trust, files = workshop.trust, _proposed(workshop)
    data = files.get(f"v{trust.version + 1}.json")
    if data is None:
        return None
    try:
        later = trusts.read_next(trust, data)
    except trusts.TrustError:
        return None
    signed, _ = trusts.signers_of(trust, later.version, files)
    able = tuple(one.name for one in trust.able("trust") if one.name not in signed)
    return Proposal(later, tuple(sorted(signed)), trust.rule("trust").threshold, able)


def signers(workshop: Workshop) -> dict[int, tuple[str, ...]]:
    """Map each version of the trust file to the people of the one before who signed it."""
    files = _files(workshop, FOLDER)
    line = (*workshop.trust.earlier, workshop.trust)
    found = {
        after.version: tuple(sorted(trusts.signers_of(before, after.version, files)[0]))
        for before, after in pairwise(line)
    }
    return {1: (), **found}


def _change(
    workshop: Workshop, people: Sequence[Principal], gates: Mapping[str, GateRule], *,
    keeps: Sequence[str], reason: str = "",
) -> Changed:  # fmt: skip
    records.refuse_agents()
    trust = workshop.trust
    found = pending(workshop)
    if found is not None:
        raise RefusedError(
            f"version {found.trust.version} waits for {', '.join(found.able)} already",
            hint="accord trust show; then accord trust sign, or accord trust drop",
        )
    said = (tuple(people), dict(gates), set(keeps))
    if said == (trust.principals, dict(trust.gates), set(trust.keeps)):
        raise RefusedError("the trust file says just that already", hint="accord trust show")
    data = trusts.next_trust(trust, people, gates, keeps=keeps, reason=reason)
    return _signed(workshop, data, {})


def _signed(workshop: Workshop, data: bytes, others: Mapping[str, bytes]) -> Changed:
    """Sign the version `data` and commit it: as the version that holds, or as a proposal.

    `others` are the signatures that it has; one without effect does no harm. Somebody who may not
    change trust can propose, and their signature counts for nothing.
    """
    trust, signer = workshop.trust, workshop.signer()
    later = trusts.read_next(trust, data)
    me, stem = records.person(workshop, signer), f"v{later.version}"
    mine = f"{stem}.{sha256(signer.line.encode())[:16]}.sig"
    version = {f"{stem}.json": data}
    given = {**others, mine: signer.sign(data, NAMESPACE)}
    people: set[str] = set()
    for name, signature in given.items():
        signed, faults = trusts.signers_of(trust, later.version, {**version, name: signature})
        if name == mine and faults and me in {one.name for one in trust.able("trust")}:
            raise RefusedError(f"your signature does not count: {faults[0]}",
                               hint="accord trust show")  # fmt: skip
        people |= set(signed)
    files = {**version, **given}
    words = differences(trust, later)
    holds = len(people) >= trust.rule("trust").threshold
    folder = FOLDER if holds else PROPOSED
    verb = "Change who may approve" if holds else "Propose to change who may approve"
    _commit(
        workshop,
        {f"{folder}/{path}": kept for path, kept in files.items()},
        f"{verb}\n\n" + "\n".join(f"- {' '.join(one.split())}" for one in words),
        f"{'' if holds else 'propose '}{stem}: {words[0]}",
    )
    if holds:
        workshop.trust = trusts.read_trust(_files(workshop, FOLDER))
    return Changed(later.version, later.digest, words, pending(workshop))


def _commit(workshop: Workshop, files: Mapping[str, bytes], message: str, detail: str) -> None:
    """Commit `files` on the base in the place of every proposal; one operation to be undone."""
    old = workshop.repo.resolve(workshop.base)
    # While a passphrase was typed, a colleague's version may have come: it is not written over.
    if trusts.read_trust(_files(workshop, FOLDER)).digest != workshop.trust.digest:
        raise ConflictError(
            "another version of the trust file came meanwhile", hint="accord trust show"
        )
    gone: dict[str, bytes | None] = dict.fromkeys(
        f"{PROPOSED}/{name}" for name in _proposed(workshop)
    )
    new = workshop.repo.commit(old, {**gone, **files}, f"{message}\n", workshop.author)
    workshop.move("trust", "", workshop.base, new, old, detail=detail)


def _files(workshop: Workshop, folder: str) -> dict[str, bytes]:
    entries = workshop.repo.folder(workshop.repo.resolve(workshop.base), folder)
    return {path: workshop.repo.blob(one.id) for path, one in entries.items()}


def _proposed(workshop: Workshop) -> dict[str, bytes]:
    return _files(workshop, PROPOSED)


def _keeps(
    workshop: Workshop, people: Sequence[Principal], lost: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the records that have to be named, because they count now by a key that goes or went.

    They are those on the open changes of this repository, without those by a key in `lost`.
    """
    staying = {(key, one.name) for one in people for key in one.keys}
    found = (one for change in load_all(workshop) for one in change.log.signed if not one.lapsed)
    return tuple(
        sorted(
            one.digest
            for one in found
            if (one.key, one.approval.approver) not in staying and one.key not in lost
        )
    )


def _named(trust: Trust, who: str) -> tuple[str, ...]:
    """Return the keys that `who` names, present and past: those of a person, or one of them."""
    every = [person for one in (*trust.earlier, trust) for person in one.principals]
    keys = {key for person in every for key in person.keys if person.name == who}
    keys |= {key for person in every for key in person.keys if sshsig.fingerprint(key) == who}
    if not keys:
        known = ", ".join(one.name for one in trust.principals)
        raise ConfigurationError(
            f"{who} is no person and no key of the trust file", hint=f"it knows {known}"
        )
    return tuple(sorted(keys))


def _refuse_known(trust: Trust, key: str) -> None:
    for one in (trust, *trust.earlier):
        for person in one.principals:
            if key not in person.keys:
                continue
            has = "has" if one is trust else "had"
            raise RefusedError(
                f"{person.name} {has} the key {sshsig.fingerprint(key)} already",
                hint="make a new one: ssh-keygen -t ed25519",
            )


def _refuse_lockout(
    trust: Trust, people: Sequence[Principal], gates: Mapping[str, GateRule]
) -> None:
    """Raise RefusedError where too few people would be left for a gate to be opened at all."""
    after = evolve(trust, principals=tuple(people), gates=gates)
    if not people:
        raise RefusedError(
            "that is the last key in the trust file, and nobody could approve anything without it",
            hint="accord trust add, or accord trust rotate --key NEW",
        )
    for gate in dict.fromkeys((*GATES, *gates)):
        rule, able = after.rule(gate), {one.name for one in after.able(gate)}
        # Whoever wrote it is one of the people, and it could be any of them.
        left = min(len(able - {one.name}) for one in people) if rule.separate else len(able)
        needed = max(rule.threshold, 2 if rule.fresh else 1)
        if left < needed:
            others = " besides the one who wrote it" if rule.separate else ""
            raise RefusedError(
                f"{left} of the {needed} people that {gate} asks for would be left{others}",
                hint="accord trust add NAME --key FILE first",
            )


def _with(trust: Trust, person: Principal) -> tuple[Principal, ...]:
    others = [person if one.name == person.name else one for one in trust.principals]
    return tuple(others if trust.principal(person.name) else [*others, person])


def _union(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
