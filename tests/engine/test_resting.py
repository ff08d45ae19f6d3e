"""What a worker reads again of the changes that wait, and how often it looks."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

import gitrepo
from accord.app.changes import Change
from accord.app.situations import situation
from accord.app.workshop import Workshop
from accord.core.model import Stage
from accord.core.reconcile import Draft, Step, Wait, next_steps
from accord.engine.admitting import Admitting
from accord.engine.resting import SHARE, Resting
from accord.wiring.opening import open_workshop, with_agent
from project import DOCUMENTS, Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = make_project(tmp_path, monkeypatch)
    for name in ("one", "two"):
        made.new("full", name)
        made.write("requirements.md", DOCUMENTS["story"][1], name)
    return made


DRAFT = Draft("goes", Stage.STORY, "0" * 64, 1)


class Looking:
    """Looks, and remembers which changes were read for it."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop, self.resting = workshop, Resting(workshop)
        self.read: list[str] = []

    def look(self) -> dict[str, tuple[Step, ...]]:
        self.read = []
        base = self.workshop.repo.resolve(self.workshop.base)

        def steps_of(change: Change) -> tuple[Step, ...]:
            self.read.append(change.name)
            return next_steps(situation(self.workshop, change), base)

        return self.resting.look(base, steps_of)[0]


@pytest.fixture
def looking(project: Project) -> Iterator[Looking]:
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        found = Looking(workshop)
        found.look()
        found.look()  # the first one laid out what it took to read them
        yield found


def test_what_waits_is_read_once_and_again_only_where_it_moved(
    project: Project, looking: Looking
) -> None:
    before = looking.look()
    assert looking.read == []
    assert [one.what for own in before.values() for one in own if isinstance(one, Wait)] == [
        "approve the story"
    ] * 2
    project.ok("approve", "two", "--yes")
    after = looking.look()
    assert looking.read == ["two"]
    assert after["one"] == before["one"]
    assert after["two"] != before["two"]
    project.write("requirements.md", DOCUMENTS["story"][1] + "\nMore.\n", "one")
    looking.look()
    assert looking.read == ["one"]


@pytest.mark.parametrize("key", ["failed/one/T1", "pause/one/T1", "asked/one/T1/Q1"])
def test_a_note_about_a_change_has_it_read_again(looking: Looking, key: str) -> None:
    looking.look()
    looking.workshop.journal.note(key, {"of": "build", "why": "in vain", "paused": True})
    looking.look()
    assert looking.read == ["one"]


def test_a_base_that_moved_and_another_day_have_all_read_again(
    project: Project, looking: Looking
) -> None:
    looking.look()
    gitrepo.commit(project.top, {"more.txt": "more\n"}, "More")
    looking.look()
    assert sorted(looking.read) == ["one", "two"]
    looking.look()
    assert looking.read == []

    class Tomorrow:
        def now(self) -> str:
            return "2999-01-01T00:00:00Z"

    looking.resting.workshop = evolve(looking.workshop, clock=Tomorrow())
    looking.look()
    assert sorted(looking.read) == ["one", "two"]


def test_what_can_go_on_is_read_each_time_and_handed_on(project: Project) -> None:
    project.new("full", "goes")
    script = project.root / "script.toml"
    script.write_text("")
    opened = open_workshop(project.top, lambda _: "")
    with closing(with_agent(opened, script=str(script))) as workshop:
        looking = Looking(workshop)
        for _ in range(3):
            looking.look()
        assert looking.read == ["goes"]
        _, changes = looking.resting.look(workshop.repo.resolve(workshop.base), lambda _: (DRAFT,))
    assert list(changes) == ["goes"]


def test_one_that_is_partly_built_and_waits_counts_as_begun_still(
    project: Project, looking: Looking
) -> None:
    project.approve_spec("built")
    looking.look()
    assert looking.resting.begun == frozenset()

    def steps_of(change: Change) -> tuple[Step, ...]:
        change.__dict__["landed"] = frozenset(["T1"])
        change.__dict__["tasks"] = (change.tasks[0], evolve(change.tasks[0], id="T2"))
        return (Wait(change.name, "build T2", "accord run"),)

    looking.resting.kept.pop("built")
    looking.resting.look(looking.workshop.repo.resolve(looking.workshop.base), steps_of)
    assert looking.resting.begun == {"built"}
    admitting = Admitting(looking.workshop)
    config = looking.workshop.config
    looking.workshop.config = evolve(config, beside=evolve(config.beside, under_way=1))
    found = admitting.choose([DRAFT], {}, (), 0.0, (), looking.resting.begun)
    assert found.held[DRAFT.id].startswith("1 change under way is the limit")


def test_a_change_that_is_gone_is_forgotten(project: Project, looking: Looking) -> None:
    project.git("branch", "-D", "accord/one")
    assert list(looking.look()) == ["two"]
    assert list(looking.resting.kept) == ["two"]


def test_the_longer_a_look_takes_the_less_often_it_is_looked_where_nothing_happens(
    looking: Looking,
) -> None:
    resting, waits = looking.resting, [Wait("one", "approve", "accord approve one")]
    resting.looked(waits, 0.2, 100.0)
    assert sum(resting.naps(5, 0, 100.0)) == 5, "what is new takes longer to look at"
    resting.looked(waits, 0.2, 130.0)
    assert sum(resting.naps(5, 60, 130.0)) == 5
    resting.looked(waits, 0.2, 170.0)
    naps = resting.naps(5, 60, 170.0)
    assert sum(naps) == pytest.approx(0.2 / SHARE)
    assert max(naps) <= 5, "it could not be ended meanwhile"
    resting.looked(waits, 0.001, 175.0)
    assert resting.naps(5, 60, 175.0) == [5]
    resting.looked([], 0.2, 180.0)
    assert sum(resting.naps(5, 60, 181.0)) == 5, "something was new just now"
