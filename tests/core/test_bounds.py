"""The least time that tasks can take, by each of its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.bounds import Means, least
from accord.core.model import ItemKind, Place, Task


def task(name: str, *touches: str, after: tuple[str, ...] = ()) -> Task:
    place = Place("tasks.md", 0, 0, 1)
    return Task(name, ItemKind.TASK, place, name, "", touches=touches, after=after)


CHAIN = [task("T1"), task("T2", after=("T1",)), task("T3", after=("T2",)), task("T4")]
LENGTHS = {"T1": 10.0, "T2": 20.0, "T3": 30.0, "T4": 15.0}


@pytest.mark.parametrize(
    ("means", "bound"),
    [
        (Means(8), 60),  # the path T1, T2, T3
        (Means(1), 75),  # one agent does it all
        (Means(8, verify=5), 75),  # each of the path is verified before the next
        (Means(1, verify=5), 80),  # the last one is verified after all the work
    ],
)
def test_the_longest_path_and_all_the_work_bound_the_time(means: Means, bound: float) -> None:
    assert least(CHAIN, LENGTHS, means) == bound


def test_who_needs_the_same_serial_resource_goes_one_after_the_other() -> None:
    tasks = [task(f"T{n}", "db/migrations/*.sql") for n in range(4)] + [task("T4", "docs/a.md")]
    lengths = dict.fromkeys([one.id for one in tasks], 10.0)
    serial = {"migrations": ("**/migrations/**",), "lockfile": ("uv.lock",)}

    assert least(tasks, lengths, Means(8)) == 10
    assert least(tasks, lengths, Means(8, serial)) == 40
    assert least(tasks, lengths, Means(8, serial, verify=5)) == 45


def test_the_slots_bound_what_is_landed_by_so_many_verifications() -> None:
    tasks = [task(f"T{n}") for n in range(40)]
    lengths = dict.fromkeys([one.id for one in tasks], 1.0)

    assert least(tasks, lengths, Means(40, slots=1, verify=100)) == 1 + 5 * 100
    assert least(tasks, lengths, Means(40, slots=2, verify=100)) == 1 + 3 * 100 / 2


def test_what_has_no_length_counts_as_done_and_nothing_takes_no_time() -> None:
    assert least(CHAIN, {"T2": 20.0, "T3": 30.0}, Means(8)) == 50
    assert least(CHAIN, {}, Means(8, verify=5)) == 0
    assert least(CHAIN, {"T9": 4.0}, Means(8, verify=5)) == 0


def test_tasks_that_wait_for_each_other_have_no_path() -> None:
    tasks = [task("T1", after=("T2",)), task("T2", after=("T1",))]

    assert least(tasks, {"T1": 4.0, "T2": 6.0}, Means(8)) == 6


@given(
    st.lists(st.tuples(st.floats(0.1, 100), st.sets(st.integers(0, 9))), min_size=1, max_size=10),
    st.integers(1, 4), st.floats(0, 10),
)  # fmt: skip
def test_no_order_takes_less(
    facts: list[tuple[float, set[int]]], agents: int, verify: float
) -> None:
    tasks = [task(f"T{n}", after=tuple(f"T{m}" for m in sorted(before) if m < n))
             for n, (_, before) in enumerate(facts)]  # fmt: skip
    lengths = {f"T{n}": length for n, (length, _) in enumerate(facts)}

    free, landed = [0.0] * agents, dict[str, float]()
    for one in tasks:  # list scheduling in the order of the plan, each verified by itself
        free.sort()
        began = max([free[0], *(landed[name] for name in one.after)])
        free[0] = began + lengths[one.id]
        landed[one.id] = free[0] + verify

    means = Means(agents, slots=len(tasks), verify=verify)
    assert least(tasks, lengths, means) <= max(landed.values()) + 1e-6
