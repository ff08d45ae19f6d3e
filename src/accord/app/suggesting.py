"""Look through an old repository for links between its specs and its code, and keep the right ones.

What is proposed comes from the history, from names and from what tests execute; a person says of
each whether it is so. What was accepted is part of the trace, in a commit with a signed record.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from accord.app import promises, promising, records, tracing
from accord.app.changes import find
from accord.app.workshop import Workshop
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import covering, evidence, suggesting, trace
from accord.core.approval import Decision, Json
from accord.core.cases import is_case, is_inline
from accord.core.fingerprint import MODULE, Symbol, mark
from accord.core.model import Criterion, Document, sha256
from accord.core.ports import Executed, Repo, Symbols
from accord.core.suggesting import Signs, Suggestion, Target, Touched, Wanted
from accord.core.trace import Trace
from accord.errors import ConfigurationError, RefusedError

GATE = "trace"
BACK, LARGEST, WIDEST = 2000, 512 * 1024, 60
_ABOVE = re.compile(r"\s*(?://|#|\*|/\*|\"\"\"|''')")
_DOCSTRING = re.compile(r'[rRuU]?("""|\'\'\')(.*?)\1', re.DOTALL)
_BODY = 4000
_NUMBER = re.compile(r"[0-9]+")


@frozen
class _Place:
    """One criterion in force: its change, its words, and the document that it stands in."""

    change: str
    item: Criterion
    path: str
    document: Document

    @property
    def key(self) -> str:
        return f"{self.change}/{self.item.id}"


@frozen
class Source:
    """A commit in which links are looked for, and who reads its code."""

    repo: Repo
    symbols: Symbols
    commit: str


def suggest(
    workshop: Workshop, word: str = "", ran: Sequence[Executed] = ()
) -> tuple[Suggestion, ...]:
    """Return the links to propose on the base branch, the surest first.

    `word` narrows it to criteria that speak of it; `ran` are the lines that ran in tests. Links
    that the trace has are left out.
    """
    return proposed(_source(workshop, workshop.repo.resolve(workshop.base)), word, ran)


def guessed(source: Source) -> tuple[Trace, ...]:
    """Return traces of whatever is proposed for the criteria of a commit, as nobody accepted it.

    What nothing is proposed for is left out.
    """
    found: dict[str, list[Suggestion]] = {}
    for one in proposed(source):
        found.setdefault(one.key.partition("/")[0], []).append(one)
    places = list(_places(source))
    return tuple(
        _with(None, change, some, [one for one in places if one.change == change
                                   and one.key in {each.key for each in some}])
        for change, some in sorted(found.items())
    )  # fmt: skip


def proposed(
    source: Source, word: str = "", ran: Sequence[Executed] = ()
) -> tuple[Suggestion, ...]:
    """Return what `suggest` does, for any commit."""
    places = {one.key: one for one in _places(source) if _speaks(one, word)}
    targets = list(_targets(source))
    changes = {one.change for one in places.values()}
    linked = {one: trace_of(source.repo, source.commit, one) for one in changes}
    named = dict(_named(list(places.values()), targets))
    signs = Signs(named, _history(source, places), _ran(source, named, linked, targets, ran))
    wanted = [Wanted(one.key, one.item.text) for one in places.values()]
    known = {
        (f"{change}/{name}", each.place)
        for change, found in linked.items() if found
        for name, each in (*found.symbols, *found.tests)
    }  # fmt: skip
    found = suggesting.suggest(wanted, targets, signs)
    return tuple(one for one in found if (one.key, one.mark.place) not in known)


def accept(workshop: Workshop, suggestions: Sequence[Suggestion]) -> tuple[str, ...]:
    """Put links into the traces, with a signed record for each change; return the changes.

    Raises RefusedError for a change that is still open: what it is bound to is written down when
    it is released.
    """
    records.refuse_agents()
    repo, base = workshop.repo, workshop.base
    tip = repo.resolve(base)
    places = {one.key: one for one in _places(_source(workshop, tip))}
    opened = {one.change for one in find(workshop)}
    by_change: dict[str, list[Suggestion]] = {}
    for one in suggestions:
        change = places[one.key].change
        if change in opened:
            raise RefusedError(f"{change} is not released, and is bound when it is",
                               hint=f"accord show {change}")  # fmt: skip
        by_change.setdefault(change, []).append(one)
    files: dict[str, bytes | None] = {}
    for change, some in sorted(by_change.items()):
        before = trace_of(repo, tip, change)
        found = _with(before, change, some, [one for one in places.values()
                                             if one.change == change])  # fmt: skip
        files[trace.path(change)] = trace.to_toml(found).encode()
        files |= _signed(workshop, tip, change, some)
    names = ", ".join(sorted(by_change))
    message = f"Accept {len(suggestions)} links of {names}\n"
    new = repo.commit(tip, files, message, workshop.author)
    detail = f"{len(suggestions)} links"
    workshop.move("trace", next(iter(sorted(by_change))), base, new, tip, detail=detail)
    return tuple(sorted(by_change))


