"""The living spec as the room shows it: by change, the worst first within sight."""

from collections.abc import Collection, Mapping

from accord.app import drifting, renewing
from accord.app.changes import released
from accord.app.promising import Promise, Sources, promised
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.drift import Standing

Texts = Mapping[tuple[str, str], str]

# What the base promised at one commit on one day, by what was renewed: one is kept at a time.
_KNOWN: dict[tuple[str, str, str, str], tuple[Promise, ...]] = {}


def living_view(workshop: Workshop) -> View:
    """Return each released change with its criteria in force, their tests and their code."""
    every = [one for one in _promised(workshop) if not one.over]
    names = dict.fromkeys(one.change for one in every)
    specs = [_spec(name, [one for one in every if one.change == name]) for name in names]
    return {
        "specs": specs,
        "untraced": [name for name in released(workshop) if name not in names],
        "counts": {str(one): count for one in Standing
                   if (count := sum(each.standing is one for each in every))},
    }  # fmt: skip


def texts(workshop: Workshop, changes: Collection[str]) -> Texts:
    """Return what the criteria of released `changes` say on the base, by change and id."""
    if not changes:
        return {}
    return {(one.change, one.id): one.words for one in _promised(workshop) if one.change in changes}


def _promised(workshop: Workshop) -> tuple[Promise, ...]:
    now = workshop.clock.now()
    again = renewing.load(drifting.kept_in(workshop.state))
    key = (str(workshop.state), workshop.repo.resolve(workshop.base), now[:10], repr(again.rows))
    if key not in _KNOWN:
        sources = Sources(workshop.repo, workshop.symbols, key[1], now, workshop.trust, again=again)
        found = promised(sources)
        _KNOWN.clear()
        _KNOWN[key] = found
    return _KNOWN[key]


def _spec(change: str, promises: list[Promise]) -> View:
    order = list(Standing)
    return {
        "change": change,
        "criteria": [
            {"id": one.id, "text": one.words, "standing": str(one.standing),
             "tests": list(one.tests), "code": list(one.symbols)}
            for one in promises
        ],
        "worst": str(min((one.standing for one in promises), key=order.index)),
        "agreed": promises[0].agreed,
    }  # fmt: skip
