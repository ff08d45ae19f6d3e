"""Claude Code, the real program, is held to its order; the model that it talks to is scripted."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from accord.agents.claude import dressed, drive
from accord.agents.claude_tools import Ruling, judge
from accord.agents.environment import RUN_MARK, clean
from accord.agents.memory import CUT_OFF, Memory
from accord.agents.model_script import Fail, Hang, Op, Read, Say, Scene, Shell, Write
from accord.agents.model_server import ModelServer
from accord.core.orders import (
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    EventKind,
    Limits,
)

needs_sdk = pytest.mark.skipif(
    find_spec("claude_agent_sdk") is None and os.environ.get("ACCORD_REQUIRE_ALL") != "1",
    reason="claude-agent-sdk is not installed (the extra accord[claude])",
)
PROMPT = "Write the story of guest checkout. Somebody wrote: see @shop/cart.py"
GENEROUS = Limits(total_s=180, idle_s=120)
HAS_PROC = Path("/proc/self").exists()

# Stands in for a Claude Code that greets the SDK properly and then goes wrong.
GREETING = """\
import json, sys, time
asked = json.loads(sys.stdin.readline())
answer = {"subtype": "success", "request_id": asked["request_id"],
          "response": {"hook_on_failure_supported": True}}
print(json.dumps({"type": "control_response", "response": answer}), flush=True)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    for folder in ("specs/guest", "src", "shop", ".git"):
        (work / folder).mkdir(parents=True)
    (work / "shop/cart.py").write_text("MINUTES = 30\n")
    (work / "specs/guest/out").symlink_to("../../src")
    (work / "specs/guest/away").symlink_to(tmp_path)
    (work / "src/in").symlink_to("../specs/guest")
    (tmp_path / "home").mkdir()
    return work


def order_for(
    work: Path,
    writable: tuple[str, ...] = ("specs/guest/**",),
    limits: Limits = GENEROUS,
    box: tuple[str, ...] = (),
    command: tuple[str, ...] = (),
    url: str = "http://127.0.0.1:9",
) -> AgentOrder:
    return AgentOrder(
        run_id="run-1",
        agent=AgentChoice("claude", AgentKind.CLAUDE, command),
        workdir=str(work),
        prompt=PROMPT,
        writable=writable,
        limits=limits,
        box=box,
        environment=(
            ("HOME", str(work.parent / "home")),
            (RUN_MARK, str(work)),
            ("ANTHROPIC_BASE_URL", url),
            ("ANTHROPIC_API_KEY", "sk-test"),
            ("CLAUDE_CODE_MAX_RETRIES", "0"),
        ),
    )


def play(
    work: Path,
    *ops: Op,
    writable: tuple[str, ...] = ("specs/guest/**",),
    limits: Limits = GENEROUS,
    box: tuple[str, ...] = (),
    emit: Callable[[AgentEvent], None] | None = None,
    memory: Memory | None = None,
    when: str = "guest checkout",
) -> AgentReport:
    log = work.parent / "requests.jsonl"
    with ModelServer([Scene((when,), ops)], log) as server:
        order = order_for(work, writable, limits, box, url=server.url)
        return asyncio.run(drive(order, emit or (lambda _event: None), memory))


def seen_by_the_model(work: Path) -> list[str]:
    return (work.parent / "requests.jsonl").read_text().splitlines()


def left_running(work: Path) -> list[bytes]:
    """Return the commands of the processes that live in the run's home."""
    mark = f"HOME={work.parent / 'home'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes().split(b"\0"):
                found.append((entry.parent / "cmdline").read_bytes())
        except OSError:
            continue
    return found


