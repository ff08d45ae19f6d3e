from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.core.model import (
    Assumption,
    ItemKind,
    Question,
    Section,
    Spec,
    Stage,
    Standing,
    Task,
    Track,
    bindings,
    dependencies,
)
from accord.formats import native
from accord.formats.templates import DOCUMENT, fill, template

STORY = b"""# Guest checkout

Guests buy without an account.

## Questions
- Q1 (open) May a guest order be claimed later?
- Q2 (answered) Which countries?
  - Answer: All of them.

## Assumptions
- A1 (high) Guest orders are kept 24 months.
- A2 (low, accepted) Prices include tax.

## Requirements

### R1 Keep the cart

As a guest, I want my cart kept, so that I can try again.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart
  for 60 minutes.
  - within the same browser
- R1.2 WHEN 60 minutes have passed THE shop SHALL empty the cart.

### R2 Receipt
- R2.1 WHEN payment succeeds THE shop SHALL mail a receipt.

## Out of scope
Accounts.
"""

DESIGN = b"""# Design

Overview.

## D1 Cart store

Satisfies: R1.1, R1.2

- Q3 (open) Redis or memory?

Text.

## Mail

- Satisfies: R2
"""

TASKS = b"""# Tasks

- [ ] T1 Keep the cart on decline
  - Satisfies: R1.1, R1.2
  - Touches: `shop/cart/**`, tests/cart/**
  - After: -
  - Verify: `pytest tests/cart`
- [x] T2 Mail it
  - Satisfies: R2.1
  - Touches: shop/mail.py
  - After: T1
  - Verify: pytest tests/mail -k "a, b"
"""


def spec(story: bytes = STORY, design: bytes = DESIGN, tasks: bytes = TASKS) -> Spec:
    files = {"requirements.md": story, "design.md": design, "tasks.md": tasks}
    return Spec(tuple(native.read(path, data) for path, data in files.items()))


def test_the_story_is_read_into_items() -> None:
    document = native.read("requirements.md", STORY)

    assert document.title == "Guest checkout"
    assert [item.id for item in document.items] == [
        "requirements.md", "Q1", "Q2", "A1", "A2", "R1", "R1.1", "R1.2", "R2", "R2.1",
    ]  # fmt: skip


def test_a_criterion_holds_its_wrapped_and_nested_lines() -> None:
    text = {item.id: item.text for item in spec().criteria}["R1.1"]

    assert text == (
        "WHEN the card is declined THE shop SHALL keep the cart for 60 minutes. "
        "within the same browser"
    )


def test_questions_and_assumptions_say_how_they_stand() -> None:
    questions = {item.id: (item.standing, item.answer) for item in spec().questions}
    assumptions = {item.id: (item.risk, item.standing) for item in spec().assumptions}

    assert questions == {
        "Q1": (Standing.OPEN, ""),
        "Q2": (Standing.ANSWERED, "All of them."),
        "Q3": (Standing.OPEN, ""),
    }
    assert assumptions == {"A1": ("high", Standing.OPEN), "A2": ("low", Standing.ACCEPTED)}


def test_design_sections_name_what_they_serve() -> None:
    assert [(one.id, one.text, one.satisfies) for one in spec().sections] == [
        ("D1", "Cart store", ("R1.1", "R1.2")),
        ("#mail", "Mail", ("R2",)),
    ]


def test_tasks_are_read_with_their_fields() -> None:
    first, second = spec().tasks

    assert (first.id, first.done, first.touches) == ("T1", False, ("shop/cart/**", "tests/cart/**"))
    assert (first.verify, first.after) == ("pytest tests/cart", ())
    assert (second.done, second.after) == (True, ("T1",))
    assert second.verify == 'pytest tests/mail -k "a, b"'


def test_a_task_rests_on_its_criteria_and_on_the_sections_that_serve_them() -> None:
    rests = dependencies(spec())

    assert rests["T1"] == ("D1", "R1.1", "R1.2")
    assert rests["T2"] == ("#mail", "R2.1")
    assert rests["#mail"] == ("R2", "R2.1")


def test_an_edit_to_one_criterion_changes_it_and_what_rests_on_it_alone() -> None:
    before = bindings(spec())

    after = bindings(spec(story=STORY.replace(b"mail a receipt", b"print a receipt")))

    assert {name for name in before if before[name] != after[name]} == {"R2.1", "T2", "#mail"}


def test_every_byte_belongs_to_an_item() -> None:
    before = bindings(spec())
    for name, data in (("story", STORY), ("design", DESIGN), ("tasks", TASKS)):
        for at in range(len(data)):
            if data[at : at + 1] in b"xX" and data[at - 1 : at + 2] == b"[x]":
                continue  # a tick is progress, not agreement
            changed = data[:at] + b"~" + data[at + 1 :]

            assert bindings(spec(**{name: changed})) != before, (name, at, data[at : at + 10])


def test_a_tick_changes_one_byte_and_no_digest() -> None:
    document = native.read("tasks.md", TASKS)
    task = next(item for item in document.items if isinstance(item, Task))

    ticked = native.tick(document, task)

    assert [at for at in range(len(TASKS)) if TASKS[at] != ticked[at]] == [TASKS.index(b"[ ]") + 1]
    assert bindings(spec(tasks=ticked)) == bindings(spec())


