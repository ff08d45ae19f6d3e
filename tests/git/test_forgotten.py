"""Work in a folder that git knows nothing of any more, and folders of others in Accord's pool."""

import shutil
from pathlib import Path

import pytest

from accord.core.cones import Kind, Want
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, contents, head, run, write
from laying import mounted, reboot


@pytest.fixture
def tree(repo: GitRepo, base: str) -> Path:
    return Path(repo.worktree("T1", base))


def forgotten(top: Path, key: str = "T1") -> None:
    """Have git forget a worktree, as its own tidying does while the disk is not there."""
    state = top.parent / "state"
    state.rename(top.parent / "unplugged")
    run(top, "worktree", "prune", "--expire", "now")
    (top.parent / "unplugged").rename(state)
    assert not (top / ".git/worktrees" / key).exists()


@pytest.mark.parametrize("kept_in", ["files", "reftable"])
@pytest.mark.parametrize("key", ["T1", "T,1"])
def test_work_in_a_folder_that_git_forgot_is_taken_all_the_same(
    repo: GitRepo, top: Path, base: str, key: str, kept_in: str
) -> None:
    if kept_in == "reftable":
        (top / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    tree = Path(repo.worktree(key, base))
    write(tree, {"src/new.py": "precious\n", "docs/guide.md": None})
    before = contents(tree)
    forgotten(top, key)

    found = repo.harvest(key, base, ["**"], message="Do", author=AUTHOR)

    assert found.changed == ("docs/guide.md", "src/new.py")
    assert repo.read(found.snapshot, "src/new.py") == b"precious\n"
    assert contents(tree) == before
    assert head(tree) == base
    assert run(tree, "status", "--porcelain") == " D docs/guide.md\n?? src/new.py"
    again = repo.harvest(key, base, ["**"], message="Do", author=AUTHOR)
    assert again.changed == found.changed
    assert [one.name for one in tree.parent.iterdir() if not one.name.endswith(".lock")] == [key]
    repo.worktree(key, base)
    assert head(tree) == base
    assert "prunable" not in run(top, "worktree", "list", "--porcelain")


def test_an_agent_goes_on_in_a_folder_that_git_forgot(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    write(tree, {"src/cart.py": "better\n"})
    forgotten(top)
    repo.reopen("T1", base)
    assert run(tree, "status", "--porcelain") == " M src/cart.py"


def test_a_folder_with_nothing_in_it_is_no_work(repo: GitRepo, top: Path, base: str) -> None:
    (repo.state / "worktrees/T1").mkdir(parents=True)
    (repo.state / "worktrees/T2").symlink_to(top)
    for key in ("T1", "T2", "T3"):
        assert repo.harvest(key, base, ["**"], message="Do", author=AUTHOR).snapshot == ""
    assert not (top / ".git/worktrees").exists()


def test_what_somebody_else_put_into_the_pool_is_neither_taken_nor_covered(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    mine, plain = repo.state / "pool/mine", repo.state / "pool/T1"
    run(top, "worktree", "add", "-q", "--detach", str(mine), base)
    write(mine, {"notes.txt": "precious\n"})
    write(plain, {"notes.txt": "precious\n"})

    other = Path(repo.worktree("T2", base))
    repo.drop_worktree("T1")
    repo.drop_worktree("T2")

    assert contents(other) == {}
    for folder in (mine, plain):
        assert (folder / "notes.txt").read_text() == "precious\n"
    assert head(mine) == base
    assert sorted(one.name for one in plain.parent.iterdir()) == ["T1", "T11", "T2", "mine"]
    assert contents(Path(repo.worktree("T3", base))) == contents(top)


def test_what_a_move_into_the_pool_left_that_was_cut_off_makes_way(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    pool = repo.state / "pool"
    pool.mkdir()
    tree.rename(pool / "T1")
    repo.worktree("T1", base)

    repo.drop_worktree("T1")

    assert [one.name for one in pool.iterdir()] == ["T1"]
    assert str(pool / "T1") in run(top, "worktree", "list", "--porcelain")


@pytest.mark.parametrize("kind", [Kind.OVERLAY])
@pytest.mark.parametrize("is_mounted", [True, False])
def test_an_overlay_that_git_forgot_shows_what_was_changed_on_it(
    repo: GitRepo, tree: Path, top: Path, base: str, *, is_mounted: bool
) -> None:
    write(tree, {"src/new.py": "precious\n", "docs/guide.md": None})
    if not is_mounted:
        reboot(repo)
    shutil.rmtree(top / ".git/worktrees/T1")

    found = repo.harvest("T1", base, ["**"], message="Do", author=AUTHOR)

    assert found.changed == ("docs/guide.md", "src/new.py")
    assert mounted(repo) == ["T1"]
    assert head(tree) == base
    assert contents(Path(repo.worktree("T1", base))) == contents(top)


@pytest.mark.parametrize("kind", [Kind.SPARSE])
def test_work_in_a_sparse_folder_that_git_forgot_is_taken_and_deletes_nothing(
    repo: GitRepo, top: Path, base: str
) -> None:
    tree = Path(repo.worktree("T1", base, Want(("src/**",))))
    write(tree, {"src/new.py": "precious\n"})
    shutil.rmtree(top / ".git/worktrees/T1")

    found = repo.harvest("T1", base, ["src/**"], message="Do", author=AUTHOR)

    assert found.changed == ("src/new.py",)
    assert repo.read(found.snapshot, "src/new.py") == b"precious\n"
    assert repo.read(found.commit, "docs/guide.md") == b"guide\n"


def test_a_worktree_whose_folder_is_gone_holds_no_work(
    repo: GitRepo, tree: Path, base: str
) -> None:
    shutil.rmtree(tree)
    assert repo.harvest("T1", base, ["**"], message="Do", author=AUTHOR).snapshot == ""
    repo.reopen("T1", base)
    assert not tree.exists()
