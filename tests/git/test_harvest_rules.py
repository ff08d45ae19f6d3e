"""Which files a harvest sees: ignore rules, attributes and submodules are those of the base."""

import os
from pathlib import Path

import pytest

from accord.core.cones import Kind
from accord.core.ports import Harvest
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, commit, head, make_repo, run, write

OUTSIDE = "it is outside the paths that were agreed"


@pytest.fixture(params=[Kind.POOL, Kind.OVERLAY])
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


def take(repo: GitRepo, base: str, allowed: tuple[str, ...] = ("src/**",)) -> Harvest:
    return repo.harvest("T1", base, allowed, message="Do", author=AUTHOR)


@pytest.mark.parametrize(
    "rules",
    [
        {".gitignore": "conftest.py\nkept/\n"},
        {"src/.gitignore": "*\n"},
        {".gitignore": "*\n", "src/kept/.gitignore": "**\n"},
    ],
)
def test_an_ignore_rule_that_the_agent_wrote_hides_nothing(
    repo: GitRepo, base: str, rules: dict[str, str]
) -> None:
    tree = Path(repo.worktree("T1", base))
    write(tree, {"src/conftest.py": "x", "src/kept/y.py": "y", "src/z.log": "ignored by the base"})
    write(tree, rules)
    taken = take(repo, base)
    allowed_rules = {path for path in rules if path.startswith("src/")}
    assert set(taken.changed) == {"src/conftest.py", "src/kept/y.py"} | allowed_rules
    assert dict(taken.parked) == dict.fromkeys(set(rules) - allowed_rules, OUTSIDE)
    for path, text in rules.items():
        assert repo.read(taken.snapshot, path) == text.encode()


def test_ignore_rules_of_the_base_count_though_the_agent_removed_them(
    repo: GitRepo, base: str
) -> None:
    tree = Path(repo.worktree("T1", base))
    write(tree, {".gitignore": None, "src/a.log": "x", "src/build/x": "x"})
    taken = take(repo, base)
    assert taken.changed == ()
    assert dict(taken.parked) == {".gitignore": OUTSIDE}


def test_deeper_rules_of_the_base_win_and_tracked_files_are_never_ignored(
    repo: GitRepo, top: Path
) -> None:
    tip = commit(
        top, {"src/.gitignore": "!keep.log\n!build/\n!\n", "build/tracked.o": "1", "x.log": "1"}
    )
    tree = Path(repo.worktree("T1", tip))
    write(tree, {"src/keep.log": "2", "src/drop.log": "2", "src/build/y": "2"})
    write(tree, {"build/tracked.o": "2", "x.log": "2", "build/new.o": "2"})
    taken = take(repo, tip, ("**",))
    assert taken.changed == ("build/tracked.o", "src/build/y", "src/keep.log", "x.log")
    assert taken.parked == ()


def test_what_is_ignored_is_not_reported_whatever_it_is(repo: GitRepo, base: str) -> None:
    tree = Path(repo.worktree("T1", base))
    make_repo(tree / "build/dependency").close()
    os.mkfifo(tree / "src/pipe.log")
    write(tree, {"build/a": "x"})
    os.link(tree / "build/a", tree / "build/b")
    assert take(repo, base, ("**",)) == Harvest("", (), (), "")


def test_line_ends_that_the_base_asks_for_are_no_change(repo: GitRepo, top: Path) -> None:
    tip = commit(top, {".gitattributes": "* text eol=crlf\n", "src/a.txt": "1\n2\n"})
    tree = Path(repo.worktree("T1", tip))
    assert (tree / "src/a.txt").read_bytes() == b"1\r\n2\r\n"
    assert (tree / ".gitattributes").read_bytes().endswith(b"\r\n")
    assert take(repo, tip, ("**",)) == Harvest("", (), (), "")


@pytest.fixture
def with_submodule(repo: GitRepo, top: Path, base: str) -> str:
    run(top, "update-index", "--add", "--cacheinfo", f"160000,{base},src/sub")
    run(top, "commit", "-q", "-m", "sub")
    return head(top)


def test_a_submodule_that_nobody_touched_is_no_change(repo: GitRepo, with_submodule: str) -> None:
    tree = Path(repo.worktree("T1", with_submodule))
    assert take(repo, with_submodule) == Harvest("", (), (), "")
    (tree / "src/sub").rmdir()
    assert take(repo, with_submodule) == Harvest("", (), (), "")


def test_what_lies_in_a_submodule_is_parked_and_kept_in_the_snapshot(
    repo: GitRepo, with_submodule: str
) -> None:
    tree = Path(repo.worktree("T1", with_submodule))
    write(tree, {"src/sub/evil.py": "x", "src/cart.py": "1\n"})
    taken = take(repo, with_submodule)
    assert taken.changed == ("src/cart.py",)
    assert dict(taken.parked) == dict.fromkeys(
        ("src/sub", "src/sub/evil.py"), "it belongs to a submodule"
    )
    assert repo.folder(taken.commit, "src")["sub"].mode == "160000"
    assert repo.read(taken.snapshot, "src/sub/evil.py") == b"x"
