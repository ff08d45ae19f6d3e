"""Changes that are ready together are verified and land together, but for the culprit."""

from collections.abc import Iterator
from contextlib import closing

import pytest

import gitrepo
from accord.app import clashing, evidence, releasing, views
from accord.app.changes import load, released
from accord.app.workshop import Workshop
from accord.core.reconcile import Release
from accord.wiring.opening import open_workshop
from project import Project

HALVES = """\
import os
import unittest


class Halves(unittest.TestCase):
    def test_not_both(self):
        self.assertFalse(os.path.exists("shop/one.py") and os.path.exists("shop/late.py"))

    def test_not_worse(self):
        self.assertFalse(os.path.exists("shop/worse.py") and os.path.exists("shop/base.py"))
"""


def ready(project: Project, change: str, files: gitrepo.Files) -> None:
    """Bring a trivial change to where only its release is left."""
    project.new("trivial", change)
    assert project.build(change, files).exit == 0
    project.ok("approve", change, "--yes")


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    config = project.file("main", ".accord/config.toml").decode()
    files = {".accord/config.toml": f"{config}\n[queue]\nslots = 4\n",
             "tests/test_halves.py": HALVES}  # fmt: skip
    gitrepo.commit(project.top, files, "Configure")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def test_those_that_are_ready_land_with_one_move_to_a_tree_that_was_verified(
    project: Project, workshop: Workshop
) -> None:
    for name in ("one", "two", "three"):
        ready(project, name, {f"shop/{name}.py": "A = 1\n"})
    ready(project, "worse", {"shop/two.py": "A = 3\n"})

    along = ("gone", "two", "worse", "three")
    taken = releasing.release(workshop, Release("one", "", "", along))

    now = workshop.repo.resolve(workshop.base)
    assert taken.accepted
    assert taken.detail == f"on main as {now[:12]} with two, three"
    assert released(workshop) == ("one", "three", "two")
    moves = [one for one in workshop.journal.operations() if one.verb == "release" and one.refs]
    assert moves[0].refs[workshop.base][1] == now
    for move in moves:
        tree = workshop.repo.tree(move.refs[workshop.base][1])
        line = evidence.command(workshop, load(workshop, "worse").tasks[0])
        assert (tree, line) in workshop.proved
    assert len(moves) < 3
    for name in ("one", "two", "three"):
        assert project.file("main", f"shop/{name}.py") == b"A = 1\n"
        assert f"accord/{name}" not in " ".join(project.refs())
        assert "release" in project.ok("log", name).out

    taken = releasing.release(workshop, Release("worse", "", ""))

    assert not taken.accepted
    assert taken.detail.startswith("worse conflicts with main in shop/two.py; ")


def test_to_undo_one_that_landed_with_others_takes_all_of_them_back(
    project: Project, workshop: Workshop
) -> None:
    ready(project, "one", {"shop/one.py": "A = 1\n"})
    ready(project, "two", {"shop/two.py": "A = 2\n"})
    before = project.refs()
    assert releasing.release(workshop, Release("one", "", "", ("two",))).accepted
    assert released(workshop) == ("one", "two")

    said = project.ok("undo", "two").out

    assert "release one" in said
    assert "with it two" in said
    after = project.refs()
    assert {name: after.get(name) for name in before if "/tasks/" not in name} == {
        name: oid for name, oid in before.items() if "/tasks/" not in name
    }
    assert released(workshop) == ()


def test_the_others_land_where_the_one_that_was_asked_for_fails_by_itself(
    project: Project, workshop: Workshop
) -> None:
    names = ("worse", "one", "two")
    for name in names:
        ready(project, name, {f"shop/{name}.py": "A = 1\n"})
    gitrepo.commit(project.top, {"shop/base.py": ""}, "By hand")

    taken = releasing.release(workshop, Release("worse", "", "", ("one", "two")))

    assert not taken.accepted
    assert taken.detail.startswith("on top of main: exit 1 ")
    assert released(workshop) == ("one", "two")


def test_both_owners_are_shown_what_does_not_go_together_once_one_of_them_landed(
    project: Project, workshop: Workshop
) -> None:
    for name in ("two", "one", "late"):
        ready(project, name, {f"shop/{name}.py": f"A = '{name}'\n"})
    one = load(workshop, "one")
    landed = f"git diff {one.fork[:12]} {one.found.tip[:12]}"

    assert releasing.release(workshop, Release("two", "", "", ("one",))).accepted
    taken = releasing.release(workshop, Release("late", "", ""))

    late = load(workshop, "late")
    own = f"git diff {late.fork[:12]} {late.found.tip[:12]}"
    assert not taken.accepted
    assert taken.detail.startswith("with one, which landed before: exit 1 ")
    assert taken.detail.endswith(f"(see {landed}; {own})")
    shown = views.show(workshop, late)["beside"]
    assert any(line.startswith(f"one: {landed}; Keep the cart of a guest") for line in shown)
    assert any(own in line for line in shown)
    (told,) = [each for each in workshop.journal.operations(change="one") if each.verb == "clash"]
    assert own in told.detail
    assert "late does not go with it" in " ".join(project.ok("log", "one").out.split())
    assert "one: git diff" in project.ok("show", "late").out
    # Two landed with it and is not the culprit.
    assert not [each for each in workshop.journal.operations(change="two")
                if each.verb == "clash"]  # fmt: skip
    sides = clashing.changes_since(workshop, workshop.repo.resolve(workshop.base), late.fork)
    assert [side.name for side in sides] == ["two", "one"]


def test_what_changed_while_it_was_taken_along_keeps_nobody_else_from_landing(
    project: Project, workshop: Workshop
) -> None:
    ready(project, "one", {"shop/one.py": "A = 1\n"})
    ready(project, "two", {"shop/two.py": "A = 2\n"})
    batch = releasing._behind(workshop, ["two"])
    gitrepo.run(project.top, "update-ref", "refs/heads/accord/two", "accord/one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releasing, "_behind", lambda _, names: batch if names else {})

        taken = releasing.release(workshop, Release("one", "", "", ("two",)))

    assert taken.accepted
    assert released(workshop) == ("one",)
