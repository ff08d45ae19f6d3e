"""Whether each criterion still is what was agreed: its words, its code, its tests.

A symbol that moved or was renamed is followed and says nothing. One that does something else is
quiet too where every test that is linked to the criterion, itself as it was, passes on it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

from accord.core.cases import ran
from accord.core.evidence import TestCase
from accord.core.fingerprint import Mark
from accord.core.model import sha256
from accord.core.trace import Promise, Trace


class Standing(StrEnum):
    """How a criterion stands; what comes first is worse, and is shown first."""

    BROKEN = "broken"
    STALE = "stale"
    ORPHANED = "orphaned"
    TOUCHED = "touched"
    UNPROVEN = "unproven"
    HOLDS = "holds"
    RETIRED = "retired"


class Kind(StrEnum):
    """What is known of one link."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"


@frozen
class Seen:
    """What became of a mark: where it stands now, from which line, and with which print.

    `alone` tells of one that is gone whether its file is still there without it.
    """

    kind: Kind
    mark: Mark
    line: int = 0
    alone: bool = True


@frozen
class Cause:
    """One reason for a finding, in words, at a place; `was` and `now` are the two lines.

    `commit` and `author` say who did it, where that is known. `words` is the digest of what the
    criterion says by now, where that is the reason. `thing` is what moved, where something did: a
    symbol, a test, or a file that is gone with all that stood in it.
    """

    message: str
    path: str
    line: int
    link: Mark | None = None
    seen: Mark | None = None
    commit: str = ""
    author: str = ""
    was: str = ""
    now: str = ""
    words: str = ""
    thing: str = ""


@frozen
class Verdict:
    """How one criterion of one change stands, and why.

    `renewed` says that tests proved it anew, `decided` what a person said of it.
    """

    change: str
    criterion: str
    standing: Standing
    path: str
    causes: tuple[Cause, ...] = ()
    tests: tuple[str, ...] = ()
    renewed: bool = False
    decided: str = ""

    @property
    def state(self) -> str:
        """Return the sha256 of exactly what was found: a verdict is about this alone.

        Where things lie and who moved them is no part of it.
        """
        causes = sorted(
            f"{one.link.place if one.link else one.path} {one.link.print if one.link else ''} "
            f"{one.seen.print if one.seen else ''} {one.words}"
            for one in self.causes
        )
        text = "\n".join([self.change, self.criterion, self.standing.value, *causes])
        return sha256(text.encode(errors="surrogateescape"))

    @property
    def is_finding(self) -> bool:
        """Tell whether a person has to look at it."""
        return self.standing in (Standing.BROKEN, Standing.STALE, Standing.ORPHANED)


@frozen
class Now:
    """What is so now, as far as `judge` asks for it.

    `look` tells what became of a mark. `words` maps (path, id) to the digests of a criterion's
    words, one for each format that the file could have. `results` are the tests that ran, None:
    none did. `doubted` maps (change, id) to why its tests prove nothing, though they pass; `upheld`
    are those whose tests changed and still see whatever they saw. `ended` says, by (path, id), what
    took the place of a criterion.
    """

    look: Callable[[Mark], Seen]
    words: Mapping[tuple[str, str], tuple[str, ...]]
    results: Sequence[TestCase] | None = None
    doubted: Mapping[tuple[str, str], str] = field(factory=dict)
    upheld: Collection[tuple[str, str]] = ()
    ended: Mapping[tuple[str, str], str] = field(factory=dict)


def judge(trace: Trace, now: Now) -> tuple[Verdict, ...]:
    """Return how each criterion of a trace stands, in the order of the trace."""
    symbols, tests, executes = map(_grouped, (trace.symbols, trace.tests, trace.executes))
    found = []
    for one in trace.promises:
        bound = symbols.get(one.id, ()), tests.get(one.id, ())
        verdict = _judged(trace.change, one, *bound, now)
        if verdict.standing is Standing.HOLDS and one.id in executes:
            verdict = _run_into(verdict, executes[one.id], bound[1], now)
        found.append(verdict)
    return tuple(found)