def trace_of(repo: Repo, commit: str, change: str) -> Trace | None:
    """Return the trace of a change in a commit, or None. Raises ConfigurationError."""
    data = repo.read(commit, trace.path(change))
    try:
        return trace.from_toml(change, data.decode()) if data is not None else None
    except (trace.TraceError, UnicodeDecodeError) as error:
        path = trace.path(change)
        raise ConfigurationError(f"{path} cannot be read: {error}",
                                 hint=f"git log -p -- {path}") from error  # fmt: skip


def _signed(
    workshop: Workshop, tip: str, change: str, some: Sequence[Suggestion]
) -> dict[str, bytes]:
    entries = workshop.repo.folder(tip, f"{FOLDER}/{change}")
    files = {path: workshop.repo.blob(one.id) for path, one in entries.items()}
    log = read_log(change, files, workshop.trust)
    if log.unsound:
        raise RefusedError(log.unsound[0].reason, hint=f"accord log {change}")
    signer = workshop.signer()
    draft = records.draft(
        workshop, change, GATE, Decision.APPROVE, log=log, signer=signer, number=1,
        approver=records.person(workshop, signer),
    )  # fmt: skip
    places: list[Json] = [f"{one.key} -> {one.mark.place}" for one in some]
    links: dict[str, list[str]] = {}
    for one in some:
        links.setdefault(one.key.partition("/")[2], []).append(f"{one.mark.place} {one.mark.print}")
    items = {name: sha256("\n".join(sorted(said)).encode()) for name, said in links.items()}
    approval = evolve(draft, details={"links": places}, items=items)
    signed = records.signed_files(signer, approval)
    records.witness(workshop, change, signed)
    return signed


def _with(
    before: Trace | None, change: str, some: Sequence[Suggestion], places: Sequence[_Place]
) -> Trace:
    found = before or Trace(change)
    bound = {one.id for one in found.promises}
    new = [
        trace.Promise(one.item.id, one.path, trace.words(one.item.text))
        for one in places if one.item.id not in bound
    ]  # fmt: skip
    symbols = [(one.key.partition("/")[2], one.mark) for one in some if not one.is_test]
    tests = [(one.key.partition("/")[2], evolve(one.mark, sketch=())) for one in some
             if one.is_test]  # fmt: skip
    return Trace(change, (*found.promises, *new), (*found.symbols, *symbols),
                 (*found.tests, *tests))  # fmt: skip


def _source(workshop: Workshop, commit: str) -> Source:
    return Source(workshop.repo, workshop.symbols, commit)


def _places(source: Source) -> Iterator[_Place]:
    found = list(promising.documents(source.repo, source.commit))
    living = [path for _, path, _ in found if path.startswith(f"{promising.SPECS}/")]
    bound = _bound(source) if living else set()
    proposed = source.repo.names(source.commit, promising.PROPOSED) if living else ()
    for change, path, document in found:
        if path in living and change in proposed:
            continue  # a trace of that name is written when that change is released
        for item in promises.in_force(document):
            # What a change brought into a living spec is bound by the trace of that change.
            if path not in living or (item.id, trace.words(item.text)) not in bound:
                yield _Place(change, item, path, document)


def _bound(source: Source) -> set[tuple[str, str]]:
    """Return the criteria that traces bind in documents of changes, by id and digest."""
    names = map(trace.change_of, source.repo.names(source.commit, trace.FOLDER))
    traces = [trace_of(source.repo, source.commit, one) for one in names if one]
    every = (one for found in traces if found for one in found.promises)
    return {(one.id, one.words) for one in every if not one.path.startswith(promising.SPECS)}


def _speaks(one: _Place, word: str) -> bool:
    texts = (one.key, one.path, one.item.text)
    return any(word.casefold() in text.casefold() for text in texts)


def _targets(source: Source) -> Iterator[Target]:
    for path, entry in sorted(source.repo.folder(source.commit, "").items()):
        if entry.mode not in tracing.REGULAR or path.startswith("."):
            continue
        data = _code(source, path, entry.id)
        found = source.symbols(path, data) if data is not None else None
        lines = data.decode(errors="replace").splitlines() if data and found else []
        apart = evidence.is_test(path)
        for one in found or ():
            if one.name.endswith(MODULE) or (apart and not is_case(path, one)):
                continue
            test = apart or is_inline(path, one)
            about, code = _said(lines, one)
            yield Target(mark(path, one), test, about, code, one.first, one.last)


def _code(source: Source, path: str, oid: str) -> bytes | None:
    # Whether a language is known is asked with nothing in hand, before a blob is read.
    if source.symbols(path, b"") is None:
        return None
    data = source.repo.blob(oid)
    return data if len(data) <= LARGEST else None


