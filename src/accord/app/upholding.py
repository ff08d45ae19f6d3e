"""Whether tests that changed still see what they saw, so that what they prove counts.

The tests as they were are laid over the commit, with the fixtures and whatever else stood among
the tests then. Where they pass on its code, it does what it did, as far as they ever told. Then the
code is broken on purpose, and whatever they notice the tests as they are now have to notice as
well: a test that was rewritten, renamed or made stricter does, one that agrees with itself does
not. Where this cannot be told, nobody's word is taken.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import define, frozen

from accord.app import breaking, explaining
from accord.app.config import Mutation
from accord.app.workshop import Workshop
from accord.core.breakage import How, in_turn
from accord.core.breaking import MOST, Answer
from accord.core.evidence import is_test
from accord.core.fingerprint import Mark, Symbol
from accord.core.weakening import weakened
from accord.errors import ConfigurationError

EVERY = 64
"""Of how many ways to break a symbol some are chosen."""


@frozen
class Rewritten:
    """A criterion whose tests changed: its code as it is, its tests as bound and as they are now.

    `command` runs the tests; they pass.
    """

    key: tuple[str, str]
    symbols: tuple[Mark, ...]
    before: tuple[Mark, ...]
    after: tuple[Mark, ...]
    command: tuple[str, ...]


def upheld(workshop: Workshop, head: str, asked: Iterable[Rewritten]) -> set[tuple[str, str]]:
    """Return the keys of those whose tests see in `head` whatever they saw before they changed.

    It ends after the time that the configuration gives; what was not answered by then is not
    upheld. Where nothing is to be broken on purpose, nothing is.
    """
    if workshop.config.mutation is Mutation.OFF:
        return set()
    trial = _Trial(workshop, head, time.monotonic() + workshop.config.mutation_s)
    return {one.key for one in asked if trial.upholds(one)}


@define
class _Trial:
    """One look at a commit; `until` is when the time is up."""

    workshop: Workshop
    head: str
    until: float

    def upholds(self, one: Rewritten) -> bool:
        """Tell whether the tests of `one` see what they saw."""
        # The code does something else where the old tests fail, or nobody can tell.
        passing = (each for each in self._laid_over(one) if self._passes(each, one))
        laid = next(passing, None) if one.symbols else None
        if laid is None:
            return False
        seen: set[How] = set()
        idle = 0
        for symbol in one.symbols:
            data = self.workshop.repo.read(self.head, symbol.path) or b""
            ways = self.workshop.breaks(symbol.path, data, symbol.name, EVERY)
            for broken in in_turn(ways, MOST):
                files = {broken.path: broken.data}
                said = self._said(self._on(laid, files), one, one.before)
                idle += broken.how is How.IDLE and said == {Answer.SURVIVES}
                if Answer.NOTICED not in said:
                    continue
                if Answer.NOTICED not in self._said(self._on(self.head, files), one, one.after):
                    return False
                seen.add(broken.how)
        # That something is called says nothing of what it does, unless the tests never saw more.
        return bool(seen - {How.RAISES}) or (bool(seen) and idle == len(one.symbols))

    def _passes(self, laid: str, one: Rewritten) -> bool:
        return self._said(laid, one, one.before) == {Answer.SURVIVES}

    def _laid_over(self, one: Rewritten) -> Iterator[str]:
        """Yield commits in which the tests that changed are as they were; none: who knows how.

        First with everything that stood among the tests then, which is how they passed, and at last
        with what stands there now, for code that asks for another fixture.
        """
        repo = self.workshop.repo
        files: dict[str, bytes] = {}
        commits: list[str] = []
        for old, new in zip(one.before, one.after, strict=True):
            if old.print == new.print:
                continue
            found = explaining.last_seen(repo, self.workshop.symbols, self.head, old)
            now = self._symbol(new)
            if found is None or now is None or _weaker(found.was[0], now, new.path):
                return
            data = repo.read(found.commit, old.path) or b""
            if files.setdefault(old.path, data) != data:
                return
            commits.append(found.commit)
        for commit in dict.fromkeys(commits):
            beside = self._beside(one, commit)
            if beside.keys() <= files.keys():
                continue
            try:
                yield self._on(self.head, {**beside, **files})
            except ConfigurationError:
                continue  # what was a folder is a file by now
        yield self._on(self.head, files)

    def _beside(self, one: Rewritten, commit: str) -> dict[str, bytes | None]:
        """Return what stood among the tests in `commit` and changed since; None: it came since.

        The code of the criterion stays as it is, wherever it lies, and so do the tests that are as
        they were bound.
        """
        repo = self.workshop.repo
        kept = {each.path for each in one.symbols}
        for old, new in zip(one.before, one.after, strict=True):
            kept |= {old.path, new.path} if old.print == new.print else set()
        changed = (each.path for each in repo.changed(commit, self.head))
        return {path: repo.read(commit, path) for path in changed
                if is_test(path) and path not in kept}  # fmt: skip

    def _symbol(self, mark: Mark) -> Symbol | None:
        data = self.workshop.repo.read(self.head, mark.path) or b""
        found = self.workshop.symbols(mark.path, data) or ()
        return next((one for one in found if one.name == mark.name), None)

    def _on(self, commit: str, files: Mapping[str, bytes | None]) -> str:
        return self.workshop.repo.commit(commit, dict(files), "Broken on purpose\n", "accord <>")

    def _said(self, commit: str, one: Rewritten, tests: Sequence[Mark]) -> set[Answer]:
        left = self.until - time.monotonic()
        if left <= 0:
            return {Answer.UNKNOWN}
        return breaking.said(self.workshop, commit, one.command, tests, left)


def _weaker(old: Symbol, new: Symbol, path: str) -> bool:
    same = Symbol(new.name, old.first, old.last, old.tokens)
    return bool(weakened(path, [same], [new]))
