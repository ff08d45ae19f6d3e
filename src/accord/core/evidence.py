"""Evidence: what a run that Accord made itself proves about a criterion.

A run counts only when the command was found, exited with 0 and ran more than no test. Anything
else proves nothing: UNKNOWN is not a pass. Results are read from a JUnit XML report where the
runner writes one, else counted from the runner's own closing lines.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from xml.etree import ElementTree as ET

from attrs import evolve, frozen

from accord.core import unloaded
from accord.core.approval import Json
from accord.core.model import Criterion, Spec, lineage
from accord.core.paths import matches
from accord.core.ports import CommandRun
from accord.core.trace import ids


class Result(StrEnum):
    """What a run says: it passed, it failed, or it proves nothing."""

    PASS = "pass"  # noqa: S105 -- a test result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Proof(StrEnum):
    """What is known about a criterion.

    Proven: a test that names it fails without the change and passes with it, or one that the work
    links to it alone does, and fails on broken code too. Claimed: the command of a task that
    satisfies it passed. Missing: nothing that ran says so.
    """

    PROVEN = "proven"
    CLAIMED = "claimed"
    MISSING = "missing"


@frozen
class TestCase:
    """One test of a run: its name as the runner gives it, and whether it passed.

    `satisfies` are the ids that it names elsewhere than in its name; `path` is the file that it
    stands in, where that is known. `linked` are the criteria of the task that added it, where it
    names none.
    """

    __test__ = False

    name: str
    passed: bool
    satisfies: tuple[str, ...] = ()
    path: str = ""
    linked: tuple[str, ...] = ()


@frozen
class Run:
    """One command on one tree, judged. `tests` is None where the runner told no number.

    `cases` are the tests of which it tells; `failed` names those that failed, also where it tells
    of no other, and `unloaded` the files of which a compiler said that they have errors.
    """

    command: tuple[str, ...]
    tree: str
    result: Result
    reason: str
    exit_status: int | None = None
    tests: int | None = None
    cases: tuple[TestCase, ...] = ()
    failed: tuple[str, ...] = ()
    unloaded: tuple[str, ...] = ()


class Before(StrEnum):
    """What the run without the change says of one test, or of its file."""

    PASSES = "passes"
    FAILS = "fails"
    UNLOADED = "cannot even start"
    UNSAID = "did not run"


_FRESH = (Before.FAILS, Before.UNLOADED)


@frozen
class Evidence:
    """What is known about one criterion, in words, with the tests that name it.

    `worked` are tests that the work links to it alone, where none names it: they fail without the
    change and pass with it, and prove it once they notice that its code is broken. `broken` is what
    its tests said when its code was broken on purpose: noticed, survives, unknown or nothing, where
    they were not asked.
    """

    criterion: str
    proof: Proof
    reason: str
    tests: tuple[str, ...] = ()
    broken: str = ""
    worked: tuple[str, ...] = ()


NAMELESS = "no test names it"

TEST_FILES = (
    "tests/", "test/", "testing/", "__tests__/", "spec/", "test_*.py", "*_test.py", "conftest.py",
    "*.test.*", "*.spec.*", "*_test.go", "*Test.java", "*_spec.rb",
)  # fmt: skip

# The first family that a report speaks is the one that is counted: a line such as
# "1 failed, 8 passed, 9 total" must not be counted twice.
_FAMILIES = (
    re.compile(
        r"^(?:Ran (\d+) tests? in |(?:#|ℹ) tests (\d+)$|Tests:\s.*?(\d+) total|Tests run: (\d+)"
        r"|(\d+) examples?,)",
        re.MULTILINE,
    ),
    re.compile(r"(?:^|[\s,=])(\d+) (?:passed|failed)\b", re.MULTILINE),
    re.compile(r"^(?:--- (?:PASS|FAIL)|ok\s).*$", re.MULTILINE),
)
_SAID = re.compile(
    r"^[ \t]*--- (PASS|FAIL): (\S+)|^test ([\w:]+)(?: - should panic)? \.\.\. (ok|FAILED)$"
    r"|^[ \t]*Running (?:unittests )?(\S+\.rs)\b",
    re.MULTILINE,
)
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)", re.MULTILINE)
_DEEPEST = 32  # groups of tests within each other
_NO_TESTS = re.compile(
    r"no test files|no tests ran|\[no tests to run\]|no tests found", re.IGNORECASE
)


def is_test(path: str) -> bool:
    """Tell whether `path` holds tests, by the customs of the common runners."""
    return matches(path, TEST_FILES)


def judge(run: CommandRun, tree: str) -> Run:
    """Return what `run` proves about the tree with the id `tree`."""
    cases = tuple(case for one in run.reports for case in _cases(one))
    # Where there is a report it is what counts; the output may say anything.
    tests = len(cases) if run.reports else _counted(run.output)
    failed = next((case.name for case in cases if not case.passed), "")
    result, reason = _verdict(run, tests, failed)
    status = None if run.unready else run.exit_status
    printed = cases if run.reports else tuple(_printed(run.output))
    broken = [case.name for case in printed if not case.passed]
    if not run.reports:
        broken += _failed(run.output)
        # Without -v Go tells of failures alone: what it says nothing of may have passed.
        printed = printed if any(case.passed for case in printed) else ()
    return Run(
        run.command, tree, result, reason, status, tests, printed, tuple(broken),
        unloaded.named(run.output) if run.exit_status and not run.unready else (),
    )  # fmt: skip


def ended(run: CommandRun) -> str:
    """Return how a command that failed ended, in words."""
    line = " ".join(run.command)
    if run.missing:
        return f"the command was not found: {line}"
    return f"{'time limit' if run.timed_out else f'exit {run.exit_status}'}: {line}"


def _verdict(run: CommandRun, tests: int | None, failed: str) -> tuple[Result, str]:
    name = " ".join(run.command)
    if run.unready:
        return Result.UNKNOWN, f"it could not be set up: {ended(run)}"
    if run.missing:
        return Result.UNKNOWN, f"the command was not found: {run.command[0]}"
    if run.timed_out:
        return Result.UNKNOWN, f"it was ended after its time limit: {name}"
    if run.exit_status == 0 and failed:
        return Result.FAIL, f"exit 0, but {failed} fails: {name}"
    if run.exit_status == 0 and tests:
        return Result.PASS, f"{tests} test{'' if tests == 1 else 's'} passed: {name}"
    if not tests:
        said = "no test ran" if tests == 0 else "it did not say how many tests ran"
        return Result.UNKNOWN, f"{said} (exit {run.exit_status}): {name}"
    return Result.FAIL, f"exit {run.exit_status} after {tests} tests: {name}"


def _counted(output: str) -> int | None:
    for family in _FAMILIES:
        found = [match for match in family.finditer(output) if not _NO_TESTS.search(match[0])]
        if found:
            return sum(
                int(next((group for group in match.groups() if group), 1)) for match in found
            )
    return 0 if _NO_TESTS.search(output) else None


def _cases(junit: bytes) -> Iterator[TestCase]:
    if b"<!DOCTYPE" in junit or b"<!ENTITY" in junit or b"\0" in junit:
        return  # entity expansion: a report has no use for it; with NUL, UTF-16 could hide it
    try:
        root = ET.fromstring(junit)  # noqa: S314 -- entities are refused above
    except ET.ParseError:
        return
    within = {child: one for one in root.iter("testsuite") for child in one}
    for case in root.iter("testcase"):
        kinds = {child.tag for child in case}
        if "skipped" not in kinds:
            passed = not kinds & {"failure", "error"}
            yield TestCase(_name(case, within), passed, tuple(_satisfied(case)))


def _satisfied(case: ET.Element) -> Iterator[str]:
    """Yield the ids in a case's property `Satisfies`."""
    for one in case.iterfind("properties/property"):
        if one.get("name", "").casefold() == "satisfies":
            yield from ids(one.get("value", ""))


