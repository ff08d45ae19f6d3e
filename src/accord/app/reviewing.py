"""Decide at a gate: approve, send back, waive. Every decision is a signed record."""

from attrs import frozen

from accord.app import (
    authoring,
    deciders,
    desk,
    evidence,
    identifying,
    judging,
    proving,
    records,
    result_view,
    ruling,
    spec_bases,
    waivers,
)
from accord.app.changes import Change, load
from accord.app.workshop import Workshop
from accord.core import entitlement
from accord.core.approval import Decision, Json, Signed
from accord.core.checks import Finding
from accord.core.gates import Gate, Standing, hidden_at
from accord.core.model import SPEC_STAGES, STAGES, Stage, Track, sha256
from accord.core.policy import GATES
from accord.errors import ConfigurationError, RefusedError


@frozen
class Approved:
    """One gate that a person approved, and how it stands since."""

    stage: Stage
    record: Signed
    gate: Gate


def seen(gate: Gate) -> str:
    """Return the short digest of what a gate shows; approving with it binds to just that."""
    listed = "\n".join(f"{name}={digest}" for name, digest in sorted(gate.items.items()))
    return sha256(f"{gate.stage}\n{listed}".encode(errors="surrogateescape"))[:12]


def approve(
    workshop: Workshop, name: str, *, token: str = "", through: Stage | None = None
) -> tuple[Approved, ...]:
    """Approve the gate that a change stands before, and those after it up to `through`.

    `token` is what `seen` gave when the person looked: if the texts changed since, nothing is
    signed. Raises RefusedError when the gate is not ready for a decision.
    """
    records.refuse_agents()
    change = load(workshop, name)
    if through and change.gate and STAGES.index(through) < STAGES.index(change.gate.stage):
        raise ConfigurationError(f"{name} is past the {through} gate already")
    gate = _looked_at(change, token)
    last = through or gate.stage
    change = saved(workshop, name)
    gate = _looked_at(change, token)  # what was typed may have met what others did on the branch
    done = [_approve(workshop, change, gate)]
    while done[-1].gate.passed:
        change = load(workshop, name)
        following = change.gate
        if following is None or STAGES.index(following.stage) > STAGES.index(last):
            break
        done.append(_approve(workshop, change, waiting(change)))
    return tuple(done)


def reject(
    workshop: Workshop, name: str, reason: str, *, stage: Stage | None = None,
    tasks: tuple[str, ...] = (),
) -> Signed:  # fmt: skip
    """Send the work of a stage back with the reason, which the next draft or build is given.

    `tasks` says which tasks it is about; without any it is about all. An open gate shuts again.
    """
    records.refuse_agents()
    if not reason.strip():
        raise ConfigurationError("a rejection needs a reason", hint="--reason 'what should change'")
    change = saved(workshop, name)
    gate = _gate(change, stage)
    unknown = set(tasks) - {task.id for task in change.tasks}
    if unknown:
        raise ConfigurationError(f"{name} has no task {', '.join(sorted(unknown))}")
    if not gate.items:
        raise RefusedError(f"there is nothing to send back at the {gate.stage} of {name}")
    return records.decide(
        workshop, change, gate.stage, Decision.REJECT, reason=reason, items=dict(gate.items),
        details={"tasks": list(tasks)} if tasks else {}, about=records.subject(change, gate.stage),
        number=gate.round + 1,
    )  # fmt: skip


def withdraw(workshop: Workshop, name: str, stage: Stage) -> Signed:
    """Sign that an approval of `stage` is taken back; nothing has to be changed for a new one."""
    records.refuse_agents()
    change = saved(workshop, name)
    gate = _gate(change, stage)
    return records.decide(
        workshop, change, stage, Decision.REJECT, reason="withdrawn by undo",
        items=dict(gate.items), details={"withdrawn": True}, number=gate.round + 1,
        about=records.subject(change, stage),
    )  # fmt: skip


