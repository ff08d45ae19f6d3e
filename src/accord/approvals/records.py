"""Approvals as the bytes that are signed: in-toto statements in canonical JSON.

Statement: https://in-toto.io/Statement/v1; the predicate is Accord's own.
"""

import hashlib
import re

import attrs

from accord.approvals import canonical
from accord.approvals.canonical import SHA256, WORD, CanonicalError, Fields
from accord.core.approval import Approval, Assurance, Decision, Json, Reviewed, Subject
from accord.errors import RefusedError

NAMESPACE = "accord-approval-v1@accord.dev"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://accord.dev/approval/v1"
FOLDER = ".accord/approvals"

_CHANGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ISSUED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_FIELDS = frozenset(field.name for field in attrs.fields(Approval)) - {"subject"}


class RecordError(RefusedError):
    """Raised when bytes are not a record, or an approval cannot be one; names the field."""


def to_bytes(approval: Approval) -> bytes:
    """Return the record of `approval`, ready to be signed.

    Raises RecordError when `from_bytes` would not read it back: nobody should sign such bytes.
    """
    try:
        data = canonical.dump(_statement(approval))
    except CanonicalError as error:
        raise RecordError(f"The approval cannot be recorded: {error}.") from error
    from_bytes(data)
    return data


def from_bytes(data: bytes) -> Approval:
    """Return the approval that the record `data` holds.

    Raises RecordError, naming the byte or the field, for anything but the one canonical form:
    fields unknown, missing or of another type, floats, keys twice, more than 1 MiB.
    """
    try:
        approval = _approval(canonical.load(data))
    except CanonicalError as error:
        raise RecordError(f"The record is not a canonical approval: {error}.") from error
    # The fields were checked one by one; this holds even where such a check is forgotten.
    if canonical.dump(_statement(approval)) != data:
        raise RecordError("The record is not a canonical approval: it reads back otherwise.")
    return approval


def digest(data: bytes) -> str:
    """Return the name of the record `data`: its sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


def paths(change: str, data: bytes) -> tuple[str, str]:
    """Return where the record `data` of `change` and its signature lie in the repository.

    Raises RecordError for a change whose name could lead out of the folder.
    """
    if not _CHANGE.fullmatch(change):
        raise RecordError(f"{canonical.shown(change)} cannot be the name of a change.")
    stem = f"{FOLDER}/{change}/{digest(data)[:32]}"
    return f"{stem}.json", f"{stem}.sig"


def _statement(approval: Approval) -> Json:
    reviewed, assurance = approval.reviewed, approval.assurance
    predicate: dict[str, Json] = {
        "project": approval.project,
        "change": approval.change,
        "gate": approval.gate,
        "decision": str(approval.decision),
        "round": approval.round,
        "items": dict(approval.items),
        "policy": approval.policy,
        "approver": approval.approver,
        "authors": list(approval.authors),
        "reviewed": {
            "hidden_findings": reviewed.hidden_findings,
            "waived": list(reviewed.waived),
            "diff_base": reviewed.diff_base,
            "view": reviewed.view,
        },
        "assurance": {
            "factor": assurance.factor,
            "sandbox": assurance.sandbox,
            "host": assurance.host,
        },
        "issued": approval.issued,
        "channel": approval.channel,
        "tool": approval.tool,
        "reason": approval.reason,
        "previous": approval.previous,
        "details": dict(approval.details),
    }
    subject: list[Json] = [
        {"name": file.name, "digest": {"sha256": file.sha256}} for file in approval.subject
    ]
    return {
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": predicate,
    }


def _approval(value: Json) -> Approval:
    statement = Fields(value, "", ("_type", "subject", "predicateType", "predicate"))
    statement.constant("_type", STATEMENT)
    statement.constant("predicateType", PREDICATE)
    fields = Fields(statement.json("predicate"), "predicate", _FIELDS)
    subject = tuple(_subject(item) for item in statement.array("subject"))
    if len({file.name for file in subject}) != len(subject):
        raise CanonicalError("the field subject names a file twice")
    return Approval(
        project=fields.text("project", WORD),
        change=fields.text("change", _CHANGE),
        gate=fields.text("gate", WORD),
        decision=_decision(fields),
        round=fields.integer("round", 1),
        subject=subject,
        items=_items(fields.table("items")),
        policy=fields.text("policy"),
        approver=fields.text("approver", WORD),
        issued=fields.text("issued", _ISSUED),
        authors=fields.texts("authors"),
        reason=fields.text("reason"),
        previous=fields.optional("previous", SHA256),
        reviewed=_reviewed(fields.json("reviewed")),
        assurance=_assurance(fields.json("assurance")),
        channel=fields.text("channel", WORD),
        tool=fields.text("tool", WORD),
        details=fields.table("details"),
    )


def _subject(value: Json) -> Subject:
    fields = Fields(value, "subject", ("name", "digest"))
    sha256 = Fields(fields.json("digest"), "subject.digest", ("sha256",)).text("sha256", SHA256)
    return Subject(name=fields.text("name", WORD), sha256=sha256)


def _items(table: dict[str, Json]) -> dict[str, str]:
    items = Fields(table, "predicate.items", table)
    return {name: items.text(name, SHA256) for name in table}


def _decision(fields: Fields) -> Decision:
    try:
        return Decision(fields.text("decision"))
    except ValueError as error:
        raise fields.error("decision", "one of " + ", ".join(Decision)) from error


def _reviewed(value: Json) -> Reviewed:
    fields = Fields(value, "predicate.reviewed", ("hidden_findings", "waived", "diff_base", "view"))
    return Reviewed(
        hidden_findings=fields.integer("hidden_findings", 0),
        waived=fields.texts("waived"),
        diff_base=fields.optional("diff_base"),
        view=fields.text("view", WORD),
    )


def _assurance(value: Json) -> Assurance:
    fields = Fields(value, "predicate.assurance", ("factor", "sandbox", "host"))
    return Assurance(
        factor=fields.text("factor", WORD),
        sandbox=fields.integer("sandbox", 0),
        host=fields.text("host", WORD),
    )
