"""Who can do what a change waits for: the question that `core.entitlement` answers, put for it."""

from collections.abc import Mapping, Sequence

from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.app.writers import writers
from accord.core import entitlement
from accord.core.approval import Json
from accord.core.entitlement import Matter
from accord.core.gates import Gate


def named(workshop: Workshop) -> str:
    """Return the name that the trust file has for whom git names here; git's where it has none.

    That is no proof: whatever is signed needs one of the person's keys.
    """
    people = (one for one in workshop.trust.principals if one.wrote([workshop.person]))
    return next((one.name for one in people), workshop.person)


def matter(change: Change, gate: Gate) -> Matter:
    """Return what is decided at `gate` of `change`."""
    workshop = change.workshop
    separate = workshop.trust.rule(gate.stage).separate
    authors = writers(change, gate.stage) if separate else ()
    policy = workshop.config.policy.digest()
    return Matter(change.name, gate, change.log, workshop.trust, policy, authors)


def of_gate(change: Change, gate: Gate) -> Json:
    """Return who can approve `gate`, as a row of the board keeps it; None: whoever looks.

    That is so while what is on a desk has a writer only once it is saved, which is for them to do.
    """
    asked = matter(change, gate)
    if asked.rule.separate and change.edited:
        return None
    return {"names": list(entitlement.able(asked)), "count": entitlement.missing(asked),
            "role": asked.rule.role, "more": bool(gate.approvers)}  # fmt: skip


def of_any(change: Change, gates: Sequence[str]) -> Json:
    """Return who can sign at any of `gates`, which are none of the stages."""
    trust = change.workshop.trust
    able = {one.name for gate in gates for one in trust.able(gate)}
    return {"names": [one.name for one in trust.principals if one.name in able], "count": 1,
            "role": trust.rule(gates[0]).role, "more": False}  # fmt: skip


def is_for(row: Mapping[str, Json], who: str) -> bool:
    """Tell whether `who` can do what a row of the board waits for; None there means anybody."""
    asked = row["who"]
    return not isinstance(asked, dict) or who in _names(asked)


def whom(row: Mapping[str, Json]) -> str:
    """Return for whom a row waits, in words; empty where it is for anybody who acts."""
    asked = row["who"]
    if not isinstance(asked, dict):
        return ""
    count = asked["count"]
    return entitlement.whom(_names(asked), count if isinstance(count, int) else 1,
                            str(asked["role"]), more=bool(asked["more"]))  # fmt: skip


def _names(asked: dict[str, Json]) -> list[str]:
    names = asked["names"]
    return list(map(str, names)) if isinstance(names, list) else []
