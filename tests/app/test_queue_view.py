"""What the board says of the queue: the order, what is verified now, and nothing of the dead."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from accord.app import verifying
from accord.app.queue_view import queue_view
from accord.app.workshop import Workshop
from accord.core.approval import Json
from accord.core.queue import Entry, Joined, Queue, Verify, chain
from accord.wiring.opening import open_workshop
from project import Project

QUEUES = Mapping[str, Mapping[str, Json]]


def row(change: str = "guest", **more: Any) -> dict[str, Any]:
    return {"change": change, "title": change.title(), "built": [], "aside": [], "leaves": False,
            **more}  # fmt: skip


def told(rows: list[dict[str, Any]], queues: QUEUES | None = None) -> list[tuple[str, str]]:
    """Return what each card is about, and what it says."""
    return [(one["task"] or one["change"], one["words"]) for one in queue_view(rows, queues or {})]


THREE = row(built=[["T1", "Keep"], ["T2", "Say"], ["T3", "Count"]])


def test_nothing_that_waits_to_land_is_no_card() -> None:
    assert told([]) == told([row()]) == []


def test_where_no_queue_is_at_work_tasks_come_in_the_order_of_the_plan() -> None:
    assert told([THREE]) == [("T1", "is next"), ("T2", "comes after T1"), ("T3", "comes after T2")]
    assert [one["what"] for one in queue_view([THREE], {})] == ["T1 Keep", "T2 Say", "T3 Count"]


def test_what_is_verified_is_said_with_what_it_stands_on() -> None:
    at: QUEUES = {"guest": {"line": ["T2", "T1", "T3"], "tried": [], "now": [["T2"], ["T2", "T1"]]}}
    assert told([THREE], at) == [
        ("T2", "is being verified"),
        ("T1", "is being verified on top of T2"),
        ("T3", "comes after T1"),
    ]
    batch: QUEUES = {"guest": {"line": ["T1", "T2", "T3"], "tried": [], "now": [["T1", "T2"]]}}
    assert told([THREE], batch)[:2] == [
        ("T1", "is being verified, together with T2"),
        ("T2", "is being verified on top of T1"),
    ]


def test_what_failed_is_said_to_be_tried_once_more_and_beside_what() -> None:
    at: QUEUES = {"guest": {"line": ["T1"], "tried": ["T2", "T3"], "now": [["T1"], ["T2"]]}}
    assert told([THREE], at) == [
        ("T1", "is being verified"),
        ("T2", "failed, and is tried once more by itself"),
        ("T3", "failed, and is tried once more"),
    ]
    beside: QUEUES = {"guest": {"line": [], "tried": ["T3"], "now": [["T1", "T3"]]}}
    left = row(built=[["T3", "Count"]])  # T1 has landed
    assert told([left], beside) == [("T3", "failed, and is tried once more beside T1")]


def test_what_was_set_aside_says_why() -> None:
    aside = [["T1", "interaction", "with T0, which landed before: exit 1"],
             ["T2", "broken", "by itself: exit 2"],
             ["T3", "conflict", "it conflicts with T0, which landed before: a.py"],
             ["T4", "", "with T0, which landed before: exit 1"]]  # fmt: skip
    assert told([row(aside=aside)]) == [
        ("T1", "fails only with T0, which landed before: exit 1"),
        ("T2", "fails by itself: exit 2"),
        ("T3", "it conflicts with T0, which landed before: a.py"),
        ("T4", "was not landed, with T0, which landed before: exit 1"),
    ]


def test_changes_to_be_released_have_their_place_and_the_command_unless_one_is_at_it() -> None:
    rows = [row("cart", leaves=True), row("guest"), row("tax", leaves=True)]
    cards = queue_view(rows, {})
    assert told(rows) == [("cart", "is next"), ("tax", "comes after cart")]
    assert [one["command"] for one in cards] == ["accord run cart", "accord run tax"]
    at: QUEUES = {"tax": {"line": ["tax", "cart"], "tried": [], "now": [["tax", "cart"]]}}
    assert told(rows, at) == [
        ("tax", "is being verified, together with cart"),
        ("cart", "is being verified on top of tax"),
    ]
    assert [one["command"] for one in queue_view(rows, at)] == ["", ""]
    refused = row("cart", leaves=True, aside=[["", "interaction", "on top of main: exit 1"]])
    assert told([refused]) == [("cart", "is next; fails only on top of main: exit 1")]


def test_a_commit_is_told_by_the_entries_that_it_was_joined_from() -> None:
    one, two = (Entry(name, name, ()) for name in ("T1", "T2"))
    joins = {("base", "T1"): Joined("a", "a"), ("a", "T2"): Joined("b", "b"),
             ("began", "T2"): Joined("c", "c"), ("b", "T3"): Joined("", "", ("x",)),
             ("d", "T4"): Joined("d", "d")}  # fmt: skip
    queue = Queue("base", "began", (one, two), joins=joins)
    assert [chain(queue, commit) for commit in ("a", "b", "c", "d", "base")] == [
        ("T1",), ("T1", "T2"), ("T2",), (), (),
    ]  # fmt: skip


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def test_what_a_queue_is_at_is_told_until_it_is_over(workshop: Workshop) -> None:
    queue = Queue("base", "base", (Entry("T1", "c", ("true",)),),
                  joins={("base", "T1"): Joined("c", "tree")})  # fmt: skip
    assert verifying.under_way(workshop) == {}
    with verifying.told(workshop, "guest") as telling:
        assert verifying.under_way(workshop)["guest"]["now"] == []
        telling.tell(queue, [Verify("c", "tree", ("true",))])
        said = {"line": ["T1"], "tried": [], "now": [["T1"]]}
        assert verifying.under_way(workshop) == {"guest": said}
    assert verifying.under_way(workshop) == {}


DIES = """\
import sys, time
from pathlib import Path
from accord.app import verifying
from accord.core.queue import Entry, Joined, Queue, Verify
from accord.wiring.opening import open_workshop

workshop = open_workshop(Path(sys.argv[1]), lambda _: "")
queue = Queue("base", "base", (Entry("T1", "c", ()),), joins={("base", "T1"): Joined("c", "t")})
with verifying.told(workshop, "guest") as telling:
    telling.tell(queue, [Verify("c", "t", ())])
    print("told", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_left_is_not_told_as_running(
    project: Project, workshop: Workshop
) -> None:
    words = [sys.executable, "-c", DIES, str(project.top)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "told\n"
        assert verifying.under_way(workshop)["guest"]["now"] == [["T1"]]
        process.send_signal(signal.SIGKILL)
    assert workshop.journal.noted("verifying/")["verifying/guest"]["now"] == [["T1"]]
    assert verifying.under_way(workshop) == {}
    with verifying.told(workshop, "guest"):
        assert verifying.under_way(workshop)["guest"]["now"] == []
