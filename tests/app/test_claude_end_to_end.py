"""Claude Code itself, from the story to a landed task, against a scripted model on 127.0.0.1."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.agents.model_script import Say, Scene, Write
from accord.agents.model_server import ModelServer
from project import PYTEST, Project, make_project

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
  - Touches: shop/tax.py, tests/**
  - After: -

## Out of scope
Other rates.
"""
CODE = "def taxed(price):\n    return price * 120 // 100\n"
TEST = """from shop.tax import taxed


def test_R1_1_adds_20_percent():
    assert taxed(100) == 120
"""
AGENT = """
[agent]
default = "claude"

[agents.claude]
kind = "claude"
upstream = "URL"
"""
# In both stages the model also writes where it may not; the last words claim more than was done.
SCENES = (
    Scene(
        ("Stage: story",),
        (
            Write("shop/cart.py", "stolen = True\n"),
            Write("specs/tax/requirements.md", STORY),
            Say("I wrote the story, and some code as well."),
        ),
    ),
    Scene(
        ("Task T1: Add the tax",),
        (
            Write("setup.cfg", "[metadata]\n"),
            Write("shop/tax.py", CODE),
            Write("tests/test_tax.py", TEST),
            Say("Done."),
        ),
    ),
)
SECRET = "sk-secret-of-the-person"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("claude_agent_sdk") is None
    and not os.environ.get("ACCORD_REQUIRE_ALL"),
    reason="claude-agent-sdk is not installed",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Yield a project whose agent is Claude Code, asking a scripted model."""
    project = make_project(tmp_path, monkeypatch, verify=PYTEST)
    config = project.top / ".accord" / "config.toml"
    with ModelServer(SCENES, tmp_path / "requests.jsonl") as server:
        config.write_text(
            config.read_text().split("\n[agent]")[0] + AGENT.replace("URL", server.url)
        )
        project.git("commit", "-q", "-a", "-m", "Name the agent")
        monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
        yield project


def test_claude_code_drafts_and_builds_and_cannot_leave_its_area(shop: Project) -> None:
    before = shop.file("main", "shop/cart.py")
    shop.ok("new", "The cart adds tax", "--name", "tax", "--track", "small")

    drafted = shop.ok("run")

    assert "approve the story" in drafted.out
    assert shop.file("accord/tax", "specs/tax/requirements.md") == STORY.encode()
    assert shop.file("accord/tax", "shop/cart.py") == before

    shop.ok("approve", "--yes")
    shop.ok("run")

    assert shop.file("accord/tax", "shop/tax.py") == CODE.encode()
    assert "setup.cfg" not in shop.git("ls-tree", "-r", "--name-only", "accord/tax")
    assert "R1.1 proven" in shop.ok("show").out

    shop.ok("approve", "--yes")
    shop.ok("run")

    assert (shop.top / "shop" / "tax.py").read_text() == CODE
    # The two writes were refused when they were asked for, not cleaned up later.
    transcripts = [path.read_text() for path in shop.state.rglob("transcript.jsonl")]
    assert len(transcripts) == 2
    assert all('"refused"' in text for text in transcripts)
    kept = [path for path in shop.state.rglob("*") if path.is_file()]
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
