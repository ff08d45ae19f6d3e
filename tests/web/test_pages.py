"""Every page and every action, without a script: forms, and the pages that follow them."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from accord.app import reviewing
from accord.errors import RefusedError
from accord.web.running import Server
from project import DESIGN, PYTEST, STORY, TASKS, Project, make_project
from visiting import Visitor, serving

TEMPLATES = Path(__file__).parents[2] / "src" / "accord" / "web" / "templates"


def words(text: str) -> str:
    """Return what a page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").split())


def test_an_empty_room_says_how_to_begin(visitor: Visitor) -> None:
    for path, said in {
        "/": "Nothing waits for you",
        "/board": "No agent is at work",
        "/log": "1 operation, the newest first",
    }.items():
        answer = visitor.get(path)
        assert answer.status == 200
        assert said in words(answer.text)


def test_needs_you_says_what_each_change_asks(asking: Project, visitor: Visitor) -> None:
    said = words(visitor.get("/").text)
    assert "1 change waits for you, about 2 minutes in all" in said
    assert "high risk 1 question 2 assumptions" in said
    asking.ok("answer", "guest", "Q1", "no")
    assert "1 question" not in words(visitor.get("/").text)


def test_the_gate_asks_first_what_was_guessed_the_riskiest_first(
    asking: Project, visitor: Visitor
) -> None:
    text = visitor.get("/changes/guest").text
    places = [text.index(f'id="item-{one}"') for one in ("Q1", "A2", "A1", "R1.1", "R1.2")]
    assert places == sorted(places)
    assert "open: 1 question, 2 assumptions" in words(text)
    assert re.search(r'data-key="A" disabled', text)


def test_a_question_is_answered_by_a_form(asking: Project, visitor: Visitor) -> None:
    page = visitor.get("/changes/guest")
    fields = {"item": "Q1", "own": page.hidden("own"), "words": "Yes, after verification"}
    after = visitor.send("/changes/guest", "/changes/guest/answer", fields)
    assert "Q1 answered: Yes, after verification" in words(after.text)
    notes = asking.show()["notes"]
    assert [one["answer"] for one in notes if one["id"] == "Q1"] == ["Yes, after verification"]


def test_an_answer_to_words_that_were_not_shown_is_refused(
    asking: Project, visitor: Visitor
) -> None:
    own = visitor.get("/changes/guest").hidden("own")
    path = asking.desk() / "requirements.md"
    path.write_text(path.read_text().replace("claimed later", "claimed by anybody"))
    before = path.read_text()
    fields = {"item": "Q1", "own": own, "words": "yes"}
    after = visitor.send("/changes/guest", "/changes/guest/answer", fields)
    assert after.status == 409
    assert "changed since you looked" in words(after.text)
    assert path.read_text() == before


def test_an_assumption_is_corrected_byte_for_byte(asking: Project, visitor: Visitor) -> None:
    before = (asking.desk() / "requirements.md").read_bytes()
    own = re.search(r'value="A2"><input type="hidden" name="own" value="(\w+)"',
                    visitor.get("/changes/guest").text)  # fmt: skip
    assert own
    visitor.send("/changes/guest", "/changes/guest/answer",
                 {"item": "A2", "own": own[1], "words": "Carts are kept for a week"})  # fmt: skip
    after = (asking.desk() / "requirements.md").read_bytes()
    expected = before.replace(
        b"- A2 (high) Carts are kept for 24 months.\n",
        b"- A2 (high, corrected) Carts are kept for 24 months.\n"
        b"  - Correction: Carts are kept for a week\n",
    )
    assert after == expected


def test_what_was_approved_is_folded_and_only_the_rest_is_asked_again(
    project: Project, visitor: Visitor
) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    text = visitor.get("/changes/guest").text
    said = words(text)
    assert "Changed since you approved" in said
    assert "<del>60</del><ins>90</ins>" in text
    assert 'id="item-R1.1"' in text
    assert 'id="item-R1.2"' not in text
    assert re.search(r"\d items as you approved them on \d{4}-\d\d-\d\d", said)


