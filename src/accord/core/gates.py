"""Gates: which are open, decided by the texts and the signed records alone.

A gate opens when as many entitled people as the trust file asks for approved, in the latest
round, exactly the items that the gate covers now, under the policy that holds now. Nothing else
is looked at: no database, no state, no word of an agent.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import Factory, evolve, frozen

from accord.core.approval import Approval, Decision, GateRule, Log, Signed, Trust
from accord.core.checks import hidden_keys
from accord.core.delta import changed_ids
from accord.core.model import SPEC_STAGES, STAGES, Layout, Spec, Stage, Track, bindings
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
    was deleted): the subject of implementation, review and release. `authors` maps each stage to
    the names of those who wrote what it covers; only a rule that separates them needs it.
    """

    spec: Spec
    log: Log
    trust: Trust
    policy: str
    files: Mapping[str, str]
    built: bool = False
    authors: Mapping[str, tuple[str, ...]] = Factory(dict)


def track(log: Log, trust: Trust) -> Track:
    """Return the track that the signed records set; without one it is the full track."""
    record = latest_track(log, trust)
    return Track(str(record.details["track"])) if record else Track.FULL


def latest_track(log: Log, trust: Trust) -> Approval | None:
    """Return the record of the latest round in which enough people chose a track, or None.

    Where one round holds two such choices, made in parallel and merged, the stricter counts.
    """
    rule = trust.rule(TRACK_GATE)
    records = [one.approval for one in _track_records(log) if not powerless(one, rule)]
    for number in sorted({one.round for one in records}, reverse=True):
        chosen: dict[Track, list[Approval]] = {}
        for one in records:
            if one.round == number:
                chosen.setdefault(Track(str(one.details["track"])), []).append(one)
        for strict in reversed(Track):
            people = {one.approver for one in chosen.get(strict, ())}
            if len(people) >= max(1, rule.threshold):
                return chosen[strict][0]
    return None


def track_records(log: Log) -> tuple[Approval, ...]:
    """Return the signed records that choose a track: those that count, then the lapsed ones."""
    found = sorted(_track_records(log), key=lambda one: bool(one.lapsed))
    return tuple(one.approval for one in found)


def _track_records(log: Log) -> list[Signed]:
    records = [one for one in _approvals(log.signed) if one.approval.gate == TRACK_GATE]
    return [one for one in records if one.approval.details.get("track") in list(Track)]


def powerless(record: Signed, rule: GateRule) -> str:
    """Return why a sound record opens nothing under `rule`, or an empty string."""
    level = record.approval.assurance.sandbox
    return record.lapsed or rule.shortfall(record.factor, level, attested=record.attested)


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
        gate = _fresh(_gate(stage, items, facts), gates, facts.trust.rule(stage))
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
    base = _settled(records, facts.trust.rule(stage))
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


def _settled(records: list[Signed], rule: GateRule) -> Signed | None:
    """Return the newest approval that enough people gave alike: what the others need not reread.

    With a threshold of two, the second person is asked about all that the first one was.
    """
    people: dict[tuple[int, frozenset[tuple[str, str]]], set[str]] = {}
    settled = None
    counting = [one for one in _approvals(records) if not powerless(one, rule)]
    for one in sorted(counting, key=lambda one: one.approval.round):
        alike = people.setdefault(
            (one.approval.round, frozenset(one.approval.items.items())), set()
        )
        alike.add(one.approval.approver)
        if len(alike) >= rule.threshold:
            settled = one
    return settled


