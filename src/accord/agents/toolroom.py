"""The MCP server of one run: Accord's tools over HTTP, behind the same door as the gateway.

Model Context Protocol, revision 2025-06-18: the transport is streamable HTTP without sessions and
without streams, so that every request has one answer in JSON. Of the methods, a server with tools
alone has `initialize`, `ping`, `tools/list` and `tools/call`. The official SDK would bring a web
server, 55 MB and a second of CPU into the process of every run.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import h11

from accord import __version__
from accord.agents.gateway_rules import Refusal
from accord.agents.toolbox import Toolbox
from accord.agents.visits import Visitor, Visits, oversized
from accord.core import tools as core

PATH = b"/mcp"
NAME = "accord"
VERSIONS = ("2025-06-18", "2025-11-25", "2025-03-26", "2024-11-05")
"""The revisions that differ in nothing which is used here; the first is the one proposed."""

BODY_BYTES = 4 * 2**20
_NESTED = 20_000
_LOOPBACK = frozenset({b"127.0.0.1", b"localhost", b"[::1]"})
_JSON = (b"content-type", b"application/json")
_PARSE, _INVALID, _NO_METHOD, _BAD = -32700, -32600, -32601, -32602


class ToolRoom(Visits):
    """Answers the MCP client of one run's agent, and nobody else."""

    def __init__(self, box: Toolbox) -> None:
        """Take the tools, whose token every request has to carry."""
        super().__init__()
        self.box = box
        self._greeted = False

    def is_for(self, request: h11.Request) -> bool:
        """Tell whether a request is one for the tools, by its path."""
        return request.target.partition(b"?")[0] == PATH

    async def answer(self, client: Visitor, request: h11.Request) -> bool:
        """Answer one request; tell whether another may follow on the same connection."""
        refusal = _judged(request, self.box.tools.token)
        if refusal is not None:
            await self.refuse(client, refusal)
            return False
        body = await _body(client)
        if isinstance(body, Refusal):
            await self.refuse(client, body)
            return False
        said = await self._said(body)
        if said is None:
            await client.answer(202, [], b"", close=False)
        else:
            await client.answer(200, [_JSON], json.dumps(said).encode(), close=False)
        return client.may_go_on

    async def refuse(self, client: Visitor, refusal: Refusal, *, close: bool = True) -> None:
        """Answer with an error of HTTP."""
        headers = [_JSON]
        if refusal.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if refusal.status == 405:
            headers.append((b"allow", b"POST"))
        error = _error(None, _INVALID, f"Accord: {refusal.words}")
        await client.answer(refusal.status, headers, json.dumps(error).encode(), close=close)

    async def _said(self, body: bytes) -> dict[str, Any] | None:
        """Return the answer to a message, None where it wants none (JSON-RPC 2.0)."""
        message = _parsed(body)
        if message is None:
            return _error(None, _PARSE, "this is no JSON")
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return _error(None, _INVALID, "this is no message of JSON-RPC 2.0")
        method, number = message.get("method"), message.get("id")
        if "id" not in message or not isinstance(method, str):
            return None  # a notification, or an answer to what was never asked
        if not isinstance(number, str | int) or isinstance(number, bool):
            return _error(None, _INVALID, "the id of a request is a text or a number")
        given = message.get("params")
        params: Mapping[str, Any] = given if isinstance(given, dict) else {}
        match method:
            case "initialize":
                self._greeted = True
                return _result(number, _greeting(params))
            case "ping":
                return _result(number, {})
            case "tools/list":
                self.box.loaded = self._greeted
                return _result(number, {"tools": core.listed(self.box.tools)})
            case "tools/call":
                return await self._called(number, params)
        return _error(number, _NO_METHOD, f"there is no method {method[:60]}")

    async def _called(self, number: str | int, params: Mapping[str, Any]) -> dict[str, Any]:
        name = params.get("name")
        said = None
        if isinstance(name, str):
            said = await self.box.call(name, params.get("arguments"))
        if said is None:
            return _error(number, _BAD, f"there is no tool {str(name)[:60]}")
        content = [{"type": "text", "text": said.text}]
        return _result(number, {"content": content, "isError": said.wrong})


def _judged(request: h11.Request, token: str) -> Refusal | None:
    """Judge a request by its first line and its headers; None where it may be read.

    A page in a browser cannot pass: it would have to know the token, to send it in a header that
    no page may send elsewhere unasked, and to name this host as itself.
    """
    if refusal := oversized(request):
        return refusal
    headers: dict[bytes, bytes] = {}
    for name, value in request.headers:
        if name in headers and name in (b"authorization", b"host", b"origin", b"content-type"):
            return Refusal(400, f"{name.decode()} stands twice")
        headers[name] = value
    if not _is_loopback(headers.get(b"host", b"")):
        return Refusal(403, "this is not the host of the tools")
    origin = headers.get(b"origin")
    if origin is not None and not _is_loopback(origin.removeprefix(b"http://")):
        return Refusal(403, "no page may call the tools")
    kind, _, given = headers.get(b"authorization", b"").partition(b" ")
    known = hmac.compare_digest(given.strip(), token.encode()) and bool(token)
    if kind.lower() != b"bearer" or not known:
        return Refusal(401, "this is not the token of this run")
    if request.method != b"POST":
        return Refusal(405, "the tools are called by POST; there is no stream and no session")
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != _JSON[1]:
        return Refusal(415, "a message is application/json")
    if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
        return Refusal(415, "a message must not be compressed")
    version = headers.get(b"mcp-protocol-version")
    if version is not None and version.decode("ascii", "replace") not in VERSIONS:
        return Refusal(400, f"this server speaks the revisions {', '.join(VERSIONS)}")
    return None


def _is_loopback(host: bytes) -> bool:
    name, _, port = host.rpartition(b":")
    if name and port.isdigit():
        return name in _LOOPBACK
    return host in _LOOPBACK


async def _body(client: Visitor) -> bytes | Refusal:
    pieces, size = [], 0
    while (piece := await client.piece()) is not None:
        if isinstance(piece, Refusal):
            return piece
        pieces.append(piece)
        size += len(piece)
        if size > BODY_BYTES:
            return Refusal(413, f"a message may have {BODY_BYTES} bytes")
    return b"".join(pieces)


def _parsed(body: bytes) -> Any:
    if body.count(b"{") + body.count(b"[") > _NESTED:
        return None
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def _greeting(params: Mapping[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": NAME, "version": __version__},
    }


def _result(number: str | int, result: Mapping[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": dict(result)}


def _error(number: str | int | None, code: int, words: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": words}}
