"""A merge takes what each side wrote, or names what it cannot take: never neither."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import merging
from accord.core.merging import Conflict, Part, merge
from accord.formats import native

WAY = Part("Way", "- WHEN a\n- THEN b")
KEEP = Part("Keep", "The shop SHALL keep the cart.", (WAY, Part("Other", "- WHEN c\n- THEN d")))
TELL = Part("Tell", "The shop SHALL say until when.")
BASE = (KEEP, TELL)


def test_what_one_side_changed_is_taken() -> None:
    longer = evolve(KEEP, text="The shop SHALL keep the cart for an hour.")
    other = evolve(KEEP, parts=(WAY, Part("Other", "- WHEN c\n- THEN e")))

    merged = merge(BASE, (longer, TELL), (other, TELL))

    assert merged.conflicts == ()
    assert merged.parts == (evolve(longer, parts=other.parts), TELL)


def test_two_texts_for_one_requirement_are_a_conflict_of_two_sentences() -> None:
    ours = evolve(KEEP, text="The shop SHALL keep the cart for 60 minutes.")
    theirs = evolve(KEEP, text="The shop SHALL keep the cart for 30 minutes.")

    merged = merge(BASE, (ours, TELL), (theirs, TELL))

    assert merged.conflicts == (Conflict(("Keep",), KEEP.text, ours.text, theirs.text),)


def test_two_texts_for_one_scenario_are_a_conflict_of_that_scenario() -> None:
    ours = evolve(KEEP, parts=(Part("Way", "- WHEN x"), KEEP.parts[1]))
    theirs = evolve(KEEP, parts=(Part("Way", "- WHEN y"), KEEP.parts[1]))

    (conflict,) = merge(BASE, (ours, TELL), (theirs, TELL)).conflicts

    assert conflict == Conflict(("Keep", "Way"), WAY.text, "- WHEN x", "- WHEN y")


@pytest.mark.parametrize("swap", [False, True])
def test_what_one_side_took_out_and_the_other_wrote_on_is_a_conflict(swap: bool) -> None:
    edited = evolve(KEEP, parts=(*KEEP.parts, Part("New", "- WHEN n")))
    sides = [(edited, TELL), (TELL,)]

    merged = merge(BASE, *(reversed(sides) if swap else sides))

    assert [one.path for one in merged.conflicts] == [("Keep",)]
    assert merge(BASE, BASE, (TELL,)).parts == (TELL,)
    assert merge(BASE, (TELL,), BASE).parts == (TELL,)


def test_what_both_added_under_one_name_is_one_or_a_conflict() -> None:
    new = Part("New", "It SHALL.")

    assert merge(BASE, (*BASE, new), (new, *BASE)).parts == (*BASE, new)
    assert merge(BASE, (*BASE, new), (*BASE, evolve(new, text="It MUST."))).conflicts


def test_a_move_and_a_line_break_are_no_edit() -> None:
    wrapped = evolve(TELL, text="The shop SHALL\n  say until when.")
    edited = evolve(TELL, text="The shop SHALL say it.")

    merged = merge(BASE, (TELL, KEEP), (KEEP, edited))
    assert (merged.parts, merged.conflicts) == ((edited, KEEP), ())
    assert merge(BASE, (KEEP, wrapped), (KEEP, edited)).conflicts == ()


def test_additions_of_both_sides_stand_where_they_stood() -> None:
    one, two = Part("One", "1"), Part("Two", "2")

    assert merge(BASE, (KEEP, one, TELL), (KEEP, TELL, two)).parts == (KEEP, one, TELL, two)


WORDS = st.text("abc", min_size=1, max_size=3)
NAMES = st.sampled_from(["A", "B", "C", "D"])
SCENARIOS = st.lists(st.builds(Part, NAMES, WORDS), max_size=3, unique_by=lambda part: part.name)
TREES = st.lists(
    st.builds(Part, NAMES, WORDS, SCENARIOS.map(tuple)),
    max_size=4,
    unique_by=lambda part: part.name,
)


def sentences(parts: Sequence[Part], above: str = "") -> set[tuple[str, str]]:
    found = set()
    for part in parts:
        name = f"{above}/{part.name}"
        found |= {(name, part.text)} | sentences(part.parts, name)
    return found


def named(conflicts: Sequence[Conflict]) -> str:
    return "\n".join(f"{one.ours}\n{one.theirs}" for one in conflicts)


@given(TREES, TREES, TREES)
def test_no_sentence_that_a_side_wrote_is_lost(
    base: list[Part], ours: list[Part], theirs: list[Part]
) -> None:
    merged = merge(base, ours, theirs)
    kept, shown = sentences(merged.parts), named(merged.conflicts)
    was = sentences(base)

    for side in (ours, theirs):
        for name, text in sentences(side) - was:
            assert (name, text) in kept or text in shown.split("\n"), (name, text)
    for name, text in was & sentences(ours) & sentences(theirs):
        assert (name, text) in kept or text in shown.split("\n")
    if not merged.conflicts:
        gone = (was - sentences(ours)) | (was - sentences(theirs))
        assert not gone & (kept - sentences(ours) - sentences(theirs))


@given(TREES, TREES)
def test_a_side_that_changed_nothing_changes_nothing(base: list[Part], other: list[Part]) -> None:
    for merged in (merge(base, base, other), merge(base, other, base), merge(base, other, other)):
        assert merged.conflicts == ()
        assert sentences(merged.parts) == sentences(other)


@given(TREES, TREES, TREES)
def test_a_conflict_is_one_from_either_side(
    base: list[Part], ours: list[Part], theirs: list[Part]
) -> None:
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)

    assert {conflict.path for conflict in one.conflicts} == {
        conflict.path for conflict in other.conflicts
    }
    if not one.conflicts:
        assert sentences(one.parts) == sentences(other.parts)


def test_an_edit_shows_on_which_version_it_was_written() -> None:
    old, new = Part("K", "SHALL keep for 60 minutes"), Part("K", "SHALL keep for 90 minutes")

    assert merging.written_on(Part("K", "SHALL keep for 60 minutes and say so"), (old, new)) == 0
    assert merging.written_on(Part("K", "SHALL keep for 90 minutes and say so"), (old, new)) == 1
    assert merging.written_on(old, (old, new)) == 0
    assert merging.written_on(new, (old, new)) == 1
    assert merging.written_on(old, (None, old)) == 1
    # Steps that touched other parts of the spec show nothing about this one.
    other = Part("K", "SHALL keep for 60 minutes and say so")
    assert merging.written_on(other, (old, old, new, new, new)) == 0


def test_a_native_story_is_merged_by_the_same_rule() -> None:
    text = "# Cart\n\n### R1 Keep\n\nAs a guest.\n\n- R1.1 THE shop SHALL a.\n- R1.2 SHALL b.\n"

    def read(source: str) -> tuple[Part, ...]:
        return merging.parts(native.read("requirements.md", source.encode()))

    merged = merge(read(text), read(text.replace("a.", "x.")), read(text.replace("b.", "y.")))
    assert [one.text for one in merged.parts[0].parts] == ["THE shop SHALL x.", "SHALL y."]
    assert merge(
        read(text), read(text.replace("a.", "x.")), read(text.replace("a.", "y."))
    ).conflicts[0].path == ("R1", "R1.1")
