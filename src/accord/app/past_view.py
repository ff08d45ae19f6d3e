"""What was decided on a change, and the documents as they were each time."""

from accord.app import views
from accord.app.changes import Change
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.approval import Signed
from accord.core.model import SPEC_STAGES, sha256
from accord.errors import ConfigurationError


def past_view(workshop: Workshop, change: Change) -> View:
    """Return the signed records of `change`, the newest first, and those that do not verify."""
    return {
        "released": change.found.ref == workshop.base,
        "records": [_record(change, one) for one in reversed(change.log.signed)],
        "unsound": [{"file": one.file, "reason": one.reason} for one in change.log.unsound],
    }


def document_at(workshop: Workshop, change: Change, digest: str, path: str) -> bytes:
    """Return the document `path` as it was when the record `digest` was signed.

    Raises ConfigurationError where there is no such record or document, or where the history has
    it only as it was later (what is joined as one commit keeps no steps).
    """
    record = next((one for one in change.log.signed if one.digest == digest), None)
    spec = views.approved_spec(workshop, change, record)
    document = spec.document(path)
    if document is None:
        raise ConfigurationError(f"no {path} was approved with {digest[:12]}")
    signed = [one.sha256 for one in (record.approval.subject if record else ())
              if one.name == f"{change.folder}/{path}"]  # fmt: skip
    if signed and sha256(document.data) not in signed:
        raise ConfigurationError(f"the history has {path} only as it was later",
                                 hint="what was signed was joined as one commit")  # fmt: skip
    return document.data


def _record(change: Change, one: Signed) -> View:
    approval = one.approval
    prefix = f"{change.folder}/"
    documents = [
        subject.name.removeprefix(prefix)
        for subject in approval.subject
        if subject.name.startswith(prefix) and approval.gate in list(SPEC_STAGES)
    ]
    return {
        "digest": one.digest,
        "gate": approval.gate,
        "decision": str(approval.decision),
        "by": approval.approver,
        "at": approval.issued,
        "reason": approval.reason,
        "round": approval.round,
        "covers": len(approval.items),
        "factor": approval.assurance.factor,
        "channel": approval.channel,
        "documents": documents,
    }
