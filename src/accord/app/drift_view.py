"""Drift as a person judges it: each finding with what it said, the two lines, and who did it."""

from attrs import evolve

from accord.app import drifting, explaining, failing, living_view, verdicts
from accord.app.drifting import Drift
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.findings import Finding, gathered

EXPLAINED = 10  # findings of which it is looked up who did it, in which commit


def drift_view(workshop: Workshop) -> View:
    """Return the findings on the base that no verdict closes, the worst first, and the counts."""
    found = check(workshop)
    every = gathered(found.findings)
    near = [each for one in every[:EXPLAINED] for each in one.verdicts]
    told = gathered(explaining.explain(workshop.repo, workshop.symbols, found.commit, near))
    texts = living_view.texts(workshop, {one.change for one in found.findings})
    return {
        "findings": [_finding(one, texts) for one in (*told, *every[EXPLAINED:])],
        "criteria": len(found.findings),
        "standing": dict(found.standing),
        "settled": found.settled,
        "commit": found.commit,
    }


def check(workshop: Workshop) -> Drift:
    """Return how the criteria on the base stand, without the findings that a verdict closes."""
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    kept = drifting.kept_in(workshop.state)
    red = failing.load(kept, tip)
    found = drifting.check(repo, workshop.symbols, tip, results=red, kept=kept)
    now = workshop.clock.now()
    left = verdicts.unsettled(repo, tip, workshop.trust, found.findings, now)
    return evolve(found, findings=left, settled=len(found.findings) - len(left))


def _finding(one: Finding, texts: living_view.Texts) -> View:
    return {
        "change": one.change,
        "criterion": one.criteria[0],
        "named": one.named,
        "standing": str(one.standing),
        "state": one.state,
        "tests": list(dict.fromkeys(test for each in one.verdicts for test in each.tests)),
        "decided": one.decided,
        "criteria": [
            {"id": each.criterion, "text": texts.get((each.change, each.criterion), ""),
             "standing": str(each.standing), "place": each.path}
            for each in one.verdicts
        ],
        "causes": [
            {"place": f"{each.path}:{each.line}", "message": each.message, "was": each.was,
             "now": each.now, "commit": each.commit[:12], "author": each.author,
             "only": ", ".join(ids)}
            for each, ids in one.causes
        ],
    }  # fmt: skip
