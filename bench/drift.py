"""`python -m bench.drift CLONES`: real histories replayed against the fingerprints.

CLONES is a folder of clones, each called by its repository's name; `drift.toml` beside this file
names the repositories, their source folders and the commits between which they are replayed. The
fingerprints were tuned on none of those that are held out.
"""

import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from attrs import define, field

from accord.core.fingerprint import Symbol, follow, mark
from accord.git.objects import Objects
from accord.git.run import Git
from accord.symbols.reading import read
from bench.drift_breaking import Broken, break_all
from bench.drift_truth import LINES, Function, functions

DATA = Path(__file__).with_name("drift.toml")
PRECISION, FALSE = 0.99, 5
KINDS = ("behaviour", "moved", "annotations", "local names", "formatting or docstring")


@define
class Tally:
    """What one replay found: events by kind, alarms by kind."""

    name: str
    anchors: int = 0
    commits: int = 0
    files: int = 0
    events: Counter[str] = field(factory=Counter)
    alarms: Counter[str] = field(factory=Counter)
    odd: list[str] = field(factory=list)

    def add(self, other: "Tally") -> None:
        """Add what another replay found."""
        self.anchors += other.anchors
        self.commits += other.commits
        self.files += other.files
        self.events.update(other.events)
        self.alarms.update(other.alarms)
        self.odd += other.odd

    @property
    def precision(self) -> float:
        """Return the share of alarms that are about a change of behaviour."""
        return self.alarms["behaviour"] / max(1, self.alarms.total())

    @property
    def recall(self) -> float:
        """Return the share of changes of behaviour that raised an alarm."""
        return self.alarms["behaviour"] / max(1, self.events["behaviour"])

    @property
    def false(self) -> int:
        """Return how many alarms were about nothing that a function does."""
        return self.alarms.total() - self.alarms["behaviour"]


@define
class Clone:
    """A clone as it is read: git alone, and every blob once."""

    folder: Path
    objects: Objects = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.objects = Objects(Git(self.folder))

    def git(self, *words: str) -> bytes:
        """Return what git says."""
        return subprocess.run(
            ["git", "-C", str(self.folder), *words], check=True, capture_output=True
        ).stdout

    def commits(self, first: str, last: str, source: str) -> list[str]:
        """Return the commits after `first` up to `last` that touch `source`, the oldest first."""
        said = self.git("log", "--first-parent", "--reverse", "--format=%H", f"{first}..{last}",
                        "--", *source.split())  # fmt: skip
        return said.decode().split()

    def files(self, commit: str, source: str) -> dict[str, str]:
        """Map each Python file of `source` in `commit` to its blob."""
        said = self.git("ls-tree", "-r", "-z", commit, "--", *source.split()).decode()
        rows = (one.split("\t") for one in said.split("\0") if one)
        return {path: facts.split()[2] for facts, path in rows if path.endswith(".py")}

    def blob(self, oid: str) -> bytes:
        """Return the bytes of a blob."""
        return self.objects.blob(oid) or b""


def replay(name: str, clone: Clone, source: str, first: str, last: str) -> Tally:
    """Anchor every function of four lines or more at `first` and follow them all to `last`."""
    tally = Tally(name)

    @cache
    def truth(oid: str) -> dict[str, Function]:
        return functions(clone.blob(oid))

    @cache
    def ours(oid: str, path: str) -> dict[str, Symbol]:
        found = {one.first: one for one in read(path, clone.blob(oid)) or ()}
        same = ((name, found.get(one.first)) for name, one in truth(oid).items())
        return {name: one for name, one in same if one is not None}

    before = clone.files(first, source)
    anchors = [
        (path, function)
        for path, oid in before.items()
        for function, facts in truth(oid).items()
        if facts.last - facts.first + 1 >= LINES
    ]
    tally.anchors = len(anchors)
    for commit in clone.commits(first, last, source):
        after = clone.files(commit, source)
        touched = {path for path in before | after if before.get(path) != after.get(path)}
        tally.commits += 1
        kept = []
        for path, function in anchors:
            if path not in touched:
                kept.append((path, function))
                continue
            tally.files += 1
            step = _Step(before, after, touched, truth, ours)
            place, kind = step.label(path, function)
            alarm = step.alarm(path, function)
            tally.events[kind] += kind != "none"
            tally.alarms[kind] += alarm
            if alarm != (kind == "behaviour"):
                tally.odd.append(f"{name} {commit[:12]} {path}::{function} {kind}")
            kept += [place] if place else []
        anchors, before = kept, after
    return tally


