"""What a gate shows: nothing that changed is left out, nothing that did not is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.app.gate_view import aloud, entries, excerpt, notes_of
from accord.core.delta import changed_ids, compare, words
from accord.core.model import Spec, bindings
from accord.formats import native
from project import DESIGN, STORY, TASKS


def spec(story: str = STORY, design: str = DESIGN, tasks: str = TASKS) -> Spec:
    texts = {"requirements.md": story, "design.md": design, "tasks.md": tasks}
    return Spec(tuple(native.read(path, text.encode()) for path, text in texts.items()))


def listed(before: Spec, after: Spec) -> list[str]:
    ids = changed_ids(bindings(before), bindings(after))
    return [one["id"] for one in entries(after, compare(before, after, ids))]


def test_digits_are_said_as_the_words_of_the_published_examples() -> None:
    # 127.0.0.1 and 63.84.220.193, from the paper that the encoding is taken from.
    assert aloud("7f000001") == "lusab-babad"
    assert aloud("3f54dcc1") == "gutih-tugad"
    assert aloud("") == ""


@given(st.binary(min_size=6, max_size=6), st.binary(min_size=6, max_size=6))
def test_different_digests_are_said_differently(one: bytes, other: bytes) -> None:
    assert (aloud(one.hex()) == aloud(other.hex())) == (one == other)


@given(st.lists(st.sampled_from(["a", "bb ", " c", "\n", "d "]), max_size=40),
       st.lists(st.sampled_from(["a", "bb ", " c", "\n", "d "]), max_size=40))  # fmt: skip
def test_an_excerpt_keeps_every_change(before: list[str], after: list[str]) -> None:
    runs = words("".join(before), "".join(after))
    cut = excerpt(runs)
    assert [(sign, text) for sign, text in cut if sign != " "] == [
        (sign, text) for sign, text in runs if sign != " "
    ]


def test_an_excerpt_leaves_out_what_is_far_from_a_change() -> None:
    before = " ".join(f"w{number}" for number in range(60))
    runs = excerpt(words(before, before.replace("w30", "new")))
    assert [text for sign, text in runs if sign != " "] == ["w30", "new"]
    assert runs[0][1].startswith(" … ")
    assert runs[0][1].endswith("w29 ")
    assert runs[-1][1].endswith(" … ")


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        ("for 60 minutes", "for 90 minutes", "R1.1"),
        ("- R1.2 WHEN the cart is kept THE shop SHALL say until when.\n", "", "R1.2"),
        ("As a guest", "As anybody", "R1"),
        ("## Out of scope\n", "## Out of scope\n\nAccounts.\n", "requirements.md"),
    ],
)
def test_whatever_changed_is_listed(old: str, new: str, first: str) -> None:
    before, after = spec(), spec(story=STORY.replace(old, new))
    ids = changed_ids(bindings(before), bindings(after))
    assert set(listed(before, after)) == set(ids)
    assert first in listed(before, after)


def test_a_criterion_is_shown_without_what_all_say_and_a_section_by_its_name_and_beginning() -> (
    None
):
    after = spec()
    ids = changed_ids({}, bindings(after))
    shown = {one["id"]: one for one in entries(after, compare(Spec(), after, ids))}
    assert shown["R1.1"]["shown"] == "card declined → keep cart for 60 minutes."
    assert "THE shop SHALL keep" in shown["R1.1"]["whole"]
    assert shown["D1"]["shown"] == "Minutes beside the cart"
    assert shown["D1"]["lead"] == "The cart gets a number of minutes."
    assert "Satisfies: R1.1, R1.2" in shown["D1"]["whole"]


def test_a_kind_of_scenario_is_asked_once_and_its_words_are_counted_where_it_stands() -> None:
    story = STORY.replace("say until when.", "show the refund.").replace(
        "keep the cart for 60 minutes", "refund the card"
    )
    after = spec(story=story)
    shown = {
        one["id"]: one for one in entries(after, compare(Spec(), after, tuple(bindings(after))))
    }
    assert not shown["R1.1"]["asked_above"]
    assert shown["R1.2"]["asked_above"]
    assert shown["R1.1"]["scenario"] == shown["R1.2"]["scenario"]
    told = shown["R1.1"]["shown"] + shown["R1.1"]["scenario"]
    assert shown["R1.1"]["words"] == len(told.replace("→", "").split()) + 1
    assert shown["R1.2"]["words"] == len(shown["R1.2"]["shown"].replace("→", "").split())


def test_the_beginning_of_a_task_is_not_its_name_once_more() -> None:
    before = spec(tasks="# Guest cart: tasks\n")
    after = spec(tasks=TASKS.replace("T1 Keep the cart on decline", "T1 Keep the cart by `keep()`"))
    changed = compare(before, after, ("T1",))
    (one,) = entries(after, changed)
    assert (one["shown"], one["lead"], one["words"]) == ("Keep the cart by `keep()`", "", 5)


def test_a_criterion_that_was_taken_out_is_called_one_and_crossed_out_whole() -> None:
    gone = "- R1.2 WHEN the cart is kept THE shop SHALL say until when.\n"
    after = spec(STORY.replace(gone, ""))
    one = next(
        one for one in entries(after, compare(spec(), after, ("R1.2",))) if one["id"] == "R1.2"
    )
    assert (one["kind"], one["change"], one["shown"]) == ("criterion", "removed", gone.strip())


def test_a_criterion_over_several_lines_is_shown_to_its_end() -> None:
    story = STORY.replace("say until when.", "say until when,\n  in words,\n\n  and twice.")
    after = spec(story=story)
    ids = changed_ids({}, bindings(after))
    shown = {one["id"]: one for one in entries(after, compare(Spec(), after, ids))}
    assert "in words" in shown["R1.2"]["shown"]


def test_nothing_is_listed_where_nothing_changed() -> None:
    assert listed(spec(), spec()) == []
    assert notes_of(spec()) == []


def test_what_is_not_shown_at_first_sight_is_there_to_be_opened() -> None:
    story = STORY.replace(
        "## Requirements",
        "## Assumptions\n\n- A1 (low) The cart is kept by the shop.\n\n## Requirements",
    ).replace("WHEN the card is declined", "WHEN the cart is kept")
    after = spec(story)
    ids = changed_ids({}, bindings(after))
    read = {one["id"]: one for one in entries(after, compare(Spec(), after, ids))}
    assert read["R1.2"]["told"][0] == ["″", "cart kept"]
    said = "".join(meant or text for text, meant in read["R1.2"]["told"])
    assert said == "cart kept → say until when."
    assert "WHEN the cart is kept THE shop SHALL say until when." in read["R1.2"]["whole"]
    (note,) = notes_of(after)
    assert (note["said"], note["text"]) == ("Cart kept by shop.", "The cart is kept by the shop.")


def test_the_name_of_a_requirement_is_folded_where_its_criteria_say_it() -> None:
    shown = {}
    for name in ("Keep the cart", "Recovery after failure"):
        after = spec(STORY.replace("### R1 Keep the cart", f"### R1 {name}"))
        ids = changed_ids({}, bindings(after))
        read = {one["id"]: one for one in entries(after, compare(Spec(), after, ids))}
        shown[name] = read["R1"]["shown"]
        assert name in read["R1"]["whole"]
    assert shown == {"Keep the cart": "", "Recovery after failure": "Recovery after failure"}
