"""Blame, for promises: which criterion a line serves, who agreed to it, what was decided of it.

It is read from a commit alone: the traces, the documents, the signed records and the trailers of
commits. A rebase or a squash carries all of these along, so nothing said here is lost by one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import define, field, frozen

from accord.app import drifting
from accord.app.changes import TRAILER
from accord.app.promising import Promise, Sources, promised
from accord.app.verdicts import GATE
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import fingerprint
from accord.core.approval import Decision, Signed
from accord.core.drift import Kind
from accord.core.fingerprint import MODULE, Mark
from accord.errors import ConfigurationError

BACK = 200  # commits of a file that are asked by which task they were made
_TASK = re.compile(rf"(?im)^{TRAILER}:[ \t]*([^\s/@]+)/([^\s/@]+)(?:@|\s*$)")


@frozen
class Said:
    """One signed verdict or waiver: what, by whom, on which day, why; `until` is its end.

    `opened` is the change that it began, `lapsed` why it does not count any more, or ''.
    """

    what: str
    by: str
    on: str
    why: str
    until: str = ""
    opened: str = ""
    lapsed: str = ""


@frozen
class Built:
    """A commit that changed what a line stands in: who made it, for which task of which change."""

    commit: str
    author: str
    change: str
    task: str


@frozen
class Blame:
    """One criterion that a place serves; `link` says how, '' where it is the sentence itself.

    `symbol` is the symbol that is bound. `verdicts` is all that was signed about the criterion,
    the oldest first, also about findings that are over: what holds today is in the promise.
    """

    promise: Promise
    link: str = ""
    symbol: str = ""
    built: tuple[Built, ...] = ()
    verdicts: tuple[Said, ...] = ()


def blame(sources: Sources, path: str, line: int = 0) -> tuple[Blame, ...]:
    """Return what the file `path` serves, or its line `line` (0: all of it).

    A sentence of a document is asked about itself, code about what is bound to it. Raises
    ConfigurationError for a file or a line that is not there.
    """
    data = sources.repo.read(sources.commit, path)
    if data is None:
        raise ConfigurationError(
            f"{path} is not in {sources.commit[:12]}", hint="name it from the top of the repository"
        )
    text = data.decode(errors="replace").splitlines()
    if not 0 <= line <= len(text):
        raise ConfigurationError(
            f"{path} has {len(text)} lines", hint=f"accord show --blame {path}"
        )
    every = promised(sources)
    sentences = [one for one in every if one.path == path]
    if sentences:
        meant = [one for one in sentences if not line or _is_at(one, line, text)]
        return tuple(Blame(one, verdicts=_verdicts(sources, one)) for one in meant)
    known = {(one.change, one.id): one for one in every}
    return tuple(_code(sources, known, path, line, text))


def _is_at(one: Promise, line: int, text: Sequence[str]) -> bool:
    """Tell whether `line` is of the sentence: its first, or one below it that goes on with it."""
    below = text[one.line : max(one.line, line)]
    return line >= one.line and all(each[:1].isspace() and each.strip() for each in below)


def _code(
    sources: Sources, known: Mapping[tuple[str, str], Promise], path: str, line: int,
    text: Sequence[str],
) -> Iterator[Blame]:  # fmt: skip
    repo, commit = sources.repo, sources.commit
    around = _around(sources, path, line)
    tasks = _Tasks(sources, path)
    for name, blob in sorted(drifting.traces(repo, commit).items()):
        bound = sources.again.applied(name, blob, drifting.read_trace(repo, name, blob))
        looking = drifting.looking_at(repo, sources.symbols, commit, bound)
        links = (("its code", bound.symbols), ("its test", bound.tests),
                 ("run by its tests", bound.executes))  # fmt: skip
        for link, rows in links:
            for criterion, old in rows:
                promise = known.get((bound.change, criterion))
                seen = looking.look(old)
                if promise is None or seen.kind is Kind.GONE or seen.mark.path != path:
                    continue
                if line and not _holds(seen.mark, around, line, text):
                    continue
                built = tuple(one for one in tasks.of(seen.mark.name) if one.change == bound.change)
                said = _verdicts(sources, promise)
                yield Blame(promise, link, seen.mark.name, built, said)


def _around(sources: Sources, path: str, line: int) -> frozenset[str]:
    """Return the symbols around a line; what a module does beside them counts where none is."""
    data = sources.repo.read(sources.commit, path) or b""
    held = [one.name for one in sources.symbols(path, data) or () if one.first <= line <= one.last]
    return frozenset(one for one in held if not one.endswith(MODULE)) or frozenset(held)


def _holds(mark: Mark, around: frozenset[str], line: int, text: Sequence[str]) -> bool:
    if not mark.name.startswith("<lines "):
        return mark.name in around
    found = fingerprint.find_hunk(mark, text)
    return found is not None and found.first <= line <= found.last


@define
class _Tasks:
    """Which tasks changed the symbols of one file, by the trailers of its commits."""

    sources: Sources
    path: str
    _rows: list[tuple[str, str, str, str]] | None = field(default=None, init=False)
    _known: dict[str, tuple[Built, ...]] = field(factory=dict, init=False)

    def of(self, symbol: str) -> tuple[Built, ...]:
        """Return the commits of tasks that changed a symbol, the youngest first."""
        if symbol not in self._known:
            self._known[symbol] = tuple(
                Built(commit, author, change, task)
                for commit, author, change, task in self._commits()
                if self._changed(commit, symbol)
            )
        return self._known[symbol]

    def _commits(self) -> list[tuple[str, str, str, str]]:
        if self._rows is None:
            repo, head = self.sources.repo, self.sources.commit
            messages = dict(repo.messages(head, BACK * 10))
            self._rows = [
                (commit, author, *task)
                for commit, author in repo.touching(head, self.path, BACK)
                for task in _TASK.findall(messages.get(commit, ""))
            ]
        return self._rows

    def _changed(self, commit: str, symbol: str) -> bool:
        if symbol.startswith("<lines "):
            return True
        now, was = (self._print(one, symbol) for one in (commit, f"{commit}^1"))
        return now != was

    def _print(self, commit: str, symbol: str) -> str:
        repo = self.sources.repo
        found = repo.resolve(commit)
        data = repo.read(found, self.path) if found else None
        some = self.sources.symbols(self.path, data) if data is not None else None
        return next((one.print for one in some or () if one.name == symbol), "")


def _verdicts(sources: Sources, promise: Promise) -> tuple[Said, ...]:
    """Return what was signed about a criterion after its release, and what was waived for it."""
    entries = sources.repo.folder(sources.commit, f"{FOLDER}/{promise.change}")
    if sources.trust is None or not entries:
        return ()
    files = {path: sources.repo.blob(one.id) for path, one in entries.items()}
    log = read_log(promise.change, files, sources.trust)
    meant = [one for one in log.signed if not log.unsound and _is_about(one, promise.id)]
    return tuple(_said(one) for one in sorted(meant, key=lambda one: one.approval.issued))


def _is_about(record: Signed, criterion: str) -> bool:
    approval = record.approval
    if approval.decision is not Decision.WAIVE:
        return False
    if approval.gate == GATE:
        return criterion in approval.items
    keys = approval.details.get("keys")
    return isinstance(keys, list) and criterion in [str(one).partition(" ")[0] for one in keys]


def _said(record: Signed) -> Said:
    approval, details = record.approval, record.approval.details
    what = details.get("verdict") or f"waived: {details.get('waives', approval.gate)}"
    until, opened = (str(details.get(one) or "") for one in ("until", "opened"))
    return Said(str(what), approval.approver, approval.issued[:10], approval.reason, until, opened,
                record.lapsed)  # fmt: skip
