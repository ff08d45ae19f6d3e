"""On a full disk nothing proves anything, and no other machine is kept from trying."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from project import make_project

LOOK = """
import resource, signal, sys
from pathlib import Path
from accord.app import evidence, room
from accord.errors import RefusedError
from accord.wiring.opening import open_workshop

workshop = open_workshop(Path(sys.argv[1]), lambda _: "")
tip = workshop.repo.resolve(workshop.base)
assert not room.is_full(workshop)
ran = evidence.run_on(workshop, tip, ("python3", "-c", "raise SystemExit(3)"), 60)
assert ran.exit_status == 3
sandbox = workshop.sandbox()

class Filling:
    level, gaps = sandbox.level, sandbox.gaps
    def run(self, *given):
        ran = sandbox.run(*given)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        return ran

workshop.sandbox = Filling
try:
    evidence.run_on(workshop, tip, ("python3", "-c", "raise SystemExit(3)"), 60)
except RefusedError as error:
    print(error.message)
"""


def test_what_fails_on_a_full_disk_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    project = make_project(tmp_path, monkeypatch)
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(project.top)], text=True, capture_output=True, check=False
    )
    said = "there is no room on the disk of this machine, so what failed proves nothing"
    assert done.stdout.strip() == said, done.stderr
