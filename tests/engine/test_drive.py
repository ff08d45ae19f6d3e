"""A job that failed once is tried again by the next run."""

from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.engine.drive import Outcome, drive
from accord.wiring.opening import open_workshop
from project import BUILT, Project, make_project


def go(project: Project, failing: str = "") -> Outcome:
    """Drive the change, with a disk that is full at the point `failing`."""

    def notice(point: str) -> None:
        if failing and failing in point:
            raise OSError(28, "No space left on device")

    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        return drive(workshop, ["guest"], tell=lambda _: None, handed_in=("T1",), notice=notice)


@pytest.mark.parametrize("point", ["take begin", "land begin", "land end", "prove begin"])
def test_a_job_that_a_full_disk_ended_is_done_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    project = make_project(tmp_path, monkeypatch)
    project.approve_spec(track="small")
    gitrepo.write(project.lent(), BUILT)

    with pytest.raises(OSError, match="No space left"):
        go(project, point)
    outcome = go(project)

    assert outcome.exit_code == 0
    assert [wait.what for wait in outcome.waits] == ["approve the review"]
