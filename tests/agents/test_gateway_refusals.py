"""What the gateway does not do, however it is asked (threats T12 and T13)."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from accord.agents.visits import CONNECTIONS
from accord.core.orders import EventKind
from outlets import ASK, KEY, gateway, message, out, service, url

TOKEN = b"x-api-key: TOKEN\r\n"
BODY = b"content-length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/files",
        "POST /v1/messages/batches",
        "GET /v1/files/file_1/content",
        "GET /v1/organizations/me",
        "POST /v1/skills",
        "POST /v1/complete",
        "DELETE /v1/messages",
        "PUT /v1/messages",
        "OPTIONS /v1/messages",
        "TRACE /v1/messages",
        "post /v1/messages",
        "POST /v1/messages/",
        "POST //v1/messages",
        "POST /v1//messages",
        "POST /v1/../v1/messages",
        "POST /v1/messages/../files",
        "POST /v1/messages/%2e%2e/files",
        "POST /v1/messages%2f..%2ffiles",
        "POST /v1/%6dessages",
        "POST /v1/messages%252f",
        "POST /v1\\messages",
        "POST /V1/messages",
        "POST /v1/messages;x=1",
        "POST /v1/messages#a",
        "POST /v1/messages?path=/v1/files",
        "POST /v1/messages?beta=true&beta=../x",
        "POST http://127.0.0.1:1/v1/messages",
        "POST https://api.anthropic.com/v1/messages",
        "POST https://other.example:8443/v1/messages",
        "CONNECT api.anthropic.com:443",
        "CONNECT other.example:443",
        "POST *",
    ],
)
def test_a_request_for_anything_but_a_message_goes_nowhere(tmp_path: Path, line: str) -> None:
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        answer = running.raw(f"{line} HTTP/1.1\r\nhost: x\r\n".encode() + TOKEN + BODY)
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
    assert up.got == []


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("openai", "POST /v1/files"),
        ("openai", "POST /v1/containers"),
        ("openai", "POST /v1/batches"),
        ("openai", "POST /v1/uploads"),
        ("openai", "GET /v1/responses/resp_1"),
        ("openai", "POST /v1/chat/completions/x"),
        ("openai", "GET /v1/organization/admin_api_keys"),
        ("gemini", "POST /upload/v1beta/files"),
        ("gemini", "POST /v1beta/models/m:batchGenerateContent"),
        ("gemini", "POST /v1beta/models/..:generateContent"),
        ("gemini", "POST /v1beta/models/m/../n:generateContent"),
        ("gemini", "POST /v1beta/tunedModels/m:generateContent"),
        ("gemini", "POST /v1beta/models/m:generateContent?callback=x"),
        ("gemini", "POST /v1beta/cachedContents"),
    ],
)
def test_the_other_services_are_held_to_their_messages_too(
    tmp_path: Path, kind: str, line: str
) -> None:
    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, out(url(up), service=kind)) as running,
    ):
        answer = running.raw(f"{line} HTTP/1.1\r\nhost: x\r\n".encode() + TOKEN + BODY)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert up.got == []


@pytest.mark.parametrize(
    "head",
    [
        b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"content-length: +2\r\n\r\n{}",
        b"content-length: 2, 3\r\n\r\n{}",
        b"content-length: -1\r\n\r\n{}",
        b"transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"transfer-encoding: identity\r\n\r\n{}",
        b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"transfer-encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\n2;x\r\n{}GARBAGE0\r\n\r\n",
        b"transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
        b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
        b"upgrade: websocket\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\n{}",
        b"upgrade: h2c\r\nhttp2-settings: AA\r\ncontent-length: 2\r\n\r\n{}",
        b"x: " + b"y" * 100_000 + b"\r\ncontent-length: 2\r\n\r\n{}",
        b"no colon\r\ncontent-length: 2\r\n\r\n{}",
        b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}",
        b"content-length: 999999999999\r\n\r\n{}",
    ],
)
def test_a_request_with_two_readings_or_none_goes_nowhere(tmp_path: Path, head: bytes) -> None:
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        answer = running.raw(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n" + TOKEN + head, half=True)
    assert b" 200 " not in answer
    assert up.got == []


def test_what_hides_behind_a_request_is_a_request_of_its_own(tmp_path: Path) -> None:
    hidden = b"POST /v1/files HTTP/1.1\r\nhost: x\r\n" + TOKEN + BODY
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        answer = running.raw(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n" + TOKEN + BODY + hidden)
    assert [got.line for got in up.got] == ["POST /v1/messages HTTP/1.1"]
    assert b" 403 " in answer


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"x-api-key: sk-mine\r\n",
        b"authorization: Bearer sk-mine\r\n",
        b"authorization: Basic VE9LRU4=\r\n",
        b"x-api-key: " + KEY.encode() + b"\r\n",
        b"cookie: TOKEN\r\n",
        b"proxy-authorization: Bearer TOKEN\r\n",
    ],
)
def test_a_request_without_the_run_s_token_is_turned_away(tmp_path: Path, given: bytes) -> None:
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n" + given
        assert running.raw(head + BODY).startswith(b"HTTP/1.1 401 ")
    assert up.got == []


def test_the_token_of_one_run_opens_no_other(tmp_path: Path) -> None:
    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, out(url(up)), "run-1") as one,
        gateway(tmp_path, out(url(up)), "run-2") as other,
    ):
        assert one.ask(x_api_key=other.plan.token)[0] == 401


def test_an_agent_s_own_keys_and_headers_are_left_behind(tmp_path: Path) -> None:
    sent = {
        "authorization": "Bearer sk-mine",
        "x-goog-api-key": "sk-mine",
        "cookie": "sk-mine",
        "proxy-authorization": "sk-mine",
        "host": "other.example",
        "x-forwarded-for": "sk-mine",
        "forwarded": "sk-mine",
        "anthropic-workspace": "sk-mine",
        "te": "trailers",
        "anthropic-version": "2023-06-01",
    }
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        assert running.ask(**sent)[0] == 200
        token = running.plan.token
    (got,) = up.got
    assert "sk-mine" not in str(got.headers)
    assert token not in str(got.headers)
    assert set(got.headers) == {
        "host", "content-type", "anthropic-version", "x-api-key", "accept-encoding",
        "content-length",
    }  # fmt: skip
    assert got.headers["host"] == url(up).removeprefix("http://")


def test_an_agent_s_own_key_in_the_query_is_left_behind(tmp_path: Path) -> None:
    path = "/v1beta/models/m:generateContent?key=sk-mine&alt=sse"
    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, out(url(up), service="gemini")) as running,
    ):
        assert running.ask(path, x_goog_api_key="x")[0] == 200
    assert up.got[0].line == "POST /v1beta/models/m:generateContent?alt=sse HTTP/1.1"


def asked(**more: object) -> dict[str, object]:
    return {**ASK, **more}


def said(block: object) -> dict[str, object]:
    return asked(messages=[{"role": "user", "content": [block]}])


FETCH = {"type": "url", "url": "https://other.example/?loot"}
HOSTILE: list[tuple[str, Any]] = [
    ("anthropic", asked(mcp_servers=[{"type": "url", "url": "https://other.example"}])),
    ("anthropic", asked(MCP_Servers=[{"name": "x"}])),
    ("anthropic", asked(container="c_1")),
    ("anthropic", asked(tools=[{"type": "web_fetch_20250910", "name": "web_fetch"}])),
    ("anthropic", asked(tools=[{"type": "web_search_20250305", "name": "web_search"}])),
    ("anthropic", asked(tools=[{"type": "code_execution_20250522", "name": "x"}])),
    ("anthropic", asked(tools=[{"type": "mcp_toolset", "mcp_server_name": "x"}])),
    ("anthropic", asked(tools=["x"])),
    ("anthropic", said({"type": "image", "source": FETCH})),
    ("anthropic", said({"type": "document", "source": FETCH})),
    ("anthropic", said({"type": "document", "source": {"type": "file", "file_id": "f"}})),
    ("openai", asked(tools=[{"type": "web_search"}])),
    ("openai", asked(tools=[{"type": "code_interpreter", "container": {"type": "auto"}}])),
    ("openai", asked(tools=[{"type": "mcp", "server_url": "https://other.example"}])),
    ("openai", asked(tools=[{"type": "namespace", "tools": [{"type": "mcp"}]}])),
    ("openai", asked(input=[{"type": "additional_tools", "tools": [{"type": "mcp"}]}])),
    ("openai", asked(input=[{"type": "input_image", "image_url": "https://other.example"}])),
    ("openai", asked(input=[{"type": "input_file", "file_url": "https://other.example"}])),
    ("openai", asked(input=[{"type": "input_file", "file_id": "file-1"}])),
    ("openai", said({"type": "image_url", "image_url": {"url": "HTTPS://other.example"}})),
    ("openai", asked(background=True)),
    ("openai", asked(prompt={"id": "pmpt_1"})),
    ("openai", asked(web_search_options={"x": 1})),
    ("gemini", asked(tools=[{"googleSearch": {}}])),
    ("gemini", asked(tools=[{"url_context": {}}])),
    ("gemini", asked(tools=[{"functionDeclarations": []}, {"codeExecution": {}}])),
    ("gemini", asked(contents=[{"parts": [{"fileData": {"fileUri": "https://o.example"}}]}])),
]
PATHS = {
    "anthropic": "/v1/messages",
    "openai": "/v1/responses",
    "gemini": "/v1beta/models/m:generateContent",
}


@pytest.mark.parametrize(("kind", "body"), HOSTILE)
def test_the_service_is_not_sent_where_the_agent_may_not_go(
    tmp_path: Path, kind: str, body: object
) -> None:
    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, out(url(up), service=kind)) as running,
    ):
        status, answer = running.ask(PATHS[kind], body)
        told = [event for event in running.told if event.kind is EventKind.REFUSED]
    assert status == 403
    assert b"Accord: " in answer
    assert up.got == []
    assert len(told) == 1


HONEST: list[tuple[str, Any]] = [
    ("anthropic", asked(tools=[{"name": "Write", "input_schema": {"container": "x"}}])),
    ("anthropic", asked(tools=[{"type": "bash_20250124", "name": "bash"}])),
    (
        "anthropic",
        said(
            {"type": "tool_use", "id": "1", "name": "x", "input": {"file_id": 1, "source": FETCH}}
        ),
    ),
    ("anthropic", said({"type": "image", "source": {"type": "base64", "data": "AA=="}})),
    ("anthropic", said({"type": "text", "text": "see https://other.example"})),
    ("anthropic", asked(mcp_servers=[], container=None)),
    ("openai", asked(tools=[{"type": "function", "parameters": {"properties": {"fileUrl": {}}}}])),
    ("openai", asked(tools=[{"type": "web_search", "external_web_access": False}])),
    ("openai", asked(input=[{"type": "input_image", "image_url": "data:image/png;base64,AA"}])),
    ("gemini", asked(tools=[{"functionDeclarations": [{"name": "x"}]}])),
    ("gemini", asked(contents=[{"parts": [{"functionCall": {"args": {"fileUri": "x"}}}]}])),
]


@pytest.mark.parametrize(("kind", "body"), HONEST)
def test_an_honest_request_is_not_mistaken_for_one(tmp_path: Path, kind: str, body: object) -> None:
    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, out(url(up), service=kind)) as running,
    ):
        assert running.ask(PATHS[kind], body)[0] == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"", 400),
        (b"[]", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b'{"tools": [], "x": {"tools": 1, "tools": 2}}', 400),
        (b"\xff\xfe{\0}\0", 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b'{"a": [' + b"{}," * 300_000 + b"1]}", 413),
        (b'"' + b"x" * 34_000_000 + b'"', 413),
    ],
)
def test_a_body_that_cannot_be_judged_goes_nowhere(
    tmp_path: Path, body: bytes, status: int
) -> None:
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        length = b"content-length: %d\r\n\r\n" % len(body)
        head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + TOKEN
        try:
            answer = running.raw(head + length + body)
        except ConnectionError:  # it was closed in the middle of what it does not want
            answer = b""
        if answer or status != 413:
            assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert up.got == []


def test_more_connections_than_an_agent_can_need_are_closed(tmp_path: Path) -> None:
    with service(lambda _: [message()]) as up, gateway(tmp_path, out(url(up))) as running:
        made = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(CONNECTIONS)]
        assert running.raw(b"") == b""
        for one in made:
            one.close()
        for _ in range(3_000):
            if not running.gateway._tasks:
                break
            time.sleep(0.01)
        assert running.ask()[0] == 200
