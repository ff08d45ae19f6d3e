"""What happens elsewhere comes in, and what somebody reads or types stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import gitrepo
from accord.web.running import Server
from browsing import apart, looking
from drifting import drift, drifted, released
from project import SMALL, Project

HELD = """() => {
    const held = document.activeElement, item = held.closest("[id]");
    return {
        focus: [item.id, held.name ?? ""],
        typed: [...document.querySelectorAll("input:not([type=hidden]), textarea")]
            .filter((one) => one.value !== one.defaultValue).map((one) => [one.name, one.value]),
        ticked: [...document.querySelectorAll("[type=checkbox]")].map((one) => one.checked),
    };
}"""
TOP = "document.activeElement.getBoundingClientRect().top"
FOLDS = """() => Object.fromEntries([...document.querySelectorAll("main details")]
    .map((one) => [one.id || one.closest("[id]").id + one.innerText.split("\\n")[0], one.open]))"""


@contextmanager
def staying(page: Page) -> Iterator[None]:
    """Let something happen in the block, which ends when the page shows it; nothing is lost.

    The focus stays where it is on the screen, whatever comes in above it.
    """
    page.evaluate("document.body.dataset.same = 'yes'")  # gone with a page that is loaded again
    held, folds, top = page.evaluate(HELD), page.evaluate(FOLDS), page.evaluate(TOP)
    yield
    assert page.evaluate(HELD) == held
    assert abs(page.evaluate(TOP) - top) < 3
    assert {**page.evaluate(FOLDS), **folds} == page.evaluate(FOLDS)
    assert page.evaluate("document.body.dataset.same") == "yes"


def hold(page: Page, item: Locator) -> None:
    """Give an item the focus, a good way down a page that is too low for what stands on it."""
    page.set_viewport_size({"width": 1000, "height": 260})
    item.focus()
    item.evaluate("(one) => one.scrollIntoView()")
    assert page.evaluate("scrollY") > 0


def test_a_hunk_and_a_half_written_reason_stay_on_the_result(
    built: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest/result")
        page.locator("[id='item-R1.2'] summary:has-text('Note')").click()
        page.locator("[name='note-R1.2']").fill("it says nothing of")
        page.locator("details.file").first.locator("summary").click()
        hold(page, page.locator("li.hunk:has-text('settings.py:1') [name=why]"))
        page.keyboard.type("the tests ne")
        with staying(page):
            built.commit_on("accord/guest", {"late.py": "LATE = 1\n"})
            built.ok("pause", "guest", "T1")
            expect(page.locator("li.hunk:has-text('late.py:1')")).to_be_attached()


def test_a_criterion_of_the_living_spec_stays(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: released(project))
    with looking(chromium, server) as page:
        page.goto("/specs")
        page.locator("details.note summary").first.click()
        hold(page, page.locator("[id='spec-guest-R1.2']"))
        with staying(page):
            drift(project)
            project.ok("new", "Anything", "--name", "other")
            expect(page.get_by_role("link", name="Drift (1)")).to_be_attached()


def test_a_finding_its_verdict_and_its_reason_stay_on_drift(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    with looking(chromium, server) as page:
        page.goto("/drift")
        page.locator("input[name=about][value='R1.2']").uncheck()
        hold(page, page.get_by_label("Why, for"))
        page.keyboard.type("after the sa")
        at = project.git("rev-parse", "main")[:12]
        expect(page.get_by_text(at, exact=True)).to_be_attached()
        with staying(page):
            gitrepo.commit(project.top, {"README.md": "# A shop\n"})
            project.ok("new", "Anything", "--name", "other")
            expect(page.get_by_text(at, exact=True)).to_have_count(0)
        expect(page.locator("input[name=about][value='R1.2']")).not_to_be_checked()


def test_a_rule_stays_while_another_is_proposed(
    project: Project, server: Server, chromium: Browser
) -> None:
    made = project.ok("decisions", "new", "Carts are blue.", "--base", "--json").json["id"]
    for n in range(4):
        project.ok("decisions", "new", f"Bell {n} rings at {n} o'clock.", "--base")
    gone = project.ok("decisions", "new", "Carts are red.", "--base", "--json").json["id"]
    project.ok("decisions", "approve", gone, "--base", "--yes", "--keep-both")
    project.ok("decisions", "expire", "D-1", "--base", "--reason", "no more")
    with looking(chromium, server) as page:
        page.goto("/decisions")
        page.locator("#gone > summary").click()
        hold(page, page.locator(f"[id='rule-{made}']"))
        with staying(page):
            project.ok("decisions", "new", "Lamps are green.", "--base")
            project.ok("new", "Anything", "--name", "other")
            expect(page.get_by_text("Lamps are green.")).to_be_attached()


@pytest.mark.parametrize("path", ["/log", "/changes/guest/past"])
def test_a_line_stays_while_others_come_in_above_it(
    project: Project, server: Server, chromium: Browser, path: str
) -> None:
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    for _ in range(4):
        project.ok("pause", "guest", "T1")
        project.ok("go-on", "guest", "T1")
    with looking(chromium, server) as page:
        page.goto(path)
        if path == "/log":
            hold(page, page.locator("tr a").last)
        else:
            hold(page, page.locator("[data-item]").first)
        with staying(page):
            project.ok("pause", "guest", "T1")
            expect(page.locator("tbody tr").first).to_contain_text("pause")


def test_an_item_stays_on_needs_you(project: Project, server: Server, chromium: Browser) -> None:
    for n in range(5):
        project.new("small", f"part-{n}")
    with looking(chromium, server) as page:
        page.goto("/")
        hold(page, page.locator("#need-part-4"))
        with staying(page):
            project.new("small", "a-first")
            expect(page.locator("#need-a-first")).to_be_attached()


def test_who_reads_without_the_focus_is_not_led_away(
    project: Project, server: Server, chromium: Browser
) -> None:
    for n in range(8):
        project.new("small", f"part-{n}")
    with looking(chromium, server) as page:
        page.set_viewport_size({"width": 1000, "height": 260})
        page.goto("/")
        page.evaluate("scrollTo(0, 400)")
        read = page.locator("#need-part-6")
        top = read.evaluate("(one) => one.getBoundingClientRect().top")
        project.new("small", "z-last")
        expect(page.locator("#need-z-last")).to_be_attached()
        assert page.evaluate("document.activeElement === document.body")
        assert abs(read.evaluate("(one) => one.getBoundingClientRect().top") - top) < 3
