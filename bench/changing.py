"""What Accord adds to a change whose agent answers at once, from the sentence to the commit."""

from pathlib import Path

from bench.meter import spent
from bench.peers import ACCORD
from bench.place import Place, git
from bench.table import Figure, Peer

BUDGET = 3.0
NAME = "spelling"
ACCEPT = "--accept-unsandboxed"  # of no effect where there is a box
SCRIPT = """\
[[step]]
do = "replace"
path = "README.md"
old = "sels"
new = "sells"
[[step]]
do = "claim"
"""


def measure(place: Place) -> Figure:
    """Return the CPU seconds of every process of Accord's for one trivial change.

    Counted are the four commands, the git that they start, the host of the agent's run and the
    verification command, a shell script of two words. Not counted is the scripted agent itself:
    it is all that the host of a run waits for.
    """
    git(place.repo, "branch", "plain")
    script = place.folder / "script.toml"
    script.write_text(SCRIPT)
    steps = {
        "init": [ACCORD, "init", "--verify", "sh check.sh"],
        "new": [ACCORD, "new", "Fix a typo in the readme", "--name", NAME, "--track", "trivial"],
        "run": [ACCORD, "run", NAME, "--script", str(script), ACCEPT],
        "approve": [ACCORD, "approve", NAME, "--yes"],
        "run again": [ACCORD, "run", NAME, "--script", str(script), ACCEPT],
    }
    used: dict[str, float] = {}
    agent = 0.0
    for name, command in steps.items():
        total, of_agent = spent(command, place.repo)
        used[name] = total - of_agent
        agent += of_agent
    del used["init"]
    _landed(place.repo)
    note = ", ".join(f"{name} {seconds:.2f}" for name, seconds in used.items())
    return Figure(
        "a trivial change, sentence to commit", sum(used.values()), "CPU s", BUDGET,
        (Peer("plain git, the same commit", _plainly(place)),),
        note=f"{note}; {_apart(agent)} left out",
    )  # fmt: skip


def _apart(agent: float) -> str:
    """Return what is not counted: processes in a namespace of their own are in nobody's account."""
    return f"the agent's own {agent:.2f}" if agent else "what runs in boxes (agent, checks)"


def _landed(repo: Path) -> None:
    said = (repo / "README.md").read_text()
    assert "sells" in said, "the change did not land"


def _plainly(place: Place) -> float:
    """Return the CPU seconds of the git commands that a person would type for the same commit."""
    folder = place.folder / "plainly"
    git(place.repo, "worktree", "add", "-q", str(folder), "plain")
    used = spent(["git", "switch", "-q", "-c", NAME], folder)[0]
    (folder / "README.md").write_text("# A shop\n\nIt sells things.\n")
    for words in (
        ["git", "add", "README.md"],
        ["git", "commit", "-q", "-m", "Fix a typo in the readme"],
        ["git", "switch", "-q", "plain"],
        ["git", "merge", "-q", "--no-ff", "-m", "Land it", NAME],
    ):
        used += spent(words, folder)[0]
    return used
