"""Programs that an agent plants for git to run must not run in anything that Accord does."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from accord.git import following
from accord.git.locate import locate
from accord.git.repo import GitRepo
from accord.git.run import GitError, environment
from gitrepo import AUTHOR, commit, contents, make_repo, run, write

HOOKS = ("pre-commit", "post-checkout", "post-index-change", "reference-transaction",
         "post-commit", "prepare-commit-msg", "commit-msg", "post-rewrite")  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it runs, and then does what a filter does."""
    program = tmp_path / "trap"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{tmp_path}/RAN\nexec cat\n')
    program.chmod(0o755)
    return program


def config(trap: Path, hooks: Path) -> str:
    hooks.mkdir(parents=True, exist_ok=True)
    for name in HOOKS:
        (hooks / name).unlink(missing_ok=True)
        (hooks / name).symlink_to(trap)
    return (
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
        f"\tfsmonitor = {trap}\n\thooksPath = {hooks}\n\tpager = {trap}\n\teditor = {trap}\n"
        f"\tsshCommand = {trap}\n\taskPass = {trap}\n\talternateRefsCommand = {trap}\n"
        f"[diff]\n\texternal = {trap}\n"
        f'[filter "x"]\n\tclean = {trap}\n\tsmudge = {trap}\n\trequired = true\n'
        f'[filter "p"]\n\tprocess = {trap}\n'
        f'[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[merge "x"]\n\tdriver = {trap}\n'
        f"[gpg]\n\tprogram = {trap}\n[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = x\n"
        "[submodule]\n\trecurse = true\n[status]\n\tsubmoduleSummary = true\n"
    )


def arm(git_directory: Path, trap: Path) -> None:
    """Give the repository with this git directory a configuration that runs the trap."""
    (git_directory / "config").write_text(config(trap, git_directory / "hooks"))


def repointed(tree: Path, trap: Path) -> None:
    evil = make_repo(tree.parent.parent / "evil", {"src/cart.py": "x"})
    evil.close()
    arm(evil.git.directory, trap)
    (tree / ".git").write_text(f"gitdir: {evil.git.directory}\n")


def replaced(tree: Path, trap: Path) -> None:
    (tree / ".git").unlink()
    run(tree, "init", "-q")
    arm(tree / ".git", trap)


def attributes(tree: Path, trap: Path) -> None:
    write(tree, {"src/.gitattributes": "* filter=p diff=x merge=x\n"})


def embedded(tree: Path, trap: Path) -> None:
    make_repo(tree / "inner").close()
    arm(tree / "inner/.git", trap)
    write(tree, {"inner/.gitattributes": "* filter=x\n"})


def at_the_submodule(tree: Path, trap: Path) -> None:
    """Look like the submodule that the base has, at the very commit, so that git looks inside."""
    source = (tree / "libs/source").read_text()
    run(tree, "clone", "-q", source, "libs/sub")
    write(tree, {"libs/sub/.gitattributes": "* filter=x\n"})
    os.utime(tree / "libs/sub/README.md", (1, 1))
    arm(tree / "libs/sub/.git", trap)


def behind_a_pointer(tree: Path, trap: Path) -> None:
    at_the_submodule(tree, trap)
    (tree / "libs/sub/.git").rename(tree / "libs/real")
    write(tree, {"libs/sub/.git": "gitdir: ../real\n"})


def bare(tree: Path, trap: Path) -> None:
    run(tree, "init", "-q", "--bare", "docs/bare")
    arm(tree / "docs/bare", trap)
    with (tree / "docs/bare/config").open("a") as handle:
        handle.write("[core]\n\tworktree = .\n")


PLANTS = [repointed, replaced, attributes, embedded, at_the_submodule, behind_a_pointer, bare]
Plant = Callable[[Path, Path], None]


@pytest.fixture
def tip(repo: GitRepo, top: Path) -> str:
    """The base of these tests: it has a submodule."""
    inner = make_repo(top.parent / "library")
    inner.close()
    commit(top, {"libs/source": str(top.parent / "library")})
    run(top, "clone", "-q", str(top.parent / "library"), "libs/sub")
    return commit(top, {"src/.gitattributes": "*.bin binary\n"}, "A submodule")


def exercise(repo: GitRepo, top: Path, tip: str) -> None:
    """Do everything that Accord does with a worktree and a checkout."""
    taken = repo.harvest("T1", tip, ["**"], message="Do", author=AUTHOR)
    for made in (taken.commit, taken.snapshot):
        assert repo.changed(tip, made)
        assert repo.merge(made, tip).conflicts == ()
        repo.altered(tip, [made], ".")
        repo.authors(tip, made, ".")
        repo.trailers(tip, made, "X")
        repo.export(made, str(top.parent / "out"))
        assert "cart.py" in repo.folder(made, "src")
    following.dirt(repo.git, repo.state / "worktrees/T1")
    repo.move("refs/heads/main", taken.commit, tip, "land")
    repo.move("refs/heads/main", tip, taken.commit, "undo")
    repo.settle("refs/heads/main", taken.commit, tip)
    repo.worktree("T1", tip)


@pytest.mark.parametrize("plant", PLANTS)
def test_nothing_that_an_agent_planted_in_its_worktree_runs(
    repo: GitRepo, top: Path, trap: Path, tip: str, plant: Plant
) -> None:
    tree = Path(repo.worktree("T1", tip))
    plant(tree, trap)
    write(tree, {"src/cart.py": "def keep(): return 1\n", "src/more.py": "x\n"})
    exercise(repo, top, tip)
    assert not has_run(trap)
    assert list((tree / "libs/sub").iterdir()) == []
    assert run(tree, "status", "--porcelain", "--ignored") == ""
    assert not has_run(trap)