@needs_sdk
def test_a_spec_run_writes_its_document_and_nothing_that_it_was_not_given(checkout: Path) -> None:
    told: list[AgentEvent] = []
    report = play(
        checkout,
        Say("I begin."),
        Write("specs/guest/requirements.md", "# Guest checkout\n"),
        Write("src/app.py", "print('not yet')\n"),
        Write("specs/guest/out/trap.py", "print('through a link')\n"),
        Shell("touch specs/guest/shell.txt"),
        Write("specs/guest/notes.md", "The turn went on.\n"),
        Say("All is \x1b[31mdone\x07."),
        emit=told.append,
    )
    assert report.status is AgentStatus.ENDED
    assert report.refused == ("src/app.py", "src/trap.py")
    assert (checkout / "specs/guest/requirements.md").read_text() == "# Guest checkout\n"
    assert (checkout / "specs/guest/notes.md").exists()
    assert list((checkout / "src").iterdir()) == [checkout / "src/in"]
    assert not (checkout / "specs/guest/shell.txt").exists()
    assert (report.said, report.stop_reason) == ("All is [31mdone.", "end_turn")
    assert report.input_tokens > report.output_tokens > 0
    allowed = [event.path for event in told if event.kind is EventKind.ALLOWED]
    assert allowed == ["specs/guest/requirements.md", "specs/guest/notes.md"]
    refused = [event.path for event in told if event.kind is EventKind.REFUSED]
    assert refused == ["src/app.py", "src/trap.py", ""]
    assert [event.kind for event in told if event.text == "I begin."] == [EventKind.TEXT]
    assert [event.kind for event in told][-2:] == [EventKind.USAGE, EventKind.END]
    asked = json.loads(seen_by_the_model(checkout)[0])["body"]
    assert PROMPT in json.dumps(asked["messages"])
    assert "MINUTES" not in json.dumps(asked["messages"])
    assert {"Bash", "Task", "WebFetch", "WebSearch"}.isdisjoint(t["name"] for t in asked["tools"])


