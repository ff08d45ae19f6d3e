"""What one clone does so that nothing is done twice: claims, looks again, brings, gives up."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import gitrepo
from accord.app import workplaces
from accord.app.changes import TRAILER, Change, load, load_each, trailer
from accord.app.running import Taken
from accord.app.travelling import Travel
from accord.app.workshop import Workshop
from accord.core import leases
from accord.core.leases import Worker
from accord.core.reconcile import Action, Build, Land, Release
from accord.engine import resting
from accord.engine.board import MemoryBoard
from accord.engine.crew import MOST_LOST, Crew
from accord.engine.drive import _Drive
from accord.errors import ConflictError
from accord.git.remotes import GitRemote
from accord.git.run import Git
from accord.wiring.opening import open_workshop, with_agent
from machines import Machines, make_machines

GRAPH: dict[str, tuple[str, ...]] = {"T1": (), "T2": ()}
BRANCH, TASK = "refs/heads/accord/guest", "refs/accord/tasks/guest/T1"


class Room:
    """Two clones, each with a crew, on a board in memory whose time is told."""

    def __init__(self, machines: Machines, stack: ExitStack) -> None:
        self.machines, self.at = machines, 1000.0
        board = MemoryBoard(lambda: self.at)
        self.said: list[str] = []
        self.crews = [self._crew(stack, clone, board) for clone in machines.clones]

    def _crew(self, stack: ExitStack, clone: Path, board: MemoryBoard) -> Crew:
        opened = open_workshop(clone, lambda _: "")
        workshop = stack.enter_context(
            closing(with_agent(opened, script=str(self.machines.script)))
        )
        remote = GitRemote(Git(clone / ".git"), "origin", "refs/heads/main")
        travel = Travel(workshop, remote, yields=True, say=lambda *words: self.said.extend(words))
        worker = Worker(clone.name, clone.name, 2, "1.0")
        crew = Crew(workshop, board, travel, remote, worker, lasting=True, poll_s=0.0)
        board.join(worker)
        crew.enter()
        return crew


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    machines = make_machines(tmp_path, monkeypatch, "", GRAPH, clones=2)
    monkeypatch.delenv("ACCORD_DATABASE_URL")
    with ExitStack() as stack:
        yield Room(machines, stack)


def drive_of(crew: Crew) -> _Drive:
    return _Drive(crew.workshop, (), lambda _: None, frozenset(), "", crew)


def build(crew: Crew, task: str = "T1") -> Build:
    """Return the step that builds `task` as this clone sees it."""
    return next(one for one in drive_of(crew).look()
                if isinstance(one, Build) and one.task == task)  # fmt: skip


def built(workshop: Workshop, step: Build) -> str:
    """Make in this clone what the build of `step` would end in; return its commit."""
    change = load(workshop, step.change)
    value = trailer(step.change, step.task, change.keys[step.task])
    commit = workshop.repo.commit(
        change.found.tip, {f"shop/{step.task.lower()}.py": b"NAME = 1\n"},
        f"Build\n\n{TRAILER}: {value}\n", "Robin <robin@example.org>",
    )  # fmt: skip
    ref = f"{workplaces.BUILT}/{step.change}/{step.task}"
    workshop.repo.move(ref, commit, workshop.repo.resolve(ref), "build")
    return commit


def parted(crew: Crew, about: str) -> dict[str, str]:
    """Return what was kept of a branch or a task because the remote had something else."""
    prefix = f"refs/accord/wip/{about}/"
    found = crew.workshop.repo.refs(prefix)
    return {ref: one for ref, one in found.items() if ref.startswith(f"{prefix}parted-")}


def begun(crew: Crew, step: Action) -> None:
    assert crew.claim(step, ())
    crew.begin(step)


def test_what_another_built_since_it_was_looked_is_not_begun(room: Room) -> None:
    one, other = room.crews
    drive = drive_of(one)
    seen = drive.look()
    step = build(other)
    begun(other, step)
    built(other.workshop, step)
    assert other.publish(step, Taken(True, "built")).accepted
    other.forget(step)

    started = drive._begun(seen, 0.0)
    assert [each.subject for each in started if isinstance(each, Build)] == ["T2"]
    assert step.id not in one.held


def test_what_is_brought_without_a_lease_does_not_count_and_is_not_on_the_remote(
    room: Room,
) -> None:
    one, other = room.crews
    step = build(one)
    begun(one, step)
    built(one.workshop, step)
    room.at += leases.LASTS_S + 1
    taken = one.publish(step, Taken(True, "built"))

    assert not taken.accepted
    assert one.is_undone(step)
    other.meet()
    assert TASK not in other.remote.far()
    # It is kept in its clone, and nothing there lands it.
    one.forget(step)
    one.meet()
    assert one.workshop.repo.resolve(TASK) == ""
    assert parted(one, "guest/T1")


def test_a_lost_attempt_is_over_for_all_and_the_next_one_is_had_once(room: Room) -> None:
    one, other = room.crews
    step = build(one)
    begun(one, step)
    assert not other.claim(step, ())
    room.at += leases.LASTS_S + 1
    other.meet()
    note = other.workshop.journal.noted(step.id)[step.id]
    assert (note["accepted"], note["lost"]) == (False, True)
    again = build(other)
    assert again.number == step.number + 1
    assert other.claim(again, ())
    one.beat()
    assert "lost its lease" in one.ended
    assert not one.may(step)


def test_what_failed_for_want_of_room_is_anybodys_to_try_and_ends_this_worker(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = room.crews
    step = build(one)
    begun(one, step)
    failed: dict[str, object] = {"accepted": False, "detail": "git failed", "exit_code": 70}
    monkeypatch.setattr("accord.app.room.is_full", lambda _: True)
    drive_of(one)._finished(step, failed)
    assert "no room on its disk" in one.ended
    assert one.failed("guest") == {}
    monkeypatch.setattr("accord.app.room.is_full", lambda _: False)
    drive_of(one)._finished(step, failed)
    assert list(one.failed("guest")) == ["T1"]


def test_work_that_takes_every_worker_down_waits_for_a_person(room: Room) -> None:
    _, other = room.crews
    for _ in range(MOST_LOST):
        assert other.claim(build(other), ())
        other.held.clear()
        room.at += leases.LASTS_S + 1
        other.meet()
    steps = drive_of(other).look()
    assert not [one for one in steps if isinstance(one, Build) and one.task == "T1"]
    other.ask_again(["guest"])
    assert build(other).number == MOST_LOST + 1


def test_one_task_at_a_time_has_a_serial_resource_over_all_machines(room: Room) -> None:
    one, other = room.crews
    first, second = build(one), build(other, "T2")
    assert one.claim(first, {"lockfile"})
    assert not other.claim(second, {"lockfile"})
    one.forget(first)
    assert other.claim(second, {"lockfile"})


def test_a_clone_that_is_back_has_its_attempt_and_its_serial_resource_again(room: Room) -> None:
    one, other = room.crews
    first, second = build(one), build(other, "T2")
    assert one.claim(first, {"lockfile"})
    again = Crew(one.workshop, one.board, one.travel, one.remote, one.worker, lasting=True)
    again.enter()
    assert not other.claim(second, {"lockfile"})
    assert not other.claim(first, ())
    again.settle_waiting({first.id})
    assert again.claim(first, {"lockfile"})
    again.forget(first)
    assert other.claim(second, {"lockfile"})


def test_a_clone_that_is_back_gives_up_what_is_no_longer_to_be_done(room: Room) -> None:
    one, other = room.crews
    first, second = build(one), build(other, "T2")
    assert one.claim(first, {"lockfile"})
    again = Crew(one.workshop, one.board, one.travel, one.remote, one.worker, lasting=True)
    again.enter()
    again.settle_waiting(())
    assert again.held == {}
    assert other.claim(second, {"lockfile"})


def test_of_two_landings_on_one_branch_the_later_is_looked_at_again(room: Room) -> None:
    one, other = room.crews
    step = build(one)
    begun(one, step)
    commit = built(one.workshop, step)
    assert one.publish(step, Taken(True, "built")).accepted
    one.forget(step)
    tip = one.workshop.repo.resolve(BRANCH)
    land = Land("guest", "T1", commit, tip)
    begun(one, land)
    assert not other.claim(land, ())
    # A person pushes to it while it is verified; what landed here alone is kept and gives way.
    top = room.machines.project.top
    room.machines.project.git("switch", "-q", "accord/guest")
    pushed = gitrepo.commit(top, {"notes.txt": "x\n"}, "Note")
    room.machines.project.git("push", "-q", "origin", "accord/guest")
    one.workshop.repo.move(BRANCH, commit, tip, "land")
    assert not one.publish(land, Taken(True, "landed")).accepted
    one.forget(land)
    one.meet()
    assert one.workshop.repo.resolve(BRANCH) == pushed
    assert list(parted(one, "guest").values()) == [commit]
    assert any("parted from the remote" in words for words in room.said)


def test_what_only_this_clone_has_of_a_branch_is_brought_to_the_remote(room: Room) -> None:
    one, other = room.crews
    tip = one.workshop.repo.resolve(BRANCH)
    ahead = one.workshop.repo.commit(tip, {"a": b"1"}, "Ahead", "Robin <robin@example.org>")
    one.workshop.repo.move(BRANCH, ahead, tip, "test")
    one.meet()
    other.meet()
    assert other.workshop.repo.resolve(BRANCH) == ahead


def test_a_persons_branch_that_parted_is_told_and_stays(room: Room) -> None:
    one, other = room.crews
    one.travel.yields = False
    tip = one.workshop.repo.resolve(BRANCH)
    tips = [
        each.workshop.repo.commit(tip, {"a": name}, "Part", "Robin <robin@example.org>")
        for each, name in ((one, b"1"), (other, b"2"))
    ]
    other.workshop.repo.move(BRANCH, tips[1], tip, "test")
    other.meet()
    one.workshop.repo.move(BRANCH, tips[0], tip, "test")
    with pytest.raises(ConflictError, match="accord/guest here and on the remote have parted"):
        one.meet()
    assert one.workshop.repo.resolve(BRANCH) == tips[0]


@pytest.mark.parametrize("yields", [True, False])
def test_a_branch_that_the_remote_has_no_more_is_never_lost(room: Room, *, yields: bool) -> None:
    one, _ = room.crews
    one.travel.yields = yields
    tip = one.workshop.repo.resolve(BRANCH)
    gitrepo.run(room.machines.hub, "update-ref", "-d", BRANCH)
    one.meet()
    kept = list(parted(one, "guest").values())
    assert (one.workshop.repo.resolve(BRANCH), kept) == (("", [tip]) if yields else (tip, []))


def test_what_a_person_built_before_there_were_others_stays(room: Room) -> None:
    one, _ = room.crews
    one.travel.yields = False
    commit = built(one.workshop, build(one))
    one.meet()
    assert one.workshop.repo.resolve(TASK) == commit


def test_a_worker_opens_anew_when_the_rules_on_the_base_change(room: Room) -> None:
    one, _ = room.crews
    project = room.machines.project
    config = project.file("main", ".accord/config.toml").decode()
    gitrepo.commit(project.top, {"README.md": "x\n"}, "Say more")
    project.git("push", "-q", "origin", "main")
    one.meet()
    renewing = [one.renewing]
    gitrepo.commit(project.top, {".accord/config.toml": f"{config}\n# more\n"}, "Configure")
    project.git("push", "-q", "origin", "main")
    one.meet()
    assert [*renewing, one.renewing] == [False, True]
    assert one.draining


def test_a_release_waits_until_the_base_here_is_that_of_the_remote(room: Room) -> None:
    one, _ = room.crews
    step = Release("guest", one.workshop.repo.resolve(BRANCH))
    assert one.claim(step, ())
    one.forget(step)
    base = one.workshop.repo.resolve("refs/heads/main")
    more = one.workshop.repo.commit(base, {"a": b"1"}, "Alone", "Robin <robin@example.org>")
    one.workshop.repo.move("refs/heads/main", more, base, "test")
    one.meet()
    assert not one.claim(step, ())
    assert any("git push" in words for words in room.said)


def test_a_worker_that_cannot_renew_in_time_ends(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = room.crews
    step = build(one)
    begun(one, step)

    def away(*_: object) -> None:
        raise ConflictError("the database cannot be reached")

    monkeypatch.setattr(one, "board", board_that(one, away))
    one.beat()
    assert one.ended == ""
    one.renewed = time.monotonic() - leases.TRUST_S - 1
    one.beat()
    assert "could not renew its leases" in one.ended
    assert step.id not in one.held


def board_that(crew: Crew, act: Callable[..., None]) -> MemoryBoard:
    """Return a board that does `act` in the place of everything."""
    board = MemoryBoard(lambda: 0.0)
    board.join = board.renew = act  # type: ignore[method-assign, assignment] # as said
    return board


def test_a_worker_does_not_read_again_what_waits_until_it_moves(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = room.crews[0]
    for name in GRAPH:
        crew.note_failed(build(crew, name), "in vain")
    steering = drive_of(crew)
    first = steering.look()
    steering.look()  # the first one may lay out what it took
    read: list[str] = []

    def reading(workshop: Workshop, only: Collection[str]) -> Iterator[Change]:
        read.extend(only)
        return load_each(workshop, only)

    monkeypatch.setattr(resting, "load_each", reading)
    assert steering.look() == first
    assert steering.names == ("guest",)
    assert read == []
    crew.ask_again(["guest"])
    assert {type(one) for one in steering.look()} == {Build}
    assert read == ["guest"]
