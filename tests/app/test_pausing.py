"""Work that a person has wait, lets go on, or gives to another agent: nothing written is lost."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from project import BUILT, SMALL, Project

CODE, TEST = BUILT
MINUTES = "MINUTES = 60"


def scene(when: str, path: str, more: str = "") -> str:
    return (f'[[scene]]\nwhen = ["{when}"]\n[[scene.step]]\ndo = "write"\npath = "{path}"\n'
            f"text = {json.dumps(BUILT[path])}\n{more}")  # fmt: skip


WAITS = '[[scene.step]]\ndo = "wait"\nseconds = 60\n'
SLOW = scene("lets it go on now", TEST) + scene("Keep the cart", CODE, WAITS)
QUICK = scene("Another agent began this", TEST)


@pytest.fixture
def manned(project: Project) -> Project:
    """A project with two agents, one of which stops half-way until it is told to go on."""
    config = project.top / ".accord" / "config.toml"
    text = config.read_text().split("\n[agent]")[0] + '\n[agent]\ndefault = "slow"\n'
    for name, script in (("slow", SLOW), ("quick", QUICK)):
        (project.root / f"{name}.toml").write_text(script)
        text += f'[agents.{name}]\nkind = "scripted"\ncommand = ["{project.root}/{name}.toml"]\n'
    config.write_text(text)
    project.git("commit", "-qam", "Agents")
    project.new("small")
    project.write("requirements.md", SMALL)
    project.ok("approve", "guest", "--yes")
    return project


def half_way(project: Project) -> bool:
    return any(MINUTES in path.read_text() for path in project.state.rglob("shop/cart.py"))


@contextmanager
def at_work(project: Project) -> Iterator[None]:
    """Have the agent at work half-way; wait in the end for what drives it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "run", "guest"], cwd=project.top,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not half_way(project) and time.monotonic() < until:
            time.sleep(0.1)
        assert half_way(project)
        yield
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def authors(project: Project) -> str:
    return project.git("log", "--format=%an", "accord/guest")


def test_paused_work_is_begun_by_nobody_and_goes_on_where_it_was_left(manned: Project) -> None:
    with at_work(manned):
        said = manned.ok("pause", "guest", "T1").out
        assert said == "paused T1 of guest; what its agent wrote so far is kept\n"
    snapshots = manned.git("for-each-ref", "refs/accord/wip/guest/T1")
    assert snapshots
    waits = manned.ok("run", "guest", "--json").json["waits"]
    assert [(one["what"], one["command"]) for one in waits] == [
        ("T1 is paused", "accord go-on guest T1")
    ]
    assert manned.refused("pause", "guest", "T1")[0] == 1
    assert manned.ok("go-on", "guest", "T1").out == "T1 of guest may go on: accord run guest\n"
    assert manned.refused("go-on", "guest", "T1")[0] == 1
    manned.ok("run", "guest")
    assert manned.file("accord/guest", CODE).startswith(MINUTES.encode())
    assert manned.file("accord/guest", TEST) == BUILT[TEST].encode()
    log = manned.ok("log", "guest").out
    assert "pause guest T1" in log
    assert "go-on guest T1" in log


def test_work_that_was_not_begun_waits_too(manned: Project) -> None:
    assert manned.ok("pause", "guest", "T1").out == "paused T1 of guest\n"
    assert manned.ok("run", "guest", "--json").json["waits"][0]["what"] == "T1 is paused"
    assert "T1 is paused" in manned.ok("status").out
    assert not half_way(manned)


def test_another_agent_goes_on_with_what_the_first_one_wrote(manned: Project) -> None:
    with at_work(manned):
        said = manned.ok("hand-over", "guest", "T1", "quick").out
        assert said == "handed T1 of guest over: quick goes on with what is there\n"
    assert manned.file("accord/guest", CODE).startswith(MINUTES.encode())
    assert manned.file("accord/guest", TEST) == BUILT[TEST].encode()
    assert "quick (agent)" in authors(manned)
    assert "hand-over guest T1 to quick" in manned.ok("log", "guest").out


def test_what_is_paused_may_go_on_with_another_agent(manned: Project) -> None:
    with at_work(manned):
        manned.ok("pause", "guest", "T1")
    said = manned.ok("hand-over", "guest", "T1", "quick").out
    assert said == "handed T1 of guest over: quick does it from now on: accord run guest\n"
    assert manned.ok("run", "guest", "--json").json["waits"][0]["what"] == "T1 is paused"


def test_what_there_is_not_is_neither_paused_nor_handed_over(manned: Project) -> None:
    for wrong in (("pause", "guest", "T9"), ("hand-over", "guest", "T1", "nobody")):
        assert manned.refused(*wrong)[0] == 2
    assert manned.refused("hand-over", "guest", "T1", "slow")[0] == 1
