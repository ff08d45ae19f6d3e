"""`python -m bench.drift_reproved CLONES`: what a person is asked of a history that tests prove.

A spec is made of a public project: one criterion for a public function, method or class, bound to
it and to the tests that are most about it, those that run least besides; where they would not
notice that it raises they prove nothing, and there is no such criterion. Then each later commit
lands on it, and `accord check --run` is what looks: the product's own code, which runs the tests
of what was touched in the box, breaks the code on purpose, and renews what was proved anew. What
is left is a finding; a person says that it is still true, and the next commit comes.

A commit counts that touches the source; what came between is taken with it. The projects are named
with their commits in `drift.toml`.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from attrs import define, evolve, field, frozen

from accord.app import breaking, drifting, reproving
from accord.app.config import words
from accord.app.drifting import Drift, Looking
from accord.app.workshop import Workshop
from accord.core import covering, trace
from accord.core.breaking import Answer
from accord.core.drift import Kind, Standing, Verdict
from accord.core.evidence import is_test
from accord.core.findings import gathered
from accord.core.fingerprint import MODULE, Mark, Symbol, mark
from accord.core.trace import Promise, Trace
from accord.formats import registry
from accord.symbols.coverage import read_coverage
from accord.wiring.opening import open_workshop
from bench import peers
from bench.drift import DATA, Clone
from bench.drift_executed import LONGEST_S, RC, Project, bound_tests, laid, passes
from bench.meter import spent
from bench.place import git, throw_away
from bench.table import Figure, lines

BUDGET = 1 / 20
CRITERIA, TESTS, LINES = 40, 4, 4
CHANGE = "living"
HOME = f"specs/{CHANGE}"
STORY = f"{HOME}/requirements.md"


@define
class Asked:
    """What a history asked of a person; `kinds` counts the findings, `odd` tells each.

    `doubted` is how often a criterion was in one, `loud` how many commits had any.
    """

    name: str
    criteria: int = 0
    doubted: int = 0
    commits: int = 0
    touched: int = 0
    renewed: int = 0
    loud: int = 0
    kinds: Counter[str] = field(factory=Counter)
    odd: list[str] = field(factory=list)

    def add(self, other: "Asked") -> None:
        """Add what another history asked."""
        self.criteria += other.criteria
        self.commits += other.commits
        self.touched += other.touched
        self.renewed += other.renewed
        self.loud += other.loud
        self.doubted += other.doubted
        self.kinds.update(other.kinds)
        self.odd += other.odd

    def __str__(self) -> str:
        """Return it in one line."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.most_common())
        return (
            f"{self.name}: {self.commits} commits, {self.criteria} criteria; {self.touched} times "
            f"what one is bound to was touched, {self.renewed} times proved anew; "
            f"{self.kinds.total()} findings about {self.doubted} criteria in {self.loud} commits "
            f"({kinds})"
        )


@frozen
class Feature:
    """What a criterion is about: a symbol of a file, and the tests that are most about it."""

    path: str
    symbol: Symbol
    tests: tuple[Mark, ...]

    @property
    def lot(self) -> str:
        """Return by what features are drawn."""
        return sha256(f"{self.path}::{self.symbol.name}".encode()).hexdigest()


def measure(name: str, clone: Path, row: Mapping[str, str], criteria: int, most: int) -> Asked:
    """Return what the history of a project asks of a person, over `most` commits at most."""
    with throw_away() as place:
        project = laid(place.folder / name, clone, {**row, "commit": row["first"]})
        _set_up(project, _spec(project, criteria))
        source = Clone(clone)
        commits = source.commits(row["first"], row["last"], row["source"])[:most]
        source.objects.close()
        asked = Asked(name, commits=len(commits))
        with closing(_Walk(project, asked)) as walk:
            asked.criteria = walk.begin()
            for commit in commits:
                walk.land(commit)
    return asked


def _spec(project: Project, most: int) -> Trace:
    """Return the trace of a spec with a criterion for each of `most` features."""
    rc = project.top / "bench.rc"
    rc.write_text(RC)
    ran = project.run(["-m", "coverage", "run", f"--rcfile={rc.name}",
                       f"--source={project.source}", "-m", "pytest", "-q", project.tests],
                      LONGEST_S)  # fmt: skip
    rc.unlink()
    assert ran.coverage is not None, ran.output[-2000:]
    tests = [one for one in bound_tests(project, sys.maxsize) if passes(one, ran)]
    paths = [one for one in project.paths(project.source) if not is_test(one)]
    inside = covering.placed(read_coverage(ran.coverage), paths)
    symbols = {path: project.symbols(path) for path in paths}
    rows = covering.executes([(one.place, one) for one in tests], inside, symbols)
    known = {one.place: one for one in tests}
    features = sorted(_features(known, rows), key=lambda one: one.lot)[:most]
    ids = {f"R1.{number}": one for number, one in enumerate(features, 1)}
    said = ((name, _sentence(one.symbol.name)) for name, one in ids.items())
    return Trace(
        CHANGE,
        tuple(Promise(name, STORY, trace.words(text)) for name, text in said),
        tuple((name, mark(one.path, one.symbol)) for name, one in ids.items()),
        tuple((name, test) for name, one in ids.items() for test in one.tests),
    )


