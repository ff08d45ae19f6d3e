"""Everything that waits for this person, each with what it asks and how long it may take.

What a change asks is kept beside the state of its row on the board, so that only what moved is
read again.
"""

from collections.abc import Sequence

from accord.app import deciders
from accord.app.board import Row
from accord.app.changes import load_each
from accord.app.gate_view import gate_view
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.approval import Json

ON_A_CARD = 3
"""How many questions are answered where a change is listed; the rest are on its gate."""


def needs(workshop: Workshop, who: str, every: Sequence[Row]) -> list[View]:
    """Return the changes that wait for the person `who`, those that ask for the most first.

    `every` holds the rows of the board. What `who` cannot do is left to others (see `others`).
    """
    rows = [row for row in every if row["command"] and deciders.is_for(row, who)]
    states = {
        key.partition("/")[2]: str(note.get("state", ""))
        for key, note in workshop.journal.noted("row/").items()
    }
    kept = workshop.journal.noted("need/")
    asks: dict[str, Json] = {}
    for row in rows:
        note = kept.get(f"need/{row['change']}", {})
        if note.get("state") == states.get(row["change"]) and note.get("who") == who:
            asks[row["change"]] = note["asks"]
    unknown = {row["change"] for row in rows} - set(asks)
    for change in load_each(workshop, unknown) if unknown else ():
        asks[change.name] = _asks(gate_view(workshop, change, who))
        note = {"state": states.get(change.name, ""), "who": who, "asks": asks[change.name]}
        workshop.journal.note(f"need/{change.name}", note)
    found = [{**row, **_known(asks.get(row["change"]))} for row in rows]
    return sorted(found, key=lambda one: (not one["high"], -one["questions"], one["change"]))


def others(who: str, every: Sequence[Row], *, acts: bool = True) -> list[View]:
    """Return the changes that wait for others than `who`, each with for whom, as `whom`.

    Without `acts`, `who` may only look: all of them wait for others.
    """
    return [
        {**row, "whom": deciders.whom(row)}
        for row in every if row["command"] and not (acts and deciders.is_for(row, who))
    ]  # fmt: skip


def _asks(view: View) -> dict[str, Json]:
    cost = view["cost"]
    listed = [*view["asked"], *([] if view["blank"] else view["questions"])]
    notes: list[Json] = [
        {"id": one["id"], "said": one["said"], "choices": list(one["choices"]), "own": one["own"]}
        for one in listed[:ON_A_CARD]
    ]
    if view["blank"]:
        return {"blank": True, "questions": len(view["asked"]), "notes": notes}
    return {
        "notes": notes,
        "questions": len(view["questions"]) + len(view["asked"]),
        "assumptions": len(view["assumptions"]),
        "high": any(one["risk"] == "high" for one in view["assumptions"]),
        "read": len(view["read"]),
        "again": view["base"] is not None,
        "findings": len(view["blocks"]) + len(view["hidden"]),
        "words": cost["words"],
        "minutes": cost["minutes"],
        "blank": view["blank"],
        "ready": view["ready"],
    }


_NOTHING = {"notes": [], "questions": 0, "assumptions": 0, "high": False, "read": 0, "again": False,
            "findings": 0, "words": 0, "minutes": 1, "blank": False, "ready": False}  # fmt: skip


def _known(asks: Json) -> View:
    return {**_NOTHING, **asks} if isinstance(asks, dict) else dict(_NOTHING)
