"""A criterion is corrected on the gate, byte for byte, and what risks something is asked about."""

import re

import pytest

from project import STORY, Project
from visiting import Answer, Visitor

RISKY = STORY.replace("THE shop SHALL say until when", "THE shop SHALL refund what was paid")


def words(page: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).replace("&#39;", "'").split())


def own(page: Answer, item: str) -> str:
    found = re.search(rf'value="{item}"><input type="hidden" name="own" value="(\w+)"', page.text)
    assert found
    return found[1]


@pytest.fixture
def risky(project: Project) -> Project:
    project.new()
    project.write("requirements.md", RISKY.replace("\n", "\r\n").encode())
    return project


def test_a_sentence_is_replaced_and_every_other_byte_stays(
    risky: Project, visitor: Visitor
) -> None:
    before = (risky.desk() / "requirements.md").read_bytes()
    page = visitor.get("/changes/guest")
    said = "WHEN the card is declined\nTHE shop SHALL keep the cart for a day."
    fields = {"item": "R1.1", "own": own(page, "R1.1"), "words": said}
    after = visitor.send("/changes/guest", "/changes/guest/correct", fields)
    assert "R1.1 was corrected" in words(after)
    assert "card declined → keep cart for a day." in words(after)
    assert (risky.desk() / "requirements.md").read_bytes() == before.replace(
        b"for 60 minutes.", b"for a day."
    )
    again = visitor.send("/changes/guest", "/changes/guest/correct", fields)
    assert again.status == 409
    assert "changed since you looked" in words(again)

    number = after.hidden("number")
    undone = visitor.send("/changes/guest", "/undo", {"number": number, "from": "guest"})
    assert "for 60 minutes." in words(undone)
    assert (risky.desk() / "requirements.md").read_bytes() == before


def test_what_names_a_risk_is_asked_one_question_that_the_document_answers(
    risky: Project, visitor: Visitor
) -> None:
    page = visitor.get("/changes/guest")
    assert page.text.count("what is paid?") == 1
    fields = {"item": "R1.2", "own": own(page, "R1.2"), "words": "Once.", "scenario": "1"}
    after = visitor.send("/changes/guest", "/changes/guest/correct", fields)
    assert "R1.2 says what happens then" in words(after)
    text = (risky.desk() / "requirements.md").read_bytes()
    assert b"what was paid.\r\n  - Scenario: Asked twice" in text
    assert b"what is paid? Once.\r\n" in text
    assert 'name="scenario"' not in after.text


def test_words_that_would_be_another_item_are_no_correction(
    risky: Project, visitor: Visitor
) -> None:
    before = (risky.desk() / "requirements.md").read_bytes()
    page = visitor.get("/changes/guest")
    fields = {"item": "R1.1", "own": own(page, "R1.1"), "words": "   "}
    assert visitor.send("/changes/guest", "/changes/guest/correct", fields).status == 404
    fields = {"item": "A9", "own": own(page, "R1.1"), "words": "x"}
    assert visitor.send("/changes/guest", "/changes/guest/correct", fields).status == 404
    assert (risky.desk() / "requirements.md").read_bytes() == before


def test_a_drawing_is_shown_and_more_than_is_read_at_once_may_be_sent_back_to_be_split(
    project: Project, visitor: Visitor
) -> None:
    project.approve_spec(last="story")
    many = "".join(f"## D{n} Part {n}\n\nSatisfies: R1.1, R1.2\n\n{'word ' * 60}\n\n"
                   for n in range(1, 21))  # fmt: skip
    project.write("design.md", f"# Guest cart: design\n\n{many}")
    (project.desk() / "mockups").mkdir()
    (project.desk() / "mockups" / "cart.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    )
    page = visitor.get("/changes/guest")
    assert 'sandbox title="Mockup mockups/cart.svg"' in page.text
    drawn = visitor.get("/changes/guest/mockup/mockups/cart.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    reason = re.search(r'name="reason" value="(Split it [^"]+)"', page.text)
    assert reason
    waits = visitor.send("/changes/guest", "/changes/guest/reject", {"reason": reason[1]})
    assert "Reason: Split it into smaller changes" in words(waits)
