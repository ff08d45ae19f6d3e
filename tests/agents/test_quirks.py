import asyncio
import json
import sys
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import acp, quirks
from accord.core.orders import AgentChoice, AgentKind, AgentOrder, AgentStatus, Outlet

ROOT = Path(__file__).parents[2]
URL = "http://127.0.0.1:8899"
OUT = (("OPENAI_BASE_URL", f"{URL}/v1"), ("ANTHROPIC_BASE_URL", URL))

# An agent that offers modes and a choice of models, and tells at its end what was chosen.
CHOOSING = """
import json, sys
def send(**held): print(json.dumps({"jsonrpc": "2.0", **held}), flush=True)
chosen = []
for line in sys.stdin:
    asked = json.loads(line)
    method, params = asked["method"], asked["params"]
    answer = {}
    if method == "initialize":
        answer = {"protocolVersion": 1}
    elif method == "session/new":
        mode = {"id": "read-only", "name": "r"}
        option = {"id": "m", "name": "Model", "category": "model", "type": "select",
                  "currentValue": "small", "options": [{"value": "large", "name": "l"}]}
        modes = {"currentModeId": "agent", "availableModes": [mode]}
        answer = {"sessionId": "s", "modes": modes, "configOptions": [option]}
    elif method == "session/set_mode":
        chosen.append(params["modeId"])
    elif method == "session/set_config_option":
        chosen.append(params["value"])
        answer = {"configOptions": []}
    else:
        block = {"type": "text", "text": " ".join(chosen) + WORDS}
        update = {"sessionUpdate": "agent_message_chunk", "content": block}
        send(method="session/update", params={"sessionId": "s", "update": update})
        answer = {"stopReason": "end_turn"}
    send(id=asked["id"], result=answer)
"""


def order(*command: str, model: str = "", boxed: bool = False, led: bool = True) -> AgentOrder:
    agent = AgentChoice("a", AgentKind.ACP, command, model)
    out = Outlet("openai") if led else None
    box = ("box",) if boxed else ()
    return AgentOrder("r", agent, "/work", "x", (), box=box, environment=OUT, outlet=out)


def choosing(tmp_path: Path, name: str, model: str = "", words: str = "") -> AgentOrder:
    program = tmp_path / name
    program.write_text(CHOOSING.replace("WORDS", repr(words)))
    plain = order(sys.executable, "-I", str(program), model=model, led=False)
    return evolve(plain, workdir=str(tmp_path))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("gemini", "--acp"), "gemini"),
        (("npx", "-y", "@google/gemini-cli@0.61.0", "--acp"), "gemini"),
        (("npx", "@agentclientprotocol/claude-agent-acp"), "claude-agent-acp"),
        (("/usr/bin/node", "/a/node_modules/@x/codex-acp/dist/index.js"), "codex-acp"),
        (("/opt/bin/copilot", "--acp"), "copilot"),
        (("opencode.exe", "acp"), "opencode"),
        (("kiro-cli", "acp"), "kiro-cli"),
        (("/home/gemini/bin/mine", "--acp"), ""),
        (("mine",), ""),
    ],
)
def test_an_agent_is_known_by_its_program_or_package_and_not_by_a_folder(
    command: tuple[str, ...], name: str
) -> None:
    assert quirks.of(command).name == name


def test_codex_is_led_to_the_gateway_and_takes_down_its_own_sandbox_in_a_box_alone() -> None:
    boxed = dict(quirks.dressed(order("codex-acp", model="gpt-5.5", boxed=True)).environment)
    config = json.loads(boxed["CODEX_CONFIG"])
    provider = config["model_providers"][config["model_provider"]]
    assert (config["model"], config["sandbox_mode"]) == ("gpt-5.5", "danger-full-access")
    assert (provider["base_url"], provider["env_key"]) == (f"{URL}/v1", "OPENAI_API_KEY")
    assert boxed["INITIAL_AGENT_MODE"] == "agent-full-access"
    plain = dict(quirks.dressed(order("codex-acp")).environment)
    assert plain["INITIAL_AGENT_MODE"] == "read-only"
    assert "sandbox_mode" not in json.loads(plain["CODEX_CONFIG"])


