"""What a task's worktree needs beside its code: `[environment]` of the configuration."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from attrs import field, frozen

from accord.app.tables import PATH, flag, known, number, table, text, texts
from accord.errors import ConfigurationError

PORTS = 10
"""How many ports, one after the other, each worktree has to itself."""

KEYS = ("setup", "check", "copy", "caches", "variables", "network", "timeout_s")
_HOLE = re.compile(r"\{([^{}]*)\}")
_PORT = re.compile(r"port(?:\+([0-9]))?")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_STEERING = re.compile(r"PATH|HOME|IFS|SHELL|(?:LD|DYLD|GIT|PYTHON|NODE|ACCORD)_.*|.*_PROXY")


@frozen
class Environment:
    """How a worktree is made ready; see docs/parallel.md.

    `copy` names files of the person's checkout that git ignores, `caches` folders of the person
    that the set-up may write. `variables` are templates, in which `{port}` to `{port+9}` and
    `{name}` stand for what a worktree has to itself.
    """

    setup: str = ""
    check: str = ""
    copy: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(factory=dict)
    network: bool = False
    timeout_s: int = 900

    def filled(self, port: int, name: str) -> tuple[tuple[str, str], ...]:
        """Return the variables of the worktree called `name` that has the ports from `port`."""

        def fill(hole: re.Match[str]) -> str:
            found = _PORT.fullmatch(hole[1])
            return str(port + int(found[1] or 0)) if found else name

        own = ((key, _HOLE.sub(fill, value)) for key, value in sorted(self.variables.items()))
        return (("ACCORD_PORT", str(port)), *own)


def read(raw: Mapping[str, Any]) -> Environment:
    """Return what the table of `raw` says. Raises ConfigurationError naming the key at fault."""
    found = table(raw, "environment")
    known(found, KEYS, "environment.")
    variables = table(found, "variables")
    for name in variables:
        _refuse_variable(name, text(variables, name, ""))
    copied = texts(found, "copy", ())
    for path in copied:
        parts = PurePosixPath(path).parts
        if not parts or parts[0] in ("/", ".git") or ".." in parts or "\0" in path:
            raise ConfigurationError(
                f"{PATH}: environment.copy holds {path!r}", hint="paths in the repository"
            )
    return Environment(
        text(found, "setup", ""), text(found, "check", ""), copied, texts(found, "caches", ()),
        dict(variables), flag(found, "network"), number(found, "timeout_s", 900),
    )  # fmt: skip


def _refuse_variable(name: str, value: str) -> None:
    if not _NAME.fullmatch(name) or _STEERING.fullmatch(name):
        raise ConfigurationError(
            f"{PATH}: environment.variables.{name} cannot be set",
            hint="capitals, digits and _; nothing that steers programs, such as PATH",
        )
    for hole in _HOLE.findall(value):
        if hole != "name" and not _PORT.fullmatch(hole):
            raise ConfigurationError(
                f"{PATH}: environment.variables.{name} has {{{hole}}}",
                hint="there are {name} and {port} to {port+9}",
            )
