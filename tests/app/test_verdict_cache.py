"""A verdict is asked for once by tree, command and surroundings, and again where one is another."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest
from attrs import define, evolve

import gitrepo
from accord.app import evidence, landing
from accord.app.changes import load
from accord.app.config import Config
from accord.app.workshop import Workshop
from accord.core.evidence import Result
from accord.core.ports import CommandRun, Walls
from accord.core.reconcile import Land
from accord.sandbox.none import NoSandbox
from accord.wiring.opening import open_workshop
from lining import built
from project import VERIFY, Project

REF = "refs/heads/accord/guest"


@define
class Counting:
    """Runs commands as they are and counts them; `level` is what it says of its walls."""

    level: int = 3
    gaps: tuple[str, ...] = ()
    count: int = 0

    def prefix(self, walls: Walls) -> tuple[str, ...]:
        return NoSandbox().prefix(walls)

    def run(self, command: Sequence[str], walls: Walls, timeout_s: float) -> CommandRun:
        self.count += 1
        return NoSandbox().run(command, walls, timeout_s)


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


@pytest.fixture
def box(workshop: Workshop) -> Counting:
    made = Counting()
    workshop.sandbox = lambda: made
    return made


@pytest.fixture
def land(project: Project, workshop: Workshop, box: Counting) -> Land:
    (found,) = built(project, workshop, {"T1": {"shop/a.py": "A = 1\n"}})
    assert box.count == 1
    return found


def runs(workshop: Workshop, land: Land, box: Counting) -> int:
    """Land the task from where the change was before; return how many runs that took."""
    before, tip = box.count, workshop.repo.resolve(REF)
    if load(workshop, "guest").landed:
        workshop.repo.move(REF, land.tip, tip, "again")
    assert landing.land_task(workshop, land).detail == "landed"
    assert load(workshop, "guest").landed == {"T1"}
    return box.count - before


def other_path(_: Workshop, __: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}/another/one")


def other_walls(_: Workshop, box: Counting, __: pytest.MonkeyPatch) -> None:
    box.level = 2


def configured(
    change: Callable[[Config], Config],
) -> Callable[[Workshop, Counting, pytest.MonkeyPatch], None]:
    def use(workshop: Workshop, _: Counting, __: pytest.MonkeyPatch) -> None:
        workshop.config = change(workshop.config)

    return use


OTHERS = {
    "PATH": other_path,
    "the level of the box": other_walls,
    "what a box may read": configured(lambda one: evolve(one, reads=("/another/one",))),
    "the variables": configured(
        lambda one: evolve(one, environment=evolve(one.environment, variables={"MODE": "two"}))
    ),
    "the network": configured(lambda one: evolve(one, network=True)),
    "the reports": configured(lambda one: evolve(one, reports=("another.xml",))),
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_same_tree_is_run_again_only_where_what_surrounds_it_is_another(
    workshop: Workshop, box: Counting, land: Land, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    assert runs(workshop, land, box) == 0  # it was verified as it was built
    assert runs(workshop, land, box) == 0

    OTHERS[what](workshop, box, monkeypatch)

    assert runs(workshop, land, box) == 1
    assert runs(workshop, land, box) == 0


def test_another_set_up_is_run_with_the_command(
    workshop: Workshop, box: Counting, land: Land
) -> None:
    setup = evolve(workshop.config.environment, setup="python -c pass")
    workshop.config = evolve(workshop.config, environment=setup)
    assert runs(workshop, land, box) == 2  # the set-up is a run of its own
    assert runs(workshop, land, box) == 0


def test_what_failed_is_no_verdict_to_keep(
    project: Project, workshop: Workshop, box: Counting
) -> None:
    worse = project.file("main", "tests/test_cart.py").replace(b"[1]), [1]", b"[1]), [2]")
    tip = gitrepo.commit(project.top, {"tests/test_cart.py": worse})
    for number in (1, 2):
        assert evidence.verify(workshop, tip, VERIFY).result is Result.FAIL
        assert box.count == number
    key = evidence.verdict_key(workshop, workshop.repo.tree(tip), VERIFY)
    assert not workshop.journal.noted(key)


def test_another_tree_command_or_limit_has_a_verdict_of_its_own(workshop: Workshop) -> None:
    keys = {evidence.verdict_key(workshop, tree, line) for tree in ("a", "b") for line in ("", "x")}
    policy = evolve(workshop.config.policy, verify_timeout_s=60)
    workshop.config = evolve(workshop.config, policy=policy)
    keys.add(evidence.verdict_key(workshop, "a", "x"))
    assert len(keys) == 5
