"""Migrations that two sides gave the same number land one after the other, as they were tested."""

from collections.abc import Iterator
from contextlib import closing

import pytest

import gitrepo
from accord.app import releasing
from accord.app.changes import released
from accord.app.queueing import merged
from accord.app.renumbering import Renumbered
from accord.app.workshop import Workshop
from accord.core.keeping import Merge
from accord.core.reconcile import Release
from accord.wiring.opening import open_workshop
from project import Project

START = {"steps/0001_start.sql": "-- start\n", "steps/0002_more.sql": "-- more\n"}
ORDER = """\
import os
import unittest


class Order(unittest.TestCase):
    def test_each_number_is_there_once(self):
        numbers = [name[:4] for name in os.listdir("steps")]
        self.assertEqual(len(numbers), len(set(numbers)), sorted(os.listdir("steps")))
"""


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    config = project.file("main", ".accord/config.toml").decode()
    more = '\n[queue]\nrenumber = ["steps/*.sql"]\nunion = ["CHANGES.md"]\n'
    files = {**START, ".accord/config.toml": config + more, "tests/test_order.py": ORDER,
             "CHANGES.md": "# Changes\n"}  # fmt: skip
    gitrepo.commit(project.top, files, "Configure")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def sides(project: Project, ours: gitrepo.Files, theirs: gitrepo.Files) -> tuple[str, str]:
    project.git("branch", "-f", "ours", "main")
    project.git("branch", "-f", "theirs", "main")
    return project.commit_on("ours", ours), project.commit_on("theirs", theirs)


def steps(workshop: Workshop, tree: str) -> dict[str, str]:
    files = workshop.repo.folder(tree, "steps")
    return {name: workshop.repo.blob(one.id).decode() for name, one in files.items()}


@pytest.mark.parametrize("name", ["b", "a"])
def test_the_later_one_gets_the_next_number_and_its_own_names_follow(
    project: Project, workshop: Workshop, name: str
) -> None:
    ours, theirs = sides(
        project,
        {"steps/0003_aa.sql": "-- ours\n"},
        {f"steps/0003_{name}a.sql": f"-- 0003_{name}a\n",
         "steps/0004_late.sql": f"-- needs 0003_{name}a\n"},
    )  # fmt: skip

    found = merged(workshop, ours, theirs)

    assert found.merge.conflicts == ()
    assert steps(workshop, found.merge.tree) == {
        "0001_start.sql": "-- start\n", "0002_more.sql": "-- more\n",
        "0003_aa.sql": "-- ours\n", f"0004_{name}a.sql": f"-- 0004_{name}a\n",
        "0005_late.sql": f"-- needs 0004_{name}a\n",
    }  # fmt: skip
    assert f"Renumbered: steps/0003_{name}a.sql is steps/0004_{name}a.sql\n" in found.words("")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        # A chain of names, as Django has it: the number is not what orders them.
        ({}, {"steps/0003_bb.sql": "-- after 0002_more\n"}),
        # Something else names the file.
        ({}, {"shop/order.py": "LAST = '0003_bb.sql'\n"}),
        # What was there is not as it was.
        ({"steps/0001_start.sql": "-- other\n"}, {}),
        ({}, {"steps/0001_start.sql": None}),
        ({}, {"steps/0002_more.sql": "-- other\n"}),
    ],
)
def test_nothing_is_renumbered_where_that_takes_judgement(
    project: Project, workshop: Workshop, ours: gitrepo.Files, theirs: gitrepo.Files
) -> None:
    mine, other = sides(
        project, {"steps/0003_aa.sql": "-- ours\n", **ours},
        {"steps/0003_bb.sql": "-- theirs\n", **theirs},
    )  # fmt: skip

    found = merged(workshop, mine, other)

    assert found.moved == ()
    assert found.merge == workshop.repo.merge(mine, other)


def test_a_file_that_both_added_alike_is_one_file_and_links_and_scripts_stay(
    project: Project, workshop: Workshop
) -> None:
    mine, other = sides(project, {"steps/0003_aa.sql": "-- same\n"},
                        {"steps/0003_aa.sql": "-- same\n"})  # fmt: skip
    assert merged(workshop, mine, other).moved == ()

    mine, other = sides(project, {"steps/0003_aa.sql": "-- ours\n"},
                        {"steps/0003_bb.sql": "-- theirs\n"})  # fmt: skip
    entry = workshop.repo.entry(other, "steps/0003_bb.sql")
    assert entry is not None
    project.git("update-index", "--add", "--cacheinfo", f"120000,{entry.id},steps/0003_bb.sql")
    tree = project.git("write-tree")
    project.git("reset", "-q")
    link = project.git("commit-tree", tree, "-p", "main", "-m", "Link")
    assert merged(workshop, mine, other).moved
    assert merged(workshop, mine, link).moved == ()


def test_changes_with_the_same_number_land_together_in_a_tree_that_was_verified(
    project: Project, workshop: Workshop
) -> None:
    before = project.git("rev-parse", "main")
    for name in ("one", "two"):
        project.new("trivial", name)
        files = {f"steps/0003_{name}.sql": f"-- {name}\n", "CHANGES.md": f"# Changes\n- {name}\n"}
        assert project.build(name, files).exit == 0
        project.ok("approve", name, "--yes")

    taken = releasing.release(workshop, Release("one", "", "", ("two",)))

    assert taken.accepted, taken.detail
    assert released(workshop) == ("one", "two")
    base = workshop.repo.resolve(workshop.base)
    assert sorted(steps(workshop, base)) == [
        "0001_start.sql", "0002_more.sql", "0003_one.sql", "0004_two.sql",
    ]  # fmt: skip
    assert project.file("main", "CHANGES.md") == b"# Changes\n- one\n- two\n"
    assert any(tree == workshop.repo.tree(base) for tree, _ in workshop.proved)
    said = project.git("log", "-1", "--format=%B", "main")
    assert "Renumbered: steps/0003_two.sql is steps/0004_two.sql" in said
    assert project.git("log", "-1", "--format=%(trailers:key=Accord-Change,valueonly)") == "two"
    project.git("reset", "-q", "--hard")
    checked = project.run("check", "--base", before)
    assert checked.exit == 0, checked.out


def test_a_name_with_a_line_end_begins_no_line_of_a_message() -> None:
    moved = (("steps/3_a\nSpec-Task: x/T1@0.sql", "steps/4_a\nSpec-Task: x/T1@0.sql"),)
    assert len(Renumbered(Merge(""), moved).words("").splitlines()) == 1
