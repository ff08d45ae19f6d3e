"""An agent that asks: it waits, or its run pauses and goes on with the answer."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.agents import asked, folder
from accord.agents.environment import HOST_MARK, RUN_MARK
from accord.agents.memory import CUT_OFF
from accord.agents.processes import marked, signal_to
from accord.agents.runs import AgentRuns
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    AgentReport,
    AgentStatus,
    EventKind,
    Question,
    Tools,
)
from accord.core.ports import Walls
from accord.sandbox.bubblewrap import Bubblewrap, find_program
from accord.sandbox.enter import abi
from accord.sandbox.landlock import Landlock
from needing import need

TOOLS = Tools("cart/T1", documents=(("tasks.md", "# Tasks\n"),), hands_in="src/a.md")
ASK = """
[[scene]]
when = ["A person answered"]
[[scene.step]]
do = "write"
path = "src/after.txt"
text = "after"
[[scene.step]]
do = "tool"
name = "ask_human"
arguments = { question = "May guests pay?" }

[[step]]
do = "write"
path = "src/before.txt"
text = "before"
[[step]]
do = "tool"
name = "ask_human"
arguments = { question = "May guests pay?" }
[[step]]
do = "say"
text = "Then I go on."
"""


@pytest.fixture
def runs(tmp_path: Path) -> AgentRuns:
    return AgentRuns(tmp_path / "state" / "runs")


@pytest.fixture
def order(scripted: Callable[[str], AgentOrder]) -> Callable[..., AgentOrder]:
    def made(script: str = ASK, patience_s: float = 60.0) -> AgentOrder:
        return evolve(scripted(script), tools=evolve(TOOLS, patience_s=patience_s))

    return made


def until(found: Callable[[], object]) -> None:
    for _ in range(6_000):
        if found():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to pass")


def ended(runs: AgentRuns, name: str = "cart/T1/1") -> AgentReport:
    until(lambda: runs.report(name) is not None)
    report = runs.report(name)
    assert report is not None
    return report


def test_an_agent_waits_for_the_answer_and_goes_on(
    runs: AgentRuns, order: Callable[..., AgentOrder]
) -> None:
    runs.start(order())
    until(runs.questions)
    question = runs.questions()[0]
    assert (question.run_id, question.about, question.text) == (
        "cart/T1/1", "cart/T1", "May guests pay?",
    )  # fmt: skip
    assert runs.report("cart/T1/1") is None
    runs.reply(question, "With a card.")
    report = ended(runs)
    assert report.status is AgentStatus.ENDED, report
    assert "With a card." in report.said
    assert runs.questions() == ()
    texts = [one.text for one in runs.transcript("cart/T1/1")]
    assert any(text == f"It asks {question.id}: May guests pay?" for text in texts)
    assert any(text == f"A person answered {question.id}: With a card." for text in texts)


def test_a_run_that_is_not_answered_in_time_pauses_and_goes_on_when_it_is(
    runs: AgentRuns, order: Callable[..., AgentOrder], workdir: Path, tmp_path: Path
) -> None:
    runs.start(order(patience_s=0.0))
    report = ended(runs)
    assert report.status is AgentStatus.ASKS
    question = runs.questions()[0]
    assert report.detail == f"waits for an answer to {question.id}"
    run = tmp_path / "state" / "runs" / folder.folder_name("cart/T1/1")
    mark = folder.mark_of(run)
    assert [*marked(HOST_MARK, mark), *marked(RUN_MARK, mark)] == []
    assert not runs.go_on("cart/T1/1")
    assert ended(runs).status is AgentStatus.ASKS
    runs.reply(question, "With a card.")
    assert ended(runs).status is AgentStatus.ASKS  # to look at it starts nothing
    assert runs.go_on("cart/T1/1")
    report = ended(runs)
    assert report.status is AgentStatus.ENDED, report
    assert (workdir / "src/before.txt").read_text() == "before"
    assert (workdir / "src/after.txt").read_text() == "after"
    assert "With a card." in report.said  # it asked again, and was told again


def test_a_run_that_is_let_go_keeps_its_words_and_neither_home_nor_question(
    runs: AgentRuns, order: Callable[..., AgentOrder], tmp_path: Path
) -> None:
    names = ("build/cart/T1/k/1/1", "build/cart/T1/l/1/1", "build/cart-2/T1/k/1/1")
    for name in names:
        made = order(patience_s=0.0)
        runs.start(evolve(made, run_id=name, tools=evolve(TOOLS, patience_s=0.0, about=name)))
        Path(runs.home(name), "session").write_text("what was said")
        assert ended(runs, name).status is AgentStatus.ASKS
    said = runs.transcript(names[0])
    runs.let_go("build/cart/", "build/cart/T1/l/1/")
    run = tmp_path / "state" / "runs" / folder.folder_name(names[0])
    assert not (run / folder.HOME).exists()
    assert ended(runs, names[0]).status is AgentStatus.STOPPED
    assert runs.transcript(names[0]) == said
    assert {one.run_id for one in runs.questions()} <= set(names[1:])
    assert runs.go_on(names[0])  # there is nothing to go on with
    assert not runs.is_running(names[0])
    for name in names[1:]:
        assert ended(runs, name).status is AgentStatus.ASKS
        assert Path(runs.home(name), "session").exists()


def test_a_question_that_an_earlier_run_left_behind_is_asked_by_the_one_that_asks_it_again(
    runs: AgentRuns, order: Callable[..., AgentOrder]
) -> None:
    for name in ("cart/T1/1", "cart/T1/2"):
        runs.start(evolve(order(patience_s=0.0), run_id=name))
        assert ended(runs, name).status is AgentStatus.ASKS
    (question,) = runs.questions()
    assert question.run_id == "cart/T1/2"
    runs.reply(question, "With a card.")
    assert runs.go_on("cart/T1/2")
    assert ended(runs, "cart/T1/2").status is AgentStatus.ENDED


def test_a_question_outlives_its_host_and_its_agent(
    runs: AgentRuns, order: Callable[..., AgentOrder], tmp_path: Path
) -> None:
    runs.start(order())
    until(runs.questions)
    mark = folder.mark_of(tmp_path / "state" / "runs" / folder.folder_name("cart/T1/1"))
    for pid in [*marked(HOST_MARK, mark), *marked(RUN_MARK, mark)]:
        signal_to(pid, signal.SIGKILL)
    until(lambda: not runs.is_running("cart/T1/1"))
    assert ended(runs).status is AgentStatus.DIED
    question = runs.questions()[0]
    runs.reply(question, "With a card.")
    assert runs.questions() == ()
    run = tmp_path / "state" / "runs" / folder.folder_name("cart/T1/1")
    assert [one.words for one in asked.replies(run)] == ["With a card."]


def test_a_host_that_is_killed_while_its_agent_waits_goes_on_with_the_answer(
    runs: AgentRuns, order: Callable[..., AgentOrder], tmp_path: Path
) -> None:
    runs.start(order(patience_s=0.0))
    assert ended(runs).status is AgentStatus.ASKS
    runs.reply(runs.questions()[0], "With a card.")
    run = tmp_path / "state" / "runs" / folder.folder_name("cart/T1/1")
    asked.tell(run, asked.replies(run)[0])  # as by a host that is killed before it has told it
    assert runs.go_on("cart/T1/1")
    assert "With a card." in ended(runs).said


def test_an_agent_that_loads_no_tools_has_failed_whatever_it_says(
    runs: AgentRuns, order: Callable[..., AgentOrder]
) -> None:
    runs.start(order("tools = false\n[[step]]\ndo = 'claim'\n"))
    report = ended(runs)
    assert (report.status, report.detail) == (
        AgentStatus.FAILED, "Scripted did not load Accord's tools",
    )  # fmt: skip
    events = runs.transcript("cart/T1/1")
    assert (EventKind.ERROR, report.detail) in [(one.kind, one.text) for one in events]
    assert [one.text for one in events if one.kind is EventKind.END] == ["failed"]


DEAF = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    answers = {"initialize": {"protocolVersion": 1}, "session/new": {"sessionId": "s"}}
    answer = answers.get(asked["method"], {"stopReason": "end_turn"})
    if asked["method"] in ("session/new", "session/prompt"):
        print(json.dumps(asked["params"]), file=open("said", "a"))
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}), flush=True)
"""


