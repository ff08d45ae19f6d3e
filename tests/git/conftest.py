import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.core.cones import Kind
from accord.git import mounting, overlays
from accord.git.repo import GitRepo
from gitrepo import make_repo
from needing import need

START = {
    "README.md": "shop\n",
    "src/cart.py": "def keep(): ...\n",
    "src/run.sh": "#!/bin/sh\n",
    "docs/guide.md": "guide\n",
    ".gitignore": "*.log\nbuild/\n",
    "specs/guest/requirements.md": "# Guest\n",
}


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give git a home of its own, so that nobody's configuration changes a test."""
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return home


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def kind() -> Kind:
    return Kind.POOL


@pytest.fixture
def repo(top: Path, kind: Kind) -> Iterator[GitRepo]:
    made = make_repo(top, START)
    made.kind = kind
    if kind is Kind.OVERLAY:
        need(overlays.possible(made.git, made.room.layers), "the right to mount an overlay")
    yield made
    made.close()
    mounting.clear(top.parent)


@pytest.fixture
def base(repo: GitRepo) -> str:
    return repo.resolve("main")
