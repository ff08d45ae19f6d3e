"""A rebase that leaves merges out (`git rebase` as it is by itself) loses nothing of a release."""

import json

import gitrepo
from accord.core import trace
from project import Project

CODE = "def keep(cart, minutes=60):\n    kept = list(cart)\n    return kept, minutes * {}\n"
TEST = "import unittest\n\n\nclass Kept(unittest.TestCase):\n    def test_r1_1(self): {}\n"
TRACE = ".accord/trace/guest.toml"


def release(project: Project) -> None:
    project.approve_spec()
    files = {"shop/until.py": CODE.format(60), "tests/test_x.py": TEST.format("pass")}
    assert project.build(files=files).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")


def standing(project: Project) -> dict[str, dict[str, str]]:
    said = project.ok("show", "--living", "--json").json["promises"]
    return {one["id"]: {key: one[key] for key in ("standing", "decided")} for one in said}


def test_the_trace_the_ticks_and_the_verdicts_outlive_a_flattening_rebase(
    project: Project,
) -> None:
    start = project.git("rev-parse", "HEAD")
    release(project)
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})
    project.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    before = standing(project)
    bound = trace.from_toml("guest", (project.top / TRACE).read_text())
    tasks = (project.top / "specs/guest/tasks.md").read_text()
    assert "- [x] T1" in tasks

    project.git("switch", "-q", "-c", "upstream", start)
    gitrepo.commit(project.top, {"README.md": "Shop\n"})
    project.git("switch", "-q", "main")
    project.git("rebase", "-q", "upstream")

    assert project.git("rev-list", "--count", "--merges", "HEAD") == "0"
    assert (project.top / "specs/guest/tasks.md").read_text() == tasks
    assert trace.from_toml("guest", (project.top / TRACE).read_text()) == bound
    assert standing(project) == before
    assert before["R1.1"]["decided"].startswith("still true, says robin")
    found = json.loads(project.run("check", "--drift", "--json").out)
    assert [one["criterion"] for one in found["findings"]] == ["R1.2"]
    assert "T1 in " in project.ok("show", "--blame", "shop/until.py:1").out
