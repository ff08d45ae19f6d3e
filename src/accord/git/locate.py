"""Find the person's repository from where they stand, and who they are."""

import os
import re
import subprocess
from pathlib import Path

from attrs import frozen

from accord.errors import ConfigurationError
from accord.git.run import MINIMUM, command


@frozen
class Place:
    """The repository that the person stands in: checkout, common git directory, branch, name.

    `named` tells whether git knows the person's name; else `person` is that of the account.
    """

    top: Path
    common: Path
    branch: str
    head: str
    person: str
    email: str
    named: bool = True


def locate(start: Path, *, detached: bool = False) -> Place:
    """Return the repository around `start`.

    Raises ConfigurationError where there is none, it is bare, it has no commit, or HEAD is
    detached and may not be: else the branch is empty then. This is the one call that lets git
    find the directory: it is the person's own.
    """
    if _ask(start, "rev-parse", "--is-bare-repository") == "true":
        raise ConfigurationError(
            f"{start.resolve()} is a bare repository", hint="run accord in a checkout of it"
        )
    top = _ask(start, "rev-parse", "--show-toplevel")
    if not top:
        raise ConfigurationError(
            f"{start.resolve()} is not in a git repository", hint="git init, or cd"
        )
    common = _ask(start, "rev-parse", "--path-format=absolute", "--git-common-dir")
    head = _ask(start, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        raise ConfigurationError(
            f"{top} has no commits yet", hint="git commit --allow-empty -m 'Start'"
        )
    branch = _ask(start, "symbolic-ref", "--quiet", "HEAD")
    if not branch and not detached:
        raise ConfigurationError(f"{top} is on no branch (detached HEAD)", hint="git switch main")
    if Path(top, ".git").is_file() and not _knows_its_checkout(Path(common), start):
        raise ConfigurationError(
            f"{common} does not say that its checkout is {top}",
            hint=f"git -C {top} config core.worktree {top}",
        )
    name, email = _identity(start)
    return Place(Path(top), Path(common), branch, head, name, email, _named(start))


def _knows_its_checkout(common: Path, start: Path) -> bool:
    # `git init --separate-git-dir` leaves no way back from the git directory to the checkout.
    own = Path(_ask(start, "rev-parse", "--path-format=absolute", "--git-dir"))
    return own != common or _ask(start, "config", "core.worktree") != ""


def check_version() -> str:
    """Return git's version. Raises ConfigurationError when it is older than Accord needs."""
    said = subprocess.run(
        [*command(), "--version"], capture_output=True, text=True, check=False
    ).stdout
    match = re.search(r"(\d+)\.(\d+)(?:\.\d+)?", said)
    if match is None or (int(match[1]), int(match[2])) < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise ConfigurationError(
            f"git is too old: {said.strip() or 'no version'}", hint=f"install git {wanted} or newer"
        )
    return match[0]


def _identity(start: Path) -> tuple[str, str]:
    """Return the name and address that git would put on a commit made here, or a stand-in."""
    said = os.fsencode(_ask(start, "var", "GIT_AUTHOR_IDENT")).decode(errors="replace")
    known = re.fullmatch(r"(.*) <(.*)> \d+ [+-]\d+", said)
    if known and known[1] and known[2]:
        return known[1], known[2]
    name = os.environ.get("USER", "") or "somebody"
    return name, f"{name}@localhost"


def _named(start: Path) -> bool:
    # Without a name of its own git makes one up from the account.
    asked = (_ask(start, "config", key) for key in ("author.name", "user.name"))
    return bool(os.environ.get("GIT_AUTHOR_NAME", "").strip()) or any(asked)


def _ask(start: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    named = ("GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL")
    kept |= {name: os.environ[name] for name in named if name in os.environ}
    done = subprocess.run(
        [command()[0], *arguments],
        cwd=start,
        env={**kept, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    # A folder's name may be no text at all, and may end in white space.
    return os.fsdecode(done.stdout).removesuffix("\n") if done.returncode == 0 else ""
