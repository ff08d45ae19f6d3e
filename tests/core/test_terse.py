"""What is left of a criterion without the words that all of them have."""

import pytest

from accord.core.terse import subject_of, terse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("WHEN the card is declined THE shop SHALL keep the cart.",
         "the card is declined → keep the cart."),
        ("3. WHEN the card is declined THEN the Shop SHALL keep the cart",
         "the card is declined → keep the cart"),
        ("When the card is declined, the shop shall keep the cart",
         "the card is declined → keep the cart"),
        ("THE shop SHALL keep the cart", "keep the cart"),
        ("Shop MUST keep the cart", "keep the cart"),
        ("**Given** a cart, **When** the card is declined, **Then** the cart is kept",
         "a cart; the card is declined → the cart is kept"),
        ("WHILE the bank is silent THE shop SHALL keep the cart",
         "WHILE the bank is silent → keep the cart"),
        ("IF the card is declined, THEN the shop SHALL keep the cart",
         "IF the card is declined → keep the cart"),
    ],
)  # fmt: skip
def test_the_words_that_all_have_are_left_out(text: str, said: str) -> None:
    assert terse(text, "shop") == said


@pytest.mark.parametrize(
    "text",
    [
        "WHEN the card is declined THE shop SHALL NOT keep the cart",
        "THE shop MUST not keep the cart",
        "THE shop SHOULD keep the cart",
        "THE bank SHALL keep the cart",
        "WHEN the shop must close THE shop SHALL keep the cart",
        "the cart is kept",
        "カードが拒否された場合、ショップはカートを保持すること",
    ],
)
def test_what_says_something_of_its_own_stays_as_it_is(text: str) -> None:
    assert terse(text, "shop") == text


def test_the_subject_is_what_most_criteria_oblige() -> None:
    texts = ["THE bank SHALL pay", "THE Shop SHALL keep", "WHEN paid THE shop SHALL mail", "x"]
    assert subject_of(texts) == "Shop"
    assert subject_of(["nothing", "is said"]) == ""


def test_no_word_of_a_criterion_is_lost_but_those_that_all_have() -> None:
    text = "WHEN a guest pays twice, THE shop SHALL refund 5 EUR, AND say so"
    left = terse(text, "shop").split()
    gone = [one for one in text.split() if one not in left]
    assert gone == ["WHEN", "twice,", "THE", "shop", "SHALL"]
