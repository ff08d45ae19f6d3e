"""What was done is written down, and can be taken back without anything being deleted."""

from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.app.workshop import Workshop
from accord.engine.entering import settle
from accord.errors import ConflictError
from accord.git import following
from accord.git.run import Git
from accord.wiring.opening import open_workshop
from project import BUILT, STORY, Project

BRANCH = "accord/guest"
REF = f"refs/heads/{BRANCH}"


def log(project: Project, *arguments: str) -> list[dict[str, object]]:
    operations: list[dict[str, object]] = project.ok("log", *arguments, "--json").json["operations"]
    return operations


def test_every_mutation_is_one_line_with_who_and_what_moved(project: Project) -> None:
    steps = [
        (("new", "Keep it", "--name", "guest"), ["new"]),
        (("answer", "Q1", "because"), ["answer"]),
        (("reject", "--reason", "no"), ["reject"]),
        (("approve", "--yes"), ["approve"]),
        (("approve", "--track", "small"), ["approve"]),
        (("undo",), []),
    ]
    for arguments, verbs in steps:
        before, count = project.refs().get(REF, ""), len(log(project))
        project.run(*arguments)
        done = log(project)[: len(log(project)) - count]
        assert [one["verb"] for one in done] == verbs
        for one in done:
            assert one["actor"] == "Robin"
            assert one["change"] == "guest"
            assert one["refs"] == {REF: {"before": before, "after": project.refs()[REF]}}
        if arguments[0] == "new":
            asking = STORY.replace("## Questions\n", "## Questions\n\n- Q1 (open) Why?\n")
            project.commit_on(BRANCH, {"specs/guest/requirements.md": asking})


def test_looking_writes_nothing_down(project: Project) -> None:
    project.new()
    refs, operations = project.refs(), log(project)
    for arguments in (("status",), ("show",), ("log",), ("doctor",), ("show", "--template")):
        project.ok(*arguments)
    assert (project.refs(), log(project)) == (refs, operations)


def test_a_change_that_was_begun_is_taken_back(project: Project) -> None:
    refs = project.refs()
    project.new()
    tip = project.git("rev-parse", BRANCH)
    assert project.ok("undo").out == "undid: new guest (Keep the cart of a guest)\n"
    left = project.refs()
    assert {name: at for name, at in left.items() if not name.startswith("refs/accord/")} == refs
    assert tip in left.values()
    project.new()  # and its name is free again
    assert project.gates()["story"] == "waiting"


def test_a_change_begun_here_is_taken_back(project: Project) -> None:
    project.git("switch", "-q", "-c", "feature")
    before = project.git("rev-parse", "feature")
    project.new("full", "guest", "--here")
    project.ok("undo")
    assert project.git("rev-parse", "feature") == before
    assert project.git("status", "--short") == ""
    project.new("full", "guest", "--here")
    assert project.gates()["story"] == "waiting"


def test_an_answer_is_taken_back(project: Project) -> None:
    project.new()
    asking = STORY.replace("## Questions\n", "## Questions\n\n- Q1 (open) Why?\n")
    path = project.write("requirements.md", asking)
    project.ok("answer", "Q1", "because")
    project.ok("undo")
    assert path.read_text() == asking
    assert project.show()["notes"][0]["open"]


def test_text_typed_since_is_saved_before_anything_is_taken_back(project: Project) -> None:
    project.new()
    asking = STORY.replace("## Questions\n", "## Questions\n\n- Q1 (open) Why?\n")
    path = project.write("requirements.md", asking)
    project.ok("answer", "Q1", "because")
    typed = path.read_text().replace("60", "61")
    path.write_text(typed)
    result = project.run("undo")
    assert result.exit == 1
    assert "guest has edits that were just saved" in result.err
    assert project.file(BRANCH, "specs/guest/requirements.md").decode() == typed


