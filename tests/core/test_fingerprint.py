"""Where a symbol went that is gone from its place."""

import pytest
from attrs import evolve

from accord.core.fingerprint import (
    Symbol,
    find_hunk,
    follow,
    hunk,
    mark,
    packed,
    similarity,
    unpacked,
)
from accord.symbols.reading import read


def symbol(name: str, body: str) -> Symbol:
    return Symbol(name, 1, 9, tuple(body.split()))


LONG = " ".join(f"t{number}" for number in range(60))
EDITED = LONG.replace("t30 ", "x ").replace("t31 ", "y ").replace("t45 ", "z ")


def test_the_same_body_is_followed_to_any_name_and_path() -> None:
    was = mark("a.py", symbol("Cart.keep", LONG))
    fresh = [("b.py", symbol("other", LONG + " more")), ("c.py", symbol("Shop.hold", LONG))]
    found = follow(was, fresh)
    assert found is not None
    assert (found[0], found[1].name) == ("c.py", "Shop.hold")


def test_a_short_body_is_followed_under_its_own_name_alone() -> None:
    was = mark("a.py", symbol("Cart.keep", "return None"))
    assert follow(was, [("a.py", symbol("drop", "return None"))]) is None
    assert follow(was, [("b.py", symbol("Shop.keep", "return None"))]) is not None


def test_a_short_body_is_followed_where_it_was_if_it_is_the_only_one_that_came_there() -> None:
    was = mark("a.py", symbol("Cart.keep", "pass"))
    drop, hold = (("a.py", symbol(name, "pass")) for name in ("Cart.drop", "Cart.hold"))
    assert follow(was, [drop]) == drop
    assert follow(was, [drop, hold]) is None
    assert follow(was, [("b.py", symbol("Cart.drop", "pass"))]) is None


METHOD = "class A:\n    @mark\n    def test_keep({}):\n        return 1\n"
FUNCTION = "@mark\ndef test_keep({}):\n    return 1\n"


def found_in(text: str, name: str) -> Symbol:
    return next(one for one in read("a.py", text.encode()) or () if one.name == name)


@pytest.mark.parametrize(("within", "outside"), [("self", ""), ("cls", ""), ("self, a", "a")])
def test_what_left_its_class_or_entered_one_is_followed_by_its_name(
    within: str, outside: str
) -> None:
    method = found_in(METHOD.format(within), "A.test_keep")
    function = found_in(FUNCTION.format(outside), "test_keep")
    for was, now in ((method, function), (function, method)):
        gone = evolve(mark("a.py", was), sketch=())
        assert follow(gone, [("a.py", now)]) == ("a.py", now)
        assert now.print != was.print
        assert follow(gone, [("b.py", now)]) is None
        twice = [("a.py", now), ("a.py", evolve(now, name=f"{now.name}#2"))]
        assert follow(gone, twice) is None


def test_what_asks_for_itself_or_does_something_else_is_not_followed_out_of_its_class() -> None:
    method = found_in(METHOD.format("self"), "A.test_keep")
    gone = evolve(mark("a.py", method), sketch=())
    for text in (
        FUNCTION.format("").replace("return 1", "return 2"),
        FUNCTION.format("").replace("test_keep", "test_hold"),
        FUNCTION.format("cart"),
        "test_keep = mark\n",
    ):
        name = "test_hold" if "test_hold" in text else "test_keep"
        assert follow(gone, [("a.py", found_in(text, name))]) is None


def test_an_edited_body_is_followed_by_what_it_still_says() -> None:
    was = mark("a.py", symbol("keep", LONG))
    found = follow(was, [("b.py", symbol("hold", EDITED)), ("b.py", symbol("x", "a b c d e f"))])
    assert found is not None
    assert found[1].name == "hold"
    assert found[1].print != was.print


def test_what_is_nowhere_is_followed_nowhere() -> None:
    other = " ".join(f"u{number}" for number in range(60))
    assert follow(mark("a.py", symbol("keep", LONG)), [("a.py", symbol("hold", other))]) is None
    assert follow(mark("a.py", symbol("keep", LONG)), []) is None


def test_a_sketch_reads_back_and_estimates_what_is_shared() -> None:
    sketch = symbol("a", LONG).sketch
    assert unpacked(packed(sketch)) == sketch
    assert unpacked("not a sketch!") == ()
    assert similarity(sketch, sketch) == 1
    assert similarity(sketch, symbol("b", EDITED).sketch) > 0.4


def test_lines_of_a_file_in_no_known_language_are_found_where_they_went() -> None:
    lines = ["a {", "  b: 1", "", "}", "c {}"]
    was = mark("a.css", hunk(lines, 1, 4))
    moved = find_hunk(was, ["x {}", *lines])
    assert moved is not None
    assert (moved.first, moved.last) == (2, 5)
    assert find_hunk(was, ["a {", "  b: 2", "}"]) is None
