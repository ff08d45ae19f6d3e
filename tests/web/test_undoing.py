"""What was done last is taken back from whichever page shows it: by a form and by a key."""

import re

import pytest
from playwright.sync_api import Browser, expect

from accord.web.running import Server
from browsing import apart, looking
from project import Project
from visiting import Answer, Visitor

OFFERED = re.compile(
    r'<form method="post" action="/undo" class="row">.*?name="number" value="(\d+)">'
    r'<input type="hidden" name="from" value="([^"]+)">',
)


def offered(page: Answer) -> dict[str, str]:
    """Return the fields of the form that undoes, as the page has them."""
    found = OFFERED.search(page.text)
    assert found, page.text
    return {"number": found[1], "from": found[2]}


def is_open(project: Project, item: str) -> bool:
    return next(bool(one["open"]) for one in project.show()["notes"] if one["id"] == item)


@pytest.mark.parametrize(
    "path", ["/changes/guest", "/changes/guest/result", "/board", "/drift", "/decisions"]
)
def test_the_last_operation_is_taken_back_from_each_page_that_offers_it(
    asking: Project, visitor: Visitor, path: str
) -> None:
    assert not OFFERED.search(visitor.get(path).text)  # what began a change is not in the way
    asking.ok("answer", "guest", "Q1", "no")
    page = visitor.get(path)
    of = "" if path.startswith("/changes/") else "guest "
    assert f"Undo: answer {of}" in page.text
    fields = offered(page)
    gone = visitor.post("/undo", {"csrf": page.token(), **fields})
    assert (gone.status, gone.headers["location"]) == (303, path)
    assert "undid: answer guest" in visitor.get(path).text
    assert is_open(asking, "Q1")
    assert visitor.post("/undo", {"csrf": page.token(), **fields}).status == 409


def test_what_is_signed_and_stays_is_not_offered(asking: Project, visitor: Visitor) -> None:
    asking.ok("answer", "guest", "Q1", "no")
    asking.ok("reject", "guest", "--reason", "say more")
    for path in ("/changes/guest", "/changes/guest/result", "/board", "/drift", "/decisions"):
        assert not OFFERED.search(visitor.get(path).text), path


def test_a_page_about_one_change_offers_nothing_of_another(
    asking: Project, visitor: Visitor
) -> None:
    asking.new("trivial", "typo")
    asking.ok("answer", "guest", "Q1", "no")
    assert not OFFERED.search(visitor.get("/changes/typo/result").text)
    assert OFFERED.search(visitor.get("/board").text)


def test_nobody_is_sent_from_an_undo_to_another_place(asking: Project, visitor: Visitor) -> None:
    asking.ok("answer", "guest", "Q1", "no")
    page = visitor.get("/board")
    fields = {"csrf": page.token(), **offered(page), "from": "//evil.example/board"}
    assert visitor.post("/undo", fields).headers["location"] == "/log"


@pytest.mark.parametrize("path", ["/changes/guest/result", "/board", "/drift", "/decisions"])
def test_it_is_one_key(asking: Project, server: Server, chromium: Browser, path: str) -> None:
    apart(lambda: asking.ok("answer", "guest", "Q1", "no"))
    with looking(chromium, server) as page:
        page.goto(path)
        page.keyboard.press("u")
        expect(page.get_by_text("undid: answer guest").first).to_be_visible()
        assert page.url == f"{server.address}{path}"
    assert is_open(asking, "Q1")
