"""A plain clone, as a CI has it: no state of Accord's, no key, HEAD on a commit and no branch."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

import gitrepo
from accord.errors import AccordError
from accord.wiring.auditing import check_range

CODE = {"shop/cart.py": "MINUTES = 60\n\n\ndef keep(cart):\n    return list(cart)\n"}


@frozen
class Source:
    """A repository that changes were made in by the command line, and what to start from there.

    `key` is the trailer of the task T1 of `guest`, `commits` names moments by their commits.
    """

    top: Path
    home: Path
    key: str
    commits: Mapping[str, str]

    def clone(self, folder: Path, moment: str) -> "Clone":
        """Return a new clone whose HEAD is at `moment`."""
        gitrepo.run(folder.parent, "clone", "-q", str(self.top), str(folder))
        gitrepo.run(folder, "switch", "-q", "--detach", self.commits[moment])
        return Clone(folder, self)


@frozen
class Clone:
    """The clone, to make commits in as anybody with git could, and to check."""

    top: Path
    source: Source

    def git(self, *arguments: str, feed: bytes = b"") -> str:
        """Run git in the clone."""
        return gitrepo.run(self.top, *arguments, feed=feed)

    @property
    def trailer(self) -> str:
        """Return the trailer that a commit of the task T1 has."""
        return f"Spec-Task: {self.source.key}"

    def commit(self, files: gitrepo.Files, message: str = "") -> str:
        """Commit `files` as the task T1, or with another message."""
        return gitrepo.commit(self.top, files, message or f"Keep the cart\n\n{self.trailer}\n")

    def fetch(self, moment: str) -> str:
        """Return the commit of a moment of the source."""
        return self.source.commits[moment]

    def check(self, base: str = "origin/main", root: str = "") -> "Checked":
        """Check the commits since `base`, as `accord check --base` does."""
        try:
            found = check_range(self.top, base, root)
        except AccordError as error:
            return Checked(error.exit_code, {"error": error.message, "hint": error.hint})
        return Checked(int(bool(found.refused)), asdict(found))

    def process(self, *arguments: str) -> "Checked":
        """Run `accord check --json` as a process that knows no home of anybody's."""
        nowhere = self.top.parent / "nobody"
        nowhere.mkdir(mode=0o500)
        done = subprocess.run(
            [sys.executable, "-m", "accord", "check", *arguments, "--json"],
            cwd=self.top, text=True, capture_output=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(nowhere)},
        )  # fmt: skip
        assert list(nowhere.iterdir()) == []
        return Checked(done.returncode, json.loads(done.stdout))

    def refused(self, base: str = "origin/main") -> dict[str, str]:
        """Check, which has to refuse; map each commit to the last rule that it breaks."""
        found = self.check(base)
        assert found.exit == 1, found.said
        assert all(one["message"] and one["hint"] for one in found.said["refused"])
        return {one["commit"]: one["rule"] for one in found.said["refused"]}

    def rules(self, base: str = "origin/main") -> set[str]:
        """Check, which has to refuse; return every rule that is broken."""
        assert self.refused(base)
        return {one["rule"] for one in self.check(base).said["refused"]}

    def accepted(self, base: str = "origin/main") -> int:
        """Check, which has to find nothing; return how many commits it looked at."""
        found = self.check(base)
        assert found.exit == 0, found.said
        assert found.said["commits"] == int(self.git("rev-list", "--count", f"{base}..HEAD"))
        return int(found.said["commits"])


@frozen
class Checked:
    """What a check gave: its exit code and its answer."""

    exit: int
    said: Any
