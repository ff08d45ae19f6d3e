"""The queue over random histories: nothing is lost, and what lands is what was verified."""

import random
from collections.abc import Callable

import pytest
from attrs import define, evolve, field, frozen

from accord.core import queue as queues
from accord.core.queue import (
    Eject,
    Entry,
    Intent,
    Join,
    Joined,
    Land,
    Queue,
    Refuse,
    Verdict,
    Verify,
    Why,
)

Lines = frozenset[str]


@frozen
class Edit:
    """What one entry does to the lines of its files, made on `fork`."""

    fork: Lines
    adds: Lines
    removes: Lines


@define
class World:
    """A repository of lines, where some edits are broken, alone or beside others."""

    edits: dict[str, Edit]
    broken: set[str]
    pairs: set[tuple[str, str]]
    flaky: float
    chance: random.Random
    trees: dict[str, Lines] = field(factory=dict)
    runs: dict[tuple[str, str], int] = field(factory=dict)

    def commit(self, lines: Lines) -> str:
        name = "|".join(sorted(lines))
        self.trees[name] = lines
        return name

    def join(self, onto: str, entry: Entry) -> Joined:
        """Merge by lines; what both sides took out of one place is a conflict."""
        now, edit = self.trees[onto], self.edits[entry.id]
        gone = edit.removes - now
        merged = (now - edit.removes) | edit.adds
        name = self.commit(merged)
        return Joined(name, name, tuple(sorted(gone)))

    def is_bad(self, tree: str, command: str) -> bool:
        lines = self.trees[tree]
        mine = {f"broken {one}" for one in self.broken} & lines
        beside = any({f"new {one}", f"new {other}"} <= lines for one, other in self.pairs)
        return bool(mine) or (beside and command == "all")

    def verify(self, tree: str, command: str) -> Verdict:
        count = self.runs[tree, command] = self.runs.get((tree, command), 0) + 1
        if self.is_bad(tree, command):
            return Verdict.FAIL
        flake = count == 1 and self.chance.random() < self.flaky
        return Verdict.FAIL if flake else Verdict.PASS


def make(seed: int) -> tuple[World, Queue, Lines]:
    chance = random.Random(seed)  # noqa: S311 -- histories, not keys
    start = frozenset(f"old {n}" for n in range(chance.randint(1, 6)))
    names = [f"e{n}" for n in range(chance.randint(1, 9))]
    world = World({}, {one for one in names if chance.random() < 0.15}, set(),
                  chance.choice([0.0, 0.0, 0.3]), chance)  # fmt: skip
    if len(names) > 1 and chance.random() < 0.5:
        one, other = chance.sample(names, 2)
        world.pairs = {(one, other)}
    entries = []
    for name in names:
        removes = frozenset(one for one in start if chance.random() < 0.12)
        adds = {f"new {name}"} | ({f"broken {name}"} if name in world.broken else set())
        world.edits[name] = Edit(start, frozenset(adds), removes)
        entries.append(Entry(name, name, ("all",), tuple(sorted(removes))))
    base = world.commit(start)
    queue = Queue(base, base, tuple(entries), slots=chance.randint(1, 4),
                  failures=chance.choice([0.001, 0.02, 0.2]))  # fmt: skip
    return world, queue, start


def act(world: World, queue: Queue, intent: Intent) -> Queue:
    match intent:
        case Join(onto, entry):
            return queues.joined(queue, intent, world.join(onto, entry))
        case Verify(_, tree, commands):
            for command in commands:
                queue = queues.verified(queue, tree, command, world.verify(tree, command))
            return queue
        case Land():
            return queues.landed(queue, intent)
        case Eject(entry):
            return queues.ejected(queue, entry)
        case Refuse():
            return queues.refused(queue, intent)


def play(
    world: World, queue: Queue, check: Callable[[Queue, Intent], None] = lambda _, __: None
) -> Queue:
    """Do what the queue asks for, in random order and not always all of it, to the end."""
    for _ in range(2000):
        intents = queues.plan(queue)
        if not intents:
            return queue
        some = world.chance.sample(intents, world.chance.randint(1, len(intents)))
        for intent in some:
            if isinstance(intent, Land) and intent.onto != queue.base:
                continue
            check(queue, intent)
            queue = act(world, queue, intent)
    raise AssertionError("the queue does not come to an end")


