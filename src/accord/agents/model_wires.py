"""How the services of models are spoken to: their requests and answers, in and out of one shape.

In the middle everything is as in the Anthropic Messages API. Shapes by the public references:
Messages (https://docs.anthropic.com/en/api/messages-streaming), Responses and Chat Completions
(https://platform.openai.com/docs/api-reference), Gemini (https://ai.google.dev/api), as far as
agents were seen to use them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

from attrs import frozen

from accord.agents.model_script import SEARCH

Body: TypeAlias = Mapping[str, Any]
Event: TypeAlias = tuple[str, Mapping[str, Any] | str]

_MODEL_PATH = re.compile(r"/v1(?:beta)?/models/(?P<model>[\w.-]+):(?P<verb>\w+)")
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
_KINDS |= {403: "permission_error", 429: "rate_limit_error", 529: "overloaded_error"}


@frozen
class Wire:
    """One protocol: `asked` reads a request, `answer` and `events` write a message, plain or
    streamed as pairs of a name (empty: it has none) and what is sent.
    """

    asked: Callable[[Body], dict[str, Any]]
    answer: Callable[[Body], Body]
    events: Callable[[Body], Iterator[Event]]
    error: Callable[[int, str], Body]


def found(path: str, body: Body) -> tuple[Wire, dict[str, Any]] | None:
    """Return the protocol that is spoken at `path` and the request in the middle's shape."""
    if path in _WIRES:
        return _WIRES[path], _WIRES[path].asked(body)
    match = _MODEL_PATH.fullmatch(path)
    if match is None or match["verb"] not in ("generateContent", "streamGenerateContent"):
        return None
    stream = match["verb"] == "streamGenerateContent"
    return _GEMINI, {**_GEMINI.asked(body), "model": match["model"], "stream": stream}


def written(event: Event) -> bytes:
    """Return `event` as a server sends it."""
    name, held = event
    data = held if isinstance(held, str) else json.dumps(held)
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def _messages_events(message: Body) -> Iterator[Event]:
    for event in _messages_parts(message):
        yield event["type"], event


def _messages_parts(message: Body) -> Iterator[dict[str, Any]]:
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


def _messages_error(status: int, words: str) -> Body:
    return {
        "type": "error",
        "error": {"type": _KINDS.get(status, "api_error"), "message": words},
    }


def _texts(held: object) -> str:
    """Return the text of a message's content, which is a string or a list of parts."""
    if isinstance(held, str):
        return held
    parts = held if isinstance(held, list) else []
    return "\n".join(str(one["text"]) for one in parts if isinstance(one.get("text"), str))


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


_CALLED = {"role": "assistant", "content": [{"type": "tool_use"}]}
_RETURNED = {"role": "user", "content": [{"type": "tool_result"}]}


def _responses_asked(body: Body) -> dict[str, Any]:
    items = body.get("input", [])
    messages = []
    tools: list[dict[str, Any]] = list(_flat(body.get("tools") or ()))
    for item in [_said("user", items)] if isinstance(items, str) else items:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append(_said(item["role"], _texts(item.get("content"))))
        elif kind == "tool_search_call":  # looking for a tool is no step of a scene
            tools.append({"name": "", "searched": (item.get("arguments") or {}).get("query")})
        elif kind == "tool_search_output":
            tools += _flat(item.get("tools") or ())
        elif kind.endswith("_call"):
            messages.append(_CALLED)
        elif kind.endswith("_output"):
            messages.append(_RETURNED)
    form = (body.get("text") or {}).get("format") or {}
    return _asked(body, messages, tools, form.get("schema"), stream=bool(body.get("stream")))


def _flat(tools: Sequence[Body]) -> Iterator[dict[str, Any]]:
    for tool in tools:
        space = tool.get("name", "")
        inner = tool.get("tools", ()) if tool.get("type") == "namespace" else ()
        for one in inner:
            yield {"name": one["name"], "namespace": space}
        if not inner and ("name" in tool or tool.get("type") == SEARCH):
            yield {"name": tool.get("name", SEARCH), "namespace": ""}


def _asked(
    body: Body,
    messages: Sequence[Body],
    tools: Sequence[Body],
    schema: object,
    *,
    stream: bool,
) -> dict[str, Any]:
    held = {"model": body.get("model", ""), "messages": list(messages), "tools": list(tools)}
    return {**held, "stream": stream, "output_format": {"schema": schema} if schema else {}}


def _responses_items(message: Body) -> Iterator[dict[str, Any]]:
    for block in message["content"]:
        if block["type"] == "text":
            part = {"type": "output_text", "text": block["text"], "annotations": []}
            yield {"type": "message", "id": f"msg_{uuid4().hex}", "role": "assistant",
                   "status": "completed", "content": [part]}  # fmt: skip
        elif block["name"] == "apply_patch":
            yield {"type": "custom_tool_call", "id": f"ctc_{uuid4().hex}", "call_id": block["id"],
                   "name": block["name"], "input": block["input"]["input"]}  # fmt: skip
        elif block["name"] == SEARCH:
            yield {"type": "tool_search_call", "id": f"ts_{uuid4().hex}", "call_id": block["id"],
                   "execution": "client", "status": "completed",
                   "arguments": block["input"]}  # fmt: skip
        else:
            space = {"namespace": block["namespace"]} if block.get("namespace") else {}
            yield {"type": "function_call", "id": f"fc_{uuid4().hex}", "call_id": block["id"],
                   "name": block["name"], "arguments": json.dumps(block["input"]),
                   **space}  # fmt: skip


