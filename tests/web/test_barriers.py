"""No page has a barrier, in whatever state it is: light, dark, on a phone, at 200 %."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from accord.web.running import Server
from browsing import apart, each_free, free_in_each_look, looking
from busy import at_work
from drifting import corrected, drifted
from project import SMALL, STORY, Project
from visiting import Visitor

MANY = "".join(f"## D{n} Part {n}\n\nSatisfies: R1.1, R1.2\n\n{'word ' * 60}\n\n"
               for n in range(1, 21))  # fmt: skip
MOCKUP = ('<!doctype html><html lang="en"><title>The cart</title>'
          "<main><h1>The cart</h1><p>It holds two things.</p></main></html>")  # fmt: skip
SAID = ('[[step]]\ndo = "say"\ntext = "I begin \\u202E now, <b>at once</b>, with {long}"\n'
        '[[step]]\ndo = "write"\npath = "shop/cart.py"\ntext = "MINUTES = 60\\n"\n')  # fmt: skip


@pytest.fixture
def lively(asking: Project) -> Project:
    """Changes at several stages: one asks, one is to be read again, one was built, one is blank."""
    asking.approve_spec("built")
    apart(lambda: asking.build("built"))
    asking.commit_on("accord/built", {"settings.py": "DEBUG = True\n"})
    asking.approve_spec("again", last="story")
    asking.write("requirements.md", STORY.replace("60 minutes", "90 minutes"), "again")
    asking.new("small", "blank")
    return asking


def test_no_page_has_a_barrier_or_runs_off_the_side(
    lively: Project, server: Server, chromium: Browser
) -> None:
    each_free(chromium, server, [
        "/", "/board", "/log", "/changes/guest", "/changes/built", "/changes/built/result",
        "/changes/built/past", "/changes/again", "/changes/blank",
        "/changes/guest/document/requirements.md", "/specs", "/drift", "/decisions", "/figures",
        "/keys", "/-/patterns",
    ])  # fmt: skip


def test_what_was_agreed_has_no_barrier_either(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    apart(lambda: corrected(project, "other"))
    project.ok("approve", "other", "--yes")
    for said in ("Carts are kept in MySQL.", "Carts are kept for a day."):
        made = project.ok("decisions", "new", said, "--wrong", "x", "--right", "y", "--base",
                          "--json").json["id"]  # fmt: skip
        project.ok("decisions", "approve", made, "--base", "--yes", "--keep-both")
    project.ok("decisions", "new", "Carts are kept for two days.", "--base")
    each_free(chromium, server, [
        "/specs", "/drift", "/decisions", "/decisions/D-1", "/decisions/carts-kept-two-days",
        "/figures", "/changes/other/corrections", "/changes/other/past",
    ])  # fmt: skip


def test_an_empty_room_has_no_barrier(project: Project, server: Server, chromium: Browser) -> None:
    project.new("trivial", "typo")
    each_free(chromium, server, [
        "/", "/board", "/log", "/specs", "/drift", "/decisions", "/figures", "/changes/typo",
        "/changes/typo/result", "/changes/typo/past", "/changes/typo/corrections",
    ])  # fmt: skip


def test_a_gate_that_is_shut_too_long_or_drawn_has_no_barrier(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new("full", "hidden")
    project.write("requirements.md", STORY.replace("# Guest cart", "# Guest \u202ecart"), "hidden")
    more = "".join(f"- R1.{n} WHEN door {n} opens THE shop SHALL ring bell {n}.\n"
                   for n in range(3, 20))  # fmt: skip
    long = STORY.replace("\n## Out of scope", f"{more}\n## Out of scope")
    project.new("full", "long")
    project.write("requirements.md", long, "long")
    project.approve_spec("drawn", last="story")
    project.write("design.md", f"# Guest cart: design\n\n{MANY}", "drawn")
    (project.desk("drawn") / "mockups").mkdir()
    (project.desk("drawn") / "mockups" / "cart.html").write_text(MOCKUP)
    visitor = Visitor(server).enter()
    assert "Text that cannot be seen" in visitor.get("/changes/hidden").text
    for name in ("long", "drawn"):
        assert "more than is read well at once" in visitor.get(f"/changes/{name}").text
    assert "<iframe" in visitor.get("/changes/drawn").text
    each_free(chromium, server, [
        "/", "/board", "/changes/hidden", "/changes/hidden/past", "/changes/long",
        "/changes/drawn", "/changes/drawn/document/mockups/cart.html",
    ])  # fmt: skip


def test_a_run_and_what_was_signed_then_have_no_barrier(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec()
    script = project.root / "script.toml"
    script.write_text(SAID.replace("{long}", "a_name_without_an_end/" * 20))
    apart(lambda: project.run("run", "guest", "--script", str(script)))
    past = Visitor(server).enter().get("/changes/guest/past").text
    run, *_ = re.findall(r'href="(/runs/[^"]+)"', past)
    then = {one.rpartition("/")[2]: one
            for one in re.findall(r'href="(/changes/guest/at/[^"]+)"', past)}  # fmt: skip
    assert set(then) == {"requirements.md", "design.md", "tasks.md"}
    each_free(chromium, server, [run, "/changes/guest/past", *then.values()])


def test_work_that_goes_on_or_is_paused_has_no_barrier(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    project.ok("pause", "guest", "T1")
    project.new("trivial", "typo")
    with at_work(project, server, "typo") as run:
        board = Visitor(server).enter().get("/board").text
        assert "An agent works on" in board
        assert 'id="paused-guest-T1"' in board
        each_free(chromium, server, ["/board", f"/runs/{run}"])


def test_what_is_not_there_or_not_done_has_no_barrier(
    asking: Project, server: Server, chromium: Browser
) -> None:
    asking.approve_spec("ready", last="story")
    asking.write("requirements.md", STORY.replace("60 minutes", "90 minutes"), "ready")

    # In one step: news that come in would put back what the page shows.
    def stale(page: Page) -> None:
        page.goto("/changes/guest")
        page.locator("#item-Q1 form").evaluate(
            "({elements: {own, words}}) => {"
            " own.value = '0'; words.value = 'Never'; own.form.requestSubmit(); }"
        )

    def unseen(page: Page) -> None:
        page.goto("/changes/ready")
        page.locator("[name=seen]").evaluate(
            "(field) => { field.value = '0'; field.form.requestSubmit(); }"
        )

    def gone(page: Page) -> None:
        page.goto("/changes/none")

    with looking(chromium, server, refused=r"40[49] \(") as page:
        for reach in (stale, unseen, gone):
            reach(page)
            expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
            free_in_each_look(page)


def test_what_is_to_be_signed_was_signed_or_was_not_has_no_barrier(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: corrected(project))
    visitor = Visitor(server).enter()

    def ask(act: str, **fields: str) -> str:
        page = visitor.get("/changes/guest")
        sent = {"csrf": page.token(), **fields}
        return visitor.post(f"/changes/guest/{act}", sent).headers["location"]

    refused = ask("reject", reason="too long, says " + "x" * 200)
    seen = visitor.get("/changes/guest").hidden("seen")
    signed = ask("approve", seen=seen)
    asked = server.asks.next()
    assert asked
    each_free(chromium, server, [refused, signed])
    project.ok("approve", "guest", "--seen", seen)
    server.asks.settle(asked, "done", "the design of guest: approved by robin")
    assert "You corrected 1 thing on the way" in visitor.get(signed).text
    assert "another decision was asked for since" in visitor.get(refused).text
    each_free(chromium, server, [signed, "/changes/guest/corrections"])


def test_the_way_in_has_no_barrier(project: Project, server: Server, chromium: Browser) -> None:
    with looking(chromium, server, refused=r"403 \(") as page:
        page.context.clear_cookies()
        page.goto("/enter")
        free_in_each_look(page)
        page.get_by_label("Code").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("That code does not hold")).to_be_visible()
        free_in_each_look(page)
