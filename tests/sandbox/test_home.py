"""A box has an empty home, or one that outlasts it and belongs to one run alone."""

import os
import subprocess
from pathlib import Path

import pytest

from accord.core.ports import Walls
from accord.sandbox.bubblewrap import Bubblewrap, find_program
from lab import works
from needing import need


@pytest.mark.parametrize("place", ["/home/somebody", "/tmp/somebody"])  # noqa: S108 - names alone
def test_a_home_that_is_kept_is_there_in_the_next_box_and_in_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    need(bool(find_program()) and works(find_program()), "bubblewrap")
    work, home = tmp_path / "work", tmp_path / "kept"
    work.mkdir()
    home.mkdir()

    monkeypatch.setenv("HOME", place)

    def said(walls: Walls) -> str:
        command = [*Bubblewrap().prefix(walls), "sh", "-c", "cat ~/note; echo kept > ~/note"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        return done.stdout

    assert said(Walls(str(work), home=str(home))) == ""
    assert (home / "note").read_text() == "kept\n"
    assert said(Walls(str(work), home=str(home))) == "kept\n"
    assert said(Walls(str(work))) == ""
