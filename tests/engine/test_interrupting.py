"""Ctrl-C while a command proves something: it ends, nothing is recorded of it, and all goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.engine.journal import SqliteJournal
from accord.wiring.opening import open_workshop
from postgres import Server
from project import DOCUMENTS, Project, make_project

LONG = "3607.25"
"""How long the check sleeps; nothing else on this machine is called with it."""

CHECK = """\
import subprocess, sys, pathlib

if not pathlib.Path(sys.argv[1]).exists():
    subprocess.run(["sleep", "{long}"], check=True)
subprocess.run([sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."], check=True)
"""
SCRIPT = """\
[[scene]]
when = ["Task T1"]
[[scene.step]]
do = "write"
path = "shop/more.py"
text = "MORE = 1\\n"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A change that is agreed, whose checks sleep until the folder `seen` has a file `flag`."""
    made = make_project(tmp_path, monkeypatch)
    (made.root / "seen").mkdir()
    config = made.file("main", ".accord/config.toml").decode()
    verify = f"python3 slow.py {made.root / 'seen' / 'flag'}"
    lines = [f'command = "{verify}"' if line.startswith("command =") else line
             for line in config.splitlines()]  # fmt: skip
    assert f'command = "{verify}"' in lines
    config = "\n".join(lines) + f'\n[box]\nreads = ["{made.root / "seen"}"]\n'
    files = {".accord/config.toml": config, "slow.py": CHECK.format(long=LONG)}
    gitrepo.commit(made.top, files, "Check slowly")
    made.new()
    for name, text in DOCUMENTS.values():
        made.write(name, text)
        made.ok("approve", "guest", "--yes")
    (made.root / "script.toml").write_text(SCRIPT)
    yield made
    for pid in sleeping():
        os.kill(pid, signal.SIGKILL)


def script(project: Project) -> tuple[str, ...]:
    return "--script", str(project.root / "script.toml"), "--accept-unsandboxed"


def sleeping() -> list[int]:
    """Return the processes that sleep for a check."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if LONG.encode() in words:
            found.append(int(entry.name))
    return found


def begin(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start `accord WORDS` as a shell at a terminal would: in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "accord", *words], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        # Where the tests run, it may be ignored, and so it would be in the child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def until(holds: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 120
    while not holds():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)


def interrupt(process: "subprocess.Popen[str]") -> str:
    """Press Ctrl-C, which all of the group hears; return what was said when it has ended."""
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert sleeping() == [], said
    assert "Traceback" not in said
    return said


def test_ctrl_c_ends_the_check_of_a_task_and_the_next_run_makes_it_anew(project: Project) -> None:
    words = ("run", "guest", *script(project))
    process = begin(project.top, *words)
    until(sleeping, process)
    said = interrupt(process)
    assert process.returncode == 130, said
    assert "not done" not in said
    journal = SqliteJournal(project.state / "journal.sqlite")
    for kept in ("run/", "verdict/", "build/", "failed/", "ran/"):
        assert journal.noted(kept) == {}, kept
    journal.close()

    (project.root / "seen/flag").touch()
    done = project.run(*words)
    assert "approve the implementation" in done.said
    assert len(list((project.state / "runs").glob("build*"))) == 1


def test_a_second_ctrl_c_ends_the_check_of_a_worker_and_its_task_is_anybodys(
    project: Project, server: Server
) -> None:
    hub, clone = project.root / "hub.git", project.root / "clone"
    gitrepo.run(project.root, "init", "-q", "--bare", "-b", "main", str(hub))
    project.git("remote", "add", "origin", str(hub))
    project.git("push", "-q", "origin", "main", "accord/guest")
    gitrepo.run(project.root, "clone", "-q", str(hub), str(clone))
    project.monkeypatch.setenv("ACCORD_DATABASE_URL", server.url())
    process = begin(clone, "worker", *script(project))
    until(sleeping, process)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    assert sleeping() != [], "the first one lets it finish what it began"
    said = interrupt(process)
    assert process.returncode == 130, said
    assert "not done" not in said
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        assert workshop.journal.noted("failed/") == {}
        (note,) = workshop.journal.noted("build/").values()
        assert (note["lost"], note["detail"]) == (True, "its worker left")


def test_ctrl_c_ends_what_the_main_thread_runs_with_its_box(tmp_path: Path) -> None:
    words = f"""
from pathlib import Path
from accord.core.ports import Walls
from accord.sandbox.choose import strongest
here = Path({str(tmp_path)!r})
(here / "work").mkdir()
box = strongest(here / "tried").sandbox
box.run(["sleep", "{LONG}"], Walls(str(here / "work")), 3600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    until(sleeping, process)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert sleeping() == []
