"""What one spec says that has to be held against the others, and against the files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from accord.core import contradictions, living
from accord.core.checks import Finding, Severity
from accord.core.contradictions import Statement
from accord.core.model import Criterion, Spec
from accord.core.ticks import Claim
from accord.formats import openspec_grammar as grammar

_OVER = ("supersede", "deprecat", "retire", "obsolete", "replaced", "archived", "withdrawn")
_STATE = re.compile(
    r"(?im)^[ \t>*_-]*(?P<name>status|superseded by|replaced by|supersedes|replaces)\b[*_ \t]*:"
    r"[*_ \t]*(?P<value>[^\r\n]+)"
)
_NAME = re.compile(r"[\w.-]*\d{3}[\w.-]*|[\w.-]+/[\w./-]+|[a-z0-9]+(?:-[a-z0-9]+)+")


class Edit(NamedTuple):
    """A requirement of a living spec that an open change edits."""

    requirement: str
    path: str
    line: int


class State(NamedTuple):
    """What a spec says of its standing: `name` is status, superseded by or supersedes."""

    name: str
    value: str
    path: str
    line: int


class Facts(NamedTuple):
    """What there is to hold against other specs and against the files."""

    statements: tuple[Statement, ...] = ()
    claims: tuple[Claim, ...] = ()
    edits: tuple[Edit, ...] = ()
    states: tuple[State, ...] = ()


def of_spec(prefix: str, spec: Spec, claims: Iterable[Claim]) -> Facts:
    """Return the facts of a spec whose folder is `prefix`; what was superseded says nothing."""
    found = []
    pairs = ((document, item) for document in spec.documents for item in document.items)
    for document, item in pairs:
        if not isinstance(item, Criterion) or living.ended(document, item):
            continue
        for key, value in contradictions.said(item.text):
            path = f"{prefix}/{item.place.path}"
            scope = f"{prefix}\n{item.id}"
            found.append(Statement(_short(key), value, path, item.place.line, scope))
    states = (state for one in spec.documents for state in _states(prefix, one.path, one.data))
    return Facts(tuple(found), tuple(claims), (), tuple(states))


def of_requirements(
    path: str, capability: str, source: grammar.Lines, blocks: Iterable[grammar.Block]
) -> Iterator[Statement]:
    """Yield what the requirements of an OpenSpec file say."""
    for block in blocks:
        for key, value in contradictions.said(grammar.body(source, block.start, block.end)):
            name = f"{capability}/{block.name}"
            yield Statement(_short(key), value, path, block.start + 1, name)


def edits(path: str, capability: str, plan: grammar.Plan) -> Iterator[Edit]:
    """Yield the requirements that a delta edits."""
    named = [(one.name, one.start) for one in plan.modified]
    named += [(one.name, one.at) for one in plan.removed]
    named += [(one.old, one.at) for one in plan.renamed]
    for name, at in named:
        yield Edit(f"{capability}/{name}", path, at + 1)


def _short(key: str) -> str:
    return blake2b(key.encode(), digest_size=8).hexdigest()


def _states(prefix: str, path: str, data: bytes) -> Iterator[State]:
    # Only the head of a document speaks of the document: further down it speaks of other things.
    head = data[:4000].decode(errors="replace")
    second = re.search(r"(?m)^## ", head)
    for match in _STATE.finditer(head, 0, second.start() if second else len(head)):
        line = head.count("\n", 0, match.start()) + 1
        name = match["name"].lower()
        name = {"replaced by": "superseded by", "replaces": "supersedes"}.get(name, name)
        yield State(name, match["value"].strip(" *_`"), f"{prefix}/{path}", line)


def across(facts: Mapping[str, Facts]) -> Iterator[tuple[str, Finding]]:
    """Yield the findings between specs, each with the folder that it is about."""
    yield from _contradictions(facts)
    yield from _edited_twice(facts)
    yield from _superseded(facts)


def _contradictions(facts: Mapping[str, Facts]) -> Iterator[tuple[str, Finding]]:
    owner = {one.path: prefix for prefix, had in facts.items() for one in had.statements}
    every = (one for had in facts.values() for one in had.statements)
    for found in contradictions.find(every):
        here, there = found.other, found.one
        item = here.item.rpartition("\n")[2]
        words = f"{item} and {there.path}:{there.line} cannot both hold: {found.about}"
        yield owner[here.path], Finding(
            "contradiction", Severity.WARNS, here.path, here.line, 1, item, words,
            "decide which one holds and change the other",
        )  # fmt: skip


def _edited_twice(facts: Mapping[str, Facts]) -> Iterator[tuple[str, Finding]]:
    first: dict[str, str] = {}
    for prefix, had in facts.items():
        for edit in dict.fromkeys(had.edits):
            other = first.setdefault(edit.requirement, prefix)
            if other != prefix:
                words = f"{edit.requirement} is edited by {other} too"
                yield prefix, Finding(
                    "edited-twice", Severity.WARNS, edit.path, edit.line, 1, edit.requirement,
                    words, "accord archive joins both, and stops where they disagree",
                )  # fmt: skip


def _superseded(facts: Mapping[str, Facts]) -> Iterator[tuple[str, Finding]]:
    for prefix, had in facts.items():
        status = [one for one in had.states if one.name == "status"]
        over = any(word in one.value.lower() for one in status for word in _OVER)
        for state in had.states:
            targets = [*_targets(state, prefix, facts)]
            if state.name == "superseded by" and status and not over:
                words = f"it is superseded, and its status still says {status[0].value}"
                yield prefix, _stands(status[0], words)
            if state.name == "supersedes":
                for target in targets:
                    there = facts[target].states
                    said = [one.value.lower() for one in there if one.name == "status"]
                    if not any(one.name == "superseded by" for one in there) and not any(
                        word in one for one in said for word in _OVER
                    ):
                        at = next((one for one in there if one.name == "status"), None)
                        said_in = next((one.path for one in facts[target].statements), target)
                        place = at or State("", "", said_in, 1)
                        yield target, _stands(place, f"{prefix} supersedes it, and it says nothing")


def _stands(state: State, words: str) -> Finding:
    return Finding(
        "superseded", Severity.WARNS, state.path, state.line, 1, state.path, words,
        "write **Status**: Superseded by ... at its head",
    )  # fmt: skip


def _targets(state: State, prefix: str, facts: Mapping[str, Facts]) -> Sequence[str]:
    names = [match[0].strip("/.").lower() for match in _NAME.finditer(state.value)]
    found = []
    for path in facts:
        last = path.rpartition("/")[2].lower()
        if path != prefix and any(
            one in (last, path.lower()) or last.startswith(f"{one.rpartition('/')[2]}-")
            for one in names
        ):
            found.append(path)
    return found
