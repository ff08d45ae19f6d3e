"""What is particular to each agent that speaks ACP: said once here, so that no driver has to know.

Everything is told to an agent by variables of its environment and by the protocol, and nothing by
a file: a home of the person is not written to, and that of a box is empty at every start.

Sources: the agents' own documentation and what their programs did when they were driven (see the
table in docs/agents.md); what is marked as untried is from documentation alone.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from attrs import evolve, field, frozen

from accord.core.orders import AgentKind, AgentOrder

Variables = Mapping[str, str]
Given = Callable[["Asked"], Variables]


@frozen
class Asked:
    """What an agent's variables are made of: the model (empty: its own choice) and the gateway.

    `url` is the gateway's address as the agent's service spells it, empty where there is none;
    `boxed` tells whether there are walls around the agent.
    """

    model: str
    url: str
    boxed: bool


@frozen
class Quirks:
    """One agent: how it is known, started, led to the gateway, held, resumed and understood.

    `programs` are words that its command holds, as a file's name or as a package's. `modes` are
    the session modes to set behind walls and without (empty: leave it). `rejection` says in words
    what follows a refused request. `goes_on` is the method that takes a conversation up again.
    `excuse` finds, in the last words of a turn, an error of the model's service that the agent
    itself calls an end, and `circle` is the reason that it gives when it stopped itself in a loop.
    `tried` tells whether the program itself was driven, `kind` by which driver.
    """

    name: str
    programs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    service: str = ""
    modes: tuple[str, str] = ("", "")
    rejection: str = "the tool fails, the turn goes on"
    goes_on: str = "load"
    given: Given = field(default=lambda _: {}, repr=False)
    excuse: re.Pattern[str] | None = None
    circle: str = ""
    tried: bool = True
    kind: AgentKind = AgentKind.ACP


_HTTP = r"(?:[45]\d\d\b|overloaded|rate.?limit|unauthori[sz]ed|too many requests|reconnecting)"
_ERROR_TEXT = re.compile(rf"(?im)^\W*(?:error|failed|stream error)\b.{{0,200}}?{_HTTP}")


def _claude(asked: Asked) -> Variables:
    model = {"ANTHROPIC_MODEL": asked.model} if asked.model else {}
    return {
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        # Tools that are looked up before they are called are not there when they are needed.
        "ENABLE_TOOL_SEARCH": "false",
        **model,
    }


def codex(asked: Asked) -> dict[str, object]:
    """Return the configuration of Codex, by the names of its own configuration file."""
    config: dict[str, object] = {
        "check_for_update_on_startup": False,
        "analytics": {"enabled": False},
        "web_search": "disabled",
    }
    if asked.model:
        config["model"] = asked.model
    if asked.url:
        config["model_providers"] = {
            "accord": {
                "name": "accord",
                "base_url": asked.url,
                "env_key": "OPENAI_API_KEY",
                "wire_api": "responses",
                "request_max_retries": 0,  # the gateway asks again
            }
        }
        config["model_provider"] = "accord"
    return config


def _codex(asked: Asked) -> Variables:
    config = codex(asked)
    if asked.boxed:
        # A sandbox cannot be built within this box, and need not be: the box is the wall.
        config |= {"sandbox_mode": "danger-full-access", "approval_policy": "never"}
    provider = {"MODEL_PROVIDER": "accord"} if asked.url else {}
    mode = "agent-full-access" if asked.boxed else "read-only"
    return {"CODEX_CONFIG": json.dumps(config), "INITIAL_AGENT_MODE": mode, **provider}


def _gemini(asked: Asked) -> Variables:
    given = {"GEMINI_CLI_NO_RELAUNCH": "true", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    given |= {"GEMINI_MODEL": asked.model} if asked.model else {}
    return given | ({"GEMINI_DEFAULT_AUTH_TYPE": "gemini-api-key"} if asked.url else {})


def _copilot(asked: Asked) -> Variables:
    given = {"COPILOT_AUTO_UPDATE": "false"}
    return given | ({"COPILOT_MODEL": asked.model} if asked.model else {})


def _opencode(asked: Asked) -> Variables:
    config: dict[str, object] = {
        "share": "disabled",
        "autoupdate": False,
        "permission": {"edit": "ask", "bash": "ask", "external_directory": "ask"},
    }
    if asked.url:
        model = asked.model or "default"
        config |= {
            "model": f"accord/{model}",
            "small_model": f"accord/{model}",
            "provider": {
                "accord": {
                    "npm": "@ai-sdk/openai-compatible",
                    "options": {"baseURL": asked.url, "apiKey": "{env:OPENAI_API_KEY}"},
                    "models": {model: {"tool_call": True}},
                }
            },
        }
    elif asked.model:
        config["model"] = asked.model
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(config),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
    }


def _goose(asked: Asked) -> Variables:
    given = {"GOOSE_MODEL": asked.model} if asked.model else {}
    if not asked.url:
        return given
    host, _, path = asked.url.rpartition("/")
    base = {"OPENAI_HOST": host, "OPENAI_BASE_PATH": f"{path}/chat/completions"}
    return {**given, "GOOSE_PROVIDER": "openai", **base}


_ENDS_TURN = "the turn ends"
QUIRKS: tuple[Quirks, ...] = (
    Quirks("claude-agent-acp", ("claude-agent-acp", "claude-code-acp"), service="anthropic",
           modes=("default", "default"), goes_on="resume", given=_claude),
    Quirks("codex-acp", ("codex-acp",), service="openai", given=_codex,
           modes=("agent-full-access", "read-only"), rejection=_ENDS_TURN, goes_on="resume",
           excuse=_ERROR_TEXT),
    Quirks("codex", ("codex",), ("app-server",), "openai", kind=AgentKind.CODEX),
    Quirks("copilot", ("copilot",), ("--acp",), "openai", rejection=_ENDS_TURN, given=_copilot,
           excuse=_ERROR_TEXT),
    Quirks("gemini", ("gemini", "gemini-cli"), ("--acp",), "gemini", given=_gemini,
           circle="max_turn_requests"),
    Quirks("opencode", ("opencode",), ("acp",), "openai", rejection=_ENDS_TURN,
           goes_on="resume", given=_opencode),
    Quirks("goose", ("goose",), ("acp",), "openai", given=_goose, tried=False),
    Quirks("kiro-cli", ("kiro-cli",), ("acp",), tried=False),
)  # fmt: skip
_PLAIN = Quirks("")
_URLS = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL",
         "gemini": "GOOGLE_GEMINI_BASE_URL"}  # fmt: skip


def of(command: Sequence[str]) -> Quirks:
    """Return what is particular to the agent that `command` starts, nothing for an unknown one.

    It is known by the name of its program or of the package that this lies in, wherever in the
    command that stands: `npx`, `node` and the like come first in many.
    """
    for word in command:
        names = _names(word)
        for one in QUIRKS:
            if names.intersection(one.programs):
                return one
    return _PLAIN


def _names(word: str) -> set[str]:
    """Return what a word of a command may name; folders count only where packages are kept."""
    path = PurePath(word)
    parts = list(path.parts)
    if "node_modules" in parts:
        parts = parts[parts.index("node_modules") :]
    elif path.is_absolute():
        parts = parts[-1:]
    plain = [part.rpartition("@")[0] or part for part in parts]
    return {*plain, *(part.partition(".")[0] for part in plain)}


def asked(order: AgentOrder) -> Asked:
    """Return what the agent of `order` is to be told."""
    service = "openai" if order.agent.kind is AgentKind.CODEX else of(order.agent.command).service
    own = dict(order.environment)
    url = own.get(_URLS.get(service, ""), "") if order.outlet is not None else ""
    return Asked(order.agent.model, url, bool(order.box))


def dressed(order: AgentOrder) -> AgentOrder:
    """Return `order` with the variables that its agent needs; what the order sets itself stays."""
    own = dict(order.environment)
    given = of(order.agent.command).given(asked(order))
    added = tuple((name, value) for name, value in given.items() if name not in own)
    return evolve(order, environment=(*order.environment, *added))
