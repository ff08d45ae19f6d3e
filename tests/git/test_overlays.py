"""Worktrees as overlays, really mounted: nothing that was written is missed, lost or shared."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accord.core.cones import Kind, Want
from accord.errors import RefusedError
from accord.git import mounting, overlays, placing, reaping, worktrees
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, commit, contents, head, run, write
from laying import ALL, lowers, mounted, reboot, taken


@pytest.fixture
def kind() -> Kind:
    return Kind.OVERLAY


@pytest.fixture
def tree(repo: GitRepo, base: str) -> Path:
    return Path(repo.worktree("T1", base))


def test_it_holds_the_commit_and_costs_no_files(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    assert mounted(repo) == ["T1"]
    assert contents(tree) == contents(top)
    assert head(tree) == base
    assert run(tree, "status", "--porcelain", "--ignored") == ""
    upper = repo.room.layers.upper(tree) / "upper"
    assert [one.name for one in upper.iterdir()] == [".git"]
    assert taken(repo, base) == {}


def within_size_and_time(tree: Path) -> None:
    file = tree / "src/cart.py"
    before = file.stat()
    file.write_text("def lost(): ...\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_ino) == (before.st_size, before.st_ino)


def through_a_map(tree: Path) -> None:
    import mmap

    file = tree / "src/cart.py"
    before = file.stat()
    with file.open("r+b") as handle, mmap.mmap(handle.fileno(), 0) as page:
        page[4:8] = b"lost"
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def by_swapping_two_folders(tree: Path) -> None:
    for old, new in (("src", "x"), ("docs", "src"), ("x", "docs")):
        (tree / old).rename(tree / new)


def a_link_for_a_file(tree: Path) -> None:
    (tree / "src/cart.py").unlink()
    (tree / "src/cart.py").symlink_to("run.sh")


def a_folder_anew(tree: Path) -> None:
    shutil.rmtree(tree / "src")
    write(tree, {"src/run.sh": "#!/bin/sh\n"})


EDITS: list[tuple[Callable[[Path], None], dict[str, bytes]]] = [
    (within_size_and_time, {"src/cart.py": b"def lost(): ...\n"}),
    (through_a_map, {"src/cart.py": b"def lost(): ...\n"}),
    (by_swapping_two_folders, {
        "docs/cart.py": b"def keep(): ...\n", "docs/run.sh": b"#!/bin/sh\n", "docs/guide.md": b"",
        "src/guide.md": b"guide\n", "src/cart.py": b"", "src/run.sh": b""}),
    (a_link_for_a_file, {"src/cart.py": b"run.sh"}),
    (a_folder_anew, {"src/cart.py": b""}),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "found"), EDITS)
def test_every_edit_is_seen(
    repo: GitRepo, tree: Path, base: str, edit: Callable[[Path], None], found: dict[str, bytes]
) -> None:
    before = contents(lowers(repo)[0] / "files")
    edit(tree)
    assert taken(repo, base) == found
    reboot(repo)
    assert taken(repo, base) == found
    assert contents(lowers(repo)[0] / "files") == before


def test_what_one_writes_shows_in_no_other(repo: GitRepo, top: Path, tree: Path, base: str) -> None:
    other = Path(repo.worktree("T2", base))
    assert len(lowers(repo)) == 1
    write(tree, {"src/cart.py": "worse\n", "docs/guide.md": None, "new.py": "x\n"})
    with (tree / "README.md").open("a") as handle:
        handle.write("more\n")
    (tree / "src/run.sh").chmod(0o777)
    assert contents(other) == contents(top)
    assert contents(lowers(repo)[0] / "files") == contents(top)
    assert (other / "src/run.sh").stat().st_mode & 0o777 == 0o644
    assert taken(repo, base, "T2") == {}


def test_after_a_start_of_the_machine_the_work_is_there_and_nothing_looks_deleted(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    write(tree, {"src/cart.py": "better\n", "docs/guide.md": None})
    work = contents(tree)
    reboot(repo)
    assert contents(tree) == {}
    assert taken(repo, base) == {"src/cart.py": b"better\n", "docs/guide.md": b""}
    repo.reopen("T1", base)
    assert contents(tree) == work
    reboot(repo)
    repo.revive()
    assert contents(tree) == work
    assert repo.harvest("T9", base, ALL, message="Do\n", author=AUTHOR).snapshot == ""


def test_git_s_own_tidying_after_a_start_of_the_machine_takes_nothing(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    write(tree, {"src/cart.py": "better\n"})
    reboot(repo)
    run(top, "worktree", "prune", "--expire", "now")
    run(top, "gc", "-q", "--prune=now")
    assert taken(repo, base) == {"src/cart.py": b"better\n"}


def test_what_lies_where_the_mount_was_is_not_covered(repo: GitRepo, tree: Path, base: str) -> None:
    write(tree, {"src/cart.py": "better\n"})
    reboot(repo)
    write(tree, {"notes.txt": "precious\n"})
    with pytest.raises(RefusedError, match=r"the work of T1 lies in .*, and .* is not empty"):
        taken(repo, base)
    assert (tree / "notes.txt").read_text() == "precious\n"
    (tree / "notes.txt").unlink()
    assert taken(repo, base) == {"src/cart.py": b"better\n"}


def test_work_that_cannot_be_mounted_is_named_and_not_taken_for_deleted(
    repo: GitRepo, tree: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree, {"src/cart.py": "better\n"})
    reboot(repo)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(mounting, "lay", refused)
        repo.revive()  # whoever only looks is not kept from it
        for act in (lambda: taken(repo, base), lambda: repo.reopen("T1", base)):
            with pytest.raises(RefusedError, match=r"lies in .*/upper and cannot be mounted"):
                act()
    assert taken(repo, base) == {"src/cart.py": b"better\n"}


def test_the_same_work_is_not_mounted_twice(repo: GitRepo, tree: Path, tmp_path: Path) -> None:
    own, second = repo.room.layers.upper(tree), tmp_path / "second"
    second.mkdir()
    with pytest.raises(OSError, match="busy"):
        mounting.lay(lowers(repo)[0] / "files", own / "upper", own / "work", second)


def test_one_that_is_dropped_is_gone_and_the_next_lies_on_the_same_files(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    write(tree, {"src/cart.py": "worse\n"})
    with (tree / "README.md").open():  # somebody still looks at it
        repo.drop_worktree("T1")
    assert mounted(repo) == []
    assert not os.path.lexists(tree)
    assert "T1" not in run(top, "worktree", "list")
    assert list(repo.room.layers.uppers.iterdir()) == []
    inode = (lowers(repo)[0] / "files/README.md").stat().st_ino
    assert contents(Path(repo.worktree("T1", base))) == contents(top)
    assert (lowers(repo)[0] / "files/README.md").stat().st_ino == inode


def test_a_commit_that_differs_little_lies_on_the_same_files_and_another_does_not(
    repo: GitRepo, top: Path
) -> None:
    many = commit(top, {f"many/f{n}": f"{n}\n" for n in range(60)})
    little = commit(top, {"many/f1": "changed\n", "many/f2": None})
    repo.worktree("T1", many)
    near = Path(repo.worktree("T2", little))
    assert contents(near) == contents(top)
    assert head(near) == little
    assert run(near, "status", "--porcelain", "--ignored") == ""
    assert len(lowers(repo)) == 1
    assert taken(repo, little, "T2") == {}
    (near / "many/f3").write_text("x\n")
    assert taken(repo, little, "T2") == {"many/f3": b"x\n"}
    far = commit(top, {f"many/f{n}": None for n in range(10, 50)})
    assert contents(Path(repo.worktree("T3", far))) == contents(top)
    assert len(lowers(repo)) == 2


def test_files_that_nothing_lies_on_are_kept_for_a_few_commits_only(
    repo: GitRepo, top: Path
) -> None:
    kept = Path(repo.worktree("kept", commit(top, {"n": "kept\n"})))
    before = contents(kept)
    for number in range(overlays.IDLE + 3):
        folder = repo.worktree("T1", commit(top, {"n": f"{number}\n"}))
        assert contents(Path(folder)) == contents(top)
        repo.drop_worktree("T1")
    assert len(lowers(repo)) == 1 + overlays.IDLE
    assert contents(kept) == before


@pytest.fixture
def strange(tree: Path, tmp_path: Path) -> Iterator[Path]:
    """Mount a folder of the person's in the worktree."""
    precious, place = tmp_path / "precious", tree / "src/in"
    write(precious, {"x": "precious\n"})
    place.mkdir()
    subprocess.run(["mount", "--bind", str(precious), str(place)], check=True)
    yield precious
    subprocess.run(["umount", str(place)], check=True)