def ranked(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the findings, the worst first, then by change and criterion."""
    order = list(Standing)
    found = [one for one in verdicts if one.is_finding]
    return tuple(
        sorted(found, key=lambda one: (order.index(one.standing), one.change, one.criterion))
    )


def _judged(
    change: str, promise: Promise, symbols: Sequence[Mark], tests: Sequence[Mark], now: Now
) -> Verdict:
    places = tuple(one.place for one in tests)
    whole = Verdict(change, promise.id, Standing.HOLDS, promise.path, (), places)
    if over := now.ended.get((promise.path, promise.id)):
        return evolve(whole, standing=Standing.RETIRED, decided=over)
    told = now.words.get((promise.path, promise.id))
    if told is None:
        words = f"{promise.id} is no longer in {promise.path}"
        return evolve(whole, standing=Standing.ORPHANED, causes=(Cause(words, promise.path, 1),))
    seen_tests = [now.look(one) for one in tests]
    failed = tuple(
        Cause(f"its test {one.name} fails", one.path, 1, one, thing=one.place)
        for one in _failed(tests, now.results)
    )
    gone = (*_causes(symbols, now, (Kind.GONE,)), *_gone_tests(tests, seen_tests))
    reworded = promise.words not in told
    stale = list(_causes(symbols, now, (Kind.CHANGED,)))
    doubt = now.doubted.get((change, promise.id), "")
    if stale and doubt:
        stale.append(Cause(doubt, promise.path, 1))
    if reworded:
        words = "its words changed since the release"
        stale.insert(0, Cause(words, promise.path, 1, words=told[0]))
    # What is gone hides nothing of what changed: a person who judges the one judges the other.
    causes = (*failed, *gone, *stale, *_changed_tests(tests, seen_tests))
    if not causes:
        return whole if tests else evolve(whole, standing=Standing.UNPROVEN)
    if failed or gone:
        standing = Standing.BROKEN if failed else Standing.ORPHANED
        return evolve(whole, standing=standing, causes=causes)
    upheld = (change, promise.id) in now.upheld
    if not (doubt or reworded) and _proved(tests, seen_tests, now.results, upheld=upheld):
        return evolve(whole, causes=causes, renewed=True)
    return evolve(whole, standing=Standing.STALE, causes=causes)


def _run_into(
    verdict: Verdict, executes: Sequence[Mark], tests: Sequence[Mark], now: Now
) -> Verdict:
    """Return a verdict with what its tests run, where that is not what it was.

    It is no finding: the tests may run half the project. But they have to run again.
    """
    causes = tuple(_causes(executes, now, (Kind.CHANGED, Kind.GONE)))
    if not causes:
        return verdict
    upheld = (verdict.change, verdict.criterion) in now.upheld
    if _proved(tests, [now.look(one) for one in tests], now.results, upheld=upheld):
        return evolve(verdict, causes=(*verdict.causes, *causes), renewed=True)
    return evolve(verdict, standing=Standing.TOUCHED, causes=causes)


def _causes(marks: Sequence[Mark], now: Now, kinds: tuple[Kind, ...]) -> Iterable[Cause]:
    for one in marks:
        seen = now.look(one)
        if seen.kind not in kinds:
            continue
        if seen.kind is Kind.GONE:
            thing = one.place if seen.alone else one.path
            yield Cause(f"{one.name} is gone from {one.path}", one.path, 1, one, thing=thing)
            continue
        moved = "" if seen.mark.place == one.place else f", and is {seen.mark.place} now"
        words = f"{one.name} does something else{moved}"
        yield Cause(words, seen.mark.path, seen.line, one, seen.mark, thing=one.place)


def _gone_tests(tests: Sequence[Mark], seen: Sequence[Seen]) -> Iterable[Cause]:
    for one, each in zip(tests, seen, strict=True):
        if each.kind is Kind.GONE:
            words = f"its test {one.name} is gone from {one.path}"
            thing = one.place if each.alone else one.path
            yield Cause(words, one.path, 1, one, thing=thing)


def _changed_tests(tests: Sequence[Mark], seen: Sequence[Seen]) -> Iterable[Cause]:
    for one, each in zip(tests, seen, strict=True):
        if each.kind is Kind.CHANGED:
            words = f"its test {one.name} changed"
            yield Cause(words, each.mark.path, each.line, one, each.mark, thing=one.place)


def _failed(tests: Sequence[Mark], results: Sequence[TestCase] | None) -> list[Mark]:
    red = [case for case in results or () if not case.passed]
    return [one for one in tests if any(ran(one, case) for case in red)]


def _proved(
    tests: Sequence[Mark], seen: Sequence[Seen], results: Sequence[TestCase] | None, *, upheld: bool
) -> bool:
    """Tell whether there are tests, all of them as they were, and every one of them passed.

    Where they are `upheld`, those that changed are as good as they were.
    """
    green = [case for case in results or () if case.passed]
    good = (Kind.SAME, Kind.MOVED, *((Kind.CHANGED,) if upheld else ()))
    whole = all(one.kind in good for one in seen)
    places = [one.mark for one in seen]
    return bool(tests) and whole and all(any(ran(one, each) for each in green) for one in places)


def _grouped(links: Iterable[tuple[str, Mark]]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for name, one in links:
        found.setdefault(name, []).append(one)
    return found
