"""Two pieces of work are told to collide by what they did: merged, used, or merely touched."""

from collections.abc import Sequence

import pytest

from accord.core import radar
from accord.core.fingerprint import Symbol
from accord.core.radar import Collision, Files, Kind, Side


def symbols(*names: str, uses: Sequence[str] = ()) -> tuple[Symbol, ...]:
    return tuple(Symbol(name, 1, 2, ("def", *uses)) for name in names)


def side(
    change: str, task: str, before: Files, after: Files, paths: Sequence[str] | None = None
) -> Side:
    found = paths if paths is not None else sorted({*before, *after})
    return radar.side(change, task, f"{change}-{task}", found, before, after)


def met(one: Side, other: Side, *conflicts: str) -> Collision | None:
    return radar.compare(one, other, lambda *_: conflicts)


CUTS = side("one", "T1", {"a.py": symbols("settle")}, {"a.py": ()})


def test_work_on_other_files_does_not_collide_and_git_is_not_asked() -> None:
    def ask(*_: str) -> Sequence[str]:
        pytest.fail("git was asked")

    one, other = (side(name, "T1", {}, {f"{name}.py": symbols("made")}) for name in ("a", "b"))
    assert radar.compare(one, other, ask) is None


def test_what_git_cannot_merge_is_hot_whatever_else_is_wrong_with_it() -> None:
    uses = side("two", "T2", {}, {"a.py": symbols("pay", uses=["settle"])})
    found = met(CUTS, uses, "a.py")
    assert found == Collision("one T1", "two T2", Kind.HOT, ("a.py",))
    assert found.words() == "one T1 and two T2 conflict in a.py"


def test_the_same_file_that_merges_is_soft() -> None:
    one, other = (side(name, "T1", {}, {"a.py": ()}) for name in ("one", "two"))
    found = met(one, other)
    assert found is not None
    assert found.kind is Kind.SOFT
    assert found.words() == "one T1 and two T1 both change a.py"


def test_a_name_that_one_took_away_and_the_other_now_uses_breaks_them() -> None:
    uses = side("two", "T2", {}, {"b.py": symbols("pay", uses=["settle"])})
    for found in (met(CUTS, uses), met(uses, CUTS)):
        assert found is not None
        assert found.kind is Kind.BROKEN
        assert found.over == ("one T1 took away a.py::settle, two T2 uses it in b.py::pay",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"b.py": symbols("pay", uses=["settle"])}, {"b.py": symbols("pay", uses=["settle", "x"])}),
        ({}, {"b.py": (*symbols("settle"), *symbols("pay", uses=["settle"]))}),
        ({}, {"b.py": symbols("pay", uses=["settled"])}),
    ],
    ids=["used it before", "brings its own", "another name"],
)
def test_no_other_use_of_a_name_breaks_anything(before: Files, after: Files) -> None:
    assert met(CUTS, side("two", "T2", before, after)) is None


def test_a_name_that_moved_to_another_file_or_class_is_not_gone() -> None:
    uses = side("two", "T2", {}, {"b.py": symbols("pay", uses=["settle"])})
    moved = side("one", "T1", {"a.py": symbols("settle")}, {"c.py": symbols("Till.settle")})
    assert met(moved, uses) is None


def test_names_that_say_nothing_are_left_out() -> None:
    cuts = side("one", "T1", {"a.py": symbols("run", "+", "<module>")}, {"a.py": ()})
    uses = side("two", "T2", {}, {"b.py": symbols("pay", uses=["run", "+", "<module>"])})
    assert met(cuts, uses) is None


def test_a_change_does_not_collide_with_its_own_tasks_but_its_tasks_may_with_each_other() -> None:
    sides = [side("one", "T1", {}, {}), side("one", "T2", {}, {}), side("one", "", {}, {}),
             side("two", "", {}, {})]  # fmt: skip
    names = {(left.name, right.name) for left, right in radar.pairs(sides)}
    assert names == {("one T1", "one T2"), ("one T1", "two"), ("one T2", "two"), ("one", "two")}


def test_a_long_list_is_cut() -> None:
    found = Collision("one", "two", Kind.SOFT, ("a", "b", "c", "d"))
    assert found.words() == "one and two both change a, b, c and more"


def test_a_name_that_is_no_text_is_told_as_one_line_of_text() -> None:
    found = Collision("one", "two", Kind.HOT, ("a\nb", "c\udcff"))
    assert found.words() == "one and two conflict in a�b, c\\xff"
