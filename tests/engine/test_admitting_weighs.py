"""What `Admitting` tells the scheduler of: the path that is left, the wait, the usual length."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from accord.app.changes import Change, load
from accord.app.workshop import Workshop
from accord.core.reconcile import Build
from accord.core.scheduling import USUAL_S
from accord.engine.admitting import Admitting
from accord.wiring.opening import open_workshop
from project import DOCUMENTS, Project, make_project

TASK = (
    "- [ ] {name} Part {name}\n  - Satisfies: R1.1, R1.2\n  - Touches: {path}\n  - After: {after}\n"
)
# T1 stands alone and comes first in the plan; T2 begins the path T2, T3, T4; T5 shares T2's file.
GRAPH = {"T1": "-", "T2": "-", "T3": "T2", "T4": "T3", "T5": "-"}
STEPS = {name: Build("guest", name, 1, name.lower().ljust(64, "0"), by_hand=False)
         for name in GRAPH}  # fmt: skip


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    project = make_project(tmp_path, monkeypatch)
    agree(project)
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def agree(project: Project) -> None:
    project.new()
    tasks = "# Guest cart: tasks\n\n" + "".join(
        TASK.format(name=name, after=after, path="shop/t2.py" if name == "T5" else
                    f"shop/{name.lower()}.py") for name, after in GRAPH.items())  # fmt: skip
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")


def started(
    admitting: Admitting, *names: str, agents: int = 1, now: float = 0.0, busy: tuple[str, ...] = ()
) -> list[str]:  # fmt: skip
    """Return which of these tasks start, in their order, with so many agents."""
    admitting.workshop.config = evolve(admitting.workshop.config, parallel=agents)
    change: dict[str, Change] = {"guest": load(admitting.workshop, "guest")}
    found = admitting.choose([STEPS[one] for one in names], change,
                             [STEPS[one] for one in busy], now)  # fmt: skip
    return [one.id.split("/")[2] for one in found.started]


def test_the_task_that_begins_the_longest_path_of_the_change_starts_first(
    workshop: Workshop,
) -> None:
    admitting = Admitting(workshop)

    assert started(admitting, "T1", "T2") == ["T2"]
    assert started(admitting, "T1", "T3", agents=2) == ["T3", "T1"]


def test_a_task_that_was_asked_for_long_ago_goes_before_a_longer_path(workshop: Workshop) -> None:
    admitting = Admitting(workshop)
    assert started(admitting, "T1", now=0.0, busy=("T5",)) == [], "every agent is at work"

    assert started(admitting, "T1", "T2", now=2 * USUAL_S - 1) == ["T2"]
    # From the first time that it is asked for each of them grows more urgent.
    late = Admitting(workshop)
    started(late, "T1", now=0.0, busy=("T5",))
    assert started(late, "T1", "T2", now=2 * USUAL_S + 1) == ["T1"]


def test_whoever_began_is_asked_for_anew(workshop: Workshop) -> None:
    admitting = Admitting(workshop)
    started(admitting, "T1", now=0.0, busy=("T5",))
    admitting.begin(STEPS["T1"], 0.0)
    admitting.end(STEPS["T1"], 10.0)

    assert started(admitting, "T1", "T2", now=2 * USUAL_S + 1) == ["T2"]


def test_the_usual_length_is_learned_from_what_was_built_and_tells_whom_to_wait_for(
    workshop: Workshop,
) -> None:
    """T5 waits for T2, on the same file, where that is nearly done: a matter of its length."""
    admitting = Admitting(workshop)
    admitting.begin(STEPS["T2"], 0.0)
    assert started(admitting, "T5", agents=2, now=300.0, busy=("T2",)) == ["T5"]
    admitting.end(STEPS["T2"], 360.0)
    assert admitting.length == USUAL_S, "what is known counts from the next run on"

    learned = Admitting(workshop)
    assert learned.length == 360
    learned.begin(STEPS["T2"], 0.0)
    # 60 seconds are left of it by that, and building T5 twice would cost 0.3 times 360.
    assert started(learned, "T5", agents=2, now=300.0, busy=("T2",)) == []
    assert started(learned, "T5", agents=2, now=300.0 + 110.0, busy=("T2",)) == ["T5"]


def test_the_length_of_what_a_person_built_is_not_learned(workshop: Workshop) -> None:
    admitting = Admitting(workshop)
    step = evolve(STEPS["T1"], by_hand=True)
    admitting.begin(step, 0.0)
    admitting.end(step, 5.0)

    assert Admitting(workshop).length == USUAL_S


def test_the_length_bounds_what_a_second_build_would_cost(workshop: Workshop) -> None:
    admitting = Admitting(workshop)
    admitting.begin(STEPS["T2"], 0.0)
    admitting.length = 60.0

    # T2 takes 20 seconds more, and building T5 twice costs 18: it does not wait for it.
    assert started(admitting, "T5", agents=2, now=40.0, busy=("T2",)) == ["T5"]
