"""A real browser in the review room."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from attrs import frozen
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

import keyring
from accord.web.running import Server
from visiting import Visitor

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP evil.example 127.0.0.1"]  # fmt: skip
WAIT = 20_000
expect.set_options(timeout=WAIT)


def apart(act: Callable[[], object]) -> None:
    """Do `act` on another thread: the browser's loop runs on this one, and `accord run` has one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


@contextmanager
def looking(
    chromium: Browser, server: Server, *, script: bool = True, dark: bool = False,
    width: int = 1360, refused: str = r"401 \(Unauth",
) -> Iterator[Page]:  # fmt: skip
    """Yield a page of a browser that is in; what its console complains of fails the test.

    `refused` is a pattern of what it may complain of, as it does of each request that fails.
    """
    context = chromium.new_context(
        java_script_enabled=script, color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": 900}, base_url=server.address,
        reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(WAIT)
    visitor = Visitor(server).enter()
    name, _, value = visitor.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.text} {said.location['url']}")
            if said.type == "error" else None)  # fmt: skip
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    complaints = [one for one in complaints if not re.search(refused, one)]
    assert complaints == [], complaints


COLOURED = ["color-contrast", "link-in-text-block"]
"""The rules of axe that ask for colours; all others find the same, light or dark."""


def free(page: Page, rules: Sequence[str] = ()) -> None:
    """Assert that a page, with all of it unfolded, breaks none of the `rules` of axe (or no rule).

    It is read without scrolling to the side, too.
    """
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    results = Axe().run(page, options={"runOnly": [*rules]} if rules else {})
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
    fits(page)


def fits(page: Page) -> None:
    """Assert that a page is read without scrolling to the side."""
    wide = page.evaluate("(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
                         "(document.documentElement)")  # fmt: skip
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def free_in_each_look(page: Page) -> None:
    """Assert it of a page as it stands: on a phone and on a desk, light and dark, and at 200 %."""
    for width in (390, 1360):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        free(page)
        page.emulate_media(color_scheme="dark")
        free(page, COLOURED)
    page.set_viewport_size({"width": 1360 // 2, "height": 450})
    fits(page)


def each_free(chromium: Browser, server: Server, paths: Iterable[str]) -> None:
    """Assert of each of `paths` that nothing in it is a barrier, however it is looked at."""
    with looking(chromium, server) as page:
        for path in paths:
            page.goto(path)
            free_in_each_look(page)


@contextmanager
def looking_quietly(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """Yield a browser that is in, whose console may complain."""
    context = chromium.new_context()
    context.set_default_timeout(WAIT)
    name, _, value = Visitor(server).enter().cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.address}])
    try:
        yield context
    finally:
        context.close()


@frozen
class Evil:
    """Another server on this machine: where it listens, and what it was asked for."""

    port: int
    asked: list[str]


@contextmanager
def evil(body: bytes = b"") -> Iterator[Evil]:
    """Answer every request with `body`, as the page of an attacker."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Evil(server.server_port, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@frozen
class Device:
    """A device that the browser's own tools play."""

    session: CDPSession
    name: str

    def send(self, what: str, **more: object) -> object:
        """Tell the browser something about the device."""
        return self.session.send(f"WebAuthn.{what}", {"authenticatorId": self.name, **more})


@contextmanager
def device(page: Page) -> Iterator[Device]:
    """Give the browser of `page` a device with a finger on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True}})  # fmt: skip
    yield Device(session, made["authenticatorId"])


def enrol(page: Page, top: Path, server: Server) -> None:
    """Make a passkey in the browser of `page`, with a signature of the terminal at `top`."""
    page.goto("/keys")
    page.get_by_label("Name of the device").fill("Laptop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Confirm it in the terminal")).to_be_visible()
    apart(lambda: keyring.confirmed(top, server))
    expect(page.get_by_role("heading", name="Signed")).to_be_visible()
