import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import markdown
from accord.core.markdown import Block, BlockKind, Splice, UnreadableError

LINES = st.sampled_from(
    [
        "# Title",
        "## 見出し",
        "####### not a heading",
        "- item",
        "  - nested",
        "\t- tabbed",
        "1. first",
        "12) twelfth",
        "wrapped text",
        "   indented",
        "```",
        "```python",
        "~~~~",
        "<!-- comment",
        "-->",
        "",
        "   ",
        "- [ ] T1 作業",
        "| a | b |",
        "-",
        "*emphasis* here",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXTS = st.one_of(
    st.text(),
    st.lists(st.tuples(LINES, ENDS)).map(lambda parts: "".join(a + b for a, b in parts)),
)


def kinds(text: str) -> list[tuple[BlockKind, int, str]]:
    return [(block.kind, block.level, block.text) for block in markdown.parse(text.encode())]


@given(TEXTS)
def test_blocks_tile_the_file(text: str) -> None:
    data = text.encode()

    blocks = markdown.parse(data)

    assert b"".join(data[block.start : block.end] for block in blocks) == data
    assert all(before.end == after.start for before, after in itertools.pairwise(blocks))


@given(TEXTS, st.data())
def test_replacing_one_block_keeps_every_byte_around_it(text: str, draw: st.DataObject) -> None:
    data = text.encode()
    blocks = markdown.parse(data)
    if not blocks:
        return
    block: Block = draw.draw(st.sampled_from(blocks))

    changed = markdown.splice(data, [Splice(block.start, block.end, b"new")])

    assert changed == data[: block.start] + b"new" + data[block.end :]
    assert (
        markdown.splice(data, [Splice(block.start, block.end, data[block.start : block.end])])
        == data
    )


def test_headings_items_fences_and_comments_are_told_apart() -> None:
    text = "# One\n\ntext\nmore\n- item\n  wrapped\n  - inner\n"
    text += "```\n- not an item\n```\n<!-- - no\n-->\n"

    assert kinds(text) == [
        (BlockKind.HEADING, 1, "One"),
        (BlockKind.BLANK, 0, ""),
        (BlockKind.OTHER, 0, ""),
        (BlockKind.ITEM, 0, "item wrapped"),
        (BlockKind.ITEM, 2, "inner"),
        (BlockKind.FENCE, 0, ""),
        (BlockKind.COMMENT, 0, ""),
    ]


def test_an_unclosed_fence_runs_to_the_end() -> None:
    assert kinds("~~~\n# code\n")[0][0] is BlockKind.FENCE
    assert len(kinds("~~~\n# code\n")) == 1


def test_a_shorter_fence_inside_does_not_close() -> None:
    assert len(kinds("````\n```\n````\n- after\n")) == 2


def test_a_tab_counts_to_the_next_multiple_of_four() -> None:
    assert kinds(" \t- item")[0][1] == 4


def test_line_numbers_count_from_one() -> None:
    assert [block.line for block in markdown.parse(b"a\n\n# b\n")] == [1, 2, 3]


def test_a_byte_that_is_not_utf8_is_named_by_line_and_column() -> None:
    with pytest.raises(UnreadableError) as caught:
        markdown.parse("# One\nzwei – ".encode() + b"\xff", "requirements.md")

    assert (caught.value.line, caught.value.column) == (2, 8)
    assert caught.value.message == "requirements.md:2:8: this byte is not UTF-8"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        markdown.splice(b"abcdef", [Splice(0, 3, b""), Splice(2, 4, b"")])


@pytest.mark.parametrize(("data", "end"), [(b"a\r\nb\n", b"\r\n"), (b"a\nb", b"\n"), (b"a", b"\n")])
def test_the_first_line_end_is_the_documents_line_end(data: bytes, end: bytes) -> None:
    assert markdown.newline(data) == end


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("# One", "One"),
        ("# One ##", "One"),
        ("# One#", "One#"),
        ("## ", ""),
        ("##", ""),
        ("### ###", ""),
        ("# C#", "C#"),
        ("#\tTab\t#", "Tab"),
        ("# a" + " " * 50_000 + "b", "a" + " " * 50_000 + "b"),
    ],
)
def test_a_headings_closing_marks_are_not_its_text(line: str, text: str) -> None:
    assert [one[2] for one in kinds(line)] == [text]


def test_marks_without_a_space_are_no_heading() -> None:
    assert kinds("#tag")[0][0] is BlockKind.OTHER