def waive(workshop: Workshop, name: str, reason: str) -> str:
    """Sign that what stands in the way may stay as it is; return what that was.

    Four things can be waived: text that hides, by each person who approves it; that a change
    outgrew its track; that nothing verified a task; and that a criterion is not proven.
    """
    records.refuse_agents()
    if not reason.strip():
        raise ConfigurationError("a waiver needs a reason", hint="--waive 'why it may stay'")
    change = saved(workshop, name)
    details: dict[str, Json]
    approver = records.person(workshop, workshop.signer())
    hiding = _hiding(change, approver)
    outgrowth = change.outgrowth
    unverified = evidence.unverified(workshop, change)
    if hiding:
        places = [f"{one.path}:{one.line}: {one.message}" for one in hiding]
        what, words = "hidden", f"text that hides, in {'; '.join(places)}"
        details = {"keys": [*sorted({one.key for one in hiding})]}
    elif outgrowth is not None:
        what, words = "size", str(outgrowth)
        details = {
            "files": outgrowth.size.files,
            "lines": outgrowth.size.lines,
            "risky": list(outgrowth.risky),
        }
    elif unverified:
        what, words = "evidence", f"nothing verified {', '.join(unverified)}"
        details = {"keys": [change.keys[task] for task in unverified]}
    elif unproven := proving.unproven(workshop, change):
        what, words = "evidence", f"nothing proves {', '.join(unproven)}"
        details = {"keys": [proving.waiver_key(change, one) for one in unproven]}
    else:
        raise RefusedError(f"nothing about {name} needs a waiver", hint=f"accord show {name}")
    number = sum(one.approval.gate == what for one in change.log.signed) + 1
    records.decide(workshop, change, what, Decision.WAIVE, reason=reason,
                   details={"waives": what, **details}, number=number)  # fmt: skip
    return words


def retrack(workshop: Workshop, name: str, track: Track, reason: str) -> Change:
    """Give a change another track by a signed record."""
    records.refuse_agents()
    change = saved(workshop, name)
    if change.track is track:
        raise RefusedError(f"{name} is on the {track} track already")
    return authoring.step_up(workshop, change, track, reason)


def saved(workshop: Workshop, name: str) -> Change:
    """Return the change after what a person typed on the desk was committed.

    Raises RefusedError, before anything is written, when the person's key is not in the trust file.
    """
    records.person(workshop, workshop.signer())
    change = load(workshop, name)
    if change.edited:
        desk.save(workshop, name, change.found.ref)
        change = load(workshop, name)
    return change


def waiting(change: Change) -> Gate:
    """Return the gate that can be decided now.

    Raises RefusedError, saying what is missing, and ConfigurationError for a document that cannot
    be read.
    """
    for one in change.unreadable:
        raise ConfigurationError(one.message, hint=one.hint)
    gate = change.gate
    if gate is None:
        raise RefusedError(f"every gate of {change.name} is open", hint=f"accord run {change.name}")
    if gate.standing in (Standing.SHUT, Standing.EARLY):
        raise RefusedError(
            f"the {gate.stage} of {change.name} cannot be approved: {gate.reason}",
            hint=f"accord show {change.name}",
        )
    if gate.stage in SPEC_STAGES:
        _refuse_findings(change, gate)
    elif change.outgrowth is not None:
        raise RefusedError(
            f"{change.name}: {change.outgrowth}",
            hint=f"accord approve {change.name} --track full, or --waive 'why it may stay'",
        )
    elif evidence.known(change.workshop, change) is None:
        raise RefusedError(
            f"nothing was verified for the {gate.stage} of {change.name} as it is now",
            hint=f"accord run {change.name}",
        )
    else:
        judging.refuse_broken(change)
        _refuse_unproven(change, gate)
    return gate


def refusal(change: Change, gate: Gate, who: str) -> RefusedError | None:
    """Return what refuses an approval of `gate` by `who` of the trust file; None: nothing does."""
    if refused := entitlement.refusal(deciders.matter(change, gate), who):
        return refused
    if _hiding(change, who):
        return RefusedError(
            f"the {gate.stage} of {change.name} hides text that you have not waived",
            hint=f"accord approve {change.name} --waive 'why it may stay'",
        )
    return None


def barred(change: Change, gate: Gate, who: str) -> RefusedError | None:
    """Return what keeps `who` from approving `gate` whatever they do first; None: nothing."""
    asked = deciders.matter(change, gate)
    refused = entitlement.refusal(asked, who)
    if refused and change.edited and change.workshop.trust.rule(gate.stage).separate:
        hint = f"{refused.hint}; accord approve {change.name} saves it for them"
        return RefusedError(refused.message, hint=hint)
    return refused or entitlement.weakness(asked, who)


