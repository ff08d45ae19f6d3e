"""The strongest box that proves itself is taken; what does not hold is named with its reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accord.core.ports import CommandRun, Walls
from accord.sandbox import bubblewrap as bubblewrap_module
from accord.sandbox import canaries, choose
from accord.sandbox.bubblewrap import Bubblewrap, find_program
from accord.sandbox.canaries import prove
from accord.sandbox.choose import strongest
from accord.sandbox.landlock import Landlock
from accord.sandbox.launcher import Launcher
from accord.sandbox.none import NoSandbox

PYTHON = Launcher.here().python


def test_a_box_of_namespaces_lets_nothing_through(tmp_path: Path, bubblewrap: Bubblewrap) -> None:
    assert prove(bubblewrap, tmp_path, PYTHON).through == ()
    assert list(tmp_path.iterdir()) == []


def test_landlock_lets_through_what_it_admits(tmp_path: Path, landlock: Landlock) -> None:
    proof = prove(landlock, tmp_path, PYTHON)
    assert {"protected", "pointer", "mode"} <= set(proof.through)
    assert proof.unexpected(2) == ()


def test_without_a_wall_every_canary_gets_through(tmp_path: Path) -> None:
    through = set(prove(NoSandbox(), tmp_path, PYTHON).through)
    as_root_alone = set() if os.getuid() == 0 else {"mount", "trace", "uring", "namespace"}
    assert set(canaries.WORDS) - through <= as_root_alone


def test_the_strongest_is_taken(tmp_path: Path, bubblewrap: Bubblewrap) -> None:
    choice = strongest(tmp_path)
    assert (choice.sandbox.level, choice.name, choice.rejected) == (3, "bubblewrap", ())


def test_a_machine_without_bubblewrap_says_how_to_get_it(
    tmp_path: Path, landlock: Landlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap_module, "PROGRAM", tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    choice = strongest(tmp_path / "state")
    assert choice.sandbox.level == 2
    assert [one.why for one in choice.rejected] == ["bubblewrap is not installed"]
    assert "install bubblewrap" in choice.rejected[0].hint


def test_the_systems_bubblewrap_comes_before_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("system", "path"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bwrap").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(bubblewrap_module, "PROGRAM", tmp_path / "system/bwrap")
    assert find_program() == str(tmp_path / "system/bwrap")
    (tmp_path / "system/bwrap").unlink()
    assert find_program() == str(tmp_path / "path/bwrap")


SAY = (
    "from pathlib import Path\nfrom accord.sandbox.choose import strongest\nimport sys\n"
    "choice = strongest(Path(sys.argv[1]))\n"
    "print(choice.sandbox.level, *(f'{one.name}: {one.why}' for one in choice.rejected), sep='\\n')"
)


def test_without_user_namespaces_it_falls_to_landlock_and_says_why(
    tmp_path: Path, bubblewrap: Bubblewrap, landlock: Landlock
) -> None:
    outer = [find_program(), "--unshare-user", "--disable-userns", "--dev-bind", "/", "/",
             "--proc", "/proc"]  # fmt: skip
    done = subprocess.run([*outer, sys.executable, "-c", SAY, str(tmp_path)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    level, *why = done.stdout.splitlines()
    assert level == "2", done.stdout + done.stderr
    assert why[0].startswith("bubblewrap: bwrap: ")
    assert "namespace" in why[0]


def stand_in(folder: Path, script: str) -> str:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("said", "file", "value", "hint"),
    [
        ("bwrap: setting up uid map: Permission denied", "apparmor_restrict", "1",
         "apparmor_parser"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "apparmor_restrict", "1",
         "bwrap-userns-restrict"),
        ("bwrap: No permissions to create a new namespace", "userns_clone", "0",
         "unprivileged_userns_clone=1"),
        ("bwrap: Creating new namespace failed: No space left", "max_user", "0",
         "max_user_namespaces"),
        ("bwrap: Unknown option --disable-userns", "none", "0", "0.8"),
        ("bwrap: setting up uid map: Permission denied", "dockerenv", "", "container"),
    ],
)  # fmt: skip
def test_what_bubblewrap_stumbles_over_comes_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, file: str, value: str, hint: str
) -> None:
    real = Path

    def at(name: str = "", *more: str) -> Path:
        """Show the one file that tells what this machine forbids, and none of the others."""
        told = any(one in name for one in ("apparmor_restrict", "userns_clone", "max_user", "env"))
        if not told:
            return real(name, *more)
        (tmp_path / "told").write_text(value)
        return tmp_path / ("told" if file in name else "absent")

    monkeypatch.setattr(choose, "Path", at)
    program = stand_in(tmp_path, f"echo '{said}' >&2; exit 1")
    found = choose._try("bubblewrap", lambda: Bubblewrap(program), tmp_path / "state")
    assert isinstance(found, choose.Rejected)
    assert found.why == said
    assert hint in found.hint


def test_a_box_that_leaks_is_not_taken(tmp_path: Path, bubblewrap: Bubblewrap) -> None:
    # What is called bwrap drops the walls and starts the rest as it is.
    program = stand_in(
        tmp_path,
        'while [ "$1" != -- ]; do shift; done; shift\n'
        'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    )
    found = choose._try("bubblewrap", lambda: Bubblewrap(program), tmp_path / "state")
    assert isinstance(found, choose.Rejected)
    assert "a file outside of the worktree was written" in found.why
    assert "an open folder was inherited" in found.why


def test_where_nothing_holds_the_level_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    choice = strongest(tmp_path)
    assert choice.sandbox.level == 1
    assert [one.name for one in choice.rejected] == ["bubblewrap", "landlock"]
    assert all("virtual machine" in one.hint for one in choice.rejected)


def test_a_state_folder_that_cannot_be_written_is_a_reason(
    tmp_path: Path, bubblewrap: Bubblewrap
) -> None:
    (tmp_path / "state").write_text("a file")
    found = choose._try("bubblewrap", Bubblewrap, tmp_path / "state")
    assert isinstance(found, choose.Rejected)
    assert "exists" in found.why


@pytest.mark.parametrize("left_out", ["--unshare-all", "--new-session", "--disable-userns"])
def test_what_a_missing_flag_would_open_is_noticed_or_closed_twice(
    tmp_path: Path, bubblewrap: Bubblewrap, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    kept = tuple(one for one in bubblewrap_module._ISOLATED if one != left_out)
    monkeypatch.setattr(bubblewrap_module, "_ISOLATED", kept)
    proof = prove(Bubblewrap(), tmp_path, PYTHON)
    if left_out == "--unshare-all":
        assert {"tcp", "udp"} <= set(proof.through) or proof.failed
    else:
        assert proof.through == ()  # the filter refuses the same


def test_a_box_without_its_filter_is_not_taken(
    tmp_path: Path, bubblewrap: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Launcher, "filter", lambda *_, **__: b"")
    proof = prove(Bubblewrap(), tmp_path, PYTHON)
    assert {"keyring", "uring"} <= set(proof.through)


def test_a_landlock_without_its_filter_is_not_taken(
    tmp_path: Path, landlock: Landlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Launcher, "filter", lambda *_, **__: b"")
    proof = prove(Landlock(), tmp_path, PYTHON)
    assert {"udp", "unix"} <= set(proof.through)
    assert proof.unexpected(2)


class _Broken(NoSandbox):
    """A box whose first word is not a program."""

    level = 3

    def prefix(self, walls: Walls) -> tuple[str, ...]:
        return ("/nowhere/at/all",)

    def run(self, command: object, walls: Walls, timeout_s: float) -> CommandRun:
        raise AssertionError


def test_a_box_that_does_not_start_says_why(tmp_path: Path) -> None:
    assert "No such file" in prove(_Broken(), tmp_path, PYTHON).failed


def test_the_probe_mounts_nothing_where_it_may(tmp_path: Path) -> None:
    before = Path("/proc/self/mounts").read_text()
    prove(NoSandbox(), tmp_path, PYTHON)
    assert Path("/proc/self/mounts").read_text() == before
