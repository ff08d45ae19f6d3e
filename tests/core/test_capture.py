"""Corrections as candidates: the person's own words, what tells most first, three at the most."""

from accord.core import capture
from accord.core.capture import Candidate, Kind
from accord.core.model import Spec
from accord.formats import native
from project import DESIGN, STORY


def spec(**texts: str) -> Spec:
    names = {"story": "requirements.md", "design": "design.md"}
    return Spec(tuple(native.read(names[one], text.encode()) for one, text in texts.items()))


def found(before: str, after: str, *comments: str) -> list[tuple[str, str, str, str]]:
    listed = capture.candidates(spec(design=before), spec(design=after), "design.md", comments)
    return [(one.kind.name, one.removed, one.added, one.comment) for one in listed]


OLD = DESIGN + "\nCarts are kept in Redis. They are small.\n"


def test_a_named_thing_that_was_replaced_is_told_first_in_the_persons_words() -> None:
    new = OLD.replace("Redis", "PostgreSQL").replace("They are small.", "They are never empty.")
    assert found(OLD, new) == [
        ("SUBSTITUTION", "Carts are kept in Redis.", "Carts are kept in PostgreSQL.", ""),
        ("NORMATIVE", "", "They are never empty.", ""),
        ("EDIT", "They are small.", "", ""),
    ]


def test_an_unchanged_draft_or_one_wrapped_anew_gives_nothing() -> None:
    assert found(OLD, OLD) == []
    assert found(OLD, OLD.replace("Carts are kept in Redis.", "carts are\nkept in Redis.")) == []


def test_a_comment_goes_with_the_difference_that_it_is_about() -> None:
    new = OLD.replace("Redis", "PostgreSQL")
    assert found(OLD, new, "Keep carts in PostgreSQL, as always.", "Write shorter.") == [
        ("SUBSTITUTION", "Carts are kept in Redis.", "Carts are kept in PostgreSQL.",
         "Keep carts in PostgreSQL, as always."),
        ("COMMENT", "", "", "Write shorter."),
    ]  # fmt: skip


def test_an_answer_is_no_correction_and_a_corrected_assumption_is_one() -> None:
    before = STORY.replace(
        "## Assumptions\n", "## Assumptions\n\n- A1 (high) Kept for 24 months.\n"
    )
    before = before.replace("## Questions\n", "## Questions\n\n- Q1 (open) How long?\n")
    after = before.replace("(open) How long?", "(answered) How long?\n  - Answer: Ten days")
    after = after.replace("A1 (high) Kept", "A1 (high, corrected) Kept").replace(
        "24 months.", "24 months.\n  - Correction: 12 months"
    )
    listed = capture.candidates(spec(story=before), spec(story=after), "requirements.md", ())
    assert [(one.item, one.removed, one.added) for one in listed] == [
        ("A1", "Kept for 24 months.", "12 months")
    ]


def test_at_most_three_are_asked_and_what_came_before_comes_first() -> None:
    many = [Candidate(Kind.SUBSTITUTION, f"D{n}", "", f"Cart number {n} is kept.") for n in "1234"]
    many.append(Candidate(Kind.EDIT, "D9", "", "Mail is sent as plain text only."))
    chosen = capture.ranked(many, ["Mail goes out as plain text only."])
    assert len(chosen) == 3
    assert (chosen[0][0].item, chosen[0][1]) == ("D9", True)
    assert [again for _, again in chosen] == [True, False, False]
