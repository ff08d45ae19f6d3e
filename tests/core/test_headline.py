"""English as a headline has it, and what no headline leaves out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.headline import adds, heading, headline, is_english

# Without these the rest would say another thing.
KEPT = frozenset(
    ["not", "no", "or", "only", "never", "60", "if", "must", "should", "can", "without"]
)
WORDS = st.sampled_from(
    [*KEPT, "the", "a", "is", "are", "was", "been", "has", "and", "that", "ensure", "declined",
     "cart,", "cart", "cards", "missing", "sent", "by", "→", "`the a`", '"is the"']
)  # fmt: skip


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_a_headline_has_the_words_of_the_sentence_in_their_order(text: str) -> None:
    rest = iter(re.findall(r"[\w`\"]+", text))
    assert all(any(one == word for one in rest) for word in re.findall(r"[\w`\"]+", headline(text)))


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_no_word_that_turns_the_sense_is_left_out(text: str) -> None:
    words, left = text.split(), headline(text).split()
    assert [one for one in words if one in KEPT] == [one for one in left if one in KEPT]
    assert headline(text).count('"is the"') == text.count('"is the"')
    assert headline(text).count("`the a`") == text.count("`the a`")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The card is declined by the bank", "card declined by bank"),
        ("files are present and the page is not available", "files present and page not available"),
        ("the link has been opened", "link opened"),
        ("an upload is being deleted", "upload being deleted"),
        ("ensure that the cart is empty", "ensure cart empty"),
        ("name, size, and price", "name, size, price"),
        ("name, size, and price or weight", "name, size, and price or weight"),
        # a participle with an object could be taken for somebody who did it
        ("the guest is refused entry", "guest is refused entry"),
        ("there is nothing", "there is nothing"),
        ("it is during the night", "it is during night"),
    ],
)
def test_what_says_nothing_by_itself_is_left_out(text: str, said: str) -> None:
    assert headline(text) == said


@pytest.mark.parametrize(
    ("name", "beneath", "said"),
    [
        ("Requirements Document", [], ""),
        ("Feature Specification: Guest checkout", [], "Guest checkout"),
        ("Requirement 3", ["anything"], ""),
        ("Guest checkout", [], "Guest checkout"),
        ("Exporting conversations", ["WHEN a user exports a conversation"], ""),
        ("Security and privacy", ["THE shop SHALL encrypt cards"], "Security and privacy"),
        ("Keep the cart (Priority: P1)", ["keeps the cart"], "P1"),
        ("Security (Priority: P2)", ["keeps the cart"], "Security (P2)"),
    ],
)
def test_a_name_is_read_where_it_says_what_is_not_said_beneath_it(
    name: str, beneath: list[str], said: str
) -> None:
    assert heading(name, beneath) == said


def test_a_name_adds_what_most_of_its_words_say() -> None:
    assert (
        adds("Error handling and messages", ["THE shop SHALL give a message of each error"])
        is False
    )
    assert (
        adds("Error handling and recovery", ["THE shop SHALL give a message of each error"]) is True
    )


@pytest.mark.parametrize(("said", "shown"), [
    ("the card is declined", "card declined"),
    ("it is tried again", "it is tried again"),
    ("the price that was agreed", "price that was agreed"),
    ("they are shown", "they are shown"),
    ("the unit is shown", "unit shown"),
])  # fmt: skip
def test_what_is_done_to_a_pronoun_is_not_read_as_what_it_does(said: str, shown: str) -> None:
    assert headline(said) == shown


def test_a_document_is_english_where_most_of_it_is() -> None:
    assert is_english(["the shop", "la tienda", "for all"]) is True
    assert is_english(["a la tienda", "el carrito", "for all"]) is False
    assert is_english([]) is False
