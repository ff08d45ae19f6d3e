"""Who may approve what: versions of one file, each signed by the people of the version before.

The chain follows the root role of The Update Framework: version N counts when enough of the
people whom version N-1 names for the gate `trust` signed its bytes. Version 1 has nobody before
it; whoever needs certainty about it compares its digest with one kept outside the repository.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

from attrs import evolve

from accord.approvals import canonical, sshsig
from accord.approvals.canonical import PROJECT, SHA256, WORD, CanonicalError, Fields
from accord.core.approval import GateRule, Json, Principal, Trust
from accord.errors import RefusedError

NAMESPACE = "accord-trust-v1@accord.dev"
TYPE = "https://accord.dev/trust/v1"
FOLDER = ".accord/trust"

_FIELDS = ("type", "project", "version", "principals", "gates", "prev")
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
    current: Trust, principals: Sequence[Principal], gates: Mapping[str, GateRule]
) -> bytes:
    """Return the version after `current`, to be signed by the people whom `current` names.

    Raises TrustError when no later version could be signed by the people in it.
    """
    later = Trust(current.project, current.version + 1, tuple(principals), gates)
    return _to_bytes(later, current.digest)


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
        _check_step(trust, later, prev, files)
        trust = later
    return trust


def _check_step(trust: Trust, later: Trust, prev: str | None, files: Mapping[str, bytes]) -> None:
    name = f"v{later.version}.json"
    if prev != trust.digest:
        raise TrustError(f"{name} does not follow v{trust.version}.json: its `prev` is another.")
    if later.project != trust.project:
        raise TrustError(f"{name} belongs to another project than v{trust.version}.json.")
    rule = trust.rule("trust")
    signers, faults = _signers(trust, later.version, files)
    if len(signers) < rule.threshold:
        fault = f"; {faults[0]}" if faults else ""
        raise TrustError(
            f"{name} is signed by {len(signers)} of the {rule.threshold} people with the role "
            f"{canonical.shown(rule.role)} that v{trust.version}.json asks for{fault}."
        )


def _signers(
    trust: Trust, version: int, files: Mapping[str, bytes]
) -> tuple[Collection[str], list[str]]:
    """Return who of `trust` signed `version`, and one clause for each signature without effect."""
    owners = {
        key: person.name
        for person in trust.principals
        if trust.rule("trust").role in person.roles
        for key in person.keys
    }
    names, faults = set(), []
    for file in sorted(files):
        if not file.startswith(f"v{version}.") or not file.endswith(".sig"):
            continue
        try:
            key = sshsig.verify(files[file], files[f"v{version}.json"], NAMESPACE)
        except sshsig.SignatureError as error:
            faults.append(f"{canonical.shown(file)}: {error.message.rstrip('.')}")
            continue
        if key in owners:
            names.add(owners[key])
        else:
            faults.append(f"{canonical.shown(file)} is by {sshsig.fingerprint(key)}, not by them")
    return names, faults


def _read(files: Mapping[str, bytes], number: int) -> tuple[Trust, str | None]:
    data = files[f"v{number}.json"]
    try:
        trust, prev = _parse(canonical.load(data))
    except CanonicalError as error:
        raise TrustError(f"v{number}.json is not a trust file: {error}.") from error
    if trust.version != number:
        raise TrustError(f"v{number}.json says that it is version {trust.version}.")
    return evolve(trust, digest=hashlib.sha256(data).hexdigest()), prev


def _to_bytes(trust: Trust, prev: str | None) -> bytes:
    principals: list[Json] = [
        {
            "name": person.name,
            "keys": [_key(line) for line in person.keys],
            "roles": list(person.roles),
        }
        for person in trust.principals
    ]
    value: Json = {
        "type": TYPE,
        "project": trust.project,
        "version": trust.version,
        "principals": principals,
        "gates": {
            gate: {"threshold": rule.threshold, "role": rule.role}
            for gate, rule in trust.gates.items()
        },
        "prev": prev,
    }
    try:
        data = canonical.dump(value)
        _parse(canonical.load(data))
    except CanonicalError as error:
        raise TrustError(f"This cannot be a trust file: {error}.") from error
    return data


def _key(line: str) -> str:
    try:
        return sshsig.canonical_key(line)
    except sshsig.SignatureError as error:
        raise TrustError(f"A key cannot be trusted: {error.message}") from error


def _parse(value: Json) -> tuple[Trust, str | None]:
    fields = Fields(value, "", _FIELDS)
    fields.constant("type", TYPE)
    gates = fields.table("gates")
    trust = Trust(
        project=fields.text("project", PROJECT),
        version=fields.integer("version", 1),
        principals=tuple(_principal(item) for item in fields.array("principals")),
        gates={gate: _rule(gates[gate], f"gates.{gate}") for gate in gates},
    )
    names = [person.name for person in trust.principals]
    keys = [key for person in trust.principals for key in person.keys]
    if len(set(names)) < len(names):
        raise CanonicalError("two principals have the same name")
    if len(set(keys)) < len(keys):
        raise CanonicalError("two principals have the same key, so one person could be two")
    rule = trust.rule("trust")
    able = [person for person in trust.principals if person.keys and rule.role in person.roles]
    if len(able) < rule.threshold:
        raise CanonicalError(
            f"a later version would need {rule.threshold} signatures and {len(able)} could sign"
        )
    return trust, fields.optional("prev", SHA256)


def _principal(value: Json) -> Principal:
    fields = Fields(value, "principals", ("name", "keys", "roles"))
    keys = fields.texts("keys")
    for key in keys:
        try:
            canonical_line = sshsig.canonical_key(key)
        except sshsig.SignatureError as error:
            raise fields.error("keys", f"sound: {error.message.rstrip('.')}") from error
        if canonical_line != key:
            raise fields.error("keys", "a list of bare public keys without comments")
    return Principal(fields.text("name", WORD), keys, fields.texts("roles"))


def _rule(value: Json, where: str) -> GateRule:
    fields = Fields(value, where, ("threshold", "role"))
    return GateRule(fields.integer("threshold", 1), fields.text("role", WORD))
