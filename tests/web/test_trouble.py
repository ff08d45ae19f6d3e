"""Whatever goes wrong while a form is sent: the page stays, and so does what was typed."""

from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from accord.web.running import Server
from accord.web.server import _ACTS
from browsing import looking
from project import Project
from visiting import Visitor, serving

FIELD = "#item-Q1 input[name=words]"
TYPED = "Never, says the law"
ANY = r"Failed to load resource|htmx:(?:sse:)?error|ERR_"


def type_and_send(page: Page) -> None:
    page.goto("/changes/guest")
    page.locator(FIELD).press_sequentially(TYPED)
    page.keyboard.press("Enter")


def end_session(page: Page, server: Server) -> None:
    for cookie in page.context.cookies():
        server.sessions.leave(str(cookie.get("value")))


def expect_all_as_it_was(page: Page, *words: str, lead: str = "That was not done: ") -> None:
    told = page.get_by_role("alert")
    for one in words:
        expect(told).to_contain_text(one)
    expect(told).to_contain_text(lead)
    expect(told).to_contain_text("What you typed is kept.")
    expect(page.locator("#item-Q1 form")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(FIELD)).to_have_value(TYPED)
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.get_by_role("heading", name="Guest checkout")).to_be_visible()


def test_a_form_that_is_on_its_way_is_not_sent_again(
    asking: Project, server: Server, chromium: Browser
) -> None:
    sent: list[str] = []
    with looking(chromium, server) as page:
        page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
        page.goto("/changes/guest")
        item = page.locator("#item-A2")
        item.focus()
        with server.room.workshop():  # the answer has to wait for its turn
            page.keyboard.press("a")
            expect(item.locator("form").first).to_have_attribute("aria-busy", "true")
            page.keyboard.press("a")
            item.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("status")).to_have_text("A2 accepted")
        expect(page.locator("#item-A1")).to_be_focused()
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_have_text("A1 accepted")
    assert len(sent) == 2


def test_a_session_that_is_over_takes_no_page_and_no_word_away(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=ANY) as page:
        page.goto("/changes/guest")
        page.locator(FIELD).press_sequentially(TYPED)
        end_session(page, server)
        page.keyboard.press("Enter")
        expect_all_as_it_was(page, "this session is over; press Enter where accord serve runs")
        assert Axe().run(page).violations_count == 0
        page.goto(f"/enter#{server.sessions.offer()}")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        page.goto("/changes/guest")
        expect(page.locator(FIELD)).to_have_value(TYPED)
        page.locator(FIELD).press("Enter")
        expect(page.get_by_role("status")).to_have_text(f"Q1 answered: {TYPED}")
        assert page.evaluate("sessionStorage.length") == 0


def test_a_session_that_ends_while_nobody_types_is_told_at_once(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=ANY) as page:
        with page.expect_response("**/events*"):
            page.goto("/changes/guest")
        end_session(page, server)
        expect(page.get_by_role("alert")).to_contain_text(
            "This page is not up to date: this session is over"
        )
        expect(page.locator("#item-Q1")).to_be_visible()


def test_a_server_that_was_stopped_is_named_and_the_form_works_on(
    asking: Project, chromium: Browser
) -> None:
    with ExitStack() as stack, ExitStack() as room:
        server = room.enter_context(serving(asking))
        page = stack.enter_context(looking(chromium, server, refused=ANY))
        page.goto("/changes/guest")
        room.close()
        page.locator(FIELD).press_sequentially(TYPED)
        page.keyboard.press("Enter")
        expect_all_as_it_was(
            page, "accord serve is not running; start it again: accord serve", lead="No answer came"
        )


def test_a_request_that_was_cut_off_is_sent_again_by_the_same_key(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=ANY) as page:
        page.route("**/answer", lambda route: route.abort())
        type_and_send(page)
        expect_all_as_it_was(page, lead="No answer came")
        page.unroute("**/answer")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text(f"Q1 answered: {TYPED}")
        expect(page.get_by_role("alert")).to_be_hidden()
        page.reload()
        assert page.evaluate("sessionStorage.length") == 0


def test_what_takes_too_long_is_not_said_to_be_undone(
    asking: Project, server: Server, chromium: Browser
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with looking(chromium, server, refused=ANY) as page:
        page.route("**/answer", hold)
        page.goto("/changes/guest")
        page.evaluate("htmx.config.defaultTimeout = 1000")
        page.locator(FIELD).press_sequentially(TYPED)
        page.keyboard.press("Enter")
        expect_all_as_it_was(page, "see whether it was done before", lead="No answer came")
        for route in held:
            route.abort()


@pytest.mark.parametrize(("header", "value", "said"), [
    ("sec-fetch-site", "cross-site", "another site asked"),
    ("origin", "http://evil.example", "another page asked"),
    ("content-type", "text/plain", "only forms are taken"),
], ids=["site", "origin", "kind"])  # fmt: skip
def test_what_the_guard_refuses_is_said_in_its_own_words(
    asking: Project, server: Server, chromium: Browser, header: str, value: str, said: str
) -> None:
    def changed(route: Route) -> None:
        headers = {**route.request.all_headers(), header: value}
        answer = Visitor(server).ask("POST", "/changes/guest/answer", headers, b"x")
        assert answer.status in (403, 415)
        route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.text)

    with looking(chromium, server, refused=ANY) as page:
        page.route("**/answer", changed)
        type_and_send(page)
        expect_all_as_it_was(page, said)


