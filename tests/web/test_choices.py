"""A question with choices: each of them is answered by its number, wherever it is asked."""

import pytest
from playwright.sync_api import Browser, expect

from accord.app import asking
from accord.core.orders import Question
from accord.web.running import Server
from browsing import looking
from project import STORY, Project
from visiting import Visitor

CHOICES = STORY.replace(
    "## Questions\n\n## Assumptions\n",
    "## Questions\n\n- Q1 (open) May a guest order be claimed later? [yes, after a check | never]\n"
    "- Q2 (open) Who pays? [shop | guest]\n\n## Assumptions\n\n- A1 (low) Carts are small.\n",
)
ANSWERED = "- Q1 (answered) May a guest order be claimed later? [yes, after a check | never]\n"


@pytest.fixture
def choosing(project: Project) -> Project:
    project.new()
    project.write("requirements.md", CHOICES)
    return project


def document(project: Project) -> str:
    return (project.desk() / "requirements.md").read_text()


@pytest.mark.parametrize(("key", "answer"), [("1", "yes, after a check"), ("2", "never")])
def test_a_choice_is_one_key_at_the_gate(
    choosing: Project, server: Server, chromium: Browser, key: str, answer: str
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        page.keyboard.press("j")
        page.keyboard.press(key)
        expect(page.get_by_role("status")).to_have_text(f"Q1 answered: {answer}")
        assert f"{ANSWERED}  - Answer: {answer}\n" in document(choosing)
        expect(page.locator("[id='item-Q2']")).to_be_focused()
        page.keyboard.press("u")
        expect(page.get_by_role("status")).to_contain_text("undid: answer guest")
    assert document(choosing) == CHOICES


def test_a_number_too_many_stays_on_the_page_and_answers_nothing(
    choosing: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        page.keyboard.press("j")
        page.keyboard.press("4")
        page.keyboard.press("k")  # what the key before it did is done by then
        expect(page.locator("[id='item-Q1']")).to_be_focused()
        assert page.url.endswith("/changes/guest")
        assert document(choosing) == CHOICES
        page.locator("[id='item-A1']").focus()
        page.keyboard.press("4")
        page.wait_for_url("**/decisions")


def test_the_numbers_on_a_card_are_those_of_its_first_question(
    choosing: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page:
        page.goto("/board")
        page.locator("#card-guest").focus()
        page.keyboard.press("2")
        expect(page.get_by_role("status")).to_have_text("Q1 answered: never")
        page.locator("#card-guest").focus()
        page.keyboard.press("1")
        expect(page.get_by_role("status")).to_have_text("Q2 answered: shop")
        assert page.url.endswith("/board")


def test_a_choice_is_a_button_without_javascript(
    choosing: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest")
        page.get_by_role("button", name="never").click()
        expect(page.get_by_role("status")).to_have_text("Q1 answered: never")


def test_an_answer_in_other_words_is_taken_beside_the_choices(
    choosing: Project, visitor: Visitor
) -> None:
    own = visitor.get("/changes/guest").hidden("own")
    fields = {"item": "Q1", "own": own, "words": "within a week"}
    assert visitor.send("/changes/guest", "/changes/guest/answer", fields).status == 200
    assert "  - Answer: within a week\n" in document(choosing)


def test_what_an_agent_asks_has_its_choices_too() -> None:
    asked = Question("Q#1", "build/guest/T1/0/1", "guest/T1", "May guests pay? [yes | no]")
    note = asking.note_of(asked)
    assert (note["said"], note["choices"]) == ("May guests pay?", ("yes", "no"))
