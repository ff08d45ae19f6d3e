"""The shop of the pictures: a repository that is worked by the command line, as a person does."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.place import Place

from accord.app.at_work import running
from accord.web.running import Server

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
TERMS = (
    REFUNDS.split("- R1.1")[0].replace("Refunds in two days", "Terms of the shop")
    + "".join(
        f"- R1.{number} WHEN {when} THE shop SHALL show {what} in one sentence.\n"
        for number, (when, what) in enumerate(
            [
                ("the goods are late", "the new day"),
                ("a parcel is lost", "who pays for it"),
                ("a parcel comes back", "until when"),
                ("the seal is broken", "what is left to pay"),
                ("a gift comes back", "who gets the money"),
                ("a card is refused", "the next way to pay"),
                ("the price falls", "the difference"),
                ("the price rises", "the price that was agreed"),
                ("a voucher ends", "its last day"),
                ("the order is split", "the day of each part"),
                ("the address is wrong", "how to mend it"),
                ("the door is locked", "where the parcel is"),
                ("nobody answers", "when it is tried again"),
            ],
            1,
        )
    )
    + "\n## Out of scope\n"
)
DAYS = """\
# Show the day of delivery

## Questions

## Assumptions

## Requirements

### R1 Say the day

- R1.1 WHEN an order is placed THE shop SHALL show the day on which it arrives.
- R1.2 WHEN the day changes THE shop SHALL show the new one within one minute.

## Tasks

- [ ] T1 The day of an order
  - Satisfies: R1.1
  - Touches: shop/days.py, tests/test_days.py
  - After: -

- [ ] T2 A day that changes
  - Satisfies: R1.2
  - Touches: shop/**, tests/test_changed.py
  - After: -

## Out of scope
"""
AT_WORK = """
[[scene]]
when = ["Task T1"]
[[scene.step]]
do = "say"
text = "The carrier counts working days. I look how the cart does it, then write the day.\\n"
[[scene.step]]
do = "write"
path = "shop/days.py"
text = "def day(placed, working):\\n    return placed + working\\n"
[[scene.step]]
do = "run"
argv = ["python", "-m", "pytest", "-q", "tests"]
[[scene.step]]
do = "tool"
name = "ask_human"
[scene.step.arguments]
question = "Which day is told when two parcels arrive apart? [the first | the last | both]"
[[scene.step]]
do = "wait"
seconds = 600
[[scene]]
when = ["Task T2"]
[[scene.step]]
do = "say"
text = "A day changes when the carrier says so.\\n"
[[scene.step]]
do = "wait"
seconds = 600
"""
DRAFTED = REFUNDS.replace("Refunds in two days", "Delivery by noon").replace(
    "within one working day", "soon"
)


def begin(place: Place) -> None:
    for name, text in FILES.items():
        _write(place.repo / name, text)
    _run(place.repo, "git", "add", "-A")
    _run(place.repo, "git", "commit", "-qm", "A shop")
    _run(place.repo, "accord", "init", "--name", "robin", "--verify", "python -m pytest -q")


def fill(place: Place) -> None:
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
    _open(repo, "terms", "Terms of the shop", "full", TERMS)
    _open(repo, "days", "Show the day of delivery", "small", DAYS)
    _run(repo, "accord", "approve", "days", "--yes")


@contextmanager
def at_work(place: Place, server: Server) -> Iterator[None]:
    """Have two scripted agents at work, one of which asks something, as long as this lasts."""
    script = place.folder / "at-work.toml"
    script.write_text(AT_WORK)
    command = ["accord", "run", "days", "--script", str(script)]
    driving = subprocess.Popen(command, cwd=place.repo, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        while driving.poll() is None and not _asks(server):
            time.sleep(0.2)
        yield
    finally:
        driving.terminate()
        driving.wait()
        with server.room.workshop() as workshop:
            for one in running(workshop):
                workshop.agents.stop(one.run_id)


def _asks(server: Server) -> bool:
    with server.room.workshop() as workshop:
        return bool(workshop.agents.questions()) and len(running(workshop)) == 2


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
