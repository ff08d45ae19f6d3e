import subprocess
from pathlib import Path

import pytest

from accord.errors import ConfigurationError
from accord.git.locate import Place, check_version, locate
from accord.git.repo import GitRepo
from gitrepo import commit, head, make_repo, run


def test_the_repository_is_found_from_a_subfolder(repo: GitRepo, top: Path) -> None:
    run(top, "config", "user.name", "Robin")
    run(top, "config", "user.email", "robin@example.org")
    assert locate(top / "src") == Place(
        top, top / ".git", "refs/heads/main", head(top), "Robin", "robin@example.org"
    )


def test_a_linked_worktree_shares_the_repository_and_has_a_branch_of_its_own(
    repo: GitRepo, top: Path, tmp_path: Path
) -> None:
    run(top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    place = locate(tmp_path / "side" / "docs")
    assert (place.top, place.common) == (tmp_path / "side", top / ".git")
    assert place.branch == "refs/heads/side"


def test_without_a_configured_identity_the_account_is_the_person(
    repo: GitRepo, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "robin")
    place = locate(top)
    assert (place.person, place.email) == ("robin", "robin@localhost")


def refusal(start: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        locate(start)
    assert caught.value.kind == "configuration"
    assert caught.value.exit_code == 2
    assert caught.value.hint
    return caught.value


def test_a_folder_outside_any_repository_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).message == f"{tmp_path} is not in a git repository"


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--bare", "bare.git")
    assert refusal(tmp_path / "bare.git").message.endswith("bare.git is a bare repository")


def test_a_repository_without_commits_is_refused(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "-b", "main", "new")
    refused = refusal(tmp_path / "new")
    assert refused.message.endswith("new has no commits yet")
    assert "git commit" in refused.hint


def test_a_detached_head_is_refused(repo: GitRepo, top: Path) -> None:
    run(top, "switch", "-q", "--detach")
    refused = refusal(top)
    assert "detached HEAD" in refused.message
    assert refused.hint == "git switch main"


def test_a_git_directory_that_does_not_know_its_checkout_is_refused_until_it_does(
    tmp_path: Path,
) -> None:
    top = tmp_path / "top"
    run(tmp_path, "init", "-q", "-b", "main", "--separate-git-dir=apart.git", "top")
    commit(top, {"a": "1"})
    refused = refusal(top)
    subprocess.run(refused.hint.split(), check=True)
    assert locate(top).common == tmp_path / "apart.git"


def test_a_submodule_is_a_repository_like_any_other(tmp_path: Path) -> None:
    make_repo(tmp_path / "library").close()
    outer = make_repo(tmp_path / "outer")
    outer.close()
    allow = ("-c", "protocol.file.allow=always")
    run(tmp_path / "outer", *allow, "submodule", "add", "-q", str(tmp_path / "library"), "sub")
    place = locate(tmp_path / "outer" / "sub")
    assert place.common == tmp_path / "outer" / ".git" / "modules" / "sub"


def test_the_version_of_git_is_known() -> None:
    assert check_version()[0].isdigit()


def test_a_git_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.37.9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))
    with pytest.raises(ConfigurationError, match=r"git is too old: git version 2\.37\.9"):
        check_version()


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="git was not found"):
        check_version()
