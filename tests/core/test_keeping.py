"""What a merge driver made counts only where it keeps what both sides did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.keeping import keeps_both

BASE = b"names = [a]\nkept = 1\n"


@pytest.mark.parametrize(
    "merged",
    [
        b"names = [a, b, c]\nkept = 1\n",
        b"kept = 1\nnames = [\n  a, c, b\n]\n",  # moved and laid out otherwise
    ],
)
def test_what_holds_both_additions_is_kept(merged: bytes) -> None:
    assert keeps_both(BASE, b"names = [a, b]\nkept = 1\n", b"names = [a, c]\nkept = 1\n", merged)


@pytest.mark.parametrize(
    "merged",
    [
        b"names = [a, b]\nkept = 1\n",  # one side only
        b"names = [a, c]\nkept = 1\n",
        b"names = [a, b, c]\n",  # what nobody touched is gone
        b"names = [a, b, c]\nkept = 1\nmore = 2\n",  # what nobody wrote
        b"names = [a, b, c]\nkept = 1\nkept = 1\n",
        b"<<<<<<< ours\nnames = [a, b]\n=======\nnames = [a, c]\n>>>>>>> theirs\nkept = 1\n",
        b"",
    ],
)
def test_what_drops_or_adds_a_word_is_not(merged: bytes) -> None:
    ours, theirs = b"names = [a, b]\nkept = 1\n", b"names = [a, c]\nkept = 1\n"
    assert not keeps_both(BASE, ours, theirs, merged)


def test_what_a_side_took_away_stays_away() -> None:
    ours, theirs = b"names = [a]\n", b"names = [a, c]\nkept = 1\n"
    assert keeps_both(BASE, ours, theirs, b"names = [a, c]\n")
    assert not keeps_both(BASE, ours, theirs, theirs)


def test_a_sign_counts_like_a_word() -> None:
    base, ours, theirs = b"x = a - b\n", b"x = a - b  # why\n", b"x = a + b\n"
    assert keeps_both(base, ours, theirs, b"x = a + b  # why\n")
    assert not keeps_both(base, ours, theirs, b"x = a - b  # why\n")


TEXT = st.lists(st.sampled_from([b"a", b"b", b"(", b"1"]), max_size=6).map(b" ".join)


@given(TEXT, TEXT)
def test_where_one_side_did_nothing_the_other_is_the_merge(base: bytes, ours: bytes) -> None:
    assert keeps_both(base, ours, base, ours)
    assert keeps_both(base, base, ours, ours)
    assert keeps_both(base, ours, ours, ours)
