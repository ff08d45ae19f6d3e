"""Each hunk stands under what asked for it; a person keeps it, drops it or has it tested."""

import re

import pytest

from accord.approvals import records
from accord.web.running import Server
from project import BUILT, Project
from visiting import Answer, Visitor

TWO = {
    "shop/cart.py": "MINUTES = 60\n\n\ndef keep(cart):\n    return list(cart)\n\n\n"
    "def until(cart):\n    return MINUTES\n",
    "tests/test_minutes.py": BUILT["tests/test_minutes.py"],
}


def words(page: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).replace("&#39;", "'").split())


def hunks(page: Answer) -> dict[str, str]:
    """Map the place of each hunk to its id, in the order of the page."""
    found = re.findall(
        r'id="lines-(\w+)"><summary[^>]*><span class="path">([^<]+)</span>', page.text
    )
    return {place: name for name, place in found}


@pytest.fixture
def built(project: Project) -> Project:
    project.approve_spec()
    assert project.build(files=TWO).exit == 0
    return project


def test_hunks_stand_under_their_criteria_by_what_they_bind(
    built: Project, visitor: Visitor
) -> None:
    page = visitor.get("/changes/guest/result")
    first, second = page.text.index('id="item-R1.1"'), page.text.index('id="item-R1.2"')
    places = hunks(page)
    assert set(places) == {"shop/cart.py:1", "shop/cart.py:6", "tests/test_minutes.py:1"} or set(
        places
    ) == {"shop/cart.py:1", "tests/test_minutes.py:1"}
    # The test names R1.1, so it is R1.1's alone; the code is bound to what its task satisfies.
    test = page.text.index(f'id="hunk-{places["tests/test_minutes.py:1"]}"')
    assert (test > first) if first > second else (first < test < second)
    assert "by what it does" in words(page)
    assert page.text.count(f'id="hunk-{places["shop/cart.py:1"]}"') == 1


def test_what_nobody_asked_for_keeps_the_code_open_until_it_is_decided(
    built: Project, visitor: Visitor, server: Server
) -> None:
    built.commit_on("accord/guest", {"settings.py": "DEBUG = True\n", "logo.png": b"\x89\0\1"})
    built.ok("run", "guest")
    page = visitor.get("/changes/guest")
    places = hunks(page)
    assert "open: 2 hunks to keep or drop" in words(page)
    assert re.search(r'data-key="A" disabled', page.text)
    assert "it is not text" in words(page)
    seen = {"seen": page.hidden("seen")}  # no script, no disabled button: the server holds it too
    refused = visitor.send("/changes/guest", "/changes/guest/approve", seen)
    assert "2 hunks to keep or drop" in words(refused)
    assert server.asks.next() is None

    say = "/changes/guest/hunk"
    keep = {"hunk": places["settings.py:1"], "said": "keep"}
    assert "kept for a reason" in words(visitor.send("/changes/guest", say, keep))
    unknown = {**keep, "hunk": "0" * 16, "why": "so"}
    assert visitor.send("/changes/guest", say, unknown).status == 409
    visitor.send("/changes/guest", say, {**keep, "why": "the tests need it"})
    after = visitor.send("/changes/guest", say, {"hunk": places["logo.png:1"], "said": "drop"})
    assert "open: 1 to be sent back" in words(after)
    note = re.search(r'form="back" name="note-(logo.png:1)" value="([^"]+)"', after.text)
    assert note
    assert note[2].startswith("take this hunk out")
    visitor.send("/changes/guest", "/changes/guest/reject", {f"note-{note[1]}": note[2]})
    asked = server.asks.next()
    assert asked
    assert asked.reason == "logo.png:1: take this hunk out"

    again = visitor.send("/changes/guest", say, {"hunk": places["logo.png:1"], "said": ""})
    assert "open: 1 hunk to keep or drop" in words(again)
    visitor.send("/changes/guest", say,
                 {"hunk": places["logo.png:1"], "said": "keep", "why": "a logo"})  # fmt: skip
    ready = visitor.get("/changes/guest")
    assert not re.search(r'data-key="A" disabled', ready.text)
    built.ok("approve", "guest", "--yes")
    signed = [records.from_bytes(data).details for name, data in built.records().items()
              if name.endswith(".json")]  # fmt: skip
    (kept,) = [one["kept"] for one in signed if "kept" in one]
    assert isinstance(kept, dict)
    assert len(kept) == 2
    assert "the tests need it" in str(kept)


def test_what_was_said_of_a_hunk_is_about_its_very_lines(built: Project, visitor: Visitor) -> None:
    built.commit_on("accord/guest", {"settings.py": "DEBUG = True\n"})
    page = visitor.get("/changes/guest/result")
    fields = {"hunk": hunks(page)["settings.py:1"], "said": "keep", "why": "so", "from": "result"}
    assert "kept by Robin: so" in words(
        visitor.send("/changes/guest/result", "/changes/guest/hunk", fields)
    )
    built.commit_on("accord/guest", {"settings.py": "DEBUG = 2\n"})
    page = visitor.get("/changes/guest/result")
    assert "kept by" not in words(page)
    assert hunks(page)["settings.py:1"] != fields["hunk"]
