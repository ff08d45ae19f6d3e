"""The parts of a diff: which criteria each belongs to, and what a person said of it.

A hunk belongs to the criteria that the symbols in it are bound to; where none is, to those of the
tasks that were to touch its file. What a person says of a hunk is about its very lines: when they
change, it says nothing any more.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from accord.app import tracing
from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.fingerprint import Symbol
from accord.core.model import sha256
from accord.core.trace import Trace
from accord.core.weakening import GONE, Weakened
from accord.errors import ConfigurationError, ConflictError

_HEAD = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
NOTE = "hunk/"

# A commit stays as it is, and so does what its symbols are bound to; one is kept at a time.
_BOUND: dict[tuple[str, str, str], Trace] = {}

View = dict[str, Any]
Bound = Mapping[tuple[str, str], Sequence[str]]


class Said(StrEnum):
    """What a person can say of a hunk."""

    KEEP = "keep"
    DROP = "drop"
    TEST = "test"


_WORDS = {Said.DROP: "take this hunk out", Said.TEST: "write a test that fails without this hunk"}


def bound(workshop: Workshop, change: Change) -> Bound:
    """Return the criteria that symbols and tests are bound to, by (path, name)."""
    key = (str(workshop.state), change.found.tip, repr(sorted(change.keys.items())))
    if key not in _BOUND:
        found = tracing.bind(workshop, change, change.found.tip)
        _BOUND.clear()
        _BOUND[key] = found
    links: dict[tuple[str, str], list[str]] = {}
    for criterion, mark in (*_BOUND[key].symbols, *_BOUND[key].tests):
        links.setdefault((mark.path, mark.name), []).append(criterion)
    return links


def split(
    workshop: Workshop, change: Change, file: View, links: Bound, after: bytes,
    less: Sequence[Weakened] = (),
) -> list[View]:  # fmt: skip
    """Return the hunks of a file's diff, each with its criteria and with what was said of it.

    `less` are the tests of the file that do less than before.
    """
    symbols = workshop.symbols(file["path"], after) or () if file["diff"] and after else ()
    named = [(one, links[file["path"], one.name]) for one in symbols
             if (file["path"], one.name) in links]  # fmt: skip
    found: list[View] = []
    texts: Counter[str] = Counter()
    parts = list(_parts(file["diff"])) or [[]]
    for number, lines in enumerate(parts, 1):
        first, touched = _touched(lines)
        # What is not shown of a file belongs to its last part, which then is about all its bytes.
        cut = (file["cut"] or ("" if lines else "no line differs")) if number == len(parts) else ""
        criteria = [name for one, names in named for name in names
                    if any(one.first <= line <= one.last for line in touched)]  # fmt: skip
        text = "\n".join(f"{sign}{words}" for sign, words in lines[1:])
        taken = sum(sign == "-" for sign, _ in lines)
        lost = [f"{one.test} {one.words}" for one in less
                if _lies_in(one, symbols, touched) or (one.words == GONE and taken)]  # fmt: skip
        texts[text] += 1  # the same lines may come and go in two places
        found.append({
            "id": _name(file["path"], text, texts[text], file["blob"] if cut else ""),
            "path": file["path"],
            "line": first,
            "diff": lines,
            "added": sum(sign == "+" for sign, _ in lines),
            "taken": taken,
            "criteria": list(dict.fromkeys(criteria)) or file["criteria"],
            "by": "symbols" if criteria else "task",
            "unasked": file["unasked"],
            # Tests of Rust stand beside code, which may lose lines.
            "weakened": file["weakened"] and (bool(lost or (taken and file["test"])) or not lines),
            "lost": lost,
            "cut": cut,
            "command": file["command"],
        })  # fmt: skip
    return with_said(workshop, change.name, found)


def with_said(workshop: Workshop, change: str, hunks: Iterable[View]) -> list[View]:
    """Return hunks with what was said of each: by whom, and the note that sends it back."""
    notes = workshop.journal.noted(f"{NOTE}{change}/")
    found = []
    for one in hunks:
        note = notes.get(f"{NOTE}{change}/{one['id']}", {})
        said = str(note.get("said", ""))
        words = _WORDS.get(Said(said), "") if said else ""
        told = next((text.strip() for sign, text in one["diff"] if sign in "+-" and text.strip()),
                    "")  # fmt: skip
        back = f"{words} ({told[:80]})" if words and told else words
        found.append({**one, "said": said, "by_whom": str(note.get("by", "")),
                      "why": str(note.get("why", "")),
                      "note": back})  # fmt: skip
    return found


def say(
    workshop: Workshop, change: Change, hunks: Sequence[View], name: str, said: str, why: str
) -> str:
    """Keep what a person says of a hunk (nothing takes it back); return it in a sentence.

    Raises ConflictError where there is no such hunk any more, and ConfigurationError for a hunk
    that nobody asked for and that is to be kept without a reason.
    """
    one = next((each for each in hunks if each["id"] == name), None)
    if one is None:
        raise ConflictError(f"the code of {change.name} changed since you looked",
                            hint="look at the result again")  # fmt: skip
    if said not in ("", *Said):
        raise ConfigurationError(f"'{said[:20]}' says nothing of a hunk", hint="keep, drop or test")
    why = " ".join(why.split())
    if said == Said.KEEP and (one["unasked"] or one["weakened"]) and not why:
        raise ConfigurationError("what nobody asked for is kept for a reason",
                                 hint="write why it may stay")  # fmt: skip
    place = f"{one['path']}:{one['line']}"
    kept: dict[str, Json] = {"said": "", "by": workshop.person}
    if said:
        kept = {"said": str(Said(said)), "by": workshop.person, "why": why, "place": place,
                "at": workshop.clock.now()}  # fmt: skip
    workshop.journal.note(f"{NOTE}{change.name}/{name}", kept)
    return f"{place}: {said}" if said else f"{place} is undecided again"


def open_of(hunks: Sequence[View]) -> list[str]:
    """Return in words what keeps a person from approving the code."""
    loud = [one for one in hunks if (one["unasked"] or one["weakened"]) and not one["said"]]
    back = [one for one in hunks if one["note"]]
    said = []
    if loud:
        said.append(f"{len(loud)} hunk{'s' if len(loud) > 1 else ''} to keep or drop")
    if back:
        said.append(f"{len(back)} to be sent back")
    return [f"open: {', '.join(said)}"] if said else []


def _lies_in(one: Weakened, symbols: Sequence[Symbol], touched: Sequence[int]) -> bool:
    own = [symbol for symbol in symbols if symbol.first == one.line]
    return any(symbol.first <= line <= symbol.last for symbol in own for line in touched)


def _name(path: str, text: str, number: int, blob: str) -> str:
    return sha256(f"{path}\n{text}\n{number}\n{blob}".encode(errors="surrogateescape"))[:16]


def _parts(diff: Sequence[tuple[str, str]]) -> Iterable[list[tuple[str, str]]]:
    part: list[tuple[str, str]] = []
    for row in diff:
        if row[0] == "@" and part:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _touched(lines: Sequence[tuple[str, str]]) -> tuple[int, list[int]]:
    """Return the first line of a hunk in the new file, and its lines that are not as before.

    Where lines went, it is the line that follows them.
    """
    head = _HEAD.match(lines[0][1]) if lines else None
    at = first = int(head[1]) if head else 1
    touched = []
    for sign, _ in lines[1:]:
        if sign != " ":
            touched.append(at)
        at += sign != "-"
    return touched[0] if touched else first, touched
