"""The past of a change: what was signed, and the documents as they were then."""

import re

from playwright.sync_api import Browser

from accord.web.running import Server
from browsing import apart, each_free
from project import SMALL, STORY, Project
from visiting import Visitor


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").split())


def released(project: Project) -> None:
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    apart(lambda: project.build())
    project.ok("approve", "guest", "--yes", "--through", "release")
    apart(lambda: project.ok("run", "guest"))


def test_the_past_shows_the_document_as_it_was_signed(project: Project, visitor: Visitor) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    text = visitor.get("/changes/guest/past").text
    assert "Robin" in words(text) or "robin" in words(text)
    then = re.search(r'href="(/changes/guest/at/\w+/requirements.md)"', text)
    assert then
    assert "60 minutes" in visitor.get(then[1]).text
    assert "90 minutes" in visitor.get("/changes/guest/document/requirements.md").text


def test_the_past_of_a_released_change_is_shown_from_its_records(
    project: Project, visitor: Visitor
) -> None:
    released(project)
    assert 'href="/changes/guest/past"' in visitor.get("/board").text
    page = visitor.get("/changes/guest/past")
    said = words(page.text)
    assert page.status == 200
    assert "Released: " in said
    assert "approved the story" in said
    assert "approved the review" in said
    assert "Result" not in said
    then = re.search(r'href="(/changes/guest/at/\w+/requirements.md)"', page.text)
    assert then
    assert "Keep the cart" in visitor.get(then[1]).text
    for path in ("/changes/guest", "/changes/guest/result"):
        moved = visitor.get(path)
        assert (moved.status, moved.headers["location"]) == (303, "/changes/guest/past")
    assert visitor.get("/changes/none/past").status == 404


def test_a_document_that_the_history_has_only_as_it_was_later_is_not_shown_as_signed(
    project: Project, visitor: Visitor
) -> None:
    project.new("small")
    for minutes in ("60", "90"):
        project.write("requirements.md", SMALL.replace("60 minutes", f"{minutes} minutes"))
        project.ok("approve", "guest", "--yes")
    project.git("merge", "-q", "--squash", "accord/guest")
    project.git("commit", "-qm", "Guest checkout")
    project.git("branch", "-qD", "accord/guest")
    text = visitor.get("/changes/guest/past").text
    newest, first = re.findall(r'href="(/changes/guest/at/\w+/requirements.md)"', text)
    assert "90 minutes" in visitor.get(newest).text
    gone = visitor.get(first)
    assert gone.status == 404
    assert "only as it was later" in words(gone.text)


def test_the_past_of_a_released_change_has_no_barrier(
    project: Project, server: Server, chromium: Browser
) -> None:
    released(project)
    then = Visitor(server).enter().get("/changes/guest/past").text
    at = re.findall(r'href="(/changes/guest/at/[^"]+)"', then)
    assert at
    each_free(chromium, server, ["/board", "/changes/guest", *at[:1]])