def _said(lines: Sequence[str], one: Symbol) -> tuple[str, str]:
    """Return what is written about a symbol, above it and as its docstring, and its code."""
    above = one.first - 1
    while above > 0 and _ABOVE.match(lines[above - 1]):
        above -= 1
    body = "\n".join(lines[one.first - 1 : one.last])[:_BODY]
    found = _DOCSTRING.search(body)
    about = "\n".join([*lines[above : one.first - 1], found[2] if found else ""])
    return about, body


def _named(
    places: Sequence[_Place], targets: Sequence[Target]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield why a test is about a criterion: it names it, with its change where that is needed."""
    owners: dict[str, set[str]] = {}
    for one in places:
        owners.setdefault(one.item.id, set()).add(one.change)
    by_id: dict[str, list[_Place]] = {}
    for one in places:
        by_id.setdefault(one.item.id, []).append(one)
    for test in (one for one in targets if one.is_test):
        text = f"{test.about}\n{test.code}"
        marked = set(trace.markers(text))
        numbers = set(_NUMBER.findall(test.mark.name))
        for name, some in by_id.items():
            # Most names of tests hold no number at all, and then none of an id.
            said = numbers.issuperset(_NUMBER.findall(name))
            if name in marked:
                why = f"it says Satisfies: {name}"
            elif said and evidence.names_criterion(test.mark.name, name):
                why = f"its name holds {name}"
            else:
                continue
            for one in some:
                if len(owners[name]) == 1 or one.change in f"{test.mark.path} {text}":
                    yield (one.key, test.mark.place), why


def _history(source: Source, places: Mapping[str, _Place]) -> dict[tuple[str, str], list[Touched]]:
    found: dict[tuple[str, str], list[Touched]] = {}
    changed: dict[str, list[str]] = {}

    def note(key: str, made: str, *, said: bool) -> None:
        if made not in changed:
            changed[made] = list(_symbols_of(source, made))
        for place in changed[made] if len(changed[made]) <= WIDEST else ():
            found.setdefault((key, place), []).append(Touched(made, len(changed[made]), said))

    messages = source.repo.messages(source.commit, BACK)
    ids = {key: re.compile(rf"(?<![\w.]){re.escape(one.item.id)}(?![\w]|\.\d)")
           for key, one in places.items()}  # fmt: skip
    for made, message in messages:
        for key, pattern in ids.items():
            change = places[key].change
            if change in message and pattern.search(message):
                note(key, made, said=True)
    for path in {one.path for one in places.values()}:
        mine = {key: one for key, one in places.items() if one.path == path}
        for made, _ in source.repo.touching(source.commit, path, BACK // 10):
            for key in _edited(source.repo, made, path, mine):
                note(key, made, said=False)
    return found


def _edited(repo: Repo, made: str, path: str, mine: Mapping[str, _Place]) -> Iterator[str]:
    """Yield the criteria of a document whose words a commit changed or brought."""
    before = promises.texts(repo, repo.resolve(f"{made}^1"), path)
    after = promises.texts(repo, made, path)
    for key, one in mine.items():
        if one.item.id in after and before.get(one.item.id) != after[one.item.id]:
            yield key


def _symbols_of(source: Source, made: str) -> Iterator[str]:
    """Yield the places of the symbols that a commit changed."""
    before = source.repo.resolve(f"{made}^1")
    for file in source.repo.changed(before, made) if before else ():
        known = file.id and file.mode in tracing.REGULAR
        if known and source.symbols(file.path, b"") is not None:
            for one in tracing.changed(source.repo, source.symbols, before, file):
                yield f"{file.path}::{one.name}"


def _ran(
    source: Source, named: Mapping[tuple[str, str], str],
    linked: Mapping[str, Trace | None], targets: Sequence[Target], ran: Sequence[Executed],
) -> dict[tuple[str, str], int]:  # fmt: skip
    """Map (criterion, symbol) to how many tests run the symbol, where a test of the first does."""
    marks = {one.mark.place: one.mark for one in targets}
    tests = [(key, marks[place]) for key, place in named if place in marks]
    tests += [(f"{change}/{name}", each) for change, found in linked.items() if found
              for name, each in found.tests]  # fmt: skip
    inside = covering.placed(
        [one for one in ran if one.context], {one.mark.path for one in targets}
    )
    symbols = {
        path: source.symbols(path, source.repo.read(source.commit, path) or b"") or ()
        for path in {one.path for one in inside}
    }
    crowd = Counter(
        f"{one.path}::{symbol.name}"
        for one in inside
        for symbol in dict.fromkeys(covering.run_in(symbols[one.path], one.lines))
    )
    return {
        (key, f"{path}::{symbol.name}"): crowd[f"{path}::{symbol.name}"]
        for key, path, symbol in covering.executes(tests, inside, symbols)
    }
