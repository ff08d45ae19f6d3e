"""What was built side by side lands as a chain: each tree that lands was verified, all at once."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from attrs import evolve

import gitrepo
from accord.app import clashing, evidence, landing, running, views, workplaces
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core.evidence import Run
from accord.core.orders import AgentChoice, AgentKind, AgentOrder
from accord.core.reconcile import Build
from accord.wiring.opening import open_workshop
from lining import HALVES, built
from project import Project

CART = "MINUTES = 60\n\n\ndef keep(cart):\n    return list(cart)\n"
LOCK = """\
import os
print(sorted(os.listdir("shop")), file=open("shop.lock", "w"))
if os.path.exists("shop/link.py"):
    os.remove("shop.lock")
    os.symlink("/etc/hostname", "shop.lock")
"""
CONFIG = """
[queue]
regenerate = { "shop.lock" = "python lock.py" }
"""


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    config = project.file("main", ".accord/config.toml").decode() + CONFIG
    files = {"tests/test_halves.py": HALVES, "lock.py": LOCK, ".accord/config.toml": config,
             "shop.lock": ""}  # fmt: skip
    gitrepo.commit(project.top, files, "Halves")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def test_tasks_built_side_by_side_land_with_one_move_to_a_tree_that_was_verified(
    project: Project, workshop: Workshop
) -> None:
    lands = built(
        project,
        workshop,
        {
            "T1": {"shop/cart.py": CART},
            "T2": {"shop/three.py": "A = 1\n"},
            "T3": {"shop/cart.py": CART.replace("60", "90")},
        },
    )
    before = len(workshop.journal.operations())

    taken = landing.land_task(workshop, lands[0])

    change = load(workshop, "guest")
    moves = [one for one in workshop.journal.operations() if one.verb == "land"]
    assert taken.accepted
    assert taken.detail == "landed with T2"
    assert change.landed == {"T1", "T2"}
    assert len(workshop.journal.operations()) - before == len(moves)
    for one in moves:
        ((_, new),) = one.refs.values()
        tree = workshop.repo.tree(new)
        line = evidence.command(workshop, change.tasks[0])
        assert workshop.journal.noted(evidence.verdict_key(workshop, tree, line))
    assert project.file("accord/guest", "shop/three.py") == b"A = 1\n"

    taken = landing.land_task(workshop, lands[2])

    assert not taken.accepted
    said = taken.detail
    assert said.startswith("it conflicts with T1, which landed before: shop/cart.py (see git diff ")
    assert f"guest/T3/set-aside-{lands[2].commit[:12]}" in project.ok("salvage", "guest").out


def test_a_task_that_fails_only_beside_another_is_set_aside_and_the_other_lands(
    project: Project, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, gitrepo.Files] = {
        "T1": {"shop/one.py": "ONE = 1\n"},
        "T2": {"shop/two.py": ""},
    }
    first, second = built(project, workshop, files)

    assert landing.land_task(workshop, first).detail == "landed"
    # The other one was tried beside it, twice, and left to its own turn.
    assert load(workshop, "guest").landed == {"T1"}
    assert running.built(workshop, load(workshop, "guest"), load(workshop, "guest").tasks[1])

    taken = landing.land_task(workshop, second)

    assert not taken.accepted
    assert taken.detail.startswith("with T1, which landed before: exit 1 ")
    change = load(workshop, "guest")
    assert change.landed == {"T1"}
    # Whoever builds it anew is shown what landed and what that is to do; the page shows both.
    told = clashing.told(workshop, "guest", "T2")
    assert "T1 landed before it, and stays. It is to do this:\nR1.1 WHEN the card is" in told
    assert "+++ shop/one.py" in told
    assert "+ONE = 1" in told
    assert "shop/two.py" not in told
    one, other = (each for each in views.show(workshop, change)["beside"] if "git diff" in each)
    assert one.startswith("T2: git diff ")
    assert second.commit[:12] in one
    assert first.commit[:12] in other
    assert "T1: git diff" in project.ok("show", "guest").out
    assert not clashing.told(workshop, "guest", "T1")

    robot = AgentChoice("robot", AgentKind.SCRIPTED, ("script.toml",))
    config = evolve(workshop.config, agents={"robot": robot}, stages={"default": "robot"})
    orders: list[AgentOrder] = []
    monkeypatch.setattr(running, "start", lambda _, order, __: orders.append(order))
    again = Build("guest", "T2", 2, change.keys["T2"], by_hand=False)
    running.begin_build(evolve(workshop, config=config), again, 1, "")
    assert "> It was not landed, with T1, which landed before: exit 1" in orders[0].prompt
    assert "> +ONE = 1" in orders[0].prompt

    clashing.forget(workshop, "guest", ["T2"])

    assert not clashing.told(workshop, "guest", "T2")
    assert not clashing.lines(workshop, change)


@pytest.mark.parametrize("link", [False, True])
def test_a_lockfile_that_alone_conflicts_is_written_anew_by_its_command(
    project: Project, workshop: Workshop, *, link: bool
) -> None:
    other = "link" if link else "b"
    files: dict[str, gitrepo.Files] = {
        "T1": {"shop/a.py": "", "shop.lock": "['a']\n"},
        "T2": {f"shop/{other}.py": "", "shop.lock": "['other']\n"},
    }
    first, second = built(project, workshop, files)

    taken = landing.land_task(workshop, first)

    if link:  # the command left a link to another file of the machine
        assert taken.detail == "landed"
        reason = "it conflicts with T1, which landed before: shop.lock "
        assert landing.land_task(workshop, second).detail.startswith(reason)
        return
    assert taken.detail == "landed with T2"
    lock = project.file("accord/guest", "shop.lock").decode()
    assert lock == "['__init__.py', 'a.py', 'b.py', 'cart.py']\n"
    # Git by itself makes something else of the two: the merge says which task it is part of.
    project.git("checkout", "-q", "accord/guest")
    said = project.run("check", "--base", "main")
    assert said.exit == 0, said.out


def test_one_that_is_built_while_others_are_verified_lands_with_them(
    project: Project, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = built(project, workshop, {
        "T1": {"shop/cart.py": CART}, "T2": {"shop/more.py": "MORE = 1\n"},
        "T3": {"shop/most.py": "MOST = 1\n"},
    })  # fmt: skip
    refs = {f"{workplaces.BUILT}/guest/{one.task}": one.commit for one in (second, third)}
    for ref, commit in refs.items():
        workshop.repo.move(ref, "", commit, "not built yet")
    assert landing.land_task(workshop, first).detail == "landed"
    late = f"{workplaces.BUILT}/guest/T3"
    workshop.repo.move(f"{workplaces.BUILT}/guest/T2", second.commit, "", "built")
    real, trees = evidence.verify, []

    def verify(workshop: Workshop, commit: str, command: str) -> Run:
        if not workshop.repo.resolve(late):
            workshop.repo.move(late, third.commit, "", "built")
        trees.append(workshop.repo.tree(commit))
        return real(workshop, commit, command)

    monkeypatch.setattr(evidence, "verify", verify)
    taken = landing.land_task(workshop, second)

    assert (taken.accepted, taken.detail) == (True, "landed with T3")
    change = load(workshop, "guest")
    assert set(change.landed) == {"T1", "T2", "T3"}
    assert workshop.repo.tree(change.found.tip) == trees[-1]
    assert landing.land_task(workshop, third).accepted
