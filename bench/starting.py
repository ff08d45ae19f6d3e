"""What it costs to start: `accord --version`."""

import sys

from bench.meter import median
from bench.peers import ACCORD
from bench.place import Place
from bench.table import Figure, Peer

BUDGET = 0.15


def measure(place: Place, openspec: str, repeats: int = 11) -> Figure:
    """Return the CPU seconds of `accord --version` beside OpenSpec's and bare Python's."""
    ours = median([ACCORD, "--version"], place.repo, repeats)
    theirs = median([openspec, "--version"], place.repo, repeats) if openspec else None
    floor = median([sys.executable, "-c", "pass"], place.repo, repeats)
    peers = (Peer("openspec --version", theirs), Peer("python -c pass (the floor)", floor))
    return Figure("accord --version", ours, "CPU s", BUDGET, peers)
