"""Claude Code itself, from the story to a landed task, against a scripted model on 127.0.0.1."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from accord.agents.model_server import ModelServer, Say, Scene, Write

STORY = """# Tax

Customers see the tax.

## Questions

## Assumptions

## Requirements

### R1 Tax

As a customer, I want the total with tax, so that I know what I pay.

- R1.1 WHEN the total with tax is asked for THE cart SHALL add 20 percent.

## Tasks

- [ ] T1 Add the tax
  - Satisfies: R1.1
  - Touches: cart.py, tests/**
  - After: -
  - Verify: python -m pytest -q

## Out of scope
Other rates.
"""
CODE = "def total(prices):\n    return sum(prices)\n\n\ndef taxed(prices):\n"
CODE += "    return total(prices) * 120 // 100\n"
TEST = (
    "from cart import taxed\n\n\ndef test_R1_1_adds_20_percent():\n    assert taxed([100]) == 120\n"
)
CONFIG = """base = "main"
[verify]
command = "python -m pytest -q"
[agent]
default = "claude"
[agents.claude]
kind = "claude"
env = ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"]
"""

needs_claude = pytest.mark.skipif(
    importlib.util.find_spec("claude_agent_sdk") is None
    and not os.environ.get("ACCORD_REQUIRE_ALL"),
    reason="claude-agent-sdk is not installed",
)


@needs_claude
def test_claude_code_drafts_and_builds_and_cannot_leave_its_area(tmp_path: Path) -> None:
    repo = tmp_path / "shop"
    (repo / "tests").mkdir(parents=True)
    (repo / "cart.py").write_text("def total(prices):\n    return sum(prices)\n")
    (repo / ".accord").mkdir()
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    story = Scene(
        ("Stage: story",),
        (
            Write("cart.py", "stolen = True\n"),
            Write("specs/tax/requirements.md", STORY),
            Say("I wrote the story and some code as well."),
        ),
    )
    task = Scene(
        ("Task T1: Add the tax",),
        (
            Write("setup.cfg", "[metadata]\n"),
            Write("cart.py", CODE),
            Write("tests/test_tax.py", TEST),
            Say("Done."),
        ),
    )
    with ModelServer([story, task], tmp_path / "requests.jsonl") as server:
        env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@localhost",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@localhost",
            "ANTHROPIC_BASE_URL": server.url,
            "ANTHROPIC_API_KEY": "sk-secret-of-the-person",
        }

        def run(*command: str) -> str:
            done = subprocess.run(
                command, cwd=repo, env=env, text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout}"
            return done.stdout

        def accord(*words: str) -> str:
            return run(sys.executable, "-m", "accord", *words)

        run("git", "init", "-q", "-b", "main")
        run("git", "add", "-A")
        run("git", "commit", "-q", "-m", "A shop")
        accord("init", "--name", "ann")
        (repo / ".accord" / "config.toml").write_text(CONFIG)
        run("git", "commit", "-q", "-a", "-m", "Name the agent")
        accord("new", "The cart adds tax", "--name", "tax", "--track", "small")

        drafted = accord("run")

        assert "approve the story" in drafted
        assert run("git", "show", "accord/tax:specs/tax/requirements.md") == STORY
        assert "stolen" not in run("git", "show", "accord/tax:cart.py")

        accord("approve", "--yes")
        accord("run")

        assert run("git", "show", "accord/tax:cart.py") == CODE
        assert "setup.cfg" not in run("git", "ls-tree", "-r", "--name-only", "accord/tax")
        shown = accord("show")
        assert "R1.1 proven" in shown

        accord("approve", "--yes")
        accord("run")

        assert (repo / "cart.py").read_text() == CODE
    # The two writes outside the area were refused when they were asked for, not cleaned up later.
    transcripts = "".join(
        path.read_text() for path in (tmp_path / "state").rglob("transcript.jsonl")
    )
    assert transcripts.count('"refused"') >= 2
    everything = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert [path for path in everything if b"sk-secret-of-the-person" in path.read_bytes()] == []
