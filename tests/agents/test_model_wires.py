"""The scripted model answers in the words of each service what the same scene says."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from accord.agents import model_wires
from accord.agents.model_script import (
    Call,
    Drop,
    Fail,
    Read,
    Say,
    Shell,
    Turn,
    Write,
    content,
    marked,
)
from accord.agents.model_server import ModelServer

PATCH = "*** Begin Patch\n*** Add File: a\n+one\n+two\n*** End Patch\n"
RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"
GEMINI = "/v1beta/models/gemini-x:generateContent"
STREAMED = "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"


def post(server: ModelServer, path: str, body: dict[str, Any]) -> bytes:
    request = urllib.request.Request(server.url + path, json.dumps(body).encode())  # noqa: S310 - the server's own
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the server's own
        found: bytes = answer.read()
    return found


def events(raw: bytes) -> Iterator[Any]:
    for line in raw.decode().splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


def test_responses_call_functions_and_patches_and_end_with_words() -> None:
    tools = [
        {"type": "function", "name": "exec_command"},
        {"type": "custom", "name": "apply_patch"},
    ]
    prompt = [{"type": "input_text", "text": "[[scene:a]]"}]
    asked: list[Any] = [{"type": "message", "role": "user", "content": prompt}]
    said = []
    with ModelServer([marked("a", Write("a", "one\ntwo\n"), Shell("ls"), Say("Bye."))]) as server:
        for _ in range(3):
            body = {"model": "m", "input": asked, "tools": tools, "stream": True}
            *_, last = events(post(server, RESPONSES, body))
            (item,) = last["response"]["output"]
            said.append(item)
            asked += [item, {"type": f"{item['type']}_output", "call_id": "c", "output": "ok"}]
    assert (said[0]["type"], said[0]["input"]) == ("custom_tool_call", PATCH)
    assert (said[1]["name"], json.loads(said[1]["arguments"])) == ("exec_command", {"cmd": "ls"})
    assert said[2]["content"][0]["text"] == "Bye."
    assert last["type"] == "response.completed"
    assert last["response"]["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("stream", [True, False])
def test_chat_completions_stream_what_they_answer_plainly(stream: bool) -> None:
    tools = [{"type": "function", "function": {"name": "view"}}]
    asked = [{"role": "user", "content": "[[scene:a]]"}]
    with ModelServer([marked("a", Say("Look."), Read("b"))]) as server:
        body = {"model": "m", "messages": asked, "tools": tools, "stream": stream}
        raw = post(server, CHAT, body)
    if not stream:
        said = json.loads(raw)["choices"][0]["message"]
        assert said["content"] == "Look."
        assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"path": "b"}
        return
    pieces = list(events(raw))
    deltas = [one["choices"][0]["delta"] for one in pieces[:-1]]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["Look."]
    assert [one["tool_calls"][0]["function"] for one in deltas if "tool_calls" in one] == [
        {"name": "view", "arguments": ""},
        {"arguments": '{"path": "b"}'},
    ]
    assert pieces[-1]["choices"] == []
    assert pieces[-1]["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("path", [GEMINI, STREAMED])
def test_gemini_is_answered_with_calls_and_with_filled_forms(path: str) -> None:
    tools = [{"functionDeclarations": [{"name": "mcp_accord_task_done"}]}]
    asked = [{"role": "user", "parts": [{"text": "[[scene:a]]"}]}]
    form = {"type": "OBJECT", "properties": {"score": {"type": "INTEGER"}}}
    with ModelServer([marked("a", Call("task_done", (("note", "x"),)))]) as server:
        raw = post(server, path, {"contents": asked, "tools": tools})
        side = post(server, GEMINI, {"generationConfig": {"responseJsonSchema": form}})
    *_, last = events(raw) if path == STREAMED else [json.loads(raw)]
    (part,) = last["candidates"][0]["content"]["parts"]
    assert part["functionCall"] == {"name": "mcp_accord_task_done", "args": {"note": "x"}}
    (text,) = json.loads(side)["candidates"][0]["content"]["parts"]
    assert json.loads(text["text"]) == {"score": 1}


def test_failures_and_broken_streams_are_played_for_every_service() -> None:
    tools = {"tools": [{"type": "function", "function": {"name": "view"}}]}
    body = {**tools, "messages": [{"role": "user", "content": "[[scene:a]]"}], "stream": True}
    with ModelServer([marked("a", Fail(429, 1), Drop(1), Say("fine"))]) as server:
        with pytest.raises(urllib.error.HTTPError, match="429"):
            post(server, CHAT, body)
        with pytest.raises(http.client.IncompleteRead):
            post(server, CHAT, body)
        assert b"fine" in post(server, CHAT, body)


def test_a_model_looks_for_a_tool_that_is_not_offered_once_and_then_calls_it() -> None:
    call = Call("spec_read")
    asked: dict[str, Any] = {"model": "m", "input": "go", "tools": [{"type": "tool_search"}]}
    found = model_wires.found("/v1/responses", asked)
    assert found is not None
    searched = content(Turn(call=call), found[1]["tools"])[0]
    assert (searched["name"], searched["input"]["query"]) == ("tool_search", "spec_read")
    message = {"id": "1", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}
    item = found[0].answer({**message, "content": [searched]})["output"][0]
    assert (item["type"], item["execution"]) == ("tool_search_call", "client")
    space = {"type": "namespace", "name": "mcp__accord", "tools": [{"name": "spec_read"}]}
    for tools, name in (([space], "mcp__accord"), ([], None)):
        output = {"type": "tool_search_output", "tools": tools}
        again = model_wires.found("/v1/responses", {**asked, "input": [item, output]})
        assert again is not None
        called = content(Turn(call=call), again[1]["tools"])[0]
        assert (called["name"], called.get("namespace")) == ("spec_read", name)
        assert again[1]["messages"] == []  # looking for a tool is no step of a scene
