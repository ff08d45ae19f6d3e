"""An agent reads what was built: an opinion for whoever asks, from which nothing follows."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accord.app import reading_results
from accord.wiring import opening
from needing import need
from project import BUILT, Project
from visiting import Visitor, serving

OPINION = "shop/cart.py:1: \x1b[31mnobody\x1b[0m says until when (R1.2)\nNothing else."


def step(**fields: object) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join(("[[step]]", *lines, ""))


BUILDS = "".join(step(do="write", path=path, text=text) for path, text in BUILT.items())
TRIES = step(do="run", argv=["sh", "-c", "echo no > shop/evil.py; mkdir .accord/evil; true"])

Set = Callable[..., None]


def order_of(project: Project) -> Any:
    """Return the order of the only review that was made."""
    (path,) = project.state.glob("runs/review*/order.json")
    return json.loads(path.read_text())


@pytest.fixture
def readers(project: Project) -> Set:
    """Return what names a builder, and readers by their scripts, each followed by the next."""

    def name(*scripts: str, default: str = "builder", more: str = "") -> None:
        config = project.top / ".accord" / "config.toml"
        text = config.read_text().split("\n[agent]")[0]
        text += f'\n[agent]\ndefault = "{default}"\nreview = "reader0"\n{more}'
        told = {"builder": BUILDS, **{f"reader{n}": one for n, one in enumerate(scripts)}}
        for agent, script in told.items():
            path = project.root / f"{agent}.toml"
            path.write_text(script)
            text += f'\n[agents.{agent}]\nkind = "scripted"\ncommand = ["{path}"]\n'
        config.write_text(text)
        project.git("commit", "-q", "-a", "-m", "Name the agents")
        project.new("trivial")

    return name


def test_an_opinion_is_folded_until_the_person_has_decided(project: Project, readers: Set) -> None:
    readers(step(do="say", text=OPINION))
    said = project.ok("run", "guest").said
    assert "opinion" in said
    assert "given by reader0" in said
    assert "approve the review" in said
    shown = project.ok("show", "guest").out
    assert "Opinion of reader0, folded until you have decided:" in shown
    assert "accord show guest --opinion" in shown
    assert "until when" not in shown
    told = project.ok("show", "guest", "--opinion").out
    assert "shop/cart.py:1: [31mnobody[0m says until when (R1.2)" in told
    assert "\x1b" not in told
    assert project.ok("show", "guest", "--opinion", "--json").json["folded"] is True
    with serving(project) as server:
        page = Visitor(server).enter().get("/changes/guest/result")
    assert page.status == 200
    before, _, after = page.text.partition("<summary>What reader0 thinks of it")
    assert "until when" not in before
    assert "until when" in after
    project.ok("approve", "guest", "--yes")
    assert project.ok("show", "guest", "--opinion", "--json").json["folded"] is False


def test_the_reader_is_shown_what_was_agreed_and_what_changed_and_asked_once(
    project: Project, readers: Set
) -> None:
    readers(step(do="say", text="Nothing found."))
    project.ok("run", "guest")
    project.ok("run", "guest")
    (order,) = [
        json.loads(one.read_text()) for one in project.state.glob("runs/review*/order.json")
    ]
    assert order["writable"] == []
    assert "Keep the cart of a guest" in order["prompt"]
    assert "+MINUTES = 60" in order["prompt"]
    assert "Stage: review" in order["prompt"]
    project.commit_on("accord/guest", {"shop/cart.py": "MINUTES = 61\n"})
    project.run("run", "guest")
    assert len(list(project.state.glob("runs/review*"))) == 2


def test_a_reader_can_write_nothing_and_nothing_of_it_is_taken(
    project: Project, readers: Set
) -> None:
    need(opening.walls(project.root / "state").level >= 3, "a box of level 3")
    readers(TRIES + step(do="say", text="Nothing found."))
    project.ok("run", "guest")
    assert project.ok("show", "guest", "--opinion", "--json").json["said"] == "Nothing found."
    work = project.state / "worktrees" / "guest-review"
    assert (work / "shop/cart.py").read_text() == BUILT["shop/cart.py"]
    assert not (work / "shop/evil.py").exists()
    assert not (work / ".accord/evil").exists()
    names = project.git("log", "--format=%an", "accord/guest")
    assert "reader0" not in names


def test_a_reader_that_fails_holds_nothing_up(project: Project, readers: Set) -> None:
    readers(step(do="die", status=3))
    result = project.ok("run", "guest")
    assert "approve the review" in result.out
    shown = " ".join(project.ok("show", "guest").out.split())
    assert "No opinion: reader0 exited with status 3" in shown
    project.ok("approve", "guest", "--yes")


def test_without_a_reader_nobody_is_asked(project: Project, readers: Set) -> None:
    readers(step(do="say", text="Nothing found."))
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text().replace('review = "reader0"\n', ""))
    project.git("commit", "-q", "-a", "-m", "Ask nobody")
    project.ok("run", "guest")
    assert "Opinion" not in project.ok("show", "guest").out
    assert "agent.review" in project.ok("show", "guest", "--opinion").out
    assert not list(project.state.glob("runs/review*"))
    project.ok("run", "guest", "--agent", "review=reader0")
    assert project.ok("show", "guest", "--opinion", "--json").json["agent"] == "reader0"


def test_a_prompt_holds_so_many_lines_of_diffs_and_says_where_the_rest_is(
    project: Project, readers: Set
) -> None:
    readers(step(do="say", text="Nothing found."))
    project.monkeypatch.setattr(reading_results, "DIFF_LINES", 3)
    project.ok("run", "guest")
    prompt = order_of(project)["prompt"]
    assert "+import unittest" in prompt
    assert "MINUTES = 60" not in prompt
    assert prompt.count("(read the rest in the file)") == 2
