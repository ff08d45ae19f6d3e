"""What a real browser sees of the review room: when an event stands on its page, what it loads."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page, Response, sync_playwright

from accord.web.running import Server
from bench.table import Figure

COLD = 130.0
ABSENT = "no Chromium is here: what a browser shows was not measured"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Both clocks are this machine's.
_WATCH = """(id) => { window.shown = new Promise((resolve) => {
  const look = () => document.getElementById(id) && resolve(Date.now());
  new MutationObserver(look).observe(document, {childList: true, subtree: true, attributes: true});
  look();
}); }"""
_ICON = """async () => {
  const icon = document.querySelector("link[rel=icon]").href;
  return (await (await fetch(icon)).arrayBuffer()).byteLength;
}"""


def chromium() -> str | None:
    """Return the browser's program, or None where there is none."""
    return shutil.which("chromium")


@contextmanager
def browsing(server: Server, cookie: str) -> Iterator[BrowserContext | None]:
    """Yield a browser that is in the room with the session of `cookie`; None where none is."""
    found = chromium()
    if found is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        context = browser.new_context(base_url=server.address)
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": server.address}])
        yield context
        browser.close()


def loaded(context: BrowserContext) -> int:
    """Return the bytes of a first visit, uncompressed: the page and all that it loads.

    A browser without a window draws no icon, so that is asked for.
    """
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one))
    page.goto("/")
    total = sum(len(one.body()) for one in answers if "/events" not in one.url)
    total += int(page.evaluate(_ICON))
    page.close()
    return total


def delays(
    context: BrowserContext, act: Callable[[int], float], wanted: Sequence[str], path: str
) -> list[float]:
    """Return the seconds from each act until an element with its id is on the page at `path`.

    `act` does what brings the element of that number and returns when it was written down.
    """
    page = context.new_page()
    with page.expect_response("**/events*"):
        page.goto(path)
    found = [_delay(page, act, number, name) for number, name in enumerate(wanted)]
    page.close()
    return found


def _delay(page: Page, act: Callable[[int], float], number: int, name: str) -> float:
    page.evaluate(_WATCH, name)
    began = act(number)
    shown = float(page.evaluate("window.shown")) / 1000
    time.sleep(0.2)  # as in a room where something happens now and then
    return shown - began


def first_visit(size: int) -> list[Figure]:
    """Return the row of what a first visit loads."""
    return [Figure("first visit, in a browser", size / 1024, "KB", COLD, ())]
