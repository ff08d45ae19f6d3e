"""A trace is text that merges line by line and reads back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accord.core.fingerprint import Mark
from accord.core.trace import (
    Promise,
    Trace,
    TraceError,
    change_of,
    from_toml,
    markers,
    to_toml,
    words,
)

TEXT = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(TEXT, TEXT, some.lists(some.integers(0, 2**32 - 1), max_size=12))
def test_whatever_a_path_or_a_symbol_is_called_it_reads_back(
    path: str, name: str, sketch: list[int]
) -> None:
    if "::" in f"{path}::"[: len(path) + 1]:
        return
    made = Trace(
        "guest",
        (Promise("R1.1", f"specs/{path}", "ab"),),
        (("R1.1", Mark(path, name, "cd", tuple(sketch))),),
        (("R1.1", Mark(path, name, "ef")),),
    )
    assert from_toml("guest", to_toml(made)) == made


def test_lines_are_sorted_and_each_link_has_one() -> None:
    marks = [("R1.2", Mark("b.py", "g", "1")), ("R1.1", Mark("a.py", "f", "2"))]
    text = to_toml(Trace("guest", (), tuple(marks)))
    assert [line for line in text.splitlines() if "->" in line] == [
        '"R1.1 -> a.py::f" = "2"',
        '"R1.2 -> b.py::g" = "1"',
    ]


def test_what_all_tested_criteria_execute_is_one_line() -> None:
    tests = tuple((name, Mark("t.py", f"test_{name}", "1")) for name in ("R1.1", "R1.2"))
    both, one = Mark("a.py", "LIMIT", "2"), Mark("a.py", "f", "3")
    rows = (("R1.1", both), ("R1.2", both), ("R1.1", one))
    made = Trace("guest", (), (), tests, rows)

    text = to_toml(made)

    assert [line for line in text.partition("[executes]")[2].splitlines() if line] == [
        '"* -> a.py::LIMIT" = "2"',
        '"R1.1 -> a.py::f" = "3"',
    ]
    assert set(from_toml("guest", text).executes) == set(rows)


@pytest.mark.parametrize(
    "text",
    ["[symbols]\na", '[symbols]\n"x" = "y"', "symbols = 1", '[criteria]\n"R1" = "x"',
     '[tests]\n"R1 -> a::b" = "1"\n"R1 -> a::b" = "2"', '[tests]\n"R1 -> a::b" = 1'],
)  # fmt: skip
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(TraceError):
        from_toml("guest", text)


def test_how_a_criterion_is_broken_into_lines_does_not_count() -> None:
    assert words("WHEN a\n  THE b SHALL c.") == words("WHEN a THE b SHALL c.")
    assert words("WHEN a") != words("WHEN b")


def test_markers_are_read_where_people_wrote_them() -> None:
    assert markers('"""Keeps.\n\nSatisfies: R1.1, R2\n"""') == ("R1.1", "R2")
    assert markers("// satisfies: FR-1 and nothing") == ()


def test_only_a_plain_name_is_that_of_a_trace() -> None:
    assert change_of("guest.toml") == "guest"
    assert change_of("guest.txt") == change_of("../x.toml") == ""
