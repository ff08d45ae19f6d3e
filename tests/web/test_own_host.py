"""Each kind of page in a real browser, full of text that asks for more: it asks nobody else."""

import itertools
import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from starlette.routing import compile_path

import gitrepo
import posting
from accord.web.running import Server
from browsing import apart, looking
from drifting import corrected, drifted
from hostile import MARKDOWN, TEXTS
from project import DESIGN, STORY, TASKS, Project
from visiting import Visitor

LOADS = ('<img src="http://evil.example/x.png">', "<link rel=icon href=//evil.example/x.ico>",
         "<video autoplay src=//evil.example/x.mp4>", "<style>@import '//evil.example/x'</style>",
         "<a ping=//evil.example/p href=//evil.example>x</a>", "https://evil.example/x.png",
         "<link rel=prefetch href=//evil.example><link rel=dns-prefetch href=//evil.example>",
         "<div hx-get=//evil.example hx-trigger=load></div>")  # fmt: skip
SAID = [one for one in (*TEXTS, *LOADS) if one.isprintable() or "\x1b" in one]


@pytest.fixture
def furnished(project: Project) -> Project:
    """A project in which each kind of page has something to show."""
    apart(lambda: drifted(project))
    apart(lambda: corrected(project, "other"))
    gitrepo.write(project.desk("other"), {"mockups/card.html": "<h1>A card</h1>"})
    project.ok("decisions", "new", f"Carts are kept. {' '.join(LOADS)}", "--base")
    made = project.ok("decisions", "new", "Carts stay.", "--wrong", LOADS[0], "--right", "y",
                      "--base", "--json").json["id"]  # fmt: skip
    project.ok("decisions", "approve", made, "--base", "--yes")
    project.new("full", "asks")
    asked = "".join(f"- Q{at} (open) {one}\n" for at, one in enumerate(SAID, 1))
    body = "\n\n".join((*SAID, *MARKDOWN))
    story = STORY.replace("## Questions\n", f"## Questions\n\n{asked}")
    project.write("requirements.md", f"{story}\n{body}\n", "asks")
    for name, text in (("requirements.md", STORY), ("design.md", DESIGN), ("tasks.md", TASKS)):
        if name == "requirements.md":
            project.new("full", "built")
        project.write(name, text, "built")
        project.ok("approve", "built", "--yes")
    script = project.root / "said.toml"
    script.write_text(
        f'[[step]]\ndo = "say"\ntext = {json.dumps(chr(10).join(SAID))}\n[[step]]\ndo = "write"\n'
        f'path = "shop/cart.py"\ntext = {json.dumps(body)}\n'
    )
    apart(lambda: project.run("run", "built", "--script", str(script)))
    return project


@pytest.fixture
def addresses(furnished: Project, server: Server) -> list[str]:
    """The pages, with those whose names only other pages tell."""
    visitor = Visitor(server).enter()
    tell = ("/decisions", *(f"/changes/{name}/past" for name in ("guest", "built", "other")))
    told = "".join(visitor.get(path).text for path in tell)
    named = ("/decisions/", "/changes/guest/at/", "/runs/build/", "/runs/draft/")
    found = [re.findall(rf'href="({one}[^"#]+)"', told) for one in named]
    assert all(found), found
    gate = visitor.get("/changes/asks")
    reject = {"csrf": gate.token(), "reason": " ".join(SAID)}
    asked = visitor.post("/changes/asks/reject", reject).headers["location"]
    return ["/", "/board", "/log", "/specs", "/drift", "/decisions", "/figures", "/keys", asked,
            "/changes/asks", "/changes/built", "/changes/built/result", "/changes/guest/past",
            "/changes/other", "/changes/other/corrections", "/changes/asks/past",
            "/changes/asks/document/requirements.md", "/changes/other/mockup/mockups/card.html",
            "/-/patterns", "/nothing", "//evil.example/x", "/changes/none",
            *itertools.chain(*found)]  # fmt: skip


def look(page: Page, address: str) -> None:
    """Open a page with all that is folded, and have it ask for what is new."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    if page.locator("main[hx-get]").count():
        with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
            page.evaluate("htmx.trigger(document.body, 'moved')")
    page.wait_for_load_state()
    assert page.evaluate("window.pwned") is None, address


def test_no_page_asks_another_host(server: Server, chromium: Browser, addresses: list[str]) -> None:
    asked: list[str] = []
    with looking(chromium, server, refused=r"40[14] \(") as page:
        page.context.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        for path in addresses:
            look(page, f"{server.address}{path}")
        page.context.clear_cookies()
        look(page, f"{server.address}/enter")
    assert {one for one in asked if not one.startswith(f"{server.address}/")} == set()
    paths = {urlsplit(one.removeprefix(server.address)).path for one in asked}
    for route in posting.routes(server, "GET"):  # none is forgotten
        assert any(compile_path(route)[0].fullmatch(path) for path in paths), route
