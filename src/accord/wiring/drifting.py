"""Check for drift in a plain clone: no state folder, no key, no branch is needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from accord.app import backtesting, drifting, explaining, failing, renewing
from accord.app.backtesting import Replay
from accord.app.drifting import Drift
from accord.core import evidence
from accord.core.approval import Trust
from accord.core.drift import Verdict
from accord.core.evidence import TestCase
from accord.core.findings import gathered
from accord.core.ports import CommandRun, Repo
from accord.core.trace import Trace
from accord.errors import ConfigurationError
from accord.git.locate import Place, check_version, locate
from accord.git.repo import GitRepo
from accord.git.run import Git
from accord.wiring.code import read_symbols
from accord.wiring.machine import SystemClock, repository, state_folder

if TYPE_CHECKING:  # the check does not show the living spec, and starting up must stay cheap
    from accord.app.blaming import Blame
    from accord.app.promising import Promise
    from accord.app.reproving import Reproved
    from accord.app.workshop import Workshop


def check_drift(
    start: Path, junit: Sequence[Path], shown: int, *, since: str = "", root: str = ""
) -> Drift:
    """Return how the criteria stand in HEAD; the first `shown` findings say who and when.

    `junit` are the reports of test runs on HEAD. With `since`, a ref, what was found already where
    HEAD left it is counted and no finding, and whose verdicts count is read there; `root` is the
    sha256 of the first trust file, or empty. Raises ConfigurationError for a report that cannot be
    read or holds no test, and for a ref that is missing or could be two.
    """
    check_version()
    place = locate(start, detached=True)
    git = Git(place.common)
    repo = GitRepo(git, place.common)  # it makes no worktrees, so it needs no state
    try:
        fork = _fork(git, repo, place.head, since) if since else ""
        kept = _kept(place.common)
        if junit:
            results: tuple[TestCase, ...] | None = _results(junit)
            failing.keep(kept, place.head, results or ())
        else:
            results = failing.load(kept, place.head)
        found = drifting.check(repo, read_symbols, place.head, results=results, kept=kept)
        return _told(repo, place, found, shown, fork=fork, root=root)
    finally:
        repo.close()


def reprove(workshop: "Workshop", start: Path, shown: int, *, write: bool) -> "Reproved":
    """As `check_drift`, after the tests of what was touched ran on HEAD, in the box."""
    from accord.app import reproving

    place = locate(start, detached=True)
    found = reproving.reprove(workshop, place.head, _kept(place.common), write=write)
    return evolve(found, drift=_told(workshop.repo, place, found.drift, shown))


def _told(
    repo: Repo, place: Place, found: Drift, shown: int, *, fork: str = "", root: str = ""
) -> Drift:
    """Return what no verdict settled and was not there at `fork` already.

    The first `shown` findings say who and when.
    """
    trust = _trust(repo, place, fork or place.head, root) if found.findings else None
    left = _unsettled(repo, place.head, trust, found)
    before: set[str] = set()
    if fork and left:
        again = renewing.load(_kept(place.common))
        found_there = drifting.check(repo, read_symbols, fork, again=again).findings
        before = {one.state for one in found_there}
    fresh = tuple(one for one in left if one.state not in before)
    every = gathered(fresh)
    near, rest = (
        [each for one in some for each in one.verdicts] for some in (every[:shown], every[shown:])
    )
    told = explaining.explain(repo, read_symbols, place.head, near)
    return evolve(
        found,
        findings=(*told, *rest),
        settled=len(found.findings) - len(left),
        stood=len(left) - len(fresh),
    )


def _fork(git: Git, repo: GitRepo, head: str, since: str) -> str:
    # Most checks ask for no base, and starting up must stay cheap.
    from accord.wiring.auditing import refuse_shallow, resolved

    commit = resolved(git, repo, since)
    refuse_shallow(git)
    if not git.succeeds("merge-base", commit, head):
        raise ConfigurationError(
            f"HEAD and {since} have no commit in common", hint="name the base of this branch"
        )
    return repo.fork(commit, head)


def replay(start: Path, span: str) -> Replay:
    """Return what each commit of `A..B`, along the first parents, would have reported as new.

    Tests did not run and nobody gave verdicts: this is the most that could have been asked. Where
    nothing is traced yet, what would be proposed in A is held against each commit.
    Raises ConfigurationError for a span whose ends are no commits.
    """
    check_version()
    place = locate(start, detached=True)
    git = Git(place.common)
    repo = GitRepo(git, place.common)
    try:
        first, dots, last = span.partition("..")
        ends = [repo.resolve(one) if one else "" for one in (first, last or "HEAD")]
        if not dots or not all(ends):
            raise ConfigurationError(f"{span} is no span of commits", hint="--replay v1.0..HEAD")
        said = git.text("rev-list", "--first-parent", "--reverse", f"{ends[0]}..{ends[1]}", "--")
        guessed: tuple[Trace, ...] = ()
        if not any(drifting.traces(repo, one) for one in ends):
            from accord.app import suggesting  # most checks propose nothing

            guessed = suggesting.guessed(suggesting.Source(repo, read_symbols, ends[0]))
        return backtesting.replay(repo, read_symbols, ends[0], said.split(), guessed)
    finally:
        repo.close()


def _unsettled(repo: Repo, head: str, trust: Trust | None, found: Drift) -> tuple[Verdict, ...]:
    """Return the findings that no verdict closes; without trust nobody's word counts."""
    if trust is None:
        return found.findings
    from accord.app import verdicts  # where nothing was found, nobody's word is asked

    return verdicts.unsettled(repo, head, trust, found.findings, SystemClock().now())


