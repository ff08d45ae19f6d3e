"""Drive a change to its release, killing this process once at each point that it passes.

    python killing.py REPOSITORY SCRIPT KILLED
    python killing.py REPOSITORY SCRIPT SEED MOST HOW

KILLED names a file that lists the points where a run was killed already; a run kills itself with
SIGKILL at the first point that is not in it. It exits with 0 when the change is released. The
second form kills itself at one of the first MOST points, drawn by lot, and with 0 at none; it exits
with 0 when everything that is left waits for a person. Where HOW is `fill` it is not killed there:
its disk is full from then on, for it and for all that it starts.
"""

import os
import random
import resource
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jumping
from accord.app import authoring, reviewing
from accord.app.changes import find, load, released
from accord.app.workshop import Workshop
from accord.core.model import Standing
from accord.core.ports import Operation
from accord.engine.drive import drive
from accord.engine.journal import SqliteJournal
from accord.sandbox.none import NoSandbox
from accord.wiring.opening import open_workshop, with_agent

CHANGE = "counts"


class Killer:
    """Knows where runs were killed before, and kills this one at the first new point."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = set(path.read_text().splitlines()) if path.exists() else set()
        # Two threads may come to new points at once; the process dies at the first one's alone.
        self.dying = threading.Lock()

    def at(self, point: str) -> None:
        if point not in self.known:
            self.dying.acquire()
            with self.path.open("a") as handle:
                handle.write(f"{point}\n")
                handle.flush()
                os.fsync(handle.fileno())
            os.kill(os.getpid(), signal.SIGKILL)


class Lot(Killer):
    """Kills this process at a point drawn by lot, or fills its disk there."""

    def __init__(self, seed: int, most: int, how: str = "kill") -> None:
        super().__init__(Path(os.devnull))
        self.left = random.Random(seed).randint(1, most) if most else 0  # noqa: S311 -- no key
        self.how = how

    def at(self, point: str) -> None:
        self.left -= 1
        if self.left == 0:
            if self.how == "fill":
                fill()
            else:
                os.kill(os.getpid(), signal.SIGKILL)


def fill() -> None:
    """Have no file take another byte, by the limit of the size of files: as on a full disk."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))


def tell(*words: object) -> None:
    """Print, unless there is no room for it."""
    with suppress(OSError):
        print(*words, flush=True)


class KillingJournal(SqliteJournal):
    """A journal with a point before and after everything that it writes."""

    def __init__(self, path: Path, killer: Killer) -> None:
        super().__init__(path)
        self.killer = killer
        self.verbs: dict[int, str] = {}

    def begin(self, operation: Operation) -> int:
        name = f"{operation.verb} {operation.detail[:30]}"
        self.killer.at(f"before it is written down: {name}")
        number = super().begin(operation)
        self.verbs[number] = name
        self.killer.at(f"before the ref moves: {name}")
        return number

    def finish(self, number: int) -> None:
        self.killer.at(f"after the ref moved: {self.verbs.get(number, 'an earlier one')}")
        super().finish(number)

    def note(self, key: str, value: Mapping[str, Any]) -> None:
        kind = key.split("/")[0]
        self.killer.at(f"before a note: {kind}")
        super().note(key, value)
        self.killer.at(f"after a note: {kind}")


def decide(workshop: Workshop) -> None:
    """Do what the person does: answer what is open, approve what waits."""
    change = load(workshop, CHANGE)
    open_questions = [one.id for one in change.spec.questions if one.standing is Standing.OPEN]
    open_assumptions = [one.id for one in change.spec.assumptions if one.standing is Standing.OPEN]
    for name in open_questions:
        authoring.answer(workshop, load(workshop, CHANGE), name, "no posts")
    for name in open_assumptions:
        authoring.answer(workshop, load(workshop, CHANGE), name, "yes")
    reviewing.approve(workshop, CHANGE)


def by_lot(repository: Path, script: Path, seed: int, most: int, how: str) -> int:
    """Go on until everything waits."""
    lot = Lot(seed, most, how)
    workshop = with_agent(open_workshop(repository, lambda _: ""), script=str(script))
    workshop.accepts_open = True
    workshop.clock = jumping.own() or workshop.clock
    workshop.journal = KillingJournal(workshop.state / "journal.sqlite", lot)
    outcome = drive(workshop, ["guest"], tell=tell, notice=lot.at)
    tell(outcome)
    return outcome.exit_code


def main() -> int:
    """Go on until the change is released."""
    if len(sys.argv) == 6:
        seed, most = map(int, sys.argv[3:5])
        return by_lot(Path(sys.argv[1]), Path(sys.argv[2]), seed, most, sys.argv[5])
    repository, script, killed = map(Path, sys.argv[1:])
    killer = Killer(killed)
    workshop = with_agent(open_workshop(repository, lambda _: ""), script=str(script))
    # What the agent does is counted in a file outside, which no box would let it write.
    workshop.sandbox, workshop.accepts_open = NoSandbox, True
    workshop.journal = KillingJournal(workshop.state / "journal.sqlite", killer)
    if CHANGE not in {one.change for one in find(workshop)} | set(released(workshop)):
        authoring.new(workshop, "Count nouns", name=CHANGE)
    while CHANGE not in released(workshop):
        outcome = drive(workshop, [CHANGE], tell=print, notice=killer.at)
        if outcome.exit_code:
            print(outcome, file=sys.stderr)
            return 4
        if CHANGE not in released(workshop):
            decide(workshop)
    drive(workshop, [CHANGE], tell=print)
    return 0


if __name__ == "__main__":
    sys.exit(main())
