import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import acp
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    AgentStatus,
    EventKind,
    Limits,
)

Ordering = Callable[[str], AgentOrder]


def drive(order: AgentOrder) -> tuple[AgentReport, list[AgentEvent]]:
    events: list[AgentEvent] = []
    return asyncio.run(acp.drive(order, events.append)), events


def raw(order: AgentOrder, code: str) -> AgentOrder:
    """Return `order` with a Python program in the place of the agent."""
    return evolve(order, agent=evolve(order.agent, command=(sys.executable, "-I", "-c", code)))


def gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for_text(path: Path) -> None:
    while not path.exists() or not path.read_text():
        time.sleep(0.02)


def test_the_steps_of_the_script_are_done_in_the_folder_of_the_work(
    over_acp: Ordering, workdir: Path
) -> None:
    report, events = drive(
        over_acp(
            """
            [[step]]
            do = "write"
            path = "src/cart.py"
            text = "one\\n"
            [[step]]
            do = "append"
            path = "src/cart.py"
            text = "two\\n"
            [[step]]
            do = "replace"
            path = "src/cart.py"
            old = "one"
            new = "three"
            [[step]]
            do = "write"
            path = "gone"
            text = ""
            [[step]]
            do = "delete"
            path = "gone"
            [[step]]
            do = "run"
            argv = ["cp", "src/cart.py", "copy"]
            [[step]]
            do = "say"
            text = "I am ready.\\u001b[31m"
            [[step]]
            do = "finish"
            [[step]]
            do = "write"
            path = "never"
            text = ""
            """
        )
    )
    assert report == AgentReport(
        "cart/T1/1", AgentStatus.ENDED, said="I am ready.[31m", stop_reason="end_turn"
    )
    assert sorted(path.name for path in workdir.iterdir()) == ["copy", "src"]
    assert (workdir / "copy").read_text() == "three\ntwo\n"
    assert events[0].kind is EventKind.TEXT
    assert events[0].text.startswith("[scripted]")
    assert AgentEvent(EventKind.TOOL, "write src/cart.py", "src/cart.py") in events
    assert events[-1] == AgentEvent(EventKind.END, "ended")


def test_a_prompt_without_a_scene_ends_the_turn_and_says_so(over_acp: Ordering) -> None:
    report, _ = drive(over_acp('[[scene]]\nwhen = "something else"'))
    assert report.status is AgentStatus.ENDED
    assert "no scene" in report.said


def test_a_claim_is_passed_on_as_what_was_said_and_nothing_else(
    over_acp: Ordering, workdir: Path
) -> None:
    report, _ = drive(over_acp('[[step]]\ndo = "claim"'))
    assert report.status is AgentStatus.ENDED
    assert "all tests pass" in report.said
    assert list(workdir.iterdir()) == []


def test_a_request_to_write_is_allowed_where_the_order_opens_it_and_nowhere_else(
    over_acp: Ordering, workdir: Path, tmp_path: Path
) -> None:
    (workdir / "src").mkdir()
    (workdir / "src/link").symlink_to(tmp_path)
    report, events = drive(
        over_acp(
            f"""
            [[step]]
            do = "ask"
            path = "src/open.py"
            text = "yes"
            [[step]]
            do = "ask"
            path = "specs/approved.md"
            [[step]]
            do = "ask"
            path = "../escaped"
            [[step]]
            do = "ask"
            path = "src/link/escaped"
            [[step]]
            do = "ask"
            path = "{tmp_path}/escaped"
            [[step]]
            do = "ask"
            path = ".git/hooks/pre-commit"
            """
        )
    )
    assert report.status is AgentStatus.ENDED
    assert (workdir / "src/open.py").read_text() == "yes"
    assert not (workdir / "specs").exists()
    assert not (workdir / ".git").exists()
    assert not (tmp_path / "escaped").exists()
    assert report.refused == (
        "specs/approved.md",
        str(workdir / "../escaped"),
        str(workdir / "src/link/escaped"),
        str(tmp_path / "escaped"),
        ".git/hooks/pre-commit",
    )
    assert [e.path for e in events if e.kind is EventKind.ALLOWED] == ["src/open.py"]
    assert tuple(e.path for e in events if e.kind is EventKind.REFUSED) == report.refused


def test_an_agent_that_dies_in_its_turn_is_reported_with_its_exit_status(
    over_acp: Ordering, workdir: Path
) -> None:
    report, events = drive(
        over_acp(
            '[[step]]\ndo = "write"\npath = "a"\ntext = "kept"\n[[step]]\ndo = "die"\nstatus = 7'
        )
    )
    assert (report.status, report.detail) == (
        AgentStatus.DIED,
        "Agent exited with status 7 during its turn",
    )
    assert (workdir / "a").read_text() == "kept"
    assert events[-2:] == [
        AgentEvent(EventKind.ERROR, report.detail),
        AgentEvent(EventKind.END, "died"),
    ]


