"""`accord agents` says which agents there are, and what each says of itself."""

import sys
from pathlib import Path

import pytest

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
    assert "dead: gave no proper answer: no licence" in said
    assert "missing gone: there-is-no-such-agent was not found" in said


def test_an_installed_agent_is_found_and_how_to_configure_it_is_said(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "gemini"
    program.write_text(f"#!{sys.executable} -I\n{GREETING.replace('VERSION', '1')}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    result = project.run("agents", "--accept-unsandboxed", "--json")
    (one,) = [one for one in result.json["agents"] if one["name"] == "gemini"]
    assert (one["configured"], one["command"], one["state"]) == (
        False,
        ["gemini", "--acp"],
        "answers",
    )
    shown = project.run("agents", "--accept-unsandboxed").out
    assert '[agents.gemini]\n        command = ["gemini", "--acp"]' in shown
