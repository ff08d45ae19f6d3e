"""What an agent does with Accord's tools, from its box to the gate, and what people see."""

import json
import threading
import time
from pathlib import Path

import pytest

from accord.app import asking, tooling
from accord.app.board_view import board_view
from accord.app.changes import load
from accord.app.gate_view import gate_view
from accord.core.model import SPEC_STAGES, Stage
from accord.wiring.opening import open_workshop, walls
from needing import need
from project import BUILT, DOCUMENTS, STORY, Project
from visiting import Visitor, serving

QUESTION = "May guests pay later?"


def tool(name: str, **arguments: str) -> str:
    given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in arguments.items())
    step = f"[[scene.step]]\ndo = 'tool'\nname = '{name}'\n"
    return step + (f"[scene.step.arguments]\n{given}" if given else "")


def scene(*when: str) -> str:
    return f"[[scene]]\nwhen = {json.dumps(list(when))}\n"


def write(path: str, text: str) -> str:
    return f"[[scene.step]]\ndo = 'write'\npath = '{path}'\ntext = {json.dumps(text)}\n"


DRAFTING = (
    scene("Stage: story", "> May guests pay later?", "Only with a card.")
    + tool("submit_artifact", text=STORY)
    + tool("decision_propose", statement="Guests pay with a card.", because="we said so")
    + tool("task_done", summary="All is written.")
    + scene("Stage: story")
    + tool("ask_human", question=QUESTION)
)
BUILDING = (
    scene("Task T1", "Only with a card.")
    + "".join(write(path, text) for path, text in BUILT.items())
    + scene("Task T1")
    + write("shop/half.py", "HALF = 1\n")
    + tool("spec_read")
    + tool("ask_human", question=QUESTION)
)


@pytest.fixture
def walled(project: Project) -> Project:
    """Return the project, on a machine that has the whole box."""
    need(walls(project.state).level >= 3, "a box of level 3")
    return project


def played(project: Project, text: str) -> Path:
    script = project.root / "script.toml"
    script.write_text(text)
    return script


def transcript(project: Project) -> str:
    return "".join(path.read_text() for path in sorted(project.state.rglob("transcript.jsonl")))


