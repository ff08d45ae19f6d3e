"""Work that was written down elsewhere, read into what Accord's own documents can hold.

Task Master's `tasks.json` (`{"TAG": {"tasks": [...]}}`, older files without the tag), an issue as
`gh issue view --json title,body,comments` exports it, and plain markdown. All of it is text by
somebody else: it is quoted or put behind a mark, so that nothing in it becomes a command, a link
or an item that the importer did not mean.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from accord.core import markdown
from accord.core.markdown import BlockKind
from accord.core.model import REQUIREMENTS, TASKS
from accord.errors import ConfigurationError
from accord.formats.carrying import one_line
from accord.formats.writing import joined, quoted

_BINDS = re.compile(r"\b(?:SHALL|MUST|shall|must)\b")
_ASKED = re.compile(r"(?i)acceptance|criteri|requirement|must have")
_BOX = re.compile(r"\[[ xX]\]\s+")
_FIELD = re.compile(r"(?i)\W*(?:satisfies|touches|after|verify|answer|correction)\W*:")
_ID = re.compile(r"\W*[RQATD]\d")
_DONE = ("done", "completed")
_READ = ("id", "title", "description", "status", "dependencies", "details", "testStrategy",
         "subtasks")  # fmt: skip


@frozen
class Imported:
    """The documents by name, a title for the folder, and remarks on what came otherwise."""

    title: str
    files: Mapping[str, str]
    remarks: tuple[str, ...]


def read(name: str, data: bytes) -> Imported:
    """Return the documents for the file `name` with the bytes `data`.

    Raises ConfigurationError for JSON that is neither Task Master's nor an issue, UnreadableError
    for what is not UTF-8.
    """
    text = markdown.decode(data, name).removeprefix("\ufeff")
    if not name.endswith(".json"):
        return _markdown(text, name)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is no JSON: {error}", hint="export it again") from error
    if isinstance(found, dict) and isinstance(found.get("title"), str) and "body" in found:
        return _issue(found)
    lists = dict(_lists(found))
    if not lists:
        raise ConfigurationError(
            f"{name} is neither a tasks.json nor an issue",
            hint="gh issue view NUMBER --json title,body,comments > issue.json",
        )
    return _task_master(lists)


def _text(found: object) -> str:
    # JSON can say half a surrogate pair, which no file can hold.
    return str(found).encode(errors="replace").decode()


def _safe(text: object) -> str:
    """Return text by somebody else as one line that no reader takes for a field or an id."""
    words = one_line(_text(text or ""))
    return f"“{words}”" if _FIELD.match(words) or _ID.match(words) or _BOX.match(words) else words


def _lists(found: object) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if not isinstance(found, dict):
        return
    for tag, value in (("", found), *found.items()):
        tasks = value.get("tasks") if isinstance(value, dict) else None
        if isinstance(tasks, list) and all(isinstance(one, dict) for one in tasks):
            yield tag, tasks


def _task_master(lists: Mapping[str, list[dict[str, Any]]]) -> Imported:
    rows: list[str] = []
    remarks: list[str] = []
    every = [(tag, "", one) for tag, tasks in lists.items() for one in tasks]
    flat: list[tuple[str, str, dict[str, Any]]] = []
    for tag, _, one in every:
        flat.append((tag, _text(one.get("id", "")), one))
        nested = one.get("subtasks")
        subs = [sub for sub in nested if isinstance(sub, dict)] if isinstance(nested, list) else []
        flat += [(tag, _text(f"{one.get('id', '')}.{sub.get('id', '')}"), sub) for sub in subs]
    ids = {(tag, name): f"T{number}" for number, (tag, name, _) in enumerate(flat, 1)}
    for tag, name, one in flat:
        state = _text(one.get("status") or "pending")
        done = "x" if state in _DONE else " "
        rows.append(f"- [{done}] {ids[tag, name]} {_safe(one.get('title')) or 'Untitled'}")
        said = [key for key in ("description", "details", "testStrategy") if one.get(key)]
        rows += [f"  - {key}: {one_line(_text(one[key]))}" for key in said]
        rows += ["  - Satisfies: -", "  - Touches: -"]
        after, missing = _after(one, tag, name, ids)
        rows.append(f"  - After: {', '.join(after) or '-'}")
        shown = _text(f"{tag} {name}").strip()
        remarks += [f"{shown} waits for {gone}, which is not there" for gone in missing]
        unread = [key for key in one if key not in _READ and one[key] not in (None, "", [], {})]
        if unread:
            words = ", ".join(f"{_text(key)} {_safe(one[key])}" for key in unread)
            remarks.append(f"{shown} said what has no place here: {words}")
        if state not in (*_DONE, "pending"):
            remarks.append(f"{shown} was {state}: it is open here")
    if len(lists) > 1:
        remarks.append(f"the tags {', '.join(map(repr, map(_text, lists)))} are one list now")
    title = "Imported tasks"
    story = joined([f"# {title}", "## Questions", "## Assumptions", "## Requirements",
                    "## Out of scope"])  # fmt: skip
    tasks = joined([f"# {title}: tasks", "\n".join(rows)])
    return Imported(title, {REQUIREMENTS: story, TASKS: tasks}, tuple(remarks))


def _after(
    one: Mapping[str, Any], tag: str, name: str, ids: Mapping[tuple[str, str], str]
) -> tuple[list[str], list[str]]:
    found: list[str] = []
    missing: list[str] = []
    wanted = one.get("dependencies")
    for other in wanted if isinstance(wanted, list) else ():
        # A subtask names its neighbours by their number alone.
        near = f"{name.rpartition('.')[0]}.{other}" if "." in name else ""
        target = ids.get((tag, near)) or ids.get((tag, str(other)))
        (found if target else missing).append(target or _text(other))
    return found, missing


def _issue(found: Mapping[str, Any]) -> Imported:
    title = _safe(found["title"]) or "Untitled"
    body = _text(found["body"] or "").replace("\r\n", "\n")
    rows, count = _story(title, body)
    comments = found.get("comments")
    for one in comments if isinstance(comments, list) else ():
        if isinstance(one, dict) and one.get("body"):
            author = one.get("author")
            who = author.get("login") if isinstance(author, dict) else author
            rows += [f"Comment by {_safe(who or 'somebody')}:", quoted(_text(one["body"]))]
    remarks = [_became(count)]
    return Imported(title, {REQUIREMENTS: joined(rows)}, tuple(remarks))


def _markdown(text: str, name: str) -> Imported:
    blocks = markdown.parse(text.encode(), name)
    heads = (one.text for one in blocks if one.kind is BlockKind.HEADING and one.level == 1)
    title = _safe(next(heads, "")) or _safe(name.rpartition("/")[2].rpartition(".")[0])
    rows, count = _story(title, text)
    remarks = [_became(count)]
    return Imported(title, {REQUIREMENTS: joined(rows)}, tuple(remarks))


def _became(count: int) -> str:
    lines = "1 line became a criterion" if count == 1 else f"{count} lines became criteria"
    return f"{lines}; all else is quoted"


def _story(title: str, text: str) -> tuple[list[str], int]:
    """Return the blocks of a story: list items that bind or are asked for become criteria."""
    data = text.encode()
    rows = [f"# {title}", "## Questions", "## Assumptions", "## Requirements"]
    quotes: list[str] = []
    number = count = point = 0
    heading, asked = "Requirements", False

    def flush() -> None:
        if quotes:
            rows.append(quoted("\n".join(quotes)))
            quotes.clear()

    for block in markdown.parse(data):
        source = data[block.start : block.end].decode().rstrip("\r\n")
        words = _BOX.sub("", block.text, count=1)
        if block.kind is BlockKind.HEADING:
            heading, point = words or heading, 0
            asked = _ASKED.search(heading) is not None
            if block.level > 1 or words != title:
                quotes.append(source)
        elif block.kind is BlockKind.ITEM and words and (asked or _BINDS.search(words)):
            flush()
            if not point:
                number += 1
                rows.append(f"### R{number} {_safe(heading)}")
            point, count = point + 1, count + 1
            rows.append(f"- R{number}.{point} {_safe(words)}")
        else:
            quotes.append(source)
    flush()
    return rows, count