def _responses_answer(message: Body) -> dict[str, Any]:
    used = message["usage"]
    return {
        "id": f"resp_{message['id']}",
        "object": "response",
        "status": "completed",
        "model": message["model"],
        "output": list(_responses_items(message)),
        "usage": {
            "input_tokens": used["input_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": used["output_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used["input_tokens"] + used["output_tokens"],
        },
    }


def _responses_events(message: Body) -> Iterator[Event]:
    whole = _responses_answer(message)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    yield _named("response.created", response=begun)
    for index, item in enumerate(whole["output"]):
        yield _named("response.output_item.added", output_index=index, item=item)
        if item["type"] == "message":
            text = item["content"][0]["text"]
            yield _named("response.output_text.delta", item_id=item["id"], output_index=index,
                         content_index=0, delta=text)  # fmt: skip
        yield _named("response.output_item.done", output_index=index, item=item)
    yield _named("response.completed", response=whole)


def _named(kind: str, **held: object) -> Event:
    return kind, {"type": kind, **held}


def _openai_error(status: int, words: str) -> Body:
    kind = _KINDS.get(status, "server_error")
    return {"error": {"message": words, "type": kind, "param": None, "code": None}}


def _chat_asked(body: Body) -> dict[str, Any]:
    messages: list[Body] = []
    for one in body.get("messages", ()):
        if one["role"] == "tool":
            messages.append(_RETURNED)
        elif one.get("tool_calls"):
            messages.append(_CALLED)
        else:
            messages.append(_said(one["role"], _texts(one.get("content"))))
    tools = [{"name": one["function"]["name"]} for one in body.get("tools") or ()]
    form = (body.get("response_format") or {}).get("json_schema") or {}
    return _asked(body, messages, tools, form.get("schema"), stream=bool(body.get("stream")))


def _chat_calls(message: Body) -> list[dict[str, Any]]:
    blocks = [block for block in message["content"] if block["type"] == "tool_use"]
    return [
        {"index": index, "id": block["id"], "type": "function",
         "function": {"name": block["name"], "arguments": json.dumps(block["input"])}}
        for index, block in enumerate(blocks)
    ]  # fmt: skip


def _chat_answer(message: Body) -> Body:
    text = _texts([block for block in message["content"] if block["type"] == "text"])
    calls = _chat_calls(message)
    said = {"role": "assistant", "content": text or None}
    choice = {
        "index": 0,
        "message": {**said, "tool_calls": calls} if calls else said,
        "finish_reason": "tool_calls" if calls else "stop",
    }
    return _chat(message, "chat.completion", [choice], _chat_usage(message))


def _chat_usage(message: Body) -> dict[str, int]:
    used = message["usage"]
    total = used["input_tokens"] + used["output_tokens"]
    return {
        "prompt_tokens": used["input_tokens"],
        "completion_tokens": used["output_tokens"],
        "total_tokens": total,
    }


def _chat(message: Body, kind: str, choices: Sequence[Body], usage: object) -> dict[str, Any]:
    return {"id": message["id"], "object": kind, "created": 0, "model": message["model"],
            "choices": choices, "usage": usage}  # fmt: skip


def _chat_events(message: Body) -> Iterator[Event]:
    def piece(delta: Body, finish: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "", _chat(message, "chat.completion.chunk", [choice], None)

    yield piece({"role": "assistant", "content": ""})
    text = _texts([block for block in message["content"] if block["type"] == "text"])
    if text:
        yield piece({"content": text})
    calls = _chat_calls(message)
    for call in calls:
        empty = {**call["function"], "arguments": ""}
        yield piece({"tool_calls": [{**call, "function": empty}]})
        given = {"index": call["index"], "function": {"arguments": call["function"]["arguments"]}}
        yield piece({"tool_calls": [given]})
    yield piece({}, "tool_calls" if calls else "stop")
    yield "", _chat(message, "chat.completion.chunk", [], _chat_usage(message))
    yield "", "[DONE]"


def _gemini_asked(body: Body) -> dict[str, Any]:
    messages: list[Body] = []
    for one in body.get("contents", ()):
        parts = one.get("parts", [])
        if any("functionCall" in part for part in parts):
            messages.append(_CALLED)
        elif any("functionResponse" in part for part in parts):
            messages.append(_RETURNED)
        else:
            role = "assistant" if one.get("role") == "model" else "user"
            messages.append(_said(role, _texts(parts)))
    tools = [
        {"name": one["name"]}
        for tool in body.get("tools") or ()
        for one in tool.get("functionDeclarations", ())
    ]
    config = body.get("generationConfig") or {}
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return _asked(body, messages, tools, schema, stream=False)


def _gemini_answer(message: Body) -> Body:
    parts = [
        {"text": block["text"]}
        if block["type"] == "text"
        else {"functionCall": {"name": block["name"], "args": block["input"]}}
        for block in message["content"]
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    used = message["usage"]
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": used["input_tokens"],
            "candidatesTokenCount": used["output_tokens"],
            "totalTokenCount": used["input_tokens"] + used["output_tokens"],
        },
        "modelVersion": message["model"],
    }


def _gemini_events(message: Body) -> Iterator[Event]:
    yield "", {"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}}]}
    yield "", _gemini_answer(message)


def _gemini_error(status: int, words: str) -> Body:
    kinds = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}
    return {"error": {"code": status, "message": words, "status": kinds.get(status, "UNAVAILABLE")}}


_GEMINI = Wire(_gemini_asked, _gemini_answer, _gemini_events, _gemini_error)
_WIRES: Mapping[str, Wire] = {
    "/v1/messages": Wire(dict, lambda message: message, _messages_events, _messages_error),
    "/v1/responses": Wire(_responses_asked, _responses_answer, _responses_events, _openai_error),
    "/v1/chat/completions": Wire(_chat_asked, _chat_answer, _chat_events, _openai_error),
}
