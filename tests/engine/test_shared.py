"""What clones tell one another by the database that they share, beside who does what."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from attrs import define

from accord.agents import asked
from accord.agents.folder import folder_name
from accord.agents.spending import LEDGER, Entry, Ledger, Short
from accord.agents.usage import Usage
from accord.app import asking, radar, situations
from accord.app.changes import load
from accord.app.workplaces import WIP
from accord.app.workshop import Workshop
from accord.core.orders import Budget, Question
from accord.core.reconcile import Build
from accord.engine import watching
from accord.engine.crew import Crew
from accord.engine.drive import Event, _Drive, drive
from accord.engine.postgres import Connection, Database
from accord.engine.shared_journal import SharedJournal
from accord.errors import RefusedError
from accord.wiring import crewing
from accord.wiring.opening import open_workshop, with_agent
from machines import Machines, make_machines
from postgres import Server

GRAPH: dict[str, tuple[str, ...]] = dict.fromkeys(("T1", "T2", "T3", "T4", "T5"), ())
DAY = "day:2026-06-01"


@define
class Room:
    """Two clones that work beside one another, on a real server."""

    machines: Machines
    workshops: list[Workshop]
    crews: list[Crew]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Iterator[Room]:
    machines = make_machines(tmp_path, monkeypatch, server.url(), GRAPH, clones=2, seconds=300)
    with ExitStack() as stack:
        workshops, crews = [], []
        for clone in machines.clones:
            opened = with_agent(open_workshop(clone, lambda _: ""), script=str(machines.script))
            workshop = stack.enter_context(closing(opened))
            crew = crewing.open_crew(workshop, lambda *_: None, lasting=True, slots=2)
            stack.callback(crew.board.close)
            crew.board.join(crew.worker)
            crew.enter()
            stack.callback(crew.leave)
            workshops.append(workshop)
            crews.append(crew)
        yield Room(machines, workshops, crews)
        machines.kill()
        machines.end_agents()


def spend(workshop: Workshop, tokens: int, budget: Budget) -> int | Short:
    """Do what a gateway does for one request; return its number, or what keeps it back."""
    with closing(Ledger(workshop.state / LEDGER)) as ledger:
        most = Entry(Usage(input=tokens))
        found = ledger.hold("build/guest/T1/a/1/1", [(DAY, budget)], "m", most)
        if isinstance(found, int):
            ledger.settle(found, most)
        return found


def test_a_budget_counts_what_is_spent_on_all_machines(room: Room) -> None:
    one, other = room.workshops
    budget = Budget(tokens=150)
    assert isinstance(spend(one, 100, budget), int)
    for crew in room.crews:
        crew.beat()
    kept = spend(other, 100, budget)
    assert isinstance(kept, Short)
    assert (kept.spent, kept.limit) == (100, 150)
    assert isinstance(spend(other, 50, budget), int)
    for crew in (*room.crews, *room.crews):  # what was told once is not counted twice
        crew.beat()
    assert [each.purse.below(DAY)[DAY].tokens for each in room.workshops] == [150, 150]
    assert isinstance(spend(one, 1, budget), Short)


def test_what_an_agent_asks_on_one_machine_is_answered_from_any_clone(room: Room) -> None:
    one, other = room.workshops
    run_id = "build/guest/T1/abc/1/1"
    run = one.state / "runs" / folder_name(run_id)
    run.mkdir(parents=True)
    assert asked.ask(run, Question("Q#ab12", run_id, "guest/T1", "With \x1b[31m which card?"))
    room.crews[0].meet()

    found = situations.asked(other, load(other, "guest"))
    assert [(each.id, each.about) for each in found] == [("Q#ab12", "guest/T1")]
    said = room.machines.project.ok("answer", "guest", "Q#ab12", "The  red\none.").out
    assert "Q#ab12 answered: The red one." in said
    assert situations.asked(other, load(other, "guest")) == []

    assert asked.reply_to(run, "Q#ab12") is None
    room.crews[0].meet()
    reply = asked.reply_to(run, "Q#ab12")
    assert reply is not None
    assert reply.words == "The red one."
    # Whoever tries the same work next, on any machine, knows the answer from the start.
    assert [each.words for each in asking.replies(other, "guest/T1")] == ["The red one."]


def test_what_an_agent_asked_is_asked_no_more_when_its_attempt_is_over(room: Room) -> None:
    one, other = room.workshops
    run_id = "build/guest/T1/abc/1/1"
    run = one.state / "runs" / folder_name(run_id)
    run.mkdir(parents=True)
    asked.ask(run, Question("Q#ab12", run_id, "guest/T1", "Which card?"))
    room.crews[0].meet()
    assert asking.elsewhere(other, "guest")
    room.crews[1]._over("build/guest/T1/abc/1", "its worker was lost")
    assert asking.elsewhere(other, "guest") == ()


def test_a_look_asks_the_database_once_however_many_tasks_there_are(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = room.workshops
    other.journal.note("build/guest/T1/abc/1", {"accepted": False})
    steering = _Drive(one, (), lambda _: None, frozenset(), "", room.crews[0])
    count: list[object] = []
    within = Database.within

    def counted(database: Database, act: Callable[[Connection], object]) -> object:
        count.append(act)
        return within(database, act)

    monkeypatch.setattr(Database, "within", counted)
    steps = steering.look()
    assert len([step for step in steps if isinstance(step, Build)]) == len(GRAPH)
    assert len(count) == 1
    # What others note is seen by the next one, and what this clone notes at once.
    other.journal.note("failed/guest/T1", {"of": "x", "why": "y"})
    assert list(one.journal.noted("failed/")) == ["failed/guest/T1"]
    with one.journal.at_once():
        one.journal.note("failed/guest/T2", {"of": "x", "why": "z"})
        assert list(one.journal.noted("failed/")) == ["failed/guest/T1", "failed/guest/T2"]


def test_a_database_that_was_dropped_is_read_anew(room: Room, server: Server) -> None:
    one, other = room.workshops
    one.journal.note("took/guest/T1", {"seconds": 1})
    assert other.journal.noted("took/guest/")

    def drop(connection: Connection) -> None:
        connection.execute("DROP SCHEMA accord CASCADE")

    with closing(Database(server.url())) as database:
        database.within(drop)
    for each in room.workshops:
        assert isinstance(each.journal, SharedJournal)
        each.journal._database.close()
    room.crews[1].board.close()
    other.journal.note("took/guest/T2", {"seconds": 2})
    assert "took/guest/T2" in one.journal.noted("took/guest/")


def at_work(room: Room, number: int, task: str, text: bytes) -> None:
    """Have the clone `number` be at work on `task`, with `text` in its worktree so far."""
    crew, workshop = room.crews[number], room.workshops[number]
    steps = _Drive(workshop, (), lambda _: None, frozenset(), "", crew).look()
    step = next(one for one in steps if isinstance(one, Build) and one.task == task)
    assert crew.claim(step, ())
    crew.begin(step)
    tip = workshop.repo.resolve("refs/heads/accord/guest")
    workshop.journal.note(f"base/{step.id}", {"commit": tip})
    made = workshop.repo.commit(tip, {"shop/both.py": text}, "x", "Robin <robin@example.org>")
    workshop.repo.move(f"{WIP}/guest/{task}/{step.number}-1.0001", made, "", "snapshot")
    crew.keep_snapshots()


def test_one_machine_at_a_time_sees_what_collides_between_all_of_them(room: Room) -> None:
    one, other = room.crews
    at_work(room, 0, "T1", b"ONE = 1\n")
    at_work(room, 1, "T2", b"TWO = 2\n")
    other.meet()
    mine = radar.Radar(other.workshop)
    token = one.board.claim(one.worker.name, [watching.WATCH])
    assert watching.look(other, mine) == []
    one.board.drop(one.worker.name, {watching.WATCH: token})
    (found,) = watching.look(other, mine)
    assert {found.one, found.other} == {"guest T1", "guest T2"}
    # Told once, by whichever machine; shown by all.
    one.meet()
    assert watching.look(one, radar.Radar(one.workshop)) == []
    assert [each.kind for each in radar.seen(one.workshop)] == [found.kind]
    room.workshops[1].leash = one.workshop.leash
    assert "guest T1" in radar.untold(other.workshop, "guest", "T2")


def test_a_worker_of_another_version_begins_nothing_beside_one_that_lives(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = room.machines.clones[0]
    for crew in room.crews:
        crew.leave()
    room.machines.start(first)
    while len(room.machines.alive()) < 1:
        assert room.machines.running[first].poll() is None, room.machines.said_all()
        time.sleep(0.2)
    monkeypatch.setattr(crewing, "__version__", "9999.0")
    crew = crewing.open_crew(room.workshops[1], lambda *_: None, lasting=True, slots=2)
    said: list[Event] = []
    with closing(crew.board), pytest.raises(RefusedError, match="is at work on") as raised:
        drive(room.workshops[1], (), tell=said.append, crew=crew)
    assert "lets it finish what it began" in raised.value.hint
    assert (said, {place for _, place in room.machines.runs()}) == (
        [], {room.workshops[0].state.name}
    )  # fmt: skip
