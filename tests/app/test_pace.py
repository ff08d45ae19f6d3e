"""How fast a change is built: what is noted while it is driven, and what is said of it."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from attrs import define, evolve

from accord.app import pace
from accord.app.board_view import board_view
from accord.app.changes import Change, load
from accord.app.pace import Paced, Pacing
from accord.app.workshop import Workshop
from accord.core.reconcile import Build, Land, Wait
from accord.wiring.opening import open_workshop
from project import DOCUMENTS, TASKS, Project

CHAIN = (
    TASKS
    + "- [ ] T2 Say until when\n  - Satisfies: R1.2\n  - Touches: shop/until.py\n  - After: T1\n"
    + "- [ ] T3 Tell the guest\n  - Satisfies: R1.2\n  - Touches: docs/**\n  - After: -\n"
)
T1, T2 = (Build("guest", name, 1, "0" * 64, by_hand=False) for name in ("T1", "T2"))
WAITS = Wait("guest", "answer Q1", "accord answer")


@define
class Clock:
    minute: int = 0

    def now(self) -> str:
        return f"2026-06-01T{10 + self.minute // 60}:{self.minute % 60:02}:00Z"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workshop(project: Project, clock: Clock) -> Iterator[Workshop]:
    project.new()
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", CHAIN)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield evolve(opened, clock=clock)


def kept(workshop: Workshop) -> Paced:
    return pace.noted(workshop)["guest"]


def said(workshop: Workshop, landed: tuple[str, ...] = ()) -> dict[str, object]:
    change = load(workshop, "guest")
    return pace.of(workshop, "guest", change.tasks, landed, pace.noted(workshop).get("guest"))


def landed(workshop: Workshop, *tasks: str) -> dict[str, Change]:
    """Return the change as if these had landed; what it reads of itself is read once."""
    change = load(workshop, "guest")
    change.__dict__["landed"] = frozenset(tasks)
    return {"guest": change}


def took(workshop: Workshop, **minutes: int) -> None:
    for name, one in minutes.items():
        step = evolve(T1, task=name)
        pace.took(workshop, step, 60.0 * one, goes_on=False)


def test_the_time_in_which_all_waits_for_a_person_does_not_count(
    workshop: Workshop, clock: Clock
) -> None:
    pacing, changes = Pacing(workshop), {"guest": load(workshop, "guest")}
    pacing.tell([T1], [], changes)
    assert not pace.noted(workshop), "nothing was begun"
    pacing.tell([], [T1], changes)
    clock.minute = 10
    pacing.tell([WAITS], [], changes)
    clock.minute = 55
    pacing.tell([Land("guest", "T1", "c", "t")], [], changes)
    assert kept(workshop).seconds == 600
    clock.minute = 58
    pacing.tell([], [T2], changes)
    clock.minute = 60
    pacing.stop()
    clock.minute = 90
    assert kept(workshop) == Paced(900, "", Clock(60).now(), {"T2": Clock(58).now()})


def test_of_a_drive_that_was_killed_counts_what_it_saw(workshop: Workshop, clock: Clock) -> None:
    pacing, changes = Pacing(workshop), {"guest": load(workshop, "guest")}
    pacing.tell([], [T1], changes)
    clock.minute = 4
    pacing.tell([], [T1], changes)
    clock.minute = 50
    again = Pacing(workshop)
    assert kept(workshop).seconds == 240
    again.tell([], [T1], changes)
    clock.minute = 51
    again.tell([], [T1], changes)
    assert kept(workshop).seconds == 300
    assert kept(workshop).began == {"T1": Clock(50).now()}


def test_what_was_done_is_put_beside_the_least_that_it_can_have_taken(
    workshop: Workshop, clock: Clock
) -> None:
    pacing, changes = Pacing(workshop), {"guest": load(workshop, "guest")}
    pacing.tell([], [T1], changes)
    took(workshop, T1=20, T3=10)
    clock.minute = 22
    pacing.tell([], [T2], changes)
    clock.minute = 27
    pacing.tell([], [T2], changes)

    found = said(workshop, ("T1", "T3"))

    # 20 minutes for T1 and 5 of T2, which comes after it, in 27; half of 10 and 20 is 15 a task.
    assert found["ratio"] == 1.08
    assert found["left"] == 600
    assert found["words"] == "at least 10 min left; 1.08 of the least possible so far"


def test_nothing_is_said_that_is_not_known(workshop: Workshop, clock: Clock) -> None:
    assert said(workshop) == {
        "change": "guest", "left": None, "worked": None, "ratio": None, "words": "",
    }  # fmt: skip
    pacing, changes = Pacing(workshop), {"guest": load(workshop, "guest")}
    pacing.tell([], [T1], changes)
    clock.minute = 30
    pacing.tell([], [T1], changes)
    assert said(workshop, ("T3",))["ratio"] is None, "nobody measured T3"
    took(workshop, T3=2)
    assert said(workshop, ("T3",))["ratio"] == 1.0
    fresh = Pacing(workshop)
    fresh.known.clear()
    fresh.tell([], [T2], landed(workshop, "T1"))
    assert not fresh.known, "T1 landed before anybody looked"


def test_work_that_asked_and_went_on_took_both_times(workshop: Workshop) -> None:
    pace.took(workshop, T1, 300, goes_on=True)
    assert pace.usual(workshop) is None
    pace.took(workshop, T1, 60, goes_on=False)
    assert pace.usual(workshop) == 360
    pace.took(workshop, T1, 60, goes_on=False)
    assert pace.usual(workshop) == 60


def test_status_says_it_of_what_is_under_way_and_of_nothing_else(
    project: Project, workshop: Workshop, clock: Clock
) -> None:
    assert project.ok("status", "--json").json["pace"] == []
    pacing, changes = Pacing(workshop), {"guest": load(workshop, "guest")}
    pacing.tell([], [T1], changes)
    took(workshop, T2=30)
    clock.minute = 12
    pacing.tell([], [T1], changes)
    pacing.stop()

    out = project.ok("status").out
    assert "guest: at least 48 min left; 1.00 of the least possible so far\n" in out
    assert max(map(len, out.splitlines())) <= 80
    (row,) = project.ok("status", "--json").json["pace"]
    assert (row["change"], row["left"], row["worked"], row["ratio"]) == ("guest", 2880, 720, 1.0)

    pacing.tell([], [], landed(workshop, "T1", "T2", "T3"))
    assert project.ok("status", "--json").json["pace"] == []


def test_a_real_run_notes_its_pace_and_the_board_shows_it(project: Project) -> None:
    project.approve_spec(track="small")
    script = project.root / "script.toml"
    text = json.dumps("MINUTES = 60\n\n\ndef keep(cart):\n    return list(cart)\n")
    script.write_text(f"[[step]]\ndo = 'write'\npath = 'shop/cart.py'\ntext = {text}\n")
    project.ok("run", "guest", "--script", str(script), "--accept-unsandboxed")

    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        one = kept(workshop)
        assert (one.over, one.since, one.began) == (True, "", {})
        assert one.seconds <= 600
        assert pace.usual(workshop) is not None


def test_the_row_of_the_board_has_it(
    project: Project, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accord.app import board_view as viewed
    from accord.app.at_work import Running

    took(workshop, T2=30)
    alive = (Running("run", "guest", "T1", 1),)
    monkeypatch.setattr(viewed, "running", lambda _: alive)
    (row,) = board_view(workshop, "robin")["left"]
    assert (row["tasks"], row["rounds"]) == (3, 2)
    assert row["pace"]["words"] == "at least 60 min left"
