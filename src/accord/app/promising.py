"""What the system promises today: every criterion in force, how it stands, what proves it.

Nothing is stored: the documents, the traces and the signed records of a commit are the living
spec, so there is no copy of it that could go stale.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import Factory, evolve, frozen

from accord.app import drifting, promises, verdicts
from accord.app.identifying import known_at
from accord.app.renewing import Renewed
from accord.app.verdicts import Answer
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import living, trace
from accord.core.approval import Approval, Decision, Trust
from accord.core.drift import Standing, Verdict
from accord.core.evidence import TestCase
from accord.core.markdown import UnreadableError
from accord.core.model import Criterion, Document, Stage
from accord.core.ports import Repo, Symbols
from accord.formats import registry
from accord.formats.registry import FORMATS

SPECS, PROPOSED = promises.SPECS, "openspec/changes"
ARCHIVE = f"{PROPOSED}/archive"


@frozen
class Agreed:
    """Where a criterion was agreed: the change, who approved its story, on which day."""

    change: str
    by: tuple[str, ...] = ()
    on: str = ""


@frozen
class Promise:
    """One criterion of the living spec.

    `standing` is how it stands, `why` the first reason for a finding, `decided` what a person said
    of that. `over` says what took its place; it is in force where that is empty.
    """

    change: str
    id: str
    path: str
    line: int
    words: str
    standing: Standing
    agreed: Agreed
    title: str = ""
    why: str = ""
    decided: str = ""
    over: str = ""
    symbols: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def speaks_of(self, wanted: str) -> bool:
        """Tell whether the word or the path `wanted` is in what is known of it."""
        texts = (self.change, self.id, self.path, self.title, self.words, *self.symbols,
                 *self.tests)  # fmt: skip
        return any(wanted.casefold() in one.casefold() for one in texts)


@frozen
class Sources:
    """What a living spec is read from: a commit, the people whose word counts, test results.

    Without `trust` nobody's word counts. `now` is the moment, as `Clock` gives it. `again` is what
    tests renewed.
    """

    repo: Repo
    symbols: Symbols
    commit: str
    now: str
    trust: Trust | None = None
    results: Sequence[TestCase] | None = None
    again: Renewed = Factory(lambda: Renewed(None))


@frozen
class _Links:
    """What the traces know, by (change, id): the verdicts, and what is bound."""

    verdicts: Mapping[tuple[str, str], Verdict]
    symbols: Mapping[tuple[str, str], list[str]]
    tests: Mapping[tuple[str, str], list[str]]
    words: Mapping[tuple[str, str], str] = Factory(dict)


def promised(sources: Sources) -> tuple[Promise, ...]:
    """Return every criterion in the order of its document, those that are over included.

    Raises ConfigurationError for a trace that cannot be read.
    """
    links = _links(sources)
    agreed: dict[str, Agreed] = {}
    found: list[Promise] = []
    for change, path, document in documents(sources.repo, sources.commit):
        if change not in agreed:
            agreed[change] = _agreed(sources, change)
        for item in document.items:
            if isinstance(item, Criterion):
                one = Promise(
                    change, item.id, path, item.place.line, living.words(item), Standing.UNPROVEN,
                    agreed[change], document.title, over=living.ended(document, item),
                )  # fmt: skip
                found.append(_standing(one, trace.words(item.text), links))
        found += _retired(sources, change, path, agreed[change]) if path.endswith(".md") else ()
    return tuple(dict.fromkeys(found))


def _standing(one: Promise, digest: str, links: _Links) -> Promise:
    key = (one.change, one.id)
    if one.path.startswith(f"{SPECS}/"):  # agreed in a change, and folded into this by its archive
        named = [each for each in links.verdicts if each[1] == one.id]
        key = next((each for each in named if links.words[each] == digest), key)
    verdict = links.verdicts.get(key)
    standing = Standing.RETIRED if one.over else verdict.standing if verdict else one.standing
    why = verdict.causes[0].message if verdict and verdict.is_finding and verdict.causes else ""
    return evolve(
        one, standing=standing, why="" if one.over else why,
        decided=verdict.decided if verdict and not one.over else "",
        symbols=tuple(links.symbols.get(key, ())), tests=tuple(links.tests.get(key, ())),
    )  # fmt: skip


def _links(sources: Sources) -> _Links:
    known: dict[tuple[str, str], Verdict] = {}
    words: dict[tuple[str, str], str] = {}
    symbols: dict[tuple[str, str], list[str]] = {}
    tests: dict[tuple[str, str], list[str]] = {}
    traces = drifting.every(
        sources.repo, sources.symbols, sources.commit, sources.results, sources.again
    )
    for found, standing in traces:
        for one in _judged(sources, standing):
            known[one.change, one.criterion] = one
        words |= {(found.change, one.id): one.words for one in found.promises}
        for into, links in ((symbols, found.symbols), (tests, found.tests)):
            for name, mark in links:
                into.setdefault((found.change, name), []).append(mark.place)
    return _Links(known, symbols, tests, words)


def _judged(sources: Sources, standing: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield verdicts with what people said of the findings; what is still true holds."""
    if sources.trust is None:
        yield from standing
        return
    findings = [one for one in standing if one.is_finding]
    told = verdicts.judged(sources.repo, sources.commit, sources.trust, findings, sources.now)
    for one, answer in told:
        still = answer is Answer.STILL_TRUE
        yield evolve(one, standing=Standing.HOLDS) if still else one
    held = [one for one in standing if not one.is_finding]
    yield from verdicts.vouched(sources.repo, sources.commit, sources.trust, held)


