"""What a person corrects at one gate is a rule at the next, for one key."""

import os
import pty
import select
import subprocess
import sys
import time
from contextlib import closing

import pytest
from attrs import evolve

from accord.app import capturing
from accord.app.capturing import Answer
from accord.core.approval import GateRule
from accord.core.model import Stage
from accord.errors import RefusedError
from accord.wiring.opening import open_workshop
from project import DESIGN, Project
from script_play import DESIGN_AT, play

DRAFT = DESIGN + "\nCarts are kept in Redis.\n"
RIGHT = DESIGN + "\nCarts are kept in PostgreSQL.\n"
WORDS = "Carts are kept in PostgreSQL."


def corrected(project: Project, change: str = "guest", *, draft: str = DRAFT) -> None:
    """Have an agent draft the design, and correct it."""
    project.approve_spec(change, last="story")
    script = play(project, ("Stage: design", DESIGN_AT.replace("guest", change), draft))
    project.run("run", change, "--script", str(script))
    text = project.file(f"accord/{change}", DESIGN_AT.replace("guest", change)).decode()
    project.write("design.md", text.replace("Redis", "PostgreSQL"), change)


def questions(project: Project, change: str = "guest") -> list[dict[str, object]]:
    listed: list[dict[str, object]] = project.ok(
        "decisions", "capture", change, "--json"
    ).json["corrections"]  # fmt: skip
    return listed


def test_without_a_terminal_an_approval_asks_nothing_and_says_how_to_go_on(
    project: Project,
) -> None:
    corrected(project)
    result = project.ok("approve", "guest", "--yes")
    assert "corrections to keep as rules: accord decisions capture guest" in result.out
    (one,) = questions(project)
    assert (one["removed"], one["added"]) == ("Carts are kept in Redis.", WORDS)
    assert one["matches"] == []


def test_a_correction_becomes_a_rule_in_the_persons_words_and_shuts_no_gate(
    project: Project,
) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    project.ok("decisions", "capture", "guest", "--answer", "1=new")
    (rule,) = project.ok("decisions", "list", "--change", "guest", "--json").json["decisions"]
    assert (rule["statement"], rule["state"], rule["stages"]) == (WORDS, "active", ["design"])
    detail = project.ok("decisions", "show", rule["id"], "--change", "guest", "--json").json
    assert detail["wrong"] == "Carts are kept in Redis."
    assert detail["source"]["change"] == "guest"
    assert detail["source"]["item"] == "D1"
    assert project.gates()["design"] == "open"
    assert questions(project) == []


def test_the_same_correction_again_is_matched_with_the_rule_and_counted(project: Project) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    project.ok("decisions", "capture", "guest", "--answer", "1=new")
    rule = project.ok("decisions", "list", "--change", "guest", "--json").json["decisions"][0]
    project.git("update-ref", "refs/heads/main", "accord/guest")  # as if it had landed
    project.git("reset", "-q", "--hard")
    corrected(project, "other", draft=DRAFT + f"\n## Decisions\n\n- Follows {rule['id']}: in D1\n")
    project.ok("approve", "other", "--yes")
    (one,) = questions(project, "other")
    assert [match["id"] for match in one["matches"]] == [rule["id"]]  # type: ignore[attr-defined] # JSON
    said = project.ok("decisions", "capture", "other", "--answer", f"1=again:{rule['id']}").out
    assert said == f"noted: {rule['id']} once more\n"
    found = project.ok("decisions", "stats", "--json").json
    assert (found["corrections"], found["repeats"]) == (2, 1)
    assert found["causes"] == {
        "not captured": 0, "not retrieved": 0, "ignored": 0, "no check": 1,
    }  # fmt: skip
    assert "2 corrections, 1 of them repeats (50%)" in project.ok("decisions", "stats").out


def test_what_was_skipped_once_comes_first_the_second_time(project: Project) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    project.ok("decisions", "capture", "guest", "--answer", "1=skip")
    assert questions(project) == []
    corrected(project, "other")
    project.ok("approve", "other", "--yes")
    (one,) = questions(project, "other")
    assert one["again"] is True
    assert "another" not in str(one)