@define
class _Step:
    """One commit: the files before and after it, and who reads them."""

    before: dict[str, str]
    after: dict[str, str]
    touched: set[str]
    truth: Callable[[str], dict[str, Function]]
    ours: Callable[[str, str], dict[str, Symbol]]

    def label(self, path: str, function: str) -> tuple[tuple[str, str] | None, str]:
        """Return where a function is after the commit, and what the commit did to it."""
        was = self.truth(self.before[path])[function]
        there = self.truth(self.after[path]) if path in self.after else {}
        now = there.get(function)
        if now is not None and now.does == was.does:
            if now.typed == was.typed:
                return (path, function), "none" if was.text == now.text else KINDS[4]
            return (path, function), KINDS[2] if now.spelled == was.spelled else KINDS[3]
        fresh = list(self._fresh())
        moved = [(one, name) for one, name, facts in fresh if facts.does == was.does]
        if moved and now is None:
            last = function.rpartition(".")[2]
            return max(moved, key=lambda one: one[1].rpartition(".")[2] == last), KINDS[1]
        if now is not None:
            return (path, function), KINDS[0]
        last = function.rpartition(".")[2]
        named = [(one, name) for one, name, _ in fresh if name.rpartition(".")[2] == last]
        return (named[0] if len(named) == 1 else None), KINDS[0]

    def _fresh(self) -> Iterator[tuple[str, str, Function]]:
        for path in sorted(self.touched & self.after.keys()):
            known = self.truth(self.before[path]) if path in self.before else {}
            for name, facts in self.truth(self.after[path]).items():
                if name not in known:
                    yield path, name, facts

    def alarm(self, path: str, function: str) -> bool:
        """Tell whether the fingerprint of a function would have been reported."""
        was = self.ours(self.before[path], path).get(function)
        if was is None:
            return True
        there = self.ours(self.after[path], path) if path in self.after else {}
        now = there.get(function)
        if now is not None:
            return bool(now.print != was.print)
        fresh = [
            (one, symbol)
            for one in sorted(self.touched & self.after.keys())
            for name, symbol in self.ours(self.after[one], one).items()
            if one not in self.before or name not in self.ours(self.before[one], one)
        ]
        found = follow(mark(path, was), fresh)
        return found is None or found[1].print != was.print


def main() -> int:
    """Print what the replays found; return 1 when a figure breaks its budget."""
    folder = Path(sys.argv[1])
    whole, held = Tally("together"), Tally("held out")
    every = Broken("broken on purpose")
    for name, row in tomllib.loads(DATA.read_text())["histories"].items():
        places = (folder / name / ".git", folder / name, folder / f"{name}.git")
        place = next((one for one in places if one.is_dir()), None)
        if place is None:
            print(f"{name}: there is no clone of it in {folder}")
            continue
        started = time.process_time()
        clone = Clone(place)
        tally = replay(name, clone, row["source"], row["first"], row["last"])
        files = clone.files(row["first"], row["source"]).items()
        broken = break_all(name, {path: clone.blob(oid) for path, oid in files})
        clone.objects.close()
        print(broken, flush=True)
        every.add(broken)
        print(f"{_line(tally)}  ({time.process_time() - started:.0f} CPU s)", flush=True)
        (held if row.get("held") else whole).add(tally)
    print(_line(whole))
    print(_line(held))
    print(every)
    print("\n".join([*whole.odd, *held.odd, *every.missed]))
    if every.missed:
        return 1
    return 0 if whole.precision >= PRECISION and whole.recall == 1 and whole.false <= FALSE else 1


def _line(tally: Tally) -> str:
    quiet = tally.events.total() - tally.events["behaviour"]
    return (
        f"{tally.name}: {tally.commits} commits, {tally.anchors} anchors, {tally.files} events, "
        f"{tally.events['behaviour']} changes; precision {tally.precision:.4f}, "
        f"recall {tally.recall:.4f}, {tally.false} false in {quiet} quiet edits"
    )


if __name__ == "__main__":
    sys.exit(main())