def _trust(repo: Repo, place: Place, commit: str, root: str = "") -> Trust | None:
    """Return who may decide here; None where nobody may, and where the trust file does not hold."""
    # What verifies signatures is a lot to load, and most checks have nothing to decide.
    from accord.approvals.trust import FOLDER, TrustError, read_trust

    names = repo.names(commit, FOLDER)
    if not names:
        return None
    files = {name: repo.read(commit, f"{FOLDER}/{name}") or b"" for name in names}
    if root:
        from accord.wiring.auditing import digest

        root = digest(root)
    try:
        return read_trust(files, root=root or repository(place.common).pin or None)
    except TrustError:  # then nobody's word counts, and everything is shown
        return None


def read_living(start: Path, junit: Sequence[Path]) -> "tuple[str, tuple[Promise, ...]]":
    """Return a commit and what it promises: that of the base branch, else HEAD.

    Raises as `check_drift` does.
    """
    from accord.app import config as configuration
    from accord.app.promising import Sources, promised

    check_version()
    place = locate(start, detached=True)
    repo = GitRepo(Git(place.common), place.common)
    try:
        settings = repo.read(place.head, configuration.PATH)
        base = repository(place.common).base
        if not base and settings is not None:
            base = configuration.read(settings).policy.base
        commit = (repo.resolve(f"refs/heads/{base}") if base else "") or place.head
        results = _results(junit) if junit else None
        trust, now = _trust(repo, place, commit), SystemClock().now()
        again = renewing.load(_kept(place.common))
        sources = Sources(repo, read_symbols, commit, now, trust, results, again)
        return commit, promised(sources)
    finally:
        repo.close()


def read_blame(start: Path, where: str) -> "tuple[str, tuple[Blame, ...]]":
    """Return HEAD, and what the place `FILE` or `FILE:LINE` in it serves.

    Raises as `check_drift` does, and ConfigurationError for a place that is not there.
    """
    from accord.app.blaming import blame
    from accord.app.promising import Sources

    check_version()
    place = locate(start, detached=True)
    repo = GitRepo(Git(place.common), place.common)
    name, colon, number = where.rpartition(":")
    path, line = (name, int(number)) if colon and number.isdecimal() else (where, 0)
    try:
        # As a person names it: from where they stand, else from the top of the repository.
        here = (start / path).resolve()
        if here.is_relative_to(place.top.resolve()) and here.exists():
            path = here.relative_to(place.top.resolve()).as_posix()
        trust, now = _trust(repo, place, place.head), SystemClock().now()
        again = renewing.load(_kept(place.common))
        sources = Sources(repo, read_symbols, place.head, now, trust, again=again)
        return place.head, blame(sources, path, line)
    finally:
        repo.close()


def _results(reports: Sequence[Path]) -> tuple[TestCase, ...]:
    found: list[TestCase] = []
    for path in reports:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}", hint="name the JUnit XML of a test run"
            ) from error
        cases = evidence.judge(CommandRun((str(path),), 0, "", (data,)), "").cases
        if not cases:
            raise ConfigurationError(f"{path} holds no test", hint="pytest --junit-xml writes one")
        found += cases
    return tuple(found)


def _kept(common: Path) -> Path | None:
    try:
        return drifting.kept_in(state_folder(common))
    except ConfigurationError:  # no place outside the checkout to keep anything: look at it all
        return None
