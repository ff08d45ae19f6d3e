"""Hostile text, drawings, pages and names, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

import gitrepo
from accord.web.running import Server
from browsing import apart, evil, looking, looking_quietly
from hostile import MARKDOWN, PWN, TEXTS
from project import DESIGN, STORY, TASKS, Project


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
        "[...document.querySelectorAll('script,iframe,object,embed,base,style,math,img,svg:not(.bars)')]"
        ".filter((one) => !(one.src || '').startsWith(location.origin + '/static/')).length"
    )
    assert foreign == 0, page.url
    handlers = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
        ".filter((one) => /^on|^hx-on|^srcdoc|^style$/.test(one.name)"
        " || /^\\s*(javascript|data|vbscript):/i.test(one.value)).map((one) => one.name)"
    )
    assert handlers == [], page.url


MOCKUP = f"""<!doctype html><style>h1 {{ color: rgb(1, 2, 3) }}</style><h1>A card</h1>
<script>parent.{PWN}; top.{PWN}; document.body.append("ran")</script>
<img src=x onerror="{PWN}"><img src="http://evil.example:PORT/pixel.png">
<form action="/leave" method="post"><button>Pay</button></form>
<a href="http://evil.example:PORT/?stolen" target="_top">go</a><iframe src="/log"></iframe>"""


def test_a_mockup_is_shown_and_can_do_nothing(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    own: list[str] = []
    with evil() as other, looking_quietly(chromium, server) as context:
        drawing = MOCKUP.replace("PORT", str(other.port))
        gitrepo.write(project.desk(), {"mockups/card.html": drawing})
        page = context.new_page()
        page.on("response", lambda answer: own.append(answer.url))
        page.goto(f"{server.address}/changes/guest")
        page.locator("iframe").scroll_into_view_if_needed()
        drawn = page.frame_locator("iframe")
        expect(drawn.get_by_role("heading", name="A card")).to_have_css("color", "rgb(1, 2, 3)")
        assert "ran" not in drawn.locator("body").inner_text()
        drawn.get_by_role("button", name="Pay").click()
        drawn.get_by_role("link", name="go").click()
        page.wait_for_timeout(500)
        assert page.evaluate("window.pwned") is None
        assert page.url == f"{server.address}/changes/guest"
        expect(page.get_by_role("heading", name="Guest cart", exact=True)).to_be_visible()
        page.goto(f"{server.address}/changes/guest/mockup/mockups/card.html")
        assert "ran" not in page.locator("body").inner_text()
        page.goto(f"{server.address}/")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        assert other.asked == []
    assert not any(one.endswith(("/leave", "/log")) for one in own)


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
    attack = ATTACK.replace("ROOM", server.address).encode()
    with evil(attack) as other, looking_quietly(chromium, server) as context:
        page = context.new_page()
        page.goto(f"http://{host}:{other.port}/")
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
