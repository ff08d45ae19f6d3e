"""What stands in the way of a release or of any writing: nothing is lost, and it is said."""

import fcntl
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

import gitrepo
from project import BUILT, STORY, Project


def released(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")


def test_edits_in_the_way_of_a_release(project: Project) -> None:
    released(project)
    gitrepo.write(project.top, {"shop/cart.py": "half done\n"})
    base = project.git("rev-parse", "main")
    result = project.run("run", "guest")
    assert result.exit == 1
    words = f"main is checked out in {project.top} with edits: shop/cart.py"
    assert words in " ".join(result.said.split())
    assert "commit or stash them there" in " ".join(result.said.split())
    assert project.git("rev-parse", "main") == base
    assert (project.top / "shop/cart.py").read_text() == "half done\n"
    project.git("stash", "-q")
    assert "guest is released" in project.ok("run", "guest").out
    project.git("stash", "drop", "-q")


def test_an_untracked_file_in_the_way_of_a_release(project: Project) -> None:
    released(project)
    gitrepo.write(project.top, {"tests/test_minutes.py": "mine\n"})
    base = project.git("rev-parse", "main")
    result = project.run("run", "guest")
    assert result.exit == 1
    assert "tests/test_minutes.py" in result.said
    assert project.git("rev-parse", "main") == base
    assert (project.top / "tests/test_minutes.py").read_text() == "mine\n"


def test_a_base_that_moved_is_merged_and_verified_anew(project: Project) -> None:
    released(project)
    other = {"shop/other.py": "OTHER = 1\n"}
    gitrepo.commit(project.top, other, "Meanwhile")
    assert "guest is released" in project.ok("run", "guest").out
    assert project.file("main", "shop/other.py") == b"OTHER = 1\n"
    assert project.file("main", "shop/cart.py").decode() == BUILT["shop/cart.py"]
    assert project.git("status", "--short") == ""


def test_a_base_that_moved_so_that_the_tests_fail_is_not_landed_on(project: Project) -> None:
    released(project)
    red = BUILT["tests/test_minutes.py"].replace("MINUTES, 60", "MINUTES, 61")
    base = gitrepo.commit(project.top, {"tests/test_no.py": red}, "Meanwhile")
    result = project.run("run", "guest")
    assert result.exit == 1
    assert "on top of main: exit 1 after 3 tests" in " ".join(result.said.split())
    assert project.git("rev-parse", "main") == base


def test_a_base_that_conflicts_is_named(project: Project) -> None:
    released(project)
    base = gitrepo.commit(project.top, {"shop/cart.py": "MINUTES = 1\n"}, "Meanwhile")
    result = project.run("run", "guest")
    assert result.exit == 3
    assert "guest conflicts with main in shop/cart.py" in " ".join(result.said.split())
    assert project.git("rev-parse", "main") == base


def test_another_run_in_the_same_repository(project: Project) -> None:
    project.new("trivial")
    project.ok("status")
    with (project.state / "engine.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        exit_code, lines = project.refused("run", "guest")
    assert (exit_code, lines) == (
        3,
        [
            "error: another accord run is at work in this repository",
            "hint: wait for it, or look at accord status",
        ],
    )


def test_a_database_that_is_none(project: Project) -> None:
    project.ok("log")
    (project.state / "journal.sqlite").write_bytes(b"not a database" * 100)
    for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (project.state / name).unlink(missing_ok=True)
    exit_code, lines = project.refused("log")
    assert exit_code == 1
    assert lines[0] == "error: the journal cannot be used: file is not a database"
    assert "move journal.sqlite away" in lines[1]


def _limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("arguments", [("new", "Something new"), ("approve", "--yes"), ("log",)])
@pytest.mark.parametrize("size", [0, 64, 4096])
def test_no_room_for_a_file(project: Project, arguments: Sequence[str], size: int) -> None:
    """What is written is cut off at `size`, wherever that happens to be."""
    project.new()
    project.write("requirements.md", STORY)
    refs = project.refs()
    done = subprocess.run(
        [sys.executable, "-m", "accord", *arguments], cwd=project.top, env=os.environ,
        preexec_fn=_limited(size), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert done.stderr.startswith("error: ")
        assert "hint: " in done.stderr
        assert project.refs() == refs
    assert project.ok("show", "guest").out


# What the disk under one folder is made, for this command alone: full, or read-only.
DISKS = {
    "full": 'mount -t tmpfs -o size=64k none "$1"; head -c 1m /dev/zero > "$1/filler" 2> /dev/null',
    "read-only": 'mount -t tmpfs -o ro none "$1"',
}


@pytest.mark.parametrize("where", ["git", "state"])
@pytest.mark.parametrize("disk", DISKS)
def test_a_disk_that_takes_nothing(project: Project, disk: str, where: str) -> None:
    """On a real disk where this user may make one, else by the limit of the size of files."""
    project.new()
    refs = project.refs()
    folder = project.top / ".git/accord" if where == "git" else project.state
    folder.mkdir(exist_ok=True)
    script = f'set -e; {DISKS[disk]} || :; shift; exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(folder)]
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(folder)]
    if not shutil.which("unshare") or subprocess.run(probe, check=False).returncode:
        command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "accord", "new", "Something new"],
        cwd=project.top, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("error: ")
    assert "hint: free space or rights, then run it again" in done.stderr
    assert project.refs() == refs
