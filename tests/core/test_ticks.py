"""A tick is held against the files that its task names."""

import pytest

from accord.core import ticks
from accord.core.model import Spec
from accord.formats import native, speckit

FILES = {"src", "src/cart.py", "tests", "tests/test_cart.py"}


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
        ("- [ ] T001 Create src/cart.py", "T001 is open, but src/cart.py is there"),
        (
            "- [ ] T001 Write tests/test_cart.py for src/cart.py",
            "T001 is open, but tests/test_cart.py, src/cart.py are there",
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


def test_what_a_task_says_below_its_line_counts_too() -> None:
    spec = Spec((native.read("tasks.md", b"- [x] T1 Do it\n  - Touches: src/gone.py\n"),))

    assert [one.paths for one in ticks.claims(spec)] == [("src/gone.py",)]
