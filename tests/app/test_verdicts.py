"""A finding of drift is closed by what a person signed, for exactly what was found."""

from pathlib import Path

import pytest

import gitrepo
from accord.core.drift import Standing
from project import FILES, Project

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
    # The trace is bound to what is there now, in the commit that holds the record.
    said = project.ok("check", "--base", base)
    assert project.git("diff", "--name-only", "main^", "main", "--", ".accord/trace")
    assert len(project.git("diff", "--name-only", "main^", "main").splitlines()) == 3

    # Formatting moves nothing; another number does, and going back is what was signed.
    gitrepo.commit(project.top, {"shop/until.py": "# Carts\n" + CODE.format("(61)")})
    assert found(project) == {"R1.2": ""}
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(62)})
    assert found(project) == {"R1.1": "", "R1.2": ""}
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})
    assert found(project) == {"R1.2": ""}

    # A record that nobody signed, or that was changed, settles nothing.
    project.ok("verdict", "guest", "R1.2", "--waive-until", "2199-01-01", "--reason", "later")
    assert found(project) == {}
    assert "settled by a verdict: 1" in project.run("check", "--drift").out
    project.git("reset", "-q", "--hard")
    records = project.top / ".accord/approvals/guest"
    signed = max(records.glob("*.json"), key=lambda one: "later" in one.read_text())
    signed.write_text(signed.read_text().replace("later", "never"))
    project.git("commit", "-qam", "Forge")
    assert found(project) == {"R1.2": ""}


def test_one_answer_is_about_all_that_rests_on_the_same_thing(project: Project) -> None:
    drifted(project)
    rows = project.run("check", "--drift", "--json").json["findings"]
    assert [(one["finding"], one["criterion"]) for one in rows] == [(1, "R1.1"), (1, "R1.2")]
    told = project.run("check", "--drift").out
    assert "guest R1.1, R1.2 are stale" in told
    assert told.count("keep does something else") == 1
    assert "and 1 more" not in project.run("check", "--drift", "--most", "1").out

    # One key, and why. To leave it is no answer.
    asked = project.process("verdict", "guest", feed="l\n")
    assert asked.out == "nothing was judged\n"
    said = project.process("verdict", feed="t\n61 is agreed\n")
    assert said.out.startswith("R1.1, R1.2 of guest: still-true (record ")
    assert found(project) == {}
    assert project.ok("verdict").out == "there is no finding\n"
    words = project.ok("show", "--blame", "shop/until.py").out
    assert words.count("still-true, says robin: 61 is agreed") == 2

    # It stays in force for what is as it was judged.
    story = project.top / "specs/guest/requirements.md"
    story.write_text(story.read_text().replace("say until when", "say how long"))
    project.git("commit", "-qam", "Reword")
    assert list(found(project)) == ["R1.2"]


def test_an_answer_that_nobody_was_asked_for_names_its_criteria(project: Project) -> None:
    drifted(project)
    said = project.run("verdict", "guest", "--still-true", "--reason", "x")
    assert (said.exit, "name the criteria" in said.err) == (2, True)
    assert list(found(project)) == ["R1.1", "R1.2"]
    project.ok("verdict", "guest", "R1.2", "R1.1", "--still-true", "--reason", "61 is agreed")
    assert found(project) == {}


def test_a_waiver_ends_on_its_day_and_what_is_wrong_begins_a_change(project: Project) -> None:
    drifted(project)
    project.ok("verdict", "guest", "R1.1", "--waive-until", "2999-12-31", "--reason", "later")
    assert found(project) == {"R1.2": ""}

    said = project.ok("verdict", "guest", "R1.2", "--code-wrong", "--reason", "61 is a slip").out
    assert "it stands in specs/guest/requirements.md:16" in said
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


def test_what_is_wrong_begins_a_change_whose_story_says_it_and_why(project: Project) -> None:
    drifted(project)
    words = ("--spec-wrong", "--reason", "an hour and a minute")
    said = project.ok("verdict", "guest", "R1.1", *words, "--json").json
    assert said["proposed"][0].endswith("SHALL keep the cart for 61 minutes.")
    path, _, line = said["document"].rpartition(":")
    story = Path(path).read_text()
    lines = story.splitlines()
    assert lines[int(line) - 1 : int(line) + 1] == [
        f"- R1.1 {said['proposed'][0]}", "  - Supersedes: guest/R1.1"
    ]  # fmt: skip
    assert "<<" not in story.partition("## Tasks")[0]
    assert "  was: return kept, minutes * 60\n  now: return kept, minutes * 61\n" in story
    # It is an open change like any other: nothing was approved for it.
    assert project.gates(said["opened"])["story"] == "waiting"

    said = project.ok("verdict", "guest", "R1.2", "--code-wrong", "--reason", "slip", "--json").json
    assert said["proposed"] == []
    story = Path(said["document"].rpartition(":")[0]).read_text()
    assert "- R1.1 WHEN the cart is kept THE shop SHALL say until when.\n" in story


