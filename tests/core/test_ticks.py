"""A tick is held against the files that its task names."""

from collections.abc import Sequence

import pytest

from accord.core import ticks
from accord.core.model import Spec
from accord.formats import native, speckit

FILES = {"src", "src/cart.py", "tests", "tests/test_cart.py"}

UNTRIED = "; no test run of Accord says whether it works"


def lies(line: str) -> list[str]:
    spec = Spec((speckit.read("tasks.md", f"## Phase 1\n\n{line}\n".encode()),))
    found = (ticks.lie(claim, FILES.__contains__) for claim in ticks.claims(spec))
    return [one.message for one in found if one]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("- [x] T001 Write src/gone.py", "T001 is ticked, but src/gone.py is not there"),
        ("- [X] T001 [P] Keep it in `src/gone.py`", "T001 is ticked, but src/gone.py is not there"),
        (
            "- [x] T001 Write src/a.py, src/b.py and src/c.py",
            "T001 is ticked, but src/a.py, src/b.py and 1 more are not there",
        ),
        (
            "- [ ] T001 Create src/cart.py",
            f"T001 is open, but src/cart.py is there{UNTRIED}",
        ),
        (
            "- [ ] T001 Write tests/test_cart.py for src/cart.py",
            f"T001 is open, but tests/test_cart.py, src/cart.py are there{UNTRIED}",
        ),
    ],
)
def test_a_tick_that_lies_is_told(line: str, message: str) -> None:
    assert lies(line) == [message]


@pytest.mark.parametrize(
    "line",
    [
        "- [x] T001 Write src/cart.py",
        "- [ ] T001 Write src/gone.py",
        "- [ ] T001 Add a field to src/cart.py",
        "- [x] T001 Remove src/gone.py",
        "- [x] T001 Move src/gone.py to src/cart.py",
        "- [x] T001 Write elsewhere/gone.py",
        "- [x] T001 Read https://example.org/src/gone.py",
        "- [x] T001 Keep src/*/gone.py",
        "- [ ] T001 Create src/cart.py and src/gone.py",
        "- [x] T001 Think",
        "- [x] T001 Write ./cart.yaml and src/YYYY-report.md",
    ],
)
def test_what_cannot_be_told_from_the_files_is_not(line: str) -> None:
    assert lies(line) == []


@pytest.mark.parametrize(
    ("result", "rule"),
    [(True, ["passes-but-open"]), (None, ["there-but-open"]), (False, [])],
)
def test_what_a_run_said_weighs_more_than_what_is_there(
    result: bool | None,
    rule: list[str],
) -> None:
    asked: list[str] = []

    def ran(paths: Sequence[str]) -> tuple[bool, str] | None:
        asked.extend(paths)
        return None if result is None else (result, "3 tests passed: make test")

    text = b"## Phase 1\n\n- [ ] T001 Create src/cart.py\n- [x] T002 Create src/cart.py\n"
    spec = Spec((speckit.read("tasks.md", text),))
    found = [ticks.lie(claim, FILES.__contains__, ran) for claim in ticks.claims(spec)]

    assert [one.rule for one in found if one] == rule
    assert asked == ["src/cart.py"]
    if result:
        assert found[0] is not None
        assert found[0].message == (
            "T001 is open, but src/cart.py is there and the tests pass (3 tests passed: make test)"
        )


def test_what_a_task_says_below_its_line_counts_too() -> None:
    spec = Spec((native.read("tasks.md", b"- [x] T1 Do it\n  - Touches: src/gone.py\n"),))

    assert [one.paths for one in ticks.claims(spec)] == [("src/gone.py",)]
