"""Accord's tools for agents, as values: what each takes, and what it means."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import tools
from accord.core.orders import Reply, Tools
from accord.core.tools import Asked, Claimed, HandedIn, Proposed, Said, act

TOOLS = Tools(
    "cart/design",
    documents=(("requirements.md", "# Cart\n"), ("design.md", "# Draft\n")),
    items=(("R1.1", "- R1.1 It is kept."),),
    decisions=("D-1 All state lives in PostgreSQL.",),
    hands_in="specs/cart/design.md",
)


def said(name: str, **arguments: Any) -> Said:
    found = act(TOOLS, name, arguments)
    assert isinstance(found, Said)
    return found


def test_everything_of_the_stage_is_read_at_once_or_a_document_or_an_item() -> None:
    assert said("spec_read").text == (
        "=== requirements.md ===\n# Cart\n\n\n=== design.md ===\n# Draft\n"
    )
    assert said("spec_read", document="design.md").text == "# Draft\n"
    assert said("spec_read", item="R1.1").text == "- R1.1 It is kept."


@pytest.mark.parametrize("given", [{"document": "../secret"}, {"item": "R9"}])
def test_what_the_stage_may_not_see_is_not_there(given: dict[str, str]) -> None:
    found = said("spec_read", **given)
    assert found.wrong
    assert found.text.startswith("There is no ")


def test_documents_that_are_too_long_to_be_read_at_once_are_named() -> None:
    long = evolve(TOOLS, documents=(("a.md", "x" * tools.ANSWER_CHARS), ("b.md", "y")))
    found = act(long, "spec_read", {})
    assert isinstance(found, Said)
    assert found.text.endswith("name one document: a.md, b.md.")


def test_a_question_is_the_same_however_it_is_spaced_and_only_about_the_same_work() -> None:
    asked = act(TOOLS, "ask_human", {"question": "May  guests pay?\n"})
    again = act(TOOLS, "ask_human", {"question": "may guests pay?"})
    other = act(evolve(TOOLS, about="cart/T1"), "ask_human", {"question": "may guests pay?"})
    assert isinstance(asked, Asked)
    assert isinstance(again, Asked)
    assert isinstance(other, Asked)
    assert asked.id == again.id != other.id


def test_what_was_answered_already_is_not_asked_again() -> None:
    name = tools.question_id("cart/design", "May guests pay?")
    known = evolve(TOOLS, replies=(Reply(name, "May guests pay?", "With a card."),))
    found = act(known, "ask_human", {"question": "May guests pay?"})
    assert isinstance(found, Said)
    assert "> May guests pay?" in found.text
    assert "With a card." in found.text


def test_a_document_is_handed_in_where_it_belongs_and_nowhere_else() -> None:
    assert act(TOOLS, "submit_artifact", {"text": "# A\n"}) == HandedIn(
        "specs/cart/design.md", b"# A\n"
    )
    assert said("submit_artifact", text="# A", path="src/a.py").wrong
    assert act(evolve(TOOLS, hands_in=""), "submit_artifact", {"text": "# A"}) is None


@pytest.mark.parametrize(
    "text", ["", " \n", "a\0b", "\ud800", "ä" * (tools.DOCUMENT_BYTES // 2 + 1)]
)
def test_a_document_that_is_none_is_refused_in_words(text: str) -> None:
    assert said("submit_artifact", text=text).wrong


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("ask_human", {}, "ask_human needs question."),
        ("ask_human", {"question": 5}, "question must be a text."),
        ("ask_human", {"question": "x" * 2_001}, "has 2,001 characters and may have 2,000."),
        ("ask_human", {"question": "  "}, "The question is empty."),
        ("ask_human", [], "The arguments must be an object."),
        ("task_done", {"evidence": "green"}, "task_done has no argument 'evidence'"),
        ("submit_artifact", {"text": "x" * (tools.DOCUMENT_BYTES + 1)}, "may have 524,288."),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(
    name: str, arguments: object, words: str
) -> None:
    found = act(TOOLS, name, arguments)
    assert isinstance(found, Said)
    assert found.wrong
    assert words in found.text


def test_a_claim_and_a_proposal_are_nothing_more() -> None:
    assert act(TOOLS, "task_done", {"summary": "All is green."}) == Claimed("All is green.")
    proposed = act(TOOLS, "decision_propose", {"statement": "No Redis.\nNever.", "because": None})
    assert proposed == Proposed("No Redis. Never.", "")


def test_decisions_in_force_are_read() -> None:
    assert "D-1 All state lives in PostgreSQL." in said("decisions_read").text


def test_there_is_no_tool_that_signs_approves_or_lands() -> None:
    assert {one["name"] for one in tools.listed(TOOLS)} == {
        "spec_read", "ask_human", "submit_artifact", "task_done", "decisions_read",
        "decision_propose",
    }  # fmt: skip
    assert act(TOOLS, "approve", {}) is None
    assert all(one["inputSchema"]["additionalProperties"] is False for one in tools.listed(TOOLS))


@given(st.sampled_from(tools.NAMES), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_no_argument_whatever_breaks_a_tool(name: str, arguments: object) -> None:
    assert isinstance(act(TOOLS, name, arguments), Said | Asked | HandedIn | Claimed | Proposed)