def _name(case: ET.Element, within: Mapping[ET.Element, ET.Element]) -> str:
    """Return a case's name. node:test has its groups as suites, and says `test` for the class.

    So does pytest of what stands in `test.py`, in a suite that has a time.
    """
    name = case.get("name", "")
    suites: list[ET.Element] = []
    one = within.get(case)
    while one is not None and len(suites) < _DEEPEST:
        suites.insert(0, one)
        one = within.get(one)
    if case.get("classname") == "test" and not any(one.get("timestamp") for one in suites):
        return " > ".join([*(one.get("name", "") for one in suites), name])
    return f"{case.get('classname', '')}::{name}"


def _printed(output: str) -> Iterator[TestCase]:
    """Yield what `go test -v` and `cargo test` print of each test."""
    file = ""  # of the tests that Cargo runs now
    for go, name, rust, said, running in _SAID.findall(output):
        if running:
            file = f"{running}::"
        else:
            yield TestCase(name or f"{file}{rust}", (go or said) in ("PASS", "ok"))


def _failed(output: str) -> Iterator[str]:
    """Yield the tests that unittest says failed: `tests.test_cart.Cart.test_keeps`."""
    for name, where in _UNITTEST.findall(output):
        yield where if where.endswith(f".{name}") else f"{where}.{name}"


def names_criterion(name: str, criterion: str) -> bool:
    """Tell whether a test's name carries the id: `R2.1` as R2.1, R2_1, r2_1 or TestR2_1."""
    return bool(_named(criterion).search(name))


