"""Play the demonstration: the commands that a person would type, run for real, one by one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from accord.app.config import LEAST
from accord.demo.project import Project, fetch, script
from accord.errors import AccordError, ConfigurationError
from accord.wiring.opening import walls

CHANGE = "headlines-counts"
SENTENCE = "Authors get headlines and counted nouns from the library"
TRIVIAL = "readme-python"
MARKER = ".accord-demo"

Say = Callable[[str], None]


class DemoError(AccordError):
    """Raised when a command of the demonstration did not do what it does for a person."""

    kind = "demo"
    exit_code = 70


@frozen
class Stage:
    """Where the demonstration plays: its folders and the environment of its commands.

    `accepted` is what `accord run` is told where this machine has no box for agents.
    """

    root: Path
    project: Project
    environment: dict[str, str]
    say: Say
    accepted: tuple[str, ...] = ()

    def accord(self, *words: str, shown: bool = True) -> str:
        """Run `accord WORDS` in the project, show both, and return what it printed."""
        if shown:
            self.say(f"\n$ accord {' '.join(_quoted(word) for word in words)}")
        done = subprocess.run(
            [sys.executable, "-m", "accord", *words],
            cwd=self.project.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT if shown else None, text=True,
            check=False,
        )  # fmt: skip
        if shown:
            self.say(done.stdout.rstrip("\n"))
        if done.returncode:
            raise DemoError(f"accord {words[0]} ended with {done.returncode} in the demonstration")
        return done.stdout

    def seen(self, change: str) -> str:
        """Show the gate of `change` and return the token that binds an approval to it."""
        self.accord("show", change)
        token: str = self.ask("show", change)["seen"]
        return token

    def ask(self, *words: str) -> dict[str, Any]:
        """Return the answer of a command as data, without showing it."""
        answer: dict[str, Any] = json.loads(self.accord(*words, "--json", shown=False))
        return answer

    def git(self, *words: str) -> str:
        """Run git in the project and return what it printed."""
        done = subprocess.run(
            ["git", *words], cwd=self.project.folder, env=self.environment, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()


def play(root: Path, say: Say, *, offline: bool) -> dict[str, Any]:
    """Play the whole demonstration below the folder `root`, which is made anew; return its end.

    Everything is real but the agent, which is scripted and says so: the project, git, the tests
    that prove each criterion, the signatures (with a key that is thrown away), the landing.
    Raises ConfigurationError when `root` holds what no demonstration put there.
    """
    _clear(root)
    stage = _set(root, say, offline=offline)
    say(f"A demonstration {stage.project.said}.")
    say("The agent is scripted: it plays a file. Everything else is real.")
    stage.accord("init", "--name", "you", "--verify", stage.project.verify)
    played = stage.root / "script.toml"
    played.write_text(script(stage.project, CHANGE))
    _full(stage, str(played))
    found = stage.ask("show", CHANGE)["evidence"]
    for _ in ("implementation", "review", "release"):
        stage.accord("approve", CHANGE, "--seen", stage.seen(CHANGE))
    stage.accord("run", CHANGE)
    _trivial(stage, str(played))
    return _end(stage, found)


def _clear(root: Path) -> None:
    """Make `root` an empty folder; only one that an earlier demonstration made is emptied."""
    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise ConfigurationError(f"{root} is no folder", hint="accord demo --folder with a new one")
    if root.is_dir() and any(root.iterdir()):
        if not (root / MARKER).is_file():
            raise ConfigurationError(
                f"{root} holds files that no demonstration made",
                hint="name another folder: accord demo --folder DIR",
            )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARKER).write_text("accord demo made this folder, and makes it anew.\n")


def _full(stage: Stage, played: str) -> None:
    stage.accord("new", SENTENCE, "--name", CHANGE)
    stage.accord("run", CHANGE, "--script", played, *stage.accepted)
    token = stage.seen(CHANGE)
    stage.accord("answer", CHANGE, "Q1", "--choose", "2")
    stage.accord("answer", CHANGE, "A1", "yes")
    for _ in ("story", "design", "architecture"):
        token = stage.seen(CHANGE)
        stage.accord("approve", CHANGE, "--seen", token)
        stage.accord("run", CHANGE, "--script", played, *stage.accepted)


def _trivial(stage: Stage, played: str) -> None:
    stage.accord("new", "Say in the readme that Python 3 is needed", "--name", TRIVIAL)
    stage.accord("run", TRIVIAL, "--script", played, *stage.accepted)
    stage.accord("approve", TRIVIAL, "--seen", stage.seen(TRIVIAL))
    stage.accord("run", TRIVIAL)


def _end(stage: Stage, found: dict[str, Any]) -> dict[str, Any]:
    commits = stage.git("log", "--first-parent", "--format=%h %s", "-2", "main").splitlines()
    stage.say("\nLanded on main:")
    for line in reversed(commits):
        stage.say(f"  {line}")
    stage.say("\nEvidence, from runs on a fresh checkout:")
    for one in found["criteria"]:
        stage.say(
            f"  {one['criterion']} {one['proof']}: {', '.join(one['tests']) or one['reason']}"
        )
    stage.say(f"\nLook around: cd {stage.project.folder} && git log --graph --oneline")
    stage.say("Do the same with your own agent, in your own repository:")
    stage.say("  accord init && accord new 'what you want' && accord run")
    return {"commits": commits, "evidence": found, "folder": str(stage.project.folder)}


def _set(root: Path, say: Say, *, offline: bool) -> Stage:
    project = fetch(root / "project", offline=offline)
    kept = ("LANG", "LC_ALL", "SSL_CERT_FILE", "USER", "LOGNAME")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "HOME": str(root / "home"),
        "XDG_STATE_HOME": str(root / "state"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "TMPDIR": str(root / "tmp"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "NO_COLOR": "1",
    }
    for name in ("home", "tmp"):
        (root / name).mkdir()
    accepted = () if walls(root / "state").level >= LEAST else ("--accept-unsandboxed",)
    stage = Stage(root, project, environment, say, accepted)
    stage.git("init", "-q", "-b", "main")
    stage.git("config", "user.name", "You")
    stage.git("config", "user.email", "you@localhost")
    stage.git("add", "-A")
    stage.git("commit", "-q", "-m", f"Start from {project.module}")
    return stage


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
