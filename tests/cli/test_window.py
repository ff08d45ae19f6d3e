"""`accord serve --window`: what is missing is said, and the library is given the right address."""

import sys
import threading
from pathlib import Path

import pytest
import webview

from accord.cli import window
from accord.errors import ConfigurationError
from project import Project, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


def test_the_window_says_that_its_library_is_missing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "webview", None)
    code, (error, hint) = project.refused("serve", "--window")
    assert code == 2
    assert error == "error: the window needs pywebview, which is not installed"
    assert "accord[window]" in hint


def test_the_window_says_that_there_is_no_screen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    code, (error, _) = project.refused("serve", "--window")
    assert (code, error) == (2, "error: there is no screen to open a window on")


def test_the_library_is_given_the_address_and_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real library as far as a machine without GTK and Qt takes it."""
    begun = threading.Event()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webview, "windows", [])
    for name in ("gi", "qtpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match="no window can be opened here"):
        window.show("http://accord.localhost:4000/enter#code", begun.set)
    assert [one.original_url for one in webview.windows] == [
        "http://accord.localhost:4000/enter#code"
    ]
    assert not begun.is_set()
