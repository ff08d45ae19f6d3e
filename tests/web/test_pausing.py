"""Work is paused, goes on and is handed over from the board, by forms and by keys."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from accord.web.running import Server
from browsing import apart, looking
from busy import two_agents
from project import SMALL, Project
from visiting import Visitor


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture
def manned(project: Project) -> Project:
    """A change with a task, and two agents for it."""
    two_agents(project)
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    return project


def test_forms_pause_hand_over_and_let_go_on(manned: Project, visitor: Visitor) -> None:
    task = {"change": "guest", "subject": "T1"}
    after = words(visitor.send("/board", "/pause", {**task, "how": "pause"}).text)
    assert "paused T1 of guest" in after
    assert "paused T1, by Robin" in after
    again = visitor.send("/board", "/pause", {**task, "how": "pause"})
    assert again.status == 409
    assert "T1 of guest is paused already" in words(again.text)
    given = {**task, "how": "hand-over", "agent": "quick"}
    assert "quick does it from now on" in words(visitor.send("/board", "/pause", given).text)
    wrong = visitor.send("/board", "/pause", {**given, "agent": "nobody"})
    assert "there is no agent nobody" in words(wrong.text)
    after = words(visitor.send("/board", "/pause", {**task, "how": "go-on"}).text)
    assert "T1 of guest may go on: accord run guest" in after
    assert "paused T1, by" not in after
    log = words(visitor.get("/log").text)
    assert "hand-over guest T1 to quick" in log


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_is_paused_goes_on_with_one_key_and_its_card_has_no_barrier(
    manned: Project, server: Server, chromium: Browser, dark: bool
) -> None:
    apart(lambda: manned.ok("pause", "guest", "T1"))
    for width in (390, 1360):
        with looking(chromium, server, dark=dark, width=width) as page:
            page.goto("/board")
            assert Axe().run(page).violations_count == 0
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0
    with looking(chromium, server) as page:
        page.goto("/board")
        page.focus("#paused-guest-T1")
        page.keyboard.press("g")
        expect(page.locator("#paused-guest-T1")).to_have_count(0)
    assert "go-on guest T1" in manned.ok("log", "guest").out
