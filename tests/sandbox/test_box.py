"""What honest work needs is there in a box, and what starts or ends one says what went wrong."""

import os
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitrepo
from accord.core.ports import Sandbox, Walls
from accord.errors import ConfigurationError, RefusedError
from accord.sandbox.bubblewrap import Bubblewrap
from accord.sandbox.landlock import Landlock
from accord.sandbox.launcher import Launcher
from accord.sandbox.mounts import tidy
from lab import boxed
from needing import need

PYTHON = Launcher.here().python


NAMES = ["plain", "two words", "o'brien", 'say "so"', "-rf", "two\nlines", "żółć", "a=b", "--"]


@pytest.mark.parametrize("name", NAMES)
def test_a_worktree_may_have_any_name(tmp_path: Path, box: Sandbox, name: str) -> None:
    folder = tmp_path / name / name
    folder.mkdir(parents=True)
    walls = Walls(str(folder), (".",), (name,))

    assert boxed(box, walls, "sh", "-c", 'pwd; echo x > "$1"', "sh", "./new") == f"{folder}\n0"
    assert (folder / "new").read_text() == "x\n"


def test_only_what_is_writable_can_be_written(tree: Path, box: Sandbox) -> None:
    (tree / "src").mkdir()
    walls = Walls(str(tree), ("specs/one",))

    said = boxed(
        box, walls, "sh", "-c",
        "echo x > specs/one/part && mv specs/one/part specs/one/whole && echo wrote;"
        "(echo x > src/a) 2>/dev/null || echo refused; (echo x > b) 2>/dev/null || echo refused;"
        "mv specs elsewhere 2>/dev/null || echo refused",
    )  # fmt: skip

    assert said == "wrote\nrefused\nrefused\nrefused\n0"
    assert (tree / "specs/one/whole").read_text() == "x\n"


def test_nothing_is_writable_unless_it_is_named(tree: Path, box: Sandbox) -> None:
    (tree / "a").write_text("kept")

    assert "refused" in boxed(box, Walls(str(tree)), "sh", "-c", "(echo x > a) || echo refused")
    assert (tree / "a").read_text() == "kept"


def test_a_writable_folder_that_leads_out_is_refused(tree: Path, box: Sandbox) -> None:
    (tree.parent / "secret").mkdir()
    (tree / "specs").symlink_to("../secret")

    with pytest.raises(RefusedError, match="leads out"):
        box.prefix(Walls(str(tree), ("specs",)))
    with pytest.raises(RefusedError, match="leads out"):
        box.prefix(Walls(str(tree), ("specs/new",)))


def test_a_writable_folder_behind_a_link_inside_is_opened_where_it_lies(
    tree: Path, box: Sandbox
) -> None:
    (tree / "docs/specs").mkdir(parents=True)
    (tree / "specs").symlink_to("docs/specs")

    said = boxed(box, Walls(str(tree), ("specs",)), "sh", "-c", "echo x > specs/a; ls docs/specs")

    assert said == "a\n0"


@pytest.mark.parametrize("name", ["", "/etc", "../x", "a/../../x", "a\0b"])
def test_a_name_that_is_no_path_in_the_worktree_is_refused(
    tree: Path, box: Sandbox, name: str
) -> None:
    for walls in (Walls(str(tree), (name,)), Walls(str(tree), (".",), (name,))):
        with pytest.raises(ConfigurationError, match="not a path"):
            box.prefix(walls)


def test_a_protected_link_keeps_what_it_leads_to(tree: Path, bubblewrap: Bubblewrap) -> None:
    (tree / "AGENTS.md").write_text("kept")
    (tree / "CLAUDE.md").symlink_to("AGENTS.md")

    boxed(bubblewrap, Walls(str(tree), (".",), ("CLAUDE.md",)), "sh", "-c", "echo x > CLAUDE.md")

    assert (tree / "AGENTS.md").read_text() == "kept"


def test_a_worktree_that_vanished_is_said_to_have(tree: Path, box: Sandbox) -> None:
    walls = Walls(str(tree), (".",))
    words = box.prefix(walls)
    tree.rmdir()

    done = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    with pytest.raises(ConfigurationError, match="there is no folder"):
        box.prefix(walls)
    assert box.run(["true"], walls, 10).missing


