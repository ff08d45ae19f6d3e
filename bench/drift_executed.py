"""`python -m bench.drift_executed CLONES`: what changes unseen in code that bound tests run?

Tests of public projects are bound, one to a criterion, to what they run by the contexts of
coverage.py, as a release binds them. Then their code is changed, one mutant after the other, in
lines that ran, and the tests run on it: their failures say, independent of any fingerprint, of
which criteria a promise broke. A mutant is missed where the check says nothing of one of these
criteria; or where nothing failed, a test ran the line, and the check says nothing at all. Half as
many mutants again are drawn from lines that ran while modules were loaded or fixtures made.

The projects are named with their commits in `drift.toml`. Their code runs in a box alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from attrs import define, evolve, field, frozen
from coverage import CoverageData

from accord.app.covering import executes
from accord.core import covering, drift, evidence
from accord.core.breaking import is_one
from accord.core.drift import Kind, Now, Seen, Standing
from accord.core.fingerprint import Mark, Symbol, last_name, mark
from accord.core.narrowing import narrowed
from accord.core.ports import CommandRun, Sandbox, Walls
from accord.core.trace import Promise, Trace
from accord.sandbox import choose
from accord.symbols.coverage import read_coverage
from accord.symbols.reading import read
from bench.drift import DATA
from bench.drift_mutants import Mutant, mutants
from bench.place import ROOT

BUDGET = 0.05
LONGEST_S, SHORTEST_S = 600.0, 10.0
_WORDS = "it holds"
RC = "[run]\ndynamic_context = test_function\n"


@define
class Unseen:
    """What came of the mutants of one project; `odd` are those that were missed."""

    name: str
    tests: int = 0
    mutants: int = 0
    failing: int = 0
    hung: int = 0
    odd: list[str] = field(factory=list)

    def add(self, other: "Unseen") -> None:
        """Add what came of another project."""
        self.tests += other.tests
        self.mutants += other.mutants
        self.failing += other.failing
        self.hung += other.hung
        self.odd += other.odd

    @property
    def share(self) -> float:
        """Return the share of mutants that the check misses."""
        return len(self.odd) / max(1, self.mutants)

    def __str__(self) -> str:
        """Return it in one line."""
        return (
            f"{self.name}: {self.tests} tests bound, {self.mutants} mutants of what they run, "
            f"{self.failing} of them fail a test; {len(self.odd)} missed ({self.share:.1%}), "
            f"{self.hung} more never ended"
        )


@frozen
class Project:
    """A checkout of a project, and how its tests are run: in a box, with an interpreter."""

    top: Path
    source: str
    tests: str
    python: Path
    box: Sandbox

    def run(self, words: Sequence[str], seconds: float) -> CommandRun:
        """Run the words after `python` in the box."""
        home = self.python.parents[1]
        variables = (("PYTHONPATH", str(self.top / self.source)),)
        walls = Walls(str(self.top), (".",), visible=(str(home),), variables=variables)
        return self.box.run([str(self.python), *words], walls, seconds)

    def paths(self, folder: str) -> list[str]:
        """Return the Python files of a folder, by their paths in the checkout."""
        found = (self.top / folder).rglob("*.py")
        return sorted(one.relative_to(self.top).as_posix() for one in found)

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        """Return the symbols of a file as it is now."""
        return read(path, (self.top / path).read_bytes()) or ()


def measure(name: str, project: Project, tests: int, count: int) -> Unseen:
    """Return what the check would miss of `count` mutants, and half as many of loaded lines."""
    bound = bound_tests(project, tests)
    words = narrowed(["-m", "pytest", "-q"], bound, lambda _: False)
    ran = project.run(["-m", "coverage", "run", "--rcfile=bench.rc",
                       f"--source={project.source}", *words], LONGEST_S)  # fmt: skip
    bound = [one for one in bound if passes(one, ran)]
    words = narrowed(["-m", "pytest", "-q"], bound, lambda _: False)
    assert bound, ran.output[-2000:]
    assert ran.coverage is not None, ran.output[-2000:]
    trace = traced(project, bound, ran.coverage)
    found, whole = Unseen(name, len(bound)), _files(project, trace)
    started = time.monotonic()
    project.run(words, LONGEST_S)
    longest = SHORTEST_S + 5 * (time.monotonic() - started)
    for inside, one in _drawn(project, ran.coverage, count):
        file = project.top / one.path
        was = file.read_bytes()
        told = _told(trace, {**whole, one.path: read(one.path, one.data) or ()})
        file.write_bytes(one.data)
        try:
            said = project.run(words, longest)
        finally:
            file.write_bytes(was)
        if said.timed_out:
            found.hung += 1
            continue
        failed = {each.place for each in bound if not passes(each, said)}
        found.mutants += 1
        found.failing += bool(failed)
        if failed - told or (inside and not told):
            silent = sorted(failed - told)[:1]
            kind = "" if inside else " (loaded)"
            found.odd.append(f"{name} {one.path}:{one.line} {one.how}{kind} {' '.join(silent)}")
    return found


def traced(project: Project, bound: Sequence[Mark], data: bytes) -> Trace:
    """Return the trace that binds each test to a criterion of its own, by what it ran."""
    links = tuple((one.place, one) for one in bound)
    inside = covering.placed(read_coverage(data), project.paths(project.source))
    symbols = {path: project.symbols(path) for path in project.paths(project.source)}
    promises = tuple(Promise(one.place, "story", _WORDS) for one in bound)
    trace = Trace("bench", promises, (), links)
    return evolve(trace, executes=executes(trace, inside, symbols))


def bound_tests(project: Project, most: int) -> list[Mark]:
    found = [
        evolve(mark(path, one), sketch=())
        for path in project.paths(project.tests) if evidence.is_test(path)
        for one in project.symbols(path)
        if last_name(one.name).startswith("test") and "#" not in one.name
        # What a test defines within itself is called like one, and is none.
        and all(part[:4] in ("test", "Test") for part in one.name.split("."))
    ]  # fmt: skip
    lots = sorted(found, key=lambda one: one.print)
    return sorted(lots[:most], key=lambda one: one.place)


def passes(test: Mark, said: CommandRun) -> bool:
    """Tell whether a test ran, and passed with each of its parameters."""
    cases = [one for one in evidence.judge(said, "").cases if is_one(test, one.name)]
    return bool(cases) and all(one.passed for one in cases)


def _drawn(project: Project, data: bytes, count: int) -> list[tuple[bool, Mutant]]:
    """Draw mutants: `count` of lines that tests ran, half as many of lines that ran besides."""
    with tempfile.NamedTemporaryFile(dir=project.top) as file:
        file.write(data)
        file.flush()
        covered = CoverageData(file.name)
        covered.read()
        rows = {path: covered.contexts_by_lineno(path) for path in covered.measured_files()}
    found: dict[bool, list[Mutant]] = {True: [], False: []}
    for path in project.paths(project.source):
        lines = next((one for place, one in rows.items() if place.endswith(path)), {})
        for inside in (True, False):
            mine = {line for line, who in lines.items() if who and any(who) is inside}
            found[inside] += mutants(path, (project.top / path).read_bytes(), mine)
    return [
        (inside, one)
        for inside, most in ((True, count), (False, count // 2))
        for one in islice(sorted(found[inside], key=lambda one: one.lot), most)
    ]


def _files(project: Project, trace: Trace) -> dict[str, tuple[Symbol, ...]]:
    return {path: project.symbols(path) for path in {one.path for _, one in trace.executes}}


def _told(trace: Trace, files: Mapping[str, Sequence[Symbol]]) -> set[str]:
    """Return the criteria of which the check says anything at all."""
    now = {(path, one.name): one for path, some in files.items() for one in some}

    def look(old: Mark) -> Seen:
        one = now.get((old.path, old.name))
        if old.path not in files:
            return Seen(Kind.SAME, old)
        if one is None:
            return Seen(Kind.GONE, old)
        return Seen(Kind.SAME if one.print == old.print else Kind.CHANGED, mark(old.path, one))

    words = {(one.path, one.id): (_WORDS,) for one in trace.promises}
    found = drift.judge(trace, Now(look, words))
    return {one.criterion for one in found if one.standing is not Standing.HOLDS}


def main() -> int:
    """Print what would be missed; return 1 where that is more than the budget."""
    parser = argparse.ArgumentParser(prog="bench.drift_executed")
    parser.add_argument("clones", type=Path)
    parser.add_argument("--tests", type=int, help="bound, of each project")
    parser.add_argument("--mutants", type=int, help="of lines that tests run, of each project")
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    every = Unseen("together")
    ROOT.mkdir(parents=True, exist_ok=True)
    for name, row in tomllib.loads(DATA.read_text())["executed"].items():
        clone = chosen.clones / name
        if chosen.only not in ("", name):
            continue
        if not clone.is_dir():
            print(f"{name}: there is no clone of it in {chosen.clones}")
            continue
        with tempfile.TemporaryDirectory(dir=ROOT) as folder:
            project = laid(Path(folder), clone, row)
            tests, count = chosen.tests or row["bound"], chosen.mutants or row["mutants"]
            found = measure(name, project, tests, count)
        print("\n".join([str(found), *found.odd]), flush=True)
        every.add(found)
    print(every)
    return 0 if every.share <= BUDGET and every.mutants else 1


def laid(folder: Path, clone: Path, row: Mapping[str, str]) -> Project:
    """Lay out a checkout with an interpreter for its tests. Exits where there is no box."""
    choice = choose.strongest(folder / "state")
    if choice.sandbox.level < 2:
        sys.exit("no box holds here, and mutants do whatever they do: nothing is measured")
    top = folder / "checkout"
    subprocess.run(["git", "clone", "-q", "--shared", "-n", str(clone), str(top)], check=True)
    subprocess.run(["git", "-C", str(top), "checkout", "-q", row["commit"]], check=True)
    (top / "bench.rc").write_text(RC)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*install, *row["needs"].split()], check=True)
    return Project(top, row["source"], row["tests"], python, choice.sandbox)


if __name__ == "__main__":
    sys.exit(main())
