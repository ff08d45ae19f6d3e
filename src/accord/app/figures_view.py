"""Figures over time, from the operation log: how long decisions took, and what was redone."""

from collections.abc import Sequence
from datetime import datetime

from accord.app.views import View
from accord.core.ports import Operation

SHOWN = 40
FLOOR = 1.0  # minutes; less is drawn as this much


def figures_view(operations: Sequence[Operation]) -> View:
    """Return the last approvals in `operations` (the newest first), the oldest first.

    `minutes` is the time from the last thing that was done on the change before it was approved,
    `share` the same as a part of the longest; `again` tells that the gate was approved before.
    """
    last: dict[str, str] = {}
    gates: set[tuple[str, str]] = set()
    found: list[View] = []
    returned = 0
    for one in reversed(operations):
        gate = one.detail.partition(":")[0]
        if one.verb == "approve" and gate != "track" and one.change in last:
            minutes = _minutes(last[one.change], one.at)
            found.append({"change": one.change, "gate": gate, "at": one.at, "minutes": minutes,
                          "again": (one.change, gate) in gates})  # fmt: skip
            gates.add((one.change, gate))
        returned += one.verb == "reject"
        last[one.change] = one.at
    longest = max([one["minutes"] for one in found[-SHOWN:]], default=FLOOR)
    shown = [{**one, "share": max(one["minutes"], FLOOR) / max(longest, FLOOR)}
             for one in found[-SHOWN:]]  # fmt: skip
    middle = sorted(one["minutes"] for one in found)
    return {
        "decisions": shown,
        "decided": len(found),
        "median": middle[len(middle) // 2] if middle else 0.0,
        "repeated": sum(one["again"] for one in found),
        "returned": returned,
    }


def _minutes(begun: str, ended: str) -> float:
    try:
        taken = datetime.fromisoformat(ended) - datetime.fromisoformat(begun)
    except ValueError:
        return 0.0
    return round(max(0.0, taken.total_seconds()) / 60, 1)