def test_answering_changes_that_question_alone() -> None:
    document = native.read("requirements.md", STORY)
    question = next(item for item in document.items if isinstance(item, Question))

    answered = native.answer(document, question, Standing.ANSWERED, "No,\nnever.")

    assert answered == STORY.replace(
        b"- Q1 (open) May a guest order be claimed later?\n",
        b"- Q1 (answered) May a guest order be claimed later?\n  - Answer: No, never.\n",
    )


def test_answering_again_replaces_the_answer() -> None:
    document = native.read("requirements.md", STORY)
    question = [item for item in document.items if isinstance(item, Question)][1]

    answered = native.answer(document, question, Standing.ANSWERED, "Only France.")

    assert answered == STORY.replace(b"All of them.", b"Only France.")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_assumption_is_accepted_or_corrected_in_the_documents_line_ends(end: bytes) -> None:
    story = STORY.replace(b"\n", end)
    document = native.read("requirements.md", story)
    assumption = next(item for item in document.items if isinstance(item, Assumption))

    accepted = native.answer(document, assumption, Standing.ACCEPTED, "")
    corrected = native.answer(document, assumption, Standing.CORRECTED, "12 months.")

    assert accepted == story.replace(b"A1 (high)", b"A1 (high, accepted)")
    old = b"- A1 (high) Guest orders are kept 24 months."
    new = b"- A1 (high, corrected) Guest orders are kept 24 months."
    assert corrected == story.replace(old, new + end + b"  - Correction: 12 months.")


def test_a_question_without_a_mark_or_a_last_newline_can_be_answered() -> None:
    data = b"- Q1: Really?"
    document = native.read("design.md", data)
    question = next(item for item in document.items if isinstance(item, Question))

    assert native.answer(document, question, Standing.ANSWERED, "Yes") == (
        b"- Q1: (answered) Really?\n  - Answer: Yes\n"
    )


def test_items_in_fences_and_comments_are_not_read() -> None:
    data = b"```\n- R1.1 WHEN x THE y SHALL z.\n```\n<!--\n- R1.2 WHEN x THE y SHALL z.\n-->\n"

    assert native.read("requirements.md", data).items[1:] == ()


def test_other_files_are_one_item_each() -> None:
    document = native.read("mockups/a.html", b"\xff<html>")

    assert [(item.id, item.kind) for item in document.items] == [("mockups/a.html", ItemKind.FILE)]


@pytest.mark.parametrize("stage", [Stage.STORY, Stage.DESIGN, Stage.ARCHITECTURE])
def test_each_template_reads_as_the_document_that_it_asks_for(stage: Stage) -> None:
    text = template(stage, Track.FULL, title="Cart", sentence="Keep it.", verify="")
    document = native.read(DOCUMENT[stage], text.encode())
    wanted = {Stage.STORY: "R1.1", Stage.DESIGN: "D1", Stage.ARCHITECTURE: "T1"}[stage]

    assert wanted in [item.id for item in document.items]


def test_the_story_of_a_small_change_holds_its_tasks() -> None:
    text = template(Stage.STORY, Track.SMALL, title="Cart", sentence="Keep it.", verify="make t")
    items = native.read("requirements.md", text.encode()).items

    assert [item.verify for item in items if isinstance(item, Task)] == ["make t"]


def corpus() -> Iterator[Path]:
    root = Path(__file__).parents[3] / "shared" / "corpus"
    yield from root.glob("**/*.md")
    yield from root.glob("*/.*/**/*.md")


def test_real_documents_are_covered_to_the_last_byte() -> None:
    files = list(corpus())
    if not files:
        pytest.skip("the corpus of real specs is not beside this checkout")
    for path in files:
        data = path.read_bytes()
        for name in ("requirements.md", "design.md", "tasks.md"):
            document = native.read(name, data)
            frame = document.items[0]
            spans = sorted((item.place.start, item.place.end) for item in document.items[1:])

            assert frame.place.end == len(data)
            assert all(0 <= start < end <= len(data) for start, end in spans), path
            assert len({item.place for item in document.items if isinstance(item, Section)}) == len(
                [item for item in document.items if isinstance(item, Section)]
            )


def test_a_question_cannot_move_within_its_section_unseen() -> None:
    moved = DESIGN.replace(
        b"- Q3 (open) Redis or memory?\n\nText.\n", b"Text.\n\n- Q3 (open) Redis or memory?\n"
    )
    assert moved != DESIGN

    assert bindings(spec(design=moved))["D1"] != bindings(spec())["D1"]


def test_only_the_box_of_a_task_is_left_out_of_its_digest() -> None:
    tasks = b"- [ ] T1 Press [x] to close\n"
    document = native.read("tasks.md", tasks)
    task = next(item for item in document.items if isinstance(item, Task))
    ticked, edited = tasks.replace(b"[ ]", b"[x]", 1), tasks.replace(b"[x]", b"[ ]")

    assert native.tick(document, task) == ticked
    assert native.read("tasks.md", ticked).items[1].own == task.own
    assert native.read("tasks.md", edited).items[1].own != task.own


def test_what_is_said_again_is_what_the_only_task_satisfies() -> None:
    text = template(Stage.STORY, Track.SMALL, title="Cart", sentence="Keep it.", verify="make t")
    said = [("THE shop SHALL keep it.", "guest/R1.1"), ("THE shop SHALL say so.", "guest/R2.1")]
    story = native.read("requirements.md", fill(text, said, ["why"]).encode())
    [task] = [one for one in story.items if isinstance(one, Task)]
    assert task.satisfies == ("R1.1", "R1.2")
    assert [one.id for one in story.items if one.kind is ItemKind.CRITERION] == ["R1.1", "R1.2"]
