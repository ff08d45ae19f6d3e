"""Make a record, sign it, and put it on the change's branch: the only way that one comes about."""

import os
from collections.abc import Mapping

from attrs import evolve

from accord.app.changes import SUBMODULE, Change, load
from accord.app.workshop import SPECS, Workshop
from accord.approvals import records, sshsig
from accord.approvals.log import tip
from accord.approvals.signers import Signer
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
    factor: str, number: int,
) -> Approval:  # fmt: skip
    """Return a record with everything that every record has; the caller adds what it is about.

    Raises RefusedError when the trust file asks for a role that `approver` does not have.
    """
    role = workshop.trust.rule(gate).role
    principal = workshop.trust.principal(approver)
    if principal is None or role not in principal.roles:
        raise RefusedError(
            f"{approver} lacks the role {role}, which the trust file asks for at {gate}",
            hint=f"ask somebody who has it: {_having(workshop, role)}",
        )
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
        assurance=Assurance(factor=factor, sandbox=workshop.sandbox.level),
        channel=workshop.channel,
        tool="accord",
    )


def _having(workshop: Workshop, role: str) -> str:
    names = [one.name for one in workshop.trust.principals if role in one.roles]
    return ", ".join(names) or "nobody has yet"


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
        order = ["requirements.md", "design.md", "tasks.md"]
        later = set(order[SPEC_STAGES.index(stage) + 1 :])
        return tuple(
            Subject(f"{SPECS}/{change.name}/{document.path}", sha256(document.data))
            for document in change.spec.documents
            if document.path not in later
        )
    repo = change.workshop.repo
    return tuple(
        Subject(one.path, sha256(one.id.encode() if one.mode == SUBMODULE else repo.blob(one.id)))
        for one in change.code
    )


def authors(change: Change) -> tuple[str, ...]:
    """Return the names of those who wrote the documents and the code of the change."""
    wrote = change.workshop.repo.authors(change.fork, change.found.tip, ".")
    return tuple(sorted(set(wrote)))


def decide(
    workshop: Workshop, change: Change, gate: str, decision: Decision, *, reason: str = "",
    details: dict[str, Json] | None = None, items: dict[str, str] | None = None,
    about: tuple[Subject, ...] = (), number: int = 1,
) -> SignedRecord:  # fmt: skip
    """Sign a decision and commit it on the change's branch; return it as it reads back.

    Raises RefusedError when the key is unknown or the record would not count; then nothing is
    written.
    """
    refuse_agents()
    signer = workshop.signer()
    approver = person(workshop, signer)
    approval = draft(
        workshop, change.name, gate, decision, log=change.log, approver=approver,
        factor=signer.factor, number=number,
    )  # fmt: skip
    last = [one for one in change.log.signed if one.approval.gate == gate]
    approval = evolve(
        approval,
        subject=about,
        items=items or {},
        reason=" ".join(reason.split()),
        details=details or {},
        authors=authors(change),
        reviewed=Reviewed(diff_base=last[-1].digest if last else None),
    )
    files = signed_files(signer, approval)
    message = f"{decision.value.title()} the {gate} of {change.name}\n"
    new = workshop.repo.commit(change.found.tip, dict(files), message, workshop.author)
    detail = f"{gate}: {approval.reason}" if approval.reason else gate
    workshop.move(decision.value, change.name, change.found.ref, new, change.found.tip,
                  detail=detail)  # fmt: skip
    record = witness(workshop, change.name, files)
    written = load(workshop, change.name).log.signed
    return next(one for one in written if one.digest == record)
