from pathlib import Path

import pytest

from project import Project, make_checkout, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a repository in which nobody set Accord up."""
    return make_checkout(tmp_path, monkeypatch)
