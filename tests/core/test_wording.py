import pytest

from accord.core.wording import proposed

KEPT = "WHEN the card is declined THE shop SHALL keep the cart for 60 minutes."


@pytest.mark.parametrize(
    ("words", "was", "now", "said"),
    [
        (KEPT, "MINUTES = 60", "MINUTES = 90", KEPT.replace("60", "90")),
        (KEPT, "until = minutes * 7", "until = minutes * 8", ""),
        ("It SHALL try three times.", "for _ in range(3):", "for _ in range(5):",
         "It SHALL try five times."),
        ("It SHALL try three times.", "TRIES = 3", "TRIES = 30", "It SHALL try 30 times."),
        ("A new order SHALL be open.", "state = 'open'", "state = 'held'",
         "A new order SHALL be held."),
        ("An order SHALL be Open.", "return State.OPEN", "return State.CLOSED",
         "An order SHALL be CLOSED."),
        ("It SHALL wait 1.5 seconds.", "sleep(1.5)", "sleep(2.5)", "It SHALL wait 2.5 seconds."),
        ("It SHALL keep 60.5 and 160.", "x = 60", "x = 90", ""),
        ("It SHALL do it.", "", "", ""),
    ],
)  # fmt: skip
def test_what_took_the_place_of_a_value_in_the_code_takes_it_in_the_sentence(
    words: str, was: str, now: str, said: str
) -> None:
    assert proposed(words, [(was, now)]) == said


def test_what_became_two_things_is_proposed_as_neither() -> None:
    assert proposed(KEPT, [("x = 60", "x = 90"), ("y = 60", "y = 75")]) == ""
