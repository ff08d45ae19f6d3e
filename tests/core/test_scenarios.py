"""A criterion that names a risk is asked one question, and no other criterion any."""

from accord.core.scenarios import MARK, question


def test_the_kind_of_risk_chooses_the_question() -> None:
    assert "twice" in question("WHEN the refund is ordered THE shop SHALL say so.")
    assert "Cut off" in question("THE shop SHALL delete the account.")
    assert "must not" in question("THE shop SHALL show the list to an admin.")
    assert "other hands" in question("THE shop SHALL keep the token for an hour.")


def test_without_a_risk_or_with_an_answer_nothing_is_asked() -> None:
    assert question("WHEN the cart is opened THE shop SHALL list what was kept.") == ""
    assert question(f"THE shop SHALL pay it back.\n{MARK} twice? Once.") == ""
