"""Accord's own tools for agents: what each is called, takes and means, and what a stage may see.

Pure: a call becomes an act, a value that says what to do. Whoever is called with it does it. The
arguments come from an agent and are hostile: what does not fit the schema is refused in words that
the agent can act on, and nothing of them is ever more than text.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from accord.core.model import sha256
from accord.core.orders import Reply, Tools

QUESTION_CHARS = 2_000
CLAIM_CHARS = 4_000
STATEMENT_CHARS = 400
DOCUMENT_BYTES = 512 * 2**10
ANSWER_CHARS = 200_000
NAME_CHARS = 300


@frozen
class Said:
    """The answer is known already: text for the agent, `wrong` when its call was refused."""

    text: str
    wrong: bool = False


@frozen
class Asked:
    """A person is to be asked."""

    id: str
    text: str


@frozen
class HandedIn:
    """The text of the stage's document is handed in for `path`."""

    path: str
    data: bytes


@frozen
class Claimed:
    """The agent says that it is done, which proves nothing."""

    text: str


@frozen
class Proposed:
    """The agent proposes a decision, which binds nobody until a person signs it."""

    statement: str
    because: str


Act = Said | Asked | HandedIn | Claimed | Proposed


@frozen
class Tool:
    """One tool: what it is for, its arguments (name to description), which of them it needs."""

    name: str
    about: str
    arguments: Mapping[str, tuple[str, int]]
    needs: tuple[str, ...]
    act: Callable[[Tools, Mapping[str, str]], Act]


def question_id(about: str, text: str) -> str:
    """Return the id of a question: the same words about the same work have the same one."""
    plain = " ".join(text.split()).casefold()
    return f"Q#{sha256(json.dumps([about, plain]).encode())[:8]}"


def replied(replies: tuple[Reply, ...]) -> str:
    """Return what a person answered, as an agent is told it."""
    parts = []
    for one in replies:
        lines = [*(f"> {line}" for line in one.question.splitlines()), "", *one.words.splitlines()]
        parts.append("\n".join(lines))
    return "A person answered what you asked:\n\n" + "\n\n".join(parts)


def _read(tools: Tools, given: Mapping[str, str]) -> Act:
    items, documents = dict(tools.items), dict(tools.documents)
    if name := given.get("item", ""):
        if name not in items:
            return Said(f"There is no item {name} here. There is: {_listed(items)}.", wrong=True)
        return Said(items[name])
    if name := given.get("document", ""):
        if name not in documents:
            known = _listed(documents)
            return Said(f"There is no document {name} here. There is: {known}.", wrong=True)
        return Said(documents[name][:ANSWER_CHARS])
    if not documents:
        return Said("There is no document yet.")
    whole = "\n\n".join(f"=== {path} ===\n{text}" for path, text in documents.items())
    if len(whole) <= ANSWER_CHARS:
        return Said(whole)
    return Said(f"They are too long to be read at once; name one document: {_listed(documents)}.")


def _listed(known: Mapping[str, str]) -> str:
    names = list(known)
    more = f" and {len(names) - 100} more" if len(names) > 100 else ""
    return (", ".join(names[:100]) or "nothing") + more


def _ask(tools: Tools, given: Mapping[str, str]) -> Act:
    text = "\n".join(line.strip() for line in given["question"].strip().splitlines())
    if not text:
        return Said("The question is empty.", wrong=True)
    found = question_id(tools.about, text)
    known = next((one for one in tools.replies if one.id == found), None)
    return Said(replied((known,))) if known else Asked(found, text)


def _hand_in(tools: Tools, given: Mapping[str, str]) -> Act:
    try:
        data = given["text"].encode()
    except UnicodeEncodeError:
        return Said("The text holds halves of characters, which no file can.", wrong=True)
    if len(data) > DOCUMENT_BYTES:
        words = f"The text has {len(data):,} bytes; a document may have {DOCUMENT_BYTES:,}."
        return Said(words, wrong=True)
    if not data.strip():
        return Said("The text is empty.", wrong=True)
    if "\0" in given["text"]:
        return Said("The text holds a NUL, which no document does.", wrong=True)
    return HandedIn(tools.hands_in, data)


def _claim(_tools: Tools, given: Mapping[str, str]) -> Act:
    return Claimed(given.get("summary", "").strip() or "done")


