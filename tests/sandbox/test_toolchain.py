"""What a box shows of the tools that people install: all they need, and nothing of the home."""

import os
from pathlib import Path

import pytest

from accord.sandbox.toolchain import is_harmless, search_path, visible

SECRETS = (".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml", ".gnupg/key", ".netrc",
           ".cargo/credentials.toml", ".npmrc", ".local/share/keyrings/login",
           ".claude/.credentials.json", "notes.txt", "Documents/tax.pdf")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home/robin"
    for name in SECRETS:
        make(folder / name)
    return folder


def make(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def shown(home: Path, *entries: Path, **environment: str) -> tuple[str, ...]:
    """The paths that are shown, below the home; every secret is looked for in all of them."""
    path = os.pathsep.join(["/usr/bin", *map(str, entries)])
    found = visible({"PATH": path, **environment}, home)
    for name in SECRETS:
        assert not any((home / name).is_relative_to(one) for one in found), name
    ours = home.parent.parent
    return tuple(
        str(Path(one).relative_to(home) if Path(one).is_relative_to(home)
            else Path(one).relative_to(ours))
        for one in found if Path(one).is_relative_to(ours)
    )  # fmt: skip


def test_nvm(home: Path) -> None:
    version = home / ".nvm/versions/node/v22.1.0"
    make(version / "bin/node")
    make(version / "lib/node_modules/claude/cli.js")
    link(version / "bin/claude", version / "lib/node_modules/claude/cli.js")
    make(version / "include/node/node.h")
    assert shown(home, version / "bin") == tuple(
        f".nvm/versions/node/v22.1.0/{name}" for name in ("bin", "include", "lib")
    )


def test_pyenv(home: Path) -> None:
    make(home / ".pyenv/shims/python")
    make(home / ".pyenv/bin/pyenv")
    make(home / ".pyenv/libexec/pyenv")
    make(home / ".pyenv/version", "3.12.1\n")
    make(home / ".pyenv/versions/3.12.1/bin/python3")
    assert set(shown(home, home / ".pyenv/shims")) == {
        ".pyenv/shims", ".pyenv/bin", ".pyenv/libexec", ".pyenv/version", ".pyenv/versions"
    }  # fmt: skip


def test_cargo_without_its_credentials(home: Path) -> None:
    make(home / ".cargo/bin/rustup")
    link(home / ".cargo/bin/cargo", home / ".cargo/bin/rustup")
    make(home / ".rustup/toolchains/stable/bin/cargo")
    make(home / ".rustup/settings.toml")
    assert shown(home, home / ".cargo/bin") == (
        ".cargo/bin", ".rustup/settings.toml", ".rustup/toolchains"
    )  # fmt: skip


def test_a_tool_of_uv_with_its_interpreter(home: Path) -> None:
    base = home / ".local/share/uv/python/cpython-3.12.1"
    tool = home / ".local/share/uv/tools/ruff"
    make(base / "bin/python3.12")
    make(tool / "bin/ruff")
    link(tool / "bin/python3", base / "bin/python3.12")
    make(tool / "pyvenv.cfg", f"home = {base}/bin\nversion_info = 3.12.1\n")
    link(home / ".local/bin/ruff", tool / "bin/ruff")
    assert shown(home, home / ".local/bin") == (
        ".local/bin", ".local/share/uv/python/cpython-3.12.1", ".local/share/uv/tools/ruff"
    )  # fmt: skip


def test_a_tool_of_pipx(home: Path) -> None:
    venv = home / ".local/share/pipx/venvs/black"
    make(venv / "bin/black")
    make(venv / "pyvenv.cfg", "home = /usr/bin\n")
    link(home / ".local/bin/black", venv / "bin/black")
    assert shown(home, home / ".local/bin") == (".local/bin", ".local/share/pipx/venvs/black")


def test_a_program_that_is_one_file_of_a_version(home: Path) -> None:
    version = make(home / ".local/share/claude/versions/2.1.0")
    link(home / ".local/bin/claude", version)
    assert shown(home, home / ".local/bin") == (".local/bin", ".local/share/claude/versions/2.1.0")


def test_a_virtual_environment_and_what_it_was_made_from(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "python/bin/python3")
    make(tmp_path / "shop/.venv/bin/pytest")
    make(tmp_path / "shop/.venv/pyvenv.cfg", f"home = {tmp_path}/python/bin\n")
    found = shown(home, tmp_path / "shop/.venv/bin", VIRTUAL_ENV=str(tmp_path / "shop/.venv"))
    assert found == ("python", "shop/.venv")


def test_scripts_of_ones_own_lie_in_no_installation(home: Path) -> None:
    make(home / "bin/hello")
    make(home / "src/tool/bin/run")
    link(home / "bin/run", home / "src/tool/bin/run")
    make(home / "lib/private")
    assert shown(home, home / "bin") == ("bin", "src/tool")


@pytest.mark.parametrize("name", ["", "..", ".ssh", ".config", ".config/tools", ".local", ".aws"])
def test_a_home_or_a_secret_on_the_path_is_not_shown(home: Path, name: str) -> None:
    (home / name).mkdir(parents=True, exist_ok=True)
    assert shown(home, home / name) == ()


def test_a_link_into_a_secret_is_not_followed(home: Path) -> None:
    link(home / ".local/bin/key", home / ".ssh/id_ed25519")
    link(home / ".local/bin/all", home)
    assert shown(home, home / ".local/bin") == (".local/bin",)


def test_a_home_by_another_name_is_a_home(home: Path, tmp_path: Path) -> None:
    link(tmp_path / "other", home)
    make(home / "bin/hello")
    assert not is_harmless(tmp_path / "home", tmp_path / "other")
    assert not is_harmless(home / ".ssh", tmp_path / "other")
    assert is_harmless(home / "bin", tmp_path / "other")


def test_an_environment_that_names_its_home_is_not_shown(home: Path) -> None:
    assert shown(home, VIRTUAL_ENV=str(home)) == ()


def test_what_the_system_has_is_shown_anyway(home: Path) -> None:
    assert not [one for one in visible({"PATH": "/usr/bin:/bin"}, home) if one.startswith("/usr")]


def test_a_relative_entry_of_the_path_is_dropped() -> None:
    assert search_path({"PATH": "/usr/bin::.:bin:/bin"}) == "/usr/bin:/bin"


def test_an_entry_that_cannot_be_looked_at_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "tools" / "bin").mkdir(parents=True)
    beyond = "/" + "x" * 300 + "/bin"  # as what lies in another's closed home, an error to look at
    path = os.pathsep.join([beyond, str(tmp_path / "tools" / "bin")])

    found = visible({"PATH": path}, tmp_path / "home")

    assert str(tmp_path / "tools" / "bin") in found
    assert beyond not in found