@lru_cache(maxsize=8192)
def _named(criterion: str) -> re.Pattern[str]:
    loose = r"[._]".join(re.escape(part) for part in criterion.split("."))
    return re.compile(rf"(?i)(?:(?<![a-z0-9])|(?<=(?<![a-z0-9])test)){loose}(?![0-9])")


def for_criteria(
    spec: Spec, runs: Mapping[str, Run], before: Mapping[tuple[str, ...], Run]
) -> tuple[Evidence, ...]:
    """Return the evidence for each criterion of `spec`.

    `runs` maps task ids to their judged runs on the result; `before` maps a command to its run on
    the base with the result's tests, without the change.
    """
    return tuple(_evidence(one, spec, runs, before) for one in spec.criteria)


def _evidence(
    criterion: Criterion,
    spec: Spec,
    runs: Mapping[str, Run],
    before: Mapping[tuple[str, ...], Run],
) -> Evidence:
    names = set(lineage(criterion.id))
    longer = [one.id for one in spec.criteria if one.id.startswith(f"{criterion.id}.")]
    relevant = [
        runs[task.id] for task in spec.tasks if names & set(task.satisfies) and task.id in runs
    ]
    linked = [
        (case, run)
        for run in runs.values()
        for case in run.cases
        if names & set(case.satisfies)
        or (
            names_criterion(case.name, criterion.id)
            and not any(names_criterion(case.name, other) for other in longer)
        )
    ]
    tests = tuple(sorted({case.name for case, _ in linked}))
    failing = next((case.name for case, _ in linked if not case.passed), "")
    if failing:
        return Evidence(criterion.id, Proof.MISSING, f"{failing} fails", tests)
    passing = [run for run in relevant if run.result is Result.PASS]
    bases = [(case, before.get(run.command)) for case, run in linked if run.result is Result.PASS]
    told = sorted((case.name, without(case, base)) for case, base in bases)
    fresh = [one for one in told if one[1] in _FRESH]
    if fresh:
        name, how = fresh[0]
        words = f"{name} {how} without the change and passes with it"
        return Evidence(criterion.id, Proof.PROVEN, words, tests)
    if not passing:
        words = relevant[0].reason if relevant else "no task that satisfies it was verified"
        return Evidence(criterion.id, Proof.MISSING, words, tests)
    unsaid = [base for case, base in bases if without(case, base) is Before.UNSAID]
    words = "its test passes without the change too" if linked else NAMELESS
    words = _unsaid(unsaid[0]) if unsaid else words
    found = Evidence(criterion.id, Proof.CLAIMED, f"{passing[0].reason}; {words}", tests)
    return found if linked else _by_work(found, spec, runs, before)


def _by_work(
    found: Evidence,
    spec: Spec,
    runs: Mapping[str, Run],
    before: Mapping[tuple[str, ...], Run],
) -> Evidence:
    """Return the evidence for a criterion that no test names, with what the work links to it.

    A test that is linked to others as well tells of none of them.
    """
    cases = [
        (case, how)
        for run in runs.values() if run.result is Result.PASS
        for case in run.cases if found.criterion in case.linked
        if not any(names_criterion(case.name, one.id) for one in spec.criteria)
        if (how := without(case, before.get(run.command))) in _FRESH
    ]  # fmt: skip
    own = sorted((case.name, how) for case, how in cases if len(case.linked) == 1)
    if own:
        name, how = own[0]
        words = f"{name} {how} without the change and passes with it; {NAMELESS}"
        return evolve(found, reason=words, worked=tuple(dict.fromkeys(one for one, _ in own)))
    others = dict.fromkeys(one for case, _ in cases for one in case.linked)
    others.pop(found.criterion, None)
    if not others:
        return found
    return evolve(found, reason=f"{found.reason}, and its tests serve {', '.join(others)} too")


def without(case: TestCase, base: Run | None) -> Before:
    """Return what `base`, its command without the change, says of a test that passes with it."""
    if base is None or base.exit_status is None:
        return Before.UNSAID
    if any(one.passed and one.name == case.name for one in base.cases):
        return Before.PASSES
    if case.name in base.failed:
        return Before.FAILS
    lost = bool(case.path) and unloaded.is_among(case.path, base.unloaded, base.failed)
    if not lost and not unloaded.holds(base.failed, case.name):
        return Before.UNSAID
    return Before.UNLOADED if base.result is Result.UNKNOWN else Before.FAILS


def _unsaid(base: Run | None) -> str:
    if base is not None and base.result is Result.UNKNOWN:
        return f"without the change {base.reason}"
    return "without the change its test did not run"


def as_json(evidence: Collection[Evidence]) -> list[Json]:
    """Return the evidence as it is kept in a signed record."""
    return [
        {
            "criterion": one.criterion,
            "proof": str(one.proof),
            "reason": one.reason,
            "tests": list(one.tests),
            **({"broken": one.broken} if one.broken else {}),
        }
        for one in evidence
    ]