def documents(repo: Repo, commit: str) -> Iterator[tuple[str, str, Document]]:
    """Yield change, path and document of each released spec and of each living one of OpenSpec."""
    yield from _living(repo, commit)
    released = set(repo.names(commit, FOLDER))
    for base in dict.fromkeys(one.removesuffix("/*") for kind in FORMATS for one in kind.folders):
        for name in sorted(repo.names(commit, base)):
            proposed = base.startswith("openspec/") and name not in released
            if not proposed and name != "archive":
                for path, document in promises.documents(repo, commit, f"{base}/{name}"):
                    yield name, path, document


def _living(repo: Repo, commit: str) -> Iterator[tuple[str, str, Document]]:
    names = [one for one in repo.folder(commit, SPECS) if one.endswith("/spec.md")]
    owners = _owners(repo, commit) if names else {}
    form = registry.named("openspec")
    for name in sorted(names):
        path = f"{SPECS}/{name}"
        try:
            document = form.read(path, repo.read(commit, path) or b"")
        except UnreadableError:
            continue
        yield owners.get(name, name.removesuffix("/spec.md")), path, document


def _owners(repo: Repo, commit: str) -> dict[str, str]:
    """Map each living spec to the change that was folded into it last."""
    found = {}
    for path in sorted(repo.folder(commit, ARCHIVE)):
        folder, _, rest = path.partition("/specs/")
        if rest:
            found[rest] = folder[11:]  # behind the day, `2026-12-31-`
    return found


def _retired(sources: Sources, change: str, path: str, agreed: Agreed) -> Iterator[Promise]:
    """Yield what was retired in place, as the ledger of ids keeps it."""
    if path.rpartition("/")[2] not in ("requirements.md", "spec.md"):
        return
    for one in known_at(sources.repo, sources.commit, change):
        if one.retired and one.kind == "c":
            yield Promise(change, one.host, path, 1, one.words, Standing.RETIRED, agreed,
                          over=one.retired)  # fmt: skip


def _agreed(sources: Sources, change: str) -> Agreed:
    entries = sources.repo.folder(sources.commit, f"{FOLDER}/{change}")
    if sources.trust is None or not entries:
        return Agreed(change)
    files = {path: sources.repo.blob(one.id) for path, one in entries.items()}
    log = read_log(change, files, sources.trust)
    story = [one.approval for one in log.signed if not one.lapsed and _is_story(one.approval)]
    last = max((one.round for one in story), default=0)
    signed = [one for one in story if one.round == last]
    people = tuple(dict.fromkeys(one.approver for one in signed))
    return Agreed(change, people, max((one.issued[:10] for one in signed), default=""))


def _is_story(approval: Approval) -> bool:
    return approval.gate == Stage.STORY and approval.decision is Decision.APPROVE