def test_a_question_waits_at_the_gate_and_on_the_board_until_it_is_answered(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.new()
    script = str(played(project, DRAFTING))

    ran = project.ok("run", "guest", "--script", script)

    workshop = open_workshop(project.top, lambda _: "")
    (question,) = workshop.agents.questions()
    assert f"guest story: asks {question.id}: {QUESTION}" in " ".join(ran.err.split())
    assert f"accord answer guest {question.id} '...'" in ran.out
    status = project.ok("status", "--json").json
    assert status["now"]["what"] == f"guest: answer the agent: {question.id}"
    assert status["now"]["command"] == f"accord answer guest {question.id} '...'"
    assert f"{question.id} {QUESTION}" in project.ok("show", "guest").out
    view = gate_view(workshop, load(workshop, "guest"), "robin")
    assert [one["id"] for one in view["asked"]] == [question.id]
    (need_row,) = board_view(workshop, "robin")["needs"]
    assert (need_row["questions"], need_row["command"]) == (1, status["now"]["command"])
    workshop.close()
    # To run again before anybody has answered starts nothing.
    again = project.ok("run", "guest", "--script", script)
    assert again.out == ran.out
    assert "asks" not in again.err
    # Nor is it over, so that it could be played again.
    replayed = project.run("replay", "guest/story")
    assert replayed.exit == 1
    assert "is not over" in replayed.err

    project.ok("answer", "guest", question.id, "Only", "with", "a", "card.")
    assert question.id not in project.ok("status").out
    (told,) = [one for one in project.ok("log", "guest", "--json").json["operations"]
               if one["verb"] == "answer"]  # fmt: skip
    assert (told["actor"], told["detail"]) == ("Robin", f"{question.id}: Only with a card.")
    assert told["refs"] == {}
    project.ok("run", "guest", "--script", script)

    assert project.file("accord/guest", "specs/guest/requirements.md") == STORY.encode()
    assert project.ok("status", "--json").json["now"]["what"] == "guest: approve the story"
    assert "It says that it is done: All is written." in transcript(project)


def test_a_question_is_answered_on_its_page_and_only_as_it_was_shown(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.new()
    script = scene("Stage: story") + tool("ask_human", question="<b>May</b> guests pay?")
    project.ok("run", "guest", "--script", str(played(project, script)))

    with serving(project) as server:
        visitor = Visitor(server).enter()
        page = visitor.get("/changes/guest")
        assert "An agent asks" in page.text
        assert "&lt;b&gt;May&lt;/b&gt; guests pay?" in page.text
        assert "answer the agent: Q#" in visitor.get("/").text
        name, own = page.hidden("item"), page.hidden("own")
        answer = {"item": name, "own": "0" * 64, "words": "yes"}
        assert visitor.send("/changes/guest", "/changes/guest/answer", answer).status == 409
        after = visitor.send("/changes/guest", "/changes/guest/answer", {**answer, "own": own})
        assert f"{name} answered: yes" in after.text
        assert "An agent asks" not in visitor.get("/changes/guest").text
    workshop = open_workshop(project.top, lambda _: "")
    assert workshop.agents.questions() == ()
    assert [one.words for one in asking.replies(workshop, "guest/story")] == ["yes"]
    workshop.close()


def test_an_answer_reaches_an_agent_that_waits_for_it(walled: Project) -> None:
    project = walled
    project.new()
    script = (
        scene("Stage: story")
        + tool("ask_human", question=QUESTION)
        + write("specs/guest/requirements.md", STORY)
    )
    answered: list[str] = []
    cards: list[bool] = []

    def answer() -> None:
        for _ in range(3_000):
            workshop = open_workshop(project.top, lambda _: "")
            try:
                for question in workshop.agents.questions():
                    cards.extend(one["asks"] for one in board_view(workshop, "robin")["running"])
                    answered.append(asking.answer(workshop, question, "Only with a card."))
                    return
            finally:
                workshop.close()
            time.sleep(0.1)

    thread = threading.Thread(target=answer)
    thread.start()
    project.ok("run", "guest", "--script", str(played(project, script)))
    thread.join()

    assert answered
    assert cards == [True]  # at work, and its card says what for it waits
    assert "Only with a card." in transcript(project)
    assert project.ok("status", "--json").json["now"]["what"] == "guest: approve the story"


def test_a_task_goes_on_with_the_answer_where_it_was(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.approve_spec()
    script = str(played(project, BUILDING))

    ran = project.ok("run", "guest", "--script", script)

    name = next(word for word in ran.out.split() if word.startswith("Q#"))
    assert f"answer the agent at T1: {name}" in ran.out
    assert "R1.1 WHEN the card is declined" in transcript(project)
    project.ok("answer", "guest", name, "Only with a card.")
    project.ok("run", "guest", "--script", script)

    held = project.git("ls-tree", "-r", "--name-only", "accord/guest").splitlines()
    assert "shop/half.py" in held  # what it wrote before it asked is still there
    assert "tests/test_minutes.py" in held


def homes(project: Project) -> list[Path]:
    return sorted(project.state.glob("runs/*/home"))


def test_a_run_whose_work_was_changed_meanwhile_is_let_go_with_its_home(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.approve_spec()
    asks = scene("Task T1", "90 minutes") + tool("ask_human", question="Why 90?")
    script = str(played(project, asks + BUILDING))
    project.ok("run", "guest", "--script", script)
    (first,) = homes(project)

    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    for _ in SPEC_STAGES:  # what the edit did not touch is not asked again
        project.run("approve", "guest", "--yes")
    ran = project.ok("run", "guest", "--script", script)

    assert "Why 90?" in " ".join((ran.out + ran.err).split())
    (second,) = homes(project)
    assert second != first
    workshop = open_workshop(project.top, lambda _: "")
    assert [one.text for one in workshop.agents.questions()] == ["Why 90?"]
    workshop.close()


def test_a_run_that_nobody_answered_is_let_go_when_its_change_is_released(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.new()
    project.ok("run", "guest", "--script", str(played(project, DRAFTING)))
    assert len(homes(project)) == 1
    for name, text in DOCUMENTS.values():
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    project.build()
    assert len(homes(project)) == 1
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "guest", "--yes")
    assert "guest is released" in project.ok("run", "guest").out
    assert homes(project) == []
    workshop = open_workshop(project.top, lambda _: "")
    assert workshop.agents.questions() == ()
    workshop.close()


def test_a_run_that_asked_is_let_go_with_its_home_when_its_change_is_undone(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.new()
    project.ok("run", "guest", "--script", str(played(project, DRAFTING)))
    assert len(homes(project)) == 1

    assert "undid: new guest" in project.ok("undo", "guest").out

    assert homes(project) == []
    workshop = open_workshop(project.top, lambda _: "")
    assert workshop.agents.questions() == ()
    workshop.close()


def test_a_question_of_a_later_round_goes_on_with_that_round(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project = walled
    project.new()
    script = (
        scene("Stage: story", "has findings", "Only with a card.")
        + write("specs/guest/requirements.md", STORY)
        + scene("Stage: story", "has findings")
        + tool("ask_human", question=QUESTION)
        + scene("Stage: story")
        + write("specs/guest/requirements.md", STORY.replace("SHALL", "will"))
    )
    played(project, script)
    ran = project.ok("run", "guest", "--script", str(project.root / "script.toml"))
    name = next(word for word in ran.out.split() if word.startswith("Q#"))
    project.ok("answer", "guest", name, "Only with a card.")
    project.ok("run", "guest", "--script", str(project.root / "script.toml"))

    assert project.file("accord/guest", "specs/guest/requirements.md") == STORY.encode()
    assert len(list((project.state / "runs").iterdir())) == 2


def test_what_is_asked_keeps_no_secret_that_the_agent_was_given(
    walled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.0)
    project = walled
    project.new()
    secret = "AKIA" + "Q3EGRTY7LPWXZ2NB"
    script = scene("Stage: story") + tool("ask_human", question=f"Is {secret} right?")
    project.ok("run", "guest", "--script", str(played(project, script)))
    workshop = open_workshop(project.top, lambda _: "")
    (question,) = workshop.agents.questions()
    workshop.close()
    assert secret not in question.text
    assert secret not in transcript(project)


def test_what_an_agent_says_of_itself_and_proposes_counts_for_nothing(walled: Project) -> None:
    project = walled
    project.new()
    script = (
        scene("Stage: story")
        + tool("submit_artifact", text=STORY)
        + tool("decision_propose", statement="Guests pay with a card.", because="we said so")
        + tool("decision_propose", statement="x " * 60, because="too long")
        + tool("task_done", summary="All tests pass.")
    )
    project.ok("run", "guest", "--script", str(played(project, script)))

    assert project.gates()["story"] == "waiting"
    (found,) = project.ok("decisions", "list", "--change", "guest", "--json").json["decisions"]
    assert (found["statement"], found["state"]) == ("Guests pay with a card.", "proposed")
    assert project.show()["evidence"] is None


def test_a_later_stages_draft_is_not_seen_by_an_earlier_stage(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", "# Guest cart: design\n\nThe secret draft.\n")
    workshop = open_workshop(project.top, lambda _: "")
    change = load(workshop, "guest")
    story = tooling.for_stage(workshop, change, Stage.STORY, "specs/guest/requirements.md")
    design = tooling.for_stage(workshop, change, Stage.DESIGN, "specs/guest/design.md")
    task = tooling.for_task(workshop, change, "T1", ("shop/**",))
    workshop.close()
    assert [path for path, _ in story.documents] == ["requirements.md"]
    assert "secret" not in repr(story)
    assert [path for path, _ in design.documents] == ["requirements.md", "design.md"]
    assert dict(design.items)["R1.1"].startswith("- R1.1 WHEN the card is declined")
    assert (task.hands_in, story.hands_in) == ("", "specs/guest/requirements.md")
