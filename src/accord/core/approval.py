"""The values that gates are decided by: signed records, and the trust that says whose count."""

from collections.abc import Mapping
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
    """A record whose signature was verified against the trust file; `digest` names its bytes."""

    digest: str
    approval: Approval
    key: str


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


@frozen
class Principal:
    """A person who may approve: name, public keys (OpenSSH lines) and roles."""

    name: str
    keys: tuple[str, ...]
    roles: tuple[str, ...] = ("approver",)


@frozen
class GateRule:
    """How many different people with which role open a gate."""

    threshold: int = 1
    role: str = "approver"


@frozen
class Trust:
    """Who may approve what: one version of the trust file, with the digest of its bytes."""

    project: str
    version: int
    principals: tuple[Principal, ...]
    gates: Mapping[str, GateRule] = field(factory=dict)
    digest: str = ""

    def rule(self, gate: str) -> GateRule:
        """Return the rule for `gate`; a gate without a rule of its own asks one approver."""
        return self.gates.get(gate, GateRule())

    def principal(self, name: str) -> Principal | None:
        """Return the principal called `name`, or None."""
        return next((person for person in self.principals if person.name == name), None)
