"""Waivers: what people signed may stay as it is, and for how much of it."""

from collections.abc import Mapping, Sequence

from accord.core.approval import Decision, Log, Signed, Trust
from accord.core.gates import powerless
from accord.core.policy import Outgrowth


def enough(trust: Trust, records: Sequence[Signed], gate: str) -> bool:
    """Tell whether as many different people signed `records` as the trust file asks for."""
    rule = trust.rule(gate)
    people = {one.approval.approver for one in records if not powerless(one, rule)}
    return len(people) >= max(1, rule.threshold)


def is_waiver(record: Signed, what: str) -> bool:
    """Tell whether `record` waives `what` (`size`, `evidence`)."""
    approval = record.approval
    return approval.decision is Decision.WAIVE and approval.details.get("waives") == what


def hidden(log: Log, person: str = "") -> frozenset[str]:
    """Return the keys of the hidden text that `person` (or anybody) signed may stay."""
    listed = [
        one.approval.details.get("keys")
        for one in log.signed
        if is_waiver(one, "hidden") and person in ("", one.approval.approver)
    ]
    return frozenset(str(key) for keys in listed if isinstance(keys, list) for key in keys)


def covers(waiver: Mapping[str, object], found: Outgrowth) -> bool:
    """Tell whether a waiver was given for as much as `found`, risky paths included."""
    files, lines, risky = waiver.get("files"), waiver.get("lines"), waiver.get("risky")
    return (
        isinstance(files, int)
        and isinstance(lines, int)
        and isinstance(risky, list)
        and found.size.files <= files
        and found.size.lines <= lines
        and set(found.risky) <= set(risky)
    )
