"""Figures over time, from the operation log: how long decisions took, and what was redone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from accord.app.views import View
from accord.core.ports import Operation

SHOWN = 40
WEEKS = 12
FLOOR = 1.0  # minutes; less is drawn as this much
WRONG = ("code-wrong", "spec-wrong")


def decided(operations: Sequence[Operation]) -> list[View]:
    """Return the approvals in `operations` (the newest first), the oldest first.

    `minutes` is the time from the last thing that was done on the change before it was approved;
    `again` tells that the gate was approved before.
    """
    last: dict[str, str] = {}
    gates: set[tuple[str, str]] = set()
    found: list[View] = []
    for one in reversed(operations):
        gate = one.detail.partition(":")[0]
        if one.verb == "approve" and gate != "track" and one.change in last:
            minutes = _minutes(last[one.change], one.at)
            found.append({"change": one.change, "gate": gate, "at": one.at, "minutes": minutes,
                          "again": (one.change, gate) in gates})  # fmt: skip
            gates.add((one.change, gate))
        last[one.change] = one.at
    return found


def figures_view(
    operations: Sequence[Operation], corrections: Sequence[tuple[str, int, int]], now: str
) -> View:
    """Return the last approvals one by one, and four figures for each of the last weeks.

    `operations` come the newest first, `corrections` as (when, how many, how many of them were
    made before). A week is named by its Monday. `edited` counts gates that were approved again,
    which an edit after the approval asks for; `escaped` what was released and judged wrong since.
    """
    found = decided(operations)
    shown = found[-SHOWN:]
    longest = max([one["minutes"] for one in shown], default=FLOOR)
    weeks = _weeks(now)
    rows = {week: _week(week) for week in weeks}
    for one in found:
        if row := rows.get(_monday(one["at"])):
            row["decided"] += 1
            row["edited"] += one["again"]
            row["took"].append(one["minutes"])
    for each in operations:
        if row := rows.get(_monday(each.at)):
            row["returned"] += each.verb == "reject"
            row["released"] += each.verb == "release"
            row["escaped"] += each.verb == "verdict" and each.detail.endswith(WRONG)
    for at, count, repeats in corrections:
        if row := rows.get(_monday(at)):
            row["corrections"] += count
            row["repeats"] += repeats
    for row in rows.values():
        row["median"] = _median(row.pop("took"))
    listed = list(rows.values())
    return {
        "decisions": [{**one, "share": max(one["minutes"], FLOOR) / max(longest, FLOOR)}
                      for one in shown],
        "decided": len(found),
        "median": _median([one["minutes"] for one in found]),
        "repeated": sum(one["again"] for one in found),
        "returned": sum(one.verb == "reject" for one in operations),
        "weeks": listed,
        "plots": [_plot(listed, *about) for about in _PLOTS],
    }  # fmt: skip


# The figure, what it is over (empty: nothing), its heading and its unit.
_PLOTS = (
    ("median", "decided", "Time to decide", "minutes, the middle one"),
    ("edited", "decided", "Edits after approval", "gates approved again"),
    ("repeats", "corrections", "Repeat corrections", "corrections made before"),
    ("escaped", "released", "Escaped defects", "released criteria judged wrong"),
)


def _plot(rows: Sequence[View], name: str, over: str, title: str, unit: str) -> View:
    most = max([row[name] for row in rows], default=0)
    return {
        "id": name,
        "title": title,
        "unit": unit,
        "over": over,
        "most": most,
        "points": [
            {"week": row["week"], "value": row[name], "over": row[over],
             "share": row[name] / most if most else 0.0}
            for row in rows
        ],
    }  # fmt: skip


def _week(week: str) -> View:
    counts: Mapping[str, int] = dict.fromkeys(
        ("decided", "edited", "returned", "released", "escaped", "corrections", "repeats"), 0
    )
    return {"week": week, "took": [], **counts}


def _weeks(now: str) -> list[str]:
    monday = _monday(now)
    if not monday:
        return []
    last = datetime.fromisoformat(monday)
    return [(last - timedelta(weeks=back)).date().isoformat() for back in reversed(range(WEEKS))]


def _monday(at: str) -> str:
    try:
        day = datetime.fromisoformat(at)
    except ValueError:
        return ""
    return (day - timedelta(days=day.weekday())).date().isoformat()


def _median(minutes: Sequence[float]) -> float:
    middle = sorted(minutes)
    return float(middle[len(middle) // 2]) if middle else 0.0


def _minutes(begun: str, ended: str) -> float:
    try:
        taken = datetime.fromisoformat(ended) - datetime.fromisoformat(begun)
    except ValueError:
        return 0.0
    return round(max(0.0, taken.total_seconds()) / 60, 1)