def _features(
    tests: Mapping[str, Mark], rows: Sequence[tuple[str, str, Symbol]]
) -> Iterator[Feature]:
    width = Counter(test for test, _, _ in rows)
    running: dict[tuple[str, str], list[str]] = {}
    held: dict[tuple[str, str], Symbol] = {}
    for test, path, symbol in rows:
        running.setdefault((path, symbol.name), []).append(test)
        held[path, symbol.name] = symbol
    for (path, name), some in running.items():
        one = held[path, name]
        hidden = any(part.startswith("_") for part in name.split("."))
        if name == MODULE or hidden or one.last - one.first + 1 < LINES:
            continue
        narrow = sorted(set(some), key=lambda each: (width[each], each))
        few = Feature(path, one, ())
        count = 1 + int(few.lot, 16) % TESTS
        yield evolve(few, tests=tuple(tests[each] for each in narrow[:count]))


def _sentence(name: str) -> str:
    return f"WHEN {name} is asked THE library SHALL do what it says."


def _set_up(project: Project, found: Trace) -> None:
    """Set Accord up in the checkout, with the spec and its trace, on the branch `main`."""
    top = project.top
    git(top, "checkout", "-q", "-B", "main")
    for key, value in (("name", "Robin"), ("email", "robin@example.org")):
        git(top, "config", f"user.{key}", value)
    command = f"{project.python} -m pytest -q -p no:cacheprovider -o pythonpath={project.source}"
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", command], top)
    config = top / ".accord" / "config.toml"
    config.write_text(f'{config.read_text()}\n[box]\nreads = ["{project.python.parents[1]}"]\n')
    home = top / HOME
    home.mkdir(parents=True)
    marks = dict(found.symbols)
    rows = "".join(f"- {one.id} {_sentence(marks[one.id].name)}\n" for one in found.promises)
    (top / STORY).write_text(f"# Library\n\n## Requirements\n\n### R1 Work\n\n{rows}")
    (top / trace.path(CHANGE)).parent.mkdir(exist_ok=True)
    (top / trace.path(CHANGE)).write_text(trace.to_toml(found))
    git(top, "add", "-A", "-f", ".accord", "specs")
    git(top, "commit", "-q", "-m", "Agree on what it does")
    git(top, "checkout", "-q", "--detach")  # what lands moves the branch, and no checkout
    assert registry.named(registry.NAME).home(CHANGE) == HOME


