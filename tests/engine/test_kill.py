import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from accord.demo.project import Project, script

SAMPLE = Path(__file__).parents[2] / "src" / "accord" / "demo" / "sample"
DRIVER = Path(__file__).with_name("killing.py")
LIMIT = 150


def environment(root: Path) -> dict[str, str]:
    for name in ("home", "tmp"):
        (root / name).mkdir()
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "tmp"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@localhost",
        "GIT_COMMITTER_NAME": "Ann",
        "GIT_COMMITTER_EMAIL": "ann@localhost",
    }


def with_effects(text: str, effects: Path) -> str:
    """Let every scene of a script leave one line in a file, so that a second play would show."""
    parts = text.split("[[scene]]\n")
    counted = [
        part + f'[[scene.step]]\ndo = "run"\nargv = ["sh", "-c", "echo {number} >> {effects}"]\n'
        for number, part in enumerate(parts[1:], start=1)
    ]
    return "[[scene]]\n".join([parts[0], *counted])


def test_killed_at_every_step_a_change_ends_the_same_and_nothing_happens_twice(
    tmp_path: Path,
) -> None:
    env = environment(tmp_path)
    repo = tmp_path / "repo"
    effects, killed = tmp_path / "effects", tmp_path / "killed"

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=repo, env=env, text=True, capture_output=True, check=False
        )

    subprocess.run(["cp", "-r", str(SAMPLE), str(repo)], check=True)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Start"]):
        assert run("git", *words).returncode == 0
    assert run(sys.executable, "-m", "accord", "init", "--name", "ann").returncode == 0
    project = Project(repo, "wording", "tests/", "python -m pytest -q", "")
    played = tmp_path / "script.toml"
    played.write_text(with_effects(script(project, "counts"), effects))

    kills = 0
    while True:
        done = run(sys.executable, str(DRIVER), str(repo), str(played), str(killed))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        kills += 1
        assert kills < LIMIT

    assert kills == len(killed.read_text().splitlines()) >= 60
    # The six scenes of the full track: the story twice, design, architecture, two tasks.
    assert Counter(effects.read_text().split()) == {str(number): 1 for number in range(1, 7)}
    log = run("git", "log", "--format=%B", "main").stdout
    assert log.count("Spec-Task: counts/T1@") == log.count("Spec-Task: counts/T2@") == 1
    assert log.count("Spec-Draft: draft/counts/") == 3
    assert log.count("Accord-Change: counts") == 1
    assert run("git", "status", "--porcelain").stdout == ""
    assert run("git", "fsck", "--strict").returncode == 0
    assert run("git", "for-each-ref", "refs/heads").stdout.count("\n") == 1
    assert (repo / "wording" / "counting.py").exists()
