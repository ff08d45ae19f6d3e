"""The values that gates are decided by: signed records, and the trust that says whose count."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from attrs import Factory, field, frozen

Json: TypeAlias = str | int | bool | list["Json"] | dict[str, "Json"] | None


class Decision(StrEnum):
    """What a person decided in one record."""

    APPROVE = "approve"
    REJECT = "reject"
    WAIVE = "waive"


@frozen
class Subject:
    """One file that the person saw: its path in the repository and the sha256 of its raw bytes."""

    name: str
    sha256: str


@frozen
class Reviewed:
    """How the person looked at it: findings in force and waived, and what it was compared with."""

    hidden_findings: int = 0
    waived: tuple[str, ...] = ()
    diff_base: str | None = None
    view: str = "raw"


@frozen
class Assurance:
    """How strong the signature is: the factor behind the key and the level of the agent's box."""

    factor: str = "ssh-key"
    sandbox: int = 1
    host: str = "local"


@frozen
class Approval:
    """One signed record: a person, a gate, a decision, and the exact bytes that the person saw.

    `items` maps each item of the gate (`R1.1`, `D2`, `T1`, a file) to its binding digest: the
    sha256 over its own bytes and the digests of what it depends on. `previous` is the digest of
    the record before it in the log of the same change, so that a record cannot vanish from the
    middle. `details` carries what only some gates need (the track, the evidence).
    """

    project: str
    change: str
    gate: str
    decision: Decision
    round: int
    subject: tuple[Subject, ...]
    items: Mapping[str, str]
    policy: str
    approver: str
    issued: str
    authors: tuple[str, ...] = ()
    reason: str = ""
    previous: str | None = None
    reviewed: Reviewed = Reviewed()
    assurance: Assurance = Assurance()
    channel: str = "cli"
    tool: str = "accord"
    details: Mapping[str, Json] = Factory(dict)


@frozen
class Signed:
    """A record whose signature was verified against the trust file; `digest` names its bytes.

    `factor` is what the signature proves of the key, else what the record says of it. `lapsed`
    says why the record cannot open anything any more (its key was revoked, say). What it refuses
    stays refused, and its round stays taken: nothing comes back because somebody left.
    `attested` says that the trust file has a proof of the device that the key is in.
    """

    digest: str
    approval: Approval
    key: str
    factor: str = "ssh-key"
    lapsed: str = ""
    attested: bool = False


@frozen
class Unsound:
    """A record, or a gap in the log, that does not verify; `reason` is one sentence."""

    file: str
    reason: str


@frozen
class Log:
    """The records of one change: those that verify, in the order of their chain, and the rest."""

    signed: tuple[Signed, ...] = ()
    unsound: tuple[Unsound, ...] = ()


ATTESTED = "attested"
VERIFY_REQUIRED = "verify-required"


@frozen
class Passkey:
    """What the trust file says of a key that signs on web pages: `name` is for people.

    `credential` is how the browser finds the key, base64url without padding. `origin` is the page
    that it counts on, `https://HOST[:PORT]`; for a name below `.localhost`, which no other machine
    has, `http://NAME.localhost` with whatever port.
    """

    name: str
    credential: str
    origin: str

    @property
    def host(self) -> str:
        """Return the host of the page, which the key is bound to (its relying party)."""
        return self.origin.partition("://")[2].partition(":")[0]

    def allows(self, origin: str) -> bool:
        """Tell whether a signature that was made on a page of `origin` counts."""
        if not self.host.endswith(".localhost"):
            return origin == self.origin
        port = origin.removeprefix(f"{self.origin}:")
        return origin == self.origin or (port != origin and port.isdecimal() and len(port) < 6)


@frozen
class Principal:
    """A person who may approve: name, public keys (OpenSSH lines) and roles.

    `aliases` are the names under which the person commits. `marks` maps a FIDO key to what is
    known of it (`attested`: its maker vouches that it is in a device) and asked of it
    (`verify-required`: its PIN or finger each time). `passkeys` has what is known of each key that
    signs on web pages. `logins` are those under which the person signs in to a team's server: an
    address of e-mail, or `sub:` and what the issuer calls them.
    """

    name: str
    keys: tuple[str, ...]
    roles: tuple[str, ...] = ("approver",)
    aliases: tuple[str, ...] = ()
    marks: Mapping[str, tuple[str, ...]] = field(factory=dict)
    passkeys: Mapping[str, Passkey] = field(factory=dict)
    logins: tuple[str, ...] = ()

    def attested(self, key: str) -> bool:
        """Tell whether the trust file says that this key is in a device."""
        return ATTESTED in self.marks.get(key, ())

    def wrote(self, authors: Iterable[str]) -> bool:
        """Tell whether one of these names of git authors is the person's."""
        own = {_plain(one) for one in (self.name, *self.aliases)}
        return any(_plain(author) in own for author in authors)


FACTORS = ("ssh-key", "ssh-agent", "ssh-passphrase", "fido-up", "fido-uv")
"""How a key is guarded, the weakest first. Only of the last two a signature is the proof."""


@frozen
class GateRule:
    """How many different people with which role open a gate, and what counts of them.

    `separate`: not those who wrote what is approved. `fresh`: not only the one person who alone
    approved the spec. `factor` is the weakest key that counts (any, when empty), `level` the
    lowest level of the wall around the agent. `hardware`: a key that is known to be in a device.
    """

    threshold: int = 1
    role: str = "approver"
    separate: bool = False
    fresh: bool = False
    factor: str = ""
    level: int = 0
    hardware: bool = False

    def shortfall(self, factor: str, level: int, *, attested: bool = False) -> str:
        """Return what an approval by such a key behind such a wall lacks, or an empty string."""
        if self.hardware and not attested:
            return "nothing proves that the key is in a device, and the trust file asks for that"
        if self.factor and _rank(factor) < FACTORS.index(self.factor):
            return f"it was signed with {factor}, and the trust file asks for {self.factor}"
        if level < self.level:
            return (
                f"the wall around the agent was at level {level}, "
                f"and the trust file asks for {self.level}"
            )
        return ""


@frozen
class Trust:
    """Who may approve what: one version of the trust file, with the digest of its bytes.

    `earlier` holds the versions before it, the first one first. `keeps` names the records that
    count although the key that signed them does not any more; `reason` is why the version came.
    """

    project: str
    version: int
    principals: tuple[Principal, ...]
    gates: Mapping[str, GateRule] = field(factory=dict)
    digest: str = ""
    keeps: tuple[str, ...] = ()
    reason: str = ""
    earlier: tuple["Trust", ...] = ()

    def rule(self, gate: str) -> GateRule:
        """Return the rule for `gate`; a gate without a rule of its own asks one approver."""
        return self.gates.get(gate, GateRule())

    def principal(self, name: str) -> Principal | None:
        """Return the principal called `name`, or None."""
        return next((person for person in self.principals if person.name == name), None)

    def able(self, gate: str) -> tuple[Principal, ...]:
        """Return the people who have the role and a key that `gate` asks for."""
        rule = self.rule(gate)
        fido = rule.factor.startswith("fido")

        def fits(person: Principal, key: str) -> bool:
            proved = person.attested(key) or not rule.hardware
            return proved and (key.startswith("sk-") or not fido)

        return tuple(
            one
            for one in self.principals
            if rule.role in one.roles and any(fits(one, key) for key in one.keys)
        )


def _rank(factor: str) -> int:
    return FACTORS.index(factor) if factor in FACTORS else -1


def _plain(name: str) -> str:
    return "-".join(name.casefold().split())
