"""Without JavaScript: each action is sent as the form that it is, and does the same."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from accord.web.running import Server
from browsing import apart, looking
from busy import at_work, runs, two_agents
from drifting import corrected, drifted
from project import SMALL, STORY, Project

RISKY = STORY.replace("THE shop SHALL say until when", "THE shop SHALL refund what was paid")
MANY = "".join(f"## D{n} Part {n}\n\nSatisfies: R1.1, R1.2\n\n{'word ' * 60}\n\n"
               for n in range(1, 21))  # fmt: skip


def said(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(words)


def logged(project: Project, change: str = "guest") -> str:
    return " ".join(project.ok("log", change).out.split())


def test_a_criterion_is_corrected_asked_sent_back_and_undone(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new()
    document = project.write("requirements.md", RISKY)
    sentence = "WHEN the card is declined THE shop SHALL keep the cart for a day."
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest")
        item = page.locator("[id='item-R1.1']")
        item.get_by_text("Correct", exact=False).first.click()
        page.get_by_label("R1.1 in your words").fill(sentence)
        item.get_by_role("button", name="Correct").click()
        said(page, "R1.1 was corrected")
        assert sentence in document.read_text()
        page.get_by_role("button", name="Undo: ").click()
        said(page, "undid: ")
        assert document.read_text() == RISKY

        page.get_by_placeholder("what happens then").fill("Once.")
        page.get_by_role("button", name="Say so").click()
        said(page, "R1.2 says what happens then")
        assert "what is paid? Once.\n" in document.read_text()

        page.locator("[id='item-R1.1'] summary:has-text('Note')").click()
        page.locator("[name='note-R1.1']").fill("an hour is short")
        page.get_by_label("Reason for sending it back").fill("see the note")
        page.get_by_role("button", name="Send back with all notes").click()
        expect(page.get_by_text("Answer in the terminal")).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert (asked.verb, asked.reason) == ("reject", "R1.1: an hour is short; see the note")


def test_what_is_more_than_is_read_well_is_sent_back_to_be_split(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec(last="story")
    project.write("design.md", f"# Guest cart: design\n\n{MANY}")
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest")
        page.get_by_role("button", name="Send back to be split").click()
        expect(page.get_by_text("Reason: Split it into smaller changes")).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert asked.verb == "reject"


def test_a_hunk_is_kept_dropped_tested_and_decided_again(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec()
    apart(lambda: project.build())
    project.commit_on("accord/guest", {"settings.py": "DEBUG = True\n"})
    apart(lambda: project.ok("run", "guest"))
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest/result")
        hunk = page.locator("li.hunk:has-text('settings.py:1')")
        for button, tag, note in (
            ("Drop", "to be taken out", "take this hunk out"),
            ("Ask for a test", "to be tested", "write a test that fails without this hunk"),
            ("Keep", "kept", ""),
        ):
            hunk.get_by_placeholder("why it may stay").fill("the tests need it")
            hunk.get_by_role("button", name=button).click()
            expect(hunk.get_by_text(tag, exact=True)).to_be_visible()
            notes = hunk.locator("[name^='note-settings.py']")
            assert [one.get_attribute("value") for one in notes.all()] == (
                [f"{note} (DEBUG = True)"] if note else []
            )
            assert page.url.endswith("/changes/guest/result")
            if button != "Keep":
                hunk.get_by_role("button", name="Decide again").click()
        page.goto("/changes/guest")
        page.get_by_role("button", name="Approve the").click()
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
    asked = server.asks.next()
    assert asked
    project.ok("approve", "guest", "--seen", asked.seen)
    assert any(b"the tests need it" in data for data in project.records().values())


def test_work_is_paused_goes_on_and_is_handed_over(
    project: Project, server: Server, chromium: Browser
) -> None:
    two_agents(project)
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    project.ok("pause", "guest", "T1")
    with looking(chromium, server, script=False) as page:
        page.goto("/board")
        card = page.locator("#paused-guest-T1")
        card.get_by_label("Agent that goes on with T1 of guest").select_option("quick")
        card.get_by_role("button", name="Hand over").click()
        said(page, "quick does it from now on")
        card.get_by_role("button", name="Go on").click()
        said(page, "T1 of guest may go on")
        expect(card).to_have_count(0)
    assert "hand-over guest T1 to quick" in logged(project)
    assert "go-on guest T1" in logged(project)


@pytest.mark.parametrize(("button", "words", "done"), [
    ("Stop", "stopped the agent's run on T1 of typo", "stop typo"),
    ("Take it over", "build it in /", "stop typo"),
    ("Pause", "paused T1 of typo; what its agent wrote so far is kept", "pause typo T1"),
    ("Hand over", "quick goes on with what is there", "hand-over typo T1 to quick"),
])  # fmt: skip
def test_a_run_is_ended_by_each_button_of_its_card(
    project: Project, server: Server, chromium: Browser, button: str, words: str, done: str
) -> None:
    two_agents(project)
    project.new("trivial", "typo")
    with (
        at_work(project, server, "typo") as run,
        looking(chromium, server, script=False) as page,
    ):
        page.goto("/board")
        card = page.locator("li.card", has_text="An agent works on T1")
        card.get_by_role("button", name=button).click()
        said(page, words)
        assert run not in runs(server)
    assert done in logged(project, "typo")


def test_a_finding_gets_each_of_the_four_verdicts(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    with looking(chromium, server, script=False) as page:
        for button, answer in (("Code is wrong", "code-wrong"), ("Spec is wrong", "spec-wrong"),
                               ("Still true", "still-true"), ("Waive", "waived")):  # fmt: skip
            page.goto("/drift")
            page.locator("input[name=about][value='R1.2']").uncheck()
            page.get_by_label("Why, for").fill("after the sale")
            page.get_by_label("The day on which a waiver ends").fill("2030-01-31")
            page.get_by_role("button", name=button).click()
            expect(page.get_by_text(f"verdict: {answer}")).to_be_visible()
            asked = server.asks.next()
            assert asked
            assert asked.fields["about"] == "R1.1"
            assert (asked.fields["answer"], asked.fields["reason"]) == (answer, "after the sale")


def test_a_correction_becomes_a_rule(project: Project, server: Server, chromium: Browser) -> None:
    apart(lambda: corrected(project))
    project.ok("approve", "guest", "--yes")
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest/corrections")
        page.get_by_label("A new rule, in my words").check()
        page.get_by_role("textbox", name="The rule").fill("Carts are kept well.")
        page.get_by_role("button", name="Keep the answers").click()
        expect(page.get_by_text("a new rule: Carts are kept well.")).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert list(asked.fields.values()) == ["new:Carts are kept well."]


def test_a_rule_is_put_in_force_and_turned_down(
    project: Project, server: Server, chromium: Browser
) -> None:
    made = [
        project.ok("decisions", "new", words, "--base", "--json").json["id"]
        for words in ("Carts are kept in Redis.", "Carts are kept in PostgreSQL.")
    ]
    project.ok("decisions", "approve", made[0], "--base", "--yes")
    with looking(chromium, server, script=False) as page:
        page.goto(f"/decisions/{made[1]}")
        page.get_by_label("takes its place").check()
        page.get_by_role("button", name="Put in force").click()
        expect(page.get_by_text("supersedes: D-1")).to_be_visible()
        asked = server.asks.next()
        assert asked
        assert (asked.fields["act"], asked.fields["supersedes"]) == ("activate", "D-1")
        for path, button, act in ((f"/decisions/{made[1]}", "Turn down", "reject"),
                                  ("/decisions/D-1", "Take out of force", "expire")):  # fmt: skip
            page.goto(path)
            page.get_by_label("Reason").fill("we moved")
            page.get_by_role("button", name=button).click()
            expect(page.get_by_text("we moved")).to_be_visible()
            asked = server.asks.next()
            assert asked
            assert (asked.fields["act"], asked.fields["reason"]) == (act, "we moved")


def test_a_session_is_left(asking: Project, server: Server, chromium: Browser) -> None:
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest")
        held = [str(one.get("value")) for one in page.context.cookies()]
        assert any(server.sessions.knows(one) for one in held)
        page.get_by_role("button", name="End this session").click()
        expect(page.get_by_label("Code")).to_be_visible()
        assert re.search(r"/enter$", page.url)
        assert not any(server.sessions.knows(one) for one in held)
        page.goto("/changes/guest")
        expect(page.get_by_label("Code")).to_be_visible()
