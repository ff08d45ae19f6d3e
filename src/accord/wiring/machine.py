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


@frozen
class Known:
    """What this machine knows about one repository; each is empty before its first use.

    `pin` is the sha256 of version 1 of the trust file of `project`. The configuration names the
    base as well, and the trust file the project, but whoever wrote the branch that is checked out
    could name a branch of theirs and a project of their own there.
    """

    base: str = ""
    project: str = ""
    pin: str = ""


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
    return root / _name(common)


def _name(common: Path) -> str:
    name = common.parent.name if common.name == ".git" else common.name
    return f"{name}-{hashlib.sha256(os.fsencode(common.resolve())).hexdigest()[:10]}"


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


def repository_file(common: Path) -> Path:
    """Return the file that says what this machine knows about the repository at `common`."""
    folder = person_file("").parent.with_name("repositories")
    return folder / f"{_name(common)}.toml"


def repository(common: Path) -> Known:
    """Return what this machine knows about the repository at `common`."""
    path = repository_file(common)
    if not path.is_file():
        return Known()
    facts = _facts(path)
    base, project, pin = (str(facts.get(name, "")) for name in ("base", "project", "trust"))
    return Known(base, project, pin)


def remember_repository(common: Path, known: Known) -> None:
    """Write down what this machine knows about the repository at `common`."""
    facts = {"base": known.base, "project": known.project, "trust": known.pin}
    _write(repository_file(common), facts)


def _facts(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", hint="accord init") from None


def _write(path: Path, facts: dict[str, str]) -> None:
    import tomlkit  # reading a configuration, which every command does, needs none of it

    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_text(tomlkit.dumps(facts))
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}",
            hint="set XDG_CONFIG_HOME to a folder of yours",
        ) from None


def key_file(project: str) -> Path:
    """Return where the key that Accord makes for `project` lies."""
    return person_file(project).with_name(f"{project}.key")
