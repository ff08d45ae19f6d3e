"""Each key that the room names, pressed in a browser, and what came of it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accord.web.running import Server
from browsing import apart, looking
from busy import at_work, runs, two_agents
from drifting import drifted
from project import SMALL, STORY, Project

RISKY = STORY.replace("THE shop SHALL say until when", "THE shop SHALL refund what was paid")
MANY = "".join(f"## D{n} Part {n}\n\nSatisfies: R1.1, R1.2\n\n{'word ' * 60}\n\n"
               for n in range(1, 21))  # fmt: skip
WAITS = "Confirm it in the terminal"


def press(page: Page, item: str, *keys: str) -> None:
    """Press keys while the item with this id has the focus; a word is typed."""
    if item:
        page.locator(f"[id='{item}']").focus()
    for key in keys:
        if len(key) > 1 and " " in key:
            page.keyboard.insert_text(key)
        else:
            page.keyboard.press(key)


def in_document(project: Project) -> str:
    return (project.desk() / "requirements.md").read_text()


def test_an_assumption_is_corrected_by_c_and_it_is_undone_by_u(
    asking: Project, server: Server, chromium: Browser
) -> None:
    before = in_document(asking)
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        press(page, "item-A1", "c", "Carts are huge here.", "Enter")
        expect(page.get_by_role("status")).to_contain_text("A1 corrected")
        assert "Carts are huge here." in in_document(asking)
        press(page, "", "u")
        expect(page.get_by_role("status")).to_contain_text("undid: answer guest")
        expect(page.get_by_label("Correction of A1")).to_be_visible()
    assert in_document(asking) == before


def test_a_criterion_is_corrected_by_c(asking: Project, server: Server, chromium: Browser) -> None:
    before = in_document(asking)
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        said = "WHEN the card is declined THE shop SHALL keep the cart for a day."
        press(page, "item-R1.1", "c", "Control+a", said, "Tab", "Enter")
        expect(page.get_by_role("status")).to_have_text("R1.1 was corrected")
    assert in_document(asking) == before.replace("for 60 minutes", "for a day")


def test_a_scenario_is_answered_by_s(project: Project, server: Server, chromium: Browser) -> None:
    project.new()
    project.write("requirements.md", RISKY)
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        press(page, "item-R1.2", "s", "Once and no more.", "Enter")
        expect(page.get_by_role("status")).to_have_text("R1.2 says what happens then")
    assert "what is paid? Once and no more.\n" in in_document(project)


def test_more_than_is_read_well_is_sent_back_to_be_split_by_x(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec(last="story")
    project.write("design.md", f"# Guest cart: design\n\n{MANY}")
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        press(page, "", "x")
        expect(page.get_by_text(WAITS)).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert (asked.verb, asked.stage) == ("reject", "design")
    assert asked.reason.startswith("Split it into smaller changes")


def test_what_is_unchanged_is_unfolded_by_e_and_the_documents_are_opened_by_m(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60 minutes", "90 minutes"))
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        same = page.locator("#unchanged li").first
        expect(same).to_be_hidden()
        press(page, "", "e")
        expect(same).to_be_visible()
        press(page, "", "e")
        expect(same).to_be_hidden()
        press(page, "", "m")
        expect(page.get_by_text("as it is now")).to_be_visible()
        assert page.url.endswith("/changes/guest/document/requirements.md")


def test_the_keys_are_listed_by_a_question_mark_and_items_are_gone_through_by_j_and_k(
    asking: Project, server: Server, chromium: Browser
) -> None:
    def held() -> str:
        found: str = page.evaluate("document.activeElement.id")
        return found

    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        known = page.locator("#keys dl")
        expect(known).to_be_hidden()
        press(page, "", "?")
        expect(known).to_be_visible()
        press(page, "", "?")
        expect(known).to_be_hidden()
        listed = page.locator("[data-item]").evaluate_all("all => all.map((one) => one.id)")
        page.locator("#main").focus()
        press(page, "", "k")
        assert held() == listed[-1]
        press(page, "", "k")
        assert held() == listed[-2]
        press(page, "", "j", "j")
        assert held() == listed[-1]
        press(page, "item-Q1", "k")
        assert held() == listed[0] == "item-Q1"


HUNK = "li.hunk:has-text('settings.py:1')"


@pytest.mark.parametrize(("key", "tag", "note"), [
    ("x", "to be taken out", "take this hunk out"),
    ("t", "to be tested", "write a test that fails without this hunk"),
])  # fmt: skip
@pytest.mark.parametrize("at", ["/changes/guest", "/changes/guest/result"])
def test_a_hunk_goes_back_by_one_key_with_its_note(
    built: Project, server: Server, chromium: Browser, key: str, tag: str, note: str, at: str
) -> None:
    with looking(chromium, server) as page:
        page.goto(at)
        page.locator(HUNK).focus()
        page.keyboard.press(key)
        expect(page.locator(HUNK).get_by_text(tag)).to_be_visible()
        page.goto("/changes/guest")
        expect(page.get_by_text("open: 1 to be sent back")).to_be_visible()
        press(page, "", "r", "as it says", "Enter")
        expect(page.get_by_text(WAITS)).to_be_visible()
        asked = server.asks.next()
        assert asked
        assert asked.reason == f"settings.py:1: {note} (DEBUG = True); as it says"
        page.goto(at)
        page.locator(HUNK).focus()
        page.keyboard.press("z")
        expect(page.locator(HUNK).get_by_role("button", name="Ask for a test")).to_be_visible()


def test_a_hunk_that_was_asked_for_is_kept_by_y(
    built: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest/result")
        hunk = page.locator("li.hunk:has-text('shop/cart.py:1')")
        hunk.focus()
        page.keyboard.press("y")
        expect(hunk.get_by_text("kept")).to_be_visible()
        page.keyboard.press("z")
        expect(hunk.get_by_text("kept")).to_have_count(0)


@pytest.mark.parametrize(("key", "said", "logged"), [
    ("s", "stopped the agent's run on T1 of typo", "stop typo"),
    ("h", "build it in /", "stop typo"),
    ("p", "paused T1 of typo; what its agent wrote so far is kept", "pause typo T1"),
    ("v", "handed T1 of typo over: quick goes on with what is there",
     "hand-over typo T1 to quick"),
])  # fmt: skip
def test_a_run_is_ended_from_its_card_by_one_key(
    project: Project, server: Server, chromium: Browser, key: str, said: str, logged: str
) -> None:
    two_agents(project)
    project.new("trivial", "typo")
    with at_work(project, server, "typo") as run, looking(chromium, server) as page:
        page.goto("/board")
        page.locator("li.card", has_text="An agent works on T1").focus()
        page.keyboard.press(key)
        expect(page.get_by_role("status")).to_contain_text(said)
        assert run not in runs(server)
    assert logged in " ".join(project.ok("log", "typo").out.split())


@pytest.mark.parametrize(("keys", "answer", "reason"), [
    (["c"], "code-wrong", "the code does not do what was agreed"),
    (["s"], "spec-wrong", "the words no longer say what is wanted"),
    (["w", "after the sale", "Tab", "01312030", "Enter"], "waived", "after the sale"),
], ids=["c", "s", "w"])  # fmt: skip
def test_a_finding_is_judged_by_one_key(
    project: Project, server: Server, chromium: Browser, keys: list[str], answer: str, reason: str
) -> None:
    apart(lambda: drifted(project))
    with looking(chromium, server) as page:
        page.goto("/drift")
        page.keyboard.press("j")
        for key in keys:
            if key.isdigit():
                page.keyboard.type(key)
            else:
                press(page, "", key)
        expect(page.get_by_text(f"verdict: {answer}")).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert (asked.fields["answer"], asked.fields["reason"]) == (answer, reason)
    assert asked.fields["until"] == ("2030-01-31" if answer == "waived" else "")


@pytest.mark.parametrize(("keys", "fields"), [
    (["s"], {"supersedes": "D-1", "narrows": "", "keep": ""}),
    (["x"], {"supersedes": "", "narrows": "D-1", "keep": ""}),
    (["b"], {"supersedes": "", "narrows": "", "keep": "both hold"}),
    (["s", "u"], {"supersedes": "", "narrows": "", "keep": ""}),
], ids="sxbu")  # fmt: skip
def test_what_a_rule_has_to_do_with_another_is_one_key(
    project: Project, server: Server, chromium: Browser, keys: list[str], fields: dict[str, str]
) -> None:
    with looking(chromium, server) as page:
        page.goto(f"/decisions/{proposed(project)}")
        page.keyboard.press("j")
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Shift+A")
        expect(page.get_by_text(WAITS)).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert asked.fields["act"] == "activate"
    assert {name: asked.fields[name] for name in fields} == fields


def test_keys_work_on_while_a_choice_has_the_focus(
    project: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto(f"/decisions/{proposed(project)}")
        page.get_by_label("takes its place").click()
        page.keyboard.press("b")
        expect(page.get_by_label("both hold")).to_be_checked()


def test_a_rule_is_turned_down_by_r(project: Project, server: Server, chromium: Browser) -> None:
    with looking(chromium, server) as page:
        page.goto(f"/decisions/{proposed(project)}")
        press(page, "", "r", "we moved away", "Enter")
        expect(page.get_by_text(WAITS)).to_be_visible()
    asked = server.asks.next()
    assert asked
    assert (asked.fields["act"], asked.fields["reason"]) == ("reject", "we moved away")


def proposed(project: Project) -> str:
    """Propose a rule beside one that is in force, D-1, and return its name."""
    made = [
        project.ok("decisions", "new", said, "--base", "--json").json["id"]
        for said in ("Carts are kept in Redis.", "Carts are kept in PostgreSQL.")
    ]
    project.ok("decisions", "approve", made[0], "--base", "--yes")
    return str(made[1])


def test_paused_work_is_handed_over_by_v(
    project: Project, server: Server, chromium: Browser
) -> None:
    two_agents(project)
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    project.ok("pause", "guest", "T1")
    with looking(chromium, server) as page:
        page.goto("/board")
        press(page, "paused-guest-T1", "v")
        expect(page.get_by_role("status")).to_contain_text("quick does it from now on")
    assert "hand-over guest T1 to quick" in " ".join(project.ok("log", "guest").out.split())