@define
class _Walk:
    """A history as it lands, commit after commit, on the branch that has the spec."""

    project: Project
    asked: Asked
    workshop: Workshop = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.workshop = open_workshop(self.project.top, lambda _: "", detached=True)

    def close(self) -> None:
        """Close what was opened."""
        self.workshop.close()

    def begin(self) -> int:
        """Leave the criteria that their tests prove, as a release does; return how many."""
        workshop, path = self.workshop, self.project.top / trace.path(CHANGE)
        tip = workshop.repo.resolve(workshop.base)
        found = trace.from_toml(CHANGE, path.read_text())
        kept = {one.id for one in found.promises if self._notices(tip, found, one.id)}
        path.write_text(trace.to_toml(evolve(
            found, promises=tuple(one for one in found.promises if one.id in kept),
            symbols=tuple(one for one in found.symbols if one[0] in kept),
            tests=tuple(one for one in found.tests if one[0] in kept),
        )))  # fmt: skip
        return len(kept)

    def _notices(self, tip: str, found: Trace, criterion: str) -> bool:
        """Tell whether the tests of a criterion notice that its code raises."""
        workshop, command = self.workshop, words(self.workshop.config.policy.verify)
        (symbol,), tests = _of(found.symbols, criterion), _of(found.tests, criterion)
        data = workshop.repo.read(tip, symbol.path) or b""
        for one in workshop.breaks(symbol.path, data, symbol.name, 1):
            made = workshop.repo.commit(tip, {one.path: one.data}, "Break\n", "accord <>")
            said = breaking.said(workshop, made, command, tests, breaking.LONGEST_S)
            return Answer.NOTICED in said
        return False

    def land(self, commit: str) -> None:
        """Land the tree of `commit`, check it, and answer what is asked."""
        repo, base = self.workshop.repo, self.workshop.base
        tip = self._joined(commit, repo.resolve(base))
        repo.move(base, tip, repo.resolve(base), "land")
        said = reproving.reprove(self.workshop, tip, None, write=True)
        self.asked.touched += len(said.asked)
        self.asked.renewed += said.drift.renewed
        self.asked.loud += bool(said.drift.findings)
        self.asked.doubted += len(said.drift.findings)
        for one in gathered(said.drift.findings):
            kind = _kind(one.verdicts[0])
            self.asked.kinds[kind] += 1
            why = "; ".join(each.message for each, _ in one.causes)
            self.asked.odd.append(f"{self.asked.name} {commit[:12]} {one.named} {kind}: {why}")
            print(self.asked.odd[-1], file=sys.stderr, flush=True)
        self._answer(tip, said.drift)

    def _joined(self, commit: str, tip: str) -> str:
        """Return a commit on `tip` with the tree of `commit`, and what was agreed beside it."""
        top = self.project.top
        git(top, "read-tree", commit)
        for name in (".accord", "specs"):
            git(top, "read-tree", f"--prefix={name}/", f"{tip}:{name}")
        git(top, "update-index", "--add", trace.path(CHANGE))
        tree = Clone(top / ".git").git(f"--work-tree={top}", "write-tree").decode().strip()
        return self.workshop.repo.join(tree, [tip], f"Land {commit[:12]}\n", "Robin <robin@x.org>")

    def _answer(self, tip: str, drift: Drift) -> None:
        """Answer each finding with "still true": what it is bound to is what stands there now."""
        repo, path = self.workshop.repo, self.project.top / trace.path(CHANGE)
        found = trace.from_toml(CHANGE, path.read_text())
        looking = drifting.looking_at(repo, self.workshop.symbols, tip, found)
        for one in drift.findings:
            found = evolve(
                found, symbols=_confirmed(found.symbols, one.criterion, looking),
                tests=_confirmed(found.tests, one.criterion, looking),
            )  # fmt: skip
        path.write_text(trace.to_toml(found))


def _of(links: Sequence[tuple[str, Mark]], criterion: str) -> tuple[Mark, ...]:
    return tuple(one for name, one in links if name == criterion)


def _confirmed(
    links: Sequence[tuple[str, Mark]], criterion: str, looking: Looking
) -> tuple[tuple[str, Mark], ...]:
    """Return links with what stands there now for one criterion; what is gone is bound no more."""
    seen = ((name, old, looking.look(old) if name == criterion else None) for name, old in links)
    return tuple(
        (name, old) if one is None else (name, one.mark)
        for name, old, one in seen
        if one is None or one.kind is not Kind.GONE
    )


def _kind(one: Verdict) -> str:
    if one.standing is Standing.BROKEN:
        return "broken"
    links = [(each, bool(each.link and is_test(each.link.path))) for each in one.causes]
    if one.standing is Standing.ORPHANED:
        return "test gone" if any(tests for _, tests in links) else "code gone"
    if any(each.link is None for each, _ in links):
        return "its tests pass on broken code"
    if not any(tests for _, tests in links):
        return "unproven"
    return "tests changed" if all(tests for _, tests in links) else "code and tests changed"


def main() -> int:
    """Print what would be asked; return 1 where that is more than the budget."""
    parser = argparse.ArgumentParser(prog="bench.drift_reproved")
    parser.add_argument("clones", type=Path)
    parser.add_argument("--criteria", type=int, default=CRITERIA)
    parser.add_argument("--commits", type=int, help="of each project")
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    every = Asked("together")
    for name, row in tomllib.loads(DATA.read_text())["reproved"].items():
        clone = (chosen.clones / name).resolve()
        if chosen.only not in ("", name):
            continue
        if not clone.is_dir():
            print(f"{name}: there is no clone of it in {chosen.clones}")
            continue
        most = chosen.commits or row["commits"]
        found = measure(name, clone, row, chosen.criteria, most)
        print("\n".join([str(found), *found.odd]), flush=True)
        every.add(found)
    print(every)
    ratio = every.kinds.total() / max(1, every.commits)
    figure = Figure("findings that a person must look at", ratio, "a commit", BUDGET, ())
    print("\n".join(lines([figure])))
    return 0 if figure.kept and every.commits else 1


if __name__ == "__main__":
    sys.exit(main())
