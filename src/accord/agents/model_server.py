"""A scripted stand-in for a model's HTTP API, so that real agents run without a model or a network.

It speaks the protocols of `model_wires` on 127.0.0.1 and keeps no conversation: which step comes
next is read from the conversation that every request carries. Retries, resumed sessions, side
requests and parallel runs therefore need no bookkeeping here; only the failures that should stop
after a while are counted.
"""

import json
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from accord.agents import model_wires
from accord.agents.model_script import (
    Fail,
    Fault,
    Hang,
    Scene,
    content,
    message,
    place,
    side_answer,
    tokens,
    turns_of,
)
from accord.agents.model_wires import Wire

_SECRET_HEADERS = frozenset(
    {"x-api-key", "authorization", "cookie", "proxy-authorization", "x-goog-api-key"}
)


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
            self._json(404, {"error": {"message": "no such path"}})

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks up

    def do_POST(self) -> None:
        """Answer a request for a message or for a count of tokens."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.server.record(self, body)
        path = urlsplit(self.path).path
        found = model_wires.found(path, body)
        if found is not None:
            self._messages(*found)
        elif path == "/v1/messages/count_tokens":
            self._json(200, {"input_tokens": tokens(body)})
        elif path.endswith(":countTokens"):
            self._json(200, {"totalTokens": tokens(body)})
        else:
            self._json(404, {"error": {"message": "no such path"}})

    def _messages(self, wire: Wire, body: Mapping[str, Any]) -> None:
        aside = side_answer(body)
        if aside is not None:
            self._answer(wire, body, aside)
            return
        try:
            scene, step = place(self.server.scenes, body.get("messages", []))
        except LookupError as error:
            self._json(400, wire.error(400, str(error)))
            return
        turns = turns_of(self.server.scenes[scene].ops)
        turn = turns[min(step, len(turns) - 1)]
        fault = self.server.fault((scene, step), turn.faults)
        if isinstance(fault, Hang):
            self.server.closing.wait()
            self.close_connection = True
        elif isinstance(fault, Fail):
            self._json(fault.status, wire.error(fault.status, "scripted failure"))
        else:
            self._answer(wire, body, content(turn, body["tools"]), broken=fault is not None)

    def _answer(
        self, wire: Wire, body: Mapping[str, Any], said: list[Any], broken: bool = False
    ) -> None:
        whole = message(body, said)
        if not body.get("stream"):
            self._json(200, wire.answer(whole), broken)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = list(wire.events(whole))
        for event in events[: len(events) // 2] if broken else events:
            line = model_wires.written(event)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        if broken:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

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

    def fault(self, place: tuple[int, int], faults: Sequence[Fault]) -> Fault | None:
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
