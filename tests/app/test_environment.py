"""A task's worktree is made ready before an agent starts, and so is where its work is verified."""

import json
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.app import environment, leasing
from accord.app.environment import Environment
from accord.errors import ConfigurationError
from accord.wiring.opening import open_workshop
from project import BUILT, Project

SETUP = """\
import os, pathlib, sys
pathlib.Path("made").mkdir(exist_ok=True)
pathlib.Path("made/ready").write_text(os.environ["SHOP_URL"])
try:
    pathlib.Path(sys.argv[1], "filled").write_text("yes")
except OSError:
    pathlib.Path("made/shut").write_text("the caches can only be read")
"""
LOOK = """\
import os, pathlib
ready = pathlib.Path("made/ready").read_text()
pathlib.Path("seen.txt").write_text(
    "|".join([ready, os.environ["SHOP_URL"], pathlib.Path(".env").read_text()])
)
"""
PROVE = """\
import os, pathlib
assert pathlib.Path("made/ready").read_text() == os.environ["SHOP_URL"]
assert pathlib.Path("made/shut").exists()
assert pathlib.Path(".env").read_text() == "DEBUG=1"
print("1 passed")
"""
CHECK = "import pathlib, sys; sys.exit(pathlib.Path('broken').exists())"
STEPS: list[Mapping[str, object]] = [
    {"do": "run", "argv": ["python", "look.py"]},
]
STEPS += [{"do": "write", "path": path, "text": text} for path, text in BUILT.items()]


def script(project: Project, steps: Sequence[Mapping[str, object]]) -> str:
    lines = []
    for step in steps:
        lines += ["[[step]]", *(f"{key} = {json.dumps(value)}" for key, value in step.items())]
    path = project.root / "script.toml"
    path.write_text("\n".join(lines))
    return str(path)


def set_up(project: Project, table: str, **files: str) -> None:
    """Commit the `[environment]` of `table` and what it needs on main."""
    config = project.file("main", ".accord/config.toml").decode()
    ignored = "__pycache__/\n.env\nmade/\nseen.txt\n"
    gitrepo.commit(
        project.top,
        {".accord/config.toml": f"{config}\n[environment]\n{table}", ".gitignore": ignored,
         "setup.py": SETUP, "look.py": LOOK, "check.py": CHECK, **files},
        "Say what a worktree needs",
    )  # fmt: skip


def test_an_agent_finds_files_ports_and_the_set_up_and_its_work_is_verified_with_the_same(
    project: Project,
) -> None:
    cache = project.root / "shelf"
    set_up(
        project,
        f'setup = "python setup.py {cache} fill"\ncheck = "python check.py"\ncopy = [".env"]\n'
        f'caches = ["{cache}"]\n[environment.variables]\n'
        'SHOP_URL = "http://127.0.0.1:{port+1}/{name}"\n',
    )
    config = project.file("main", ".accord/config.toml").decode()
    command = config[config.index("command = ") :].splitlines()[0]
    proved = config.replace(command, 'command = "python prove.py"')
    files = {".accord/config.toml": proved, "prove.py": PROVE}
    gitrepo.commit(project.top, files, "Prove otherwise")
    (project.top / ".env").write_text("DEBUG=1")
    project.new("trivial")

    result = project.run("run", "guest", "--script", script(project, STEPS))

    assert result.exit == 0, result.said
    ready, url, copied = (project.state / "worktrees/guest-T1/seen.txt").read_text().split("|")
    assert ready == url
    assert url.startswith("http://127.0.0.1:20")
    assert url.endswith("/guest-T1")
    assert copied == "DEBUG=1"
    assert (cache / "filled").read_text() == "yes"
    assert ".env" not in project.git("ls-tree", "-r", "--name-only", "accord/guest")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("setup = \"python -c 'raise SystemExit(7)'\"\n", "the set-up fails (exit 7"),
        ('check = "python check.py"\n', "the check fails before any work (exit 1"),
        ('setup = "nothing-of-that-name"\n', "the command was not found: nothing-of-that-name"),
    ],
)
def test_no_agent_starts_on_a_broken_ground(project: Project, table: str, words: str) -> None:
    set_up(project, table, broken="")
    project.new("trivial")

    result = project.run("run", "guest", "--script", script(project, STEPS))

    assert result.exit == 1
    assert words in " ".join(result.said.split())
    assert "run it yourself in" in " ".join(result.said.split())
    assert not project.agent_ran()