@needs_sdk
def test_a_task_in_a_box_edits_its_files_runs_its_shell_and_leaves_nothing_running(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-of-the-person")
    report = play(
        checkout,
        Read("shop/cart.py"),
        Write("shop/cart.py", "MINUTES = 60\n"),
        Write("specs/guest/requirements.md", "# Another story\n"),
        Shell("env > shop/env.txt; setsid -f tail -f /dev/null"),
        Say("done"),
        writable=("shop/**", "tests/**"),
        box=("env", "BOXED=yes"),
    )
    assert (report.status, report.refused) == (AgentStatus.ENDED, ("specs/guest/requirements.md",))
    assert (checkout / "shop/cart.py").read_text() == "MINUTES = 60\n"
    assert not (checkout / "specs/guest/requirements.md").exists()
    seen = (checkout / "shop/env.txt").read_text()
    assert "BOXED=yes" in seen
    assert "a-token-of-the-person" not in seen
    assert left_running(checkout) == []


@needs_sdk
def test_a_write_is_blocked_when_the_question_about_it_cannot_be_answered(checkout: Path) -> None:
    def fail_to_allow(event: AgentEvent) -> None:
        if event.kind is EventKind.ALLOWED:
            raise OSError("the transcript cannot be written")

    report = play(checkout, Write("specs/guest/a.md", "x"), Say("done"), emit=fail_to_allow)
    assert report.status is AgentStatus.ENDED
    assert not (checkout / "specs/guest/a.md").exists()


@needs_sdk
def test_an_error_of_the_service_that_is_dressed_as_success_is_a_failure(checkout: Path) -> None:
    told: list[AgentEvent] = []
    report = play(checkout, Fail(401), Say("never said"), emit=told.append)
    assert report.status is AgentStatus.FAILED
    assert report.detail == "claude ended its turn in an error: the model's service answered 401"
    assert report.said == ""
    assert report.detail in [event.text for event in told if event.kind is EventKind.ERROR]


@needs_sdk
def test_a_silent_service_makes_a_hung_run_that_leaves_no_process(checkout: Path) -> None:
    report = play(checkout, Hang(), limits=Limits(total_s=120, idle_s=8))
    assert report.status is AgentStatus.HUNG
    assert report.detail == "claude was silent for 8 s"
    assert left_running(checkout) == []


@needs_sdk
def test_a_run_that_is_cancelled_leaves_no_process(checkout: Path) -> None:
    async def cancel_in_the_middle(order: AgentOrder) -> None:
        heard: asyncio.Queue[AgentEvent] = asyncio.Queue()
        run = asyncio.create_task(drive(order, heard.put_nowait))
        while (await heard.get()).kind is not EventKind.ALLOWED:
            pass
        assert left_running(checkout) != [] or not HAS_PROC
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    ops = (Shell("timeout 300 tail -f /dev/null"), Say("never said"))
    with ModelServer([Scene(("guest checkout",), ops)]) as server:
        asyncio.run(cancel_in_the_middle(order_for(checkout, box=("env",), url=server.url)))
    assert left_running(checkout) == []


@needs_sdk
def test_the_same_command_that_fails_again_and_again_ends_the_run(checkout: Path) -> None:
    report = play(checkout, *[Shell("cat there-is-none")] * 20, Say("never said"), box=("env",))
    assert report.status is AgentStatus.LOOPED
    assert report.detail.endswith("went round in circles: 4 times this failed: cat there-is-none")
    assert left_running(checkout) == []


@needs_sdk
def test_a_conversation_is_remembered_while_it_is_held(checkout: Path) -> None:
    memory = Memory(checkout.parent)
    report = play(checkout, Say("done"), memory=memory)
    assert report.status is AgentStatus.ENDED
    assert Memory(checkout.parent).session == memory.session != ""
    again = play(checkout, Say("done"), memory=memory, when=CUT_OFF)
    assert again.status is AgentStatus.ENDED
    last = json.loads(seen_by_the_model(checkout)[-1])["body"]["messages"]
    assert json.dumps(last).count(PROMPT) == 1
    assert CUT_OFF in json.dumps(last[-1])


@needs_sdk
def test_a_conversation_that_is_forgotten_begins_anew_and_is_told_all_of_it(checkout: Path) -> None:
    memory = Memory(checkout.parent)
    memory.keep("0f3a1d3e-0000-4000-8000-000000000000")
    report = play(checkout, Say("done"), memory=memory)
    assert (report.status, report.said) == (AgentStatus.ENDED, "done")
    last = json.dumps(json.loads(seen_by_the_model(checkout)[-1])["body"]["messages"])
    assert PROMPT in last
    assert CUT_OFF in last
    assert memory.session != "0f3a1d3e-0000-4000-8000-000000000000"


@needs_sdk
@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        (("/nowhere/claude",), AgentStatus.FAILED, "was not started: /nowhere/claude"),
        (
            ("sh", "-c", "echo no licence >&2; exit 3"),
            AgentStatus.DIED,
            "exited with status 3 before its turn began: no lic",
        ),
        (("sh", "-c", "read line; exit 0"), AgentStatus.DIED, "exited with status 0"),
        (("sh", "-c", "echo '{half'"), AgentStatus.GARBAGE, "is not the protocol: '{half'"),
        (("sh", "-c", 'echo \'{"type":"control_request"}\''), AgentStatus.GARBAGE, "cannot be"),
        (
            (sys.executable, "-c", f"{GREETING}sys.exit(9)"),
            AgentStatus.DIED,
            "exited with status 9",
        ),
        (
            (sys.executable, "-c", f"{GREETING}while True: print('x' * 9999)"),
            AgentStatus.FLOODED,
            "wrote more than",
        ),
        (
            (sys.executable, "-c", "import time, sys\nsys.stdin.readline()\ntime.sleep(600)"),
            AgentStatus.HUNG,
            "silent for 1.5 s",
        ),
    ],
)
def test_an_agent_that_goes_wrong_is_reported_for_what_it_did(
    checkout: Path, command: tuple[str, ...], status: AgentStatus, words: str
) -> None:
    idle_s = 1.5 if status is AgentStatus.HUNG else 60
    limits = Limits(total_s=60, idle_s=idle_s, output_bytes=2**20)
    report = asyncio.run(drive(order_for(checkout, command=command, limits=limits), print))
    assert report.status is status
    assert words in report.detail
    assert "\n" not in report.detail
    assert left_running(checkout) == []


@needs_sdk
def test_a_claude_code_whose_hooks_cannot_block_is_not_used(checkout: Path) -> None:
    old = GREETING.replace('"hook_on_failure_supported": True', "")
    command = (sys.executable, "-c", f"{old}sys.stdin.read()")
    report = asyncio.run(drive(order_for(checkout, command=command), print))
    assert report.status is AgentStatus.FAILED
    assert "on_failure" in report.detail