def test_an_approval_is_withdrawn_by_a_record(project: Project) -> None:
    project.approve_spec(last="story")
    kept = project.records()
    assert project.ok("undo").out == "withdrew the approval of the story of guest\n"
    assert project.show()["gates"][0]["reason"] == "robin sent it back: withdrawn by undo"
    assert kept.items() <= project.records().items()
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("reject", "--reason", "no"), "reject guest (story: no)"),
        (("approve", "--track", "small"), "approve guest (track: chosen by Robin)"),
    ],
)
def test_a_decision_that_has_no_opposite_stays(
    project: Project, arguments: tuple[str, ...], words: str
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    project.ok(*arguments)
    refs = project.refs()
    result = project.run("undo")
    assert result.exit == 1
    assert f"{words} is signed and stays in the record" in result.err
    assert project.refs() == refs


def test_undo_names_the_change_that_it_is_about(project: Project) -> None:
    project.new("full", "first")
    project.new("full", "second")
    project.ok("undo", "first")
    assert [row["change"] for row in project.ok("status", "--json").json["changes"]] == ["second"]


def test_nothing_to_undo_is_said(project: Project) -> None:
    result = project.run("undo", "nothing")
    assert (result.exit, result.err) == (1, "error: there is nothing to undo\nhint: accord log\n")


def test_a_branch_that_moved_on_is_a_conflict(project: Project) -> None:
    project.new()
    project.commit_on(BRANCH, {"specs/guest/requirements.md": STORY})
    refs = project.refs()
    result = project.run("undo")
    assert result.exit == 3
    assert "accord/guest moved on since: new guest" in result.err
    assert project.refs() == refs


def test_a_release_is_taken_back_and_made_again(project: Project) -> None:
    base = project.git("rev-parse", "main")
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    tip = project.git("rev-parse", BRANCH)
    project.ok("run")
    assert BRANCH not in project.git("branch", "--format=%(refname:short)")
    assert (project.top / "tests/test_minutes.py").is_file()
    assert "undid: release guest" in project.ok("undo").out
    assert project.git("rev-parse", "main") == base
    assert project.git("rev-parse", BRANCH) == tip
    assert not (project.top / "tests/test_minutes.py").exists()
    assert project.git("status", "--short") == ""
    assert "guest is released" in project.ok("run", "guest").out
    assert project.file("main", "shop/cart.py").decode() == BUILT["shop/cart.py"]


def test_what_was_built_is_taken_back_with_its_commits_kept(project: Project) -> None:
    project.new("trivial")
    project.build()
    tip = project.git("rev-parse", BRANCH)
    assert project.ok("undo").out == "undid: land guest (T1)\n"
    assert "MINUTES" not in project.file(BRANCH, "shop/cart.py").decode()
    assert tip in project.refs().values()
    assert "approve the review" in project.ok("run", "guest").out
    assert "MINUTES" in project.file(BRANCH, "shop/cart.py").decode()


def test_a_release_with_the_branch_checked_out_leaves_it_there(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.git("switch", "-q", BRANCH)
    project.ok("approve", "--yes")
    assert "guest is released" in project.ok("run", "guest").out
    assert REF in project.refs()
    status = project.ok("status", "--json").json
    assert (status["changes"], status["released"]) == ([], ["guest"])
    gone = project.run("show", "guest")
    assert (gone.exit, "guest is released" in gone.err) == (2, True)


def test_a_release_that_was_cut_off_is_finished_by_the_next_run(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    tip = project.git("rev-parse", BRANCH)
    project.ok("run")
    project.git("branch", BRANCH, tip)  # as if killed before the branch was taken away
    assert "guest is released" in project.ok("run").out
    assert REF not in project.refs()
    assert not project.agent_ran()


def test_edits_in_the_way_of_an_undo_are_kept(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    project.ok("run")
    gitrepo.write(project.top, {"shop/cart.py": "half done\n"})
    refs = project.refs()
    result = project.run("undo")
    assert result.exit == 1
    assert "shop/cart.py" in result.err
    assert (project.top / "shop/cart.py").read_text() == "half done\n"
    assert project.refs()["refs/heads/main"] == refs["refs/heads/main"]


def opened(project: Project) -> Workshop:
    return open_workshop(project.top, lambda _: "")


def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come between a ref and its checkout."""
    follow = following.follow

    def stopped(git: Git, folder: Path, old: str, new: str, *, rehearse: bool = False) -> str:
        if rehearse:
            return follow(git, folder, old, new, rehearse=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "follow", stopped)


def test_a_release_that_was_stopped_halfway_is_finished_by_the_next_run(
    project: Project,
) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    base, tip = project.git("rev-parse", "main"), project.git("rev-parse", BRANCH)
    with project.monkeypatch.context() as patch, closing(opened(project)) as workshop:
        cut_off(patch)
        with pytest.raises(KeyboardInterrupt):
            workshop.move("release", "guest", "refs/heads/main", tip, base)
    assert project.git("status", "--short") != ""

    project.ok("run")

    assert project.git("status", "--short") == ""
    assert ("release", "guest") in [(one["verb"], one["change"]) for one in log(project)]
    assert "undid: release guest" in project.ok("undo").out
    assert project.git("rev-parse", "main") == base


def test_an_undo_that_was_stopped_halfway_is_finished_by_the_next_run(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    base = project.git("rev-parse", "main")
    project.ok("run")
    with project.monkeypatch.context() as patch:
        cut_off(patch)
        assert project.run("undo").exit == 130
    assert project.git("status", "--short") != ""
    with closing(opened(project)) as workshop:
        settle(workshop)
    assert project.git("rev-parse", "main") == base
    assert project.git("status", "--short") == ""
    assert log(project)[0]["verb"] == "undo"


def test_a_move_that_was_refused_is_void_at_once(project: Project) -> None:
    project.new("trivial")
    base, tip = project.git("rev-parse", "main"), project.git("rev-parse", BRANCH)
    before = log(project)
    with closing(opened(project)) as workshop:
        with pytest.raises(ConflictError):
            workshop.move("release", "guest", "refs/heads/main", base, tip)
        assert not workshop.journal.operations(pending=True)
    assert log(project) == before
