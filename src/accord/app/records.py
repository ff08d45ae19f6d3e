"""Make a record, sign it, and put it on the change's branch: the only way that one comes about."""

import os
from collections.abc import Collection, Mapping

from attrs import evolve

from accord.app.boxing import LEVEL, NO_AGENT, lowest
from accord.app.changes import SUBMODULE, Change, load
from accord.app.workshop import Workshop
from accord.app.writers import writers
from accord.approvals import records, sshsig
from accord.approvals.log import tip
from accord.approvals.signers import Signer
from accord.core import entitlement
from accord.core.approval import Approval, Assurance, Decision, Json, Log, Reviewed, Subject
from accord.core.approval import Signed as SignedRecord
from accord.core.model import SPEC_STAGES, Stage, sha256
from accord.errors import RefusedError

AGENT_MARK = "ACCORD_RUN"


def refuse_agents() -> None:
    """Raise RefusedError inside an agent's run: what an agent decides is never a decision.

    This stops the agent that is asked nicely; the wall around its process is what stops others.
    """
    if os.environ.get(AGENT_MARK):
        raise RefusedError("an agent's run cannot decide anything", hint="ask the person")


def person(workshop: Workshop, signer: Signer) -> str:
    """Return the name under which the trust file knows the signer's key. Raises RefusedError."""
    if name := holder(workshop, signer.line):
        return name
    fingerprint = sshsig.fingerprint(signer.line)
    known = ", ".join(one.name for one in workshop.trust.principals)
    raise RefusedError(
        f"the key {fingerprint} belongs to nobody in the trust file",
        hint=f"ask one of its people to add it: {known}",
    )


def holder(workshop: Workshop, line: str) -> str:
    """Return the name that the trust file has for the public key `line`, or an empty string."""
    for principal in workshop.trust.principals:
        if line in {sshsig.canonical_key(one) for one in principal.keys}:
            return principal.name
    return ""


def draft(
    workshop: Workshop, change: str, gate: str, decision: Decision, *, log: Log, approver: str,
    signer: Signer, number: int, level: int = NO_AGENT,
) -> Approval:  # fmt: skip
    """Return a record with everything that every record has; the caller adds what it is about.

    `level` is the lowest at which agents ran for what is decided. Raises RefusedError when the
    trust file asks for a role that `approver` does not have, or for a stronger key or a higher
    wall than there is: what would not count is not signed.
    """
    if refused := entitlement.lacks_role(workshop.trust, gate, approver):
        raise refused
    rule = workshop.trust.rule(gate)
    principal = workshop.trust.principal(approver)
    attested = principal is not None and principal.attested(signer.line)
    short = rule.shortfall(_hoped(signer.factor, rule.factor), level, attested=attested)
    if short and decision is not Decision.REJECT:
        raise entitlement.short_of(gate, short)
    return Approval(
        project=workshop.trust.project,
        change=change,
        gate=gate,
        decision=decision,
        round=number,
        subject=(),
        items={},
        policy=workshop.config.policy.digest(),
        approver=approver,
        issued=workshop.clock.now(),
        previous=tip(log),
        assurance=Assurance(factor=signer.factor, sandbox=level),
        channel=workshop.channel,
        tool="accord",
    )


def _hoped(factor: str, wanted: str) -> str:
    # Whether a FIDO key asked for its PIN is known from the signature alone, so after signing.
    return wanted if factor == "fido-up" and wanted == "fido-uv" else factor


def signed_files(signer: Signer, approval: Approval) -> dict[str, bytes]:
    """Return the two files of a record: its bytes and the signature over them."""
    data = records.to_bytes(approval)
    json_path, signature_path = records.paths(approval.change, data)
    return {json_path: data, signature_path: signer.sign(data, records.NAMESPACE)}


def witness(workshop: Workshop, change: str, files: Mapping[str, bytes]) -> str:
    """Remember that a record was made here, so that its loss is noticed; return its digest.

    What is remembered can only shut a gate, never open one.
    """
    digest = records.digest(next(iter(files.values())))
    workshop.journal.note(f"record/{change}/{digest}", {"kept": True})
    return digest


def subject(change: Change, stage: Stage) -> tuple[Subject, ...]:
    """Return the files that a decision at `stage` is about, by the sha256 of their raw bytes."""
    if stage in SPEC_STAGES:
        later = SPEC_STAGES[SPEC_STAGES.index(stage) + 1 :]
        layout = change.spec.layout
        return tuple(
            Subject(f"{change.folder}/{document.path}", sha256(document.data))
            for document in change.spec.documents
            if document.path not in {layout.documents[one] for one in later}
        )
    repo = change.workshop.repo
    return tuple(
        Subject(one.path, sha256(one.id.encode() if one.mode == SUBMODULE else repo.blob(one.id)))
        for one in change.code
    )


def authors(change: Change, gate: str) -> tuple[str, ...]:
    """Return the names of those who wrote what `gate` covers, or anything where it is no stage."""
    if gate in list(Stage):
        return writers(change, Stage(gate))
    wrote = change.workshop.repo.authors(change.fork, change.found.tip, ".")
    return tuple(sorted(set(wrote)))


def level(change: Change) -> int:
    """Return the lowest level at which agents wrote what is on the branch of `change`."""
    repo = change.workshop.repo
    return lowest(repo.trailers(change.fork, change.found.tip, LEVEL))


def decide(
    workshop: Workshop, change: Change, gate: str, decision: Decision, *, reason: str = "",
    details: dict[str, Json] | None = None, items: dict[str, str] | None = None,
    about: tuple[Subject, ...] = (), number: int = 1, waived: Collection[str] = (),
    beside: Mapping[str, bytes] | None = None,
) -> SignedRecord:  # fmt: skip
    """Sign a decision and commit it on the change's branch; return it as it reads back.

    `waived` are the keys of the hidden text that the person saw and lets stay; `beside` holds
    files that go into the same commit.
    Raises RefusedError when the key is unknown or the record would not count; then nothing is
    written.
    """
    refuse_agents()
    signer = workshop.signer()
    approver = person(workshop, signer)
    approval = draft(
        workshop, change.name, gate, decision, log=change.log, approver=approver,
        signer=signer, number=number, level=level(change),
    )  # fmt: skip
    last = [one for one in change.log.signed if one.approval.gate == gate]
    approval = evolve(
        approval,
        subject=about,
        items=items or {},
        reason=" ".join(reason.split()),
        details=details or {},
        authors=authors(change, gate),
        reviewed=Reviewed(
            hidden_findings=len(waived),
            waived=tuple(sorted(waived)),
            diff_base=last[-1].digest if last else None,
        ),
    )
    files = signed_files(signer, approval)
    message = f"{decision.value.title()} the {gate} of {change.name}\n"
    new = workshop.repo.commit(
        change.found.tip, {**(beside or {}), **files}, message, workshop.author
    )
    detail = f"{gate}: {approval.reason}" if approval.reason else gate
    workshop.move(decision.value, change.name, change.found.ref, new, change.found.tip,
                  detail=detail)  # fmt: skip
    record = witness(workshop, change.name, files)
    written = load(workshop, change.name).log.signed
    return next(one for one in written if one.digest == record)
