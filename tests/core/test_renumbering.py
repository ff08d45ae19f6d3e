"""Numbered files: the later side's move on, or nothing is done where that could mean more."""

import pytest

from accord.core.renumbering import mentions, renamed, rewritten, says_enough, stem

BEFORE = ("0001_start.sql", "0002_more.sql", "README.md")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["0003_a.sql"], ["0003_b.sql"], {"0003_b.sql": "0004_b.sql"}),
        (["0003_a.sql"], ["0003_a.sql"], {"0003_a.sql": "0004_a.sql"}),
        (["0003_a.sql", "0004_c.sql"], ["0003_b.sql", "0004_d.sql"],
         {"0003_b.sql": "0005_b.sql", "0004_d.sql": "0006_d.sql"}),
        (["0003_a.sql"], ["0003_b.up.sql", "0003_b.down.sql"],
         {"0003_b.up.sql": "0004_b.up.sql", "0003_b.down.sql": "0004_b.down.sql"}),
        (["0003_a.sql"], ["0004_b.sql"], {}),  # no number twice
        (["0003_a.sql"], ["0003_b.sql", "0003_c.sql"], {}),  # its own order is not known
        (["0003_a.sql"], ["0003_b.sql", "0002_c.sql"], {}),  # one goes before what was there
        (["9999_a.sql"], ["9999_b.sql"], {}),  # 10000 would come first where names are sorted
        (["V3__a.sql"], ["0003_b.sql"], {}),  # two ways of counting
        (["a.sql"], ["b.sql"], {}),
        ([], [], {}),
    ],
)  # fmt: skip
def test_names_move_on_only_where_a_number_was_given_twice_and_the_order_is_plain(
    ours: list[str], theirs: list[str], expected: dict[str, str]
) -> None:
    assert renamed(BEFORE, ours, theirs) == expected


def test_numbers_without_zeros_grow_as_they_like_and_a_letter_stays() -> None:
    assert renamed(["V8__x.sql"], ["V9__a.sql"], ["V9__b.sql"]) == {"V9__b.sql": "V10__b.sql"}


def test_names_are_followed_as_words_and_all_at_once() -> None:
    names = {"0003_b": "0004_b", "0004_b": "0005_b"}

    said = rewritten(b"-- after 0003_b, before 0004_b; not 0003_bb, x0003_b, 0003_b-x\n", names)

    assert said == b"-- after 0004_b, before 0005_b; not 0003_bb, x0003_b, 0003_b-x\n"
    assert mentions(b"see 0003_b.", ["0003_b"])
    assert not mentions(b"see 10003_b", ["0003_b"])


def test_a_bare_number_says_too_little_to_be_a_name() -> None:
    assert says_enough("0003_add.sql")
    assert not says_enough("0003.sql")
    assert not says_enough("0003_a.sql")
    assert stem("0003_b.up.sql") == "0003_b"
