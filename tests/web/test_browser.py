"""The room in a real browser: keys, live updates, no script of anybody else's, no barrier."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accord.web.running import Server
from hostile import MARKDOWN, PWN, TEXTS
from project import DESIGN, STORY, TASKS, Project
from visiting import Visitor

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP evil.example 127.0.0.1"]  # fmt: skip
WAIT = 20_000
expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if not found:
        if os.environ.get("ACCORD_REQUIRE_ALL") == "1":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


def apart(act: Callable[[], object]) -> None:
    """Do `act` on another thread: the browser's loop runs on this one, and `accord run` has one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


@contextmanager
def looking(
    chromium: Browser, server: Server, *, script: bool = True, dark: bool = False, width: int = 1360
) -> Iterator[Page]:
    """Yield a page of a browser that is in; what its console complains of fails the test."""
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
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert [one for one in complaints if "401 (Unauth" not in one] == []


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


LIVELY = ["/", "/board", "/log", "/changes/guest", "/changes/built", "/changes/built/result",
          "/changes/built/past", "/changes/again", "/changes/blank",
          "/changes/guest/document/requirements.md", "/-/patterns"]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1360])
def test_no_page_has_a_barrier_or_runs_off_the_side(
    lively: Project, server: Server, chromium: Browser, dark: bool, width: int
) -> None:
    with looking(chromium, server, dark=dark, width=width) as page:
        for path in LIVELY:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            results = Axe().run(page)
            assert results.violations_count == 0, f"{path}: {results.generate_report()}"
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path


def test_a_gate_is_decided_with_twelve_keys(
    asking: Project, server: Server, chromium: Browser
) -> None:
    pressed = 0
    with looking(chromium, server) as page:

        def press(key: str) -> None:
            nonlocal pressed
            pressed += 1
            page.keyboard.press(key)

        page.goto("/")
        press("j")
        press("o")
        expect(page.get_by_role("button", name="Approve")).to_be_disabled()
        press("j")
        press("t")
        page.keyboard.type("No")
        press("Enter")
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        assert _focused(page) == "item-A2"
        press("a")
        expect(page.get_by_text("1 decision for you at the story")).to_be_visible()
        assert _focused(page) == "item-A1"
        press("a")
        expect(page.get_by_text("The story is ready for your decision")).to_be_visible()
        press("Shift+A")
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        expect(page.get_by_text(asked.aloud)).to_be_visible()
        server.asks.settle(asked, "done", "the story of guest: approved by robin")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
        press("1")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
    assert pressed <= 12