def test_an_agent_that_takes_no_tools_is_told_of_none_and_it_is_said(
    runs: AgentRuns, order: Callable[..., AgentOrder], workdir: Path
) -> None:
    agent = AgentChoice("Old", AgentKind.ACP, (sys.executable, "-I", "-c", DEAF))
    runs.start(evolve(order(), agent=agent))
    report = ended(runs)
    assert report.status is AgentStatus.ENDED
    events = runs.transcript("cart/T1/1")
    assert "it takes no tools over HTTP, so it has none of Accord's and can ask nobody" in [
        one.text for one in events
    ]
    said = (workdir / "said").read_text()
    assert '"mcpServers": []' in said
    assert "spec_read" not in said


def test_the_token_of_the_tools_is_in_no_file_of_the_run(
    runs: AgentRuns, order: Callable[..., AgentOrder], tmp_path: Path, workdir: Path
) -> None:
    script = """
[[step]]
do = "run"
argv = ["sh", "-c", "echo $ACCORD_TOOLS_TOKEN > src-token; echo $ACCORD_TOOLS_URL > url"]
[[step]]
do = "run"
argv = ["sh", "-c", "cat src-token > again"]
"""
    tell = "[[step]]\ndo = 'tool'\nname = 'ask_human'\n[step.arguments]\nquestion = 'x'\n"
    runs.start(order(script + tell, patience_s=0.0))
    assert ended(runs).status is AgentStatus.ASKS
    token = (workdir / "src-token").read_text().strip()
    assert token.startswith("accord-")
    files = [one for one in (tmp_path / "state").rglob("*") if one.is_file()]
    assert files
    assert not [one for one in files if token.encode() in one.read_bytes()]


