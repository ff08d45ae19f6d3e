"""Whether tests that changed still see what they saw, so that what they prove counts.

The tests as they were are laid over the commit. Where they pass on its code, it does what it did,
as far as they ever told. Then the code is broken on purpose, and whatever they notice the tests as
they are now have to notice as well: a test that was rewritten, renamed or made stricter does, one
that agrees with itself does not. Where this cannot be told, nobody's word is taken.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, frozen

from accord.app import breaking, drifting
from accord.app.config import Mutation
from accord.app.workshop import Workshop
from accord.core.breakage import How
from accord.core.breaking import MOST, Answer
from accord.core.fingerprint import Mark, Symbol
from accord.core.weakening import weakened


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
        laid = self._laid_over(one)
        if laid is None or not one.symbols:
            return False
        if self._said(laid, one, one.before) != {Answer.SURVIVES}:
            return False  # the code does something else, or nobody can tell
        seen = set()
        for symbol in one.symbols:
            data = self.workshop.repo.read(self.head, symbol.path) or b""
            for broken in self.workshop.breaks(symbol.path, data, symbol.name, MOST):
                files = {broken.path: broken.data}
                if Answer.NOTICED not in self._said(self._on(laid, files), one, one.before):
                    continue
                if Answer.NOTICED not in self._said(self._on(self.head, files), one, one.after):
                    return False
                seen.add(broken.how)
        # That something is called says nothing of what it does.
        return bool(seen - {How.RAISES})

    def _laid_over(self, one: Rewritten) -> str | None:
        """Return a commit in which the tests that changed are as they were; None: who knows how."""
        files: dict[str, bytes] = {}
        for old, new in zip(one.before, one.after, strict=True):
            if old.print == new.print:
                continue
            found = self._before(old)
            now = self._symbol(new)
            if found is None or now is None or _weaker(found[0], now, new.path):
                return None
            if files.setdefault(old.path, found[1]) != found[1]:
                return None
        return self._on(self.head, files)

    def _before(self, old: Mark) -> tuple[Symbol, bytes] | None:
        """Return a test as it was bound, and the file that it stood in."""
        repo = self.workshop.repo
        found = drifting.last_seen(repo, self.workshop.symbols, self.head, old)
        data = repo.read(found.commit, old.path) if found else None
        return (found.was[0], data) if found and data is not None else None

    def _symbol(self, mark: Mark) -> Symbol | None:
        data = self.workshop.repo.read(self.head, mark.path) or b""
        found = self.workshop.symbols(mark.path, data) or ()
        return next((one for one in found if one.name == mark.name), None)

    def _on(self, commit: str, files: Mapping[str, bytes]) -> str:
        return self.workshop.repo.commit(commit, dict(files), "Broken on purpose\n", "accord <>")

    def _said(self, commit: str, one: Rewritten, tests: Sequence[Mark]) -> set[Answer]:
        left = self.until - time.monotonic()
        if left <= 0:
            return {Answer.UNKNOWN}
        return breaking.said(self.workshop, commit, one.command, tests, left)


def _weaker(old: Symbol, new: Symbol, path: str) -> bool:
    same = Symbol(new.name, old.first, old.last, old.tokens)
    return bool(weakened(path, [same], [new]))
