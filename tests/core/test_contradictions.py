"""Two sentences are held against each other only where they speak of one and the same thing."""

import pytest

from accord.core.contradictions import Statement, find, said

BASE = "WHEN a card is declined THE shop SHALL keep the cart for 60 minutes."


def pairs(*sentences: str) -> list[str]:
    statements = [
        Statement(key, value, "spec.md", line, f"R{line}")
        for line, sentence in enumerate(sentences, 1)
        for key, value in said(sentence)
    ]
    return [one.about for one in find(statements)]


@pytest.mark.parametrize(
    ("other", "about"),
    [
        (BASE.replace("60", "30"), "one says 60, the other 30"),
        (BASE.replace("SHALL", "SHALL NOT"), "one says SHALL, the other SHALL NOT"),
        (BASE.replace("SHALL", "MUST never"), "one says SHALL, the other SHALL NOT"),
        (BASE.replace("60 minutes", "**1.5** minutes"), "one says 60, the other 1.5"),
        (BASE.lower().replace("shall", "MUST").replace("60", "5"), "one says 60, the other 5"),
    ],
)
def test_a_sentence_that_differs_by_a_number_or_a_not_is_found(other: str, about: str) -> None:
    assert pairs(BASE, other) == [about]
    assert len(pairs(other, BASE)) == 1


def test_a_list_of_values_that_differs_is_found() -> None:
    one = "The order status MUST be one of: open, paid, sent."
    other = "The order status MUST be one of: open, paid, lost."

    assert pairs(one, other) == ["one lists open, paid, sent, the other lost, open, paid"]
    assert pairs(one, "The order status MUST be one of: paid, sent, open.") == []


@pytest.mark.parametrize(
    "other",
    [
        BASE,
        BASE.replace("SHALL", "MUST"),
        BASE.replace("declined", "stolen").replace("60", "30"),
        BASE.replace("keep", "empty").replace("60", "30"),
        BASE.replace("shop", "bank").replace("60", "30"),
        BASE.replace("is declined", "is not declined"),
        BASE.replace("minutes", "hours"),
        BASE.replace("a card", "a P50 card"),
        BASE.replace("SHALL", "will").replace("60", "30"),
    ],
)
def test_what_speaks_of_something_else_is_not(other: str) -> None:
    assert pairs(BASE, other) == []


def test_a_number_in_a_name_is_part_of_the_name() -> None:
    one = "The answer MUST come within 5 ms for P50 of the requests."
    assert pairs(one, one.replace("P50", "P95").replace("5 ms", "9 ms")) == []


def test_few_words_are_no_subject() -> None:
    assert pairs("System MUST wait 5 s.", "System MUST wait 6 s.") == []


def test_an_item_is_never_held_against_itself() -> None:
    statements = [
        Statement(key, value, path, 1, "cart/Kept")
        for path, sentence in (("main.md", BASE), ("delta.md", BASE.replace("60", "30")))
        for key, value in said(sentence)
    ]

    assert list(find(statements)) == []
