import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import delta
from accord.core.delta import Change, ItemChange
from accord.core.model import Document, ItemKind, Spec, bindings
from accord.formats import native
from agreements import DESIGN, FILES, STORY, TASKS, spec


def source(document: Document, name: str) -> str:
    item = next(one for one in document.items if one.id == name)
    return delta.source(document, item)


def test_changed_ids_keep_the_order_of_the_document_with_what_was_removed_at_the_end() -> None:
    approved = {"R9": "z", "R1": "a", "R2": "b", "R8": "y", "R3": "c"}
    current = {"R3": "d", "R4": "e", "R2": "b", "R1": "f"}

    assert delta.changed_ids(approved, current) == ("R3", "R4", "R1", "R9", "R8")


def test_nothing_changed_is_nothing_to_look_at() -> None:
    assert delta.changed_ids(bindings(spec()), bindings(spec())) == ()
    assert delta.changed_ids({}, {}) == ()


def test_each_item_is_described_by_what_became_of_it() -> None:
    after = spec({
        "requirements.md": STORY.replace("mail a receipt", "print a receipt"),
        "design.md": DESIGN + "\n## D3 Log\nSatisfies: R1.1\n",
        "tasks.md": TASKS.partition("- [ ] T2")[0],
    })  # fmt: skip

    mail = "## D2 Mail\nSatisfies: R2.1\n\nOne template.\n"

    found = delta.compare(spec(), after, ("R2.1", "D2", "D3", "T3"))

    assert found == (
        ItemChange(
            "R2.1",
            Change.CHANGED,
            "- R2.1 WHEN payment succeeds THE shop SHALL mail a receipt.\n",
            "- R2.1 WHEN payment succeeds THE shop SHALL print a receipt.\n",
            ItemKind.CRITERION,
        ),
        ItemChange("D2", Change.RESTS, mail, mail, ItemKind.SECTION),
        ItemChange("D3", Change.ADDED, "", "## D3 Log\nSatisfies: R1.1\n", ItemKind.SECTION),
        ItemChange(
            "T3",
            Change.REMOVED,
            "- [ ] T3 Mail a receipt\n  - Satisfies: R2.1\n  - Touches: shop/mail/**\n",
            "",
            ItemKind.TASK,
        ),
    )  # fmt: skip


def test_what_rested_on_something_that_was_taken_out_rests_on_a_change() -> None:
    gone = "- R2.1 WHEN payment succeeds THE shop SHALL mail a receipt.\n"
    after = spec({**FILES, "requirements.md": STORY.replace(gone, "")})

    ids = delta.changed_ids(bindings(spec()), bindings(after))
    found = {one.id: (one.change, one.kind) for one in delta.compare(spec(), after, ids)}

    assert found["D2"] == (Change.RESTS, ItemKind.SECTION)
    assert found["T3"] == (Change.RESTS, ItemKind.TASK)
    assert found["R2.1"] == (Change.REMOVED, ItemKind.CRITERION)


def test_a_change_in_the_first_of_two_items_with_one_id_is_shown() -> None:
    twice = {**FILES, "design.md": "## D1 One\n\n## D1 Two\n"}
    edited = {**FILES, "design.md": "## D1 Another\n\n## D1 Two\n"}

    (found,) = delta.compare(spec(twice), spec(edited), ("D1",))

    assert found.change is Change.CHANGED
    assert found.after == "## D1 Another\n## D1 Two\n"


def test_two_files_that_differ_in_a_byte_that_is_no_text_are_not_alike() -> None:
    before, after = (Spec((native.read("mockups/a.png", data),)) for data in (b"\x89a", b"\x8aa"))

    (found,) = delta.compare(before, after, ("mockups/a.png",))

    assert (found.change, found.before, found.after) == (Change.CHANGED, "\\x89a", "\\x8aa")


def test_the_source_of_a_frame_leaves_out_the_items_inside_it() -> None:
    document = native.read("requirements.md", STORY.encode())

    assert source(document, "requirements.md") == (
        "# Guest checkout\n\nGuests buy without an account.\n\n\n## Requirements\n\n\n\n\n"
        "## Later, not in this change\n"
    )


def test_the_source_of_a_section_leaves_out_its_questions() -> None:
    document = native.read(
        "design.md", b"# Design\n\n## D1 Store\n\n- Q1 (open) Which?\n  - Answer: x\n\nA row.\n"
    )

    assert source(document, "D1") == "## D1 Store\n\n\nA row.\n"
    assert source(document, "Q1") == "- Q1 (open) Which?\n  - Answer: x\n"
    assert source(document, "design.md") == "# Design\n\n"


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("tasks.md", "- [ ] T1 Keep the cart\n  - Satisfies: R1.1\n", "T1"),
        ("design.md", "## D1 Store\n\nA row.\n", "D1"),
        ("requirements.md", "- R1.1 THE shop SHALL keep the cart.\n", "R1.1"),
        ("notes.md", "A note.\n", "notes.md"),
    ],
)
def test_an_item_that_is_the_whole_file_has_the_text_of_the_file(
    path: str, text: str, name: str
) -> None:
    document = native.read(path, text.encode())

    assert source(document, name) == text
    if name != path:
        assert source(document, path) == ""


@pytest.mark.parametrize("files", [FILES, {**FILES, "requirements.md": STORY * 2}])
def test_the_sources_of_all_items_together_are_the_whole_text(files: dict[str, str]) -> None:
    for document in spec(files).documents:
        length = sum(len(delta.source(document, item)) for item in document.items)

        assert length == len(document.data)


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        ("", "", ()),
        ("keep it", "keep it", ((" ", "keep it"),)),
        ("", "keep it", (("+", "keep it"),)),
        ("keep it", "", (("-", "keep it"),)),
        (
            "keep the cart for 60 minutes",
            "keep the cart for 90 minutes",
            ((" ", "keep the cart for "), ("-", "60"), ("+", "90"), (" ", " minutes")),
        ),
        ("a  b", "a b", ((" ", "a"), ("-", "  "), ("+", " "), (" ", "b"))),
    ],
)
def test_words_tell_what_was_taken_out_and_put_in(
    before: str, after: str, runs: tuple[tuple[str, str], ...]
) -> None:
    assert delta.words(before, after) == runs


def test_one_word_in_a_long_text_is_one_word() -> None:
    lines = [f"Line {number} of the text says what the shop does.\n" for number in range(200)]
    before = "".join(lines)

    runs = delta.words(before, before.replace("Line 77 of", "Line 77 in"))

    assert [run for run in runs if run[0] != " "] == [("-", "of"), ("+", "in")]


def test_a_long_text_that_was_written_anew_is_compared_all_the_same() -> None:
    before = " ".join(f"old{number}" for number in range(3000))
    after = " ".join(f"new{number}" for number in range(3000))

    assert delta.words(before, after) == (("-", before), ("+", after))


WORDS = st.lists(st.sampled_from(["the", "cart", "é", " ", "\n", "  "]), max_size=12).map("".join)


@given(WORDS, WORDS)
def test_the_runs_hold_both_texts_to_the_last_character(before: str, after: str) -> None:
    runs = delta.words(before, after)

    assert "".join(text for sign, text in runs if sign != "+") == before
    assert "".join(text for sign, text in runs if sign != "-") == after
    assert all(text for _, text in runs)
