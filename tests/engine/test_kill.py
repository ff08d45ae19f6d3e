import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from accord.demo.project import Project, script
from project import PYTEST, make_checkout

SAMPLE = Path(__file__).parents[2] / "src" / "accord" / "demo" / "sample"
DRIVER = Path(__file__).with_name("killing.py")
LIMIT = 150


def with_effects(text: str, effects: Path) -> str:
    """Let every scene of a script leave one line in a file, so that a second play would show."""
    parts = text.split("[[scene]]\n")
    counted = [
        part + f'[[scene.step]]\ndo = "run"\nargv = ["sh", "-c", "echo {number} >> {effects}"]\n'
        for number, part in enumerate(parts[1:], start=1)
    ]
    return "[[scene]]\n".join([parts[0], *counted])


def test_killed_at_every_step_a_change_ends_the_same_and_nothing_happens_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = {
        path.relative_to(SAMPLE).as_posix(): path.read_text()
        for path in SAMPLE.rglob("*")
        if path.suffix in (".py", ".rst")
    }
    shop = make_checkout(tmp_path, monkeypatch, sample)
    shop.ok("init", "--verify", PYTEST)
    effects, killed, played = (tmp_path / name for name in ("effects", "killed", "script.toml"))
    project = Project(shop.top, "wording", "tests/", PYTEST, "")
    played.write_text(with_effects(script(project, "counts"), effects))

    monkeypatch.setenv("PYTHONPATH", str(DRIVER.parents[1]))
    kills = 0
    while True:
        command = [sys.executable, str(DRIVER), str(shop.top), str(played), str(killed)]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        kills += 1
        assert kills < LIMIT

    assert kills == len(killed.read_text().splitlines()) >= 60
    # The six scenes of the full track: the story twice, design, architecture, two tasks.
    assert Counter(effects.read_text().split()) == {str(number): 1 for number in range(1, 7)}
    log = shop.git("log", "--format=%B", "main")
    assert log.count("Spec-Task: counts/T1@") == log.count("Spec-Task: counts/T2@") == 1
    assert log.count("Spec-Draft: draft/counts/") == 3
    assert log.count("Accord-Change: counts") == 1
    assert shop.git("status", "--porcelain") == ""
    shop.git("fsck", "--strict")
    assert [ref for ref in shop.refs() if ref.startswith("refs/heads/")] == ["refs/heads/main"]
    assert (shop.top / "wording" / "counting.py").exists()
