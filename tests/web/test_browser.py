"""The room in a real browser: keys, live updates, no script of anybody else's."""

import time
from functools import partial

from playwright.sync_api import Browser, Page, Route, expect

from accord.web.running import Server
from browsing import apart, looking
from drifting import corrected, drifted
from project import Project


def test_a_finding_is_judged_and_a_correction_kept_by_keys_alone(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    apart(lambda: corrected(project, "other"))
    project.ok("approve", "other", "--yes")
    with looking(chromium, server) as page:
        page.goto("/")
        page.keyboard.press("3")
        expect(page.get_by_role("heading", name="Specs")).to_be_visible()
        page.keyboard.press("d")
        expect(page.get_by_role("heading", name="Drift")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("t")
        expect(page.get_by_text("verdict: still-true")).to_be_visible()
        asked = server.asks.next()
        assert asked
        assert asked.fields["reason"] == "it still does what was agreed"
        assert asked.fields["about"] == "R1.1\nR1.2"
        server.asks.settle(asked, "refused", "not now")
        page.goto("/changes/other/corrections")
        for key in ("j", "n", "Shift+A"):
            page.keyboard.press(key)
        expect(page.get_by_text("D1: a new rule: Carts are kept in PostgreSQL.")).to_be_visible()


def test_a_gate_is_decided_with_twelve_keys(
    asking: Project, server: Server, chromium: Browser
) -> None:
    pressed = 0
    with looking(chromium, server) as page:

        def press(key: str) -> None:
            nonlocal pressed
            pressed += 1
            page.keyboard.press(key)

        page.goto("/")
        press("j")
        press("o")
        expect(page.get_by_role("button", name="Approve")).to_be_disabled()
        press("j")
        press("t")
        page.keyboard.type("No")
        press("Enter")
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        assert _focused(page) == "item-A2"
        press("a")
        expect(page.get_by_text("1 decision for you at the story")).to_be_visible()
        assert _focused(page) == "item-A1"
        press("a")
        expect(page.get_by_text("The story is ready for your decision")).to_be_visible()
        press("Shift+A")
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        expect(page.get_by_text(asked.aloud)).to_be_visible()
        server.asks.settle(asked, "done", "the story of guest: approved by robin")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
        press("1")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
    assert pressed <= 12


def test_what_was_built_is_read_decided_and_landed_by_keys_alone(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec(track="small")
    apart(lambda: project.build())
    project.commit_on("accord/guest", {"settings.py": "DEBUG = True\n"})
    apart(lambda: project.ok("run", "guest"))
    with looking(chromium, server) as page:
        page.goto("/")
        page.keyboard.press("j")
        page.keyboard.press("o")
        expect(page.get_by_text("open: 1 hunk to keep or drop")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("w")
        page.keyboard.type("the tests need it")
        page.keyboard.press("Enter")
        expect(page.get_by_text("by Robin: the tests need it")).to_be_visible()
        assert page.evaluate("document.activeElement.closest('[data-item]')?.id.slice(0, 5)") in (
            "hunk-", "item-",
        )  # fmt: skip
        page.keyboard.press("Shift+A")
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        project.ok("approve", "guest", "--seen", asked.seen)
        server.asks.settle(asked, "done", "the review of guest: approved by robin")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
        apart(lambda: project.ok("run", "guest"))
        page.keyboard.press("2")
        expect(page.locator("#landed-guest")).to_be_visible()


def test_what_happens_elsewhere_comes_in_and_takes_nothing_away(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        page.locator("details:has([name='note-R1.1']) > summary").click()
        page.locator("[name='note-R1.1']").fill("an hour is")
        field = page.locator("#item-Q1 input[name=words]")
        field.press_sequentially("half an ans")
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        assert page.evaluate("document.activeElement.closest('[data-item]').id") == "item-Q1"
        expect(field).to_have_value("half an ans")
        field.press_sequentially("wer")
        expect(field).to_have_value("half an answer")
        expect(page.locator("[name='note-R1.1']")).to_have_value("an hour is")
        expect(page.locator("[name='note-R1.1']")).to_be_visible()
        page.reload()
        expect(field).to_have_value("half an answer")
        expect(page.locator("[name='note-R1.1']")).to_have_value("an hour is")


def test_the_focus_stays_on_a_card_of_the_board_while_others_come_in(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        for path, item, news in (("/", "need-guest", "#need-"), ("/board", "", "a[href*=")):
            page.goto(path)
            page.keyboard.press("j")
            held = page.evaluate("document.activeElement.closest('[data-item]').id")
            assert held.startswith(item)
            name = f"more{path.strip('/')}"
            apart(partial(asking.new, "small", name))
            place = f"#need-{name}" if path == "/" else f'{news}"/changes/{name}"]'
            expect(page.locator(place).first).to_be_visible()
            assert page.evaluate("document.activeElement.closest('[data-item]')?.id") == held


def test_live_updates_wait_for_what_carries_them(
    asking: Project, server: Server, chromium: Browser
) -> None:
    def late(route: Route) -> None:
        time.sleep(1)  # as over a slow network: long after the page was read
        route.continue_()

    with looking(chromium, server) as page:
        page.route("**/hx-sse*", late)
        with page.expect_request("**/events*"):
            page.goto("/changes/guest")
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()


def test_notes_on_items_are_sent_back_as_one_reason(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        for name in ("R1.1", "R1.2"):
            page.locator(f"[id='item-{name}']").focus()
            page.keyboard.press("n")
            page.keyboard.type(f"about {name}")
            page.keyboard.press("Escape")
        page.keyboard.press("r")
        page.keyboard.type("see the notes")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Answer in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        assert asked.reason == "R1.1: about R1.1; R1.2: about R1.2; see the notes"


def test_everything_works_without_a_script(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, script=False) as page:
        page.context.clear_cookies()
        page.goto("/")
        page.get_by_label("Code").fill(server.sessions.offer())
        page.get_by_role("button", name="Enter").click()
        page.get_by_role("link", name="Guest checkout").click()
        page.get_by_label("Answer to Q1").fill("No")
        page.get_by_role("button", name="Answer").click()
        expect(page.get_by_text("Q1 answered: No").first).to_be_visible()
        page.get_by_role("button", name="Accept").first.click()
        page.get_by_label("Correction of A1").fill("Carts hold a hundred things")
        page.get_by_role("button", name="Correct").click()
        page.get_by_role("button", name="Approve the story").click()
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        server.asks.settle(asked, "refused", "it was declined in the terminal")
        page.reload()
        expect(page.get_by_role("heading", name="Not signed")).to_be_visible()


def test_the_code_in_the_address_is_used_at_once_and_leaves_it(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.context.clear_cookies()
        code = server.sessions.offer()
        page.goto(f"/enter#{code}")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        assert code not in page.url
        page.go_back()
        assert code not in page.url


def _focused(page: Page) -> str:
    page.wait_for_function("document.activeElement?.id?.startsWith('item-')")
    found: str = page.evaluate("document.activeElement.id")
    return found
