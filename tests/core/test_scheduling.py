import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import scheduling
from accord.core.model import ItemKind, Place, Task
from accord.core.scheduling import Candidate, Limits, Running, admit

FREE = Limits(agents=8, under_way=8)


def task(name: str, *touches: str, after: tuple[str, ...] = ()) -> Task:
    place = Place("tasks.md", 0, 0, 1)
    return Task(name, ItemKind.TASK, place, name, "", touches=touches, after=after)


def ids(wanted: list[Candidate], running: list[Running], limits: Limits = FREE) -> list[str]:
    return [one.id for one in admit(wanted, running, limits).started]


def test_the_task_that_begins_the_longest_path_starts_first() -> None:
    tasks = [task("T1"), task("T2"), task("T3", after=("T2",)), task("T4", after=("T3",))]
    ranks = scheduling.ranks(tasks, (), 10)

    wanted = [Candidate(one.id, "a", ranks[one.id]) for one in tasks[:2]]

    assert ranks == {"T1": 10, "T2": 30, "T3": 20, "T4": 10}
    assert ids(wanted, [], Limits(1, 8)) == ["T2"]
    assert scheduling.ranks(tasks, {"T2", "T3"}, 10) == {"T1": 10, "T4": 10}


def test_tasks_that_wait_for_each_other_end_no_run() -> None:
    tasks = [task("T1", after=("T2",)), task("T2", after=("T1",))]

    assert scheduling.ranks(tasks, (), 10) == {"T1": 10, "T2": 10}


def test_whoever_waits_long_enough_goes_before_a_longer_path() -> None:
    wanted = [Candidate("long", "a", rank=900), Candidate("old", "b", rank=100, waited=801)]

    assert ids(wanted, [], Limits(1, 8)) == ["old"]
    assert ids([wanted[0], evolve(wanted[1], waited=799)], [], Limits(1, 8)) == ["long"]


def test_a_serial_resource_is_leased_to_one_task_at_a_time_across_changes() -> None:
    serial = {"migrations": ("**/migrations/**",), "lockfile": ("uv.lock",)}
    leases = scheduling.leases(("shop/migrations/*.py",), serial)
    wanted = [Candidate(one, one, leases=leases) for one in ("a", "b")]

    assert leases == {"migrations"}
    assert ids(wanted, []) == ["a"]
    assert admit(wanted, [], FREE).held == {"b": "a has migrations"}
    built = Running("c T1", "c", leases=leases, working=False)
    assert ids(wanted, [built]) == []
    assert scheduling.leases(("**",), serial) == frozenset()


def test_a_task_on_the_same_files_waits_only_for_one_that_is_nearly_done() -> None:
    late = Candidate("late", "a", length=600, touches=("src/**",))

    assert ids([late], [Running("x", "b", 500, ("src/cart.py",))]) == ["late"]
    assert ids([late], [Running("x", "b", 60, ("src/cart.py",))]) == []
    assert ids([late], [Running("x", "b", 60, ("docs/**",))]) == ["late"]
    # Nobody waits longer than the conflict would cost.
    assert ids([evolve(late, waited=200)], [Running("x", "b", 60, ("src/cart.py",))]) == ["late"]


def test_what_waits_for_a_person_keeps_new_changes_from_starting_and_no_begun_one() -> None:
    limits = Limits(agents=8, under_way=2)
    wanted = [Candidate("new", "new"), Candidate("more", "begun")]

    found = admit(wanted, [], limits, under_way=("begun", "asks"))

    assert [one.id for one in found.started] == ["more"]
    assert found.held["new"].startswith("2 changes under way is the limit")


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"), st.floats(0, 1e4), st.floats(0, 1e4),
            st.sampled_from(["src/a", "src/**", "docs/**"]), st.sets(st.sampled_from("xy")),
        ),
        min_size=1, max_size=12,
    ),
    st.integers(1, 4), st.integers(1, 4),
)  # fmt: skip
def test_something_always_starts_and_no_limit_is_passed(
    facts: list[tuple[str, float, float, str, set[str]]], agents: int, under_way: int
) -> None:
    wanted = [
        Candidate(f"{number}", change, rank, rank, waited, (path,), frozenset(held))
        for number, (change, rank, waited, path, held) in enumerate(facts)
    ]

    found = admit(wanted, [], Limits(agents, under_way))

    assert found.started
    assert len(found.started) <= agents
    assert len({one.change for one in found.started}) <= under_way
    taken = [name for one in found.started for name in one.leases]
    assert len(taken) == len(set(taken))
    assert {one.id for one in found.started} | set(found.held) == {one.id for one in wanted}


@pytest.mark.parametrize(
    ("tasks", "pairs"),
    [
        ([task("T1", "src/a.py"), task("T2", "src/**")], [("T1", "T2")]),
        ([task("T1", "src/a.py"), task("T2", "src/**", after=("T1",))], []),
        (
            [task("T1", "src/**"), task("T2", after=("T1",)), task("T3", "src/**", after=("T2",))],
            [],
        ),
        ([task("T1", "src/**"), task("T2", "docs/**")], []),
    ],
)
def test_an_overlap_is_two_tasks_on_the_same_files_without_an_order(
    tasks: list[Task], pairs: list[tuple[str, str]]
) -> None:
    assert [(one.one, one.other) for one in scheduling.overlaps(tasks)] == pairs


def test_tasks_of_two_changes_overlap_where_they_claim_the_same_files() -> None:
    ours = [task("T1", "src/a.py"), task("T2", "docs/**"), task("T3", "**")]
    others = {"tax": [task("T1", "src/**"), task("T2", "**")], "mail": [task("T1", "mail/**")]}

    found = scheduling.across(ours, others)

    assert [(name, one.one, one.other) for name, one in found] == [("tax", "T1", "T1")]
    assert found[0][1].patterns == (("src/a.py", "src/**"),)
