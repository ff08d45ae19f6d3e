"""What git said about commits is kept; what could have changed since is asked again."""

from pathlib import Path

import pytest

import gitrepo
from accord.git.repo import GitRepo
from accord.git.run import Git

ONE = {"a.txt": "one\n"}


def reader(top: Path) -> GitRepo:
    return GitRepo(Git(top / ".git"), top / "state")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    gitrepo.make_repo(tmp_path / "top", ONE).close()
    return tmp_path / "top"


def test_the_same_question_about_commits_is_asked_of_git_once(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = gitrepo.run(top, "rev-parse", "HEAD")
    head = gitrepo.commit(top, {"a.txt": "two\n"}, "Two\n\nSpec-Task: T1\n")
    repo = reader(top)

    def ask() -> tuple[object, ...]:
        return (repo.fork(base, head), repo.trailers(base, head, "Spec-Task"),
                repo.changed(base, head), repo.altered(base, (head,), "a.txt"))  # fmt: skip

    first = ask()
    assert first[:2] == (base, ("T1",))
    monkeypatch.setenv("PATH", "")
    assert ask() == first
    repo.close()


def test_a_branch_is_asked_for_again_when_it_moved(top: Path) -> None:
    base = gitrepo.run(top, "rev-parse", "HEAD")
    gitrepo.run(top, "branch", "other")
    head = gitrepo.commit(top, {"a.txt": "two\n"})
    repo = reader(top)
    assert repo.fork("refs/heads/other", head) == base
    assert [one.path for one in repo.changed("refs/heads/other", head)] == ["a.txt"]
    gitrepo.run(top, "branch", "-f", "other", head)
    assert repo.fork("refs/heads/other", head) == head
    assert repo.changed("refs/heads/other", head) == ()
    repo.close()


def test_a_clone_that_was_deepened_is_asked_again(top: Path, tmp_path: Path) -> None:
    first = gitrepo.run(top, "rev-parse", "HEAD")
    for number in range(3):
        head = gitrepo.commit(top, {"a.txt": f"{number}\n"}, f"N\n\nSpec-Task: T{number}\n")
    clone = tmp_path / "clone"
    gitrepo.run(tmp_path, "clone", "-q", "--depth=1", top.as_uri(), str(clone))
    gitrepo.run(clone, "fetch", "-q", "--depth=1", "origin", first)
    repo = reader(clone)
    assert repo.trailers(first, head, "Spec-Task") == ("T2",)
    gitrepo.run(clone, "fetch", "-q", "--unshallow")
    assert repo.trailers(first, head, "Spec-Task") == ("T2", "T1", "T0")
    repo.close()
