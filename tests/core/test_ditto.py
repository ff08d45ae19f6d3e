"""Marks for what a line says in the same place as the line above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.ditto import MARK, Part, Piece, pieces

WORDS = st.sampled_from(["card", "is", "declined", "(twice)", '"Pay', 'now"', "`a b`", "café", "a"])
TEXTS = st.lists(WORDS, max_size=9).map(" ".join)
LINES = st.builds(lambda when, then: (Part("when", when, " → "), Part("then", then)), TEXTS, TEXTS)


def shown(line: tuple[Part, ...], above: tuple[Part, ...]) -> str:
    return "".join(one.shown for one in pieces(line, above))


@given(LINES, LINES)
def test_what_is_shown_with_what_the_marks_stand_for_is_the_whole_line(
    line: tuple[Part, ...], above: tuple[Part, ...]
) -> None:
    said = "".join(one.stands_for or one.shown for one in pieces(line, above))
    assert said == "".join(f"{one.text}{one.mark}" for one in line)


@given(LINES, LINES)
def test_a_mark_stands_for_words_that_the_same_part_above_begins_or_ends_with(
    line: tuple[Part, ...], above: tuple[Part, ...]
) -> None:
    meant = [one.stands_for for one in pieces(line, above) if one.stands_for]
    for words in meant:
        assert any(
            one.text.split()[: len(words.split())] == words.split()
            or one.text.split()[-len(words.split()) :] == words.split()
            for one in above
        )


@given(LINES)
def test_the_first_line_has_no_marks(line: tuple[Part, ...]) -> None:
    assert MARK not in shown(line, ())


@pytest.mark.parametrize(
    ("above", "text", "said"),
    [
        ("user opens the export menu", "user opens the share menu", "″ share menu"),
        ("buttons displayed on a phone", "menus displayed on a phone", "menus ″"),
        ("links to messages in the index", "links to readings in the index", "″ readings ″"),
        ("pay twice", "pay twice", "″"),
        ("pay", "refund", "refund"),
        ("keep the cart", "empty the cart now", "empty the cart now"),
        # one word at the end is as short as the mark
        ("keep the cart", "empty a cart", "empty a cart"),
        # nothing that is quoted or in brackets is cut
        ('say "Creating a session"', 'say "Creating a copy"', '″ "Creating a copy"'),
        ("pay (in euros now)", "pay (in euros later)", "″ (in euros later)"),
    ],
)
def test_a_mark_stands_for_as_much_as_both_have(above: str, text: str, said: str) -> None:
    assert shown((Part("then", text),), (Part("then", above),)) == said


def test_parts_are_compared_with_the_same_part_alone() -> None:
    above = (Part("when", "card declined", " → "), Part("then", "keep cart"))
    assert shown((Part("then", "card declined"),), above) == "card declined"
    assert shown((Part("when", "card declined", " → "), Part("then", "say so")), above) == (
        "″ → say so"
    )


def test_a_mark_knows_what_it_stands_for() -> None:
    assert pieces((Part("then", "pay back twice"),), (Part("then", "pay back now"),)) == (
        Piece("″", "pay back"),
        Piece(" "),
        Piece("twice"),
    )
