"""A scripted stand-in for a model's HTTP API, so that real agents run without a model or a network.

It speaks the Anthropic Messages protocol (https://docs.anthropic.com/en/api/messages and
/messages-streaming) on 127.0.0.1 and keeps no conversation: which step comes next is read from the
conversation that every request carries. Retries, resumed sessions, side requests and parallel runs
therefore need no bookkeeping here; only the failures that should stop after a while are counted.
"""

import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit
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


_Fault: TypeAlias = Fail | Drop | Hang
Op: TypeAlias = Write | Read | Shell | Say | _Fault


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
    ),
    Read: (("Read", "file_path"), ("read", "filePath"), ("view", "path")),
    Shell: (("Bash", "command"), ("bash", "command"), ("run_shell_command", "command")),
}

_ERRORS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
_ERRORS |= {403: "permission_error", 429: "rate_limit_error", 529: "overloaded_error"}
_SECRET_HEADERS = frozenset({"x-api-key", "authorization", "cookie", "proxy-authorization"})
_REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)


@frozen
class _Turn:
    """One answer of the model: what goes wrong first, its words, and its tool call if any."""

    faults: tuple[_Fault, ...] = ()
    words: str = ""
    call: Write | Read | Shell | None = None


def _turns(ops: Sequence[Op]) -> list[_Turn]:
    turns: list[_Turn] = []
    faults: list[_Fault] = []
    words: list[str] = []
    for op in ops:
        if isinstance(op, Say):
            words.append(op.text)
        elif isinstance(op, _Fault):
            faults.append(op)
        else:
            turns.append(_Turn(tuple(faults), "\n".join(words), op))
            faults, words = [], []
    return [*turns, _Turn(tuple(faults), "\n".join(words) or "Done.")]


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content", "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _prompt(message: Mapping[str, Any]) -> str:
    """Return what a person or a program asked, without tool results and an agent's reminders."""
    said = (str(block.get("text", "")) for block in _blocks(message) if block["type"] == "text")
    return _REMINDER.sub("", "\n".join(said))


def _place(scenes: Sequence[Scene], messages: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
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


def _call(op: Write | Read | Shell, offered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tool call for `op` in the words of the agent that offers these tools."""
    names = {tool.get("name") for tool in offered}
    rows = _TOOLS[type(op)]
    name, *arguments = next((row for row in rows if row[0] in names), rows[0])
    return _tool_use(name, dict(zip(arguments, astuple(op), strict=True)))


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
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _filled(part) for name, part in schema.get("properties", {}).items()}
    plain: dict[str, Any] = {"array": [], "integer": 1, "number": 1, "boolean": False, "null": None}
    return plain.get(kind, "ok")


def _side_answer(body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
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


def _message(body: Mapping[str, Any], content: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    called = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "scripted"),
        "content": list(content),
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": _tokens(body), "output_tokens": _tokens(content)},
    }


def _tokens(value: object) -> int:
    """Return a token count of the right size for a log, four bytes to a token, never zero."""
    return 1 + len(json.dumps(value)) // 4


def _events(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the server-sent events that stream `message`."""
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": message["usage"]}
    yield {"type": "message_stop"}


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection of an agent."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Keep the terminal quiet; requests go to the log file."""

    def do_GET(self) -> None:
        """Answer the greeting by which an agent finds the service, and 404 for anything else."""
        self.server.record(self, None)
        if urlsplit(self.path).path in {"/", "/api/hello"}:
            self._json(200, {"message": "hello"})
        else:
            self._error(404, "no such path")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks up

    def do_POST(self) -> None:
        """Answer a request for a message or for a count of tokens."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.server.record(self, body)
        match urlsplit(self.path).path:
            case "/v1/messages":
                self._messages(body)
            case "/v1/messages/count_tokens":
                self._json(200, {"input_tokens": _tokens(body)})
            case _:
                self._error(404, "no such path")

    def _messages(self, body: Mapping[str, Any]) -> None:
        aside = _side_answer(body)
        if aside is not None:
            self._answer(body, aside)
            return
        try:
            scene, step = _place(self.server.scenes, body.get("messages", []))
        except LookupError as error:
            self._error(400, str(error))
            return
        turns = _turns(self.server.scenes[scene].ops)
        turn = turns[min(step, len(turns) - 1)]
        fault = self.server.fault((scene, step), turn.faults)
        content = [{"type": "text", "text": turn.words}] if turn.words else []
        if turn.call:
            content.append(_call(turn.call, body["tools"]))
        if isinstance(fault, Hang):
            self.server.closing.wait()
            self.close_connection = True
        elif isinstance(fault, Fail):
            self._error(fault.status, "scripted failure")
        else:
            self._answer(body, content, broken=fault is not None)

    def _answer(self, body: Mapping[str, Any], content: list[Any], broken: bool = False) -> None:
        message = _message(body, content)
        if not body.get("stream"):
            self._json(200, message, broken)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in _events(message):
            if broken and event["type"] == "content_block_stop":
                self.close_connection = True
                return
            line = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def _error(self, status: int, message: str) -> None:
        kind = _ERRORS.get(status, "api_error")
        self._json(status, {"type": "error", "error": {"type": kind, "message": message}})

    def _json(self, status: int, value: object, broken: bool = False) -> None:
        data = json.dumps(value).encode() if self.command != "HEAD" else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if broken else data)
        self.close_connection |= broken


class _Server(ThreadingHTTPServer):
    """The listening socket with what all connections share."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, scenes: Sequence[Scene], log: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scenes = tuple(scenes)
        self.closing = threading.Event()
        self._log = log
        self._lock = threading.Lock()
        self._met: Counter[tuple[int, ...]] = Counter()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a broken connection, which every killed agent leaves behind."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def fault(self, place: tuple[int, int], faults: Sequence[_Fault]) -> _Fault | None:
        """Return what goes wrong this time at a scene's turn, None when the faults are used up."""
        with self._lock:
            for order, fault in enumerate(faults):
                if isinstance(fault, Hang) or fault.times is None:
                    return fault
                self._met[*place, order] += 1
                if self._met[*place, order] <= fault.times:
                    return fault
        return None

    def record(self, request: _Handler, body: object) -> None:
        """Append a request to the log, without the value of any header that carries a key."""
        if self._log is None:
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers |= dict.fromkeys(_SECRET_HEADERS & headers.keys(), "***")
        entry = {"method": request.command, "path": request.path, "headers": headers, "body": body}
        with self._lock, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")


class ModelServer:
    """Serves scenes on 127.0.0.1 while the `with` block runs; the latest prompt that fits decides.

    `log` takes one JSON line for each request: method, path, headers (the keys' values left out)
    and body, which is how a test sees what the model saw.
    """

    def __init__(self, scenes: Sequence[Scene], log: Path | None = None) -> None:
        """Open the socket; requests wait until the block is entered."""
        self._server = _Server(scenes, log)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Return the address that an agent takes as its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop answering, let every hanging request go and close the socket."""
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
