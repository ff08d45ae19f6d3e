"""The only place that spawns git: a cleaned environment and a git directory that is trusted.

Git reads programs to run from its configuration (filters, hooks, fsmonitor, external diffs). So
it is never let find a repository by itself in a folder that an agent could write: the git
directory is always named, and hooks, global and system configuration are switched off.
"""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from accord.errors import AccordError, ConfigurationError

MINIMUM = (2, 38)  # merge-tree --write-tree

KEPT = 128
"""How many answers about commits are kept; each is of some lines."""

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\^?")

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "advice.detachedHead=false",
    "user.useConfigOnly=false",
    "submodule.recurse=false",
)

# The person may have a sparse checkout; a tree that Accord writes out or takes in has no holes.
WHOLE = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.sparseCheckout",
    "GIT_CONFIG_VALUE_0": "false",
}


class GitError(AccordError):
    """Raised when git itself failed in a way that Accord did not foresee; holds what git said."""

    kind = "git"
    exit_code = 70

    def __init__(self, arguments: tuple[str, ...], status: int, said: str) -> None:
        first = said.strip().splitlines()[0] if said.strip() else f"exit status {status}"
        super().__init__(f"git {arguments[0]} failed: {first}", hint="accord doctor")
        self.first = first
        self.status = status
        self.said = said


@frozen
class Git:
    """Runs git on one repository; `directory` is its common git directory."""

    directory: Path

    def bytes(
        self,
        *arguments: str,
        feed: bytes | None = None,
        directory: Path | None = None,
        work_tree: Path | None = None,
        extra: Mapping[str, str] | None = None,
        asks: bool = False,
    ) -> bytes:
        """Run `git ARGUMENTS` and return its stdout. Raises GitError on a non-zero exit.

        `directory` names another trusted git directory (that of a linked worktree), `work_tree`
        the folder to work on, `extra` adds to the environment, `feed` goes to stdin, `asks` tells
        that what it starts may ask the person for a passphrase.
        """
        where = [f"--git-dir={directory or self.directory}"]
        if work_tree is not None:
            where.append(f"--work-tree={work_tree}")
        done = subprocess.run(
            [*command(), *where, *arguments],
            input=feed if feed is not None else b"",
            capture_output=True,
            env={**environment(), **(extra or {})},
            cwd=work_tree if work_tree is not None else self.directory,
            process_group=None if asks else group(),
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace")
            raise GitError(arguments, done.returncode, said)
        return done.stdout

    def text(self, *arguments: str, **options: object) -> str:
        """Run `git ARGUMENTS` and return its stdout as text without the last line end."""
        return self.bytes(*arguments, **options).decode(errors="replace").rstrip("\n")  # type: ignore[arg-type] # the options are those of bytes()

    def succeeds(self, *arguments: str) -> bool:
        """Tell whether `git ARGUMENTS` exits with 0."""
        try:
            self.bytes(*arguments)
        except GitError:
            return False
        return True


def lasting(git: Git, *arguments: str, about: tuple[str, ...]) -> bytes:
    """Return what `git ARGUMENTS` says, which asks for the history of the commits `about` alone.

    Named by their ids, these have one answer for as long as the clone is as deep, and it is kept;
    named otherwise, git is asked each time. Raises GitError as `Git.bytes` does.
    """
    if not all(map(_ID.fullmatch, about)):
        return git.bytes(*arguments)
    shallow = git.directory / "shallow"
    return _answer(git, shallow.stat().st_mtime_ns if shallow.exists() else 0, arguments)


@lru_cache(maxsize=KEPT)
def _answer(git: Git, _deepened: int, arguments: tuple[str, ...]) -> bytes:
    return git.bytes(*arguments)


def command() -> list[str]:
    """Return the words that every call of git begins with."""
    git = shutil.which("git")
    if git is None:
        raise ConfigurationError("git was not found", hint="install git 2.38 or newer")
    return [git, *(word for setting in _SETTINGS for word in ("-c", setting))]


def group() -> int | None:
    """Return the process group that git is started in: 0, one of its own, from a thread.

    Ctrl-C at a terminal is sent to all of a group. The main thread hears of it as well; another
    one would only see that git died, and take it for a failure.
    """
    return None if threading.current_thread() is threading.main_thread() else 0


def environment() -> dict[str, str]:
    """Return the environment of every call: nothing of the caller's but path, home and identity."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_EDITOR": "true",
    }
