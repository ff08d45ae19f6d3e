"""Hold every trace against a commit: what moved since it was written, who did it, in which line.

Only what differs is read. A file that is the same blob as when its links were written is not
parsed at all, and a trace that was quiet in the last check is not read again unless a commit since
then touched one of its files.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from accord import __version__
from accord.app import promises, renewing
from accord.app.identifying import ledger
from accord.app.renewing import Renewed
from accord.core import drift, fingerprint, trace
from accord.core.drift import Kind, Now, Seen, Standing, Verdict
from accord.core.evidence import TestCase
from accord.core.fingerprint import Mark, Symbol
from accord.core.ports import FileChange, Repo, Symbols
from accord.core.trace import Trace, TraceError
from accord.errors import ConfigurationError

_QUIET = {Standing.HOLDS.value, Standing.UNPROVEN.value, Standing.RETIRED.value}


@frozen
class Drift:
    """What a check found: the commit, the findings (the worst first), and how many stand how.

    `findings` are by criterion; `core.findings` gathers those that a person looks at once.
    `looked` is how many criteria were looked at; the others are as they were in the last check.
    `settled` is how many findings more there are that verdicts closed, `stood` how many that were
    there before, where only new ones were asked for. `proved` are the criteria whose code changed
    and that tests proved anew, `renewed` is their number.
    """

    commit: str
    findings: tuple[Verdict, ...]
    standing: Mapping[str, int]
    looked: int
    renewed: int = 0
    settled: int = 0
    proved: tuple[Verdict, ...] = ()
    stood: int = 0


@frozen
class Judged:
    """What tests that pass are worth, by (change, criterion).

    `doubted` says why they prove nothing, `upheld` are those whose tests changed and still see
    whatever they saw.
    """

    doubted: Mapping[tuple[str, str], str] = field(factory=dict)
    upheld: Collection[tuple[str, str]] = ()


UNJUDGED = Judged()


def check(
    repo: Repo, symbols: Symbols, head: str, *, results: Sequence[TestCase] | None = None,
    kept: Path | None = None, judged: Judged = UNJUDGED, again: Renewed | None = None,
) -> Drift:  # fmt: skip
    """Return how the criteria of every trace in the commit `head` stand.

    `results` are the tests that ran on it, None where none did; `judged` says what they are worth.
    `kept` is the file in which it is remembered what was quiet, and beside which there is what
    tests renewed, unless `again` says that. Raises ConfigurationError for a trace that cannot be
    read.
    """
    found_traces = traces(repo, head)
    again = again or renewing.load(kept)
    before = _Before.load(kept, repo, head) if results is None else _Before({}, None)
    diffs = _Diffs(repo, head, before.began(found_traces))
    standing: Counter[str] = Counter()
    findings: list[Verdict] = []
    proved: list[Verdict] = []
    looked = 0
    quiet: dict[str, Any] = {}
    for name, blob in sorted(found_traces.items()):
        row = before.quiet(name, blob)
        if row is None:
            bound = again.applied(name, blob, read_trace(repo, name, blob))
            found, paths = _look(repo, symbols, head, bound, results, judged, diffs)
            looked += len(found)
            findings += [one for one in found if one.is_finding]
            proved += [one for one in found if one.renewed]
            counts = Counter(one.standing.value for one in found)
            row = {"blob": blob, "paths": sorted(paths), "counts": dict(counts)}
        standing.update(row["counts"])
        if row["counts"].keys() <= _QUIET:
            quiet[name] = row
    if results is None:
        rows = {one: [since, found_traces[f"{one}.toml"]] for one, since in diffs.began.items()}
        _remember(kept, head, quiet, rows)
    return Drift(
        head, drift.ranked(findings), dict(standing), looked, len(proved), proved=tuple(proved)
    )


def every(
    repo: Repo, symbols: Symbols, head: str, results: Sequence[TestCase] | None, again: Renewed
) -> Iterator[tuple[Trace, tuple[Verdict, ...]]]:
    """Yield each trace in the commit `head`, as it was proved last, with how its criteria stand.

    Raises ConfigurationError for a trace that cannot be read.
    """
    for name, blob in sorted(traces(repo, head).items()):
        found = again.applied(name, blob, read_trace(repo, name, blob))
        yield found, _look(repo, symbols, head, found, results, UNJUDGED, _Diffs(repo, head))[0]


def held(
    repo: Repo, symbols: Symbols, head: str, found: Sequence[Trace], since: str
) -> tuple[Verdict, ...]:
    """Return the findings in `head` by traces of the commit `since` that nobody committed."""
    diffs = _Diffs(repo, head, {one.change: since for one in found})
    looks = (_look(repo, symbols, head, one, None, UNJUDGED, diffs) for one in found)
    return drift.ranked(one for verdicts, _ in looks for one in verdicts)


def touched_since(repo: Repo, head: str, kept: Path | None) -> dict[str, str]:
    """Return the traces in `head`, with their blobs, that were not quiet in the last check."""
    before = _Before.load(kept, repo, head)
    rows = traces(repo, head).items()
    return {name: blob for name, blob in rows if before.quiet(name, blob) is None}


def kept_in(state: Path) -> Path:
    """Return the file in the state folder in which it is remembered what was quiet."""
    return state / "checked" / "drift.json"


def traces(repo: Repo, head: str) -> dict[str, str]:
    """Map the name of each trace in `head` to its blob."""
    rows = repo.folder(head, trace.FOLDER).items()
    return {name: entry.id for name, entry in rows if trace.change_of(name)}


def read_trace(repo: Repo, name: str, blob: str) -> Trace:
    """Return the trace in the file `name`. Raises ConfigurationError where it cannot be read."""
    path = f"{trace.FOLDER}/{name}"
    try:
        return trace.from_toml(trace.change_of(name), repo.blob(blob).decode())
    except (TraceError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint=f"git log -p -- {path}"
        ) from error


def looking_at(repo: Repo, symbols: Symbols, head: str, found: Trace) -> "Looking":
    """Return what finds the marks of a trace in `head`."""
    return _looking(symbols, found, _Diffs(repo, head))


def _looking(symbols: Symbols, found: Trace, diffs: "_Diffs") -> "Looking":
    since = diffs.since(found.change)
    return Looking(diffs.repo, symbols, since, diffs.head, diffs.changed(since) if since else ())


@define
class _Diffs:
    """What changed up to a commit since each trace began; git is asked once for each beginning.

    `began` maps changes to the commits in which their traces began, as far as they are known.
    """

    repo: Repo
    head: str
    began: dict[str, str] = field(factory=dict)
    _rows: dict[str, Sequence[FileChange]] = field(factory=dict, init=False)

    def since(self, change: str) -> str:
        """Return the commit in which the trace of `change` began, or ''."""
        known = self.began.get(change, "")
        if not known or self.repo.resolve(known) != known:
            self.began[change] = self.repo.began(self.head, trace.path(change))
        return self.began[change]

    def changed(self, since: str) -> Sequence[FileChange]:
        """Return the files that changed after `since`."""
        if since not in self._rows:
            self._rows[since] = self.repo.changed(since, self.head)
        return self._rows[since]


def _look(
    repo: Repo, symbols: Symbols, head: str, found: Trace,
    results: Sequence[TestCase] | None, judged: Judged, diffs: "_Diffs",
) -> tuple[tuple[Verdict, ...], set[str]]:  # fmt: skip
    """Return the verdicts of one trace, and the files that they rest on."""
    path = trace.path(found.change)
    looking = _looking(symbols, found, diffs)
    words, ended = promises.said(repo, head, found)
    now = Now(looking.look, words, results, judged.doubted, judged.upheld, ended)
    links = (*found.symbols, *found.tests, *found.executes)
    paths = {one.path for _, one in links} | {one.path for one in found.promises} | {path}
    paths.add(ledger(found.change))
    verdicts = drift.judge(found, now)
    return verdicts, paths | looking.places


@define
class Looking:
    """Finds what became of marks between two commits; each file is parsed once at most.

    `places` are the files to which marks were followed.
    """

    repo: Repo
    symbols: Symbols
    since: str
    head: str
    changed: Sequence[FileChange]
    places: set[str] = field(factory=set, init=False)
    _files: dict[str, dict[str, Symbol]] = field(factory=dict, init=False)
    _fresh: list[tuple[str, Symbol]] | None = field(default=None, init=False)
    _touched: frozenset[str] = field(init=False)
    _data: dict[str, bytes | None] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._touched = frozenset(one.path for one in self.changed)

    def look(self, mark: Mark) -> Seen:
        """Return what became of `mark`."""
        if self.since and mark.path not in self._touched:
            return Seen(Kind.SAME, mark)
        if mark.path not in self._data:
            self._data[mark.path] = self.repo.read(self.head, mark.path)
        data = self._data[mark.path]
        if fingerprint.is_hunk(mark):
            return self._hunk(mark, data)
        there = self._read(self.head, mark.path, data)
        now = there.get(mark.name)
        if now is not None:
            kind = Kind.SAME if now.print == mark.print else Kind.CHANGED
            return Seen(kind, fingerprint.mark(mark.path, now), now.first)
        found = fingerprint.follow(mark, self.fresh())
        if found is None:
            # Without a print it was gone already, and tests passed without it.
            gone = Kind.GONE if mark.print else Kind.SAME
            return Seen(gone, mark, alone=data is not None)
        self.places.add(found[0])
        kind = Kind.MOVED if found[1].print == mark.print else Kind.CHANGED
        return Seen(kind, fingerprint.mark(*found), found[1].first)

    def _hunk(self, mark: Mark, data: bytes | None) -> Seen:
        if data is None:
            return Seen(Kind.GONE if mark.print else Kind.SAME, mark, alone=False)
        before = self.repo.read(self.since, mark.path) if self.since else None
        old, new = ((one or b"").decode(errors="replace").splitlines() for one in (before, data))
        if same := fingerprint.find_hunk(mark, new):
            return Seen(Kind.SAME, mark, same.first)
        found = fingerprint.replaced(mark, old, new) if mark.print else None
        if found is None:
            return Seen(Kind.GONE if mark.print else Kind.SAME, mark)
        return Seen(Kind.CHANGED, fingerprint.mark(mark.path, found), found.first)

    def fresh(self) -> list[tuple[str, Symbol]]:
        """Return the symbols that came between the two commits, with their paths."""
        if self._fresh is None:
            self._fresh = []
            for file in self.changed:
                now = self._read(self.head, file.path, self.repo.blob(file.id)) if file.id else {}
                was = self._read(self.since, file.path, self.repo.read(self.since, file.path))
                self._fresh += [(file.path, one) for name, one in now.items() if name not in was]
        return self._fresh

    def _read(self, commit: str, path: str, data: bytes | None) -> dict[str, Symbol]:
        key = f"{commit}:{path}"
        if key not in self._files:
            found = self.symbols(path, data) if data is not None else ()
            self._files[key] = {one.name: one for one in found or ()}
        return self._files[key]


@define
class _Before:
    """What the last check remembered, and which files were touched since; None: all of them."""

    rows: dict[str, Any]
    touched: set[str] | None
    since: dict[str, Any] = field(factory=dict)

    @classmethod
    def load(cls, kept: Path | None, repo: Repo, head: str) -> "_Before":
        try:
            found = json.loads(kept.read_bytes()) if kept else {}
            last = str(found["head"])
            if found["salt"] != __version__ or not repo.resolve(last):
                return cls({}, None)
            touched = {one.path for one in repo.changed(last, head)}
            return cls(found["quiet"], touched, dict(found["began"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls({}, None)

    def began(self, blobs: Mapping[str, str]) -> dict[str, str]:
        """Map changes to the commits in which their traces began, where these are as they were."""
        rows = self.since.items()
        return {one: str(row[0]) for one, row in rows if blobs.get(f"{one}.toml") == row[1]}

    def quiet(self, name: str, blob: str) -> Any | None:
        row = self.rows.get(name)
        if row is None or self.touched is None or row["blob"] != blob:
            return None
        return None if not self.touched.isdisjoint(row["paths"]) else row


def _remember(
    kept: Path | None, head: str, quiet: Mapping[str, Any], began: Mapping[str, Any]
) -> None:
    if kept is None:
        return
    with suppress(OSError):  # a full disk costs time later, and nothing now
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_name(f"{kept.name}.new")
        rows = {"salt": __version__, "head": head, "quiet": dict(quiet), "began": dict(began)}
        fresh.write_text(json.dumps(rows))
        fresh.replace(kept)