def test_what_one_person_skipped_comes_first_for_another_once_it_landed(project: Project) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    project.ok("decisions", "capture", "guest", "--answer", "1=skip")
    corrected(project, "other")
    project.ok("approve", "other", "--yes")
    project.git("update-ref", "refs/heads/main", "accord/guest")  # as if it had landed
    project.git("reset", "-q", "--hard")
    for journal in project.state.glob("journal.sqlite*"):
        journal.unlink()  # another machine knows of what was signed alone
    (one,) = questions(project, "other")
    assert one["again"] is True
    project.ok("decisions", "capture", "other", "--answer", "1=skip")
    assert project.ok("decisions", "stats", "--json").json["causes"]["not captured"] == 1


def test_a_reason_for_sending_back_is_a_correction_too(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", RIGHT)
    project.ok("reject", "guest", "--reason", "Carts are never kept for guests.")
    project.write("design.md", RIGHT + "\nMore.\n")
    project.ok("approve", "guest", "--yes")
    (one,) = questions(project)
    assert one["words"] == "Carts are never kept for guests."


def test_what_the_agent_wrote_after_it_was_sent_back_is_not_the_persons_words(
    project: Project,
) -> None:
    edited = DESIGN.replace("a number of minutes", "a number of whole minutes only")
    project.approve_spec(last="story")
    script = play(project, ("Stage: design", DESIGN_AT, DRAFT))
    project.run("run", "guest", "--script", str(script))
    project.write("design.md", edited + "\nCarts are kept in Redis.\n")
    project.ok("reject", "guest", "--reason", "Carts in Redis are lost on a restart.")
    script = play(project, ("Stage: design", DESIGN_AT, edited + "\nCarts never leave MySQL.\n"))
    project.run("run", "guest", "--script", str(script))
    project.ok("approve", "guest", "--yes")
    assert [(one["words"], one["removed"]) for one in questions(project)] == [
        ("Carts in Redis are lost on a restart.", "Carts are kept in Redis."),
        ("The cart gets a number of whole minutes only.", "The cart gets a number of minutes."),
    ]


def test_an_answer_that_could_not_be_signed_is_asked_for_again(project: Project) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        (prompt,) = capturing.pending(workshop, "guest", Stage.DESIGN)
        workshop.trust = evolve(workshop.trust, gates={"decision": GateRule(role="judge")})
        with pytest.raises(RefusedError):
            capturing.record(workshop, "guest", Stage.DESIGN, [Answer(prompt, "skip")])
    assert len(questions(project)) == 1


def test_a_rule_that_clashes_is_left_as_a_proposal_and_that_is_said(project: Project) -> None:
    project.ok("decisions", "new", "Carts are not kept in PostgreSQL.")
    project.ok("decisions", "approve", "carts-kept-postgresql", "--yes")
    corrected(project)
    project.run("show", "guest")
    text = project.desk().joinpath("design.md").read_text()
    project.write("design.md", text + "\n## Decisions\n\n- Departs D-1: we keep them\n")
    project.ok("approve", "guest", "--yes")
    said = project.ok("decisions", "capture", "guest", "--answer", f"1=new:{WORDS}", "--json").json
    assert "is proposed, not in force" in said["said"][0]


def test_an_agent_keeps_no_rule(project: Project) -> None:
    corrected(project)
    project.ok("approve", "guest", "--yes")
    project.monkeypatch.setenv("ACCORD_RUN", "x")
    assert project.run("decisions", "capture", "guest", "--answer", "1=new").exit == 1


@pytest.mark.parametrize(("keys", "count"), [("n", 1), ("\r", 0)])
def test_on_a_terminal_one_key_answers(project: Project, keys: str, count: int) -> None:
    corrected(project)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "approve", "guest", "--yes"], cwd=project.top,
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    deadline = time.monotonic() + 60
    # What is typed before the terminal is made raw is thrown away, so the key is typed again.
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.5)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            said += part
            if not part:
                break
        elif b"[Enter] skip" in said:
            os.write(ours, keys.encode())
    if time.monotonic() >= deadline:
        process.kill()
    assert process.wait(60) == 0, said.decode()
    os.close(ours)
    assert b"You corrected D1" in said
    listed = project.ok("decisions", "list", "--change", "guest", "--json").json
    assert len(listed["decisions"]) == count