def test_a_form_that_is_too_large_is_kept(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=ANY) as page:
        page.goto("/changes/guest")
        page.locator(FIELD).evaluate(
            "(field) => { field.value = 'x'.repeat(300000); field.form.requestSubmit(); }"
        )
        expect(page.get_by_role("alert")).to_contain_text(
            "That was not done: the form is too large. What you typed is kept."
        )
        assert len(page.locator(FIELD).input_value()) == 300_000


@pytest.mark.parametrize(("kind", "said"), [
    ("text/plain", "<img src=x onerror=alert(1)><main id="),
    ("text/html", "the server answered 502"),
])  # fmt: skip
def test_what_is_no_page_of_the_room_is_never_drawn(
    asking: Project, server: Server, chromium: Browser, kind: str, said: str
) -> None:
    body = "<img src=x onerror=alert(1)><main id=evil>"
    with looking(chromium, server, refused=ANY) as page:
        page.route("**/answer", lambda route: route.fulfill(
            status=502, content_type=kind, body=body))  # fmt: skip
        type_and_send(page)
        expect_all_as_it_was(page, said)
        assert page.locator("img").count() == 0


def test_what_changed_since_it_was_read_is_said_until_it_is_read_and_the_words_are_kept(
    asking: Project, server: Server, chromium: Browser
) -> None:
    def late(route: Route) -> None:
        asking.ok("answer", "guest", "Q1", "Yes")
        route.continue_()

    with looking(chromium, server, refused=ANY) as page:
        page.route("**/answer", late)
        type_and_send(page)
        expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
        expect(page.get_by_text("Q1 of guest changed since you looked")).to_be_visible()
        assert TYPED in page.evaluate("Object.values(sessionStorage)")
        asking.ok("answer", "guest", "A1", "yes")  # news
        page.wait_for_timeout(500)
        expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
        expect(page.get_by_role("link", name="Load it again")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 decision for you at the story")).to_be_visible()


def test_news_that_cannot_be_had_leave_the_page_as_it_is(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, refused=ANY) as page:
        with page.expect_response("**/events*"):
            page.goto("/changes/guest")
        page.route("**/changes/guest", lambda route: route.fulfill(
            status=500, content_type="text/html", body='<main id="main">gone</main>'))  # fmt: skip
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_role("alert")).to_contain_text(
            "This page is not up to date: the server answered 500."
        )
        expect(page.get_by_text("3 decisions for you at the story")).to_be_visible()
        page.unroute("**/changes/guest")
        asking.ok("answer", "guest", "A2", "yes")
        expect(page.get_by_text("1 decision for you at the story")).to_be_visible()
        expect(page.get_by_role("alert")).to_be_hidden()


def test_what_a_form_did_is_said_whatever_news_come_in(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        type_and_send(page)
        expect(page.get_by_role("status")).to_have_text(f"Q1 answered: {TYPED}")
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_text("1 decision for you at the story")).to_be_visible()
        expect(page.get_by_role("status")).to_have_text(f"Q1 answered: {TYPED}")
        page.reload()
        expect(page.get_by_role("status")).to_have_count(0)


def test_what_is_sent_back_is_forgotten_once_it_was_taken_and_not_before(
    asking: Project, server: Server, chromium: Browser
) -> None:
    reason = "[name=reason][data-key=r]"
    with looking(chromium, server, refused=ANY) as page:
        page.goto("/changes/guest")
        page.locator(reason).fill("say until when")
        end_session(page, server)
        page.locator(reason).press("Enter")
        expect(page.get_by_role("alert").first).to_have_text(
            "This session is over, so that was not done."
        )
        page.get_by_label("Code").fill(server.sessions.offer())
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        page.goto("/changes/guest")
        expect(page.locator(reason)).to_have_value("say until when")
        page.locator(reason).press("Enter")
        expect(page.get_by_text("Reason: say until when")).to_be_visible()
        page.goto("/changes/guest")
        expect(page.locator(reason)).to_have_value("")


def test_a_refusal_leads_back_to_a_page(asking: Project, visitor: Visitor) -> None:
    for path, _ in _ACTS[1:]:
        at = path.replace("{change}", "guest").replace("{decision}", "D-1")
        refused = visitor.post(at.replace("{ask}", "0"), {"csrf": "wrong"})
        assert refused.status == 403, path
        again = refused.text.split('class="button" href="')[1].split('"')[0]
        if "{" not in path.replace("{change}", ""):
            assert visitor.get(again).status == 200, path
