"""What an agent may ask of a model's service, said once for each service.

Everything here is an allow-list over what was sent, byte for byte: nothing is decoded before it
is judged, so there is no second reading of a path to hide behind. Beside the paths, the bodies are
judged: a service that fetches an address, runs code or calls a server for the agent would be a
way out of the box that leads through the one that is open.

Sources: the public API references of the three services, and what their agents were seen to send.
"""

import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

Headers = Sequence[tuple[bytes, bytes]]

BODY_BYTES = 32 * 2**20
_NESTED = 250_000
_PARTS = 2_000_000
_OUTPUT = 32_768
_MOST = 10_000_000


@frozen
class Service:
    """One protocol: its public address, where its key is kept, and what of it is open.

    `paths` maps a method to a pattern for the whole path; group `model` is the model's name, group
    `asks` is there when the request makes the model work. `urls` and `tokens` name the variables
    by which agents are told the gateway's address (with `/v1` where they expect it) and their key.
    """

    name: str
    upstream: str
    keys: tuple[str, ...]
    urls: tuple[tuple[str, str], ...]
    tokens: tuple[str, ...]
    fixed: tuple[tuple[str, str], ...]
    paths: Mapping[bytes, re.Pattern[bytes]]
    parameters: frozenset[bytes]


_MODEL = rb"(?P<model>[A-Za-z0-9][A-Za-z0-9._-]{0,99})"
_V1_MODELS = re.compile(rb"/v1/models")

SERVICES: Mapping[str, Service] = {
    "anthropic": Service(
        "anthropic",
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
        (("ANTHROPIC_BASE_URL", ""),),
        ("ANTHROPIC_API_KEY",),
        (),
        {
            b"POST": re.compile(rb"/v1/messages(?:(?P<asks>)|/count_tokens)"),
            b"GET": _V1_MODELS,
        },
        frozenset({b"beta", b"limit", b"after_id", b"before_id"}),
    ),
    "openai": Service(
        "openai",
        "https://api.openai.com",
        ("OPENAI_API_KEY",),
        (
            ("OPENAI_BASE_URL", "/v1"),
            ("OPENAI_API_BASE", "/v1"),
            ("COPILOT_PROVIDER_BASE_URL", "/v1"),
        ),
        ("OPENAI_API_KEY", "COPILOT_PROVIDER_API_KEY"),
        (("COPILOT_PROVIDER_TYPE", "openai"), ("COPILOT_OFFLINE", "true")),
        {
            b"POST": re.compile(rb"/v1/(?:responses|chat/completions)(?P<asks>)"),
            b"GET": _V1_MODELS,
        },
        frozenset(),
    ),
    "gemini": Service(
        "gemini",
        "https://generativelanguage.googleapis.com",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        (("GOOGLE_GEMINI_BASE_URL", ""),),
        ("GEMINI_API_KEY",),
        (),
        {
            b"POST": re.compile(
                rb"/v1(?:beta)?/models/"
                + _MODEL
                + rb":(?:countTokens|(?:generateContent|streamGenerateContent)(?P<asks>))"
            ),
            b"GET": re.compile(rb"/v1(?:beta)?/models"),
        },
        frozenset({b"alt", b"pageSize", b"pageToken"}),
    ),
}


@frozen
class Refusal:
    """Why a request goes no further: the HTTP status and a sentence for whoever sent it."""

    status: int
    words: str


@frozen
class Way:
    """A request that may go on: the target to ask for, whether it makes the model work."""

    target: bytes
    asks: bool
    model: str = ""


@frozen
class Question:
    """What a body asks for: its model, the most tokens it can take, whether tools are offered."""

    model: str
    input: int
    output: int
    tools: bool


def knows(token: str, headers: Headers, target: bytes) -> bool:
    """Tell whether a request carries the run's own token, in whichever way agents send a key."""
    held = [value for name, value in headers if name in (b"x-api-key", b"x-goog-api-key")]
    given = [value for name, value in headers if name == b"authorization"]
    held += [value[7:] for value in given if value[:7].lower() == b"bearer "]
    held += [pair[4:] for pair in target.partition(b"?")[2].split(b"&") if pair[:4] == b"key="]
    return any(hmac.compare_digest(value.strip(), token.encode()) for value in held)