def test_nothing_is_deleted_through_a_mount_that_is_not_accord_s(
    repo: GitRepo, tree: Path, base: str, strange: Path
) -> None:
    with pytest.raises(RefusedError, match=r"src/in is mounted there and is not Accord's"):
        repo.drop_worktree("T1")
    assert contents(strange) == {"x": b"precious\n"}
    assert mounted(repo) == ["T1"]


def test_nothing_is_deleted_through_a_mount_of_accord_s(
    repo: GitRepo, top: Path, tree: Path
) -> None:
    worktrees.erase(repo.room.used)
    assert not repo.room.used.exists()
    assert mounted(repo) == []
    assert contents(lowers(repo)[0] / "files") == contents(top)


def test_the_quota_counts_the_files_below_once_and_takes_idle_ones(
    repo: GitRepo, top: Path
) -> None:
    big = commit(top, {"big.bin": os.urandom(10**6)})
    other = commit(top, {"big.bin": os.urandom(10**6)})
    repo.quota = 2_500_000
    for number in range(4):  # all of them lie on one megabyte
        repo.worktree(f"T{number}", big)
    repo.quota = 1_900_000
    with pytest.raises(RefusedError, match=r"would take 2\..* MB"):
        repo.worktree("other", other)
    Path(repo.state, "worktrees/T1/out.bin").write_bytes(os.urandom(10**6))
    repo.quota = 1_800_000
    with pytest.raises(RefusedError, match=r"would take 2\..* MB"):
        repo.worktree("T5", big)
    for number in range(4):
        repo.drop_worktree(f"T{number}")
    assert len(lowers(repo)) == 1
    assert contents(Path(repo.worktree("other", other))) == contents(top)
    assert len(lowers(repo)) == 1
    assert reaping.size(repo.room.under) < repo.quota


