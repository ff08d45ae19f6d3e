"""Conflicts that the team's merge driver joins, and all that it may not make of them."""

from collections.abc import Iterator
from contextlib import closing

import pytest

import gitrepo
from accord.app import landing
from accord.app.changes import load
from accord.app.queueing import merged
from accord.app.workshop import Workshop
from accord.core.reconcile import Land
from accord.wiring.opening import open_workshop
from lining import built
from project import Project

# Joins lists of names; what it does otherwise is asked for by a word in the file.
DRIVER = """\
import os
import sys

base, ours, theirs, path, sign = sys.argv[1:]
def names(path):
    return open(path).read().split()
added = [one for one in names(theirs) if one not in names(base)]
gone = [one for one in names(base) if one not in names(theirs)]
if "stubborn" in added:
    sys.exit(1)
if "own" in added:
    sys.exit(0)
if "linked" in added:
    os.remove(ours)
    os.symlink("/etc/hostname", ours)
    sys.exit(0)
assert path.endswith(".names") and ours.endswith(".names") and sign == "%"
assert os.path.exists("shop/cart.py") and not os.path.exists("shop/late.py")
joined = [one for one in names(ours) if one not in gone] + added
open(ours, "w").write(" ".join(joined) + "\\n")
"""
CONFIG = """
[queue.drivers]
"*.names" = "python driver.py %O %A %B %P %%"
"*.log" = "git merge-file --union %A %O %B"
"*.lost" = "no-such-program %O %A %B"

[queue.regenerate]
"all.txt" = "sh -c 'cat shop/*.names > all.txt'"
"""
START = {"shop/one.names": "start\n", "shop/one.log": "", "shop/one.lost": "start\n",
         "plain.txt": "start\n", "all.txt": "start\n"}  # fmt: skip


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    config = project.file("main", ".accord/config.toml").decode() + CONFIG
    gitrepo.commit(project.top, {**START, "driver.py": DRIVER, ".accord/config.toml": config})
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def sides(project: Project, ours: gitrepo.Files, theirs: gitrepo.Files) -> tuple[str, str]:
    project.git("branch", "-f", "ours", "main")
    project.git("branch", "-f", "theirs", "main")
    return project.commit_on("ours", ours), project.commit_on("theirs", theirs)


def test_a_driver_joins_what_git_alone_cannot(project: Project, workshop: Workshop) -> None:
    ours, theirs = sides(
        project,
        {"shop/one.names": "start mine\n", "shop/one.log": "mine\n"},
        {"shop/one.names": "start yours\n", "shop/one.log": "yours\n", "shop/late.py": ""},
    )

    found = merged(workshop, ours, theirs).merge

    assert found.conflicts == ()
    assert set(found.resolved) == {"shop/one.names", "shop/one.log"}
    assert workshop.repo.read(found.tree, "shop/one.names") == b"start mine yours\n"
    assert workshop.repo.read(found.tree, "shop/one.log") == b"mine\nyours\n"
    assert workshop.repo.read(found.tree, "shop/late.py") == b""


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        ("shop/one.names", "start stubborn\n"),  # it says that it cannot
        ("shop/one.names", "start own\n"),  # it leaves our side alone, and drops the other
        ("shop/one.names", "start linked\n"),  # it leaves a link to another file of the machine
        ("shop/one.names", None),  # there is nothing on one side
        ("shop/one.log", "left out"),
        ("shop/one.lost", "start yours\n"),  # there is no such program
        ("plain.txt", "start yours\n"),  # no driver is named for it
    ],
)
def test_what_a_driver_does_not_join_as_both_sides_have_it_conflicts(
    project: Project, workshop: Workshop, path: str, theirs: str | None
) -> None:
    # A union of one line that both changed otherwise would keep a line that one took away.
    mine = "start mine\n"
    if theirs == "left out":
        gitrepo.commit(project.top, {path: "start\n"})
        theirs = "start yours\n"
    ours, other = sides(project, {path: mine}, {path: theirs})

    found = merged(workshop, ours, other).merge

    assert found.conflicts == (path,)
    assert found.resolved == ()


def test_no_driver_runs_where_another_conflict_stays(project: Project, workshop: Workshop) -> None:
    ours, theirs = sides(
        project,
        {"shop/one.names": "start mine\n", "plain.txt": "mine\n"},
        {"shop/one.names": "start yours\n", "plain.txt": "yours\n"},
    )
    assert set(merged(workshop, ours, theirs).merge.conflicts) == {"shop/one.names", "plain.txt"}


def test_tasks_land_as_the_driver_joined_them_and_the_range_holds_to_what_was_agreed(
    project: Project, workshop: Workshop
) -> None:
    first, _ = built(project, workshop, {
        "T1": {"shop/one.names": "start mine\n", "all.txt": "start mine\n"},
        "T2": {"shop/one.names": "start yours\n", "all.txt": "start yours\n"},
    })  # fmt: skip

    taken = landing.land_task(workshop, Land("guest", "T1", first.commit, first.tip))

    assert taken.detail == "landed with T2"
    assert load(workshop, "guest").landed == {"T1", "T2"}
    assert project.file("accord/guest", "shop/one.names") == b"start mine yours\n"
    # What a command writes from the other files comes after them.
    assert project.file("accord/guest", "all.txt") == b"start mine yours\n"
    project.git("checkout", "-q", "accord/guest")
    said = project.run("check", "--base", "main")
    assert said.exit == 0, said.out


@pytest.mark.parametrize("line", ["merge %O %B", "''"])
def test_a_driver_that_leaves_nothing_anywhere_is_refused(project: Project, line: str) -> None:
    config = project.file("main", ".accord/config.toml").decode()
    gitrepo.commit(project.top, {
        ".accord/config.toml": f'{config}\n[queue.drivers]\n"*.py" = "{line}"\n'})  # fmt: skip
    exit_code, said = project.refused("status")
    assert exit_code == 2
    assert 'queue.drivers."*.py" names no %A' in " ".join(said)


def test_doctor_says_which_driver_is_not_there(project: Project, workshop: Workshop) -> None:
    assert workshop.config.beside.drivers
    checks = {one["what"]: one for one in project.run("doctor", "--json").json["checks"]}
    assert checks["driver of *.lost"]["said"] == "no-such-program was not found"
    assert checks["driver of *.names"]["state"] == "good"
