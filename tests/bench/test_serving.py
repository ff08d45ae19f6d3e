"""The figures of the room over a small one, with a real browser where there is one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.place import throw_away
from bench.table import Figure

from bench import seeing, serving
from needing import need


@pytest.fixture
def short(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A browser has a socket in the folder for temporary files, and its path must be short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield


def measured(root: Path) -> dict[str, Figure]:
    with throw_away(root) as place:
        figures = serving.measure(place, count=5, repeats=1, at_work=4)
    return {one.name: one for one in figures}


@pytest.mark.usefixtures("short")
def test_every_kind_of_page_an_event_and_a_first_visit_are_measured(root: Path) -> None:
    need(seeing.chromium() is not None, "chromium")
    found = measured(root)
    assert list(found) == [
        "a page, 5 changes", "a gate, 50 criteria", "a gate, 200 criteria",
        "event to screen, 4 agents", "event in a browser, 4 agents", "first visit, in a browser",
    ]  # fmt: skip
    assert all(one.value > 0 for one in found.values())
    assert found["first visit, in a browser"].kept
    assert all(kind in found["a page, 5 changes"].note for kind in
               ("/result ", "/past ", "/document/", "/runs/", "/decisions/D-"))  # fmt: skip


def test_without_a_browser_its_rows_are_left_out_and_it_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "chromium", lambda: None)
    found = measured(root)
    assert not [name for name in found if "browser" in name]
    assert found["event to screen, 4 agents"].note.endswith(seeing.ABSENT)
