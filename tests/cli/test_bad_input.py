"""What bad input gets: one sentence, a hint, an exit code by kind, and nothing is written."""

import subprocess
from pathlib import Path

import pytest

import gitrepo
from project import DESIGN, FILES, STORY, TASKS, VERIFY, Project, make_checkout

CONFIG = ".accord/config.toml"
WORKING = (("status",), ("show",), ("run",), ("log",), ("new", "Something new"), ("undo",),
           ("approve", "--yes"), ("reject", "--reason", "no"), ("answer", "Q1", "yes"))  # fmt: skip


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
    exit_code, lines = checkout.refused(*command, folder=folder)
    assert exit_code == 2
    assert words in lines[0]
    assert hint in lines[1]


def test_a_folder_that_is_not_there(checkout: Project) -> None:
    result = checkout.run("status", folder=checkout.root / "nowhere")
    assert result.exit == 2
    assert "does not exist" in result.err


@pytest.mark.parametrize("command", WORKING)
def test_a_repository_without_accord(checkout: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = checkout.refused(*command)
    assert (exit_code, lines) == (
        2, ["error: Accord is not set up in this repository", "hint: accord init"],
    )  # fmt: skip


def test_accord_set_up_twice(project: Project) -> None:
    exit_code, lines = project.refused("init")
    assert (exit_code, lines) == (
        2, ["error: Accord is set up on main already", "hint: accord status"],
    )  # fmt: skip


def test_state_below_the_folder_for_temporary_files(checkout: Project) -> None:
    checkout.monkeypatch.setenv("XDG_STATE_HOME", str(checkout.root / "temporary/state"))
    exit_code, lines = checkout.refused("init")
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
    exit_code, lines = checkout.refused("init", "--key", str(path))
    assert exit_code == 2
    assert words in lines[0]


def test_a_key_that_the_trust_file_does_not_know(project: Project) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(project.root / "other")],
        check=True,
    )
    exit_code, lines = project.refused("init", "--key", str(project.root / "other"))
    assert exit_code == 1
    assert "belongs to nobody in the trust file" in lines[0]
    assert lines[1] == "hint: ask one of its people to add it: robin"


def test_a_machine_that_knows_no_key_of_the_person(project: Project) -> None:
    project.key.with_suffix(".toml").unlink()
    exit_code, lines = project.refused("new", "Something new")
    assert exit_code == 2
    assert "this machine knows no key of yours" in lines[0]
    assert lines[1] == "hint: accord init --key PATH names one"


def test_a_key_that_is_gone(project: Project) -> None:
    project.key.unlink()
    exit_code, _ = project.refused("new", "Something new")
    assert exit_code == 2


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"# Guest\n\n- R1.1 caf\xe9\n", 3, 11, "UTF-8"),
        (b"\xff\xfe# Guest", 1, 1, "UTF-8"),
        (STORY.encode() + b"\n\xc0\xaf", 20, 1, "UTF-8"),
    ],
)
def test_a_document_that_cannot_be_read(
    project: Project, data: bytes, line: int, column: int, words: str
) -> None:
    project.new()
    project.write("requirements.md", data)
    exit_code, lines = project.refused("approve", "guest", "--yes")
    assert exit_code == 2
    assert lines[0].startswith(f"error: requirements.md:{line}:{column}: ")
    assert words in lines[0]
    shown = project.ok("show", "guest").out
    assert f"requirements.md:{line}:{column} blocks" in shown
    assert project.ok("run", "guest", "--json").json["waits"][0]["what"].startswith("mend 1 find")


@pytest.mark.parametrize("command", [("show", "x"), ("approve", "x", "--yes"), ("run", "x"),
                                     ("reject", "x", "--reason", "no")])  # fmt: skip
