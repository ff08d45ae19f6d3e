"""The means to write code are made only where every gate before the code is open."""

from collections.abc import Callable
from contextlib import closing

import pytest

from accord.app import landing, running, workplaces
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core.reconcile import Build, Land
from accord.errors import RefusedError
from accord.wiring.opening import open_workshop
from project import Project

Use = Callable[[Workshop, Build], object]


def begun(workshop: Workshop, action: Build) -> object:
    return running.begin_build(workshop, action, 1, "")


def taken(workshop: Workshop, action: Build) -> object:
    return running.take_build(workshop, action, 1)


def lent(workshop: Workshop, action: Build) -> object:
    change = load(workshop, action.change)
    return workplaces.lend(workshop, change, change.tasks[0])


def landed(workshop: Workshop, action: Build) -> object:
    tip = workshop.repo.resolve("refs/heads/accord/guest")
    return landing.land_task(workshop, Land("guest", "T1", tip, tip))


@pytest.mark.parametrize("use", [begun, taken, lent, landed])
def test_a_job_that_was_planned_before_an_edit_comes_to_nothing(project: Project, use: Use) -> None:
    project.approve_spec(track="small")
    project.write("requirements.md", project.file("accord/guest", "specs/guest/requirements.md")
                  + b"\nOne more line.\n")  # fmt: skip
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        action = Build("guest", "T1", 1, load(workshop, "guest").keys["T1"], by_hand=False)

        with pytest.raises(RefusedError, match=r"guest is not open|was never begun"):
            use(workshop, action)

    assert project.worktrees() == []
    assert not project.agent_ran()
