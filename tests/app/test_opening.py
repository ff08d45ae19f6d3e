"""What a machine knows of a repository decides which trust file and which base count there."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

import gitrepo
from accord.app.config import PATH, read, template
from accord.app.config import words as split
from accord.app.workshop import Workshop
from accord.core.model import sha256
from accord.engine.journal import SqliteJournal
from accord.errors import ConfigurationError
from accord.sandbox.choose import Choice, Rejected
from accord.sandbox.none import NoSandbox
from accord.wiring import doctoring, initialising
from accord.wiring.doctoring import examine
from accord.wiring.initialising import initialise
from accord.wiring.opening import AskPassphrase, open_workshop
from project import FILES, Project, isolate, make_checkout

V1 = ".accord/trust/v1.json"
OTHER = "e" * 32


def repository_file(project: Project) -> Path:
    """Return the file in which this machine remembers the repository."""
    (file,) = (project.root / "config/accord/repositories").glob("*.toml")
    return file


def replace_trust(project: Project, line: str = "") -> bytes:
    """Commit a first trust file of another project, with `line` as its key, on the base."""
    data = project.file("main", V1).replace(project.trust_project.encode(), OTHER.encode())
    if line:
        own = project.key.with_suffix(".key.pub").read_text().split()[:2]
        data = data.replace(" ".join(own).encode(), line.encode())
    gitrepo.commit(project.top, {V1: data})
    return data


def test_init_remembers_base_project_and_trust_of_the_repository(project: Project) -> None:
    assert tomllib.loads(repository_file(project).read_text()) == {
        "base": "main",
        "project": project.trust_project,
        "trust": sha256(project.file("main", V1)),
    }


def test_a_first_trust_file_of_another_project_is_refused(project: Project) -> None:
    pinned = sha256(project.file("main", V1))
    found = sha256(replace_trust(project))
    exit_code, lines = project.refused("status")
    assert exit_code == 1
    assert found[:12] in lines[0]
    assert pinned[:12] in lines[0]
    file = repository_file(project)
    assert lines[1] == f"hint: compare it with a colleague; the pin is in {file}"


def test_joining_does_not_take_the_place_of_a_pin(project: Project) -> None:
    key = project.root / "mallory"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True
    )
    line = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    replace_trust(project, line)
    assert line.encode() in project.file("main", V1)
    exit_code, lines = project.refused("init", "--key", str(key))
    assert exit_code == 1
    assert "the trust file is not the one that this machine knows" in lines[0]


def test_the_first_use_of_a_clone_pins_what_it_finds(project: Project) -> None:
    file = repository_file(project)
    facts = file.read_text()
    for path in (file, project.key.with_suffix(".toml")):
        path.unlink()
    project.ok("status")
    assert file.read_text() == facts
    replace_trust(project)
    assert project.refused("status")[0] == 1


def test_a_new_clone_of_a_known_project_has_the_pin_of_the_project(project: Project) -> None:
    repository_file(project).unlink()
    data = project.file("main", V1)
    gitrepo.commit(project.top, {V1: data.replace(b'"robin"', b'"mallory"')})
    exit_code, lines = project.refused("status")
    assert exit_code == 1
    assert lines[1].endswith(str(project.key.with_suffix(".toml")))


def test_another_branch_with_a_base_of_its_own_changes_nothing(project: Project) -> None:
    config = project.file("main", PATH).replace(b'base = "main"', b'base = "mine"')
    project.git("switch", "-q", "-c", "mine")
    data = project.file("main", V1).replace(project.trust_project.encode(), OTHER.encode())
    gitrepo.commit(project.top, {PATH: config, V1: data})
    project.ok("status")
    assert project.run("init").err.startswith("error: Accord is set up on main already")


def test_accord_is_not_set_up_twice_from_a_branch_without_it(project: Project) -> None:
    start = project.git("rev-list", "--max-parents=0", "main").strip()
    project.git("switch", "-q", "-c", "old", start)
    exit_code, lines = project.refused("init")
    assert (exit_code, lines[0]) == (2, "error: Accord is set up on main already")


@pytest.mark.parametrize(
    ("base", "verify"),
    [
        ('a"b', "make test"), ("main", "make\ntest"), ("main", "python -c 'print(1)'"),
        ("main", 'python -c "print(1)"'), ("main", "a\\\\b"), ("zażółć", "\x07 \x7f é"),
        ("main", '""'), ("main", ""),
    ],
)  # fmt: skip
def test_a_configuration_says_what_was_put_in(base: str, verify: str) -> None:
    policy = read(template(base, verify).encode()).policy
    assert (policy.base, policy.verify) == (base, verify)


@pytest.mark.parametrize(("base", "verify"), [("main\udcff", ""), ("main", "make \udcff")])
def test_a_configuration_that_is_not_utf_8_is_not_written(base: str, verify: str) -> None:
    with pytest.raises(ConfigurationError, match="not UTF-8") as caught:
        template(base, verify)
    assert caught.value.hint


def test_a_branch_with_a_quote_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_checkout(tmp_path, monkeypatch)
    project.git("branch", "-m", 'a"b')
    project.ok("init", "--verify", 'python -c "print(1)"\n')
    project.ok("status")
    policy = read(project.file('a"b', PATH)).policy
    assert (policy.base, split(policy.verify)) == ('a"b', ("python", "-c", "print(1)"))


@pytest.mark.parametrize("name", [b"caf\xe9", "zażółć".encode(), b"shop \n"])
def test_a_folder_with_an_odd_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    isolate(tmp_path, monkeypatch)
    top = tmp_path / name.decode(errors="surrogateescape")
    gitrepo.make_repo(top, FILES).close()
    gitrepo.run(top, "config", "user.name", "Robin")
    project = Project(top, monkeypatch)
    project.ok("init")
    assert project.ok("status", "--json").json is not None


def test_a_place_outside_a_repository_is_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_checkout(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    lines = project.refused("status", folder=Path())[1]
    assert lines[0] == f"error: {tmp_path} is not in a git repository"


@pytest.mark.parametrize(
    ("verify", "state", "said"),
    [
        (" ", "note", "no command is set"),
        ("'oops", "bad", "cannot be read"),
        ("nowhere-to-be-found x", "bad", "was not found"),
    ],
)
def test_doctor_looks_at_a_command_that_says_nothing(
    project: Project, verify: str, state: str, said: str
) -> None:
    text = project.file("main", PATH).decode()
    line = next(one for one in text.splitlines() if one.startswith("command = "))
    gitrepo.commit(project.top, {PATH: text.replace(line, f'command = "{verify}"')})
    result = project.run("doctor", "--json")
    (found,) = (one for one in result.json["checks"] if one["what"] == "verify")
    assert found["state"] == state
    assert said in found["said"]
    assert any(one["what"] == "wall" for one in result.json["checks"])


def test_doctor_says_what_it_tripped_over_and_goes_on(project: Project) -> None:
    # The operating system refuses even to look for a name of this length.
    project.key.with_suffix(".toml").write_text(f'key = "{"a" * 5000}"\n')
    found = {one.what: one for one in examine(project.top)}
    assert found["person"].state == "bad"
    assert "OSError" in found["person"].said
    assert "wall" in found


def test_setting_up_closes_what_it_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make_checkout(tmp_path, monkeypatch).top
    before = processes()
    opened: list[SqliteJournal] = []

    def kept(path: Path) -> SqliteJournal:
        opened.append(SqliteJournal(path))
        return opened[-1]

    monkeypatch.setattr(initialising, "SqliteJournal", kept)
    initialise(top, key=None, name="", verify="", ask=lambda _: "")
    assert processes() == before
    assert [one._connection for one in opened] == [None]


def test_doctor_closes_what_it_opened(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Workshop] = []

    def kept(start: Path, ask: AskPassphrase) -> Workshop:
        opened.append(open_workshop(start, ask))
        return opened[-1]

    monkeypatch.setattr(doctoring, "open_workshop", kept)
    before = processes()
    assert examine(project.top)
    assert len(opened) == 1
    assert processes() == before


def processes() -> set[str]:
    """Return the processes that this one started and that still run."""
    said = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,comm="], capture_output=True, text=True,
        check=False,
    ).stdout  # fmt: skip
    return {line for line in said.splitlines() if line.endswith(" git")}


@pytest.mark.parametrize(
    ("level", "state", "said"),
    [(3, "good", "level 3, enforced by bubblewrap"), (2, "good", "level 2, partly enforced by"),
     (1, "note", "level 1: agents run with your own rights")],
)  # fmt: skip
def test_doctor_tells_the_level_its_gaps_and_why_it_is_no_higher(
    project: Project, monkeypatch: pytest.MonkeyPatch, level: int, state: str, said: str
) -> None:
    rejected = (Rejected("bubblewrap", "bwrap: setting up uid map: Permission denied", "mend it"),)
    box = NoSandbox()
    box.level, box.gaps = level, ("the .git pointer can be changed",)
    name = "bubblewrap" if level == 3 else "landlock"
    choice = Choice(box, name, rejected if level < 3 else ())
    monkeypatch.setattr(doctoring, "strongest", lambda _: choice)
    found = {one.what: one for one in examine(project.top)}
    assert found["wall"].state == state
    assert found["wall"].said.startswith(said)
    assert ("gap" in found) is (level > 1)
    if level < 3:
        assert found["bubblewrap"].said.endswith("Permission denied")
        assert found["bubblewrap"].hint == "mend it"