def test_what_another_person_approved_is_not_yours(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    with serving(project) as server:
        server.room.who_is = lambda _: "sam"
        text = Visitor(server).enter().get("/changes/guest").text
    assert 'id="item-R1.2"' in text
    assert "You have not approved any of it before" in words(text)


def test_a_gate_that_changed_since_it_was_shown_is_not_asked_for(
    project: Project, visitor: Visitor, server: Server
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    seen = visitor.get("/changes/guest").hidden("seen")
    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    after = visitor.send("/changes/guest", "/changes/guest/approve", {"seen": seen})
    assert after.status == 409
    assert server.asks.next() is None


def test_an_approval_and_a_rejection_are_only_asked_for(
    project: Project, visitor: Visitor, server: Server
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    records = project.records()
    seen = visitor.get("/changes/guest").hidden("seen")
    page = visitor.send("/changes/guest", "/changes/guest/approve", {"seen": seen})
    asked = server.asks.next()
    assert asked
    assert (asked.verb, asked.change, asked.stage, asked.seen) == (
        "approve",
        "guest",
        "story",
        seen,
    )
    assert asked.aloud in page.text
    notes = {"note-R1.1": "too long", "note-R1.2": " ", "reason": "see the notes"}
    visitor.send("/changes/guest", "/changes/guest/reject", notes)
    again = server.asks.next()
    assert again
    assert again.reason == "R1.1: too long; see the notes"
    earlier = server.asks.get(asked.id)
    assert earlier
    assert earlier.state == "refused"
    assert project.records() == records
    assert project.gates()["story"] == "waiting"


def test_without_a_terminal_the_page_names_the_command(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    with serving(project, terminal=False) as server:
        visitor = Visitor(server).enter()
        seen = visitor.get("/changes/guest").hidden("seen")
        after = visitor.send("/changes/guest", "/changes/guest/approve", {"seen": seen})
    assert after.status == 409
    assert f"accord approve guest --seen {seen}" in words(after.text)


def test_the_result_shows_what_nobody_asked_for(project: Project, visitor: Visitor) -> None:
    project.approve_spec()
    project.build()
    project.commit_on("accord/guest", {"settings.py": "DEBUG = True\n",
                                       "tests/test_cart.py": "# nothing is tested\n"})  # fmt: skip
    text = visitor.get("/changes/guest/result").text
    said = words(text)
    assert "1 hunk unasked" in said
    loud = text[text.index('id="loud"') : text.index('id="criteria"')]
    assert re.findall(r"<details open id=\"lines-\w+\"><summary[^>]*><span[^>]*>([^<]+)", loud) == [
        "settings.py:1", "tests/test_cart.py:1",
    ]  # fmt: skip
    assert "test does less" in said
    assert "Cart.test_keeps is gone" in said
    assert "DEBUG = True" in said


def test_the_result_tells_what_is_proven_criterion_by_criterion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, monkeypatch, verify=PYTEST)
    project.approve_spec()
    project.build()
    with serving(project) as server:
        text = Visitor(server).enter().get("/changes/guest").text
    said = words(text)
    assert "1 of 2 criteria proven" in said
    assert said.index("R1.2") < said.index("R1.1 WHEN")
    assert "fails without the change and passes with it" in said


def test_the_board_has_each_change_in_its_column(project: Project, visitor: Visitor) -> None:
    project.approve_spec()
    project.new("trivial", "typo")
    said = words(visitor.get("/board").text)
    assert "2 wait for you, 0 running" in said
    project.build()
    project.ok("approve", "guest", "--yes", "--through", "release")
    project.ok("run", "guest")
    said = words(visitor.get("/board").text)
    assert "1 waits for you" in said
    assert "1 released" in said


def test_a_question_is_answered_on_the_card_of_the_board(asking: Project, visitor: Visitor) -> None:
    page = visitor.get("/board")
    assert "Q1 May a guest order be claimed later?" in words(page.text)
    fields = {"item": "Q1", "own": page.hidden("own"), "words": "Never.", "from": "board"}
    after = visitor.send("/board", "/changes/guest/answer", fields)
    assert "Q1 answered: Never." in words(after.text)
    assert "waits for you" in words(after.text)
    assert "May a guest order be claimed later?" not in after.text
    assert b"Q1 (answered)" in (asking.desk() / "requirements.md").read_bytes()


def test_the_last_operation_is_taken_back_by_a_form(asking: Project, visitor: Visitor) -> None:
    asking.ok("answer", "guest", "Q1", "no")
    number = visitor.get("/log").hidden("number")
    after = visitor.send("/log", "/undo", {"number": number})
    assert "undid: answer guest" in words(after.text)
    assert [one["open"] for one in asking.show()["notes"] if one["id"] == "Q1"] == [True]
    assert visitor.send("/log", "/undo", {"number": number}).status == 409


def test_what_is_not_there_is_told_on_a_page(asking: Project, visitor: Visitor) -> None:
    for path in ("/changes/none", "/changes/guest/document/none.md", "/nothing", "/asks/none",
                 "/changes/guest/at/0123/requirements.md"):  # fmt: skip
        answer = visitor.get(path)
        assert answer.status == 404, path
        assert 'id="main"' in answer.text


def test_several_changes_are_counted(project: Project, visitor: Visitor) -> None:
    for number in range(3):
        project.new("trivial", f"typo-{number}")
    said = words(visitor.get("/").text)
    assert "3 changes wait for you" in said


def test_a_design_and_tasks_are_read_by_their_names(project: Project, visitor: Visitor) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    text = visitor.get("/changes/guest").text
    assert "Minutes beside the cart" in words(text)
    project.ok("approve", "guest", "--yes")
    project.write("tasks.md", TASKS)
    assert "Keep the cart on decline" in words(visitor.get("/changes/guest").text)


def test_a_page_of_patterns_shows_every_component(visitor: Visitor) -> None:
    answer = visitor.get("/-/patterns")
    assert answer.status == 200
    assert "<script>alert" not in answer.text
    assert answer.text.count('class="chip"') >= 4


def test_every_component_has_its_place_among_the_patterns() -> None:
    parts, patterns = ((TEMPLATES / f"{name}.html").read_text() for name in ("parts", "patterns"))
    bodies = dict(re.findall(r"{% macro (\w+)\([^%]*%}(.*?){% endmacro", parts, re.DOTALL))
    assert len(bodies) == parts.count("{% macro")
    unseen, texts = set(bodies) - {"keys"}, [patterns]  # the keys are beneath every page
    while texts:
        text = texts.pop()
        called = {name for name in unseen if re.search(rf"\b{name}\(", text)}
        unseen -= called
        texts += [bodies[name] for name in called]
    assert unseen == set()


def test_no_page_can_sign_even_with_a_key_that_asks_for_nothing(
    project: Project, server: Server
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    with server.room.workshop() as workshop:
        with pytest.raises(RefusedError, match="a page signs nothing"):
            reviewing.approve(workshop, "guest")
        with pytest.raises(RefusedError, match="a page signs nothing"):
            reviewing.reject(workshop, "guest", "no")
    assert project.gates()["story"] == "waiting"


def test_hidden_text_is_named_wherever_it_stands(project: Project, visitor: Visitor) -> None:
    project.new()
    project.write("requirements.md", STORY.replace("# Guest cart", "# Guest \u202ecart"))
    for path in ("/", "/board", "/changes/guest", "/changes/guest/past"):
        text = visitor.get(path).text
        assert "\u202e" not in text, path
        assert "U+202E" in text, path
    assert "Text that cannot be seen" in words(visitor.get("/changes/guest").text)


def test_what_an_agent_said_and_did_is_shown_and_runs_nowhere(
    project: Project, visitor: Visitor
) -> None:
    project.approve_spec()
    script = project.root / "script.toml"
    script.write_text(
        '[[step]]\ndo = "say"\ntext = "I am <script>done</script> \\u202E now"\n'
        '[[step]]\ndo = "write"\npath = "shop/cart.py"\ntext = "MINUTES = 60\\n"\n'
    )
    project.run("run", "guest", "--script", str(script))
    past = visitor.get("/changes/guest/past").text
    found = re.search(r'href="(/runs/build/guest/T1/[^"]+)"', past)
    assert found
    answer = visitor.get(found[1])
    assert answer.status == 200
    assert "&lt;script&gt;done" in answer.text
    assert "U+202E</mark>" in answer.text
    assert "shop/cart.py" in answer.text
    for path in ("/runs/build/guest/T1/0/1/1", "/runs/x", f"{found[1]}9", "/runs/../../etc"):
        assert visitor.get(path).status == 404, path


def test_an_agent_that_is_at_work_is_on_the_board(project: Project, visitor: Visitor) -> None:
    project.new("trivial", "typo")
    script = project.root / "script.toml"
    script.write_text(
        '[[step]]\ndo = "say"\ntext = "I begin"\n[[step]]\ndo = "wait"\nseconds = 60\n'
    )
    process = subprocess.Popen(
        [Path(sys.executable).with_name("accord"), "run", "typo", "--script", str(script)],
        cwd=project.top, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        text = ""
        while (
            "An agent works on T1: Keep the cart of a guest, try 1" not in text
            and time.monotonic() < until
        ):
            time.sleep(0.2)
            text = words(visitor.get("/board").text)
        assert "1 running" in text
        found = re.search(r'href="(/runs/[^"]+)"', visitor.get("/board").text)
        assert found
        run = found[1].removeprefix("/runs/")
        while "I begin" not in text and time.monotonic() < until:
            time.sleep(0.2)
            text = words(visitor.get(found[1]).text)
        assert "round 1, running" in text
        board = words(visitor.get("/board").text)
        assert "1 task left, at least 1 round; 1 of the 1 that can be worked on now is" in board
        after = words(visitor.send("/board", "/stop", {"run": run, "how": "take"}).text)
        assert "stopped the agent's run on T1 of typo; build it in /" in after
        assert "0 running" in after
        assert "that run is over" in words(visitor.send("/board", "/stop", {"run": run}).text)
        assert "stop typo the agent's run on T1" in words(visitor.get("/log").text)
        process.wait(60)
        assert "Undo no." in visitor.get("/log").text  # what can be undone is the change itself
    finally:
        process.terminate()
        process.wait()
        with visitor.server.room.workshop() as workshop:
            workshop.agents.stop(run)
    assert "0 running" in words(visitor.get("/board").text)


def test_a_bug_is_told_on_the_page_and_shown_in_the_terminal(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> str:
        raise RuntimeError("secret \x1b[31m")

    visitor.server.room.who_is = broken
    answer = visitor.get("/")
    assert answer.status == 500
    assert "This is a bug in Accord" in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    said = capsys.readouterr().err
    assert "RuntimeError: secret" in said
    assert "\x1b" not in said
    assert visitor.get("/log").status == 200
