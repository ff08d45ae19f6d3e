"""Decide at a gate: only what changed is asked, and nothing passes that nobody decided on."""

import pytest

import forgery
import gitrepo
from accord.core.approval import GateRule
from project import BUILT, DESIGN, SMALL, STORY, TASKS, VERIFY, Project, make_project

BRANCH = "accord/guest"
LARGE = {f"shop/part{number}.py": "x = 1\n" * 20 for number in range(4)} | BUILT


def asked(project: Project) -> list[tuple[str, str]]:
    """Return what the gate asks about, with how each changed."""
    return [(item["id"], item["change"]) for item in project.show()["items"]]


def test_a_first_approval_asks_for_everything(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    assert asked(project) == [
        ("requirements.md", "added"), ("R1", "added"), ("R1.1", "added"), ("R1.2", "added"),
    ]  # fmt: skip


def test_after_an_edit_only_that_item_is_asked_again(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60", "61"))
    shown = project.show()
    assert [item["id"] for item in shown["items"]] == ["R1.1"]
    assert shown["kept"]["count"] == 3
    assert shown["kept"]["by"] == "robin"
    assert ["-", "60"] in shown["items"][0]["words"]
    assert ["+", "61"] in shown["items"][0]["words"]
    project.ok("approve", "--seen", shown["seen"])
    assert project.gates()["story"] == "open"


def test_what_rests_on_the_edit_is_asked_again_and_nothing_else(project: Project) -> None:
    project.approve_spec()
    project.write("requirements.md", STORY.replace("60", "61"))
    project.ok("approve", "--yes")
    assert asked(project) == [("D1", "rests on a change")]
    project.ok("approve", "--yes")
    assert asked(project) == [("T1", "rests on a change")]
    project.ok("approve", "--yes")
    assert project.gates()["architecture"] == "open"


def test_an_edit_that_is_taken_back_asks_for_nothing(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60", "61"))
    assert project.gates()["story"] == "waiting"
    project.write("requirements.md", STORY)
    assert project.gates()["story"] == "open"


def test_an_item_taken_away_is_asked_about(project: Project) -> None:
    project.approve_spec(last="story")
    line = "- R1.2 WHEN the cart is kept THE shop SHALL say until when.\n"
    project.write("requirements.md", STORY.replace(line, ""))
    assert asked(project) == [("requirements.md", "rests on a change"), ("R1.2", "removed")]


def test_a_ticked_task_is_the_same_task(project: Project) -> None:
    project.approve_spec()
    project.write("tasks.md", TASKS.replace("[ ]", "[x]"))
    assert project.gates()["architecture"] == "open"


def test_approving_through_a_later_gate_signs_each(project: Project) -> None:
    project.new()
    for name, text in (("requirements.md", STORY), ("design.md", DESIGN), ("tasks.md", TASKS)):
        project.write(name, text)
    approved = project.ok("approve", "--yes", "--through", "architecture", "--json").json
    assert [one["stage"] for one in approved["approved"]] == ["story", "design", "architecture"]
    assert [one.gate for one in forgery.approvals(project)] == [
        "track", "story", "design", "architecture",
    ]  # fmt: skip
    past = project.run("approve", "--seen", "0" * 12, "--through", "story")
    assert past.exit == 2
    assert "guest is past the story gate already" in past.err


def test_a_record_binds_the_bytes_that_were_seen(project: Project) -> None:
    project.approve_spec()
    records = {one.gate: one for one in forgery.approvals(project)}
    names = [file.name.rpartition("/")[2] for file in records["architecture"].subject]
    assert names == ["requirements.md", "design.md", "tasks.md"]
    assert set(records["design"].items) == {"design.md", "D1"}
    assert records["design"].approver == "robin"
    assert records["design"].authors == ("Robin",)


def test_a_rejection_waits_until_the_text_changes(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    project.ok("reject", "--reason", "an hour is\ntoo long")
    assert project.show()["gates"][0]["reason"] == "robin sent it back: an hour is too long"
    waits = project.ok("run", "guest", "--json").json["waits"]
    assert waits[0]["what"] == "revise requirements.md"
    project.write("requirements.md", STORY.replace("60", "30"))
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"


def test_what_was_rejected_can_be_approved_after_all(project: Project) -> None:
    project.approve_spec(last="story")
    project.ok("reject", "--stage", "story", "--reason", "hm")
    assert project.gates()["story"] == "waiting"
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"
    assert [one.round for one in forgery.approvals(project)] == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("reject", "--reason", " "), 2, "a rejection needs a reason"),
        (("reject", "--reason", "no", "--stage", "review"), 1, "there is nothing to send back"),
        (("reject", "--reason", "no", "--task", "T9"), 2, "guest has no task T9"),
        (("approve", "--waive", "it is fine"), 1, "nothing about guest needs a waiver"),
        (("approve", "--waive", " "), 2, "a waiver needs a reason"),
        (("approve", "--track", "full"), 1, "guest is on the full track already"),
    ],
)
def test_a_decision_about_nothing_is_refused(
    project: Project, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    project.approve_spec(last="story")
    refs = project.refs()
    result = project.run(*arguments)
    assert (result.exit, said in result.err) == (exit_code, True), result.err
    assert project.refs() == refs


def test_two_people_are_needed_where_the_trust_file_says_so(project: Project) -> None:
    sasha = forgery.key_of(project.root / "sasha")
    people = {"sasha": (sasha, ("approver",))}
    trust = forgery.next_version(project, people, {"story": GateRule(threshold=2)})
    gitrepo.commit(project.top, trust, "Two for each story")
    project.new()
    project.write("requirements.md", STORY)
    project.ok("approve", "--yes")
    assert project.show()["gates"][0]["reason"] == "1 of 2 people approved"
    again = project.run("approve", "--yes")
    assert again.exit == 1
    assert "you approved the story of guest already" in again.err
    project.ok("init", "--key", str(project.root / "sasha"))
    project.ok("approve", "--yes")
    assert project.show()["gates"][0]["reason"] == "approved by robin, sasha"


def test_a_policy_that_changed_on_the_base_is_asked_about(project: Project) -> None:
    project.approve_spec(last="story")
    config = project.file("main", ".accord/config.toml").replace(b"timeout_s = 900", b"timeout_s=9")
    gitrepo.commit(project.top, {".accord/config.toml": config}, "Hurry")
    assert project.show()["gates"][0]["reason"] == "the policy changed since it was approved"
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"


def test_a_trivial_change_that_outgrows_its_track_is_stopped(project: Project) -> None:
    project.new("trivial")
    result = project.build(files=LARGE | {"shop/auth/login.py": "x = 1\n"})
    words = "this became larger than its track: 7 files, 92 lines, touches shop/auth/login.py"
    assert words in " ".join(result.out.split())
    shown = project.show()
    assert shown["next"][0]["waits"] == words
    assert "--track full" in shown["next"][0]["command"]
    assert "--waive" in shown["next"][0]["command"]


def test_a_waiver_lets_a_change_be_as_large_as_it_was_then_and_no_larger(project: Project) -> None:
    project.new("trivial")
    project.build(files=LARGE)
    waived = project.ok("approve", "--waive", "the parts are generated").out
    assert "waived: this became larger than its track: 6 files, 91 lines" in " ".join(
        waived.split()
    )
    assert forgery.approvals(project)[-1].details["files"] == 6
    assert "waits for you: approve the review" in project.ok("run", "guest").out
    project.commit_on(BRANCH, {"shop/more.py": "x = 1\n"})
    assert "larger than its track: 7 files" in project.show()["next"][0]["waits"]


def test_an_outgrown_change_can_step_up(project: Project) -> None:
    project.new("trivial")
    project.build(files=LARGE)
    project.ok("approve", "--track", "full", "--waive", "it became a feature")
    assert project.show()["stage"] == "story"
    assert "write requirements.md" in project.show()["next"][0]["waits"]


def test_without_a_command_that_verifies_a_change_waits_for_a_waiver(
    project: Project,
) -> None:
    project.git("rm", "-q", "-r", ".accord")
    project.git("commit", "-q", "-m", "Without Accord")
    project.ok("init", "--verify", "")
    project.new("trivial")
    result = project.build()
    assert result.exit == 4
    assert "no command is set that would verify it" in result.out
    assert not [ref for ref in project.refs() if ref.startswith("refs/accord/tasks/")]
    assert "nothing verified T1" in project.ok("approve", "--waive", "only words change").out
    assert "approve the review" in project.ok("run", "guest", "--built", "T1").out
    project.ok("approve", "--yes")
    assert "guest is released" in project.ok("run", "guest").out
    assert project.file("main", "shop/cart.py").decode() == BUILT["shop/cart.py"]


@pytest.mark.parametrize(
    ("verify", "said"),
    [
        ("no-such-program --all", "the command was not found: no-such-program"),
        ("true", "it did not say how many tests ran (exit 0): true"),
        ("python -m unittest discover -s shop -t .", "no test ran"),
        ("python -c 'raise SystemExit(3)'", "it did not say how many tests ran (exit 3)"),
    ],
)
def test_a_command_that_proves_nothing_is_not_a_pass(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, project: Project, verify: str, said: str
) -> None:
    config = project.file("main", ".accord/config.toml").decode().replace(VERIFY, verify)
    gitrepo.commit(project.top, {".accord/config.toml": config}, "Verify otherwise")
    project.new("trivial")
    result = project.build()
    assert result.exit == 4
    assert said in " ".join(result.out.split())
    assert "approve the review" not in result.out
    assert project.run("approve", "--yes").exit == 1
    assert "MINUTES" not in project.file(BRANCH, "shop/cart.py").decode()


def test_a_red_test_is_not_done(project: Project) -> None:
    project.new("trivial")
    red = BUILT["tests/test_minutes.py"].replace("60", "61")
    result = project.build(files={**BUILT, "tests/test_minutes.py": red})
    assert result.exit == 4
    assert "T1 is not done: exit 1 after 2 tests" in " ".join(result.out.split())
    assert "MINUTES" not in project.file(BRANCH, "shop/cart.py").decode()
    gitrepo.write(project.lent(), BUILT)
    assert "approve the review" in project.ok("run", "guest", "--built", "T1").out


def test_work_sent_back_is_built_anew_from_where_it_was(project: Project) -> None:
    project.approve_spec(track="small")
    project.build()
    project.ok("reject", "--reason", "say minutes", "--task", "T1")
    waits = project.ok("run", "guest", "--json").json["waits"]
    assert waits[0]["what"] == "build T1: Keep the cart on decline"
    assert "MINUTES" in (gitrepo.contents(project.lent())["shop/cart.py"]).decode()


def test_a_small_change_goes_through_two_gates(project: Project) -> None:
    project.approve_spec(track="small")
    assert project.file(BRANCH, "specs/guest/requirements.md").decode() == SMALL
    project.build()
    gates = project.gates()
    assert [stage for stage, standing in gates.items() if standing != "skipped"] == [
        "story", "review",
    ]  # fmt: skip
    project.ok("approve", "--yes")
    assert "guest is released" in project.ok("run").out


def test_evidence_is_in_the_record_that_approves_the_review(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(
        tmp_path_factory.mktemp("proven"), monkeypatch, verify="python -m pytest -q"
    )
    project.approve_spec(track="small")
    project.build()
    shown = {one["criterion"]: one for one in project.show()["evidence"]["criteria"]}
    assert shown["R1.1"]["proof"] == "proven"
    assert shown["R1.2"]["proof"] == "claimed"
    known = project.show()["evidence"]
    project.ok("approve", "--yes")
    assert forgery.approvals(project)[-1].details["evidence"] == known


def test_a_file_that_no_task_was_to_touch_is_named_first_at_the_review(project: Project) -> None:
    project.approve_spec(track="small")
    assert project.build().exit == 0
    project.commit_on("accord/guest", {"zz_evil.py": "EVIL = 1\n"}, "By the way")

    files = project.show()["files"]

    assert (files[0]["path"], files[0]["unasked"]) == ("zz_evil.py", True)
    assert not any(one["unasked"] for one in files[1:])
    assert "zz_evil.py (1 lines, which no task was to touch)" in project.ok("show").out
