"""Codex is held to its order: the real program where it is installed, and one that goes wrong."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from accord.agents.codex import command, drive
from accord.agents.memory import CUT_OFF, Memory
from accord.agents.model_script import Op, Say, Scene, Shell, Write
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
    Outlet,
)
from realagents import INSTALLED, REAL

needs_codex = pytest.mark.skipif(
    not (INSTALLED / REAL["codex"].words[0]).exists()
    and os.environ.get("ACCORD_REQUIRE_AGENTS") != "1",
    reason="codex is not installed: make agents",
)

# An app-server that does STEPS in its turn. `ask` puts a request and returns what was answered,
# `tell` sends news, `end` ends the turn.
SERVER = """
import json, os, sys, time
def send(**held): print(json.dumps(held), flush=True)
def tell(method, **params): send(method=method, params={"threadId": "t", **params})
def ask(method, **params):
    send(id=99, method=method, params={"threadId": "t", **params})
    while True:
        held = json.loads(sys.stdin.readline())
        if held.get("id") == 99:
            return held.get("result", held.get("error"))
def say(text): tell("item/agentMessage/delta", itemId="m", delta=json.dumps(text))
def edit(*paths, root=None, **more):
    changes = [{"path": path, "kind": {"type": "add", **more}} for path in paths]
    tell("item/started", item={"type": "fileChange", "id": "e", "changes": changes})
    return ask("item/fileChange/requestApproval", itemId="e", grantRoot=root)
def end(status="completed", error=None, thread="t"):
    send(method="turn/completed",
         params={"threadId": thread, "turn": {"id": "1", "status": status, "error": error}})
for line in sys.stdin:
    asked = json.loads(line)
    method = asked["method"]
    if method == "thread/resume" and FORGETS:
        send(id=asked["id"], error={"code": -32600, "message": "no rollout found"})
    elif method == "thread/start":
        send(id=asked["id"], result=THREAD)
    elif method == "turn/start":
        send(id=asked["id"], result={"turn": {"id": "1"}})
        STEPS
    elif "id" in asked:
        send(id=asked["id"], result={})
