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
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.place import Place, throw_away  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402 -- found from anywhere

from accord.app.workshop import Workshop  # noqa: E402
from accord.web.running import Server  # noqa: E402
from accord.wiring import opening  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
LOOKED = "looked.json"
CHROMIUM = "/usr/bin/chromium"
WIDE, NARROW = (1360, 900), (390, 844)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

GUEST = """\
# Guest checkout

A guest whose card is declined keeps the cart and can pay again without starting over.

## Questions

- Q1 (open) May a guest order be claimed by a later account with the same e-mail? [once it is
  verified | never | support does it]

## Assumptions

- A1 (high) Guest orders are kept for 24 months.
- A2 (low) Prices are shown in the currency of the store only.
- A3 (medium) A declined card keeps the cart for 60 minutes.

## Requirements

### R1 Keep the cart

As a guest, I want to keep my cart, so that I can pay again.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.
- R1.2 WHEN the cart is kept THE shop SHALL quickly say until when.
- R1.3 WHEN the card is declined three times THE shop SHALL ask for another way to pay.

## Out of scope

Accounts and what they keep.
"""
REFUNDS = """\
# Refunds in two days

A customer who returns goods has the money back in two days.

## Questions

## Assumptions

## Requirements

### R1 Refund

As a customer, I want my money back soon, so that I trust the shop.

- R1.1 WHEN the goods are back THE shop SHALL order the refund within one working day.
- R1.2 WHEN the refund is ordered THE shop SHALL say so by e-mail.
- R1.3 WHEN the bank refuses the refund THE shop SHALL tell support with the order number.

## Out of scope
"""
DECLINE = """\
# Say why a card was declined

## Questions

## Assumptions

## Requirements

### R1 Say why

- R1.1 WHEN a card is declined THE shop SHALL say why in one sentence.
- R1.2 WHEN the bank gives no reason THE shop SHALL say that the bank gave none.

## Tasks

- [ ] T1 Words for a declined card
  - Satisfies: R1.1, R1.2
  - Touches: shop/**, tests/**
  - After: -

## Out of scope
"""
HIDDEN = REFUNDS.replace("Refunds in two days", "Gift cards").replace(
    "within one working day", "within one working\u200b day\u202e"
)
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": "def keep(cart):\n    return list(cart)\n",
    "tests/test_cart.py": "from shop.cart import keep\n\n\ndef test_keeps():\n"
    "    assert keep([1]) == [1]\n\n\ndef test_keeps_nothing():\n    assert keep([]) == []\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    ".gitignore": "__pycache__/\n.pytest_cache/\n",
}
BUILT = {
    "shop/declined.py": 'WORDS = {"51": "There is not enough money on the card."}\n\n\n'
    'def why(code):\n    return WORDS.get(code, "The bank gave no reason.")\n',
    "tests/test_declined.py": "from shop.declined import why\n\n\n"
    'def test_r1_1_says_why():\n    assert why("51").endswith("card.")\n',
    "tests/test_cart.py": "from shop.cart import keep\n\n\ndef test_keeps():\n"
    "    assert keep([1]) == [1]\n",
}
ORDERS = """\
# Orders in two days: design

## D1 Order the refund when the goods are scanned

Satisfies: R1.1, R1.2

The scanner at the door already sends an event for each parcel. Listening to it orders the refund
without anybody having to look at a list.

## D2 Tell support through their own inbox

Satisfies: R1.3

A refusal of the bank becomes a message with the order number.
"""
MOCKUP = """<!doctype html><style>body { font: 16px sans-serif; margin: 24px }
p { background: #fee; padding: 12px }</style><h1>Your money is on its way</h1>
<p>The bank has it by Thursday.</p><button>Show the order</button>"""
WORDS = """def reason(code):
    words = {"51": "There is not enough money on the card."}
    return words.get(code, %s)
"""
RELEASED = {
    "shop/reasons.py": WORDS % '"The bank gave no reason."',
    "tests/test_reasons.py": "from shop.reasons import reason\n\n\n"
    'def test_r1_1_says_why():\n    assert reason("51").endswith("card.")\n',
}
DRAFTED = REFUNDS.replace("Refunds in two days", "Delivery by noon").replace(
    "within one working day", "soon"
)
PAGES = {
    "needs": "/", "gate": "/changes/guest", "gate-again": "/changes/refunds",
    "gate-hidden": "/changes/gifts", "gate-design": "/changes/orders",
    "gate-blank": "/changes/tax", "result": "/changes/decline",
    "past": "/changes/refunds/past", "document": "/changes/guest/document/requirements.md",
    "board": "/board", "specs": "/specs", "drift": "/drift", "decisions": "/decisions",
    "decision": "/decisions/D-1", "corrections": "/changes/delivery/corrections",
    "figures": "/figures", "log": "/log", "keys": "/keys", "error": "/changes/none",
    "patterns": "/-/patterns",
}  # fmt: skip
SMALL = ("needs", "gate", "gate-again", "result", "board", "specs", "drift", "decisions",
         "decision", "corrections", "figures", "log")  # fmt: skip


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
        _begin(place)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        with _room(place) as server:
            for theme in ("light", "dark"):
                _take(browser, server, theme, WIDE, {"empty": "/"}, folder)
        _fill(place)
        with _room(place) as server:
            for theme in ("light", "dark"):
                _take(browser, server, theme, WIDE, PAGES, folder)
            small = {name: PAGES[name] for name in SMALL}
            _take(browser, server, "light", NARROW, small, folder)
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
    page.get_by_label("Code").fill(server.sessions.offer())
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url("**/")
    for name, path in pages.items():
        page.goto(path)
        page.screenshot(path=folder / f"{name}-{suffix}.png", full_page=True)
        print(f"{name}-{suffix}.png")
    if "gate-again" in pages:
        page.goto(pages["gate-again"])
        page.keyboard.press("Shift+A")
        page.wait_for_url("**/asks/*")
        page.screenshot(path=folder / f"ask-{suffix}.png")
    context.close()