def test_what_happens_elsewhere_comes_in_and_takes_nothing_away(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        page.locator("#item-R1_1, [id='item-R1.1'] details.note summary").first.click()
        page.locator("[name='note-R1.1']").fill("an hour is")
        field = page.locator("#item-Q1 input[name=words]")
        field.press_sequentially("half an ans")
        asking.ok("answer", "guest", "A1", "yes")
        expect(page.get_by_text("2 decisions for you at the story")).to_be_visible()
        assert page.evaluate("document.activeElement.closest('[data-item]').id") == "item-Q1"
        expect(field).to_have_value("half an ans")
        field.press_sequentially("wer")
        expect(field).to_have_value("half an answer")
        expect(page.locator("[name='note-R1.1']")).to_have_value("an hour is")
        expect(page.locator("[name='note-R1.1']")).to_be_visible()
        page.reload()
        expect(field).to_have_value("half an answer")
        expect(page.locator("[name='note-R1.1']")).to_have_value("an hour is")


def test_notes_on_items_are_sent_back_as_one_reason(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        for name in ("R1.1", "R1.2"):
            page.locator(f"[id='item-{name}']").focus()
            page.keyboard.press("n")
            page.keyboard.type(f"about {name}")
            page.keyboard.press("Escape")
        page.keyboard.press("r")
        page.keyboard.type("see the notes")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Answer in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        assert asked.reason == "R1.1: about R1.1; R1.2: about R1.2; see the notes"


def test_everything_works_without_a_script(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, script=False) as page:
        page.context.clear_cookies()
        page.goto("/")
        page.get_by_label("Code").fill(server.sessions.offer())
        page.get_by_role("button", name="Enter").click()
        page.get_by_role("link", name="Guest checkout").click()
        page.get_by_label("Answer to Q1").fill("No")
        page.get_by_role("button", name="Answer").click()
        expect(page.get_by_text("Q1 answered: No").first).to_be_visible()
        page.get_by_role("button", name="Accept").first.click()
        page.get_by_label("Correction of A1").fill("Carts hold a hundred things")
        page.get_by_role("button", name="Correct").click()
        page.get_by_role("button", name="Approve the story").click()
        expect(page.get_by_text("Confirm it in the terminal")).to_be_visible()
        asked = server.asks.next()
        assert asked
        server.asks.settle(asked, "refused", "it was declined in the terminal")
        page.reload()
        expect(page.get_by_role("heading", name="Not signed")).to_be_visible()


def test_the_code_in_the_address_is_used_at_once_and_leaves_it(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.context.clear_cookies()
        code = server.sessions.offer()
        page.goto(f"/enter#{code}")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        assert code not in page.url
        page.go_back()
        assert code not in page.url


def test_no_page_asks_another_host(asking: Project, server: Server, chromium: Browser) -> None:
    asked: list[str] = []
    with looking(chromium, server) as page:
        page.on("request", lambda request: asked.append(request.url))
        for path in ("/", "/board", "/changes/guest", "/-/patterns"):
            page.goto(path)
            page.wait_for_timeout(100)
    assert len(asked) > 10
    assert [one for one in asked if not one.startswith(f"{server.address}/")] == []


def test_hostile_text_runs_nowhere(project: Project, server: Server, chromium: Browser) -> None:
    _fill(project)
    with looking(chromium, server) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"{page.url}: {dialog.message}"))
        for name in ("guest", "built"):
            for path in ("", "/result", "/past", "/document/requirements.md"):
                page.goto(f"/changes/{name}{path}")
                _is_clean(page)
        for path in ("/", "/board", "/log"):
            page.goto(path)
            _is_clean(page)
        page.goto("/changes/guest")
        for _ in range(4):
            page.keyboard.press("j")
        page.keyboard.press("r")
        page.keyboard.type(TEXTS[0])
        page.keyboard.press("Enter")
        expect(page.get_by_text("Answer in the terminal")).to_be_visible()
        _is_clean(page)


def _fill(project: Project) -> None:
    """Put hostile text into everything that a page shows."""
    lines = [" ".join(one.split()) for one in TEXTS if "\x00" not in one]
    lines = [one.encode(errors="ignore").decode() for one in lines if one.strip()]
    project.ok("new", lines[2].replace("\x1b", ""), "--name", "guest", "--track", "full")
    questions = "".join(f"- Q{at} (open) {one}\n" for at, one in enumerate(lines, 1))
    guesses = "".join(f"- A{at} (high) {one}\n" for at, one in enumerate(lines, 1))
    criteria = "".join(
        f"- R1.{at} WHEN x THE shop SHALL {one}\n" for at, one in enumerate(lines, 1)
    )
    story = STORY.replace("# Guest cart", f"# {lines[0]}")
    story = story.replace("## Questions\n", f"## Questions\n\n{questions}")
    story = story.replace("## Assumptions\n", f"## Assumptions\n\n{guesses}")
    story = re.sub(r"- R1\.1 .*\n- R1\.2 .*\n", lambda _: criteria, story)
    body = "\n\n".join([*lines, *MARKDOWN])
    project.write("requirements.md", f"{story}\n{body}\n")
    project.write("design.md", DESIGN.replace("Minutes", lines[1]))
    project.write(f"x onerror={PWN} '\".md", body)
    project.ok("answer", "guest", "Q1", lines[0])
    project.run("reject", "guest", "--reason", " ".join(lines))
    project.approve_spec("built", last="design")
    project.write("tasks.md", TASKS.replace("Keep the cart", lines[1]), "built")
    project.ok("approve", "built", "--yes")
    apart(lambda: project.build("built"))
    project.commit_on("accord/built", {
        f"<img src=x onerror={PWN}>.py": "\n".join(lines) + "\n",
        f"shop/' onfocus={PWN} autofocus '.py": f"</pre><script>{PWN}</script>\n",
    })  # fmt: skip


def _is_clean(page: Page) -> None:
    page.wait_for_load_state()
    assert page.evaluate("window.pwned") is None, page.url
    foreign = page.evaluate(
        "[...document.querySelectorAll('script,iframe,object,embed,base,style,math,img,svg')]"
        ".filter((one) => !(one.src || '').startsWith(location.origin + '/static/')).length"
    )
    assert foreign == 0, page.url
    handlers = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
        ".filter((one) => /^on|^hx-on|^srcdoc|^style$/.test(one.name)"
        " || /^\\s*(javascript|data|vbscript):/i.test(one.value)).map((one) => one.name)"
    )
    assert handlers == [], page.url


ATTACK = """<!doctype html><title>evil</title><body><script>
window.said = [];
const tries = [
  fetch("ROOM/", {credentials: "include"}).then((a) => a.text()),
  fetch("ROOM/leave", {method: "POST", credentials: "include", mode: "no-cors",
    headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: "csrf=x"}),
];
Promise.allSettled(tries).then((all) => {
  window.said = all.map((one) => one.status + " " + (one.value?.type || one.value || ""));
  window.done = true;
});
const frame = document.createElement("iframe"); frame.src = "ROOM/"; document.body.append(frame);
</script>"""


@pytest.mark.parametrize("host", ["localhost", "accord.localhost", "evil.example"])
def test_another_page_can_neither_read_nor_act_nor_frame(
    asking: Project, server: Server, chromium: Browser, host: str
) -> None:
    with _evil(server) as port, looking_quietly(chromium, server) as context:
        page = context.new_page()
        page.goto(f"http://{host}:{port}/")
        page.wait_for_function("window.done")
        said = page.evaluate("window.said")
        assert said[0].startswith("rejected")
        assert "fulfilled 200" not in said[1]
        page.wait_for_timeout(300)
        for frame in page.frames[1:]:
            assert "Guest checkout" not in frame.content()
        own = context.new_page()
        own.goto(f"{server.address}/")
        expect(own.get_by_role("heading", name="Needs you")).to_be_visible()


def test_a_name_that_points_here_is_not_the_room(
    asking: Project, server: Server, chromium: Browser
) -> None:
    with looking_quietly(chromium, server) as context:
        page = context.new_page()
        for host in ("evil.example", "localhost", "127.0.0.1", "evil.accord.localhost"):
            answer = page.goto(f"http://{host}:{server.port}/")
            assert answer
            assert answer.status == 421, host


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


@contextmanager
def _evil(server: Server) -> Iterator[int]:
    """Serve the page of an attacker on this machine; yield its port."""
    body = ATTACK.replace("ROOM", server.address).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
            pass

    evil = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=evil.serve_forever, daemon=True)
    thread.start()
    try:
        yield evil.server_port
    finally:
        evil.shutdown()
        thread.join()
        evil.server_close()


def _focused(page: Page) -> str:
    page.wait_for_function("document.activeElement?.id?.startsWith('item-')")
    found: str = page.evaluate("document.activeElement.id")
    return found
