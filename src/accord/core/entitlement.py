"""Who may decide at a gate as it stands now, and why somebody may not. Pure.

Whoever refuses a decision and whoever says beforehand for whom it waits ask here.
"""

from collections.abc import Sequence

from attrs import frozen

from accord.core.approval import Decision, GateRule, Log, Trust
from accord.core.gates import Gate, powerless
from accord.errors import RefusedError

NAMED = 3
"""How many people are named at most where it waits for any of them."""


@frozen
class Matter:
    """What is to be decided: the gate of a change, its records, and the rules that hold now.

    `authors` names those who wrote what the gate covers; only a rule that separates needs them.
    """

    change: str
    gate: Gate
    log: Log
    trust: Trust
    policy: str
    authors: tuple[str, ...] = ()

    @property
    def rule(self) -> GateRule:
        """Return what the trust file asks for at the gate."""
        return self.trust.rule(self.gate.stage)


def signers(matter: Matter) -> frozenset[str]:
    """Return who approved just what the gate covers now, in a round where all did; else nobody."""
    gate = matter.gate
    latest = [
        one.approval
        for one in matter.log.signed
        if one.approval.gate == gate.stage
        and one.approval.round == gate.round
        and not powerless(one, matter.rule)
    ]
    same = all(
        one.decision is Decision.APPROVE
        and dict(one.items) == dict(gate.items)
        and one.policy == matter.policy
        for one in latest
    )
    return frozenset(one.approver for one in latest) if same else frozenset()


def lacks_role(trust: Trust, gate: str, who: str) -> RefusedError | None:
    """Return what refuses `who` for lack of the role that the trust file asks for at `gate`."""
    role, person = trust.rule(gate).role, trust.principal(who)
    if person is not None and role in person.roles:
        return None
    having = ", ".join(one.name for one in trust.principals if role in one.roles)
    return RefusedError(
        f"{who} lacks the role {role}, which the trust file asks for at {gate}",
        hint=f"ask somebody who has it: {having or 'nobody has yet'}",
    )


def refusal(matter: Matter, who: str) -> RefusedError | None:
    """Return what refuses an approval by `who`, whatever key they sign with; None: nothing."""
    gate, trust = matter.gate, matter.trust
    if refused := lacks_role(trust, gate.stage, who):
        return refused
    person = trust.principal(who)
    if matter.rule.separate and person is not None and person.wrote(matter.authors):
        others = ", ".join(one.name for one in trust.able(gate.stage) if one != person)
        return RefusedError(
            f"you wrote some of the {gate.stage} of {matter.change}, so somebody else approves it",
            hint=f"ask {others}",
        )
    if who in signers(matter):
        return RefusedError(
            f"you approved the {gate.stage} of {matter.change} already: {gate.reason}",
            hint="it waits for another person",
        )
    return None


def weakness(matter: Matter, who: str) -> RefusedError | None:
    """Return what refuses `who` since none of their keys is such as the gate asks for."""
    stage, rule = matter.gate.stage, matter.rule
    person = matter.trust.principal(who)
    if person is None or person in matter.trust.able(stage):
        return None
    attested = any(person.attested(key) for key in person.keys)
    return short_of(stage, rule.shortfall("ssh-key", rule.level, attested=attested))


def short_of(gate: str, short: str) -> RefusedError:
    """Return what refuses an approval that would not count, for what it is `short` of."""
    return RefusedError(
        f"your approval of the {gate} would not count: {short}",
        hint="accord trust show says what each gate asks for",
    )


def able(matter: Matter) -> tuple[str, ...]:
    """Return the names of those who can approve it now."""
    names = (one.name for one in matter.trust.able(matter.gate.stage))
    return tuple(name for name in names if refusal(matter, name) is None)


def missing(matter: Matter) -> int:
    """Return how many people have to approve it still, one at least."""
    return max(1, matter.rule.threshold - len(matter.gate.approvers))


def whom(names: Sequence[str], count: int, role: str, *, more: bool = False) -> str:
    """Return, in words, that it waits for `count` of those called `names`, who have `role`.

    `more` tells that others have approved it already.
    """
    if not names:
        return "somebody else, and the trust file has nobody who may"
    if count >= len(names):
        return _listed(names, "and")
    if len(names) > NAMED:
        return f"{'one' if count == 1 else count}{' more' if more else ''} of {role}"
    if count == 1:
        return _listed(names, "or")
    return f"{count} of {', '.join(names)}"


def _listed(names: Sequence[str], last: str) -> str:
    *rest, one = names
    return f"{', '.join(rest)} {last} {one}" if rest else one
