"""`python tools/screens.py`: pictures of every page of the review room, in docs/screens.

A throw-away repository is worked by the command line, as a person works one; the pictures are
taken by Chromium in light and dark, wide and narrow. Look at them before a change to a page lands:
`looked.json` says which templates, styles and scripts they show, and a test fails for others.
`--check` takes them again, keeps the old ones, and names those that look different.
"""

import base64
import hashlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench.place import Place, throw_away  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 -- found from anywhere
from tools import shop  # noqa: E402

from accord.app.workshop import Workshop  # noqa: E402
from accord.web.running import Server  # noqa: E402
from accord.web.sessions import Login  # noqa: E402
from accord.web.team import Team  # noqa: E402
from accord.wiring import opening  # noqa: E402
from browsing import QUIET, device, enrol  # noqa: E402
from tls import certificate  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
LOOKED = "looked.json"
CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = (1360, 900), (390, 844)
TEAM = "accord.example.com"

PAGES = {
    "needs": "/", "gate": "/changes/guest", "gate-again": "/changes/refunds",
    "gate-hidden": "/changes/gifts", "gate-design": "/changes/orders",
    "gate-blank": "/changes/tax", "gate-long": "/changes/terms", "result": "/changes/decline",
    "past": "/changes/refunds/past", "document": "/changes/guest/document/requirements.md",
    "board": "/board", "specs": "/specs", "drift": "/drift", "decisions": "/decisions",
    "decision": "/decisions/D-1", "corrections": "/changes/delivery/corrections",
    "figures": "/figures", "log": "/log", "keys": "/keys", "error": "/changes/none",
    "patterns": "/-/patterns", "run": "/board a[href^='/runs/']",
    "then": "/changes/refunds/past a[href*='/at/']",
}  # fmt: skip
SMALL = ("needs", "gate", "gate-again", "result", "board", "specs", "drift", "decisions",
         "decision", "corrections", "figures", "log", "run")  # fmt: skip

MORE = ("empty", "enter", "ask", "ask-refused", "keys-signed", "ask-passkey", "ask-signed",
        "stranger", "join")  # fmt: skip

# What is drawn differently from one day to the next: moments, digests and the words for them.
MOVING = 0.03
FAR = 48
COMPARED = """async ([one, other, far]) => {
  const read = async (data) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + data;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const drawn = canvas.getContext("2d");
    drawn.drawImage(picture, 0, 0);
    return drawn.getImageData(0, 0, picture.width, picture.height);
  };
  const [left, right] = [await read(one), await read(other)];
  if (left.width !== right.width || Math.abs(left.height - right.height) > 24) return 1;
  const all = Math.min(left.data.length, right.data.length);
  let off = 0;
  for (let at = 0; at < all; at += 4)
    if ([0, 1, 2].some((by) => Math.abs(left.data[at + by] - right.data[at + by]) > far)) off += 1;
  return 4 * off / all;
}"""


def main(arguments: list[str]) -> int:
    """Write the pictures and name them; with `--check` return 1 where one looks different."""
    if arguments == ["--check"]:
        with tempfile.TemporaryDirectory() as folder:
            return _check(Path(folder))
    _pictures(SCREENS)
    (SCREENS / LOOKED).write_text(json.dumps(shown(), indent=1) + "\n")
    return 0


def shown() -> dict[str, str]:
    """Return what decides how the pages look: the sha256 of each file by its path."""
    web = ROOT / "src/accord/web"
    files = [*web.glob("templates/*.html"), *web.glob("static/*.*"), *web.glob("static/vendor/*.*")]
    return {
        path.relative_to(web).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }


def _check(folder: Path) -> int:
    _pictures(folder)
    off = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        for path in sorted(folder.glob("*.png")):
            kept = SCREENS / path.name
            pair = [base64.b64encode(one.read_bytes()).decode()
                    for one in (kept, path) if one.exists()]  # fmt: skip
            share = page.evaluate(COMPARED, [*pair, FAR]) if len(pair) == 2 else 1.0
            if share > MOVING:
                off[path.name] = share
        browser.close()
    for name, share in off.items():
        print(f"{name} looks different: {100 * share:.1f} % of it")
    return 1 if off else 0