def test_work_that_breaks_the_set_up_is_not_proved(project: Project) -> None:
    set_up(project, f'setup = "python setup.py {project.root}"\n'
                    'variables = { SHOP_URL = "{name}" }\n')  # fmt: skip
    steps: list[Mapping[str, object]] = [*STEPS[1:]]
    steps.append({"do": "write", "path": "setup.py", "text": "raise SystemExit(3)\n"})
    project.new("trivial")

    result = project.run("run", "guest", "--script", script(project, steps))

    assert result.exit == 4
    assert "it could not be set up: exit 3: python setup.py" in " ".join(result.said.split())


def test_a_file_that_git_would_commit_is_not_copied(project: Project) -> None:
    set_up(project, 'copy = ["notes.txt"]\n')
    (project.top / "notes.txt").write_text("mine")
    project.new("trivial")

    result = project.run("run", "guest", "--script", script(project, STEPS[1:]))

    assert result.exit == 1
    assert "notes.txt is not ignored by git" in " ".join(result.said.split())


def test_a_copy_goes_through_no_link_and_over_no_file(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "config").symlink_to(outside)
    (tree / ".env").write_text("theirs")
    set_up(project, 'copy = [".env", "config/local"]\n')
    (project.top / ".env").write_text("DEBUG=1")
    (project.top / ".gitignore").write_text(".env\nconfig/\n")
    (project.top / "config").mkdir()
    (project.top / "config/local").write_text("secret")

    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        leasing.furnish(workshop, str(tree), "one")

    assert (tree / ".env").read_text() == "theirs"
    assert list(outside.iterdir()) == []


def test_each_worktree_has_ports_of_its_own_until_it_is_gone(
    project: Project, tmp_path: Path
) -> None:
    set_up(project, 'variables = { PORT = "{port}" }\n')
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()

    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        first, second = (port(leasing.furnish(workshop, str(one), "n")) for one in folders[:2])
        again = port(leasing.furnish(workshop, str(folders[0]), "n"))
        folders[0].rmdir()
        third = port(leasing.furnish(workshop, str(folders[2]), "n"))
        with socket.create_server(("127.0.0.1", third + 9)):
            folders[2].rmdir()
            folders[0].mkdir()
            fourth = port(leasing.furnish(workshop, str(folders[0]), "n"))

    assert first == again == third
    assert abs(first - second) >= environment.PORTS
    assert fourth not in (first, second)


def port(variables: tuple[tuple[str, str], ...]) -> int:
    assert dict(variables)["PORT"] == dict(variables)["ACCORD_PORT"]
    return int(dict(variables)["PORT"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"copy": ["../secret"]}, "environment.copy"),
        ({"copy": ["/etc/passwd"]}, "environment.copy"),
        ({"copy": [".git/config"]}, "environment.copy"),
        ({"variables": {"PATH": "x"}}, "variables.PATH"),
        ({"variables": {"LD_PRELOAD": "x"}}, "variables.LD_PRELOAD"),
        ({"variables": {"HTTPS_PROXY": "x"}}, "variables.HTTPS_PROXY"),
        ({"variables": {"lower": "x"}}, "variables.lower"),
        ({"variables": {"URL": "{host}"}}, "{host}"),
        ({"variables": {"URL": "{port+10}"}}, "{port+10}"),
        ({"settup": "x"}, "settup"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=r".") as caught:
        environment.read({"environment": table})
    assert words in caught.value.message


def test_variables_are_filled_with_what_the_worktree_has() -> None:
    found = Environment(variables={"A": "{port}-{port+9}-{name}", "B": "plain"})
    assert found.filled(20_000, "cart-T1") == (
        ("ACCORD_PORT", "20000"), ("A", "20000-20009-cart-T1"), ("B", "plain"),
    )  # fmt: skip