@pytest.mark.parametrize("block", range(8))
def test_no_line_is_lost_and_only_verified_trees_land_over_random_histories(block: int) -> None:
    for seed in range(block * 400, block * 400 + 400):
        world, start_queue, start = make(seed)

        def check(queue: Queue, intent: Intent, world: World = world) -> None:
            if isinstance(intent, Land):
                assert Verdict.PASS in queue.runs[intent.tree, "all"]
                assert not world.is_bad(intent.tree, "all")
                assert world.trees[intent.commit] == world.trees[intent.tree]
            if isinstance(intent, Verify):
                count = sum(isinstance(one, Verify) for one in queues.plan(queue))
                assert count <= queue.slots

        end = play(world, start_queue, check)

        done = [one.id for one in end.landed]
        assert sorted([*done, *(one.entry.id for one in end.refused)]) == sorted(world.edits)
        expected = start
        for name in done:
            edit = world.edits[name]
            assert edit.removes <= expected, f"seed {seed}: a line was taken out twice"
            expected = (expected - edit.removes) | edit.adds
        assert world.trees[end.base] == expected, f"seed {seed}"


@pytest.mark.parametrize("block", range(4))
def test_whoever_is_refused_is_told_the_truth_about_why(block: int) -> None:
    for seed in range(10_000 + block * 250, 10_250 + block * 250):
        world, queue, _ = make(seed)

        end = play(world, queue)

        done = {one.id for one in end.landed}
        for one in end.refused:
            name = one.entry.id
            match one.why:
                case Why.BROKEN:
                    assert name in world.broken, f"seed {seed}"
                case Why.CONFLICT:
                    taken = {line for each in done for line in world.edits[each].removes}
                    assert taken & world.edits[name].removes, f"seed {seed}"
                    assert set(one.against) <= done
                    assert one.against, f"seed {seed}"
                case Why.INTERACTION:
                    mates = {pair for pair in world.pairs if name in pair}
                    assert any(set(one.against) & set(pair) for pair in mates), f"seed {seed}"
        assert not done & world.broken
        bad = {one.entry.id for one in end.refused if one.why is Why.BROKEN}
        assert bad == {name for name in world.broken if name in bad}


def alone(*names: str, slots: int = 2, broken: tuple[str, ...] = ()) -> tuple[World, Queue]:
    world = World({}, set(broken), set(), 0.0, make(0)[0].chance)
    start = frozenset({"old"})
    for name in names:
        adds = frozenset({f"new {name}", *([f"broken {name}"] if name in broken else [])})
        world.edits[name] = Edit(start, adds, frozenset())
    base = world.commit(start)
    entries = tuple(Entry(name, name, ("all",)) for name in names)
    return world, Queue(base, base, entries, slots=slots)


def test_a_batch_costs_one_run_and_lands_as_one() -> None:
    world, queue = alone("a", "b", "c", "d", slots=1)

    end = play(world, queue)

    assert [one.id for one in end.landed] == ["a", "b", "c", "d"]
    assert sum(world.runs.values()) == 1


def test_a_chain_is_verified_at_once_on_the_slots_that_there_are() -> None:
    world, queue = alone("a", "b", "c", "d", slots=4)
    queue = evolve(queue, failures=0.2)
    while all(isinstance(one, Join) for one in queues.plan(queue)):
        queue = act(world, queue, queues.plan(queue)[0])

    found = queues.plan(queue)

    assert [world.trees[one.tree] - {"old"} for one in found if isinstance(one, Verify)] == [
        {"new a"}, {"new a", "new b"}, {"new a", "new b", "new c"},
        {"new a", "new b", "new c", "new d"},
    ]  # fmt: skip


def test_the_good_ones_of_a_failed_batch_land_and_the_culprit_alone_is_refused() -> None:
    world, queue = alone(*"abcdefgh", slots=1, broken=("f",))

    end = play(world, queue)

    assert [one.id for one in end.landed] == list("abcdegh")
    assert [(one.entry.id, one.why) for one in end.refused] == [("f", Why.BROKEN)]
    assert sum(world.runs.values()) <= 10


def test_while_a_failure_is_looked_at_again_the_others_are_tried_without_it() -> None:
    world, queue = alone("bad", "a", "b", slots=2, broken=("bad",))
    queue = evolve(queue, failures=0.2)
    for _ in range(20):
        found = queues.plan(queue)
        asked = [world.trees[one.tree] - {"old"} for one in found if isinstance(one, Verify)]
        if {"new a"} in asked:
            break
        queue = act(world, queue, found[-1])

    assert asked == [{"new bad", "broken bad"}, {"new a"}]
    assert [one.id for one in play(world, queue).landed] == ["a", "b"]