def _decisions(tools: Tools, _given: Mapping[str, str]) -> Act:
    if not tools.decisions:
        return Said("No decision is in force here.")
    head = "People signed these rules; each is to be obeyed where it applies:"
    return Said("\n".join([head, *tools.decisions])[:ANSWER_CHARS])


def _propose(_tools: Tools, given: Mapping[str, str]) -> Act:
    statement, because = (" ".join(given.get(key, "").split()) for key in ("statement", "because"))
    return Proposed(statement, because) if statement else Said("It says nothing.", wrong=True)


_ALL = (
    Tool(
        "spec_read",
        "Read what was agreed on for your work: all of it, one document, or one item by its id.",
        {"document": ("the path of one document", NAME_CHARS),
         "item": ("the id of one item, such as R1.1", NAME_CHARS)},
        (), _read,
    ),
    Tool(
        "ask_human",
        "Ask a person what only a person can decide, instead of guessing. If no answer comes in "
        "time, end your turn: you will be called again with the answer.",
        {"question": ("the question, the answers that you see at its end: Who pays? [I | you]",
                      QUESTION_CHARS)},
        ("question",), _ask,
    ),
    Tool(
        "submit_artifact",
        "Hand in the whole text of the document that you are to write, in place of a file.",
        {"text": ("the text", DOCUMENT_BYTES)},
        ("text",), _hand_in,
    ),
    Tool(
        "task_done",
        "Say that your work is complete, then end your turn. It is checked all the same.",
        {"summary": ("what was done, in a sentence or two", CLAIM_CHARS)},
        (), _claim,
    ),
    Tool(
        "decisions_read",
        "Read the decisions that are in force for your work.",
        {}, (), _decisions,
    ),
    Tool(
        "decision_propose",
        "Propose a rule for later work. It binds nobody until a person signs it.",
        {"statement": ("the rule, in one line of at most 40 words", STATEMENT_CHARS),
         "because": ("why", STATEMENT_CHARS)},
        ("statement",), _propose,
    ),
)  # fmt: skip


NAMES = tuple(one.name for one in _ALL)
"""What the tools are called, without what agents put before it."""


def offered(tools: Tools) -> tuple[Tool, ...]:
    """Return the tools that a run has; where no document is written, none can be handed in."""
    return tuple(one for one in _ALL if tools.hands_in or one.name != "submit_artifact")


def listed(tools: Tools) -> list[dict[str, Any]]:
    """Return the tools as the Model Context Protocol lists them (2025-06-18, `tools/list`)."""
    return [
        {
            "name": one.name,
            "description": one.about,
            "inputSchema": {
                "type": "object",
                "properties": {
                    name: {"type": "string", "description": words, "maxLength": most}
                    for name, (words, most) in one.arguments.items()
                },
                "required": list(one.needs),
                "additionalProperties": False,
            },
        }
        for one in offered(tools)
    ]


def act(tools: Tools, name: str, arguments: object) -> Act | None:
    """Return what a call asks for, None where there is no such tool.

    Arguments that are not as the schema says are refused in words.
    """
    tool = next((one for one in offered(tools) if one.name == name), None)
    if tool is None:
        return None
    given = {} if arguments is None else arguments
    if not isinstance(given, dict):
        return Said("The arguments must be an object.", wrong=True)
    kept: dict[str, str] = {}
    for key, value in given.items():
        if key not in tool.arguments:
            known = ", ".join(tool.arguments) or "none"
            return Said(f"{name} has no argument {key[:40]!r}; it has: {known}.", wrong=True)
        if value is None and key not in tool.needs:
            continue  # some agents send what they leave out
        if not isinstance(value, str):
            return Said(f"{key} must be a text.", wrong=True)
        most = tool.arguments[key][1]
        if len(value) > most:
            words = f"{key} has {len(value):,} characters and may have {most:,}."
            return Said(words, wrong=True)
        kept[key] = value
    missing = [key for key in tool.needs if key not in kept]
    if missing:
        return Said(f"{name} needs {', '.join(missing)}.", wrong=True)
    return tool.act(tools, kept)


def prompt(tools: Tools) -> str:
    """Return the part of a prompt that says which tools there are; the tools say the rest."""
    names = ", ".join(f"`{one.name}`" for one in offered(tools))
    return (
        f"## Tools of Accord\n\nThe MCP server `accord` offers {names}. What you need to know to go"
        " on and only a person can say, ask with `ask_human` instead of guessing. Call `task_done`"
        " when your work is complete."
    )
