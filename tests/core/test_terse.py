"""What is left of a criterion without the words that all of them have."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.terse import actor_of, subject_of, terse


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
        ("THE shop SHALL NOT keep the cart", "SHALL NOT keep cart"),
        ("THE shop MUST not keep the cart", "MUST not keep cart"),
        ("THE bank SHOULD keep the cart", "bank: SHOULD keep cart"),
        ("WHEN the card is declined THE shop MAY keep the cart", "card declined → MAY keep cart"),
        ("WHILE the bank is silent THE shop SHALL NOT pay", "WHILE bank is silent → SHALL NOT pay"),
        ("WHEN the shop must close THE shop SHALL keep the cart",
         "WHEN shop must close shop SHALL keep cart"),
    ],
)  # fmt: skip
def test_what_is_no_plain_obligation_keeps_its_modal(text: str, said: str) -> None:
    assert terse(text, "shop").text == said


@pytest.mark.parametrize(
    "text",
    [
        'say "the card is declined" and `take the cart`',
        "tier A customers and option a or b for a day",
        "carts of a who is told them",
        "user is blocked by nobody who is blocked twice",
        "la tienda vuelve a guardar el carrito",
        "カードが拒否された場合、ショップはカートを保持する",
    ],
)
def test_what_is_quoted_named_or_in_another_language_stays_as_it_is(text: str) -> None:
    kept = text.replace("a who", "who").replace("user is blocked by", "user blocked by")
    assert terse(text, "shop").text == kept


def beneath(text: str, above: str) -> str:
    pieces = terse(text, "shop").beneath(terse(above, "shop"))
    return "".join(one.shown for one in pieces)


def test_beneath_an_item_with_the_same_condition_a_ditto_stands_for_it() -> None:
    above = "WHEN the card is declined THE shop SHALL keep the cart"
    assert beneath("WHEN the card is declined THE shop SHALL say so", above) == "″ → say so"
    assert beneath("WHEN the card is lost THE shop SHALL keep the cart", above) == "″ lost → ″"
    assert beneath("THE bank SHALL say so", "The bank SHALL pay") == "″: say so"
    assert beneath("IF the card is declined THEN THE shop SHALL say so", above) == ("IF ″ → say so")
    assert beneath("THE bank SHALL say so", above) == "bank: say so"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("WHEN a user opens the cart THE shop SHALL show it", "opens cart → show it"),
        ("IF the user opens the cart THEN the shop SHALL show it", "IF opens cart → show it"),
        ("Given a cart exists, When the user opens it, Then it is shown", "cart; opens it → shown"),
        # what a user has is no user who acts
        ("WHEN user settings are lost THE shop SHALL say so", "user settings lost → say so"),
        ("WHEN user clicks are counted THE shop SHALL say so",
         "user clicks counted → say so"),
        ("WHEN the user's card expires THE shop SHALL say so", "user's card expires → say so"),
        ("WHEN a guest opens the cart THE shop SHALL show it", "guest opens cart → show it"),
    ],
)  # fmt: skip
def test_who_acts_in_most_conditions_is_left_out_where_they_act(text: str, said: str) -> None:
    assert terse(text, "shop", actor="user", english=True).text == said


def test_who_acts_is_who_acts_most_often() -> None:
    texts = ["WHEN a guest opens the cart THE shop SHALL show it",
             "WHEN the user clicks Pay THE shop SHALL pay",
             "Given a cart, When the User opens it, Then it is shown"]  # fmt: skip
    assert actor_of(texts) == "user"
    assert actor_of(["Given a cart, When I open it, Then it is shown"]) == ""
    assert actor_of(["Given a cart, When I select it, Then it is shown"]) == ""
    assert actor_of(["WHEN the session ends THE shop SHALL say so", "nothing"]) == ""


def test_a_scenario_that_is_a_list_is_read_as_one_sentence() -> None:
    text = "#### Scenario: Declined\n\n- **WHEN** the card is declined\n- **THEN** the cart is kept"
    text += "\n- **AND** the guest is told"
    assert terse(text, "shop").text == "card declined → cart kept AND guest is told"
    plain = "#### Scenario: Declined\n\nThe cart is kept."
    assert "Scenario: Declined" in terse(plain, "shop").text


def test_a_question_of_spec_kit_is_read_without_asking() -> None:
    text = "**What happens when the card is declined?**\n  - The shop should keep the cart"
    assert terse(text, "shop").text == "**card declined?**\n  - should keep cart"


WORDS = st.sampled_from(
    ["WHEN", "IF", "WHILE", "THEN", "THE", "SHALL", "NOT", "SHOULD", "MUST", "Given", "When",
     "Then", "the", "a", "user", "opens", "shop", "bank", "cart", "is", "kept", "not", "or", "and",
     ",", "?", "\n  - ", "be", "exists", "60", '"the cart"', "店は", "こと"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=16).map(" ".join), st.lists(WORDS, max_size=16).map(" ".join))
def test_what_is_read_has_only_words_of_the_criterion_in_their_order(text: str, above: str) -> None:
    said = terse(text, "shop", actor="user")
    rest = iter(re.findall(r"\w+", text))
    assert all(any(one == word for one in rest) for word in re.findall(r"\w+", said.text))
    pieces = said.beneath(terse(above, "shop", actor="user"))
    assert "".join(one.stands_for or one.shown for one in pieces) == said.text


@given(st.lists(WORDS, max_size=16).map(" ".join))
def test_nothing_that_turns_the_sense_is_left_out(text: str) -> None:
    kept = {"not", "NOT", "or", "60", "IF", "WHILE", "SHOULD"}
    left = re.findall(r"\w+", terse(text, "shop", actor="user").text)
    assert [one for one in re.findall(r"\w+", text) if one in kept] == [
        one for one in left if one in kept
    ]


def test_the_subject_is_what_most_criteria_oblige() -> None:
    texts = ["THE bank SHALL pay", "THE Shop SHALL keep", "WHEN paid THE shop SHALL mail", "x"]
    assert subject_of(texts) == "Shop"
    assert subject_of(["nothing", "is said"]) == ""


def test_no_word_of_a_criterion_is_lost_but_those_that_all_have() -> None:
    text = "WHEN a guest pays twice, THE shop SHALL refund 5 EUR, AND say so"
    left = terse(text, "shop").text.split()
    gone = [one for one in text.split() if one not in left]
    assert gone == ["WHEN", "a", "twice,", "THE", "shop", "SHALL"]
