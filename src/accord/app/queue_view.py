"""The queue of the board: what is built or approved and waits to land, in the order it is tried.

The order and what is verified are those of a queue at work here; else the order is the plan's, and
of changes that of their names, which is how `accord run` takes them.
"""

from collections.abc import Iterator, Mapping, Sequence

from accord.app.board import Row
from accord.app.views import View
from accord.core.approval import Json

_FAILS = {"conflict": "", "broken": "fails ", "interaction": "fails only "}


def queue_view(rows: Sequence[Row], queues: Mapping[str, Mapping[str, Json]]) -> list[View]:
    """Return a card for each that is in a queue, and for each that was set aside.

    `queues` is what `verifying.under_way` says. `words` say where it stands, `now` tells that it is
    verified, `command` is what lands it where nothing does so by itself.
    """
    every = [*_changes(rows, queues)]
    for row in rows:
        every += _tasks(row, queues.get(row["change"], {}))
    return [*(one for one in every if one["now"]), *(one for one in every if not one["now"])]


def _tasks(row: Row, queue: Mapping[str, Json]) -> Iterator[View]:
    built = {str(task): str(text) for task, text in row["built"]}
    line = [*(one for one in _names(queue.get("line")) if one in built)]
    line += [one for one in built if one not in line]
    for name in line:
        words, is_now = _stands(name, line, queue)
        yield _card(row, name, "task", f"{name} {built[name]}", words, is_now=is_now)
    for name, why, reason in row["aside"]:
        if name:
            yield _card(row, str(name), "aside", str(name), _refused(str(why), str(reason)))


def _changes(rows: Sequence[Row], queues: Mapping[str, Mapping[str, Json]]) -> Iterator[View]:
    leaving = {row["change"]: row for row in rows if row["leaves"]}
    queue = next((queues[name] for name in leaving if name in queues), {})
    line = [one for one in _names(queue.get("line")) if one in leaving]
    line += [one for one in leaving if one not in line]
    for name in line:
        row = leaving[name]
        words, is_now = _stands(name, line, queue)
        why = [_refused(str(why), str(reason)) for task, why, reason in row["aside"] if not task]
        command = "" if queue else f"accord run {name}"
        yield _card(row, "", "release", "approved, to be released", "; ".join([words, *why]),
                    is_now=is_now, command=command)  # fmt: skip


def _card(
    row: Row, task: str, kind: str, what: str, words: str, *, is_now: bool = False,
    command: str = "",
) -> View:  # fmt: skip
    return {"change": row["change"], "title": row["title"], "task": task, "kind": kind,
            "what": what, "words": words, "now": is_now, "command": command}  # fmt: skip


def _stands(name: str, line: Sequence[str], queue: Mapping[str, Json]) -> tuple[str, bool]:
    """Return in words where `name` stands in `line`, and whether it is verified now."""
    now = queue.get("now")
    chains = [_names(one) for one in now] if isinstance(now, list) else []
    held = min((one for one in chains if name in one), key=len, default=[])
    ahead, behind = _around(name, held)
    if name in _names(queue.get("tried")):
        beside = f" beside {' and '.join(ahead)}" if ahead else " by itself"
        return "failed, and is tried once more" + (beside if held else ""), bool(held)
    if held:
        words = "is being verified"
        words += f" on top of {', '.join(ahead)}" if ahead else ""
        return words + (f", together with {', '.join(behind)}" if behind else ""), True
    at = line.index(name)
    return f"comes after {line[at - 1]}" if at else "is next", False


def _around(name: str, chain: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    at = chain.index(name) if name in chain else 0
    return chain[:at], chain[at + 1 :]


def _refused(why: str, reason: str) -> str:
    return f"{_FAILS.get(why, 'was not landed, ')}{reason}"


def _names(value: Json) -> list[str]:
    return list(map(str, value)) if isinstance(value, list) else []