def _pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with throw_away() as place, sync_playwright() as playwright:
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shop.begin(place)
        found = f"--host-resolver-rules=MAP {TEAM} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET[:-1], found])
        with _room(place) as server:
            for theme in ("light", "dark"):
                _take(browser, server, theme, WIDE, {"empty": "/"}, folder)
        shop.fill(place)
        with _room(place) as server, shop.at_work(place, server):
            for theme in ("light", "dark"):
                _take(browser, server, theme, WIDE, PAGES, folder)
            small = {name: PAGES[name] for name in SMALL}
            _take(browser, server, "light", NARROW, small, folder)
            _sign(browser, server, place, folder)
        _knock(browser, place, folder)
        browser.close()


def _take(
    browser: Browser, server: Server, theme: str, size: tuple[int, int], pages: dict[str, str],
    folder: Path,
) -> None:  # fmt: skip
    context = browser.new_context(
        base_url=server.address, viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/enter")
    suffix = theme if size == WIDE else f"{theme}-narrow"
    page.screenshot(path=folder / f"enter-{suffix}.png")
    _enter(page, server)
    for name, where in pages.items():
        path, _, link = where.partition(" ")
        page.goto(path)
        if link:
            page.goto(str(page.locator(link).first.get_attribute("href")))
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)
        print(f"{name}-{suffix}.png")
    if "gate-again" in pages:
        page.goto(pages["gate-again"])
        page.keyboard.press("Shift+A")
        page.wait_for_url("**/asks/*")
        page.screenshot(path=folder / f"ask-{suffix}.png")
        asked = server.asks.next() or sys.exit("nothing waits for the terminal")
        server.asks.settle(asked, "refused", "it was declined in the terminal")
        page.get_by_role("heading", name="Not signed").wait_for()
        page.screenshot(path=folder / f"ask-refused-{suffix}.png")
    context.close()


def _enter(page: Page, server: Server) -> None:
    page.get_by_label("Code").fill(server.sessions.offer())
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/")


def _both(page: Page, name: str, folder: Path) -> None:
    """Take one page in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.screenshot(path=folder / f"{name}-{theme}.png", full_page=True)
        print(f"{name}-{theme}.png")


def _sign(browser: Browser, server: Server, place: Place, folder: Path) -> None:
    """Take what a passkey signs, with a device that the browser plays."""
    context = browser.new_context(base_url=server.address, reduced_motion="reduce",
                                  viewport={"width": WIDE[0], "height": WIDE[1]})  # fmt: skip
    page = context.new_page()
    page.goto("/enter")
    _enter(page, server)
    with device(page):
        enrol(page, place.repo, server)
        _both(page, "keys-signed", folder)
        page.goto(PAGES["gate-again"])
        page.keyboard.press("Shift+A")
        page.get_by_role("heading", name="Sign with your passkey").wait_for()
        _both(page, "ask-passkey", folder)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Signed").wait_for()
        _both(page, "ask-signed", folder)
    context.close()


def _knock(browser: Browser, place: Place, folder: Path) -> None:
    """Take the door of a team's room, as somebody meets it whom the trust file does not know."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pem, key = certificate(place.folder, TEAM)
    team = Team(f"https://{TEAM}:{port}", "https://login.example.com", "room", "none",
                port=port, certificate=str(pem), key=str(key))  # fmt: skip
    with _room(place, team) as server:
        context = browser.new_context(base_url=team.url, ignore_https_errors=True,
                                      reduced_motion="reduce",
                                      viewport={"width": WIDE[0], "height": WIDE[1]})  # fmt: skip
        token = server.sessions.begin(Login("1", "kim@example.com"))
        context.add_cookies([{"name": server.room.place.cookie, "value": token, "url": team.url,
                              "secure": True}])  # fmt: skip
        page = context.new_page()
        for name, path in {"stranger": "/", "join": "/join"}.items():
            page.goto(path)
            _both(page, name, folder)
        context.close()


@contextmanager
def _room(place: Place, team: Team | None = None) -> Iterator[Server]:
    def opens() -> Workshop:
        return opening.open_workshop(place.repo, lambda _: "")

    port = team.port if team else 0
    with Server(opens, opening.reader, port, terminal=team is None, team=team) as server:
        yield server


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
