"""Code broken on purpose: a test that proves a criterion fails when the code behind it does.

The idea is mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", 1978),
kept to what one question needs: would the tests of this criterion notice if its code were broken?
"""

from collections.abc import Iterable
from enum import StrEnum

from attrs import evolve, frozen

from accord.core import cases
from accord.core.evidence import NAMELESS, Evidence, Proof, Result, Run, TestCase
from accord.core.fingerprint import Mark
from accord.core.ports import CommandRun

MOST = 8
"""How often code is broken for one criterion, at most."""


class Answer(StrEnum):
    """What the tests of a criterion say of code that was broken.

    Unknown: they did not run, or the code does not compile; that accuses nobody.
    """

    NOTICED = "noticed"
    SURVIVES = "survives"
    UNKNOWN = "unknown"


@frozen
class Tried:
    """What came of breaking the code of one criterion: which test said so, broken how."""

    answer: Answer
    test: str = ""
    how: str = ""

    @property
    def words(self) -> str:
        """Return it for a person: `test_pays fails when pay() raises`."""
        verb = "fails" if self.answer is Answer.NOTICED else "still passes"
        return f"{self.test} {verb} when {self.how}"


def weighed(found: Evidence, tried: Tried) -> Evidence:
    """Return the evidence for a criterion with what came of breaking its code.

    A test that passes on broken code too proves nothing, whatever it did without the change.
    """
    if tried.answer is Answer.UNKNOWN:
        return evolve(found, broken=str(tried.answer))
    if found.worked and tried.answer is Answer.NOTICED:
        return _worked(found, tried)
    # A runner without a report names no tests; what the trace links to the criterion did run.
    words = f"{found.reason.removesuffix(f'; {NAMELESS}')}; {tried.words}"
    if found.proof is Proof.PROVEN:
        if tried.answer is Answer.SURVIVES:
            return evolve(found, proof=Proof.CLAIMED, reason=tried.words, broken=str(tried.answer))
        if tried.test in found.reason.partition(" ")[0]:
            words = f"{found.reason}; it fails when {tried.how}"
    return evolve(found, reason=words, broken=str(tried.answer))


def _worked(found: Evidence, tried: Tried) -> Evidence:
    """Return the evidence for a criterion that is proven by tests that the work links to it."""
    seen = found.reason.removesuffix(f"; {NAMELESS}")
    noticed = tried.words
    if tried.test in seen.partition(" ")[0]:
        noticed = f"it fails when {tried.how}"
    words = f"{seen}; {noticed}; the work links it, {NAMELESS}"
    return evolve(
        found, proof=Proof.PROVEN, reason=words, tests=found.worked, broken=str(tried.answer)
    )


def is_one(mark: Mark, name: str) -> bool:
    """Tell whether a runner's `name` is the test `mark`."""
    return cases.ran(mark, TestCase(name, passed=False))


def answer(tests: Iterable[Mark], said: CommandRun, run: Run) -> tuple[Answer, str]:
    """Return whether any of `tests` noticed, and which; `said` ran them on the broken code."""
    marks = list(tests)
    for name in run.failed:
        for mark in marks:
            if is_one(mark, name):
                return Answer.NOTICED, cases.said(mark)
    if said.timed_out or said.missing or run.result is Result.UNKNOWN:
        return Answer.UNKNOWN, ""
    passed = [one.name for one in run.cases if one.passed]
    green = run.result is Result.PASS and not run.cases
    still = [mark for mark in marks if green or any(is_one(mark, one) for one in passed)]
    return (Answer.SURVIVES, cases.said(still[0])) if still else (Answer.UNKNOWN, "")
