"""Two hundred on each page that lists something: all are there, or how to have them; keys work."""

from contextlib import closing

from playwright.sync_api import Browser, Page, expect

import gitrepo
from accord.app import authoring
from accord.core.model import Track
from accord.core.ports import Operation
from accord.engine.journal import SqliteJournal
from accord.web.running import Server
from accord.wiring.opening import open_workshop
from browsing import apart, free, looking
from drifting import CODE, TEST, drift
from project import SMALL, Project

MANY = 200


def gone_through(page: Page, count: int) -> None:
    """Assert that j reaches `count` items, each in turn, and k the one before the last."""
    listed = page.locator("[data-item]").evaluate_all(
        "all => all.filter((one) => one.checkVisibility()).map((one) => one.id)"
    )
    assert len(listed) >= count
    focused = page.evaluate("""(count) => [...Array(count)].map(() => {
        document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", bubbles: true}));
        return document.activeElement.id;
    })""", len(listed))  # fmt: skip
    assert focused == listed
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == listed[-2]


def test_two_hundred_changes_all_wait_and_the_board_says_where_the_rest_is(
    project: Project, server: Server, chromium: Browser
) -> None:
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        for n in range(MANY):
            authoring.new(workshop, f"Ring bell {n}", track=Track.FULL, name=f"bell-{n:03}")
    with looking(chromium, server) as page:
        page.goto("/")
        expect(page.locator("[id^=need-bell-]")).to_have_count(MANY)
        gone_through(page, MANY)
        free(page)
        page.goto("/board")
        page.get_by_role("link", name=f"and {MANY - 12} more").click()
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()


def test_two_hundred_released_changes_are_counted_and_the_board_says_where_they_are(
    project: Project, server: Server, chromium: Browser
) -> None:
    gitrepo.commit(project.top, {f".accord/approvals/bell-{n:03}/none": "" for n in range(MANY)})
    with looking(chromium, server) as page:
        page.goto("/board")
        expect(page.get_by_text(f"{MANY} released")).to_be_visible()
        expect(page.get_by_text(f"and {MANY - 12} more: accord status --json")).to_be_visible()
        gone_through(page, 12)
        free(page)
        page.goto("/specs")
        for n in (0, 7, MANY - 1):
            expect(page.get_by_text(f"bell-{n:03}")).to_be_visible()
        free(page)
    assert len(project.ok("status", "--json").json["released"]) == MANY


def test_of_more_than_two_hundred_operations_the_log_and_the_past_say_where_the_rest_is(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new()
    with closing(SqliteJournal(project.state / "journal.sqlite")) as journal:
        for n in range(MANY + 20):
            last = journal.begin(Operation("robin", "pause", "guest", f"T{n}", {}))
            journal.finish(last)
    with looking(chromium, server) as page:
        for path, command in (("/log", "accord log"), ("/changes/guest/past", "accord log guest")):
            page.goto(path)
            expect(page.locator("tbody tr")).to_have_count(MANY)
            words = f"What was done before no. {last - MANY + 1} is listed by: {command} -n {last}"
            expect(page.get_by_text(words)).to_be_visible()
            gone_through(page, MANY)
            free(page)
        page.locator("tbody tr").first.focus()
        page.keyboard.press("o")
        expect(page.get_by_role("heading", name="Keep the cart of a guest")).to_be_visible()
        page.goto("/figures")
        free(page)
    every = project.ok("log", "guest", "-n", str(last), "--json").json["operations"]
    assert len(every) > MANY + 20


def test_two_hundred_hunks_are_all_on_the_result(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec()
    apart(lambda: project.build())
    project.commit_on("accord/guest", {f"more/m{n}.py": f"N = {n}\n" for n in range(MANY)})
    with looking(chromium, server) as page:
        page.goto("/changes/guest/result")
        expect(page.locator("#loud + ol > li.hunk")).to_have_count(MANY)
        gone_through(page, MANY)
        free(page)


def test_two_hundred_criteria_are_all_in_the_living_spec_and_in_one_finding_of_drift(
    project: Project, server: Server, chromium: Browser
) -> None:
    names = [f"R1.{n}" for n in range(1, MANY + 1)]
    more = "".join(f"- {one} WHEN door {one} opens THE shop SHALL ring bell {one}.\n"
                   for one in names[2:])  # fmt: skip
    text = SMALL.replace("\n## Tasks", f"{more}\n## Tasks")
    project.new("small")
    project.write("requirements.md", text.replace("R1.1, R1.2", ", ".join(names)))
    project.ok("approve", "guest", "--yes")
    apart(lambda: project.build(files={"shop/until.py": CODE.format(60), "tests/test_x.py": TEST}))
    project.ok("approve", "guest", "--yes", "--through", "release")
    apart(lambda: project.ok("run", "guest"))
    with looking(chromium, server) as page:
        page.goto("/specs")
        expect(page.locator("li[id^='spec-guest-R1.']")).to_have_count(MANY)
        gone_through(page, MANY + 1)
        free(page)
        page.locator("#spec-guest").focus()
        page.keyboard.press("o")
        expect(page.locator("[id='spec-guest-R1.1']")).to_be_hidden()
        page.keyboard.press("o")
        expect(page.locator("[id='spec-guest-R1.1']")).to_be_visible()
        drift(project)
        page.goto("/drift")
        expect(
            page.get_by_text(f"{MANY} released criteria are no longer as agreed")
        ).to_be_visible()
        expect(page.locator("[name=about]")).to_have_count(MANY)
        free(page)
