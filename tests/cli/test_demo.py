"""The demonstration plays in a folder of its own, and never in anybody else's."""

import os
from pathlib import Path

import pytest

from project import Project, isolate


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    isolate(tmp_path, monkeypatch)
    (tmp_path / "shop").mkdir()
    return Project(tmp_path / "shop", monkeypatch)


@pytest.mark.parametrize("default", [False, True])
def test_a_folder_with_files_of_a_person_is_left_alone(nowhere: Project, default: bool) -> None:
    folder = Path(os.environ["XDG_CACHE_HOME"]) / "accord/demo" if default else nowhere.root / "x"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("three years")
    named = () if default else ("--folder", str(folder))

    exit_code, lines = nowhere.refused("demo", "--offline", *named)

    assert exit_code == 2
    assert lines == [
        f"error: {folder} holds files that no demonstration made",
        "hint: name another folder: accord demo --folder DIR",
    ]


def test_a_link_or_a_file_in_place_of_the_folder_is_left_alone(nowhere: Project) -> None:
    (nowhere.root / "link").symlink_to(nowhere.top)
    (nowhere.root / "file").write_text("mine")

    for name in ("link", "file"):
        exit_code, lines = nowhere.refused(
            "demo", "--offline", "--folder", f"{nowhere.root}/{name}"
        )
        assert exit_code == 2
        assert "is no folder" in lines[0]


def test_the_demonstration_plays_twice_in_its_folder(nowhere: Project) -> None:
    folder = nowhere.root / "empty"
    folder.mkdir()
    first = nowhere.ok("demo", "--offline", "--folder", str(folder), "--json").json
    (folder / "project/left-over").write_text("of the first time")

    second = nowhere.ok("demo", "--offline", "--folder", str(folder), "--json").json

    assert len(first["commits"]) == len(second["commits"]) == 2
    assert not (folder / "project/left-over").exists()
