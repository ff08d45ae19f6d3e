"""Documents are edited where the person likes, and no line of theirs is ever lost."""

import os

import pytest

import gitrepo
from project import DESIGN, STORY, Project

BRANCH = "accord/guest"
PATH = "specs/guest/requirements.md"


@pytest.fixture
def written(project: Project) -> Project:
    """A change whose story is on its branch, in sync with the desk."""
    project.new()
    project.write("requirements.md", STORY)
    project.ok("approve", "--yes")
    return project


def test_the_desk_is_outside_the_checkout(project: Project) -> None:
    project.new()
    assert project.state in project.desk().parents
    assert project.git("status", "--short") == ""
    assert not (project.top / "specs").exists()


def test_edits_on_the_desk_count_before_they_are_committed(written: Project) -> None:
    written.write("requirements.md", STORY.replace("60", "61"))
    shown = written.show()
    assert shown["edited"] == ["requirements.md"]
    assert [item["id"] for item in shown["items"]] == ["R1.1"]


def test_edits_on_the_desk_and_on_the_branch_are_merged(written: Project) -> None:
    other = STORY.replace("a declined card", "a card that is declined")
    written.commit_on(BRANCH, {PATH: other}, "Say it in other words")
    path = written.write("requirements.md", STORY.replace("60", "45"))
    written.ok("approve", "--yes")
    both = other.replace("60", "45")
    assert written.file(BRANCH, PATH).decode() == both
    assert path.read_text() == both
    assert written.gates()["story"] == "open"


def test_edits_in_the_same_line_are_a_conflict_that_loses_nothing(written: Project) -> None:
    written.commit_on(BRANCH, {PATH: STORY.replace("60", "30")}, "Half an hour")
    mine = STORY.replace("60", "45")
    path = written.write("requirements.md", mine)
    refs = written.refs()
    for command in (("approve", "guest", "--yes"), ("reject", "guest", "--reason", "no")):
        result = written.run(*command)
        assert result.exit == 3
        assert f"guest was changed elsewhere in the same lines: {PATH}" in result.err
        assert f"hint: your text is in {path.parent}; the other is on {BRANCH}" in result.err
    assert path.read_text() == mine
    assert written.refs() == refs


def test_what_moves_on_the_branch_comes_to_a_desk_without_edits(written: Project) -> None:
    other = STORY.replace("60", "30")
    written.commit_on(BRANCH, {PATH: other}, "Half an hour")
    written.ok("run", "guest")
    assert (written.desk() / "requirements.md").read_text() == other


def test_a_document_taken_off_the_desk_is_taken_off_the_branch(written: Project) -> None:
    path = written.write("design.md", DESIGN)
    written.ok("approve", "--yes")
    path.unlink()
    assert written.gates()["design"] == "early"
    written.write("notes.md", "and why\n")
    written.ok("reject", "guest", "--reason", "start over", "--stage", "story")
    names = written.git("ls-tree", "-r", "--name-only", BRANCH, "specs").splitlines()
    assert names == ["specs/guest/notes.md", PATH]


@pytest.mark.parametrize("name", [".requirements.md.swp", "requirements.md~", ".DS_Store"])
def test_what_editors_leave_behind_is_no_document(written: Project, name: str) -> None:
    written.write(name, "x")
    assert written.show()["edited"] == []
    assert written.gates()["story"] == "open"


def test_a_hidden_file_on_the_branch_is_not_taken_for_deleted(written: Project) -> None:
    written.commit_on(BRANCH, {"specs/guest/.gitkeep": "kept\n"})
    written.ok("run", "guest")
    written.write("requirements.md", STORY.replace("60", "61"))
    assert ".gitkeep" not in written.show()["edited"]
    written.ok("reject", "guest", "--reason", "no")
    assert written.file(BRANCH, "specs/guest/.gitkeep") == b"kept\n"


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe", "large"])
def test_what_cannot_be_a_document_is_named(written: Project, kind: str) -> None:
    path = written.desk() / "extra.md"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "linked folder":
        path.symlink_to("/etc")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"x" * (4 * 2**20 + 1))
    refs = written.refs()
    result = written.run("approve", "guest", "--yes")
    assert result.exit == 2
    assert str(path) in result.err
    assert written.refs() == refs


