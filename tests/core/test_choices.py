"""The choices at the end of a question, as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.choices import chosen, taken_apart
from accord.errors import ConfigurationError

WORDS = st.text(st.characters(exclude_characters="[]|", exclude_categories=["C", "Z"]), min_size=1)


@given(WORDS, st.lists(WORDS, min_size=2, max_size=9, unique=True))
def test_what_is_written_at_the_end_is_read_as_it_was_written(asked: str, said: list[str]) -> None:
    assert taken_apart(f"{asked}? [{' | '.join(said)}]") == (f"{asked}?", tuple(said))


@given(st.text())
def test_no_word_of_a_question_is_lost(text: str) -> None:
    asked, listed = taken_apart(text)
    if listed:
        assert " ".join(text.split()).startswith(" ".join(asked.split()))
        assert [one for one in listed if one not in " ".join(text.split())] == []
    else:
        assert asked == text


@pytest.mark.parametrize("text", [
    "Who pays?",
    "Who pays? [the guest]",
    "Who pays? [the guest | ]",
    "Who pays? [ | the guest]",
    "Who pays? [the guest | | the shop]",
    "Who pays? [the guest | the guest]",
    "Is it `[a|b]`?",
    "Is it [a|b]",
    "Is it `x [a | b]`?",
    "Is it [a | [b | c]]",
    "[a | b]",
    f"Which? [{' | '.join('0123456789')}]",
])  # fmt: skip
def test_anything_else_is_a_question_in_words(text: str) -> None:
    assert taken_apart(text) == (text, ())


def test_choices_are_counted_from_one() -> None:
    text = "Who pays? [the guest |\n  the\n  shop]"
    assert chosen("Q1", text, 1) == "the guest"
    assert chosen("Q1", text, 2) == "the shop"
    for number in (0, -1, 3):
        with pytest.raises(ConfigurationError, match="Q1 has 2 choices"):
            chosen("Q1", text, number)
    with pytest.raises(ConfigurationError, match="Q1 has no choices"):
        chosen("Q1", "Who pays?", 1)