@pytest.mark.parametrize("plant", [one for one in PLANTS if one is not attributes])
def test_each_plant_does_run_in_a_git_that_trusts_the_folder(
    repo: GitRepo, top: Path, trap: Path, tip: str, plant: Plant
) -> None:
    tree = Path(repo.worktree("T1", tip))
    plant(tree, trap)
    inside = {"embedded": tree / "inner", "bare": tree / "docs/bare"}
    stand = inside.get(plant.__name__, tree)
    with suppress(subprocess.CalledProcessError):
        run(stand, "status")
    assert has_run(trap)


def has_run(trap: Path) -> bool:
    return trap.with_name("RAN").exists()


def test_attributes_that_an_agent_wrote_choose_no_filter_of_the_person(
    repo: GitRepo, top: Path, trap: Path, base: str
) -> None:
    run(top, "config", "filter.p.clean", str(trap))
    run(top, "config", "filter.p.smudge", str(trap))
    tree = Path(repo.worktree("T1", base))
    attributes(tree, trap)
    write(tree, {".gitattributes": "* filter=p text eol=crlf working-tree-encoding=UTF-16\n"})
    write(tree, {"src/cart.py": b"one\r\ntwo\n"})
    taken = repo.harvest("T1", base, ["src/**"], message="Do", author=AUTHOR)
    assert taken.changed == ("src/cart.py",)
    assert [path for path, _ in taken.parked] == [".gitattributes", "src/.gitattributes"]
    assert repo.read(taken.commit, "src/cart.py") == b"one\r\ntwo\n"
    assert repo.read(taken.snapshot, "src/.gitattributes") == b"* filter=p diff=x merge=x\n"
    assert not has_run(trap)


def test_a_filter_of_the_person_works_where_the_base_asks_for_it(
    repo: GitRepo, top: Path, trap: Path
) -> None:
    tip = commit(top, {".gitattributes": "*.bin filter=p\n"})
    run(top, "config", "filter.p.clean", f"{trap} %f | tr a-z A-Z")
    tree = Path(repo.worktree("T1", tip))
    write(tree, {"src/x.bin": "loud"})
    taken = repo.harvest("T1", tip, ["src/**"], message="Do", author=AUTHOR)
    assert repo.read(taken.commit, "src/x.bin") == b"LOUD"
    assert has_run(trap)


def test_hooks_of_the_repository_do_not_run(repo: GitRepo, top: Path, trap: Path, tip: str) -> None:
    config(trap, top / ".git/hooks")
    run(top, "config", "core.fsmonitor", str(trap))
    tree = Path(repo.worktree("T1", tip))
    write(tree, {"src/cart.py": "def keep(): return 1\n"})
    exercise(repo, top, tip)
    assert not has_run(trap)


def test_a_configuration_in_the_home_folder_is_not_read(
    repo: GitRepo, top: Path, trap: Path, tip: str, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    (isolated / ".gitconfig").write_text(config(trap, isolated / "hooks"))
    write(isolated, {".config/git/config": config(trap, isolated / "hooks")})
    write(isolated, {".config/git/attributes": "* filter=x diff=x merge=x\n"})
    tree = Path(repo.worktree("T1", tip))
    write(tree, {"src/cart.py": "def keep(): return 1\n"})
    exercise(repo, top, tip)
    locate(top)
    assert not has_run(trap)


def test_the_environment_of_the_caller_steers_nothing(
    repo: GitRepo, top: Path, trap: Path, tip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = {
        "GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere", "GIT_INDEX_FILE": "/nowhere",
        "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_EXTERNAL_DIFF": str(trap), "GIT_PAGER": str(trap),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(trap), "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={trap}'",
        "GIT_EXEC_PATH": str(trap.parent), "GIT_TEMPLATE_DIR": str(trap.parent),
    }  # fmt: skip
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    repo.close()
    tree = Path(repo.worktree("T1", tip))
    write(tree, {"src/cart.py": "def keep(): return 1\n"})
    exercise(repo, top, tip)
    assert locate(top).top == top
    assert not has_run(trap)
    assert not {"GIT_DIR", "GIT_EXEC_PATH"} & set(environment())


def test_an_object_that_stands_in_for_another_is_not_taken_for_it(
    repo: GitRepo, top: Path, base: str
) -> None:
    other = run(top, "hash-object", "-w", "--stdin", feed=b"evil\n")
    run(top, "replace", run(top, "rev-parse", f"{base}:README.md"), other)
    assert run(top, "cat-file", "-p", f"{base}:README.md") == "evil"
    assert repo.read(base, "README.md") == b"shop\n"
    repo.export(base, str(top.parent / "out"))
    assert contents(top.parent / "out")["README.md"] == b"shop\n"


def test_what_git_said_is_kept_with_its_failure(repo: GitRepo) -> None:
    with pytest.raises(GitError, match="git cat-file failed: fatal: Not a valid object") as caught:
        repo.git.bytes("cat-file", "-p", "nothing")
    assert (caught.value.status, caught.value.exit_code) == (128, 70)
    assert "nothing" in caught.value.said
    assert GitError(("gc",), 3, "").message == "git gc failed: exit status 3"
