"""What a scripted model does: its scenes, and the turn of one that a conversation has come to.

Conversations have the shape of the Anthropic Messages API here, whatever an agent speaks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from attrs import astuple, frozen


@frozen
class Write:
    """The model asks to write `text` to `path`."""

    path: str
    text: str


@frozen
class Read:
    """The model asks to read `path`."""

    path: str


@frozen
class Shell:
    """The model asks to run `command` in a shell."""

    command: str


@frozen
class Call:
    """The model calls the tool that is named `name`, or whose name ends with it, as agents put the
    name of a server before those of its tools. `arguments` are its arguments, as pairs.
    """

    name: str
    arguments: tuple[tuple[str, object], ...] = ()


@frozen
class Say:
    """The model says `text`: before the tool call that follows, or as its last words."""

    text: str


@frozen
class Fail:
    """The service answers HTTP `status`, `times` times in a row, or always when `times` is None."""

    status: int
    times: int | None = None


@frozen
class Drop:
    """The connection breaks in the middle of the answer, counted like `Fail`."""

    times: int | None = None


@frozen
class Hang:
    """The service takes the request and never answers it."""


Fault: TypeAlias = Fail | Drop | Hang
Tool: TypeAlias = Write | Read | Shell | Call
Op: TypeAlias = Tool | Say | Fault


@frozen
class Scene:
    """What the model does for one prompt: `ops` in order, when all of `when` occur in the prompt.

    Every tool call ends a turn of the model; the ops before it belong to the same turn.
    """

    when: tuple[str, ...]
    ops: tuple[Op, ...]


def marked(name: str, *ops: Op) -> Scene:
    """Return the scene that a prompt chooses by carrying `[[scene:NAME]]`."""
    return Scene(when=(f"[[scene:{name}]]",), ops=ops)


# What a tool is called and what its arguments are called differs from agent to agent; the first
# name that a request offers is used, and Claude Code's when it offers none, which is how a model
# that calls a tool it was never given is played.
_TOOLS: Mapping[type, tuple[tuple[str, ...], ...]] = {
    Write: (
        ("Write", "file_path", "content"),
        ("write", "filePath", "content"),
        ("create", "path", "file_text"),
        ("write_file", "file_path", "content"),
        ("apply_patch", "input"),
    ),
    Read: (("Read", "file_path"), ("read", "filePath"), ("view", "path"), ("exec_command", "cmd")),
    Shell: (
        ("Bash", "command"),
        ("bash", "command"),
        ("run_shell_command", "command"),
        ("exec_command", "cmd"),
    ),
}
# Where an agent has no tool for a step, what it is given instead, in the argument of another.
_INSTEAD: Mapping[tuple[type, str], str] = {
    (Write, "apply_patch"): "*** Begin Patch\n*** Add File: {path}\n{added}\n*** End Patch\n",
    (Read, "exec_command"): "cat {path}",
}

SEARCH = "tool_search"
"""The tool by which a model finds those that its agent does not offer at first."""

_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)


@frozen
class Turn:
    """One answer of the model: what goes wrong first, its words, and its tool call if any."""

    faults: tuple[Fault, ...] = ()
    words: str = ""
    call: Tool | None = None


def turns_of(ops: Sequence[Op]) -> list[Turn]:
    turns: list[Turn] = []
    faults: list[Fault] = []
    words: list[str] = []
    for op in ops:
        if isinstance(op, Say):
            words.append(op.text)
        elif isinstance(op, Fault):
            faults.append(op)
        else:
            turns.append(Turn(tuple(faults), "\n".join(words), op))
            faults, words = [], []
    return [*turns, Turn(tuple(faults), "\n".join(words) or "Done.")]


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content", "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _prompt(message: Mapping[str, Any]) -> str:
    """Return what a person or a program asked, without tool results and an agent's reminders."""
    said = (str(block.get("text", "")) for block in _blocks(message) if block["type"] == "text")
    return _REMINDER.sub("", "\n".join(said))


def place(scenes: Sequence[Scene], messages: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return the index of the scene and of its turn that a conversation has come to.

    Raises LookupError when no message of a user matches any scene.
    """
    calls = 0
    for message in reversed(messages):
        if message["role"] == "assistant":
            calls += any(block["type"] == "tool_use" for block in _blocks(message))
        elif message["role"] == "user":
            prompt = _prompt(message)
            for index, scene in enumerate(scenes):
                if all(part in prompt for part in scene.when):
                    return index, calls
    raise LookupError("no scene is scripted for this prompt")


def content(turn: Turn, offered: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the model answers in `turn`: its words, and its call of a tool if it has one."""
    said: list[dict[str, Any]] = [{"type": "text", "text": turn.words}] if turn.words else []
    return [*said, _call(turn.call, offered)] if turn.call else said


def _call(op: Tool, offered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tool call for `op` in the words of the agent that offers these tools."""
    names = [str(tool.get("name")) for tool in offered]
    if isinstance(op, Call):
        tool = next((one for one in offered if str(one.get("name")).endswith(op.name)), {})
        if not tool and SEARCH in names and {"name": "", "searched": op.name} not in offered:
            return _tool_use(SEARCH, {"query": op.name, "limit": 8})
        called = _tool_use(str(tool.get("name", op.name)), dict(op.arguments))
        return {**called, "namespace": tool["namespace"]} if tool.get("namespace") else called
    rows = _TOOLS[type(op)]
    name, *arguments = next((row for row in rows if row[0] in names), rows[0])
    values = astuple(op)
    instead = _INSTEAD.get((type(op), name))
    if instead is not None and not isinstance(op, Shell):
        added = "\n".join(f"+{line}" for line in values[-1].removesuffix("\n").split("\n"))
        values = (instead.format(path=op.path, added=added),)
    return _tool_use(name, dict(zip(arguments, values, strict=True)))


def _tool_use(name: str, arguments: object) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{uuid4().hex}", "name": name, "input": arguments}


def _filled(schema: Mapping[str, Any]) -> Any:
    """Return the plainest value that a JSON schema admits."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in {"anyOf", "oneOf", "allOf"} & schema.keys():
        return _filled(schema[choice][0])
    kind = schema.get("type", "string")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return {name: _filled(part) for name, part in schema.get("properties", {}).items()}
    plain: dict[str, Any] = {"array": [], "integer": 1, "number": 1, "boolean": False, "null": None}
    return plain.get(kind, "ok")


def side_answer(body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Answer a request beside the conversation: a title, a classification, a form to fill.

    Returns None when the request is the conversation itself, which offers tools to choose from.
    """
    choice = body.get("tool_choice") or {}
    for tool in body.get("tools") or ():
        if choice.get("type") != "tool":
            return None
        if tool["name"] == choice["name"]:
            return [_tool_use(tool["name"], _filled(tool["input_schema"]))]
    form = body.get("output_config", {}).get("format") or body.get("output_format") or {}
    schema = form.get("schema")
    return [{"type": "text", "text": json.dumps(_filled(schema)) if schema else "Side note."}]


def message(body: Mapping[str, Any], content: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    called = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "scripted"),
        "content": list(content),
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": tokens(body), "output_tokens": tokens(content)},
    }


def tokens(value: object) -> int:
    """Return a token count of the right size for a log, four bytes to a token, never zero."""
    return 1 + len(json.dumps(value)) // 4
