"""What bad input gets: one sentence with the fact, a hint, an exit code by kind, nothing written."""

import fcntl
import hashlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import gitrepo
import pytest
from project import BUILT, FILES, STORY, VERIFY, Project, make_checkout

CONFIG = ".accord/config.toml"
WORKING = (("status",), ("show",), ("run",), ("log",), ("new", "Something new"), ("undo",),
           ("approve", "--yes"), ("reject", "--reason", "no"), ("answer", "Q1", "yes"))  # fmt: skip


def fingerprint(root: Path) -> str:
    """Return a digest of every file of the person's and of every ref, but not of the journal."""
    parts = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and "journal.sqlite" not in name and "/index" not in name:
            parts.append(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return "\n".join(parts)


def said(project: Project, *arguments: str, folder: Path | None = None) -> tuple[int, list[str]]:
    """Run a command that fails: nothing may be written, and what is said has the right shape."""
    before = fingerprint(project.root)
    result = project.run(*arguments, folder=folder)
    assert fingerprint(project.root) == before
    assert result.out == ""
    lines = result.err.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[0].count(". ") == 0  # one sentence
    assert len(lines) == 2
    assert lines[1].startswith("hint: ")
    return result.exit, lines


def make(kind: str, root: Path) -> Path:
    """Return a folder that is no repository Accord could work in."""
    folder = root / kind
    folder.mkdir()
    if kind != "no repository":
        gitrepo.run(folder, "init", "-q", "-b", "main", *(["--bare"] if kind == "bare" else []))
    if kind == "detached":
        gitrepo.commit(folder, FILES)
        gitrepo.run(folder, "switch", "-q", "--detach")
    return folder


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A checkout in which nobody ran `accord init`."""
    return make_checkout(tmp_path, monkeypatch)


@pytest.mark.parametrize("command", [("init",), ("status",), ("new", "Something new"), ("run",)])
@pytest.mark.parametrize(
    ("kind", "words", "hint"),
    [
        ("no repository", "is not in a git repository", "git init"),
        ("bare", "is a bare repository", "in a checkout of it"),
        ("empty", "has no commits yet", "git commit --allow-empty"),
        ("detached", "is on no branch (detached HEAD)", "git switch main"),
    ],
)
def test_a_place_that_accord_cannot_work_in(
    checkout: Project, kind: str, words: str, hint: str, command: tuple[str, ...]
) -> None:
    folder = make(kind, checkout.root)
    exit_code, lines = said(checkout, *command, folder=folder)
    assert exit_code == 2
    assert words in lines[0]
    assert hint in lines[1]


def test_a_folder_that_is_not_there(checkout: Project) -> None:
    result = checkout.run("status", folder=checkout.root / "nowhere")
    assert result.exit == 2
    assert "does not exist" in result.err


@pytest.mark.parametrize("command", WORKING)
def test_a_repository_without_accord(checkout: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = said(checkout, *command)
    assert (exit_code, lines) == (
        2, ["error: Accord is not set up in this repository", "hint: accord init"],
    )  # fmt: skip


def test_accord_set_up_twice(project: Project) -> None:
    exit_code, lines = said(project, "init")
    assert (exit_code, lines) == (
        2, ["error: Accord is set up on main already", "hint: accord status"],
    )  # fmt: skip


def test_state_below_the_folder_for_temporary_files(checkout: Project) -> None:
    checkout.monkeypatch.setenv("XDG_STATE_HOME", str(checkout.root / "temporary/state"))
    exit_code, lines = said(checkout, "init")
    assert exit_code == 2
    assert "is a temporary folder, where work would be lost" in lines[0]
    assert lines[1] == "hint: set XDG_STATE_HOME to another place"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"not a key\n", "cannot sign approvals"),
        (b"", "cannot sign approvals"),
    ],
)
def test_a_key_that_cannot_sign(checkout: Project, key: bytes | None, words: str) -> None:
    path = checkout.root / "id_test"
    if key is not None:
        path.write_bytes(key)
    exit_code, lines = said(checkout, "init", "--key", str(path))
    assert exit_code == 2
    assert words in lines[0]


def test_a_key_that_the_trust_file_does_not_know(project: Project) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(project.root / "other")],
        check=True,
    )
    exit_code, lines = said(project, "init", "--key", str(project.root / "other"))
    assert exit_code == 1
    assert "belongs to nobody in the trust file" in lines[0]
    assert lines[1] == "hint: ask one of its people to add it: robin"


def test_a_machine_that_knows_no_key_of_the_person(project: Project) -> None:
    shutil.rmtree(project.root / "config")
    exit_code, lines = said(project, "new", "Something new")
    assert exit_code == 2
    assert "this machine knows no key of yours" in lines[0]
    assert lines[1] == "hint: accord init --key PATH names one"


def test_a_key_that_is_gone(project: Project) -> None:
    project.key.unlink()
    exit_code, _ = said(project, "new", "Something new")
    assert exit_code == 2


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"# Guest\n\n- R1.1 caf\xe9\n", 3, 11, "UTF-8"),
        (b"\xff\xfe# Guest", 1, 1, "UTF-8"),
        (STORY.encode() + b"\n\xc0\xaf", 22, 1, "UTF-8"),
    ],
)
def test_a_document_that_cannot_be_read(
    project: Project, data: bytes, line: int, column: int, words: str
) -> None:
    project.new()
    project.write("requirements.md", data)
    exit_code, lines = said(project, "approve", "guest", "--yes")
    assert exit_code == 2
    assert lines[0].startswith(f"error: requirements.md:{line}:{column}: ")
    assert words in lines[0]
    shown = project.ok("show", "guest").out
    assert f"requirements.md:{line}:{column} blocks" in shown
    assert project.ok("run", "guest", "--json").json["waits"][0]["what"].startswith("mend 1 find")


@pytest.mark.parametrize("command", [("show", "x"), ("approve", "x", "--yes"), ("run", "x"),
                                     ("reject", "x", "--reason", "no")])  # fmt: skip
def test_a_change_that_is_not_there(project: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = said(project, *command)
    assert (exit_code, lines[0]) == (2, "error: there is no change called x")
    assert lines[1] == "hint: accord new 'what you want'"
    project.new()
    assert said(project, *command)[1][1] == "hint: there is: guest"


@pytest.mark.parametrize("command", [("show",), ("approve", "--yes"), ("reject", "--reason", "x")])
def test_no_change_and_too_many_changes(project: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = said(project, *command)
    assert (exit_code, lines[0]) == (2, "error: there is no open change")
    project.new("full", "first")
    project.new("full", "second")
    exit_code, lines = said(project, *command)
    assert (exit_code, lines) == (
        2, ["error: there are several changes", "hint: name one: first, second"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",), ("new",), ("new", "x", "--track", "huge"), ("status", "--nope"),
        ("approve", "--through", "lunch"), ("reject",), ("new", "x", "--files", "-1"),
        ("run", "--script", "/nowhere.toml"), ("log", "-n", "many"), ("answer",), (),
    ],
)  # fmt: skip
def test_wrong_usage(project: Project, arguments: tuple[str, ...]) -> None:
    before = fingerprint(project.root)
    result = project.run(*arguments)
    assert result.exit == 2
    assert "Traceback" not in result.said
    assert result.said.strip()
    assert fingerprint(project.root) == before


def test_a_task_that_is_not_there(project: Project) -> None:
    project.new("trivial")
    exit_code, lines = said(project, "run", "guest", "--built", "T9")
    assert (exit_code, lines) == (2, ["error: guest has no task T9", "hint: there is: T1"])


def test_an_agent_that_is_not_there(project: Project) -> None:
    project.new("trivial")
    exit_code, lines = said(project, "run", "guest", "--agent", "nobody")
    assert (exit_code, lines) == (
        2,
        ["error: there is no agent nobody", f"hint: in {CONFIG}: none is defined"],
    )


@pytest.mark.parametrize(
    ("old", "new", "words", "hint"),
    [
        ("[verify]", "[verify", "cannot be read: ", ""),
        ("timeout_s = 900", "timeout = 900", "there is no key verify.timeout", "timeout_s"),
        ("timeout_s = 900", "timeout_s = 0", "timeout_s must be a whole number above 0", ""),
        ("trivial = { files = 3, lines = 30 }", "trivial = 3", "tracks.trivial must be", ""),
        ('base = "main"', 'basis = "main"', "there is no key basis", "base"),
        ('default = ""', 'default = "bob"', "names bob, which is not defined", "[agents.bob]"),
        ('base = "main"', 'base = "\udcff"', "cannot be read: ", ""),
    ],
)
def test_a_configuration_that_cannot_be_read(
    project: Project, old: str, new: str, words: str, hint: str
) -> None:
    text = project.file("main", CONFIG).decode()
    assert old in text
    data = text.replace(old, new, 1).encode(errors="surrogateescape")
    gitrepo.commit(project.top, {CONFIG: data})
    before = fingerprint(project.root)
    result = project.run("status")
    assert fingerprint(project.root) == before
    assert result.exit == 2
    assert result.err.startswith(f"error: {CONFIG}")
    assert words in result.err
    assert hint in result.err


def test_a_trust_file_that_is_not_the_one_that_was_pinned(project: Project) -> None:
    path = ".accord/trust/v1.json"
    data = project.file("main", path)
    gitrepo.commit(project.top, {path: data.replace(b'"robin"', b'"mallory"')})
    exit_code, lines = said(project, "status")
    assert exit_code == 1
    assert "the trust file is not the one that this machine knows" in lines[0]
    assert lines[1].startswith("hint: compare it with a colleague; the pin is in ")


@pytest.mark.parametrize("data", [None, b"{}", b"\xff", b'{"type": 1}\n'])
def test_a_trust_file_that_cannot_be_read(project: Project, data: bytes | None) -> None:
    gitrepo.commit(project.top, {".accord/trust/v1.json": data})
    before = fingerprint(project.root)
    result = project.run("status")
    assert result.exit in (1, 2)
    assert "trust file" in result.err
    assert "Traceback" not in result.err
    assert fingerprint(project.root) == before


def test_a_base_branch_that_another_base_took_the_place_of(project: Project) -> None:
    config = project.file("main", CONFIG).replace(b'base = "main"', b'base = "trunk"')
    gitrepo.commit(project.top, {CONFIG: config})
    project.git("branch", "trunk")
    exit_code, lines = said(project, "status")
    assert exit_code == 1
    assert "main names trunk as the base, and this machine knows main" in lines[0]
    (file,) = (project.root / "config/accord/repositories").iterdir()
    assert lines[1] == f"hint: if a colleague moved it, delete {file}"
    file.unlink()
    project.ok("status")


def released(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")


def test_edits_in_the_way_of_a_release(project: Project) -> None:
    released(project)
    gitrepo.write(project.top, {"shop/cart.py": "half done\n"})
    base = project.git("rev-parse", "main")
    result = project.run("run", "guest")
    assert result.exit != 0
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
    assert result.exit != 0
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
    red = "import unittest\n\n\nclass No(unittest.TestCase):\n    def test_no(self):\n" + (
        "        import shop.cart\n        self.assertFalse(hasattr(shop.cart, 'MINUTES'))\n"
    )
    base = gitrepo.commit(project.top, {"tests/test_no.py": red}, "Meanwhile")
    result = project.run("run", "guest")
    assert result.exit != 0
    assert "on top of main: exit 1 after 3 tests" in " ".join(result.said.split())
    assert project.git("rev-parse", "main") == base


def test_a_base_that_conflicts_is_named(project: Project) -> None:
    released(project)
    base = gitrepo.commit(project.top, {"shop/cart.py": "MINUTES = 1\n"}, "Meanwhile")
    result = project.run("run", "guest")
    assert result.exit != 0
    assert "guest conflicts with main in shop/cart.py" in " ".join(result.said.split())
    assert project.git("rev-parse", "main") == base


def test_another_run_in_the_same_repository(project: Project) -> None:
    project.new("trivial")
    project.ok("status")
    with (project.state / "engine.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        exit_code, lines = said(project, "run", "guest")
    assert (exit_code, lines) == (
        3,
        [
            "error: another accord run is at work in this repository",
            "hint: wait for it, or look at accord status",
        ],
    )


def test_a_database_that_is_none(project: Project) -> None:
    project.ok("status")
    (project.state / "journal.sqlite").write_bytes(b"not a database" * 100)
    for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
        (project.state / name).unlink(missing_ok=True)
    result = project.run("status")
    assert result.exit in (1, 2)
    assert "journal.sqlite" in result.err
    assert "Traceback" not in result.err


def _no_room(size: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("arguments", [("new", "Something new"), ("approve", "--yes"), ("run",)])
def test_a_full_disk(project: Project, arguments: Sequence[str]) -> None:
    project.new()
    project.write("requirements.md", STORY)
    refs = project.refs()
    for size in (0, 64, 4096):
        done = subprocess.run(
            [sys.executable, "-m", "accord", *arguments], cwd=project.top, env=os.environ,
            preexec_fn=_no_room(size), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, (size, done.stderr)
        assert done.returncode != 70, (size, done.stderr)
        if done.returncode:
            assert done.stderr.startswith("error: ")
            assert "hint: " in done.stderr
            assert project.refs() == refs


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_state_folder_that_cannot_be_written(project: Project) -> None:
    project.new()
    shutil.rmtree(project.root / "state")
    (project.root / "state").mkdir(mode=0o500)
    result = project.run("new", "Something new")
    assert result.exit == 1
    assert "the system refused: " in result.err


def test_a_verification_command_that_cannot_be_split(project: Project) -> None:
    text = project.file("main", CONFIG).decode()
    config = text.replace(f'command = "{VERIFY}"', "command = \"python -c 'oops\"")
    assert config != text
    gitrepo.commit(project.top, {CONFIG: config})
    project.new("trivial")
    result = project.build()
    assert result.exit != 0
    assert "this command cannot be read (No closing quotation)" in " ".join(result.said.split())
    assert "Traceback" not in result.said
