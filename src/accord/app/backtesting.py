"""What a history would have reported, had somebody looked after each of its commits."""

from collections.abc import Sequence

from attrs import frozen

from accord.app import drifting
from accord.core.drift import Verdict
from accord.core.findings import gathered
from accord.core.ports import Repo, Symbols
from accord.core.trace import Trace


@frozen
class Replay:
    """What a history would have reported: each commit with its new findings, and how many of all.

    Only commits with findings are in `reports`. `guessed` is how many criteria were held against
    links that nobody accepted, where there were no others.
    """

    commits: int
    reports: tuple[tuple[str, tuple[Verdict, ...]], ...]
    guessed: int = 0

    @property
    def total(self) -> int:
        """Return how many findings there would have been."""
        return sum(len(gathered(found)) for _, found in self.reports)


def replay(
    repo: Repo, symbols: Symbols, first: str, commits: Sequence[str], guessed: Sequence[Trace] = ()
) -> Replay:
    """Return what each of `commits`, the oldest first, reports that the one before did not.

    `first` is the commit before them; what was found there is nothing new. A finding is new when
    what was found is another thing, not when it stands on. `guessed` are traces of `first` to be
    held against each, in the place of those that a commit has.
    """

    def found(commit: str) -> tuple[Verdict, ...]:
        if guessed:
            return drifting.held(repo, symbols, commit, guessed, first)
        return drifting.check(repo, symbols, commit).findings

    before = {one.state for one in found(first)}
    reports = []
    for commit in commits:
        now = found(commit)
        fresh = tuple(one for one in now if one.state not in before)
        before = {one.state for one in now}
        if fresh:
            reports.append((commit, fresh))
    return Replay(len(commits), tuple(reports), sum(len(one.promises) for one in guessed))
