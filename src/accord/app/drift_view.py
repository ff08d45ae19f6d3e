"""Drift as a person judges it: each finding with what it said, the two lines, and who did it."""

from attrs import evolve

from accord.app import drifting, living_view, verdicts
from accord.app.drifting import Drift
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.drift import Verdict

EXPLAINED = 10  # findings of which it is looked up who did it, in which commit


def drift_view(workshop: Workshop) -> View:
    """Return the findings on the base that no verdict closes, the worst first, and the counts."""
    found = check(workshop)
    tip = found.commit
    told = [drifting.explain(workshop.repo, workshop.symbols, tip, one)
            for one in found.findings[:EXPLAINED]]  # fmt: skip
    texts = living_view.texts(workshop, {one.change for one in found.findings})
    return {
        "findings": [_finding(one, texts) for one in (*told, *found.findings[EXPLAINED:])],
        "standing": dict(found.standing),
        "settled": found.settled,
        "commit": tip,
    }


def check(workshop: Workshop) -> Drift:
    """Return how the criteria on the base stand, without the findings that a verdict closes."""
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    kept = workshop.state / "checked" / "drift.json"
    found = drifting.check(repo, workshop.symbols, tip, kept=kept)
    now = workshop.clock.now()
    left = verdicts.unsettled(repo, tip, workshop.trust, found.findings, now)
    return evolve(found, findings=left, settled=len(found.findings) - len(left))


def _finding(one: Verdict, texts: living_view.Texts) -> View:
    return {
        "change": one.change,
        "criterion": one.criterion,
        "standing": str(one.standing),
        "text": texts.get((one.change, one.criterion), ""),
        "place": one.path,
        "state": one.state,
        "tests": list(one.tests),
        "decided": one.decided,
        "causes": [
            {"place": f"{each.path}:{each.line}", "message": each.message, "was": each.was,
             "now": each.now, "commit": each.commit[:12], "author": each.author}
            for each in one.causes
        ],
    }  # fmt: skip