def way(service: Service, method: bytes, target: bytes, headers: Headers) -> Way | Refusal:
    """Judge a request by its first line and its headers.

    The path must match as it was sent: a `%`, a `..`, a second slash, an address in place of a
    path or a method in small letters matches nothing. Of the query only known parameters with
    plain values pass; an agent's own `key` is left out.
    """
    names = [name for name, _ in headers]
    if b"upgrade" in names or b"http2-settings" in names:
        return Refusal(403, "the gateway does not change the protocol of a connection")
    if b"transfer-encoding" in names and b"content-length" in names:
        return Refusal(400, "a request has one length, not two")
    coding = [value for name, value in headers if name == b"content-encoding"]
    if any(value.lower() != b"identity" for value in coding):
        return Refusal(415, "a request must not be compressed")
    path, _, query = target.partition(b"?")
    pattern = service.paths.get(method)
    found = pattern.fullmatch(path) if pattern else None
    if found is None:
        return Refusal(403, "the gateway opens the model's message endpoints and nothing else")
    kept = []
    for pair in query.split(b"&") if query else ():
        name, _, value = pair.partition(b"=")
        if name == b"key":
            continue
        if name not in service.parameters or not re.fullmatch(rb"[A-Za-z0-9_.-]{0,200}", value):
            return Refusal(403, "the gateway does not pass on this part of the query")
        kept.append(pair)
    groups = found.groupdict()
    model = (groups.get("model") or b"").decode()
    full = path + (b"?" + b"&".join(kept) if kept else b"")
    return Way(full, groups.get("asks") is not None, model)


def question(service: Service, body: bytes, model: str) -> Question | Refusal:
    """Judge the body of a POST and return what it asks for; `model` is what the path named."""
    if body.count(b"{") + body.count(b"[") > _NESTED or body.count(b",") > _PARTS:
        return Refusal(413, "a request must not have that many parts")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        plain = isinstance(error, _TwiceError)
        return Refusal(400, str(error) if plain else "the body of a request must be JSON")
    if not isinstance(value, dict):
        return Refusal(400, "the body of a request must be a JSON object")
    reach = next(_reaches(service.name, value), "")
    if reach:
        return Refusal(403, f"a request must not have the model's service {reach}")
    named = value.get("model")
    return Question(
        model or (named if isinstance(named, str) else "")[:100],
        # No text has more tokens than a third of its bytes in UTF-8, give or take.
        len(body) // 3,
        _ceiling(value),
        bool(value.get("tools")),
    )


class _TwiceError(ValueError):
    """Raised for a key that stands twice in one object, of which a service may read the other."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _TwiceError("a key must not stand twice in one object")
    return value


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _ceiling(value: Mapping[str, Any]) -> int:
    """Return the most tokens that an answer may have, as the request itself says it."""
    config = value.get("generationConfig") or value.get("generation_config")
    places = (value, config if isinstance(config, dict) else {})
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
    found = [place[name] for place in places for name in names if name in place]
    whole = [n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    return min(max(whole, default=_OUTPUT), _MOST)


# The tools that an agent runs by itself. All others are run by the service, where no box is.
_OWN_TOOLS = {
    "anthropic": re.compile(r"custom|(bash|text_editor|computer|memory|tool_search\w*)_\d{8}"),
    "openai": re.compile(r"function|custom|namespace|local_shell|apply_patch|tool_search"),
}
_REMOTE = {
    "mcpservers": "call another server",
    "serverurl": "call another server",
    "connectorid": "call another server",
    "fileid": "use its files",
    "fileids": "use its files",
    "fileurl": "fetch an address",
    "fileuri": "fetch an address",
}
_REMOTE_AT_THE_TOP = {
    "container": "run code",
    "background": "work on unseen",
    "prompt": "use what is stored there",
    "websearchoptions": "search the web",
}
# What a tool takes and what it gave is the agent's own, whatever its keys are called.
_OWN = frozenset(
    "inputschema parameters parametersjsonschema schema args response arguments"
    " responseschema responsejsonschema".split()
)


def _plain(key: str) -> str:
    # The services differ in which spellings of a name they take; this takes all of them.
    return key.replace("_", "").casefold()


def _reaches(service: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `value` would have the service do out of the agent's box, in words."""
    top = {_plain(key) for key, held in value.items() if held}
    yield from (words for name, words in _REMOTE_AT_THE_TOP.items() if name in top)
    pending: list[Any] = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        if not isinstance(part, dict):
            continue
        for key, held in part.items():
            name = _plain(key)
            if name in ("tools", "additionaltools") and isinstance(held, list):
                yield from filter(None, (_tool(service, tool) for tool in held))
            if name in _REMOTE and held:
                yield _REMOTE[name]
            if name in ("imageurl", "videourl", "source") and _fetches(held):
                yield "fetch an address"
            if name not in _OWN and (name != "input" or part is value):
                pending.append(held)