def test_an_agent_that_never_begins_is_reported_with_its_last_words(over_acp: Ordering) -> None:
    report, _ = drive(over_acp('[[step]]\ndo = "dance"'))
    assert report.status is AgentStatus.DIED
    assert report.detail.startswith("Agent exited with status 2 before its turn began: The script")


def test_an_agent_that_is_killed_is_reported_with_the_signal(over_acp: Ordering) -> None:
    report, _ = drive(raw(over_acp('[[step]]\ndo = "hang"'), "import os; os.kill(os.getpid(), 9)"))
    assert (report.status, report.detail) == (
        AgentStatus.DIED,
        "Agent was ended by signal 9 before its turn began",
    )


@pytest.mark.parametrize("step", ["hang", "refuse-cancel"])
def test_an_agent_that_falls_silent_is_hung(over_acp: Ordering, step: str) -> None:
    order = over_acp(f'[[step]]\ndo = "{step}"\n[[step]]\ndo = "hang"')
    report, _ = drive(evolve(order, limits=Limits(total_s=120.0, idle_s=0.5)))
    assert (report.status, report.detail) == (AgentStatus.HUNG, "Agent was silent for 0.5 s")


def test_an_agent_that_talks_past_its_time_is_hung(over_acp: Ordering) -> None:
    talking = "import time\nwhile True: print(flush=True); time.sleep(0.05)"
    order = raw(over_acp('[[step]]\ndo = "hang"'), talking)
    report, _ = drive(evolve(order, limits=Limits(total_s=0.5, idle_s=120.0)))
    assert report.status is AgentStatus.HUNG
    assert report.detail == "Agent took longer than the 0.5 s that it may take"


def test_an_agent_that_floods_is_cut_off(over_acp: Ordering) -> None:
    order = over_acp('[[step]]\ndo = "flood"\nbytes = 10_000_000')
    limits = Limits(total_s=120.0, idle_s=120.0, output_bytes=100_000)
    report, _ = drive(evolve(order, limits=limits))
    assert (report.status, report.detail) == (
        AgentStatus.FLOODED,
        "Agent wrote more than 100000 bytes",
    )
    assert len(report.said) == 8_000  # and no more: it is cut shorter when it holds no secret


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_without_an_end_of_line_is_cut_off(over_acp: Ordering, stream: str) -> None:
    flooding = f"import sys\nwhile True: sys.{stream}.write('x' * 65536)"
    order = raw(over_acp('[[step]]\ndo = "hang"'), flooding)
    limits = Limits(total_s=120.0, idle_s=120.0, output_bytes=1_000_000)
    report, _ = drive(evolve(order, limits=limits))
    assert report.status is AgentStatus.FLOODED


def test_words_that_are_not_the_protocol_end_the_turn(over_acp: Ordering) -> None:
    report, _ = drive(over_acp('[[step]]\ndo = "garbage"\n[[step]]\ndo = "hang"'))
    assert (report.status, report.detail) == (
        AgentStatus.GARBAGE,
        "Agent wrote what is not the protocol: 'Segmentation fault'",
    )


@pytest.mark.parametrize(
    "line",
    [
        "[1, 2]",
        '{"jsonrpc": "2.0"}',
        '{"id": [], "result": {}}',
        '{"id": 0, "method": 7}',
        "[" * 100_000,
        "1" * 5_000,
        "\\xff\\xfe",
    ],
)
def test_json_that_is_no_message_is_garbage(over_acp: Ordering, line: str) -> None:
    saying = f"import sys, time\nsys.stdout.buffer.write(b'{line}\\n')\nsys.stdout.flush()\n"
    report, _ = drive(raw(over_acp('[[step]]\ndo = "hang"'), f"{saying}time.sleep(60)"))
    assert report.status is AgentStatus.GARBAGE


ANSWERING = """
import json, sys
def answer(**fields):
    request = json.loads(sys.stdin.readline())
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **fields}), flush=True)
"""