def _refuse_unproven(change: Change, gate: Gate) -> None:
    found = proving.unproven(change.workshop, change) if gate.stage is Stage.REVIEW else ()
    if found:
        is_are = "is" if len(found) == 1 else "are"
        raise RefusedError(
            f"{', '.join(found)} of {change.name} {is_are} not proven, and verify.mutation asks "
            "for it",
            hint=f"accord show {change.name}; accord approve {change.name} --waive 'why not'",
        )


def _looked_at(change: Change, token: str) -> Gate:
    gate = waiting(change)
    if token and token != seen(gate):
        raise RefusedError(
            f"the {gate.stage} of {change.name} changed since you looked",
            hint=f"accord show {change.name}",
        )
    return gate


def _hiding(change: Change, person: str) -> tuple[Finding, ...]:
    """Return the hidden text before the gate that `person` has not waived yet."""
    gate = change.gate
    if gate is None or gate.stage not in SPEC_STAGES:
        return ()
    waived = waivers.hidden(change.log, person)
    return tuple(
        one for one in change.findings_at(gate.stage)
        if one.rule == "hidden-text" and one.key not in waived
    )  # fmt: skip


def _refuse_findings(change: Change, gate: Gate) -> None:
    found = change.blocking_at(gate.stage)
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise RefusedError(
            f"the {gate.stage} of {change.name} is not ready: {first.path}:{first.line}: "
            f"{first.message}{more}",
            hint=_way_out(change, found),
        )


def _way_out(change: Change, found: tuple[Finding, ...]) -> str:
    if all(one.rule == "hidden-text" for one in found):
        return f"{found[0].hint}; accord approve {change.name} --waive 'why it may stay'"
    return found[0].hint


def _ledger(change: Change, gate: Gate) -> dict[str, bytes]:
    """Return the ledger of ids to keep with an approval, where the format has no lasting ones.

    Once there is one, the last gate of the documents alone renews it: until the plan is approved
    again, what it names has to be held against what that meant.
    """
    stages = [stage for stage in SPEC_STAGES if stage in GATES[change.track]]
    if not change.form.loose or gate.stage not in stages:
        return {}
    if change.ids and gate.stage is not stages[-1]:
        return {}
    path = identifying.ledger(change.folder)
    return {path: identifying.written(change.ids, change.spec)}


def _bases(change: Change, gate: Gate) -> dict[str, bytes]:
    """Return the ledger of what an OpenSpec change was written on, to keep with an approval."""
    if change.form.name != "openspec" or gate.stage not in SPEC_STAGES:
        return {}
    repo, tip = change.workshop.repo, change.found.tip
    return spec_bases.on_branch(repo, change.fork, tip, change.folder, change.name)


def _approve(workshop: Workshop, change: Change, gate: Gate) -> Approved:
    if refused := refusal(change, gate, records.person(workshop, workshop.signer())):
        raise refused
    same = bool(entitlement.signers(deciders.matter(change, gate)))
    details = ruling.signed_details(change, gate.stage)
    waived: frozenset[str] = frozenset()
    if gate.stage in SPEC_STAGES:
        waived = hidden_at(change.spec, change.track, gate.stage)
    else:
        details = {"evidence": evidence.known(workshop, change) or {}}
        if kept := result_view.kept(workshop, change):
            details["kept"] = kept
    record = records.decide(
        workshop, change, gate.stage, Decision.APPROVE, details=details, items=dict(gate.items),
        about=records.subject(change, gate.stage), number=gate.round if same else gate.round + 1,
        waived=waived, beside={**_ledger(change, gate), **_bases(change, gate)},
    )  # fmt: skip
    after = load(workshop, change.name).standings[STAGES.index(gate.stage)]
    return Approved(gate.stage, record, after)


def _gate(change: Change, stage: Stage | None) -> Gate:
    if stage is not None:
        return change.standings[STAGES.index(stage)]
    gate = change.gate
    if gate is None:
        return change.standings[-1]
    return gate