def test_a_home_is_no_place_for_a_box(
    tmp_path: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    for folder in (tmp_path / "home", tmp_path):
        with pytest.raises(ConfigurationError, match="home"):
            box.prefix(Walls(str(folder)))


def test_what_stood_for_absent_files_is_gone_and_no_harvest_takes_it(
    tmp_path: Path, bubblewrap: Bubblewrap
) -> None:
    top = tmp_path / "shop"
    repo = gitrepo.make_repo(top, {"main.py": "x"})
    tip = repo.resolve("refs/heads/main")
    folder = Path(repo.worktree("T1", tip))
    walls = Walls(str(folder), (".",), (".mcp.json", ".github/workflows", "CLAUDE.md"),
                  (str(top / ".git"),))  # fmt: skip

    said = boxed(bubblewrap, walls, "git", "status", "--short")
    (folder / "new.py").write_text("x")
    taken = repo.harvest("T1", tip, ("**",), message="x", author="A <a@example.org>")
    tidy(walls)
    repo.close()

    assert said == "0"
    assert taken.changed == ("new.py",)
    assert taken.parked == ()
    assert {one.name for one in folder.iterdir()} >= {".git", "new.py"}
    assert not {".mcp.json", ".github", "CLAUDE.md"} & {one.name for one in folder.iterdir()}


def test_a_repository_in_the_worktree_can_be_used(tree: Path, box: Sandbox) -> None:
    said = boxed(
        box, Walls(str(tree), (".",)), "sh", "-c",
        "git init -q sub && cd sub && git -c user.name=a -c user.email=a@b commit -q --allow-empty"
        " -m x && git log --format=%s",
    )  # fmt: skip
    assert said == "x\n0"


def test_pytest_runs_and_its_report_is_read(tree: Path, box: Sandbox) -> None:
    (tree / "test_one.py").write_text("def test_one(tmp_path):\n    (tmp_path / 'a').touch()\n")

    run = box.run(["python", "-m", "pytest", "-q"], Walls(str(tree), (".",)), 60)

    assert run.exit_status == 0, run.output
    [report] = run.reports
    assert b'name="test_one"' in report
    assert [one.name for one in tree.parent.iterdir()] == ["tree"]


def test_node_runs(tree: Path, box: Sandbox) -> None:
    need(shutil.which("node") is not None, "node")
    run = box.run(["node", "-p", "1 + 1"], Walls(str(tree)), 60)
    assert (run.exit_status, run.output) == (0, "2\n")


def test_programs_in_a_box_talk_to_each_other(tree: Path, bubblewrap: Bubblewrap) -> None:
    script = (
        "import socket, subprocess, sys\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    port = server.getsockname()[1]\n"
        '    code = \'import socket; socket.create_connection(("localhost", %d)).send(b"hi")\'\n'
        "    code %= port\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n"
        "    print(server.accept()[0].recv(9))\n"
    )
    assert boxed(bubblewrap, Walls(str(tree)), PYTHON, "-c", script) == "b'hi'\n0"


def test_the_network_of_the_machine_is_there_for_a_check_that_was_given_it_alone(
    tree: Path, bubblewrap: Bubblewrap
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reach = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('there')"
        given = bubblewrap.run([sys.executable, "-c", reach], Walls(str(tree), network=True), 20)
        apart = bubblewrap.run([sys.executable, "-c", reach], Walls(str(tree)), 20)

    assert (given.exit_status, given.output) == (0, "there\n")
    assert apart.exit_status == 1


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", "/nowhere/at/all", "./no-interpreter"])
def test_a_command_that_is_not_there_is_missing(tree: Path, box: Sandbox, name: str) -> None:
    (tree / "no-interpreter").write_text("#!/nowhere/python\n")
    (tree / "no-interpreter").chmod(0o755)

    run = box.run([name], Walls(str(tree), (".",)), 10)

    assert run.missing
    assert run.exit_status is None


def test_a_box_that_cannot_be_built_is_told_of(tree: Path, bubblewrap: Bubblewrap) -> None:
    run = bubblewrap.run(["true"], Walls(str(tree), visible=("/nowhere/at/all",)), 10)
    assert run.missing
    assert "the box could not be started" in run.output
    assert "/nowhere/at/all" in run.output


def test_the_exit_status_is_the_commands_own(tree: Path, box: Sandbox) -> None:
    run = box.run(["sh", "-c", "echo said; exit 3"], Walls(str(tree)), 10)
    assert (run.exit_status, run.output, run.missing) == (3, "said\n", False)
    assert box.run(["sh", "-c", "kill -9 $$"], Walls(str(tree)), 10).exit_status == 137


LEFT_BEHIND = (
    "import os, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        time.sleep(120)\n"
    "    os._exit(0)\n"
)


@pytest.mark.parametrize(("after", "timed_out"), [("", False), ("time.sleep(60)", True)])
def test_nothing_lives_on(tree: Path, box: Sandbox, after: str, timed_out: bool) -> None:
    (tree / "left_behind.py").write_text(LEFT_BEHIND + after)

    run = box.run([PYTHON, str(tree / "left_behind.py")], Walls(str(tree)), 2 if after else 30)

    assert run.timed_out is timed_out
    assert not [one for one in running() if str(tree) in one]


def running() -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield (entry / "cmdline").read_text(errors="replace")
            except OSError:
                continue


def test_what_a_killed_launcher_left_is_deleted_by_the_next(
    tree: Path, landlock: Landlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.sandbox.landlock._TMP", str(tmp_path))
    for name in ("accord-4194999-x/home", f"accord-{os.getpid()}-x", "accord-notes", "other"):
        (tmp_path / name).mkdir(parents=True)

    assert boxed(landlock, Walls(str(tree)), "true") == "0"

    left = {one.name for one in tmp_path.iterdir()}
    assert left == {f"accord-{os.getpid()}-x", "accord-notes", "other", "work"}


def test_a_box_dies_with_whoever_started_it(tree: Path, box: Sandbox) -> None:
    words = [*box.prefix(Walls(str(tree))), PYTHON, "-c", "print(1, flush=True); input()"]
    process = subprocess.Popen(words, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        process.kill()
        # At its end when no writer is left; a box that lives on would keep it open.
        assert select.select([process.stdout], [], [], 20)[0]
        assert process.stdout.read() == b""


def test_the_environment_of_a_command_is_cleaned(
    tree: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t0p")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    run = box.run(["env"], Walls(str(tree)), 10)
    names = {line.partition("=")[0] for line in run.output.splitlines()}
    assert names <= {
        "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "USER", "LOGNAME", "PWD",
        "PYTEST_ADDOPTS", "COVERAGE_FILE", "PYTHONDONTWRITEBYTECODE", "GIT_CONFIG_NOSYSTEM",
        "LC_CTYPE",
    }  # fmt: skip


def test_an_agent_is_not_told_of_services_of_the_session(
    tree: Path, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("ACCORD_RUN", "r1")
    said = boxed(box, Walls(str(tree)), "env")
    assert "SSH_AUTH_SOCK" not in said
    assert "ACCORD_RUN=r1" in said


def test_a_report_that_is_a_link_is_not_read(tree: Path, box: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("t0p")
    script = f'set -- $PYTEST_ADDOPTS; ln -s {tmp_path / "secret"} "${{1#--junitxml=}}"'
    assert box.run(["sh", "-c", script], Walls(str(tree)), 10).reports == ()


def test_only_its_own_processes_are_seen(tree: Path, bubblewrap: Bubblewrap) -> None:
    said = boxed(bubblewrap, Walls(str(tree)), "sh", "-c", "ls -d /proc/[0-9]*")
    assert len(said.splitlines()) <= 4


def test_nothing_in_a_box_has_a_power(tree: Path, box: Sandbox) -> None:
    said = boxed(box, Walls(str(tree)), "grep", "-E", "^(NoNewPrivs|Seccomp):", "/proc/self/status")
    assert said.split() == ["NoNewPrivs:", "1", "Seccomp:", "2", "0"] or said.split()[:4] == [
        "NoNewPrivs:", "1", "Seccomp:", "2"
    ]  # fmt: skip


def test_a_namespaced_box_has_no_capability(tree: Path, bubblewrap: Bubblewrap) -> None:
    said = boxed(bubblewrap, Walls(str(tree)), "grep", "^Cap", "/proc/self/status")
    assert {line.split()[1] for line in said.splitlines()[:-1]} == {"0" * 16}


def test_what_a_box_may_use_is_limited(tree: Path, bubblewrap: Bubblewrap) -> None:
    said = boxed(
        bubblewrap, Walls(str(tree)), "sh", "-c",
        "ulimit -c; df --output=size -B1 /tmp $HOME /dev/shm | tail -3; echo x > /new || echo no",
    )  # fmt: skip
    lines = said.replace("sh: 1: cannot create /new: Read-only file system\n", "").split()
    assert lines[0] == "0"
    assert all(int(size) <= 2**31 for size in lines[1:4])
    assert "no" in lines


def test_an_agent_of_the_package_starts_in_a_box(tree: Path, box: Sandbox) -> None:
    said = boxed(box, Walls(str(tree)), sys.executable, "-I", "-m", "accord.agents.scripted", "/x")
    assert "No module" not in said


def test_root_is_told_so(monkeypatch: pytest.MonkeyPatch, bubblewrap: Bubblewrap) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert "root" in Bubblewrap().gaps[0]
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert Bubblewrap().gaps == ()


def test_a_landlock_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.sandbox.enter.abi", lambda: 4)
    with pytest.raises(ConfigurationError, match="version 4"):
        Landlock()
