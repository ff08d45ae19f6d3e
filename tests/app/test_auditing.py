"""A range of commits against what its base says, read through the port."""

import pytest

import gitrepo
from accord.app.auditing import Audit, audit, basis
from accord.core.lifecycle import Refusal
from accord.errors import ConfigurationError, RefusedError
from accord.git import commits
from accord.git.repo import GitRepo
from accord.git.run import Git
from project import Project

LINES = "".join(f"N{number} = {number}\n" for number in range(12))


def checked(project: Project, head: str, base: str = "main", root: str = "") -> Audit:
    """Return what may not land of `base..head`."""
    git = Git(project.top / ".git")
    repo = GitRepo(git, project.state)
    try:
        ours, theirs = repo.resolve(base), repo.resolve(head)
        found = commits.between(git, ours, theirs)
        return audit(repo, basis(repo, ours, found, root=root), theirs, found)
    finally:
        repo.close()


def refused(project: Project, head: str = "accord/typo") -> tuple[Refusal, ...]:
    """Return the refusals of a range that has some."""
    found = checked(project, head).refused
    assert found
    return found


def built(project: Project) -> str:
    """Begin a trivial change, build it within its limits; return the message of its task."""
    project.new("trivial", "typo")
    assert project.build("typo", {"shop/one.py": LINES}).exit == 0
    return project.git("log", "-1", "--format=%B", "accord/typo")


def test_small_commits_of_a_trivial_change_add_up(project: Project) -> None:
    message = built(project)
    assert checked(project, "accord/typo").refused == ()
    for name in ("two", "three"):
        project.commit_on("accord/typo", {f"shop/{name}.py": LINES}, message)
    (found,) = refused(project)
    assert found.rule == "size"
    assert "3 files, 36 lines" in found.message
    assert found.commit == project.git("rev-parse", "accord/typo")


def test_lines_that_were_taken_back_do_not_count(project: Project) -> None:
    message = built(project)
    for text in ("X = 1\n", LINES, "X = 1\n", LINES):
        project.commit_on("accord/typo", {"shop/one.py": text}, message)
    assert checked(project, "accord/typo").refused == ()


def test_a_risky_path_of_a_trivial_change(project: Project) -> None:
    message = built(project)
    project.commit_on("accord/typo", {"shop/auth/login.py": "X = 1\n"}, message)
    assert [one.rule for one in refused(project)] == ["size"]


def test_a_step_up_counts_only_with_the_documents_that_it_asks_for(project: Project) -> None:
    message = built(project)
    for name in ("two", "three"):
        project.commit_on("accord/typo", {f"shop/{name}.py": LINES}, message)
    project.ok("approve", "typo", "--track", "full")
    assert [one.rule for one in refused(project)] == ["size"]


def test_a_waiver_for_less_than_it_became(project: Project) -> None:
    message = built(project)
    for name in ("two", "three"):
        project.commit_on("accord/typo", {f"shop/{name}.py": LINES}, message)
    project.ok("approve", "typo", "--waive", "a table")
    assert checked(project, "accord/typo").refused == ()
    project.commit_on("accord/typo", {"shop/four.py": LINES}, message)
    assert [one.rule for one in refused(project)] == ["size"]


def test_two_changes_squashed_into_one_commit(project: Project) -> None:
    for name in ("one", "two"):
        project.new("trivial", name)
        assert project.build(name, {f"shop/{name}.py": LINES}).exit == 0
        project.ok("approve", name, "--yes")
    project.git("switch", "-q", "-c", "both", "accord/one")
    project.git("merge", "-q", "--no-edit", "accord/two")
    project.git("switch", "-q", "-c", "squashed", "main")
    project.git("merge", "-q", "--squash", "both")
    gitrepo.commit(project.top, {}, "One and two")
    assert checked(project, "squashed").refused == ()
    gitrepo.commit(project.top, {"shop/one.py": "X = 1\n"}, "More")
    project.git("reset", "-q", "--soft", "main")
    gitrepo.commit(project.top, {}, "One and two, and a line")
    found = refused(project, "squashed")
    assert {one.rule for one in found} == {"squash"}


def test_an_older_configuration_of_the_base_that_cannot_be_read(project: Project) -> None:
    text = project.file("main", ".accord/config.toml")
    gitrepo.commit(project.top, {".accord/config.toml": "["}, "Break it")
    project.git("branch", "odd")
    gitrepo.commit(project.top, {".accord/config.toml": text}, "Mend it")
    project.commit_on("odd", {"specs/x/notes.md": "Note.\n"}, "Notes")
    assert checked(project, "odd").refused == ()


def test_the_base_decides_by_its_own_trust_file_and_configuration(project: Project) -> None:
    found = checked(project, "main")
    assert (found.commits, found.refused, found.notes) == (0, (), ())
    assert checked(project, "main", root=found.trust).trust == found.trust
    with pytest.raises(RefusedError, match="is pinned"):
        checked(project, "main", root="0" * 64)
    with pytest.raises(ConfigurationError, match="not set up on the base"):
        checked(project, "main", base="main^")