def _fetches(held: object) -> bool:
    if isinstance(held, dict):
        return held.get("type") in ("url", "file") or _fetches(held.get("url"))
    return isinstance(held, str) and held[:5].casefold() in ("http:", "https", "ftp:/", "gs://")


def _tool(service: str, tool: object) -> str:
    if not isinstance(tool, dict):
        return "run a tool that is not described"
    if service == "gemini":
        other = {_plain(key) for key in tool} - {"functiondeclarations"}
        return f"run the tool {min(other)[:40]}" if other else ""
    kind = tool.get("type", "custom" if service == "anthropic" else "")
    if kind == "web_search" and tool.get("external_web_access") is False:
        return ""  # it looks into what the service holds already
    local = isinstance(kind, str) and _OWN_TOOLS[service].fullmatch(kind)
    return "" if local else f"run the tool {str(kind)[:40]}"


_PASSED = frozenset(
    {
        b"accept",
        b"content-type",
        b"user-agent",
        b"anthropic-version",
        b"anthropic-beta",
        b"openai-beta",
        b"x-app",
        b"originator",
        b"x-goog-api-client",
    }
)
_OAUTH_BETA = b"oauth-2025-04-20"


def asked_with(service: Service, variable: str, key: str, headers: Headers) -> list[Any]:
    """Return the headers of the request to the service: a few of the agent's, and the real key.

    `variable` is the name under which the person keeps the key, which tells what kind it is.
    """
    kept = [(n, v) for n, v in headers if n in _PASSED or n.startswith(b"x-stainless-")]
    secret = key.encode()
    if service.name == "gemini":
        return [*kept, (b"x-goog-api-key", secret)]
    if service.name == "openai":
        return [*kept, (b"authorization", b"Bearer " + secret)]
    if not variable.endswith(("OAUTH_TOKEN", "AUTH_TOKEN")):
        return [*kept, (b"x-api-key", secret)]
    betas = [value for name, value in kept if name == b"anthropic-beta"]
    rest = [pair for pair in kept if pair[0] != b"anthropic-beta"]
    joined = b",".join([*betas, *([] if _OAUTH_BETA in b",".join(betas) else [_OAUTH_BETA])])
    return [*rest, (b"anthropic-beta", joined), (b"authorization", b"Bearer " + secret)]


_RETURNED = frozenset(
    {
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"retry-after",
        b"retry-after-ms",
        b"request-id",
        b"x-request-id",
        b"x-should-retry",
    }
)


def answered_with(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of the service's answer that the agent is to see."""
    limits = (b"anthropic-ratelimit-", b"x-ratelimit-")
    return [(n, v) for n, v in headers if n in _RETURNED or n.startswith(limits)]


_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    413: "request_too_large",
    429: "rate_limit_error",
}
_GOOGLE = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "RESOURCE_EXHAUSTED"}
_GOOGLE |= {403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 504: "DEADLINE_EXCEEDED"}


def error_body(service: Service, refusal: Refusal) -> bytes:
    """Return the body of an error in the shape that agents of this service know."""
    words, status = f"Accord: {refusal.words}", refusal.status
    kind = _KINDS.get(status, "api_error")
    shapes: dict[str, Any] = {
        "anthropic": {"type": "error", "error": {"type": kind, "message": words}},
        "openai": {
            "error": {
                "message": words,
                "type": "insufficient_quota" if status == 402 else kind,
                "param": None,
                "code": "insufficient_quota" if status == 402 else None,
            }
        },
        "gemini": {
            "error": {
                "code": status,
                "message": words,
                "status": _GOOGLE.get(status, "UNAVAILABLE"),
            }
        },
    }
    return json.dumps(shapes[service.name]).encode()
