"""What a box costs: how much later a command in it ends, and how long its proof takes.

The kernel does not count the processes of another namespace to whoever waits for them, so these
are seconds on the clock, and the smallest of several turns: a busy machine only ever adds to it.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from accord.core.ports import Sandbox, Walls
from accord.errors import AccordError
from accord.sandbox.bubblewrap import Bubblewrap, find_program
from accord.sandbox.canaries import prove
from accord.sandbox.landlock import Landlock
from accord.sandbox.launcher import Launcher
from bench.place import Place
from bench.table import Figure, Peer

START, PROOF = 0.06, 0.3


def measure(place: Place, srt: str = "", turns: int = 15) -> list[Figure]:
    """Return the figures of each box that this machine can have; `srt` is a peer's program."""
    figures = []
    for name, make in (("bubblewrap", Bubblewrap), ("landlock", Landlock)):
        try:
            box: Sandbox = make()
        except AccordError:
            continue
        figures += _box(name, box, place, srt, turns)
    return figures


def _box(name: str, box: Sandbox, place: Place, srt: str, turns: int) -> list[Figure]:
    walls = Walls(str(place.repo), (".",), (".mcp.json", ".github/workflows"))
    true = shutil.which("true") or "/bin/true"
    words = {
        "bare": [true],
        "box": [*box.prefix(walls), true],
        "plain": [find_program(), "--ro-bind", "/", "/", "--unshare-all", true],
    }
    if srt and not subprocess.run([srt, true], capture_output=True, check=False).returncode:
        words["srt"] = [srt, true]
    least = _least(words, place.repo, turns)
    over = {which: one - least["bare"] for which, one in least.items()}
    proof = min(_clock(lambda: _proved(box, place.folder / "canaries")) for _ in range(turns // 3))
    note = f"on top of {least['bare'] * 1000:.1f} ms for the command alone; the least of {turns}"
    return [
        Figure(f"starting a box: {name}", over["box"], "s", START, (
            Peer("bwrap --ro-bind / /, no filter", over["plain"] if find_program() else None),
            Peer("srt", over.get("srt")),
        ), note=note),
        Figure(f"proving it: {name}", proof, "s", PROOF, ()),
    ]  # fmt: skip


def _proved(box: Sandbox, state: Path) -> None:
    proof = prove(box, state, Launcher.here().python)
    assert not proof.failed, proof.failed


def _least(words: dict[str, list[str]], folder: Path, turns: int) -> dict[str, float]:
    """Return the shortest time of each command, all of them taking turns."""
    least = dict.fromkeys(words, float("inf"))
    for _ in range(turns):
        for which, command in words.items():
            if command[0]:
                least[which] = min(least[which], _clock(lambda it=command: _run(it, folder)))  # type: ignore[misc] # bound at once
    return least


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def _clock(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
