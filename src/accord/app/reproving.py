"""Run the tests of what was touched, and renew the fingerprints of what they prove anew.

Only the criteria whose code, tests, or code that their tests run, changed since they were proved
last are asked. A test that passes on code that is broken on purpose proves nothing; one that
changed proves as much as it still sees.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from accord.app import breaking, drifting, failing, renewing, upholding
from accord.app.breaking import Question
from accord.app.config import Mutation, words
from accord.app.drifting import Drift, Judged, Looking
from accord.app.evidence import run_on
from accord.app.renewing import Renewed
from accord.app.upholding import Rewritten
from accord.app.workshop import Workshop
from accord.core import evidence
from accord.core.breaking import Answer, Tried, is_one
from accord.core.drift import Kind, Seen
from accord.core.evidence import Result, Run, TestCase
from accord.core.fingerprint import Mark
from accord.core.narrowing import narrowed
from accord.core.trace import Trace
from accord.errors import ConfigurationError


@frozen
class Reproved:
    """What a check found that ran tests: what ran, what broken code told, what was written.

    `run` is None where nothing was touched. `asked` are (change, criterion), `tried` says what came
    of breaking the code of some of them.
    """

    drift: Drift
    run: Run | None
    asked: tuple[tuple[str, str], ...]
    tried: Mapping[tuple[str, str], Tried]
    written: tuple[str, ...] = ()


@frozen
class _Touched:
    """A criterion that something was done to: what it is bound to, as it stands now.

    `bound` are its tests as they were proved last. `changed` tells whether something was done to
    its own code, and not to other that its tests run; `rewritten`, whether its tests are not what
    they were.
    """

    key: tuple[str, str]
    symbols: tuple[Mark, ...]
    tests: tuple[Mark, ...]
    bound: tuple[Mark, ...]
    changed: bool
    rewritten: bool


@frozen
class _Bound:
    """One trace: its file and blob, as written, as renewed, and who finds its marks."""

    name: str
    blob: str
    whole: Trace
    found: Trace
    looking: Looking


def reprove(workshop: Workshop, head: str, kept: Path | None, *, write: bool = False) -> Reproved:
    """Return how the criteria stand in `head` after the tests of what was touched ran on it.

    `kept` is where the last check is remembered, as for `drifting.check`; with `write` renewed
    fingerprints are put into the checkout too. Raises ConfigurationError where no command is set
    or a trace cannot be read.
    """
    repo, again = workshop.repo, renewing.load(kept)
    traces = drifting.touched_since(repo, head, kept)
    bound = [_bound(workshop, head, again, *row) for row in sorted(traces.items())]
    asked = [one for each in bound for one in _touched(each)]
    run, results = _run(workshop, head, asked) if asked else (None, None)
    tried = _tried(workshop, head, asked, results or ())
    doubted = {
        key: f"{one.words}, so it proves nothing"
        for key, one in tried.items()
        if one.answer is Answer.SURVIVES
    }
    judged = Judged(doubted, _upheld(workshop, head, asked, results or ()))
    found = drifting.check(repo, workshop.symbols, head, results=results, kept=kept, judged=judged)
    _renew(again, bound, {(one.change, one.criterion) for one in found.proved})
    again.save(drifting.traces(repo, head))
    failing.keep(kept, head, results or ())
    paths: tuple[str, ...] = ()
    if write:
        every = (evolve(one, found=again.applied(one.name, one.blob, one.whole)) for one in bound)
        paths = renewing.written(
            workshop.top, [one.found for one in every if one.found != one.whole]
        )
    return Reproved(found, run, tuple(one.key for one in asked), tried, paths)


def _bound(workshop: Workshop, head: str, again: Renewed, name: str, blob: str) -> _Bound:
    whole = drifting.read_trace(workshop.repo, name, blob)
    found = again.applied(name, blob, whole)
    looking = drifting.looking_at(workshop.repo, workshop.symbols, head, found)
    return _Bound(name, blob, whole, found, looking)


def _touched(bound: _Bound) -> Iterator[_Touched]:
    found, look = bound.found, bound.looking.look
    for promise in found.promises:
        symbols, tests, executes = (
            [look(mark) for name, mark in links if name == promise.id]
            for links in (found.symbols, found.tests, found.executes)
        )
        every = (*symbols, *tests, *executes)
        moved = any(one.kind is Kind.CHANGED for one in every)
        if tests and (moved or any(one.kind is Kind.GONE for one in executes)):
            rewritten = any(one.kind in (Kind.CHANGED, Kind.GONE) for one in tests)
            changed = any(one.kind is Kind.CHANGED for one in symbols)
            was = tuple(one for name, one in found.tests if name == promise.id)
            key = found.change, promise.id
            yield _Touched(key, _there(symbols), _there(tests), was, changed, rewritten)


def _there(seen: Sequence[Seen]) -> tuple[Mark, ...]:
    return tuple(one.mark for one in seen if one.kind is not Kind.GONE)


def _run(
    workshop: Workshop, head: str, asked: Sequence[_Touched]
) -> tuple[Run, tuple[TestCase, ...]]:
    """Return the run of the tests of `asked`, and what it says of each."""
    policy, repo = workshop.config.policy, workshop.repo
    command = words(policy.verify)
    if not command:
        raise ConfigurationError(
            "no command is set that would run the tests", hint="set verify.command"
        )
    tests = list(dict.fromkeys(test for one in asked for test in one.tests))
    tree = repo.tree(head)
    narrow = narrowed(
        command, tests, lambda path: bool(repo.entry(head, path) or repo.names(head, path))
    )
    for line in dict.fromkeys((narrow, command)):
        said = run_on(workshop, head, line, policy.verify_timeout_s)
        run = evidence.judge(said, tree)
        if run.result is not Result.UNKNOWN:
            break
    if run.cases or run.result is Result.UNKNOWN:
        return run, run.cases
    if run.result is Result.FAIL and not run.failed:
        return run, ()  # something failed, and nobody said what
    failed = {one.place for one in tests for name in run.failed if is_one(one, name)}
    return run, tuple(TestCase(one.place, passed=one.place not in failed) for one in tests)


def _tried(
    workshop: Workshop, head: str, asked: Sequence[_Touched], results: Sequence[TestCase]
) -> dict[tuple[str, str], Tried]:
    """Break the code of the criteria whose own code changed and whose tests, as they were, passed.

    Of what changed elsewhere nobody is asked, whatever their tests would notice.
    """
    if workshop.config.mutation is Mutation.OFF:
        return {}
    command = words(workshop.config.policy.verify)
    green = [one for one in _green(asked, results) if one.changed and not one.rewritten]
    keys = {" ".join(one.key): one for one in green}
    questions = [Question(key, one.symbols, one.tests, command) for key, one in keys.items()]
    return {keys[key].key: one for key, one in breaking.tried(workshop, head, questions).items()}


def _upheld(
    workshop: Workshop, head: str, asked: Sequence[_Touched], results: Sequence[TestCase]
) -> set[tuple[str, str]]:
    """Return the criteria whose tests changed, pass, and see whatever they saw."""
    command = words(workshop.config.policy.verify)
    rewritten = (
        Rewritten(one.key, one.symbols, one.bound, one.tests, command)
        for one in _green(asked, results)
        if one.rewritten and len(one.bound) == len(one.tests)
    )
    return upholding.upheld(workshop, head, rewritten)


def _green(asked: Sequence[_Touched], results: Sequence[TestCase]) -> list[_Touched]:
    passed = [one.name for one in results if one.passed]
    return [
        one for one in asked
        if all(any(is_one(test, name) for name in passed) for test in one.tests)
    ]  # fmt: skip


def _renew(again: Renewed, bound: Sequence[_Bound], proved: set[tuple[str, str]]) -> None:
    for one in bound:
        pairs = (
            (name, old, one.looking.look(now))
            for was, here in (
                (one.whole.symbols, one.found.symbols),
                (one.whole.tests, one.found.tests),
                (one.whole.executes, one.found.executes),
            )
            for (name, old), (_, now) in zip(was, here, strict=True)
            if (one.whole.change, name) in proved
        )
        fresh = [
            (name, old, _now(old, seen))
            for name, old, seen in pairs
            if seen.kind is Kind.GONE or seen.mark != old
        ]
        if fresh:
            again.keep(one.name, one.blob, fresh)


def _now(old: Mark, seen: Seen) -> Mark:
    """Return what is to be remembered of a link; without a print where tests pass without it."""
    if seen.kind is Kind.GONE:
        return evolve(old, print="", sketch=())
    return evolve(seen.mark, sketch=seen.mark.sketch if old.sketch else ())
