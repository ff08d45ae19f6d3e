"""A document that an agent is writing: paused, gone on with, handed over, stopped, taken over."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accord.app import stopping
from accord.app.at_work import running
from accord.app.workshop import Workshop
from accord.wiring import opening
from project import DESIGN, Project
from script_play import DESIGN_AT

HALF = "# Guest cart: design\n\nhalf of it, by the first agent\n"
SLOW_NOTE = "mockups/first.md"


def written(path: str, text: str) -> str:
    return f'[[scene.step]]\ndo = "write"\npath = "{path}"\ntext = {json.dumps(text)}\n'


def scene(when: str, *steps: str) -> str:
    return f'[[scene]]\nwhen = ["{when}"]\n{"".join(steps)}'


WAITS = '[[scene.step]]\ndo = "wait"\nseconds = 60\n'
FIRST = (written(DESIGN_AT, HALF), written(f"specs/guest/{SLOW_NOTE}", "what was drawn first\n"))
SLOW = scene("lets it go on now", written(DESIGN_AT, DESIGN)) + scene(
    "Stage: design", *FIRST, WAITS
)
QUICK = scene("Another agent began this", written(DESIGN_AT, DESIGN))


@pytest.fixture
def manned(project: Project) -> Project:
    """A change whose design is to be written by one of two agents; one stops half-way."""
    config = project.top / ".accord" / "config.toml"
    text = config.read_text().split("\n[agent]")[0] + '\n[agent]\ndefault = "slow"\n'
    for name, script in (("slow", SLOW), ("quick", QUICK)):
        (project.root / f"{name}.toml").write_text(script)
        text += f'[agents.{name}]\nkind = "scripted"\ncommand = ["{project.root}/{name}.toml"]\n'
    config.write_text(text)
    project.git("commit", "-qam", "Agents")
    project.approve_spec(last="story")
    return project


def half_way(project: Project) -> bool:
    found = (path for path in project.state.rglob(SLOW_NOTE))
    return any(path.read_text().strip() for path in found)


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


def designed(project: Project) -> bool:
    names = project.git("ls-tree", "-r", "--name-only", "accord/guest").splitlines()
    return DESIGN_AT in names and project.file("accord/guest", DESIGN_AT) == DESIGN.encode()


def test_a_paused_document_is_begun_by_nobody_and_goes_on_where_it_was_left(
    manned: Project,
) -> None:
    with at_work(manned):
        said = manned.ok("pause", "guest", "design").out
        assert said == "paused design of guest; what its agent wrote so far is kept\n"
    waits = manned.ok("run", "guest", "--json").json["waits"]
    assert [(one["what"], one["command"]) for one in waits] == [
        ("design is paused", "accord go-on guest design")
    ]
    assert not designed(manned)
    assert manned.gates()["design"] != "open"
    manned.ok("go-on", "guest", "design")
    manned.ok("run", "guest")
    assert designed(manned)
    kept = manned.file("accord/guest", f"specs/guest/{SLOW_NOTE}")
    assert kept == b"what was drawn first\n"
    log = manned.ok("log", "guest").out
    assert "pause guest design" in log
    assert "go-on guest design" in log


def test_a_document_that_was_not_begun_waits_too(manned: Project) -> None:
    assert manned.ok("pause", "guest", "design").out == "paused design of guest\n"
    waits = manned.ok("run", "guest", "--json").json["waits"]
    assert [one["what"] for one in waits] == ["design is paused"]
    assert not half_way(manned)


def test_another_agent_goes_on_with_what_the_first_one_wrote_of_a_document(
    manned: Project,
) -> None:
    with at_work(manned):
        said = manned.ok("hand-over", "guest", "design", "quick").out
        assert said == "handed design of guest over: quick goes on with what is there\n"
    assert designed(manned)
    kept = manned.file("accord/guest", f"specs/guest/{SLOW_NOTE}")
    assert kept == b"what was drawn first\n"
    assert "quick (agent)" in manned.git("log", "--format=%an", "accord/guest")


def test_a_document_that_is_paused_may_go_on_with_another_agent(manned: Project) -> None:
    with at_work(manned):
        manned.ok("pause", "guest", "design")
    manned.ok("hand-over", "guest", "design", "quick")
    assert not designed(manned)
    manned.ok("go-on", "guest", "design")
    manned.ok("run", "guest")
    assert designed(manned)


def test_what_was_written_of_a_document_is_kept_when_its_agent_is_stopped(
    manned: Project,
) -> None:
    with at_work(manned), opened(manned) as workshop:
        (one,) = running(workshop)
        assert stopping.stop(workshop, one.run_id) == "stopped the agent's run on design of guest"
    with opened(manned) as workshop:
        assert running(workshop) == ()
    assert "stop guest the agent's run on design" in manned.ok("log", "guest").out
    assert not designed(manned)
    assert any("half of it" in text for text in snapshots(manned))


def test_whoever_takes_a_document_over_writes_it_on_the_desk(manned: Project) -> None:
    with at_work(manned), opened(manned) as workshop:
        (one,) = running(workshop)
        said = stopping.take_over(workshop, one.run_id)
    place = Path(said.partition("write it in ")[2])
    assert place == manned.desk() / "design.md"
    assert place.is_file()
    manned.write("design.md", DESIGN)
    manned.ok("approve", "guest", "--yes")
    assert manned.gates()["design"] == "open"
    assert any("half of it" in text for text in snapshots(manned))


@contextmanager
def opened(project: Project) -> Iterator[Workshop]:
    workshop = opening.open_workshop(project.top, lambda _: "")
    try:
        yield workshop
    finally:
        workshop.close()


def snapshots(project: Project) -> list[str]:
    """Return the design in each snapshot of what agents wrote."""
    wip = project.git("for-each-ref", "--format=%(refname)", "refs/accord/wip").splitlines()
    return [project.git("show", f"{one}:{DESIGN_AT}") for one in wip]