def test_nothing_is_laid_out_through_a_link(written: Project) -> None:
    outside = written.root / "private"
    outside.mkdir()
    (written.desk() / "mockups").symlink_to(outside)
    written.commit_on(BRANCH, {"specs/guest/mockups/card.html": "<h1>A card</h1>"})
    result = written.run("run", "guest")  # which brings the desk to the tip of the branch
    assert list(outside.iterdir()) == []
    assert "mockups is a link" in result.said


def test_every_byte_that_was_typed_is_kept(written: Project) -> None:
    data = STORY.replace("60", "61").replace("\n", "\r\n").encode() + "日本 \t".encode()
    path = written.write("requirements.md", data)
    written.ok("approve", "--yes")
    assert written.file(BRANCH, PATH) == data
    assert path.read_bytes() == data


def test_where_the_branch_is_checked_out_the_checkout_is_the_desk(written: Project) -> None:
    written.git("switch", "-q", BRANCH)
    assert written.desk() == written.top / "specs/guest"
    edited = STORY.replace("60", "61")
    gitrepo.write(written.top, {PATH: edited, "shop/cart.py": "half done\n"})
    assert [item["id"] for item in written.show()["items"]] == ["R1.1"]
    written.ok("approve", "--yes")
    assert written.gates()["story"] == "open"
    assert written.file(BRANCH, PATH).decode() == edited
    assert written.git("status", "--short") == " M shop/cart.py"
    assert (written.top / "shop/cart.py").read_text() == "half done\n"
    assert written.git("log", "-1", "--format=%s") == "Approve the story of guest"


def test_answers_and_undo_work_in_the_checkout(written: Project) -> None:
    written.git("switch", "-q", BRANCH)
    asking = STORY.replace("## Questions\n", "## Questions\n\n- Q1 (open) Why?\n")
    gitrepo.write(written.top, {PATH: asking})
    written.ok("answer", "Q1", "because")
    assert "Answer: because" in (written.top / PATH).read_text()
    assert written.git("status", "--short") == ""
    written.ok("undo", "guest")
    assert (written.top / PATH).read_text() == asking
    assert written.git("status", "--short") == ""


def test_a_branch_checked_out_in_a_second_worktree_is_edited_there(written: Project) -> None:
    second = written.root / "second"
    written.git("worktree", "add", "-q", str(second), BRANCH)
    assert written.desk() == second / "specs/guest"
    gitrepo.write(second, {PATH: STORY.replace("60", "61")})
    written.ok("approve", "guest", "--yes")
    assert "61" in written.file(BRANCH, PATH).decode()


def test_text_left_on_the_desk_is_taken_up_where_the_branch_is_checked_out(
    written: Project,
) -> None:
    path = written.write("requirements.md", STORY.replace("60", "61"))
    written.git("switch", "-q", BRANCH)
    gitrepo.write(written.top, {"specs/guest/design.md": DESIGN})
    written.ok("reject", "guest", "--reason", "no", "--stage", "story")
    assert path.read_text() == STORY.replace("60", "61")
    assert (written.top / PATH).read_text() == path.read_text()
    assert written.file(BRANCH, PATH).decode() == path.read_text()
    assert written.file(BRANCH, "specs/guest/design.md").decode() == DESIGN
    assert written.git("status", "--short") == ""


def test_one_bad_desk_does_not_hide_the_other_changes(project: Project) -> None:
    project.new()
    project.new("full", "other")
    (project.desk() / "extra.md").symlink_to("/etc/passwd")

    rows = {row["change"]: row for row in project.ok("status", "--json").json["changes"]}

    assert set(rows) == {"guest", "other"}
    assert "is not a plain file" in project.run("approve", "guest", "--yes").err
