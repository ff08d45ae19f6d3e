import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.core.ports import Sandbox
from accord.sandbox import toolchain
from accord.sandbox.bubblewrap import Bubblewrap, find_program
from accord.sandbox.enter import abi
from accord.sandbox.landlock import Landlock
from lab import NOBODY, Lab, end_daemons, furnish, works
from needing import need


@pytest.fixture
def bubblewrap() -> Bubblewrap:
    need(bool(find_program()) and works(find_program()), "bubblewrap with user namespaces")
    return Bubblewrap()


@pytest.fixture
def landlock() -> Landlock:
    need(abi() >= 6, "Landlock 6")
    return Landlock()


@pytest.fixture(params=["bubblewrap", "landlock"])
def box(request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    uid = os.getuid() or NOBODY
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="lab-") as name:
        built = Lab(Path(name).resolve(), uid)
        built.place.chmod(0o755)
        if uid != os.getuid():
            need(Path("/usr/bin/python3").exists(), "/usr/bin/python3")
            monkeypatch.setattr(toolchain, "visible", lambda *_: ())
        monkeypatch.setenv("HOME", str(built.home))
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        with built.stack:
            furnish(built)
            yield built
            end_daemons(built)


@pytest.fixture(params=["bubblewrap", "landlock"])
def box_in_lab(request: pytest.FixtureRequest, lab: Lab) -> "Bubblewrap | Landlock":
    """A box for the ordinary user of the lab."""
    request.getfixturevalue(request.param)
    if request.param == "bubblewrap":
        return Bubblewrap(launcher=lab.launcher())
    return Landlock(lab.launcher())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "tree"
    folder.mkdir(parents=True)
    return folder
