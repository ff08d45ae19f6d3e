"""Refs travel between two clones of one bare repository; of two that move one, one is told no."""

import threading
from pathlib import Path

import pytest

import gitrepo
from accord.errors import ConfigurationError
from accord.git.remotes import GitRemote
from accord.git.run import Git

BRANCH, TASK = "refs/heads/accord/guest", "refs/accord/tasks/guest/T1"


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    gitrepo.make_repo(tmp_path / "first").close()
    gitrepo.run(tmp_path, "clone", "-q", "--bare", "first", "hub.git")
    for name in ("one", "other"):
        gitrepo.run(tmp_path, "clone", "-q", "hub.git", name)
    return tmp_path / "one", tmp_path / "other"


def remote(clone: Path, name: str = "origin") -> GitRemote:
    return GitRemote(Git(clone / ".git"), name, "refs/heads/main")


def test_a_ref_that_is_pushed_is_seen_by_the_other_clone_and_gone_when_it_is_deleted(
    clones: tuple[Path, Path],
) -> None:
    one, other = (remote(each) for each in clones)
    made = gitrepo.commit(clones[0], {"a": "1"})
    assert one.push({BRANCH: ("", made), TASK: ("", made)})
    assert one.far()[TASK] == made
    other.fetch()
    assert other.far() == {
        "refs/heads/main": gitrepo.head(clones[1], "origin/main"), BRANCH: made, TASK: made,
    }  # fmt: skip
    assert one.push({TASK: (made, "")})
    other.fetch()
    assert TASK not in other.far()


def test_of_two_that_move_one_ref_the_second_is_told_no_and_none_of_its_refs_move(
    clones: tuple[Path, Path],
) -> None:
    one, other = (remote(each) for each in clones)
    first = gitrepo.commit(clones[0], {"a": "1"})
    second = gitrepo.commit(clones[1], {"b": "2"})
    assert one.push({BRANCH: ("", first)})
    assert not other.push({BRANCH: ("", second), TASK: ("", second)})
    other.fetch()
    assert other.far()[BRANCH] == first
    assert TASK not in other.far()
    # Told from where it is, it may: also where it is no descendant.
    assert other.push({BRANCH: (first, second)})


def test_snapshots_of_both_clones_come_together(clones: tuple[Path, Path]) -> None:
    for number, clone in enumerate(clones):
        made = gitrepo.commit(clone, {"a": f"{number}"})
        gitrepo.run(clone, "update-ref", f"refs/accord/wip/guest/T1/{number}-1", made)
        remote(clone).push_snapshots()
    hub = clones[0].parent / "hub.git"
    assert len(gitrepo.run(hub, "for-each-ref", "refs/accord/wip/").splitlines()) == 2


def test_a_hook_of_the_clone_is_not_run_by_a_push(clones: tuple[Path, Path]) -> None:
    hook = clones[0] / ".git/hooks/pre-push"
    gitrepo.write(hook.parent, {hook.name: "#!/bin/sh\nexit 1\n"})
    hook.chmod(0o755)
    assert remote(clones[0]).push({BRANCH: ("", gitrepo.commit(clones[0], {"a": "1"}))})


def test_a_remote_that_is_not_there_is_told_without_its_address(
    clones: tuple[Path, Path],
) -> None:
    gitrepo.run(clones[0], "remote", "add", "far", "https://robin:t0ken@127.0.0.1:1/shop.git")
    made = gitrepo.head(clones[0])
    for act in (remote(clones[0], "far").fetch, remote(clones[0], "far").push_snapshots,
                lambda: remote(clones[0], "far").push({BRANCH: ("", made)})):  # fmt: skip
        gitrepo.run(clones[0], "update-ref", "refs/accord/wip/guest/T1/1-1", made)
        with pytest.raises(ConfigurationError, match="the remote far cannot be reached") as raised:
            act()
        assert "t0ken" not in f"{raised.value} {raised.value.hint}"
        assert raised.value.__suppress_context__


def test_a_fetch_waits_for_whoever_writes_the_same_ref(clones: tuple[Path, Path]) -> None:
    one, other = (remote(each) for each in clones)
    made = gitrepo.commit(clones[0], {"a": "1"})
    assert one.push({BRANCH: ("", made)})
    lock = clones[1] / ".git/refs/accord/far" / f"{BRANCH}.lock"
    gitrepo.write(lock.parent, {lock.name: ""})
    threading.Timer(0.5, lock.unlink).start()
    other.fetch()
    assert other.far()[BRANCH] == made