"""


def order_for(
    work: Path,
    program: tuple[str, ...],
    box: tuple[str, ...] = (),
    url: str = "",
    limits: Limits = Limits(total_s=120, idle_s=90),
) -> AgentOrder:
    (work / "specs").mkdir(parents=True, exist_ok=True)
    (work.parent / "home").mkdir(exist_ok=True)
    return AgentOrder(
        run_id="run-1",
        agent=AgentChoice("codex", AgentKind.CODEX, program, "gpt-5.5"),
        workdir=str(work),
        prompt="Please build the cart.",
        writable=("specs/**",),
        limits=limits,
        box=box,
        environment=(
            ("HOME", str(work.parent / "home")),
            ("OPENAI_BASE_URL", f"{url}/v1"),
            ("OPENAI_API_KEY", "sk-test"),
        ),
        outlet=Outlet("openai") if url else None,
    )


def play(work: Path, *ops: Op, box: tuple[str, ...] = ()) -> tuple[AgentReport, list[AgentEvent]]:
    told: list[AgentEvent] = []
    with ModelServer([Scene(("build the cart",), ops)], work.parent / "requests") as server:
        order = order_for(work, REAL["codex"].command, box, server.url)
        return asyncio.run(drive(order, told.append)), told


def serving(steps: str, forgets: bool = False, thread: object = None) -> tuple[str, ...]:
    """Return the command of an app-server that does `steps`."""
    code = SERVER.replace("STEPS", steps.replace("\n", "\n        "))
    code = code.replace("FORGETS", str(forgets))
    code = code.replace("THREAD", repr({"thread": {"id": thread or "t"}}))
    return (sys.executable, "-I", "-c", code)


def served(
    work: Path,
    program: tuple[str, ...],
    box: tuple[str, ...] = (),
    memory: Memory | None = None,
    idle_s: float = 60,
) -> AgentReport:
    order = order_for(work, program, box, limits=Limits(total_s=60, idle_s=idle_s))
    return asyncio.run(drive(order, lambda _: None, memory))


@needs_codex
def test_what_is_declined_is_not_done_and_the_turn_goes_on(tmp_path: Path) -> None:
    work = tmp_path / "work"
    report, told = play(
        work,
        Write("specs/a.md", "# A\n"),
        Write("src/app.py", "no\n"),
        Shell("echo yes > specs/shell.txt; exit 3"),
        Write("specs/b.md", "# B\n"),
        Say("All is done."),
        box=("env",),
    )
    assert (report.status, report.refused) == (AgentStatus.ENDED, ("src/app.py",))
    assert (report.said, report.stop_reason) == ("All is done.", "completed")
    assert report.input_tokens > report.output_tokens > 0
    names = sorted(str(one.relative_to(work)) for one in work.rglob("*.*"))
    assert names == ["specs/a.md", "specs/b.md", "specs/shell.txt"]
    edits = [(one.kind, one.path) for one in told if one.text == "edit"]
    assert edits == [
        (EventKind.TOOL, "specs/a.md"),
        (EventKind.ALLOWED, "specs/a.md"),
        (EventKind.TOOL, "src/app.py"),
        (EventKind.REFUSED, "src/app.py"),
        (EventKind.TOOL, "specs/b.md"),
        (EventKind.ALLOWED, "specs/b.md"),
    ]
    assert [one.text for one in told if one.kind is EventKind.TEXT] == ["All is done."]
    assert told[-1] == AgentEvent(EventKind.END, "ended")


@needs_codex
def test_without_a_box_no_command_writes_and_edits_are_still_judged(tmp_path: Path) -> None:
    work = tmp_path / "work"
    report, _ = play(
        work,
        Shell("echo no > specs/shell.txt"),
        Write("specs/a.md", "# A\n"),
        Write("src/app.py", "no\n"),
        Say("All is done."),
    )
    assert (report.status, report.refused) == (AgentStatus.ENDED, ("src/app.py",))
    assert [one.name for one in work.rglob("*.*")] == ["a.md"]


@pytest.mark.parametrize(
    ("box", "request_", "answer"),
    [
        ((), 'ask("item/commandExecution/requestApproval", command="make")', "decline"),
        (("env",), 'ask("item/commandExecution/requestApproval", command="make")', "accept"),
        (("env",), 'edit("specs/a.md")', "accept"),
        (("env",), 'edit("specs/a.md", "src/b.py")', "decline"),
        (("env",), 'edit("specs/a.md", move_path="src/b.py")', "decline"),
        (("env",), 'edit("specs/a.md", move_path=7)', "decline"),
        (("env",), 'edit("specs/../../a.md")', "decline"),
        (("env",), "edit(None)", "decline"),
        (("env",), "edit()", "decline"),
        (("env",), 'ask("item/fileChange/requestApproval", itemId="x")', "decline"),
        (("env",), 'edit("specs/a.md", root="/")', "decline"),
        (("env",), 'ask("item/permissions/requestApproval", permissions={"network": 1})', "{}"),
        (("env",), 'ask("item/tool/requestUserInput", questions=[])', "answers"),
        (("env",), 'ask("mcpServer/elicitation/request", message="?")', "decline"),
        (("env",), 'ask("account/chatgptAuthTokens/refresh")', "-32601"),
        (("env",), 'ask("execCommandApproval")', "-32601"),
    ],
)  # fmt: skip
def test_a_request_is_answered_by_what_the_order_opens_and_nothing_else(
    tmp_path: Path, box: tuple[str, ...], request_: str, answer: str
) -> None:
    report = served(tmp_path / "work", serving(f"say({request_}); end()"), box)
    assert report.status is AgentStatus.ENDED, report
    given = json.loads(report.said)
    assert answer in json.dumps(given.get("decision", given))
    assert given.get("permissions", {}) == given.get("answers", {}) == {}


@pytest.mark.parametrize(
    ("steps", "status", "words"),
    [
        ("end('failed', {'message': 'no model'})", AgentStatus.FAILED, "as failed: no model"),
        ("end('interrupted')", AgentStatus.FAILED, "as interrupted: no reason"),
        ("end('failed', 'text')", AgentStatus.FAILED, "as failed: no reason"),
        ("end(thread='other'); time.sleep(60)", AgentStatus.HUNG, "was silent for 2 s"),
        ("sys.exit('no licence')", AgentStatus.DIED, "status 1 during its turn: no licence"),
        ("os.kill(os.getpid(), 9)", AgentStatus.DIED, "was ended by signal 9 during its turn"),
        ("print('hello', flush=True); time.sleep(60)", AgentStatus.GARBAGE, "not the protocol"),
        ("send(method='item/started', params=7)\nend()", AgentStatus.ENDED, ""),
    ],
)  # fmt: skip
def test_a_codex_that_goes_wrong_is_reported_for_what_it_did(
    tmp_path: Path, steps: str, status: AgentStatus, words: str
) -> None:
    idle_s = 2 if status is AgentStatus.HUNG else 60
    report = served(tmp_path / "work", serving(steps), idle_s=idle_s)
    assert report.status is status, report
    assert words in report.detail


def test_a_thread_without_a_name_is_no_thread(tmp_path: Path) -> None:
    report = served(tmp_path / "work", serving("end()", thread=7))
    assert report.status is AgentStatus.FAILED
    assert report.detail == "codex gave an answer that the protocol does not know"


def test_a_command_that_fails_again_and_again_ends_the_run(tmp_path: Path) -> None:
    run = {"type": "commandExecution", "command": "make test"}
    steps = f"""for n in range(9):
    item = dict({run!r}, id=str(n))
    tell("item/started", item=item)
    tell("item/completed", item=dict(item, status="completed", exitCode=2))