def _counted(gate: Gate, rounds: list[Signed], facts: Facts) -> Gate:
    rule = facts.trust.rule(gate.stage)
    valid = _approvals(rounds)
    same = [one for one in valid if dict(one.approval.items) == dict(gate.items)]
    bound = [one for one in same if one.approval.policy == facts.policy]
    if bound and gate.stage in SPEC_STAGES:
        concealed = hidden_at(facts.spec, track(facts.log, facts.trust), gate.stage)
        bound = [one for one in bound if concealed <= set(one.approval.reviewed.waived)]
        if not bound:
            return evolve(gate, reason="it hides text that the approval does not waive")
    counting = [one for one in bound if not _discounted(one, gate, facts)]
    people = tuple(sorted({one.approval.approver for one in counting}))
    if people and len(people) >= rule.threshold:
        words = f"approved by {', '.join(people)}"
        return evolve(gate, standing=Standing.OPEN, reason=words, approvers=people, asked=())
    if people:
        words = f"{len(people)} of {rule.threshold} people approved"
        return evolve(gate, reason=words, approvers=people)
    if bound:
        return evolve(gate, reason=_discounted(bound[-1], gate, facts))
    if same:
        return evolve(gate, reason="the policy changed since it was approved")
    if valid:
        return evolve(gate, reason=f"changed since it was approved: {', '.join(gate.asked[:6])}")
    return evolve(gate, reason="nobody has approved it yet")


def _discounted(record: Signed, gate: Gate, facts: Facts) -> str:
    """Return why this approval of just what the gate covers does not count, or nothing."""
    rule = facts.trust.rule(gate.stage)
    name = record.approval.approver
    if why := powerless(record, rule):
        return f"the approval of {name} does not count: {why}"
    person = facts.trust.principal(name)
    if rule.separate and (person is None or person.wrote(facts.authors.get(gate.stage, ()))):
        return f"{name} wrote some of it; the trust file asks for somebody else"
    return ""


def _fresh(gate: Gate, before: list[Gate], rule: GateRule) -> Gate:
    """Return a gate that the one person who alone approved the spec may not open alone, either."""
    spec = {name for one in before if one.stage in SPEC_STAGES for name in one.approvers}
    if not (rule.fresh and gate.standing is Standing.OPEN and set(gate.approvers) == spec):
        return gate
    if len(spec) > 1:
        return gate
    words = f"{gate.approvers[0]} alone approved the spec; the trust file asks for one more person"
    return evolve(gate, standing=Standing.WAITING, reason=words)


def is_withdrawal(record: Signed) -> bool:
    """Tell whether a rejection only takes an approval back and asks for nothing to be changed."""
    return record.approval.details.get("withdrawn") is True


def sent_back(gate: Gate) -> bool:
    """Tell whether what the gate covers now was sent back to be changed, and is not changed yet."""
    rejected = gate.rejected
    if rejected is None or is_withdrawal(rejected):
        return False
    return dict(rejected.approval.items) == dict(gate.items)


def hidden_at(spec: Spec, chosen: Track, stage: Stage) -> frozenset[str]:
    """Return the keys of the hidden text in what the gate of `stage` covers.

    An approval counts only where its record waives each of them.
    """
    covered = [one for one in spec.documents if _stage_of(spec.layout, one.path, chosen) is stage]
    return frozenset(key for one in covered for key in hidden_keys(one))


def _stage_of(layout: Layout, path: str, chosen: Track) -> Stage:
    order = [stage for stage in SPEC_STAGES if stage in GATES[chosen]]
    stage = layout.stage(path)
    while stage not in order and stage is not Stage.STORY:
        stage = STAGES[STAGES.index(stage) - 1]
    return stage


def _covered(spec: Spec, chosen: Track) -> dict[Stage, dict[str, str]]:
    """Divide the items of the spec among the gates that this track has for them.

    Each gate covers what the spec's layout gives its stage. Where the track skips a gate, the
    gate before it covers its items, so that no byte of the folder is ever outside every gate. (A
    trivial change has no such gate; what lies in its folder is part of the code that its review
    covers.)
    """
    digests = bindings(spec)
    covered: dict[Stage, dict[str, str]] = {stage: {} for stage in SPEC_STAGES}
    for document in spec.documents:
        stage = _stage_of(spec.layout, document.path, chosen)
        for item in document.items:
            covered[stage][item.id] = digests[item.id]
    return covered
