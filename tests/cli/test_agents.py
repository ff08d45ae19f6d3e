"""`accord agents` says which agents there are, and what each says of itself."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from needing import need
from project import Project

GREETING = """
import json, sys
asked = json.loads(sys.stdin.readline())
able = {"loadSession": True, "mcpCapabilities": {"http": True}}
answer = {"protocolVersion": VERSION, "agentCapabilities": able,
          "agentInfo": {"name": "x", "version": "9.9\\u001b[31m"}}
print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}), flush=True)
sys.stdin.read()
"""


def configured(project: Project, name: str, *command: str, more: str = "") -> None:
    config = project.top / ".accord" / "config.toml"
    words = ", ".join(f"'''{word}'''" for word in command)
    config.write_text(config.read_text() + f"\n[agents.{name}]\ncommand = [{words}]\n{more}\n")
    project.git("commit", "-q", "-a", "-m", "Name an agent")


def install(monkeypatch: pytest.MonkeyPatch, program: Path, code: str) -> None:
    """Put a program on the PATH, in a folder of its own."""
    place = program.parent / "programs" / program.name
    place.parent.mkdir()
    place.write_text(f"#!{sys.executable} -I\n{code}")
    place.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place.parent}:/usr/bin:/bin")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the agents that the machine has."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def test_an_agent_that_answers_is_shown_with_what_it_can_do(project: Project) -> None:
    program = GREETING.replace("VERSION", "1")
    configured(project, "spare", sys.executable, "-I", "-c", program)
    configured(project, "mine", sys.executable, "-I", "-c", program, more='else = "spare"')
    result = project.run("agents", "--accept-unsandboxed")
    assert result.exit == 0
    assert "ok      mine: 9.9[31m; load, tools over HTTP" in result.out
    assert "else: spare" in result.out


def test_an_agent_that_takes_no_tools_is_shown_so(project: Project) -> None:
    program = GREETING.replace("VERSION", "1").replace('"http": True', '"http": False')
    configured(project, "mine", sys.executable, "-I", "-c", program)
    said = " ".join(project.ok("agents", "--accept-unsandboxed").out.split())
    assert "load; it takes no tools over HTTP, so it can ask nobody" in said


def test_an_agent_that_does_not_answer_as_it_should_is_named(project: Project) -> None:
    configured(project, "old", sys.executable, "-I", "-c", GREETING.replace("VERSION", "7"))
    configured(project, "dead", sys.executable, "-I", "-c", "import sys; sys.exit('no licence')")
    configured(project, "gone", "there-is-no-such-agent")
    result = project.run("agents", "--accept-unsandboxed")
    assert result.exit == 1
    said = " ".join(result.out.split())
    assert "old: speaks version 7 of the protocol, not 1" in said
    assert "dead: exited with status 1 before its turn began: no licence" in said
    assert "missing gone: there-is-no-such-agent was not found" in said


def test_an_installed_agent_is_found_and_how_to_configure_it_is_said(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path / "gemini", GREETING.replace("VERSION", "1"))
    result = project.run("agents", "--accept-unsandboxed", "--json")
    (one,) = [one for one in result.json["agents"] if one["name"] == "gemini"]
    assert (one["configured"], one["command"], one["state"]) == (
        False,
        ["gemini", "--acp"],
        "answers",
    )
    shown = project.run("agents", "--accept-unsandboxed").out
    assert '[agents.gemini]\n        command = ["gemini", "--acp"]' in shown


CODEX = """
import json, sys
print("a note", file=sys.stderr)
if sys.argv[1] != "app-server":
    sys.exit("no such command")
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        answer = {"userAgent": "accord/9.9.1 (Debian) unknown (accord; 0)"}
        print(json.dumps({"id": asked["id"], "result": answer}), flush=True)
"""


def test_codex_is_asked_through_its_own_server_and_configured_by_its_kind(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, tmp_path / "codex", CODEX)
    shown = project.run("agents", "--accept-unsandboxed").out
    assert "codex: 9.9.1; resume, tools over HTTP" in shown
    assert '[agents.codex]\n        kind = "codex"\n        command = ["codex"]' in shown
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text() + '\n[agents.codex]\nkind = "codex"\n')
    project.git("commit", "-q", "-a", "-m", "Name Codex")
    every = project.run("agents", "--accept-unsandboxed", "--json").json["agents"]
    (one,) = [one for one in every if one["kind"] == "codex"]
    assert (one["configured"], one["command"], one["state"]) == (True, ["codex"], "answers")


def test_claude_code_is_found_where_its_sdk_is_installed_and_not_twice(project: Project) -> None:
    need(find_spec("claude_agent_sdk") is not None, "claude-agent-sdk")
    shown = project.run("agents").out
    assert "ok      claude: " in shown
    assert '[agents.claude]\n        kind = "claude"\n' in shown
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text() + '\n[agents.mine]\nkind = "claude"\n')
    project.git("commit", "-q", "-a", "-m", "Name Claude Code")
    every = project.run("agents", "--json").json["agents"]
    assert [one["name"] for one in every if one["kind"] == "claude"] == ["mine"]
