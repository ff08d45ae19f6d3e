"""A tick in the tasks says that the work landed and is proved; nobody has to keep it."""

import gitrepo
from project import TASKS, Project

PATH = "specs/guest/tasks.md"
TICKED = TASKS.replace("- [ ] T1", "- [x] T1")


def test_a_release_ticks_its_tasks_by_one_byte_each(project: Project) -> None:
    base = project.git("rev-parse", "main")
    project.approve_spec()
    assert project.build().exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")

    assert project.file("main", PATH).decode() == TICKED
    assert project.git("status", "--porcelain") == ""
    assert project.ok("check", "--base", base).exit == 0


def test_a_tick_before_the_work_is_a_claim_that_is_shown_and_taken_away(project: Project) -> None:
    project.approve_spec()
    project.write("tasks.md", TICKED)

    assert "tasks.md claims T1: done; the gates say otherwise" in project.ok("show", "guest").out
    assert f"written: {PATH}" in project.ok("status", "--sync-status").err
    assert project.file("accord/guest", PATH).decode() == TASKS
    assert project.show()["claims"] == []


def test_a_tick_follows_the_work_and_goes_when_it_is_sent_back(project: Project) -> None:
    project.approve_spec()
    assert project.build().exit == 0
    gate = project.gates()

    project.ok("status", "--sync-status")
    assert project.file("accord/guest", PATH).decode() == TICKED
    assert [one["verified"] for one in project.show()["claims"]] == [True]
    # A tick is no part of what was agreed: every gate stands as it stood.
    assert project.gates() == gate

    project.ok("reject", "guest", "--reason", "Keep it longer")
    assert [one["verified"] for one in project.show()["claims"]] == [False]
    project.ok("status", "--sync-status")
    assert project.file("accord/guest", PATH).decode() == TASKS


def test_a_tick_goes_when_the_evidence_of_a_released_task_is_gone(project: Project) -> None:
    project.approve_spec()
    test = "import unittest\n\n\nclass Kept(unittest.TestCase):\n    def test_r1_1(self): pass\n"
    files = {"shop/until.py": "MINUTES = 60\n", "tests/test_x.py": test}
    assert project.build(files=files).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    assert "written" not in project.ok("status", "--sync-status").err
    base = gitrepo.commit(project.top, {"tests/test_x.py": "import unittest\n"})

    assert f"written: {PATH}" in project.ok("status", "--sync-status").err

    assert project.file("main", PATH).decode() == TASKS
    assert project.git("status", "--porcelain") == ""
    assert project.ok("check", "--base", base).exit == 0
    assert "written" not in project.ok("status", "--sync-status").err
