"""A person's project for tests: a real repository with Accord set up, worked by the command line.

What is done here is done as a person does it: write files, run git, run `accord`.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

import gitrepo
from accord.cli import main as cli
from accord.sandbox.none import NoSandbox
from accord.wiring import initialising, opening

# Both runners take these tests; unittest starts in a tenth of the time.
PYTEST = "python -m pytest -q"
VERIFY = "python -m unittest discover -s tests -t ."
FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "shop/__init__.py": "",
    "shop/cart.py": "def keep(cart):\n    return list(cart)\n",
    "tests/__init__.py": "",
    "tests/test_cart.py": """\
import unittest

from shop.cart import keep


class Cart(unittest.TestCase):
    def test_keeps(self):
        self.assertEqual(keep([1]), [1])
""",
    "conftest.py": "",
    ".gitignore": "__pycache__/\n",
}

STORY = """\
# Guest cart

The cart of a guest survives a declined card.

## Questions

## Assumptions

## Requirements

### R1 Keep the cart

As a guest, I want to keep my cart, so that I can pay again.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.
- R1.2 WHEN the cart is kept THE shop SHALL say until when.

## Out of scope
"""
DESIGN = """\
# Guest cart: design

## D1 Minutes beside the cart

Satisfies: R1.1, R1.2

The cart gets a number of minutes.
"""
TASKS = """\
# Guest cart: tasks