@pytest.mark.parametrize(
    ("answers", "status", "detail"),
    [
        (
            'answer(error={"code": -32000, "message": "Authentication required"})',
            AgentStatus.FAILED,
            "Agent answered with an error: Authentication required",
        ),
        (
            """answer(result={"protocolVersion": 1}); answer(result={"sessionId": "s"})
answer(error={"code": -32603, "message": "Internal", "data": {"kind": "limit"}})""",
            AgentStatus.FAILED,
            "Agent answered with an error: Internal ({'kind': 'limit'})",
        ),
        (
            'answer(result={"protocolVersion": 2})',
            AgentStatus.FAILED,
            "Agent speaks version 2 of the protocol, not 1",
        ),
        (
            'answer(result={"protocolVersion": 1}); answer(result=None)',
            AgentStatus.GARBAGE,
            "Agent gave an answer that the protocol does not know",
        ),
        (
            "import os; os.close(1)",
            AgentStatus.DIED,
            "Agent closed its end before its turn began",
        ),
    ],
)
def test_an_answer_that_is_no_turn_is_reported(
    over_acp: Ordering, answers: str, status: AgentStatus, detail: str
) -> None:
    code = f"{ANSWERING}{answers}\nimport time; time.sleep(60)"
    report, _ = drive(raw(over_acp('[[step]]\ndo = "hang"'), code))
    assert (report.status, report.detail) == (status, detail)


def test_a_turn_that_stops_for_another_reason_has_ended_with_that_reason(
    over_acp: Ordering,
) -> None:
    code = (
        f'{ANSWERING}answer(result={{"protocolVersion": 1}}); answer(result={{"sessionId": "s"}})\n'
        'answer(result={"stopReason": "refusal", "usage": '
        '{"totalTokens": 5, "inputTokens": 3, "outputTokens": 2}})'
    )
    report, events = drive(raw(over_acp('[[step]]\ndo = "hang"'), code))
    assert (report.status, report.stop_reason) == (AgentStatus.ENDED, "refusal")
    assert (report.input_tokens, report.output_tokens) == (3, 2)
    assert AgentEvent(EventKind.USAGE, "3 tokens in, 2 out") in events


@pytest.mark.parametrize(
    ("command", "detail"),
    [
        (("no-such-agent",), "Agent was not started: no-such-agent: No such file or directory"),
        ((), "Agent was not started: no command is configured for it"),
    ],
)
def test_a_command_that_is_not_there_is_reported(
    over_acp: Ordering, command: tuple[str, ...], detail: str
) -> None:
    order = over_acp('[[step]]\ndo = "hang"')
    report, _ = drive(evolve(order, agent=evolve(order.agent, command=command)))
    assert (report.status, report.detail) == (AgentStatus.FAILED, detail)


def test_a_folder_that_is_not_there_is_reported(over_acp: Ordering) -> None:
    report, _ = drive(evolve(over_acp('[[step]]\ndo = "hang"'), workdir="/no/such/folder"))
    assert (report.status, report.detail) == (
        AgentStatus.FAILED,
        "Agent was not started: there is no folder /no/such/folder",
    )


def test_the_box_is_put_before_the_command_and_the_environment_is_clean(
    over_acp: Ordering, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    show = '[[step]]\ndo = "run"\nargv = ["sh", "-c", "env > shown"]'
    boxed = evolve(over_acp(show), box=("env", "BOX=1"), environment=(("RUN_URL", "here"),))
    report, _ = drive(boxed)
    shown = (workdir / "shown").read_text().splitlines()
    assert report.status is AgentStatus.ENDED
    assert {"BOX=1", "RUN_URL=here", "TERM=dumb"} <= set(shown)
    assert not [line for line in shown if "TOKEN" in line]


def test_what_an_ended_agent_left_running_in_its_group_is_killed(
    over_acp: Ordering, workdir: Path
) -> None:
    leave = '[[step]]\ndo = "run"\nargv = ["sh", "-c", "sleep 600 & echo $! > pid"]'
    report, _ = drive(over_acp(leave))
    assert report.status is AgentStatus.ENDED
    assert gone(int((workdir / "pid").read_text()))


@pytest.mark.parametrize("before", ["", '[[step]]\ndo = "refuse-cancel"\n'])
def test_a_cancelled_agent_is_gone_whether_it_agrees_or_not(
    over_acp: Ordering, workdir: Path, before: str
) -> None:
    write_pid = '[[step]]\ndo = "run"\nargv = ["sh", "-c", "echo $PPID > pid"]\n'
    order = over_acp(f'{before}{write_pid}[[step]]\ndo = "hang"')

    async def cancel_when_begun() -> None:
        driving = asyncio.ensure_future(acp.drive(order, lambda _: None))
        await asyncio.to_thread(wait_for_text, workdir / "pid")
        driving.cancel()
        await driving

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_when_begun())
    assert gone(int((workdir / "pid").read_text()))


def test_a_file_in_the_folder_of_the_work_cannot_pose_as_a_module_of_the_agent(
    over_acp: Ordering, workdir: Path
) -> None:
    (workdir / "acp.py").write_text("import os; os._exit(99)")
    (workdir / "accord").mkdir()
    (workdir / "accord/__init__.py").write_text("import os; os._exit(99)")
    report, _ = drive(over_acp('[[step]]\ndo = "claim"'))
    assert report.status is AgentStatus.ENDED
    assert report.said.endswith("all tests pass.")
