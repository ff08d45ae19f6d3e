import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accord.core.cones import Kind
from accord.git import following, worktrees
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, commit, contents, head, make_repo, run, write


@pytest.fixture
def tree(repo: GitRepo, base: str) -> Path:
    return Path(repo.worktree("T1", base))


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_a_worktree_lies_in_the_state_folder_and_holds_the_commit(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    assert tree == repo.state / "worktrees" / "T1"
    assert contents(tree) == contents(top)
    assert head(tree) == base
    assert repo.checkout_of("refs/heads/main") == str(top)
    assert following.checkouts(repo.git) == {"refs/heads/main": top}


def leftovers(tree: Path) -> None:
    write(tree, {"left.txt": "x", "build/out.o": "x", "a.log": "x", "src/cart.py": "worse\n"})
    write(tree, {"docs/guide.md": None})
    (tree / "src/run.sh").chmod(0o755)


def another_pointer(tree: Path) -> None:
    make_repo(tree.parent / "evil").close()
    (tree / ".git").write_text(f"gitdir: {tree.parent}/evil/.git\n")


def a_repository_for_a_pointer(tree: Path) -> None:
    (tree / ".git").unlink()
    run(tree, "init", "-q", "-b", "main")


def a_link_for_a_pointer(tree: Path) -> None:
    (tree / ".git").unlink()
    (tree / ".git").symlink_to(tree.parent)


def no_pointer(tree: Path) -> None:
    (tree / ".git").unlink()


def commits_of_its_own(tree: Path) -> None:
    commit(tree, {"src/cart.py": "committed\n"})


def locks(tree: Path) -> None:
    (own(tree) / "index.lock").touch()
    (own(tree) / "HEAD.lock").touch()


def a_torn_index(tree: Path) -> None:
    (own(tree) / "index").write_bytes(b"DIRC")


def an_unfinished_merge(tree: Path) -> None:
    (own(tree) / "MERGE_HEAD").write_text(head(tree))


def repositories_inside(tree: Path) -> None:
    make_repo(tree / "inner").close()
    run(tree, "init", "-q", "--bare", "bare")


def read_only_folders(tree: Path) -> None:
    write(tree, {"cache/deep/file": "x"})
    for folder, mode in (("cache/deep", 0o555), ("cache", 0), ("src", 0o500)):
        (tree / folder).chmod(mode)


def a_folder_for_a_file(tree: Path) -> None:
    write(tree, {"README.md": None})
    write(tree, {"README.md/x": "y"})


def no_folder(tree: Path) -> None:
    worktrees.erase(tree)


def own(tree: Path) -> Path:
    return Path(run(tree, "rev-parse", "--git-dir"))


DAMAGE = [
    leftovers, another_pointer, a_repository_for_a_pointer, a_link_for_a_pointer, no_pointer,
    commits_of_its_own, locks, a_torn_index, an_unfinished_merge, repositories_inside,
    read_only_folders, a_folder_for_a_file, no_folder,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_a_reused_worktree_holds_exactly_the_commit(
    repo: GitRepo, tree: Path, top: Path, base: str, damage: Callable[[Path], None]
) -> None:
    damage(tree)
    next_one = repo.commit(base, {"src/new.py": b"new\n"}, "Do", AUTHOR)
    for wanted in (base, next_one):
        assert repo.worktree("T1", wanted) == str(tree)
        repo.export(wanted, str(top.parent / "out"))
        assert contents(tree) == contents(top.parent / "out")
        assert not os.access(tree / "docs/guide.md", os.X_OK)
        assert oct((tree / "src/run.sh").stat().st_mode)[-3:] == "644"
        assert run(tree, "status", "--porcelain", "--ignored") == ""
        assert run(tree, "rev-parse", "--git-common-dir") == str(top / ".git")
        assert head(tree) == wanted
    assert head(top) == base


def test_what_a_link_of_the_agent_points_at_is_left_alone(
    repo: GitRepo, tree: Path, base: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    write(outside, {"cart.py": "precious", "below/x": "precious"})
    shutil.rmtree(tree / "src")
    (tree / "src").symlink_to(outside)
    (tree / "more").symlink_to(outside)
    repo.worktree("T1", base)
    assert contents(outside) == {"cart.py": b"precious", "below/x": b"precious"}
    assert not (tree / "src").is_symlink()
    shutil.rmtree(tree)
    tree.symlink_to(outside)
    repo.worktree("T1", base)
    assert not tree.is_symlink()
    assert contents(outside) == {"cart.py": b"precious", "below/x": b"precious"}


def test_a_worktree_that_was_made_only_in_part_is_made_anew(
    repo: GitRepo, tree: Path, base: str, top: Path
) -> None:
    directory = own(tree)
    (directory / "HEAD").unlink()
    (directory / "locked").write_text("initializing")
    repo.worktree("T1", base)
    assert head(tree) == base
    shutil.rmtree(tree)
    (next((top / ".git/worktrees").iterdir()) / "locked").write_text("initializing")
    repo.worktree("T1", base)
    assert head(tree) == base
    assert len(list((top / ".git/worktrees").iterdir())) == 1


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_what_is_in_the_place_of_a_submodule_goes(repo: GitRepo, top: Path, base: str) -> None:
    run(top, "update-index", "--add", "--cacheinfo", f"160000,{base},libs/sub")
    run(top, "commit", "-q", "-m", "sub")
    tip = head(top)
    tree = Path(repo.worktree("T1", tip))
    make_repo(tree / "libs/sub/inner").close()
    write(tree, {"libs/sub/evil.py": "x"})
    repo.worktree("T1", tip)
    assert list((tree / "libs/sub").iterdir()) == []


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_a_sparse_checkout_of_the_person_leaves_no_hole(
    repo: GitRepo, top: Path, base: str, tmp_path: Path
) -> None:
    before = contents(top)
    run(top, "sparse-checkout", "set", "src")
    assert not (top / "docs").exists()
    tree = Path(repo.worktree("T1", base))
    assert contents(tree) == before
    repo.export(base, str(tmp_path / "out"))
    assert contents(tmp_path / "out") == before
    write(tree, {"docs/guide.md": "more\n"})
    taken = repo.harvest("T1", base, ["**"], message="Do", author=AUTHOR)
    assert taken.changed == ("docs/guide.md",)


def test_the_state_folder_may_lie_behind_a_link(repo: GitRepo, base: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    repo.state.symlink_to(tmp_path / "real")
    tree = Path(repo.worktree("T1", base))
    write(tree, {"left.txt": "x"})
    assert repo.harvest("T1", base, ["**"], message="Do", author=AUTHOR).changed == ("left.txt",)
    repo.worktree("T1", base)
    assert not (tree / "left.txt").exists()


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_the_person_s_worktrees_are_not_pruned(
    repo: GitRepo, top: Path, base: str, tmp_path: Path
) -> None:
    run(top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "usb" / "side"))
    (tmp_path / "usb").rename(tmp_path / "unplugged")
    repo.worktree("T1", base)
    repo.drop_worktree("T1")
    (tmp_path / "unplugged").rename(tmp_path / "usb")
    assert run(tmp_path / "usb/side", "status", "--porcelain", "--branch") == "## side"


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_a_dropped_worktree_is_gone_and_dropping_it_again_is_fine(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    (tree / "src").chmod(0o500)
    for _ in range(2):
        repo.drop_worktree("T1")
        assert not tree.exists()
        assert str(tree) not in run(top, "worktree", "list")
    assert repo.harvest("T1", base, ["**"], message="Do", author=AUTHOR).commit == ""
    assert repo.worktree("T1", base) == str(tree)


PREPARE = """
import sys
from collections.abc import Callable
from pathlib import Path
from accord.git import run, worktrees
worktrees.prepare(run.Git(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3])
"""


def test_eight_processes_make_their_worktrees_at_once(repo: GitRepo, top: Path, base: str) -> None:
    wanted = [repo.state / f"w/{n}" for n in range(8)]
    running = [
        subprocess.Popen([sys.executable, "-c", PREPARE, repo.git.directory, path, base])
        for path in wanted
    ]
    assert [one.wait() for one in running] == [0] * 8
    assert all(contents(path) == contents(top) for path in wanted)
    assert len(worktrees.registered(repo.git)) == 8


@pytest.mark.parametrize("kind", [Kind.POOL, Kind.OVERLAY])
def test_eight_threads_reuse_their_worktrees_at_once(repo: GitRepo, top: Path, base: str) -> None:
    keys = [f"T{n}" for n in range(8)]
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda key: repo.worktree(key, base), keys))
        assert all(contents(Path(path)) == contents(top) for path in made)


def test_an_export_has_the_exact_bytes_and_no_git_directory(
    repo: GitRepo, top: Path, tmp_path: Path
) -> None:
    (top / "src/run.sh").chmod(0o755)
    (top / "docs/link").symlink_to("guide.md")
    (top / "docs/dangling").symlink_to("nowhere")
    tip = commit(top, {"crlf.txt": b"a\r\nb\n", "größe \n.md": b"x", "empty": b""})
    target = tmp_path / "out"
    write(target, {"old.txt": "left over"})
    repo.export(tip, str(target))
    assert contents(target) == contents(top)
    assert not (target / ".git").exists()
    assert os.access(target / "src/run.sh", os.X_OK)
    assert not os.access(target / "src/cart.py", os.X_OK)
    assert (target / "docs/link").is_symlink()
    assert list((repo.git.directory / "accord").glob("index-*")) == []


def test_an_export_replaces_a_link_and_not_what_it_points_at(
    repo: GitRepo, base: str, tmp_path: Path
) -> None:
    write(tmp_path / "outside", {"x": "precious"})
    (tmp_path / "out").symlink_to(tmp_path / "outside")
    repo.export(base, str(tmp_path / "out"))
    assert contents(tmp_path / "outside") == {"x": b"precious"}
    assert (tmp_path / "out/README.md").is_file()


def test_a_dropped_worktree_serves_as_the_next_one_and_holds_nothing_of_before(
    repo: GitRepo, top: Path, base: str, tree: Path
) -> None:
    inode = (tree / "src/cart.py").stat().st_ino
    leftovers(tree)
    repo.drop_worktree("T1")
    after = commit(top, {"docs/guide.md": "newer\n"})

    other = Path(repo.worktree("T2", after))

    assert other == repo.state / "worktrees" / "T2"
    assert not tree.exists()
    assert contents(other) == contents(top)
    assert head(other) == after
    assert run(other, "status", "--porcelain", "--ignored") == ""
    assert str(other) in run(top, "worktree", "list", "--porcelain")
    assert list((repo.state / "pool").iterdir()) == []
    assert (other / "docs/guide.md").read_text() == "newer\n"
    assert (other / "src/run.sh").stat().st_mode == (top / "src/run.sh").stat().st_mode
    assert inode != 0


def test_a_file_that_git_was_told_to_overlook_is_written_anew(
    repo: GitRepo, top: Path, base: str, tree: Path
) -> None:
    run(tree, "update-index", "--skip-worktree", "src/cart.py")
    (tree / "src/cart.py").write_text("poisoned\n")
    repo.drop_worktree("T1")

    other = Path(repo.worktree("T2", base))

    assert contents(other) == contents(top)


def test_the_pool_is_bounded_and_a_folder_that_is_gone_from_it_is_no_loss(
    repo: GitRepo, top: Path, base: str
) -> None:
    names = [f"T{number}" for number in range(worktrees.POOLED + 2)]
    for name in names:
        repo.worktree(name, base)
    for name in names:
        repo.drop_worktree(name)
    pool = repo.state / "pool"
    assert len(list(pool.iterdir())) == worktrees.POOLED
    for folder in pool.iterdir():
        shutil.rmtree(folder)

    assert contents(Path(repo.worktree("T1", base))) == contents(top)
