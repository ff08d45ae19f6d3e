"""Agents whose work collides are told of it, each once, whenever Accord speaks with them next."""

import json
import time
from collections.abc import Mapping
from contextlib import closing

import pytest

import gitrepo
from accord.app import tooling
from accord.app.changes import load
from accord.app.radar import Radar
from accord.app.running import begin_build, take_build
from accord.app.workshop import Workshop
from accord.core.reconcile import Build
from accord.errors import RefusedError
from accord.wiring.opening import open_workshop, walls, with_agent
from needing import need
from project import Project

CART = "def keep(cart):\n    return list(cart)\n"
LEFT, RIGHT = (CART.replace("list(cart)", f"list(cart)[:{number}]") for number in (9, 5))
TITLE = "Others are at work beside you"
# Fails for either side, and for none before both of them were brought to it.
MEETING = """\
import os
import time
import unittest

PLACE = {place!r}


class Meeting(unittest.TestCase):
    def test_meets(self):
        with open("shop/cart.py") as file:
            text = file.read()
        side = "left" if "[:9]" in text else "right" if "[:5]" in text else ""
        if side:
            open(os.path.join(PLACE, side), "w").close()
            until = time.monotonic() + 120
            while len(os.listdir(PLACE)) < 2 and time.monotonic() < until:
                time.sleep(0.05)
        self.assertEqual(side, "")
"""


def step(**fields: object) -> str:
    given = fields.pop("arguments", None)
    lines = ["[[scene.step]]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())]
    if isinstance(given, Mapping):
        lines += ["[scene.step.arguments]",
                  *(f"{key} = {json.dumps(value)}" for key, value in given.items())]  # fmt: skip
    return "\n".join([*lines, ""])


def scene(*when: str) -> str:
    return f"[[scene]]\nwhen = {json.dumps(list(when))}\n"


def script(project: Project, text: str) -> str:
    path = project.root / "script.toml"
    path.write_text(text)
    return str(path)


def test_two_agents_at_work_are_both_told_once_and_neither_is_interrupted(
    project: Project,
) -> None:
    project.unwalled()
    place = project.root / "meeting"
    place.mkdir()
    gitrepo.commit(project.top, {"tests/test_meeting.py": MEETING.format(place=str(place))})
    play = ""
    for name, text in (("one", LEFT), ("two", RIGHT)):
        project.ok("new", f"Keep the cart for {name}", "--name", name, "--track", "trivial")
        play += scene(f"Keep the cart for {name}")
        play += step(do="write", path="shop/cart.py", text=text)

    project.run("run", "--script", script(project, play), "--accept-unsandboxed")

    assert sorted(one.name for one in place.iterdir()) == ["left", "right"]
    for name in ("one", "two"):
        runs = f"runs/build%2F{name}%2F*"
        prompts = {path.parent.name: json.loads(path.read_bytes())["prompt"]
                   for path in project.state.glob(f"{runs}/order.json")}  # fmt: skip
        told = [run for run, prompt in sorted(prompts.items()) if TITLE in prompt]
        assert len(prompts) == 3
        assert [run.rpartition("%2F")[2] for run in told] == ["2"]
        assert "one T1 and two T1 conflict in shop/cart.py" in prompts[told[0]]
        ends = [json.loads(path.read_bytes())["status"]
                for path in project.state.glob(f"{runs}/exit.json")]  # fmt: skip
        assert ends == ["ended"] * 3


def test_an_agent_that_asked_is_told_with_the_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(walls(project.state).level >= 3, "a box of level 3")
    monkeypatch.setattr(tooling, "PATIENCE_S", 0.5)
    project.new("trivial", "one")
    assert project.build("one", {"shop/cart.py": LEFT}).exit == 0
    project.new("trivial", "two")
    asks = step(do="tool", name="ask_human", arguments={"question": "How many?"})
    again = step(do="tool", name="ask_human", arguments={"question": "Is that all?"})
    words = "one and two T1 conflict in shop/cart.py"
    play = script(
        project,
        scene("Yes, all.", TITLE) + step(do="write", path="shop/twice.py", text="TOLD = 2\n")
        + scene("Yes, all.") + step(do="write", path="shop/once.py", text="TOLD = 1\n")
        + scene("Five of them.", TITLE, words) + again
        + scene("Task T1") + step(do="write", path="shop/cart.py", text=RIGHT) + asks,
    )  # fmt: skip
    project.ok("run", "two", "--script", play)
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        (first,) = workshop.agents.questions()
        key = load(workshop, "two").keys["T1"]
        with pytest.raises(RefusedError, match="waits for an answer"):
            begin_build(workshop, Build("two", "T1", 1, key, by_hand=False), 1, "")

    project.ok("answer", "two", first.id, "Five of them.")
    project.ok("run", "two", "--script", play)
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        (second,) = workshop.agents.questions()
    assert second.text == "Is that all?"
    project.ok("answer", "two", second.id, "Yes, all.")
    project.ok("run", "two", "--script", play)

    files = project.git("ls-tree", "-r", "--name-only", "accord/two").splitlines()
    assert "shop/once.py" in files
    assert "shop/twice.py" not in files


def test_an_agent_that_begins_anew_is_told_what_the_one_before_was_not(project: Project) -> None:
    project.new("trivial", "one")
    assert project.build("one", {"shop/cart.py": LEFT}).exit == 0
    project.new("trivial", "two")
    play = script(project, scene("Task T1") + step(do="write", path="shop/cart.py", text=RIGHT))
    with closing(with_agent(open_workshop(project.top, lambda _: ""), script=play)) as workshop:
        workshop.accepts_open = True
        key = load(workshop, "two").keys["T1"]
        first, second = (Build("two", "T1", number, key, by_hand=False) for number in (1, 2))
        ended(workshop, begin_build(workshop, first, 1, ""))
        assert take_build(workshop, first, 1).accepted
        Radar(workshop).look()
        run_id = begin_build(workshop, second, 1, "")
        ended(workshop, run_id)
        order = workshop.agents.order(run_id)

    assert order is not None
    assert "one and two T1 conflict in shop/cart.py" in order.prompt


def ended(workshop: Workshop, run_id: str) -> None:
    until = time.monotonic() + 60
    while workshop.agents.report(run_id) is None and time.monotonic() < until:
        time.sleep(0.05)
    assert workshop.agents.report(run_id) is not None
