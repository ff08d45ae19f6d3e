"""The queue on the board of the room: empty, lined up, at work, set aside, to be released."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

import gitrepo
from accord.app import board_view, evidence, landing, releasing
from accord.app.workshop import Workshop
from accord.core.evidence import Run
from accord.core.reconcile import Release
from accord.wiring.opening import open_workshop
from lining import HALVES, built
from project import Project
from visiting import Visitor, serving


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    project.unwalled()
    gitrepo.commit(project.top, {"tests/test_halves.py": HALVES}, "Halves")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


@pytest.fixture
def visitor(project: Project, workshop: Workshop) -> Iterator[Visitor]:
    with serving(project) as server:
        yield Visitor(server).enter()


def queue(visitor: Visitor) -> str:
    """Return the words of the column about the queue."""
    text = visitor.get("/board").text.partition('id="b-queue"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", text.partition(">")[2]).split())


@pytest.fixture
def looking(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Look at the board whenever a check runs; return what was seen."""
    seen: list[str] = []
    real = evidence.verify

    def verify(workshop: Workshop, commit: str, command: str) -> Run:
        seen.append(queue(visitor))
        return real(workshop, commit, command)

    monkeypatch.setattr(evidence, "verify", verify)
    return seen


def test_tasks_are_lined_up_verified_landed_and_set_aside_before_ones_eyes(
    project: Project, workshop: Workshop, visitor: Visitor, looking: list[str]
) -> None:
    assert queue(visitor) == "To be joined Nothing"
    assert "0 to be joined" in visitor.get("/board").text
    first, second, _ = built(project, workshop, {
        "T1": {"shop/one.py": "ONE = 1\n"}, "T2": {"shop/two.py": "<script>"},
        "T3": {"shop/three.py": ""},
    })  # fmt: skip
    looking.clear()
    said = queue(visitor)
    assert "T1 Part T1 built is next" in said
    assert "T2 Part T2 built comes after T1" in said
    assert "T3 Part T3 built comes after T2" in said
    assert "3 to be joined" in visitor.get("/board").text

    landing.land_task(workshop, first)

    # The first on which something is run is the chain, and T1 is in it.
    assert "T1 Part T1 built is being verified" in looking[0]
    assert "is being verified" not in queue(visitor)
    assert "T1 Part T1" not in queue(visitor)

    assert not landing.land_task(workshop, second).accepted

    assert "T2 set aside fails only with T1, which landed before: exit 1" in queue(visitor)


def test_a_change_that_is_approved_waits_to_be_released_and_is_then_verified(
    project: Project, workshop: Workshop, visitor: Visitor, looking: list[str]
) -> None:
    for name in ("one", "two"):
        project.new("trivial", name)
        assert project.build(name, {f"shop/{name}.py": "A = 1\n"}).exit == 0
        project.ok("approve", name, "--yes")
    looking.clear()
    said = queue(visitor)
    assert "approved, to be released approved is next accord run one" in said
    assert "approved is comes after" not in said
    assert "comes after one accord run two" in said
    assert "Can go on without you" not in visitor.get("/board").text

    releasing.release(workshop, Release("one", "", ""))

    assert "approved, to be released approved is being verified" in looking[0]
    assert "accord run" not in looking[0]
    assert "one" not in queue(visitor).split()


def test_a_long_queue_is_cut_and_says_so(
    project: Project, visitor: Visitor, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(project, workshop, {"T1": {"shop/one.py": ""}, "T2": {"shop/more.py": ""}})
    monkeypatch.setattr(board_view, "SHOWN", 1)
    assert queue(visitor).endswith("T1 Part T1 built is next and 1 more: accord status")
    assert "2 to be joined" in visitor.get("/board").text
