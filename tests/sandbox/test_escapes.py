"""Attempts to get out, one at a time, by an ordinary user; what happened is looked for outside.

Each names the threat that it stands for. Where there is no wall they get through, which shows that
it would be seen.
"""

import os

import pytest

import escapes
from accord.sandbox.bubblewrap import Bubblewrap
from accord.sandbox.landlock import Landlock
from accord.sandbox.none import NoSandbox
from lab import Lab

# What `Landlock.gaps` tells people.
GAPS = {
    "16-chmod-state", "17-touch-hooks", "32-repoint-git-pointer", "40-write-protected",
    "41-make-protected-file", "42-make-protected-folder", "43-rename-above-protected",
    "44-remove-protected", "53-extended-attribute-of-state",
}  # fmt: skip
# What an ordinary user may not do anyway, or (the first process) has no place to do it in.
REFUSED_ANYWAY = {"34-mount", "36-write-etc", "46-inherited-folder-of-first-process"}


def cases(names: "set[str] | None" = None) -> list[object]:
    """Each attempt, with its threat before its name in the id of the test."""
    return [
        pytest.param(name, id=f"{threat}-{name}")
        for name, (threat, _) in sorted(escapes.ATTEMPTS.items())
        if names is None or name in names
    ]


ALL = set(escapes.ATTEMPTS)


@pytest.mark.parametrize("name", cases())
def test_nothing_gets_out_of_namespaces(lab: Lab, bubblewrap: Bubblewrap, name: str) -> None:
    assert lab.attempt(Bubblewrap(launcher=lab.launcher()), name) == []


@pytest.mark.parametrize("name", cases(ALL - GAPS))
def test_nothing_gets_out_of_landlock(lab: Lab, landlock: Landlock, name: str) -> None:
    assert lab.attempt(Landlock(lab.launcher()), name) == []


@pytest.mark.parametrize("name", cases(GAPS))
def test_landlock_has_the_gaps_that_it_admits(lab: Lab, landlock: Landlock, name: str) -> None:
    assert lab.attempt(Landlock(lab.launcher()), name) != []


@pytest.mark.parametrize("name", cases(ALL - REFUSED_ANYWAY))
def test_without_a_wall_it_is_seen_to_get_through(lab: Lab, name: str) -> None:
    assert lab.attempt(NoSandbox(), name) != []


def test_an_agent_may_do_its_work(lab: Lab, box_in_lab: "Bubblewrap | Landlock") -> None:
    script = (
        "set -e; echo new > new.py; echo more >> main.py; echo x > part; mv part whole;"
        'mkdir -p a/b; mv a c; echo x > "$HOME/.cache-me"; echo x > "$TMPDIR/y"; git status --short'
    )
    done = lab.run([*box_in_lab.prefix(lab.walls()), "sh", "-c", script])
    assert done.returncode == 0, done.stderr
    assert {line.split()[-1] for line in done.stdout.splitlines()} == {
        "main.py", "new.py", "whole", "e.py"
    }  # fmt: skip
    assert (lab.tree / "new.py").read_text() == "new\n"
    assert not os.path.lexists(lab.home / ".cache-me")