def test_the_story_says_each_criterion_of_a_finding_again(project: Project) -> None:
    drifted(project)
    words = ("--spec-wrong", "--reason", "an hour and a minute")
    said = project.ok("verdict", "guest", "R1.1", "R1.2", *words).out
    assert "proposed: WHEN the card is declined THE shop SHALL keep the cart for 61" in said
    path, _, line = said.partition("said anew in")[2].split()[0].rpartition(":")
    story = Path(path).read_text()
    assert story.splitlines()[int(line) - 1 : int(line) + 3] == [
        "- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 61 minutes.",
        "  - Supersedes: guest/R1.1",
        "- R1.2 WHEN the cart is kept THE shop SHALL say until when.",
        "  - Supersedes: guest/R1.2",
    ]
    assert "### R1 In the place of guest/R1.1, guest/R1.2\n" in story


@pytest.mark.parametrize("form", ["kiro", "spec-kit"])
def test_the_story_is_begun_in_the_format_of_the_repository(project: Project, form: str) -> None:
    drifted(project)
    config = project.top / ".accord/config.toml"
    text = config.read_text()
    gitrepo.commit(project.top, {".accord/config.toml": f'format = "{form}"\n{text}'})
    words = ("--code-wrong", "--reason", "x", "--json")
    said = project.ok("verdict", "guest", "R1.1", "R1.2", *words).json
    path, _, line = said["document"].rpartition(":")
    lines = Path(path).read_text().splitlines()
    assert "keep the cart for 60 minutes." in lines[int(line) - 1]
    found = project.show(said["opened"])["items"]
    for number, told in (("R1.1", "keep the cart for 60 minutes."), ("R1.2", "say until when.")):
        [one] = [one for one in found if f"Supersedes: guest/{number}" in one["after"]]
        assert told in one["after"]


def version(project: Project, said: str) -> None:
    text = FILES["pyproject.toml"].replace('"1"', f'"{said}"')
    gitrepo.commit(project.top, {"pyproject.toml": text})


def test_a_waiver_ends_with_the_version_that_was_to_mend_it(project: Project) -> None:
    drifted(project)
    assert project.refused("verdict", "guest", "R1.1", "--waive-until", "1.0", "--reason", "x") == (
        2,
        [
            "error: the project is at 1 already",
            "hint: --waive-until 2026-12-31, or the version that mends it: --waive-until 2.0",
        ],
    )
    project.ok("verdict", "guest", "R1.1", "--waive-until", "2.0", "--reason", "mended in 2.0")
    assert found(project) == {"R1.2": ""}
    for said in ("1.9", "2.0rc1"):
        version(project, said)
        assert found(project) == {"R1.2": ""}
    version(project, "2.0")
    assert found(project) == {"R1.1": "", "R1.2": ""}
    # Where no file says a version, the tags do; where nothing does, nobody can tell.
    gitrepo.commit(project.top, {"pyproject.toml": "[project]\n"})
    assert found(project) == {"R1.1": "", "R1.2": ""}
    project.git("tag", "v1.9")
    assert found(project) == {"R1.2": ""}
    project.git("tag", "-a", "v2.1", "-m", "2.1")
    assert found(project) == {"R1.1": "", "R1.2": ""}


def test_a_verdict_outlives_a_rebase_and_a_squash(project: Project) -> None:
    drifted(project)
    start = project.git("rev-parse", "HEAD")
    project.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    project.ok("verdict", "guest", "R1.2", "--waive-until", "2999-12-31", "--reason", "later")
    assert found(project) == {}
    verdicts = project.git("rev-parse", "HEAD")

    # Rebased onto what others pushed meanwhile.
    project.git("switch", "-q", "-c", "upstream", start)
    gitrepo.commit(project.top, {"README.md": "Shop\n"})
    project.git("switch", "-q", "main")
    project.git("rebase", "-q", "upstream")
    assert project.git("rev-parse", "HEAD") != verdicts
    assert found(project) == {}
    said = project.ok("show", "--living").out
    assert "R1.1 holds (still true, says robin on " in said
    assert "R1.2 stale (waived until 2999-12-31, says robin: later)" in " ".join(said.split())

    # Squashed into one commit with other work.
    project.git("reset", "-q", "--soft", start)
    gitrepo.commit(project.top, {"docs.md": "More\n"}, "All of it")
    assert project.git("rev-list", "--count", f"{start}..HEAD") == "1"
    assert found(project) == {}


def test_each_verdict_is_one_key(project: Project) -> None:
    drifted(project)
    said = project.process("verdict", "guest", "R1.1", feed="w\n2.0\nmended then\n")
    assert said.exit == 0, said.said
    assert "code wrong (c), spec wrong (s), still true (t), waived (w)" in said.err
    assert found(project) == {"R1.2": ""}