def test_a_change_that_is_not_there(project: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = project.refused(*command)
    assert (exit_code, lines[0]) == (2, "error: there is no change called x")
    assert lines[1] == "hint: accord new 'what you want'"
    project.new()
    assert project.refused(*command)[1][1] == "hint: there is: guest"


@pytest.mark.parametrize("command", [("show",), ("approve", "--yes"), ("reject", "--reason", "x")])
def test_no_change_and_too_many_changes(project: Project, command: tuple[str, ...]) -> None:
    exit_code, lines = project.refused(*command)
    assert (exit_code, lines[0]) == (2, "error: there is no open change")
    project.new("full", "first")
    project.new("full", "second")
    exit_code, lines = project.refused(*command)
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
    before = project.contents()
    result = project.run(*arguments)
    assert result.exit == 2
    assert "Traceback" not in result.said
    assert result.said.strip()
    assert project.contents() == before


def test_a_task_that_is_not_there(project: Project) -> None:
    project.new("trivial")
    exit_code, lines = project.refused("run", "guest", "--built", "T9")
    assert (exit_code, lines) == (2, ["error: guest has no task T9", "hint: there is: T1"])


def test_an_agent_that_is_not_there(project: Project) -> None:
    project.new("trivial")
    exit_code, lines = project.refused("run", "guest", "--agent", "nobody")
    assert (exit_code, lines) == (
        2,
        ["error: there is no agent nobody", f"hint: in {CONFIG}: none is defined"],
    )


@pytest.mark.parametrize(
    ("old", "new", "words", "hint"),
    [
        ("[verify]", "[verify", "cannot be read: ", ""),
        ("timeout_s = 900", "timeout = 900", "there is no key verify.timeout", "timeout_s"),
        (
            "timeout_s = 900",
            "timeout_s = 900\n[worktrees]\nkind = 'fast'",
            "worktrees.kind is fast",
            "overlay",
        ),
        (
            "timeout_s = 900",
            "timeout_s = 900\n[worktrees]\nquota = 20",
            "quota must be a size",
            "20 GB",
        ),
        (
            "timeout_s = 900",
            "timeout_s = 900\n[worktrees]\nquota = '0 GB'",
            "quota must be a size",
            "20 GB",
        ),
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
    before = project.contents()
    result = project.run("status")
    assert project.contents() == before
    assert result.exit == 2
    assert result.err.startswith(f"error: {CONFIG}")
    assert words in result.err
    assert hint in result.err


def test_a_trust_file_that_is_not_the_one_that_was_pinned(project: Project) -> None:
    path = ".accord/trust/v1.json"
    data = project.file("main", path)
    gitrepo.commit(project.top, {path: data.replace(b'"robin"', b'"mallory"')})
    exit_code, lines = project.refused("status")
    assert exit_code == 1
    assert "the trust file is not the one that this machine knows" in lines[0]
    assert lines[1].startswith("hint: compare it with a colleague; the pin is in ")


@pytest.mark.parametrize("data", [None, b"{}", b"\xff", b'{"type": 1}\n'])
def test_a_trust_file_that_cannot_be_read(project: Project, data: bytes | None) -> None:
    gitrepo.commit(project.top, {".accord/trust/v1.json": data})
    before = project.contents()
    result = project.run("status")
    assert result.exit in (1, 2)
    assert "trust file" in result.err
    assert "Traceback" not in result.err
    assert project.contents() == before


def test_a_base_branch_that_another_base_took_the_place_of(project: Project) -> None:
    config = project.file("main", CONFIG).replace(b'base = "main"', b'base = "trunk"')
    gitrepo.commit(project.top, {CONFIG: config})
    project.git("branch", "trunk")
    exit_code, lines = project.refused("status")
    assert exit_code == 1
    assert "main names trunk as the base, and this machine knows main" in lines[0]
    (file,) = (project.root / "config/accord/repositories").iterdir()
    assert lines[1] == f"hint: if a colleague moved it, write the new base in {file}"
    file.write_text(file.read_text().replace("main", "trunk"))
    project.ok("status")


def test_a_verification_command_that_cannot_be_split(project: Project) -> None:
    text = project.file("main", CONFIG).decode()
    config = text.replace(f'command = "{VERIFY}"', 'command = "python -c \'oops"')
    assert config != text
    gitrepo.commit(project.top, {CONFIG: config})
    project.new("trivial")
    result = project.build()
    assert result.exit != 0
    assert "this command cannot be read (No closing quotation)" in " ".join(result.said.split())
    assert "Traceback" not in result.said


@pytest.mark.parametrize("option", [(), ("--name", "robin")])
@pytest.mark.parametrize("command", ['python -c "oops', "it's"])
def test_a_verification_command_with_an_open_quote_is_not_taken(
    checkout: Project, command: str, option: tuple[str, ...]
) -> None:
    exit_code, lines = checkout.refused("init", "--verify", command, *option)
    assert exit_code == 2
    assert "this command cannot be read (No closing quotation)" in lines[0]


def test_a_person_whom_git_does_not_know(checkout: Project) -> None:
    checkout.git("config", "--unset", "user.name")
    assert checkout.refused("init") == (
        2,
        [
            "error: git does not know who you are",
            "hint: git config user.name 'Your Name', or --name",
        ],
    )
    checkout.ok("init", "--name", "robin")


def test_a_base_branch_that_was_renamed(project: Project) -> None:
    project.git("branch", "-m", "main", "trunk")
    wanted = (
        2,
        ["error: the base branch main is gone", "hint: git branch -m NEW main, if it was renamed"],
    )
    assert project.refused("status") == wanted
    assert project.refused("init") == wanted
    project.git("branch", "-m", "trunk", "main")
    project.ok("status")


def test_a_task_that_waits_for_another_cannot_be_handed_in(project: Project) -> None:
    project.new()
    after = "- [ ] T2 Say it\n  - Satisfies: R1.2\n  - Touches: shop/**\n  - After: T1\n"
    for name, text in (
        ("requirements.md", STORY),
        ("design.md", DESIGN),
        ("tasks.md", TASKS + after),
    ):
        project.write(name, text)
        project.ok("approve", "guest", "--yes")

    code, lines = project.refused("run", "guest", "--built", "T2")

    assert (code, lines[0]) == (1, "error: T2 waits for T1")