time.sleep(60)"""
    report = served(tmp_path / "work", serving(steps))
    assert report.status is AgentStatus.LOOPED
    assert report.detail == "codex went round in circles: 4 times this failed: make test"


@pytest.mark.parametrize("forgets", [False, True])
def test_a_thread_is_taken_up_again_or_begun_anew_with_all_of_it(
    tmp_path: Path, *, forgets: bool
) -> None:
    memory = Memory(tmp_path)
    memory.keep("before")
    steps = """held = asked["params"]
say([held["threadId"], held["input"][0]["text"]])
end(thread=held["threadId"])"""
    report = served(tmp_path / "work", serving(steps, forgets), memory=memory)
    whole = f"Please build the cart.\n\n{CUT_OFF}"
    assert json.loads(report.said) == (["t", whole] if forgets else ["before", CUT_OFF])
    assert Memory(tmp_path).session == ("t" if forgets else "before")


def test_a_cancelled_turn_is_interrupted_and_nothing_is_left(tmp_path: Path) -> None:
    work = tmp_path / "work"
    steps = """Path = __import__("pathlib").Path
Path("pid").write_text(str(os.getpid()))
tell("item/started", item={"id": "1", "type": "commandExecution", "command": "sleep"})
asked = json.loads(sys.stdin.readline())
Path("interrupted").write_text(json.dumps(asked))
time.sleep(60)"""

    async def cancel() -> None:
        heard: asyncio.Queue[AgentEvent] = asyncio.Queue()
        order = order_for(work, serving(steps))
        run = asyncio.create_task(drive(order, heard.put_nowait))
        assert (await heard.get()).kind is EventKind.TOOL
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancel())
    asked = json.loads((work / "interrupted").read_text())
    assert asked["method"] == "turn/interrupt"
    assert asked["params"] == {"threadId": "t", "turnId": "1"}
    with pytest.raises(ProcessLookupError):
        os.kill(int((work / "pid").read_text()), signal.SIGCONT)


def test_the_way_to_the_gateway_is_told_by_flags_of_the_server(tmp_path: Path) -> None:
    order = order_for(tmp_path / "work", ("codex",), url="http://127.0.0.1:8899")
    words = command(order)
    assert words[:2] == ("codex", "app-server")
    assert 'model_providers.accord.base_url="http://127.0.0.1:8899/v1"' in words
    assert 'model_provider="accord"' in words
    assert "sk-test" not in " ".join(words)
    led = order_for(tmp_path / "work", ("codex", "app-server", "--strict-config"))
    assert command(led)[:3] == ("codex", "app-server", "--strict-config")
    assert "accord" not in " ".join(command(led))
