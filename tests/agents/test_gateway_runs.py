"""A run with an outlet: its agent works through the gateway and never has the key (T12)."""

import base64
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from attrs import evolve

from accord.agents import folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.model_script import Hang, Op, Say, Scene, Write
from accord.agents.model_server import ModelServer
from accord.agents.processes import marked
from accord.agents.runs import AgentRuns
from accord.agents.spending import LEDGER, spent
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    Budget,
    EventKind,
    Limits,
    Outlet,
)
from accord.core.spending import Spent
from outlets import ASK, KEY, Got, message, out, plain, service, url

Ordering = Callable[[str], AgentOrder]

# What an agent does that knows nothing but its environment.
ASKING = f"""
import json, os, urllib.error, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
head = {{"x-api-key": os.environ["ANTHROPIC_API_KEY"], "content-type": "application/json"}}
open("environ", "wb").write(open("/proc/self/environ", "rb").read())
request = urllib.request.Request(url, json.dumps({ASK!r}).encode(), head)
try:
    open("answer", "wb").write(urllib.request.urlopen(request).read())
except urllib.error.HTTPError as error:
    open("answer", "w").write(str(error.code))
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AgentRuns:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return AgentRuns(tmp_path / "state" / "runs")


def until(true: Callable[[], object]) -> None:
    for _ in range(6_000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def finished(runs: AgentRuns, run_id: str) -> AgentReport:
    until(lambda: runs.report(run_id))
    report = runs.report(run_id)
    assert report is not None
    return report


def script(workdir: Path, *more: str) -> str:
    (workdir / "ask.py").write_text(ASKING)
    argv = json.dumps([sys.executable, "-I", "ask.py"])
    return "\n".join([f'[[step]]\ndo = "run"\nargv = {argv}', *more, '[[step]]\ndo = "claim"'])


def mark(tmp_path: Path, run_id: str) -> str:
    return folder.mark_of(tmp_path / "state" / "runs" / folder.folder_name(run_id))


def everything_written(tmp_path: Path) -> bytes:
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert {"order.json", "exit.json", "transcript.jsonl", LEDGER} <= {path.name for path in files}
    return b"".join(path.read_bytes() for path in files)


def test_an_agent_works_through_the_gateway_and_never_has_the_key(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    with service(lambda _: [message()]) as upstream:
        order = evolve(scripted(script(workdir)), outlet=out(url(upstream)))
        given = evolve(order.agent, passes=("ANTHROPIC_API_KEY",))
        runs.start(evolve(order, agent=given))
        report = finished(runs, order.run_id)
    assert report.status is AgentStatus.ENDED
    assert (report.requests, report.input_tokens, report.output_tokens) == (1, 1110, 20)
    assert json.loads((workdir / "answer").read_bytes())["type"] == "message"
    assert upstream.got[0].headers["x-api-key"] == KEY
    environment = (workdir / "environ").read_bytes()
    token = environment.split(b"ANTHROPIC_API_KEY=")[1].split(b"\0")[0]
    assert token.startswith(b"sk-accord-")
    assert KEY.encode() not in environment
    written = everything_written(tmp_path)
    assert KEY.encode() not in written
    assert token not in written
    assert spent(tmp_path / "state" / LEDGER, f"run:{order.run_id}") == Spent(tokens=1130)


def test_a_secret_that_an_agent_says_is_taken_out_in_every_spelling(
    runs: AgentRuns, scripted: Ordering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk/ant+key=0123456789?x"
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    raw = key.encode()
    spelled = [
        key,
        quote(key, safe=""),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(b"Authorization: Bearer " + raw + b"\n").decode(),
        base64.b64encode(b"x" + raw + b"yz").decode(),
        raw.hex(),
    ]
    says = [f'[[step]]\ndo = "say"\ntext = {json.dumps(f"<{word}>")}' for word in spelled]
    order = evolve(scripted("\n".join(says)), outlet=Outlet("anthropic"))
    runs.start(order)
    report = finished(runs, order.run_id)
    assert report.said.count("[secret:known:") == len(spelled)
    told = "".join(event.text for event in runs.transcript(order.run_id))
    assert told.count("[secret:known:") == len(spelled)
    written = everything_written(tmp_path).decode("latin-1")
    middle = base64.b64encode(raw)[4:20].decode()
    for word in (key, quote(key, safe=""), middle, raw.hex()):
        assert word not in written


def test_without_a_key_the_run_fails_and_says_what_to_set(
    runs: AgentRuns, scripted: Ordering, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("CLAUDE_CODE_OAUTH_TOKEN", raising=False)
    order = evolve(scripted(script(workdir)), outlet=Outlet("anthropic"))
    runs.start(order)
    report = finished(runs, order.run_id)
    assert report.status is AgentStatus.FAILED
    assert report.detail == (
        "There is no key for the model's service anthropic. "
        "Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN in the environment and start again."
    )
    assert not (workdir / "environ").exists()


def test_an_error_that_an_agent_calls_success_is_a_failed_run(
    runs: AgentRuns, scripted: Ordering, workdir: Path
) -> None:
    with service(lambda _: [plain(b"{}", status="529 Busy")]) as upstream:
        order = evolve(scripted(script(workdir)), outlet=out(url(upstream)))
        runs.start(order)
        report = finished(runs, order.run_id)
    assert report.status is AgentStatus.FAILED
    assert report.detail == report.trouble == "the model's service answered 529"
    assert report.said.startswith("Done.")
    assert [e.text for e in runs.transcript(order.run_id) if e.kind is EventKind.END] == ["failed"]


def test_a_run_whose_budget_is_spent_says_so_and_ends(
    runs: AgentRuns, scripted: Ordering, workdir: Path
) -> None:
    with service(lambda _: [message()]) as upstream:
        limited = out(url(upstream), ("change:cart", Budget(tokens=10)))
        order = evolve(scripted(script(workdir, '[[step]]\ndo = "hang"')), outlet=limited)
        runs.start(order)
        report = finished(runs, order.run_id)
    assert report.status is AgentStatus.SPENT
    assert report.detail.startswith("the budget of the change cart is spent: 0 of 10 tokens")
    assert (workdir / "answer").read_text() == "402"
    assert upstream.got == []
    assert [e.text for e in runs.transcript(order.run_id) if e.kind is EventKind.END] == ["spent"]


def test_a_host_that_is_killed_leaves_a_ledger_that_is_right(
    runs: AgentRuns, scripted: Ordering, workdir: Path, tmp_path: Path
) -> None:
    asked, never = threading.Event(), threading.Event()

    def silent(_: Got) -> Iterator[bytes]:
        asked.set()
        never.wait(60)
        yield b""

    ledger = tmp_path / "state" / LEDGER
    with service(silent) as upstream:
        order = evolve(scripted(script(workdir)), outlet=out(url(upstream), ("change:c", Budget())))
        runs.start(order)
        assert asked.wait(60)
        (host,) = marked(HOST_MARK, mark(tmp_path, order.run_id))
        os.kill(host, signal.SIGKILL)
        until(lambda: not runs.is_running(order.run_id))
        most = spent(ledger, "change:c").held_tokens
        assert most > 1000
        assert finished(runs, order.run_id).status is AgentStatus.DIED
        never.set()
    assert spent(ledger, "change:c") == spent(ledger, f"run:{order.run_id}") == Spent(tokens=most)


def test_an_order_with_an_outlet_is_read_as_it_was_written(
    scripted: Ordering, tmp_path: Path
) -> None:
    limited = out("http://127.0.0.1:9", ("day:x", Budget(1, 2)))
    order = evolve(scripted('[[step]]\ndo = "claim"'), outlet=limited)
    folder.write_order(tmp_path, order)
    assert folder.read_order(tmp_path) == order


needs_sdk = pytest.mark.skipif(
    find_spec("claude_agent_sdk") is None and os.environ.get("ACCORD_REQUIRE_ALL") != "1",
    reason="claude-agent-sdk is not installed (the extra accord[claude])",
)


def claude(workdir: Path, upstream: str, *budgets: tuple[str, Budget]) -> AgentOrder:
    (workdir.parent / "home").mkdir()
    return AgentOrder(
        run_id="guest/story/1",
        agent=AgentChoice("Claude", AgentKind.CLAUDE),
        workdir=str(workdir),
        prompt="Write the story of guest checkout.",
        writable=("specs/**",),
        limits=Limits(total_s=180, idle_s=120),
        environment=(("HOME", str(workdir.parent / "home")), ("CLAUDE_CODE_MAX_RETRIES", "0")),
        outlet=out(upstream, *budgets),
    )


def playing(log: Path, *ops: Op) -> Any:
    return ModelServer([Scene(("guest checkout",), ops)], log)


@needs_sdk
def test_claude_code_works_through_the_gateway(
    runs: AgentRuns, workdir: Path, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    with playing(log, Write("specs/a.md", "# A\n"), Say("done")) as server:
        runs.start(claude(workdir, server.url, ("change:guest", Budget(tokens=10**7))))
        report = finished(runs, "guest/story/1")
    assert (report.status, report.trouble) == (AgentStatus.ENDED, "")
    assert (workdir / "specs/a.md").read_text() == "# A\n"
    assert report.requests >= 2
    assert report.input_tokens > report.output_tokens > 0
    used = spent(tmp_path / "state" / LEDGER, "change:guest")
    assert used == Spent(tokens=report.input_tokens + report.output_tokens)
    asked = [json.loads(line) for line in log.read_text().splitlines()]
    assert {entry["method"] for entry in asked} == {"POST"}
    assert KEY.encode() not in everything_written(tmp_path)


@needs_sdk
def test_no_process_of_claude_code_has_the_key(
    runs: AgentRuns, workdir: Path, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    with playing(log, Hang()) as server:
        runs.start(claude(workdir, server.url))
        until(log.exists)
        agents = marked(RUN_MARK, mark(tmp_path, "guest/story/1"))
        seen = [Path(f"/proc/{pid}/environ").read_bytes() for pid in agents]
        runs.stop("guest/story/1")
    assert seen
    for environment in seen:
        assert KEY.encode() not in environment
        assert b"ANTHROPIC_BASE_URL=http://127.0.0.1:" in environment
    report = finished(runs, "guest/story/1")
    assert (report.status, report.requests) == (AgentStatus.STOPPED, 1)


@needs_sdk
def test_claude_code_stops_where_its_budget_is_spent(runs: AgentRuns, workdir: Path) -> None:
    with playing(workdir.parent / "log", Say("done")) as server:
        runs.start(claude(workdir, server.url, ("task:guest/T1", Budget(tokens=100))))
        report = finished(runs, "guest/story/1")
    assert report.status is AgentStatus.SPENT
    assert "the budget of the task guest/T1 is spent" in report.detail
    assert report.requests == 0
