"""Who may approve what: versions of one file, each signed by the people of the version before.

The chain follows the root role of The Update Framework: version N counts when enough of the
people whom version N-1 names for the gate `trust` signed its bytes. Version 1 has nobody before
it; whoever needs certainty about it compares its digest with one kept outside the repository.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from accord.approvals import canonical, sshsig, webauthn
from accord.approvals.canonical import PROJECT, SHA256, WORD, CanonicalError, Fields
from accord.core.approval import (
    ATTESTED,
    FACTORS,
    VERIFY_REQUIRED,
    GateRule,
    Json,
    Passkey,
    Principal,
    Trust,
)
from accord.errors import RefusedError

NAMESPACE = "accord-trust-v1@accord.dev"
TYPE = "https://accord.dev/trust/v1"
FOLDER = ".accord/trust"

_FIELDS = ("type", "project", "version", "principals", "gates", "prev")
_SOMETIMES = ("keeps", "reason")  # a field with its usual value is left out: one spelling each
_MARKS = (ATTESTED, VERIFY_REQUIRED)
_LABEL = re.compile(r"\S(.{0,58}\S)?")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{22,1364}")
_LOGIN = re.compile(r"sub:\S+|[^\s@:]+@[^\s@]+")
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[1-9][0-9]{0,4})?|http://[a-z0-9.-]+\.localhost")
_VERSION = re.compile(r"v([1-9][0-9]{0,5})\.json")


class TrustError(RefusedError):
    """Raised when the trust file, or the chain of versions behind it, does not hold."""


class PinError(TrustError):
    """Raised when version 1 of the trust file is another than the one that was pinned."""


def first_trust(project: str, name: str, key_line: str) -> bytes:
    """Return version 1 of the trust file, with one person who may approve and change trust.

    Raises TrustError when the project, the name or the key cannot stand in a trust file.
    """
    # A role of its own for trust, so that whoever is added as approver cannot add others.
    person = Principal(name, (key_line,), ("approver", "owner"))
    trust = Trust(project, 1, (person,), {"trust": GateRule(threshold=1, role="owner")})
    return _to_bytes(trust, None)


def next_trust(
    current: Trust, principals: Sequence[Principal], gates: Mapping[str, GateRule], *,
    keeps: Sequence[str] = (), reason: str = "",
) -> bytes:  # fmt: skip
    """Return the version after `current`, to be signed by the people whom `current` names.

    `keeps` names records that go on counting though their keys do not. Raises TrustError when no
    later version could be signed by the people in it.
    """
    later = Trust(current.project, current.version + 1, tuple(principals), gates,
                  keeps=tuple(keeps), reason=reason)  # fmt: skip
    return _to_bytes(later, current.digest)


def read_next(current: Trust, data: bytes) -> Trust:
    """Return the version after `current` that `data` proposes, whoever signed it.

    Raises TrustError when it is none.
    """
    later, prev = _read({f"v{current.version + 1}.json": data}, current.version + 1)
    _check_place(current, later, prev)
    return evolve(later, earlier=_line_of(current))


def read_trust(files: Mapping[str, bytes], *, root: str | None = None) -> Trust:
    """Return the newest version of the trust file, after checking every version before it.

    `files` maps the names in `.accord/trust/` to bytes: `vN.json` and its signatures
    `vN.<anything>.sig`; other names have no say. `root`, if given, is the sha256 that version 1
    must have. Raises PinError when it has another, and TrustError when there is no version 1, a
    gap, a version that does not follow from the one before, or one that too few people signed.
    """
    versions = sorted(int(match[1]) for name in files if (match := _VERSION.fullmatch(name)))
    if not versions:
        raise TrustError("The project has no trust file.", hint="run `accord init`")
    trust, prev = _read(files, 1) if versions[0] == 1 else (None, None)
    if trust is None or versions != list(range(1, len(versions) + 1)):
        missing = min(set(range(1, versions[-1] + 1)) - set(versions))
        raise TrustError(f"The trust file v{missing}.json is missing; v{versions[-1]}.json exists.")
    if root not in (None, trust.digest):
        raise PinError(
            f"the trust file is not the one that this machine knows: v1.json is "
            f"{trust.digest[:12]} and {str(root)[:12]} is pinned"
        )
    if prev is not None:
        raise TrustError("v1.json is not the first version of the trust file: it follows another.")
    for number in versions[1:]:
        later, prev = _read(files, number)
        _check_place(trust, later, prev)
        _check_signers(trust, later.version, files)
        trust = evolve(later, earlier=_line_of(trust))
    return trust


def _line_of(trust: Trust) -> tuple[Trust, ...]:
    return (*trust.earlier, evolve(trust, earlier=()))


def _check_place(trust: Trust, later: Trust, prev: str | None) -> None:
    name = f"v{later.version}.json"
    if prev != trust.digest:
        raise TrustError(f"{name} does not follow v{trust.version}.json: its `prev` is another.")
    if later.project != trust.project:
        raise TrustError(f"{name} belongs to another project than v{trust.version}.json.")


def _check_signers(trust: Trust, version: int, files: Mapping[str, bytes]) -> None:
    name, rule = f"v{version}.json", trust.rule("trust")
    signers, faults = signers_of(trust, version, files)
    if len(signers) < rule.threshold:
        fault = f"; {faults[0]}" if faults else ""
        raise TrustError(
            f"{name} is signed by {len(signers)} of the {rule.threshold} people with the role "
            f"{canonical.shown(rule.role)} that v{trust.version}.json asks for{fault}."
        )


def signers_of(
    trust: Trust, version: int, files: Mapping[str, bytes]
) -> tuple[Collection[str], list[str]]:
    """Return who of `trust` signed `version`, and one clause for each signature without effect.

    They are people, each once, however many keys signed.
    """
    rule = trust.rule("trust")
    owners = {
        key: person
        for person in trust.principals
        if rule.role in person.roles
        for key in person.keys
    }
    names, faults = set(), []
    for file in sorted(files):
        if not file.startswith(f"v{version}.") or not file.endswith(".sig"):
            continue
        try:
            proof = sshsig.prove(files[file], files[f"v{version}.json"], NAMESPACE)
        except sshsig.SignatureError as error:
            faults.append(f"{canonical.shown(file)}: {error.message.rstrip('.')}")
            continue
        person = owners.get(proof.key)
        fault = f"is by {sshsig.fingerprint(proof.key)}, not by them"
        if person is not None:
            short = rule.shortfall(
                proof.factor or FACTORS[0], rule.level, attested=person.attested(proof.key)
            )
            fault = unverified(person, proof) or (short and f"does not count: {short}")
        if person is not None and not fault:
            names.add(person.name)
        else:
            faults.append(f"{canonical.shown(file)} {fault}")
    return names, faults


def unverified(person: Principal, proof: sshsig.Proof) -> str:
    """Return why the key was not used as the trust file asks of it, or an empty string."""
    passkey = person.passkeys.get(proof.key)
    if passkey is None and proof.origin:
        return "was signed on a web page, and the trust file has no passkey for it"
    if passkey is not None and not passkey.allows(proof.origin):
        page = canonical.shown(proof.origin)
        return f"was signed on {page}, and the trust file has {passkey.origin}"
    if proof.fido != "uv" and VERIFY_REQUIRED in person.marks.get(proof.key, ()):
        return "was signed without the PIN or the finger that the trust file asks for"
    return ""


def _read(files: Mapping[str, bytes], number: int) -> tuple[Trust, str | None]:
    data = files[f"v{number}.json"]
    try:
        trust, prev = _parse(canonical.load(data))
        if canonical.dump(_value(trust, prev)) != data:
            raise CanonicalError("it spells out what is usual")
    except CanonicalError as error:
        raise TrustError(f"v{number}.json is not a trust file: {error}.") from error
    if trust.version != number:
        raise TrustError(f"v{number}.json says that it is version {trust.version}.")
    return evolve(trust, digest=hashlib.sha256(data).hexdigest()), prev


def _to_bytes(trust: Trust, prev: str | None) -> bytes:
    people = (
        evolve(
            person,
            keys=tuple(_key(line) for line in person.keys),
            marks={_key(line): marks for line, marks in person.marks.items()},
            passkeys={_key(line): known for line, known in person.passkeys.items()},
        )
        for person in trust.principals
    )
    try:
        data = canonical.dump(_value(evolve(trust, principals=tuple(people)), prev))
        _parse(canonical.load(data))
    except CanonicalError as error:
        raise TrustError(f"This cannot be a trust file: {error}.") from error
    return data


def _value(trust: Trust, prev: str | None) -> Json:
    value: dict[str, Json] = {
        "type": TYPE,
        "project": trust.project,
        "version": trust.version,
        "principals": [_person(person) for person in trust.principals],
        "gates": {gate: _asked(rule) for gate, rule in trust.gates.items()},
        "prev": prev,
    }
    if trust.keeps:
        value["keeps"] = list(trust.keeps)
    if trust.reason:
        value["reason"] = trust.reason
    return value


def _person(person: Principal) -> Json:
    value: dict[str, Json] = {
        "name": person.name,
        "keys": list(person.keys),
        "roles": list(person.roles),
    }
    if person.aliases:
        value["aliases"] = list(person.aliases)
    if person.logins:
        value["logins"] = list(person.logins)
    if person.marks:
        value["marks"] = {key: list(marks) for key, marks in person.marks.items()}
    if person.passkeys:
        value["passkeys"] = {
            key: {"name": one.name, "credential": one.credential, "origin": one.origin}
            for key, one in person.passkeys.items()
        }
    return value


def _asked(rule: GateRule) -> Json:
    value: dict[str, Json] = {"threshold": rule.threshold, "role": rule.role}
    if rule.separate:
        value["separate"] = True
    if rule.fresh:
        value["fresh"] = True
    if rule.factor:
        value["factor"] = rule.factor
    if rule.level:
        value["level"] = rule.level
    if rule.hardware:
        value["hardware"] = True
    return value


def _key(line: str) -> str:
    try:
        return sshsig.canonical_key(line)
    except sshsig.SignatureError as error:
        raise TrustError(f"A key cannot be trusted: {error.message}") from error


def _parse(value: Json) -> tuple[Trust, str | None]:
    fields = Fields(value, "", _FIELDS, _SOMETIMES)
    fields.constant("type", TYPE)
    gates = fields.table("gates")
    trust = Trust(
        project=fields.text("project", PROJECT),
        version=fields.integer("version", 1),
        principals=tuple(_principal(item) for item in fields.array("principals")),
        gates={gate: _rule(gates[gate], f"gates.{gate}") for gate in gates},
        keeps=fields.texts("keeps") if fields.has("keeps") else (),
        reason=fields.text("reason", WORD) if fields.has("reason") else "",
    )
    if not all(SHA256.fullmatch(one) for one in trust.keeps):
        raise fields.error("keeps", "a list of records by their digests")
    _check_people(trust)
    return trust, fields.optional("prev", SHA256)


def _check_people(trust: Trust) -> None:
    names = [person.name for person in trust.principals]
    keys = [key for person in trust.principals for key in person.keys]
    if len(set(names)) < len(names):
        raise CanonicalError("two principals have the same name")
    logins = [login.casefold() for person in trust.principals for login in person.logins]
    if len(set(logins)) < len(logins):
        raise CanonicalError("two principals have the same login, so one person could be two")
    if len(set(keys)) < len(keys):
        raise CanonicalError("two principals have the same key, so one person could be two")
    factor = trust.rule("trust").factor
    if factor and not factor.startswith("fido"):
        raise CanonicalError("the factor of trust can be that of a FIDO key alone")
    threshold, able = trust.rule("trust").threshold, len(trust.able("trust"))
    if able < threshold:
        raise CanonicalError(
            f"a later version would need {threshold} signatures and {able} could sign"
        )


def _principal(value: Json) -> Principal:
    fields = Fields(value, "principals", ("name", "keys", "roles"),
                    ("aliases", "logins", "marks", "passkeys"))  # fmt: skip
    keys = fields.texts("keys")
    for key in keys:
        try:
            canonical_line = sshsig.canonical_key(key)
        except sshsig.SignatureError as error:
            raise fields.error("keys", f"sound: {error.message.rstrip('.')}") from error
        if canonical_line != key:
            raise fields.error("keys", "a list of bare public keys without comments")
    return Principal(
        fields.text("name", WORD),
        keys,
        fields.texts("roles"),
        fields.texts("aliases") if fields.has("aliases") else (),
        _marks(fields, keys) if fields.has("marks") else {},
        _passkeys(fields, keys),
        _logins(fields) if fields.has("logins") else (),
    )


def _marks(fields: Fields, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    table = Fields(fields.table("marks"), "principals.marks", (), keys)
    marks = {key: table.texts(key) for key in fields.table("marks")}
    for key, found in marks.items():
        if not found or not set(found) <= set(_MARKS) or not key.startswith("sk-"):
            raise fields.error("marks", f"one of {', '.join(_MARKS)} at FIDO keys alone")
    return marks


def _passkeys(fields: Fields, keys: Collection[str]) -> dict[str, Passkey]:
    """Return the passkeys: just those of the keys that sign on web pages, each on its own host."""
    where = "principals.passkeys"
    table = fields.table("passkeys") if fields.has("passkeys") else {}
    hosts = {key: sshsig.application(key).decode("latin-1") for key in keys}
    on_web = {key for key, host in hosts.items() if webauthn.HOST.fullmatch(host)}
    if on_web != set(table) or (fields.has("passkeys") and not table):
        raise fields.error("passkeys", "there for just the keys that sign on web pages")
    found = {}
    for key, value in table.items():
        one = Fields(value, where, ("name", "credential", "origin"))
        passkey = Passkey(one.text("name", _LABEL), one.text("credential", _CREDENTIAL),
                          one.text("origin", _ORIGIN))  # fmt: skip
        if passkey.host != hosts[key]:
            raise one.error("origin", "a page of the host that the key is for")
        found[key] = passkey
    return found


def _logins(fields: Fields) -> tuple[str, ...]:
    logins = fields.texts("logins")
    if not logins or not all(_LOGIN.fullmatch(one) for one in logins):
        raise fields.error("logins", "a list of e-mail addresses, or of names after sub:")
    return logins


def _rule(value: Json, where: str) -> GateRule:
    sometimes = ("separate", "fresh", "factor", "level", "hardware")
    fields = Fields(value, where, ("threshold", "role"), sometimes)
    factor = fields.text("factor") if fields.has("factor") else ""
    if fields.has("factor") and factor not in FACTORS:
        raise fields.error("factor", "one of " + ", ".join(FACTORS))
    return GateRule(
        fields.integer("threshold", 1),
        fields.text("role", WORD),
        separate=fields.yes("separate"),
        fresh=fields.yes("fresh"),
        factor=factor,
        level=fields.integer("level", 1) if fields.has("level") else 0,
        hardware=fields.yes("hardware"),
    )