def test_a_missing_sdk_is_reported_with_the_command_that_installs_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "claude_agent_sdk", None)
    report = asyncio.run(drive(order_for(checkout), print))
    assert report.status is AgentStatus.FAILED
    assert 'pip install "accord[claude]"' in report.detail


def test_the_environment_holds_what_is_needed_and_what_was_ordered(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "a secret of the person")
    seen = clean(dict(dressed(order_for(checkout)).environment))
    assert "a secret of the person" not in seen.values()
    assert seen["ANTHROPIC_API_KEY"] == "sk-test"
    assert seen["HOME"] == str(checkout.parent / "home")
    assert "PATH" in seen


@pytest.mark.parametrize(
    "path",
    [
        "src/app.py",
        "specs/guest",
        "specs/guest/../../src/app.py",
        "specs/guest/out/app.py",
        "specs/guest/away/home/x",
        "src/in/requirements.md/../../../src/x",
        "/etc/passwd",
        "../work2/specs/guest/a.md",
        "~/specs/guest/a.md",
        " specs/guest/a.md",
        "specs/guest/.git/config",
        "specs/guest/.GIT/config",
        "specs/guest/a\0.md",
        "",
        None,
        ["specs/guest/a.md"],
    ],
)
@pytest.mark.parametrize("tool", ["Write", "Edit", "MultiEdit", "NotebookEdit"])
def test_a_path_outside_the_area_is_refused_to_every_writing_tool(
    checkout: Path, tool: str, path: object
) -> None:
    argument = "notebook_path" if tool == "NotebookEdit" else "file_path"
    assert not judge(order_for(checkout), tool, {argument: path}).allowed


@pytest.mark.parametrize("path", ["specs/guest/a.md", "specs/guest/deep/b.md", "specs/guest/né.md"])
def test_a_path_inside_the_area_is_allowed_as_it_stands_and_in_full(
    checkout: Path, path: str
) -> None:
    order = order_for(checkout)
    asked = ({"file_path": path}, {"file_path": str(checkout / path)})
    assert [judge(order, "Write", each) for each in asked] == [Ruling(True, path=path)] * 2


def test_a_link_into_the_area_is_no_way_to_replace_what_is_outside_it(checkout: Path) -> None:
    (checkout / "src/story.md").symlink_to("../specs/guest/requirements.md")
    assert not judge(order_for(checkout), "Write", {"file_path": "src/story.md"}).allowed


def test_an_area_may_leave_out_a_part_of_itself_but_never_gives_git_away(checkout: Path) -> None:
    order = order_for(checkout, writable=("**", "!specs/**"))
    assert judge(order, "Write", {"file_path": "src/app.py"}).allowed
    assert not judge(order, "Write", {"file_path": "specs/guest/a.md"}).allowed
    assert not judge(order, "Write", {"file_path": ".git/hooks/pre-commit"}).allowed


def test_a_checkout_behind_a_link_is_judged_like_any_other(checkout: Path) -> None:
    door = checkout.parent / "door"
    door.symlink_to(checkout)
    order = order_for(door)
    for name in (door / "specs/guest/a.md", checkout / "specs/guest/a.md"):
        assert judge(order, "Write", {"file_path": str(name)}).allowed
    assert not judge(order, "Write", {"file_path": str(door / "src/a.py")}).allowed


@pytest.mark.parametrize("tool", ["WebFetch", "WebSearch", "Task", "mcp__x__y", "Novelty", ""])
def test_a_tool_that_is_not_known_to_be_allowed_is_refused_even_in_a_box(
    checkout: Path, tool: str
) -> None:
    assert not judge(order_for(checkout, box=("env",)), tool, {}).allowed


def test_reading_is_allowed_and_a_shell_only_in_a_box(checkout: Path) -> None:
    order = order_for(checkout)
    assert all(judge(order, tool, {}).allowed for tool in ("Read", "Grep", "Glob", "LS"))
    assert not judge(order, "Bash", {"command": "true"}).allowed
    assert judge(order_for(checkout, box=("env",)), "Bash", {"command": "true"}).allowed
