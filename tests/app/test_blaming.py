"""A line says which promise it serves, by which task, and what was decided of it since."""

from typing import Any

import pytest

import gitrepo
from drifting import CODE, drifted
from project import Project

STORY = "specs/guest/requirements.md"


@pytest.fixture
def released(project: Project) -> Project:
    drifted(project)
    return project


def blame(project: Project, where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.ok("show", "--blame", where, "--json").json["blame"]
    return found


def test_a_line_of_code_names_its_promise_its_task_and_the_verdicts_after_a_rebase(
    released: Project,
) -> None:
    base = released.git("rev-parse", "HEAD")
    released.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    released.ok("verdict", "guest", "R1.2", "--waive-until", "2999-12-31", "--reason", "later")
    judged = released.git("rev-parse", "HEAD")
    released.git("checkout", "-q", "-b", "other", base)
    body = (released.top / "shop/until.py").read_text()
    gitrepo.commit(released.top, {"shop/until.py": f"# Carts.\n\n\n{body}"}, "Lines above")
    released.git("checkout", "-q", "main")
    released.git("rebase", "-q", "other")
    assert not released.git("branch", "--contains", judged)

    found = {one["promise"]["id"]: one for one in blame(released, "shop/until.py:5")}

    assert {name: (one["link"], one["symbol"]) for name, one in found.items()} == {
        "R1.1": ("its code", "keep"), "R1.2": ("its code", "keep")}  # fmt: skip
    assert [(one["change"], one["task"]) for one in found["R1.1"]["built"]] == [("guest", "T1")]
    assert found["R1.1"]["promise"]["agreed"]["by"] == ["robin"]
    said = {name: [(one["what"], one["by"], one["why"], one["until"]) for one in each["verdicts"]]
            for name, each in found.items()}  # fmt: skip
    assert said == {"R1.1": [("still-true", "robin", "61 is agreed", "")],
                    "R1.2": [("waived", "robin", "later", "2999-12-31")]}  # fmt: skip
    out = released.ok("show", "--blame", "shop/until.py:5").out
    assert "keep is its code\n" in out
    assert "T1 in " in out
    assert "still-true, says robin: 61 is agreed" in out
    assert blame(released, "shop/until.py:1") == []


def test_a_sentence_names_its_code_its_tests_who_agreed_and_what_was_decided_once(
    released: Project,
) -> None:
    released.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    gitrepo.commit(released.top, {"shop/until.py": CODE.format(62)})
    story = (released.top / STORY).read_text().splitlines()
    line = next(at for at, text in enumerate(story, 1) if text.startswith("- R1.1 "))

    (one,) = blame(released, f"{STORY}:{line}")

    # It moved again: the finding is back, and what was said of the last one is still told.
    assert (one["promise"]["id"], one["promise"]["standing"]) == ("R1.1", "stale")
    assert one["promise"]["symbols"] == ["shop/until.py::keep"]
    assert one["promise"]["tests"] == ["tests/test_x.py::Kept.test_r1_1"]
    assert [each["what"] for each in one["verdicts"]] == ["still-true"]
    assert blame(released, f"{STORY}:1") == []
    assert [each["promise"]["id"] for each in blame(released, STORY)] == ["R1.1", "R1.2"]


def test_a_place_that_is_not_there_is_refused(released: Project) -> None:
    assert released.refused("show", "--blame", "shop/nothing.py")[0] == 2
    assert released.refused("show", "--blame", "shop/until.py:99")[0] == 2
