"""What is left of a criterion without the words that all of them have."""

import pytest

from accord.core.terse import subject_of, terse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("WHEN the card is declined THE shop SHALL keep the cart.", "card declined → keep cart."),
        ("3. WHEN the card is declined THEN the Shop SHALL keep the cart",
         "card declined → keep cart"),
        ("When the card is declined, the shop shall keep the cart", "card declined → keep cart"),
        ("THE shop SHALL keep the cart", "keep cart"),
        ("Shop MUST keep the cart", "keep cart"),
        ("**Given** a cart, **When** the card is declined, **Then** it keeps the cart",
         "cart; card declined → keeps cart"),
        ("WHILE the bank is silent THE shop SHALL keep the cart",
         "WHILE bank is silent → keep cart"),
        ("IF the card is declined, THEN the shop SHALL keep the cart",
         "IF card declined → keep cart"),
        ("THE bank SHALL keep the cart", "bank: keep cart"),
        ("WHEN the card is declined THE bank SHALL be warned", "card declined → bank: warned"),
    ],
)  # fmt: skip
def test_the_words_that_all_have_are_left_out(text: str, said: str) -> None:
    assert terse(text, "shop").text == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("THE shop SHALL NOT keep the cart", "shop SHALL NOT keep cart"),
        ("THE shop MUST not keep the cart", "shop MUST not keep cart"),
        ("THE shop SHOULD keep the cart", "shop SHOULD keep cart"),
        ("WHEN the shop must close THE shop SHALL keep the cart",
         "WHEN shop must close shop SHALL keep cart"),
    ],
)  # fmt: skip
def test_what_is_no_plain_obligation_of_the_subject_keeps_its_words(text: str, said: str) -> None:
    assert terse(text, "shop").text == said


@pytest.mark.parametrize(
    "text",
    [
        'say "the card is declined" and `take the cart`',
        "tier A customers and option a or b for a day",
        "carts of a who is not told",
        "user is blocked by nobody who is blocked twice",
        "la tienda vuelve a guardar el carrito",
        "カードが拒否された場合、ショップはカートを保持すること",
    ],
)
def test_what_is_quoted_named_or_in_another_language_stays_as_it_is(text: str) -> None:
    kept = text.replace("a who", "who").replace("user is blocked by", "user blocked by")
    assert terse(text, "shop").text == kept


def test_beneath_an_item_with_the_same_condition_a_ditto_stands_for_it() -> None:
    above = terse("WHEN the card is declined THE shop SHALL keep the cart", "shop")
    same = terse("WHEN the card is declined THE shop SHALL say so", "shop")
    other = terse("IF the card is declined THEN THE shop SHALL say so", "shop")
    bank = terse("THE bank SHALL say so", "shop")
    assert same.beneath(above).text == "″ → say so"
    assert bank.beneath(terse("The bank SHALL pay", "shop")).text == "″: say so"
    assert other.beneath(above) == other
    assert bank.beneath(above) == bank
    assert terse("say so", "shop").beneath(terse("pay", "shop")).text == "say so"
    assert same.beneath(None) == same


def test_the_subject_is_what_most_criteria_oblige() -> None:
    texts = ["THE bank SHALL pay", "THE Shop SHALL keep", "WHEN paid THE shop SHALL mail", "x"]
    assert subject_of(texts) == "Shop"
    assert subject_of(["nothing", "is said"]) == ""


def test_no_word_of_a_criterion_is_lost_but_those_that_all_have() -> None:
    text = "WHEN a guest pays twice, THE shop SHALL refund 5 EUR, AND say so"
    left = terse(text, "shop").text.split()
    gone = [one for one in text.split() if one not in left]
    assert gone == ["WHEN", "a", "twice,", "THE", "shop", "SHALL"]
