"""The room that worktrees take: idle ones of Accord's go, and nothing else ever does."""

import os
import shutil
from pathlib import Path

import pytest

from accord.errors import RefusedError
from accord.git import reaping
from accord.git.repo import GitRepo
from gitrepo import commit, contents, run, write


def pooled(repo: GitRepo) -> list[str]:
    pool = repo.state / "pool"
    return sorted(one.name for one in pool.iterdir()) if pool.is_dir() else []


def fill(repo: GitRepo, base: str, *names: str) -> None:
    """Let worktrees go into the pool in this order, each with a megabyte that was built there."""
    for name in names:
        folder = Path(repo.worktree(name, base))
        (folder / "out.bin").write_bytes(os.urandom(10**6))
    for number, name in enumerate(names):
        repo.drop_worktree(name)
        mark = repo.git.directory / "worktrees" / name / "accord"
        os.utime(mark, ns=(number * 10**9, number * 10**9))


def test_over_the_quota_those_that_were_idle_longest_go_first(
    repo: GitRepo, top: Path, base: str
) -> None:
    fill(repo, base, "T1", "T2", "T3")
    repo.quota = 2_500_000

    other = Path(repo.worktree("T4", base))

    assert contents(other) == contents(top)
    # T1 went, T2 serves as the new one.
    assert pooled(repo) == ["T3"]
    listed = run(top, "worktree", "list", "--porcelain")
    assert "T1" not in listed
    assert list((repo.state / "graves").iterdir()) == []
    run(top, "fsck", "--strict")


def test_what_goes_into_the_pool_over_the_quota_goes_on_to_the_grave(
    repo: GitRepo, base: str
) -> None:
    repo.quota = 1_500_000
    fill(repo, base, "T1")
    assert pooled(repo) == ["T1"]
    folder = Path(repo.worktree("T2", base))
    (folder / "out.bin").write_bytes(os.urandom(2 * 10**6))

    repo.drop_worktree("T2")

    assert pooled(repo) == []


def test_without_room_no_worktree_is_made_and_those_in_use_stay(
    repo: GitRepo, top: Path, base: str
) -> None:
    folder = Path(repo.worktree("T1", base))
    (folder / "out.bin").write_bytes(os.urandom(10**6))
    repo.quota = 1_000_000

    with pytest.raises(RefusedError, match=r"would take 1\..* MB, and worktrees.quota is 1\.0 MB"):
        repo.worktree("T2", base)

    assert (folder / "out.bin").exists()
    assert not (repo.state / "worktrees" / "T2").exists()
    # One that is there goes on to serve.
    assert contents(Path(repo.worktree("T1", base))) == contents(top)


def test_what_accord_did_not_make_is_never_taken_away(repo: GitRepo, top: Path, base: str) -> None:
    fill(repo, base, "T1")
    mine, plain = repo.state / "pool/mine", repo.state / "pool/plain"
    run(top, "worktree", "add", "-q", "--detach", str(mine), base)
    write(plain, {"notes.txt": "precious\n"})
    elsewhere = top.parent / "elsewhere"
    run(top, "worktree", "add", "-q", "--detach", str(elsewhere), base)
    shutil.rmtree(elsewhere)  # on a disk that is not there just now, say
    repo.quota = 1

    with pytest.raises(RefusedError):
        repo.worktree("T2", base)

    assert pooled(repo) == ["mine", "plain"]
    assert contents(mine) == contents(top)
    assert (plain / "notes.txt").read_text() == "precious\n"
    assert "elsewhere" in run(top, "worktree", "list")


@pytest.mark.parametrize("step", ["rmtree", "erase"])
def test_a_kill_while_one_is_taken_away_is_finished_by_the_next(
    repo: GitRepo, top: Path, base: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fill(repo, base, "T1", "T2")
    repo.quota = 1_500_000

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        owner = shutil if step == "rmtree" else reaping
        patch.setattr(owner, step, killed)
        with pytest.raises(KeyboardInterrupt):
            repo.worktree("T3", base)
    assert len(list((repo.state / "graves").iterdir())) == 1

    assert contents(Path(repo.worktree("T3", commit(top, {"a": "b\n"})))) == contents(top)

    assert list((repo.state / "graves").iterdir()) == []
    names = {one.name for one in (repo.git.directory / "worktrees").iterdir()}
    assert names == {"T2"}
    assert "prunable" not in run(top, "worktree", "list", "--porcelain")


def test_sizes_are_those_on_the_disk_and_links_are_not_followed(
    repo: GitRepo, top: Path, base: str, tmp_path: Path
) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(10**6))
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    (folder / "in/link").symlink_to(big)
    (folder / "out").symlink_to(tmp_path)
    (folder / "in/a").write_bytes(os.urandom(5000))
    assert 5000 <= reaping.size(folder) < 100_000
    assert reaping.size(tmp_path / "gone") == 0
    written = sum(len(data) for data in contents(top).values())
    assert reaping.weight(repo.git, base) >= written
