"""What waits for a person is what they can do; all the rest says for whom it waits."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

import authenticator
from accord.app import board, needs, views
from accord.app.board_view import board_view
from accord.app.changes import load
from accord.app.gate_view import gate_view
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.wiring.opening import open_workshop
from people import add, become
from project import BUILT, STORY, Project


@contextmanager
def opened(project: Project) -> Iterator[Workshop]:
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        yield workshop


def mine(project: Project, who: str) -> list[str]:
    """Return the changes that wait for `who`."""
    with opened(project) as workshop:
        return [one["change"] for one in needs.needs(workshop, who, board.rows(workshop))]


def others(project: Project, who: str) -> list[str]:
    """Return for whom each of the other changes waits, as `who` is told."""
    with opened(project) as workshop:
        return [one["whom"] for one in board_view(workshop, who)["others"]]


def gate(project: Project, who: str) -> View:
    """Return the gate of the change as `who` sees it."""
    with opened(project) as workshop:
        return gate_view(workshop, load(workshop, "guest"), who)


def status(project: Project) -> tuple[str, str]:
    """Return what `accord status` says is to be done now, and by which command."""
    now = project.ok("status", "--json").json["now"]
    return now["what"], now["command"]


def refused(project: Project) -> str:
    """Let whoever is at the keyboard approve, which is refused; return what is said."""
    result = project.run("approve", "guest", "--yes")
    assert result.exit == 1
    return " ".join(result.err.split())


@pytest.fixture
def written(project: Project) -> Project:
    """A project with one change whose story can be approved."""
    project.new()
    project.write("requirements.md", STORY)
    return project


def test_one_person_alone_has_all_that_waits_and_no_other_is_spoken_of(written: Project) -> None:
    assert mine(written, "robin") == ["guest"]
    assert others(written, "robin") == []
    view = gate(written, "robin")
    assert (view["ready"], view["missing"], view["hint"]) == (True, [], "")
    assert status(written) == ("guest: approve the story", "accord approve guest")
    assert "story  approve the story" in written.ok("status").out


def test_what_somebody_lacks_the_role_for_waits_for_those_who_have_it(written: Project) -> None:
    add(written, "lee", "--role", "reader")
    add(written, "sasha")
    assert mine(written, "robin") == mine(written, "sasha") == ["guest"]
    assert mine(written, "lee") == []
    assert others(written, "lee") == ["robin or sasha"]
    become(written, "lee")
    view = gate(written, "lee")
    assert view["ready"] is False
    assert refused(written) == f"error: {view['missing'][0]} hint: {view['hint']}"
    assert view["missing"] == [
        "lee lacks the role approver, which the trust file asks for at story"
    ]
    assert status(written) == (
        "nothing waits for you; guest waits for robin or sasha: approve the story",
        "accord show guest",
    )
    out = written.ok("status").out
    assert "story  robin or sasha: approve the story" in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_is_to_be_written_or_answered_waits_for_a_reader_too(project: Project) -> None:
    add(project, "lee", "--role", "reader")
    project.new()
    assert mine(project, "lee") == ["guest"]
    project.write("requirements.md", STORY.replace("## Questions\n", "## Questions\n\n- Q1 How?\n"))
    assert mine(project, "lee") == ["guest"]


def test_whoever_has_signed_waits_for_the_other_of_two(written: Project) -> None:
    add(written, "sasha")
    written.ok("trust", "require", "story", "--people", "2")
    assert mine(written, "robin") == mine(written, "sasha") == ["guest"]
    assert others(written, "lee") == ["robin and sasha"]
    written.ok("approve", "--yes")
    assert mine(written, "robin") == []
    assert mine(written, "sasha") == ["guest"]
    assert others(written, "robin") == ["sasha"]
    ran = written.ok("run", "guest").out
    assert ran == "guest waits for sasha: approve the story\n  accord show guest\n"
    view = gate(written, "robin")
    assert refused(written) == f"error: {view['missing'][0]} hint: {view['hint']}"
    assert view["missing"] == ["you approved the story of guest already: 1 of 2 people approved"]
    assert gate(written, "sasha")["ready"] is True
    written.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    assert mine(written, "robin") == mine(written, "sasha") == ["guest"]


def test_of_many_who_could_it_is_said_what_is_asked_of_them(written: Project) -> None:
    for name in ("ann", "ben", "cid"):
        add(written, name)
    written.ok("trust", "require", "story", "--people", "2")
    assert others(written, "lee") == ["2 of approver"]
    written.ok("approve", "--yes")
    assert others(written, "lee") == ["ann, ben or cid"]
    add(written, "dan")
    assert others(written, "robin") == ["one more of approver"]


def test_whoever_wrote_it_leaves_it_to_others_where_the_trust_file_separates(
    written: Project,
) -> None:
    add(written, "sasha")
    written.ok("trust", "require", "story", "--separate")
    assert mine(written, "robin") == ["guest"]  # what is on the desk is for robin to save
    view = gate(written, "robin")
    assert view["ready"] is False
    assert view["hint"] == "ask sasha; accord approve guest saves it for them"
    said = refused(written)
    view = gate(written, "robin")
    assert said == f"error: {view['missing'][0]} hint: {view['hint']}"
    assert view["hint"] == "ask sasha"
    assert mine(written, "robin") == []
    assert others(written, "robin") == ["sasha"]
    assert mine(written, "sasha") == ["guest"]


def test_what_everybody_wrote_is_said_to_wait_for_nobody_there_is(project: Project) -> None:
    add(project, "sasha")
    project.ok("trust", "require", "story", "--separate")
    become(project, "sasha")
    project.new()
    become(project, "robin")
    project.write("requirements.md", STORY)
    refused(project)
    assert mine(project, "robin") == mine(project, "sasha") == []
    assert others(project, "robin") == ["somebody else, and the trust file has nobody who may"]


def test_without_a_key_such_as_the_gate_asks_for_it_waits_for_those_who_have_one(
    written: Project,
) -> None:
    (written.root / "fido.pub").write_text(authenticator.ecdsa().line)
    written.ok("trust", "add", "sasha", "--key", str(written.root / "fido.pub"))
    written.ok("trust", "require", "story", "--factor", "fido-up")
    assert mine(written, "robin") == []
    assert mine(written, "sasha") == ["guest"]
    view = gate(written, "robin")
    assert refused(written) == f"error: {view['missing'][0]} hint: {view['hint']}"


def test_a_change_that_outgrew_its_track_waits_for_whoever_may_waive_that(
    project: Project,
) -> None:
    add(project, "sasha", "--role", "lead", "--role", "approver")
    project.ok("trust", "require", "size", "--role", "lead")
    project.ok("trust", "require", "track", "--role", "lead")
    become(project, "sasha")
    project.new("trivial")
    become(project, "robin")
    files = {f"shop/part{number}.py": f"PART = {number}\n" * 30 for number in range(6)}
    project.build(files={**BUILT, **files})
    with opened(project) as workshop:
        (row,) = views.status(workshop, "robin")["changes"]
    assert (row["whom"], mine(project, "robin"), mine(project, "sasha")) == ("sasha", [], ["guest"])


def test_hidden_text_that_another_waived_is_still_to_be_waived_by_whoever_approves(
    written: Project,
) -> None:
    add(written, "sasha")
    written.write("requirements.md", STORY.replace("declined card", "declined\u202e card"))
    assert gate(written, "robin")["ready"] is False
    written.ok("approve", "guest", "--waive", "it is what the file says")
    assert gate(written, "robin")["ready"] is True
    become(written, "sasha")
    view = gate(written, "sasha")
    assert refused(written) == f"error: {view['missing'][0]} hint: {view['hint']}"
    assert mine(written, "sasha") == ["guest"]  # they can: by waiving it first