@contextmanager
def _room(place: Place) -> Iterator[Server]:
    def opens() -> Workshop:
        return opening.open_workshop(place.repo, lambda _: "")

    with Server(opens, opening.reader, 0, terminal=True) as server:
        yield server


def _begin(place: Place) -> None:
    for name, text in FILES.items():
        _write(place.repo / name, text)
    _run(place.repo, "git", "add", "-A")
    _run(place.repo, "git", "commit", "-qm", "A shop")
    _run(place.repo, "accord", "init", "--name", "robin", "--verify", "python -m pytest -q")


def _fill(place: Place) -> None:
    """Open changes at every stage, each as a person would."""
    repo = place.repo
    _open(repo, "guest", "Guest checkout", "full", GUEST)
    _open(repo, "refunds", "Refunds in two days", "full", REFUNDS)
    _run(repo, "accord", "approve", "refunds", "--yes")
    story = Path(_run(repo, "accord", "show", "refunds", "--path").strip()).parent
    _write(story / "requirements.md", REFUNDS.replace("one working day", "two working days"))
    _open(repo, "orders", "Orders by telephone", "full", REFUNDS.replace("Refunds in", "Orders in"))
    _run(repo, "accord", "approve", "orders", "--yes")
    design = Path(_run(repo, "accord", "show", "orders", "--path").strip())
    _write(design, ORDERS)
    _write(design.parent / "mockups" / "order.html", MOCKUP)
    _open(repo, "gifts", "Gift cards", "full", HIDDEN)
    _run(repo, "accord", "new", "Show prices with tax", "--name", "tax", "--track", "full")
    for name in ("reasons", "decline"):
        _open(repo, name, "Say why a card was declined", "small", DECLINE)
        _run(repo, "accord", "approve", name, "--yes")
        _build(repo, name, BUILT if name == "decline" else RELEASED)
        if name == "reasons":
            _run(repo, "accord", "approve", name, "--yes", "--through", "release")
            _run(repo, "accord", "run", name)
    _decide(place)
    folder = place.folder / "elsewhere"
    _run(repo, "git", "worktree", "add", "-q", str(folder), "accord/decline")
    _write(folder / "settings.py", "DEBUG = True\n")
    _run(folder, "git", "add", "-A")
    _run(folder, "git", "commit", "-qm", "Settings")
    _run(repo, "git", "worktree", "remove", "--force", str(folder))
    _run(repo, "accord", "run", "decline")


def _decide(place: Place) -> None:
    """Have rules in force, a correction that may be one, and code that drifted."""
    repo = place.repo
    script = place.folder / "script.toml"
    script.write_text(
        '[[scene]]\nwhen = ["Stage: story"]\n[[scene.step]]\ndo = "write"\n'
        f'path = "specs/delivery/requirements.md"\ntext = {json.dumps(DRAFTED)}\n'
    )
    _run(repo, "accord", "new", "Delivery by noon", "--name", "delivery", "--track", "full")
    _run(repo, "accord", "run", "delivery", "--script", str(script))
    _document(repo, "delivery", DRAFTED.replace("soon", "by noon, and say once"))
    _run(repo, "accord", "approve", "delivery", "--yes")
    for words, more in {
        "Refunds are ordered once, whoever asks.": ("--because", "a bank took two of them",
            "--wrong", "Each request orders a refund.",
            "--right", "A second request finds the refund that was ordered."),
        "Money is written in cents.": ("--label", "money"),
        "Parcels arrive by noon or the customer is told once.": ("--label", "delivery"),
    }.items():  # fmt: skip
        made = json.loads(_run(repo, "accord", "decisions", "new", words, "--base", *more,
                               "--json"))["id"]  # fmt: skip
        _run(repo, "accord", "decisions", "approve", made, "--base", "--yes")
    _run(repo, "accord", "decisions", "supersede", "D-2", "--base",
         "--with", "Money is written in cents, with its currency.")  # fmt: skip
    _run(repo, "accord", "decisions", "new", "Carts are kept in Redis.", "--base")
    _write(repo / "shop/reasons.py", WORDS % '""')
    _run(repo, "git", "commit", "-qam", "Say nothing without a reason")


def _open(repo: Path, name: str, sentence: str, track: str, text: str) -> None:
    _run(repo, "accord", "new", sentence, "--name", name, "--track", track)
    _document(repo, name, text)


def _document(repo: Path, name: str, text: str) -> None:
    _write(Path(_run(repo, "accord", "show", name, "--path").strip()), text)


def _build(repo: Path, name: str, files: dict[str, str]) -> None:
    _run(repo, "accord", "run", name)
    folder = Path(_run(repo, "accord", "show", name, "--path").strip())
    for path, text in files.items():
        _write(folder / path, text)
    _run(repo, "accord", "run", name, "--built", "T1")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
