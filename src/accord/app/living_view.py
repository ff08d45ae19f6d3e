"""The living spec: what is promised today, which code does it, and which tests prove it."""

from collections.abc import Collection, Mapping

from accord.app import drifting
from accord.app.changes import released
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core import trace
from accord.core.drift import Standing, Verdict
from accord.core.model import ItemKind
from accord.core.trace import Trace, TraceError

Texts = Mapping[tuple[str, str], str]

# What the base promised at one commit: a commit stays as it is, and one is kept at a time.
_KNOWN: dict[tuple[str, str], tuple[tuple[Trace, ...], Texts]] = {}


def living_view(workshop: Workshop, findings: Collection[Verdict]) -> View:
    """Return each released change with its criteria, their tests and their code.

    `findings` are those of a check for drift: a criterion without one holds where a test is bound
    to it, and is unproven where none is.
    """
    traces, said = _promised(workshop)
    wrong = {(one.change, one.criterion): str(one.standing) for one in findings}
    specs = [_spec(one, said, wrong) for one in traces]
    known = {one["change"] for one in specs}
    every = [one for spec in specs for one in spec["criteria"]]
    return {
        "specs": specs,
        "untraced": [name for name in released(workshop) if name not in known],
        "counts": {str(one): count for one in Standing
                   if (count := sum(each["standing"] == one for each in every))},
    }  # fmt: skip


def texts(workshop: Workshop, changes: Collection[str]) -> Texts:
    """Return what the criteria of released `changes` say on the base, by change and id."""
    if not changes:
        return {}
    return {key: text for key, text in _promised(workshop)[1].items() if key[0] in changes}


def _promised(workshop: Workshop) -> tuple[tuple[Trace, ...], Texts]:
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    key = (str(workshop.state), tip)
    if key not in _KNOWN:
        traces = tuple(_traces(workshop, tip))
        said = {
            (one.change, item.id): item.text
            for one in traces
            for _, item in drifting.promised(repo, tip, one)
            if item.kind is ItemKind.CRITERION
        }
        _KNOWN.clear()
        _KNOWN[key] = (traces, said)
    return _KNOWN[key]


def _traces(workshop: Workshop, tip: str) -> list[Trace]:
    found = []
    for name, entry in sorted(workshop.repo.folder(tip, trace.FOLDER).items()):
        change = trace.change_of(name)
        try:
            text = workshop.repo.blob(entry.id).decode() if change else ""
            found += [trace.from_toml(change, text)] if change else []
        except (TraceError, UnicodeDecodeError):  # the check for drift says so
            continue
    return found


def _spec(one: Trace, said: Texts, wrong: Mapping[tuple[str, str], str]) -> View:
    criteria: list[View] = []
    for promise in one.promises:
        key = (one.change, promise.id)
        tests = [mark.place for name, mark in one.tests if name == promise.id]
        proven = Standing.HOLDS if tests else Standing.UNPROVEN
        criteria.append({
            "id": promise.id,
            "text": said.get(key, "no longer in its document"),
            "standing": wrong.get(key, str(proven)),
            "tests": tests,
            "code": [mark.place for name, mark in one.symbols if name == promise.id],
        })  # fmt: skip
    order = [str(each) for each in Standing]
    worst = min((order.index(each["standing"]) for each in criteria), default=len(order) - 1)
    return {"change": one.change, "criteria": criteria, "worst": order[worst]}
