"""The other end of the tools: the scripted agent's MCP client, for one server over HTTP.

Model Context Protocol, revision 2025-06-18, as far as a server without streams needs it.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from accord import __version__

REVISION = "2025-06-18"
_PATIENCE_S = 600.0


@define
class ToolClient:
    """A server at `url`, asked with `headers`."""

    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    _number: int = 0

    def load(self) -> list[str]:
        """Greet the server and return the names of its tools. Raises OSError."""
        client = {"name": "accord-scripted", "version": __version__}
        self._ask("initialize", protocolVersion=REVISION, capabilities={}, clientInfo=client)
        self._send({"method": "notifications/initialized"})
        return [str(one["name"]) for one in self._ask("tools/list")["tools"]]

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Return the text that a tool answers. Raises OSError."""
        held = self._ask("tools/call", name=name, arguments=dict(arguments))
        return "\n".join(str(one.get("text", "")) for one in held["content"])

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        answer = self._send({"id": self._number, "method": method, "params": params})
        if "result" not in answer:
            raise OSError(f"{method}: {answer.get('error', {}).get('message', 'no answer')}")
        return dict(answer["result"])

    def _send(self, message: Mapping[str, Any]) -> dict[str, Any]:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.netloc, timeout=_PATIENCE_S)
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": REVISION,
            **dict(self.headers),
        }
        try:
            body = json.dumps({"jsonrpc": "2.0", **message})
            connection.request("POST", place.path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()
        if answer.status == 202:
            return {}
        if answer.status != 200:
            raise OSError(f"the tools answered {answer.status}")
        held: dict[str, Any] = json.loads(data)
        return held
