"""A lock that a killed git left behind keeps nothing from moving for ever."""

from pathlib import Path

import pytest

import gitrepo
from accord.errors import RefusedError
from accord.git import stale
from accord.git.objects import move_ref
from accord.git.remotes import GitRemote
from accord.git.run import Git

REF = "refs/accord/tasks/guest/T1"


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stale, "PATIENCE_S", 0.5)
    folder = tmp_path / "shop"
    gitrepo.run(tmp_path, "init", "-q", "-b", "main", str(folder))
    return folder


def left_behind(top: Path, ref: str) -> Path:
    lock = top / ".git" / f"{ref}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    return lock


def test_a_ref_moves_although_a_killed_git_left_its_lock(top: Path) -> None:
    git, tip = Git(top / ".git"), gitrepo.commit(top, {"a": "1"}, "x")
    lock = left_behind(top, REF)
    move_ref(git, REF, tip, "", "build")
    assert git.text("rev-parse", REF) == tip
    lock.touch()
    move_ref(git, REF, "", tip, "land")
    assert not lock.exists()


def test_a_lock_elsewhere_is_nobodys_to_take_away(top: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.lock"
    other.touch()
    said = f"fatal: Unable to create '{other}': File exists."
    assert not stale.outwaited(Git(top / ".git"), said)
    assert not stale.outwaited(Git(top / ".git"), "fatal: no such ref")
    assert other.exists()


def test_a_ref_that_cannot_be_written_for_another_reason_is_refused_as_before(top: Path) -> None:
    git, tip = Git(top / ".git"), gitrepo.commit(top, {"a": "1"}, "x")
    git.bytes("update-ref", "refs/accord/tasks", tip)  # a file where a folder is needed
    with pytest.raises(RefusedError):
        move_ref(git, REF, tip, "", "build")


def test_a_remote_is_fetched_although_a_killed_git_left_a_lock(top: Path, tmp_path: Path) -> None:
    gitrepo.commit(top, {"a": "1"}, "x")
    gitrepo.run(tmp_path, "clone", "-q", str(top), "clone")
    git = Git(tmp_path / "clone/.git")
    base = gitrepo.run(top, "symbolic-ref", "HEAD")
    left_behind(tmp_path / "clone", f"refs/accord/far/{base}")
    remote = GitRemote(git, "origin", base)
    remote.fetch()
    assert base in remote.far()