def test_a_failure_that_is_not_repeated_is_a_flake_and_lands() -> None:
    world, queue = alone("a", slots=1)
    world.flaky = 1.0

    end = play(world, queue)

    assert [one.id for one in end.landed] == ["a"]
    assert queues.flakes(end) == ((end.base, "all"),)


def test_one_that_fails_beside_an_earlier_landing_is_told_apart_by_trying_both() -> None:
    world, queue = alone("a", "b", "c", "late", slots=1)
    world.pairs = {("b", "late")}
    world.edits["late"] = evolve(world.edits["late"], removes=frozenset())
    *before, late = queue.entries
    base = world.commit(frozenset({"old", *(f"new {one.id}" for one in before)}))
    for seen, why, against in ((tuple(before), Why.INTERACTION, ("b",)), ((), Why.BROKEN, ())):
        began = queue.base if seen else base
        now = evolve(queue, base=base, began=began, entries=(late,), landed=seen)

        end = play(world, now)

        assert [(one.why, one.against) for one in end.refused] == [(why, against)]


def test_who_landed_after_an_entry_had_failed_is_not_to_blame_for_it() -> None:
    world, queue = alone("a", "late", slots=1)
    world.pairs = {("a", "late")}
    a, late = queue.entries
    hand = world.commit(frozenset({"old", "new a"}))  # nobody's entry: the other's line by hand
    queue = queues.ejected(evolve(queue, base=hand, entries=(late,)), late)

    end = play(world, evolve(queue, landed=(a,)))

    assert [(one.why, one.against) for one in end.refused] == [(Why.INTERACTION, ())]


def test_of_two_where_the_later_holds_the_earlier_the_earlier_is_named() -> None:
    world, queue = alone("a", "b", "late", slots=1)
    world.pairs = {("a", "late")}
    *before, late = queue.entries
    world.edits["b"] = evolve(world.edits["b"], adds=frozenset({"new a", "new b"}))
    base = world.commit(frozenset({"old", "new a", "new b"}))

    (end,) = play(world, evolve(queue, base=base, entries=(late,), landed=tuple(before))).refused

    assert end.against == ("a",)


def test_only_so_many_of_those_that_landed_are_tried_and_first_those_on_the_same_files() -> None:
    names = [f"n{number}" for number in range(20)]
    world, queue = alone(*names, "late", slots=1)
    world.pairs = {("n3", "late")}
    *before, late = queue.entries
    base = world.commit(frozenset({"old", *(f"new {name}" for name in names)}))
    queue = evolve(queue, base=base, entries=(late,), landed=tuple(before))

    (end,) = play(world, queue).refused

    assert set(end.against) == set(names)  # each of the tried ones was in order
    tried = len(world.runs)
    before[3] = evolve(before[3], paths=("cart.py",))
    late = evolve(late, paths=("cart.py",))
    (end,) = play(world, evolve(queue, entries=(late,), landed=tuple(before))).refused
    assert end.against == ("n3",)
    assert tried <= queues.SUSPECTS + 2


def test_batches_shrink_when_entries_fail() -> None:
    _, queue = alone(*"abcdefgh", slots=1)

    assert queues.batch(evolve(queue, failures=0.001)) == 8
    assert queues.batch(evolve(queue, failures=0.06)) == 4
    assert queues.batch(evolve(queue, failures=0.1)) == 1


def test_a_branch_that_moved_meanwhile_takes_no_landing() -> None:
    _, queue = alone("a")

    with pytest.raises(ValueError, match="not at elsewhere"):
        queues.landed(queue, Land("elsewhere", "x", "x", ()))


def test_what_proves_nothing_lands_only_where_that_was_waived() -> None:
    world, queue = alone("a", slots=1)
    (entry,) = queue.entries
    for waived, why in ((("all",), ()), (("other",), (Why.BROKEN,))):
        now = evolve(queue, entries=(evolve(entry, waived=waived),))
        for _ in range(20):
            for intent in queues.plan(now):
                if isinstance(intent, Verify):
                    now = queues.verified(now, intent.tree, "all", Verdict.UNKNOWN)
                else:
                    now = act(world, now, intent)
        assert tuple(one.why for one in now.refused) == why
        assert len(now.landed) == (waived == ("all",))