- [ ] T1 Keep the cart on decline
  - Satisfies: R1.1, R1.2
  - Touches: shop/**, tests/**
  - After: -
"""
SMALL = STORY.replace(
    "## Out of scope", "## Tasks\n\n" + TASKS.split("\n\n")[1] + "\n## Out of scope"
)
DOCUMENTS = {
    "story": ("requirements.md", STORY),
    "design": ("design.md", DESIGN),
    "architecture": ("tasks.md", TASKS),
}
BUILT = {
    "shop/cart.py": "MINUTES = 60\n\n\ndef keep(cart):\n    return list(cart)\n",
    "tests/test_minutes.py": """\
import unittest

import shop.cart


class Minutes(unittest.TestCase):
    def test_r1_1_keeps_for_an_hour(self):
        self.assertEqual(shop.cart.MINUTES, 60)
""",
}


@frozen
class Result:
    """What one call of `accord` gave."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return stdout, read as JSON."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Return everything that was said."""
        return self.out + self.err


@frozen
class Project:
    """A checkout at `top` with Accord set up, and a home of its own around it."""

    top: Path
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    @property
    def root(self) -> Path:
        """Return the folder that holds everything: checkout, home, state, configuration."""
        return self.top.parent

    @property
    def state(self) -> Path:
        """Return Accord's state folder for this repository; it exists once Accord ran."""
        return next((self.root / "state" / "accord").glob(f"{self.top.name}-*"))

    @property
    def trust_project(self) -> str:
        """Return the id that the trust file gives the project."""
        return str(json.loads((self.top / ".accord/trust/v1.json").read_bytes())["project"])

    @property
    def key(self) -> Path:
        """Return the private key that Accord made for the person."""
        return self.root / "config/accord/projects" / f"{self.trust_project}.key"

    def run(self, *arguments: str, folder: Path | None = None) -> Result:
        """Run `accord ARGUMENTS` in this process, as if started in the checkout (or `folder`)."""
        out, err = _Captured(), _Captured()
        words = ["accord", "-C", str(folder or self.top), *arguments]
        status: object = 0
        with self.monkeypatch.context() as patch, _closing(patch):
            patch.setattr(sys, "argv", words)
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    cli.main()
                except SystemExit as end:
                    status = end.code
        assert isinstance(status, int)
        return Result(status, out.text, err.text)

    def ok(self, *arguments: str) -> Result:
        """Run `accord ARGUMENTS`, which has to end well."""
        result = self.run(*arguments)
        assert result.exit == 0, f"accord {' '.join(arguments)}: {result.said}"
        return result

    def process(
        self, *arguments: str, environment: Mapping[str, str] | None = None, feed: str = ""
    ) -> Result:
        """Run `accord ARGUMENTS` as a process of its own, in the checkout."""
        done = subprocess.run(
            [sys.executable, "-m", "accord", *arguments],
            cwd=self.top, env={**os.environ, **(environment or {})}, input=feed, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)

    def refused(self, *arguments: str, folder: Path | None = None) -> tuple[int, list[str]]:
        """Run `accord ARGUMENTS`, which fails with one sentence and a hint and writes nothing."""
        before = self.contents()
        result = self.run(*arguments, folder=folder)
        assert self.contents() == before
        assert result.out == ""
        lines = result.err.splitlines()
        assert lines[0].startswith("error: ")
        assert ". " not in lines[0]
        assert lines[1].startswith("hint: ")
        assert len(lines) == 2
        return result.exit, lines

    def contents(self) -> dict[str, bytes]:
        """Map every file around the checkout, git's too, to its bytes; but for caches and logs."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "journal.sqlite" not in path.name and "index" not in path.name
        }

    def git(self, *arguments: str, feed: bytes = b"") -> str:
        """Run git in the checkout as the person."""
        return gitrepo.run(self.top, *arguments, feed=feed)

    def refs(self) -> dict[str, str]:
        """Map every ref to its object."""
        said = self.git("for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.split(" ") for line in said.splitlines())

    def show(self, change: str = "guest") -> Any:
        """Return `accord show --json`."""
        return self.ok("show", change, "--json").json

    def gates(self, change: str = "guest") -> dict[str, str]:
        """Map each stage to how its gate stands."""
        return {gate["stage"]: gate["standing"] for gate in self.show(change)["gates"]}

    def desk(self, change: str = "guest") -> Path:
        """Return the folder where the documents of `change` are edited."""
        return Path(self.show(change)["folder"])

    def write(self, name: str, text: str | bytes, change: str = "guest") -> Path:
        """Write a document on the desk, as an editor would, and return its path."""
        path = self.desk(change) / name
        gitrepo.write(path.parent, {path.name: text})
        return path

    def new(self, track: str = "full", change: str = "guest", *more: str) -> None:
        """Begin a change."""
        self.ok("new", "Keep the cart of a guest", "--name", change, "--track", track, *more)

    def approve_spec(self, change: str = "guest", *, track: str = "full", last: str = "") -> None:
        """Begin a change and approve its documents, written by hand, up to the stage `last`."""
        self.new(track, change)
        if track == "small":
            self.write("requirements.md", SMALL, change)
            self.ok("approve", change, "--yes")
            return
        for stage, (name, text) in DOCUMENTS.items():
            self.write(name, text, change)
            self.ok("approve", change, "--yes")
            if stage == last:
                return

    def lent(self, change: str = "guest") -> Path:
        """Run until a task is to be built by hand; return the folder to build it in."""
        waits = self.ok("run", change, "--json").json["waits"]
        assert waits, "nothing waits"
        return Path(waits[0]["place"])

    def build(
        self, change: str = "guest", files: Mapping[str, str | bytes | None] | None = None
    ) -> Result:
        """Build the task T1 by hand and hand it in."""
        gitrepo.write(self.lent(change), files or BUILT)
        return self.run("run", change, "--built", "T1")

    def commit_on(self, branch: str, files: gitrepo.Files, message: str = "Change") -> str:
        """Commit `files` on `branch`, which is not checked out, as somebody with push rights."""
        folder = self.root / "elsewhere"
        self.git("worktree", "add", "-q", "-f", str(folder), branch)
        try:
            return gitrepo.commit(folder, files, message)
        finally:
            self.git("worktree", "remove", "--force", str(folder))

    def commit_on_checkout(self, folder: Path) -> None:
        """Commit everything in the linked worktree `folder`, and take the worktree away."""
        gitrepo.commit(folder, {})
        self.git("worktree", "remove", "--force", str(folder))

    def file(self, branch: str, path: str) -> bytes:
        """Return the bytes of `path` on `branch`."""
        said = subprocess.run(
            ["git", "cat-file", "blob", f"{branch}:{path}"],
            cwd=self.top, capture_output=True, check=True,
        )  # fmt: skip
        return said.stdout

    def records(self, change: str = "guest", branch: str = "") -> dict[str, bytes]:
        """Map the path of each approval file of `change` to its bytes."""
        branch = branch or f"accord/{change}"
        folder = f".accord/approvals/{change}"
        names = self.git("ls-tree", "-r", "--name-only", branch, folder).splitlines()
        return {name: self.file(branch, name) for name in names}

    def unwalled(self) -> None:
        """Let checks run without a box, for those that play what happens around them."""
        self.monkeypatch.setattr(opening, "walls", lambda _: NoSandbox())

    def agent_ran(self) -> bool:
        """Tell whether any agent was ever started here."""
        return any((self.state / "runs").glob("*"))

    def worktrees(self) -> list[str]:
        """Return the names of the worktrees that Accord made."""
        folder = self.state / "worktrees"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def isolate(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give everything that is started a home below `root`, and the Python of these tests."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "ACCORD_", "SSH_")):
            monkeypatch.delenv(name)
    folders = {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config",
               "XDG_CACHE_HOME": "cache", "TMPDIR": "temporary"}  # fmt: skip
    for name, folder in folders.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(root / folder))
    # Accord keeps no state below the folder for temporary files, and tests live in it.
    monkeypatch.setattr(tempfile, "tempdir", str(root / "temporary"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def make_checkout(
    root: Path, monkeypatch: pytest.MonkeyPatch, files: gitrepo.Files | None = None
) -> Project:
    """Return a repository on the branch main with a small project and without Accord."""
    isolate(root, monkeypatch)
    top = root / "shop"
    gitrepo.make_repo(top, files or FILES).close()
    gitrepo.run(top, "config", "user.name", "Robin")
    gitrepo.run(top, "config", "user.email", "robin@example.org")
    return Project(top, monkeypatch)


def make_project(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, verify: str = VERIFY,
    files: gitrepo.Files | None = None,
) -> Project:  # fmt: skip
    """Return a project in which `accord init` was run."""
    project = make_checkout(root, monkeypatch, files)
    project.ok("init", "--verify", verify)
    return project


class _Captured(io.TextIOWrapper):
    """A stream that encodes as a terminal's would, and so fails where it would."""

    def __init__(self) -> None:
        self._raw = io.BytesIO()
        super().__init__(self._raw, encoding="utf-8", newline="")

    @property
    def text(self) -> str:
        self.flush()
        return self._raw.getvalue().decode()


@contextmanager
def _closing(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what one call of `accord` opens and leaves to the end of its process."""
    opened: list[Any] = []

    def kept(make: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            opened.append(make(*arguments))
            return opened[-1]

        return wrapped

    for module in (opening, initialising):
        for name in ("open_repo", "SqliteJournal"):
            patch.setattr(module, name, kept(getattr(module, name)))
    try:
        yield
    finally:
        for one in opened:
            one.close()
