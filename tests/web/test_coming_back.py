"""The stream in a browser: a page that was cut off shows what it missed; a transcript grows."""

import json
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, expect

from accord.web.running import Server
from browsing import looking
from busy import at_work
from project import Project
from visiting import serving

CUT = r"ERR_|Failed to load resource|htmx:(?:sse:)?error"


def test_a_page_that_was_cut_off_shows_what_it_missed(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=CUT) as page:
        with page.expect_response("**/events*"):
            page.goto("/changes/guest")
        page.evaluate("document.body.dataset.same = 'yes'")
        page.context.set_offline(True)
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_role("alert")).to_contain_text("This page is not up to date")
        page.context.set_offline(False)
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()
        assert page.evaluate("document.body.dataset.same") == "yes"


def test_a_page_goes_on_with_a_server_that_was_started_again(
    asking: Project, chromium: Browser
) -> None:
    with ExitStack() as stack:
        room = ExitStack()
        server = room.enter_context(serving(asking))
        page = stack.enter_context(looking(chromium, server, refused=CUT))
        with page.expect_response("**/events*"):
            page.goto("/changes/guest")
        page.evaluate("document.body.dataset.same = 'yes'")
        field = page.locator("#item-Q1 input[name=words]")
        field.press_sequentially("half an ans")
        room.close()
        expect(page.get_by_role("alert")).to_contain_text("This page is not up to date")
        asking.ok("answer", "guest", "A1", "yes")
        again = serving(asking)
        again.port, again.sessions = server.port, server.sessions
        stack.enter_context(again)
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()
        expect(field).to_be_focused()
        expect(field).to_have_value("half an ans")
        assert page.evaluate("document.body.dataset.same") == "yes"


def test_a_transcript_grows_on_the_page_and_moves_nobody(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new("trivial", "typo")
    with at_work(project, server, "typo") as run, looking(chromium, server) as page:
        with server.room.workshop() as workshop:
            transcript = Path(workshop.agents.trail(run)[0])

        def say(*words: str) -> None:
            with transcript.open("a") as lines:
                lines.writelines(json.dumps({"kind": "text", "text": f"{one}\n"}) + "\n"
                                 for one in words)  # fmt: skip

        say(*(f"line {n}" for n in range(60)))
        page.goto(f"/runs/{run}")
        expect(page.get_by_text("line 59")).to_be_attached()
        page.get_by_role("link", name="the result").focus()
        page.evaluate("scrollTo(0, 300)")
        read = page.get_by_text("line 20", exact=True)
        top = read.evaluate("(one) => one.getBoundingClientRect().top")
        say("and one more")
        expect(page.get_by_text("and one more")).to_be_attached()
        assert read.evaluate("(one) => one.getBoundingClientRect().top") == top
        expect(page.get_by_role("link", name="the result")).to_be_focused()