def test_a_question_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "r").mkdir(parents=True)
    place = tmp_path / folder.QUESTIONS
    place.mkdir()
    (place / "0123.json").write_text("{")
    (place / "0124.json").write_text("[]")
    (place / "0125.json").write_text(
        '{"id": "../../x", "run_id": "r", "about": "a", "text": "t", "at": 1}'
    )
    assert asked.waiting(runs) == ()
    with pytest.raises(ValueError, match="x"):
        asked.reply(runs, Question("../../x", "r", "a", "t"), "words")


def test_the_words_after_a_cut_say_so_and_hold_the_answer(
    runs: AgentRuns, order: Callable[..., AgentOrder], workdir: Path
) -> None:
    script = """
[[scene]]
when = ["build it", "CUT", "> May guests pay?", "With a card."]
[[scene.step]]
do = "say"
text = "heard"

[[step]]
do = "tool"
name = "ask_human"
arguments = { question = "May guests pay?" }
"""
    runs.start(order(script.replace("CUT", CUT_OFF), patience_s=0.0))
    assert ended(runs).status is AgentStatus.ASKS
    runs.reply(runs.questions()[0], "With a card.")
    assert runs.go_on("cart/T1/1")
    assert ended(runs).said.endswith("heard")


@pytest.mark.parametrize("kind", ["bubblewrap", "landlock"])
def test_the_tools_are_reached_from_a_box_that_has_no_other_way_out(
    runs: AgentRuns, order: Callable[..., AgentOrder], workdir: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "bubblewrap":
        need(bool(find_program()), "bubblewrap")
    else:
        need(abi() >= 6, "Landlock 6")
    script = "[[step]]\ndo = 'tool'\nname = 'spec_read'\n[[step]]\ndo = 'tool'\n"
    made = order(f"{script}name = 'submit_artifact'\narguments = {{ text = 'handed in' }}\n")
    door = runs.door("cart/T1/1")
    Path(door).mkdir(parents=True)
    walls = Walls(str(workdir), ("src",), (), made.agent.command, door,
                  home=runs.home("cart/T1/1"))  # fmt: skip
    (workdir / "src").mkdir()
    box = Bubblewrap() if kind == "bubblewrap" else Landlock()
    runs.start(evolve(made, box=box.prefix(walls)))
    report = ended(runs)
    assert report.status is AgentStatus.ENDED, report
    assert "spec_read: === tasks.md ===" in report.said
    assert (workdir / "src/a.md").read_text() == "handed in"
