"""What belongs to this machine: where Accord keeps its state, and what it knows of the person."""

import hashlib
import os
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from accord.errors import ConfigurationError


class SystemClock:
    """The clock of the machine."""

    def now(self) -> str:
        """Return the present moment in UTC, to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@frozen
class Person:
    """What this machine knows about the person for one project: the key, the pinned trust."""

    key: str
    pin: str


def state_folder(common: Path) -> Path:
    """Return Accord's folder for the repository with this git directory, outside any checkout.

    Raises ConfigurationError for a place below the folder for temporary files: agents may write
    there, and the system may empty it.
    """
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    root = (Path(home) / "accord").resolve()
    if root.is_relative_to(Path(tempfile.gettempdir()).resolve()):
        raise ConfigurationError(
            f"{root} is a temporary folder, where work would be lost",
            hint="set XDG_STATE_HOME to another place",
        )
    name = common.parent.name if common.name == ".git" else common.name
    return root / f"{name}-{hashlib.sha256(str(common.resolve()).encode()).hexdigest()[:10]}"


def person_file(project: str) -> Path:
    """Return the file that says which key this person signs with in `project`."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "accord" / "projects" / f"{project}.toml"


def person(project: str) -> Person:
    """Return what this machine knows about the person; empty where nothing was set up."""
    path = person_file(project)
    if not path.is_file():
        return Person("", "")
    facts = _facts(path)
    return Person(str(facts.get("key", "")), str(facts.get("trust", "")))


def remember(project: str, known: Person) -> None:
    """Write down what this machine knows about the person for `project`."""
    _write(person_file(project), {"key": known.key, "trust": known.pin})


def base_file(common: Path) -> Path:
    """Return the file that says which branch is the base of the repository at `common`."""
    folder = person_file("").parent.with_name("repositories")
    return folder / f"{state_folder(common).name}.toml"


def known_base(common: Path) -> str:
    """Return the branch that this machine knows as the base, or an empty string.

    The configuration names the base as well, but whoever wrote the branch that is checked out
    could name another branch of theirs there, with rules and people of their own.
    """
    path = base_file(common)
    return str(_facts(path).get("base", "")) if path.is_file() else ""


def remember_base(common: Path, base: str) -> None:
    """Write down which branch is the base of the repository at `common`."""
    _write(base_file(common), {"base": base})


def _facts(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", hint="accord init") from None


def _write(path: Path, facts: dict[str, str]) -> None:
    import tomlkit  # reading a configuration, which every command does, needs none of it

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(tomlkit.dumps(facts))
    part.replace(path)


def key_file(project: str) -> Path:
    """Return where the key that Accord makes for `project` lies."""
    return person_file(project).with_name(f"{project}.key")
