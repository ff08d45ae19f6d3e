"""Paths of documents in an address, and what lies on a desk: nothing leads out of the change."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import gitrepo
from project import STORY, Project
from visiting import Visitor

SECRET = "the words of another folder"
AWAY = ("../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
        "%252e%252e%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "requirements.md%00.html", ".",
        "..", "%2e%2e", "mockups", "mockups/..%2frequirements.md", "./requirements.md",
        "mockups%2f%2fcard.html", "C:%5cwindows", "file:%2f%2f%2fetc%2fpasswd")  # fmt: skip
PLACES = ("requirements.md", "design.md", "card.html", "mockups/card.html",
          "mockups/deep/card.html")  # fmt: skip
ROUTES = ("document", "mockup", "at/0123456789abcdef")


@pytest.fixture
def outside(project: Project) -> Path:
    """A folder that belongs to no change, with files that are called like documents."""
    folder = project.root / "private"
    for name in ("requirements.md", "design.md", "card.html", "deep/card.html"):
        gitrepo.write(folder, {name: STORY.replace("Guest cart", SECRET)})
    return folder


@pytest.mark.parametrize("route", ROUTES)
def test_no_path_of_a_document_leads_out_of_its_folder(
    asking: Project, visitor: Visitor, route: str
) -> None:
    gitrepo.write(asking.desk(), {"mockups/card.html": "<h1>A card</h1>"})
    assert visitor.get("/changes/guest/mockup/mockups/card.html").status == 200
    for path in AWAY:
        answer = visitor.get(f"/changes/guest/{route}/{path}")
        assert answer.status == 404, path
        assert "root:" not in answer.text


def _file(desk: Path, outside: Path) -> None:
    (desk / "design.md").symlink_to(outside / "design.md")


def _hard_to_see(desk: Path, outside: Path) -> None:
    (desk / "requirements.md").unlink()
    (desk / "requirements.md").symlink_to(os.path.relpath(outside / "requirements.md", desk))


def _folder(desk: Path, outside: Path) -> None:
    (desk / "mockups").symlink_to(outside)


def _deep_folder(desk: Path, outside: Path) -> None:
    (desk / "mockups").mkdir()
    (desk / "mockups/deep").symlink_to(outside / "deep")


def _desk(desk: Path, outside: Path) -> None:
    shutil.rmtree(desk)
    desk.symlink_to(outside)


def _above(desk: Path, outside: Path) -> None:
    above = outside.parent / "above"
    above.mkdir()
    desk.rename(above / desk.name)
    gitrepo.write(above / desk.name, {"requirements.md": (outside / "requirements.md").read_text()})
    shutil.rmtree(desk.parent)
    desk.parent.symlink_to(above)


def _directory(desk: Path, outside: Path) -> None:
    (desk / "design.md").mkdir()


def _pipe(desk: Path, outside: Path) -> None:
    os.mkfifo(desk / "design.md")


def _socket(desk: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        at = os.open(desk, os.O_PATH)
        one.bind(f"/proc/self/fd/{at}/design.md")
        os.close(at)


def _loop(desk: Path, outside: Path) -> None:
    (desk / "mockups").symlink_to(desk)


STRANGE = (_file, _hard_to_see, _folder, _deep_folder, _desk, _directory, _pipe, _socket, _loop)


def _shows_nothing_of(visitor: Visitor) -> None:
    paths = [f"/changes/guest/{route}/{path}" for route in ROUTES[:2] for path in PLACES]
    for path in ("/", "/board", "/changes/guest", "/changes/guest/past", *paths):
        answer = visitor.get(path)
        assert answer.status in (200, 404), path
        assert SECRET not in answer.text, path


@pytest.mark.parametrize("strange", STRANGE, ids=lambda one: one.__name__.strip("_"))
def test_what_is_no_plain_file_on_the_desk_is_not_read(
    asking: Project, visitor: Visitor, outside: Path, strange: Callable[[Path, Path], None]
) -> None:
    strange(asking.desk(), outside)
    _shows_nothing_of(visitor)


@pytest.mark.parametrize("strange", [*STRANGE, _above], ids=lambda one: one.__name__.strip("_"))
def test_nor_is_it_where_the_change_is_checked_out(
    project: Project, visitor: Visitor, outside: Path, strange: Callable[[Path, Path], None]
) -> None:
    project.git("switch", "-q", "-c", "guest")
    project.ok("new", "Keep the cart", "--name", "guest", "--track", "full", "--here")
    strange(project.top / "specs/guest", outside)
    assert project.run("show", "guest").out.count(SECRET) == 0
    _shows_nothing_of(visitor)


def test_a_link_that_was_committed_is_not_followed(
    asking: Project, visitor: Visitor, outside: Path
) -> None:
    folder = asking.root / "elsewhere"
    asking.git("worktree", "add", "-q", "-f", str(folder), "accord/guest")
    specs = folder / "specs/guest"
    (specs / "mockups").symlink_to(outside)
    (specs / "design.md").symlink_to(outside / "design.md")
    asking.commit_on_checkout(folder)
    _shows_nothing_of(visitor)


@pytest.mark.parametrize("run", ["../../../..", "..%2f..%2f..", "build/../../x", "%2fetc%2fpasswd",
                                 "build/guest/T1/0/1/..", "x%00"])  # fmt: skip
def test_no_name_of_a_run_leads_out_of_its_folder(visitor: Visitor, run: str) -> None:
    assert visitor.get(f"/runs/{run}").status == 404
