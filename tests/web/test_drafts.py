"""What was typed or chosen and not sent is there after a reload, and gone once it was taken."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accord.web.running import Server
from browsing import apart, looking
from busy import two_agents
from drifting import corrected, drifted
from project import SMALL, Project


def wait_until_forgotten(page: Page) -> None:
    for _ in range(200):
        if not drafts(page):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"kept: {drafts(page)}")


def drafts(page: Page) -> list[str]:
    found: list[str] = page.evaluate("Object.keys(sessionStorage)")
    return found


def test_a_criterion_that_is_corrected_is_kept_beside_the_words_that_it_has(
    asking: Project, server: Server, chromium: Browser
) -> None:
    said = "WHEN the card is declined THE shop SHALL keep the cart for a day."
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        field = page.get_by_label("R1.1 in your words")
        other = page.get_by_label("R1.2 in your words")
        page.locator("[id='item-R1.1']").focus()
        page.keyboard.press("c")
        expect(field).to_be_focused()
        was = other.input_value()
        field.fill(said)
        page.reload()
        expect(field).to_have_value(said)
        expect(field).to_be_visible()
        expect(other).to_have_value(was)
        expect(other).to_be_hidden()
        asking.ok("answer", "guest", "A1", "yes")  # news take nothing away
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        expect(field).to_have_value(said)
        page.locator("[id='item-R1.1']").get_by_role("button", name="Correct").click()
        expect(page.get_by_text("keep cart for a day.")).to_be_visible()
        wait_until_forgotten(page)  # news may come before the answer
        page.reload()
        expect(field).to_have_value(said)
        expect(field).to_be_hidden()
    assert said.encode() in (asking.desk() / "requirements.md").read_bytes()


def test_the_agent_that_work_is_to_be_handed_to_is_kept(
    project: Project, server: Server, chromium: Browser
) -> None:
    two_agents(project)
    for name in ("guest", "other"):
        project.new("small", name)
        project.write("requirements.md", SMALL, name)
        project.ok("approve", name, "--yes")
        project.ok("hand-over", name, "T1", "quick")
        project.ok("pause", name, "T1")
    with looking(chromium, server) as page:
        page.goto("/board")
        page.get_by_label("Agent that goes on with T1 of guest").select_option("slow")
        page.reload()
        expect(page.get_by_label("Agent that goes on with T1 of guest")).to_have_value("slow")
        expect(page.get_by_label("Agent that goes on with T1 of other")).to_have_value("quick")
        page.locator("#paused-guest-T1").get_by_role("button", name="Hand over").click()
        wait_until_forgotten(page)
        page.goto("/log")
        expect(page.get_by_text("T1 to slow").first).to_be_visible()


def test_the_day_and_the_reason_of_a_waiver_are_kept(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    with looking(chromium, server) as page:
        page.goto("/drift")
        day = page.get_by_label("The day on which a waiver ends")
        why = page.get_by_label("Why, for")
        day.fill("2030-01-31")
        why.fill("after the sale")
        page.reload()
        expect(day).to_have_value("2030-01-31")
        expect(why).to_have_value("after the sale")
        page.get_by_role("button", name="Waive").click()
        expect(page.get_by_text("verdict: waived")).to_be_visible()
        wait_until_forgotten(page)
        page.goto("/drift")
        expect(day).to_have_value("")


def test_what_is_chosen_about_corrections_is_kept(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: corrected(project))
    project.ok("approve", "guest", "--yes")
    with looking(chromium, server) as page:
        page.goto("/changes/guest/corrections")
        page.get_by_label("A new rule, in my words").check()
        page.get_by_role("textbox", name="The rule").fill("Carts are kept well.")
        page.reload()
        expect(page.get_by_label("A new rule, in my words")).to_be_checked()
        expect(page.get_by_role("textbox", name="The rule")).to_have_value("Carts are kept well.")
        page.get_by_role("button", name="Keep the answers").click()
        expect(page.get_by_text("a new rule: Carts are kept well.")).to_be_visible()
        wait_until_forgotten(page)


@pytest.mark.parametrize("chosen", ["takes its place", "both hold"])
def test_what_a_rule_has_to_do_with_another_is_kept(
    project: Project, server: Server, chromium: Browser, chosen: str
) -> None:
    made = [
        project.ok("decisions", "new", said, "--base", "--json").json["id"]
        for said in ("Carts are kept in Redis.", "Carts are kept in PostgreSQL.")
    ]
    project.ok("decisions", "approve", made[0], "--base", "--yes")
    with looking(chromium, server) as page:
        page.goto(f"/decisions/{made[1]}")
        page.get_by_label(chosen).check()
        page.reload()
        expect(page.get_by_label(chosen)).to_be_checked()
        page.get_by_role("button", name="Put in force").click()
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        wait_until_forgotten(page)
        page.goto(f"/decisions/{made[1]}")
        expect(page.get_by_label(chosen)).not_to_be_checked()
