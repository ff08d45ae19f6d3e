"""What travels between clones by way of a remote that all of them know: branches and Accord's refs.

What the remote had last is kept below `refs/accord/far/`. A ref of it is moved only from where it
was known to be, so that of two machines that move the same one, one is told no.
"""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from accord.errors import ConfigurationError
from accord.git.run import Git, GitError
from accord.git.stale import outwaited

FAR = "refs/accord/far/"
_SNAPSHOTS = "refs/accord/wip/*"
_TRIES, _PAUSE_S = 5, 0.3
_REFUSED = 1  # git's exit status where the remote was reached and a ref was not taken


@frozen
class GitRemote:
    """The remote called `name`, and the refs there that matter: see `core.ports.Remote`."""

    git: Git
    name: str
    base: str

    def fetch(self) -> None:
        """Learn where the refs of the remote are. Raises ConfigurationError where it is no use."""
        wanted = (
            f"+{self.base}:{FAR}{self.base}",
            f"+refs/heads/accord/*:{FAR}refs/heads/accord/*",
            f"+refs/accord/tasks/*:{FAR}refs/accord/tasks/*",
        )
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--prune", "--atomic",
                 "--no-recurse-submodules", self.name, *wanted)  # fmt: skip
        for tries_left in reversed(range(_TRIES)):
            try:
                self.git.bytes(*words, extra=_own(), asks=True)
            except GitError as error:
                # A push beside this one, or what a killed worker had begun, writes the same refs.
                if not (tries_left and "lock ref" in error.said):
                    raise self._away() from None
                if tries_left > 1 or not outwaited(self.git, error.said):
                    time.sleep(_PAUSE_S)
            else:
                return

    def far(self) -> dict[str, str]:
        """Map each ref that the remote had when it was fetched last to its commit."""
        form = "--format=%(refname) %(objectname)"
        said = self.git.text("for-each-ref", form, FAR)
        rows = (line.split(" ", 1) for line in said.splitlines())
        return {name.removeprefix(FAR): commit for name, commit in rows}

    def push(self, moves: Mapping[str, tuple[str, str]]) -> bool:
        """Move all of these refs of the remote from old to new (empty: absent), or none of them.

        Returns False where one of them is somewhere else by now, or the remote refuses.
        """
        leases = [f"--force-with-lease={ref}:{old}" for ref, (old, _) in moves.items()]
        specs = [f"{new}:{ref}" for ref, (_, new) in moves.items()]
        try:
            self._push("--atomic", *leases, self.name, *specs)
        except GitError as error:
            if error.status == _REFUSED:
                return False
            raise self._away() from None
        for ref, (_, new) in moves.items():
            with suppress(GitError):  # a fetch beside this one has it; the next one learns it
                self.git.bytes("update-ref", *([FAR + ref, new] if new else ["-d", FAR + ref]))
        return True

    def fetch_snapshots(self, prefixes: Sequence[str]) -> None:
        """Fetch the snapshots whose names (`guest/T1/2-`) begin with any of `prefixes`."""
        specs = [f"+{_SNAPSHOTS}".replace("*", f"{one}*") for one in prefixes]
        wanted = [f"{one}:{one.removeprefix('+')}" for one in specs]
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                 "--no-recurse-submodules", self.name)  # fmt: skip
        try:
            if wanted:
                self.git.bytes(*words, *wanted, extra=_own(), asks=True)
        except GitError:
            raise self._away() from None

    def push_snapshots(self) -> None:
        """Bring every snapshot of this clone to the remote; one that it has is left as it is."""
        try:
            self._push(self.name, f"+{_SNAPSHOTS}:{_SNAPSHOTS}")
        except GitError:
            raise self._away() from None

    def _push(self, *arguments: str) -> None:
        words = ("push", "--quiet", "--no-verify", "--no-signed", *arguments)
        self.git.bytes(*words, extra=_own(), asks=True)

    def _away(self) -> ConfigurationError:
        # What git says may hold the address of the remote, and a token in it.
        return ConfigurationError(
            f"the remote {self.name} cannot be reached", hint=f"git fetch {self.name}"
        )


def _own() -> dict[str, str]:
    """Return what the person's git needs to be let in: their configuration and their ssh agent."""
    kept = {name: os.environ[name]
            for name in ("SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "XDG_CONFIG_HOME")
            if name in os.environ}  # fmt: skip
    own = Path(os.environ.get("GIT_CONFIG_GLOBAL", Path.home() / ".gitconfig"))
    return {**kept, "GIT_CONFIG_GLOBAL": str(own)} if own.is_file() else kept
