"""A question in a host's text is found where it stands and answered there, byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.model import Document, Question
from accord.formats import clarifying, registry, speckit

KIRO = registry.named("kiro").read


def questions(document: Document) -> list[Question]:
    return [one for one in document.items if isinstance(one, Question)]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Text [NEEDS CLARIFICATION: a?] b\n", "Text c d b\n"),
        ("Text [NEEDS CLARIFICATION: a? [c d | e]] b\n", "Text c d b\n"),
        ("Text [NEEDS CLARIFICATION: never closed\n", "Text c d\n"),
        ("**Storage**: NEEDS CLARIFICATION\r\n", "**Storage**: c d\r\n"),
        ("**Storage**: NEEDS CLARIFICATION", "**Storage**: c d"),
        ("## Clarifications\n\n- Q: a?\n- Q: b → A: e\n",
         "## Clarifications\n\n- Q: a? → A: c d\n- Q: b → A: e\n"),
    ],
)  # fmt: skip
def test_the_answer_stands_in_the_place_of_the_question(text: str, after: str) -> None:
    name = "plan.md" if "Storage" in text else "spec.md"
    document = speckit.read(name, text.encode())
    assert clarifying.answer(document, questions(document)[0], "c\n  d") == after.encode()


def test_two_questions_of_the_same_words_have_names_of_their_own() -> None:
    text = b"a [NEEDS CLARIFICATION: how?]\n\nb [NEEDS CLARIFICATION: how?]\n"
    document = KIRO("requirements.md", text)
    one, two = questions(document)
    assert two.id == f"{one.id}~2"
    answered = clarifying.answer(document, two, "so")
    assert answered == b"a [NEEDS CLARIFICATION: how?]\n\nb so\n"


@pytest.mark.parametrize(
    "text",
    [
        "```\n[NEEDS CLARIFICATION: in a fence]\n```\n",
        "<!-- [NEEDS CLARIFICATION: in a comment] -->\n",
        "- No [NEEDS CLARIFICATION] markers remain\n",
        "NEEDS CLARIFICATION\n",
    ],
)
def test_what_only_speaks_of_markers_asks_nothing(text: str) -> None:
    assert questions(KIRO("requirements.md", text.encode())) == []


@given(st.lists(st.sampled_from(["[NEEDS CLARIFICATION: ", "x", "]", "[", "\n", "- ", "1. ", "é",
                                 "### Requirement 1\n", "WHEN a THEN b SHALL c\n", "```\n"]),
                max_size=14))  # fmt: skip
def test_whatever_stands_around_a_marker_stays(parts: list[str]) -> None:
    data = "".join(parts).encode()
    document = KIRO("requirements.md", data)
    assert document.data == data
    for question in questions(document):
        place = question.place
        answered = clarifying.answer(document, question, "so")
        assert answered == data[: place.start] + b"so" + data[place.end :]