def test_a_person_s_worktree_is_a_plain_folder(repo: GitRepo, top: Path, base: str) -> None:
    folder = Path(repo.worktree("T1-by-hand", base, Want(lasting=True)))
    assert mounted(repo) == []
    assert contents(folder) == contents(top)


def test_one_becomes_plain_and_an_overlay_again_as_the_configuration_says(
    repo: GitRepo, top: Path, tree: Path, base: str
) -> None:
    for kind, there in ((Kind.POOL, []), (Kind.OVERLAY, ["T1"]), (Kind.POOL, [])):
        write(tree, {"left.txt": "left\n"})
        repo.kind = kind
        repo.worktree("T1", base)
        assert mounted(repo) == there
        assert contents(tree) == contents(top)
        assert taken(repo, base) == {}
    repo.drop_worktree("T1")
    assert list(repo.room.layers.uppers.iterdir()) == []


def test_by_itself_a_large_repository_is_laid_and_a_small_one_is_not(
    repo: GitRepo, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.kind = Kind.AUTO
    repo.worktree("T1", base)
    assert mounted(repo) == []
    monkeypatch.setattr(placing, "MANY", 3)
    repo.worktree("T2", base)
    assert mounted(repo) == ["T2"]


def test_where_the_words_of_a_mount_cannot_name_the_folder_it_is_a_plain_one(
    repo: GitRepo, top: Path, base: str
) -> None:
    for name in ("a,b", "a:b", "a\\b", 'a"b', "a\nb"):
        repo.state = top.parent / name
        assert not overlays.possible(repo.git, repo.room.layers)
        assert contents(Path(repo.worktree("T1", base))) == contents(top)
        assert mounted(repo) == []
    repo.state = top.parent / "with a space"
    assert contents(Path(repo.worktree("T1", base))) == contents(top)
    assert mounted(repo) == ["T1"]
    repo.state = top.parent / "state"
    assert contents(Path(repo.worktree("T,1", base))) == contents(top)
    assert mounted(repo) == []


def test_a_link_that_the_agent_leaves_leads_nowhere(
    repo: GitRepo, top: Path, tree: Path, base: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    write(outside, {"x": "precious\n"})
    shutil.rmtree(tree / "src")
    (tree / "src").symlink_to(outside)
    (tree / "lower").symlink_to(lowers(repo)[0])
    repo.worktree("T1", base)
    (tree / "more").symlink_to(lowers(repo)[0] / "files")
    repo.drop_worktree("T1")
    assert contents(outside) == {"x": b"precious\n"}
    assert contents(lowers(repo)[0] / "files") == contents(top)


PREPARE = """
import sys
from pathlib import Path
from accord.core.cones import Kind
from accord.git.repo import GitRepo
from accord.git.run import Git
repo = GitRepo(Git(Path(sys.argv[1])), Path(sys.argv[2]), kind=Kind.OVERLAY)
repo.worktree(sys.argv[3], sys.argv[4])
repo.close()
"""


def test_eight_processes_make_theirs_at_once(repo: GitRepo, top: Path, base: str) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", PREPARE, repo.git.directory, repo.state, f"T{n}",
                          base])
        for n in range(8)
    ]  # fmt: skip
    assert [one.wait() for one in running] == [0] * 8
    assert mounted(repo) == [f"T{n}" for n in range(8)]
    assert all(contents(repo.state / f"worktrees/T{n}") == contents(top) for n in range(8))
    assert len(lowers(repo)) == 1
