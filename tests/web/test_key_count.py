"""The keys that a gate is counted to take are those that decide it in a browser."""

from collections.abc import Sequence

from playwright.sync_api import Browser, Page, expect

from accord.app.changes import load
from accord.app.gate_view import gate_view
from accord.app.views import View
from accord.web.running import Server
from bench import pressing
from browsing import device, enrol, looking
from project import Project


def seen(server: Server) -> tuple[list[View], list[View]]:
    """Return what the gate of the change asks to be decided and to be read."""
    with server.room.workshop() as workshop:
        view = gate_view(workshop, load(workshop, "guest"), server.room.who(workshop))
    return [*view["questions"], *view["assumptions"]], view["read"]


def decided(page: Page, pending: Sequence[View], read: Sequence[View]) -> int:
    """Decide the gate that the page shows by keys, each item with the focus once; count them."""
    pressed = 0

    def press(key: str) -> None:
        nonlocal pressed
        pressed += 1
        page.keyboard.press(key)

    def held(one: View) -> None:
        page.wait_for_function("id => document.activeElement.id === id", arg=f"item-{one['id']}")

    for at, one in enumerate(pending):
        if at == 0:
            press("j")
        held(one)
        if one["kind"] == "question":
            press("t")
            page.keyboard.type("No")
            press("Enter")
        else:
            press("a")
        left = len(pending) - at - 1
        expect(page.locator("section[aria-labelledby=first] .item")).to_have_count(left)
    for at, one in enumerate(read):
        if at or not pending:
            press("j")
        held(one)
    press("Shift+A")
    expect(page.get_by_role("heading", name="Sign with your passkey")).to_be_visible()
    press("Enter")
    expect(page.get_by_role("heading", name="Signed")).to_be_visible()
    return pressed


def test_a_gate_takes_as_many_keys_as_are_counted_at_first_and_again(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page, device(page):
        enrol(page, asking.top, server)
        page.goto("/changes/guest")
        pending, read = seen(server)
        assert [one["id"] for one in pending] == ["Q1", "A2", "A1"]
        assert {one["id"] for one in read} == {"requirements.md", "R1", "R1.1", "R1.2"}
        assert decided(page, pending, read) == pressing.keys(pending, read) == 10
        text = asking.file("accord/guest", "specs/guest/requirements.md").decode()
        asking.write("requirements.md", text.replace("60 minutes", "90 minutes"))
        page.goto("/changes/guest")
        pending, read = seen(server)
        assert [one["id"] for one in (*pending, *read)] == ["R1.1"]
        assert decided(page, pending, read) == pressing.keys(pending, read) == 3