def test_goose_is_led_to_the_gateway_and_kiro_cannot_be_and_neither_was_tried() -> None:
    goose = dict(quirks.dressed(order("goose", "acp")).environment)
    assert (goose["GOOSE_PROVIDER"], goose["OPENAI_HOST"]) == ("openai", URL)
    assert goose["OPENAI_BASE_PATH"] == "v1/chat/completions"
    assert quirks.of(("kiro-cli", "acp")).service == ""
    assert quirks.dressed(order("kiro-cli", "acp")).environment == OUT
    assert [one.name for one in quirks.QUIRKS if not one.tried] == ["goose", "kiro-cli"]


def test_the_table_in_the_docs_says_what_is_known_of_each() -> None:
    rows = {}
    for line in (ROOT / "docs/agents.md").read_text().splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells and cells[0].startswith('`["'):
            rows[quirks.of(json.loads(cells[0].strip("`"))).name] = (name, *cells)
    assert set(rows) == {one.name for one in quirks.QUIRKS if one.kind is AgentKind.ACP}
    for one in quirks.QUIRKS:
        if one.kind is AgentKind.ACP:
            name, command, rejection, goes_on = rows[one.name]
            assert name.endswith("(untried)") is not one.tried
            assert tuple(json.loads(command.strip("`"))[1:]) == one.arguments
            assert rejection == one.rejection
            assert goes_on == f"`session/{one.goes_on}`"


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("claude-agent-acp", "ANTHROPIC_MODEL"),
        ("gemini", "GEMINI_MODEL"),
        ("copilot", "COPILOT_MODEL"),
        ("goose", "GOOSE_MODEL"),
    ],
)
def test_the_model_is_told_by_the_variable_that_the_agent_knows(
    command: str, variable: str
) -> None:
    assert dict(quirks.dressed(order(command, model="m")).environment)[variable] == "m"
    assert variable not in dict(quirks.dressed(order(command)).environment)


def test_what_the_order_sets_itself_stays_and_no_gateway_is_named_where_there_is_none() -> None:
    given = evolve(order("gemini"), environment=(("GEMINI_CLI_NO_RELAUNCH", "mine"),))
    assert dict(quirks.dressed(given).environment)["GEMINI_CLI_NO_RELAUNCH"] == "mine"
    config = dict(quirks.dressed(order("opencode", led=False)).environment)
    assert "provider" not in json.loads(config["OPENCODE_CONFIG_CONTENT"])


def test_the_mode_of_a_known_agent_and_the_model_of_an_unknown_one_are_set(tmp_path: Path) -> None:
    codex = asyncio.run(acp.drive(choosing(tmp_path, "codex-acp", "large"), lambda _: None))
    assert codex.said == "read-only"
    other = asyncio.run(acp.drive(choosing(tmp_path, "other", "large"), lambda _: None))
    assert other.said == "large"


def test_a_mode_that_is_needed_and_not_offered_fails_the_start(tmp_path: Path) -> None:
    claude = asyncio.run(acp.drive(choosing(tmp_path, "claude-agent-acp"), lambda _: None))
    assert (claude.status, claude.detail) == (
        AgentStatus.FAILED,
        "a does not offer the mode default",
    )


def test_an_error_of_the_service_that_an_agent_calls_an_end_is_a_failed_run(
    tmp_path: Path,
) -> None:
    words = "Error: 529 scripted failure"
    found = asyncio.run(acp.drive(choosing(tmp_path, "copilot", words=words), lambda _: None))
    assert found.status is AgentStatus.FAILED
    assert found.detail == f"a ended with an error: {words}"
    fine = asyncio.run(acp.drive(choosing(tmp_path, "copilot", words="All well"), lambda _: None))
    assert fine.status is AgentStatus.ENDED
