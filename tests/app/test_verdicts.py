"""A finding of drift is closed by what a person signed, for exactly what was found."""

import gitrepo
from accord.core.drift import Standing
from project import Project

CODE = "def keep(cart, minutes=60):\n    kept = list(cart)\n    return kept, minutes * {}\n"


def drifted(project: Project) -> None:
    project.approve_spec()
    assert (
        project.build(files={"shop/until.py": CODE.format(60), "tests/test_x.py": TEST}).exit == 0
    )
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})


TEST = """\
import unittest


class Kept(unittest.TestCase):
    def test_r1_1(self):
        self.assertTrue(True)
"""


def found(project: Project) -> dict[str, str]:
    result = project.run("check", "--drift", "--json").json
    return {one["criterion"]: one["decided"] for one in result["findings"]}


def test_still_true_closes_what_was_found_until_it_moves_again(project: Project) -> None:
    drifted(project)
    base = project.git("rev-parse", "main")
    assert found(project) == {"R1.1": "", "R1.2": ""}

    said = project.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    assert said.out.startswith("R1.1 of guest: still-true (record ")
    assert found(project) == {"R1.2": ""}
    assert "settled by a verdict: 1" in project.run("check", "--drift").out
    assert project.ok("check", "--base", base).exit == 0

    # Formatting moves nothing; another number does, and going back is what was signed.
    gitrepo.commit(project.top, {"shop/until.py": "# Carts\n" + CODE.format("(61)")})
    assert found(project) == {"R1.2": ""}
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(62)})
    assert found(project) == {"R1.1": "", "R1.2": ""}
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})
    assert found(project) == {"R1.2": ""}

    # A record that nobody signed, or that was changed, settles nothing.
    records = project.top / ".accord/approvals/guest"
    signed = max(records.glob("*.json"), key=lambda one: "still-true" in one.read_text())
    signed.write_text(signed.read_text().replace("61 is agreed", "62 is agreed"))
    project.git("commit", "-qam", "Forge")
    assert found(project) == {"R1.1": "", "R1.2": ""}


def test_a_waiver_ends_on_its_day_and_what_is_wrong_begins_a_change(project: Project) -> None:
    drifted(project)
    project.ok("verdict", "guest", "R1.1", "--waive-until", "2999-12-31", "--reason", "later")
    assert found(project) == {"R1.2": ""}

    said = project.ok("verdict", "guest", "R1.2", "--code-wrong", "--reason", "61 is a slip").out
    assert "it stands in specs/guest/requirements.md" in said
    opened = said.split()[-1]
    assert project.show(opened)["sentence"].endswith("R1.2 of guest: 61 is a slip")
    assert found(project) == {"R1.2": f"code-wrong, says robin: see {opened}"}
    assert Standing.STALE in project.run("check", "--drift").out


def test_what_cannot_be_judged_is_refused(project: Project) -> None:
    drifted(project)
    cases = [
        ("guest", "R9.9", "--still-true", "--reason", "x"),
        ("guest", "R1.1", "--still-true"),
        ("guest", "R1.1", "--waive-until", "soon", "--reason", "x"),
    ]
    for words in cases:
        status, _ = project.refused("verdict", *words)
        assert status == 2
    with project.monkeypatch.context() as patch:
        patch.setenv("ACCORD_RUN", "x")
        status, lines = project.refused("verdict", *cases[1], "--reason", "x")
    assert status == 1
    assert lines[0] == "error: an agent's run cannot decide anything"
