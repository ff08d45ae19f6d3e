"""Gates: which are open, decided by the texts and the signed records alone.

A gate opens when as many entitled people as the trust file asks for approved, in the latest
round, exactly the items that the gate covers now, under the policy that holds now. Nothing else
is looked at: no database, no state, no word of an agent.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import evolve, frozen

from accord.core.approval import Approval, Decision, Log, Signed, Trust
from accord.core.delta import changed_ids
from accord.core.model import SPEC_STAGES, STAGES, Spec, Stage, Track, bindings
from accord.core.policy import GATES

TRACK_GATE = "track"


class Standing(StrEnum):
    """How a gate stands.

    Early: there is nothing to decide on yet. Waiting: for people. Shut: by a gate before it, or
    by records that do not verify.
    """

    OPEN = "open"
    SKIPPED = "skipped"
    EARLY = "early"
    WAITING = "waiting"
    SHUT = "shut"


@frozen
class Gate:
    """One gate: how it stands and why, and what a person would be asked to look at.

    `items` maps what the gate covers to binding digests. `approved` is a record of the latest
    round that enough people approved alike, `asked` names the items that differ from it.
    """

    stage: Stage
    standing: Standing
    reason: str
    items: Mapping[str, str]
    asked: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    round: int = 0
    approved: Signed | None = None
    rejected: Signed | None = None

    @property
    def passed(self) -> bool:
        """Tell whether the way past this gate is free."""
        return self.standing in (Standing.OPEN, Standing.SKIPPED)


@frozen
class Facts:
    """What the gates of one change are decided from; every part comes out of the git tree.

    `files` maps each path that differs from the base to the sha256 of its bytes (empty when it
    was deleted): the subject of implementation, review and release.
    """

    spec: Spec
    log: Log
    trust: Trust
    policy: str
    files: Mapping[str, str]
    built: bool = False


def track(log: Log, trust: Trust) -> Track:
    """Return the track that the signed records set; without one it is the full track."""
    record = latest_track(log, trust)
    return Track(str(record.details["track"])) if record else Track.FULL


def latest_track(log: Log, trust: Trust) -> Approval | None:
    """Return the record of the latest round in which enough people chose a track, or None.

    Where one round holds two such choices, made in parallel and merged, the stricter counts.
    """
    records = track_records(log)
    for number in sorted({one.round for one in records}, reverse=True):
        chosen: dict[Track, list[Approval]] = {}
        for one in records:
            if one.round == number:
                chosen.setdefault(Track(str(one.details["track"])), []).append(one)
        for strict in reversed(Track):
            people = {one.approver for one in chosen.get(strict, ())}
            if len(people) >= max(1, trust.rule(TRACK_GATE).threshold):
                return chosen[strict][0]
    return None


def track_records(log: Log) -> tuple[Approval, ...]:
    """Return the signed records that choose a track, in the order of the log."""
    records = [one.approval for one in _approvals(log.signed) if one.approval.gate == TRACK_GATE]
    return tuple(one for one in records if one.details.get("track") in list(Track))


def sentence(log: Log) -> str:
    """Return the sentence that the change began with."""
    first = track_records(log)[:1]
    return str(first[0].details.get("sentence", "")) if first else ""


def standings(facts: Facts) -> tuple[Gate, ...]:
    """Return the six gates in order. A gate whose predecessor is shut is shut as well.

    A record that does not verify shuts them all, those too that the track would skip: which
    track holds is then not known either.
    """
    chosen = track(facts.log, facts.trust)
    covered = _covered(facts.spec, chosen)
    gates: list[Gate] = []
    for stage in STAGES:
        items = covered.get(stage, facts.files)
        gate = _gate(stage, items, facts)
        behind = next((one for one in gates if not one.passed), None)
        if facts.log.unsound:
            gate = _passive(gate, Standing.SHUT, facts.log.unsound[0].reason)
        elif stage not in GATES[chosen]:
            gate = _passive(gate, Standing.SKIPPED, f"the {chosen} track has no {stage} gate")
        elif behind is not None:
            gate = _passive(gate, Standing.SHUT, f"the {behind.stage} gate is not open")
        gates.append(gate)
    return tuple(gates)


def _passive(gate: Gate, standing: Standing, reason: str) -> Gate:
    # The round stays: a decision at a gate that is shut for now must not count as an older one.
    return evolve(gate, standing=standing, reason=reason, asked=(), approvers=())


def current(gates: tuple[Gate, ...]) -> Gate | None:
    """Return the first gate that is not passed, or None when all are."""
    return next((gate for gate in gates if not gate.passed), None)


def _gate(stage: Stage, items: Mapping[str, str], facts: Facts) -> Gate:
    records = [one for one in facts.log.signed if one.approval.gate == stage]
    last = max((one.approval.round for one in records), default=0)
    rounds = [one for one in records if one.approval.round == last]
    base = _settled(records, facts.trust.rule(stage).threshold)
    seen = base.approval.items if base else {}
    asked = changed_ids(seen, items)
    rejected = next((one for one in rounds if one.approval.decision is Decision.REJECT), None)
    gate = Gate(stage, Standing.WAITING, "", items, asked, (), last, base, rejected)
    if stage not in SPEC_STAGES and not facts.built:
        return evolve(gate, standing=Standing.EARLY, reason="the work is not built yet")
    if not items:
        return evolve(gate, standing=Standing.EARLY, reason="there is nothing to approve yet")
    if rejected is not None:
        words = f"{rejected.approval.approver} sent it back: {rejected.approval.reason}"
        return evolve(gate, reason=words, asked=tuple(items))
    return _counted(gate, rounds, facts)


def _approvals(records: Iterable[Signed]) -> list[Signed]:
    return [one for one in records if one.approval.decision is Decision.APPROVE]


def _settled(records: list[Signed], threshold: int) -> Signed | None:
    """Return the newest approval that enough people gave alike: what the others need not reread.

    With a threshold of two, the second person is asked about all that the first one was.
    """
    people: dict[tuple[int, frozenset[tuple[str, str]]], set[str]] = {}
    settled = None
    for one in sorted(_approvals(records), key=lambda one: one.approval.round):
        alike = people.setdefault(
            (one.approval.round, frozenset(one.approval.items.items())), set()
        )
        alike.add(one.approval.approver)
        if len(alike) >= threshold:
            settled = one
    return settled


def _counted(gate: Gate, rounds: list[Signed], facts: Facts) -> Gate:
    rule = facts.trust.rule(gate.stage)
    valid = _approvals(rounds)
    same = [one for one in valid if dict(one.approval.items) == dict(gate.items)]
    bound = [one for one in same if one.approval.policy == facts.policy]
    people = tuple(sorted({one.approval.approver for one in bound}))
    if people and len(people) >= rule.threshold:
        words = f"approved by {', '.join(people)}"
        return evolve(gate, standing=Standing.OPEN, reason=words, approvers=people, asked=())
    if people:
        words = f"{len(people)} of {rule.threshold} people approved"
        return evolve(gate, reason=words, approvers=people)
    if same:
        return evolve(gate, reason="the policy changed since it was approved")
    if valid:
        return evolve(gate, reason=f"changed since it was approved: {', '.join(gate.asked[:6])}")
    return evolve(gate, reason="nobody has approved it yet")


def is_withdrawal(record: Signed) -> bool:
    """Tell whether a rejection only takes an approval back and asks for nothing to be changed."""
    return record.approval.details.get("withdrawn") is True


def sent_back(gate: Gate) -> bool:
    """Tell whether what the gate covers now was sent back to be changed, and is not changed yet."""
    rejected = gate.rejected
    if rejected is None or is_withdrawal(rejected):
        return False
    return dict(rejected.approval.items) == dict(gate.items)


def _covered(spec: Spec, chosen: Track) -> dict[Stage, dict[str, str]]:
    """Divide the items of the spec among the gates that this track has for them.

    The story gate covers `requirements.md`, the architecture gate `tasks.md`, the design gate
    everything else in the folder. Where the track skips a gate, the gate before it covers its
    items, so that no byte of the folder is ever outside every gate. (A trivial change has no
    such gate; what lies in its folder is part of the code that its review covers.)
    """
    digests = bindings(spec)
    order = [stage for stage in SPEC_STAGES if stage in GATES[chosen]]
    covered: dict[Stage, dict[str, str]] = {stage: {} for stage in SPEC_STAGES}
    for document in spec.documents:
        wanted = {"requirements.md": Stage.STORY, "tasks.md": Stage.ARCHITECTURE}
        stage = wanted.get(document.path, Stage.DESIGN)
        while stage not in order and stage is not Stage.STORY:
            stage = STAGES[STAGES.index(stage) - 1]
        for item in document.items:
            covered[stage][item.id] = digests[item.id]
    return covered
