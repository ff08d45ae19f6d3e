"""Prove a change: its tests fail without it, pass with it, and fail when its code is broken."""

from collections.abc import Mapping, Sequence

from accord.app import breaking, evidence, tracing
from accord.app.breaking import Question
from accord.app.changes import Change
from accord.app.config import Mutation
from accord.app.workshop import Workshop
from accord.core.breaking import Answer, is_one, weighed
from accord.core.evidence import Evidence, Proof, Result, Run
from accord.core.fingerprint import Mark
from accord.core.model import lineage
from accord.core.trace import Trace


def prove(workshop: Workshop, change: Change) -> None:
    """Gather the evidence for a change and keep it."""
    links = tracing.bind(workshop, change, change.found.tip)
    named = tracing.marked(workshop, change, change.found.tip, links)
    found, runs = evidence.gathered(workshop, change, named, links.tests)
    if workshop.config.mutation is not Mutation.OFF:
        asked = _questions(change, found, runs, links)
        tried = breaking.tried(workshop, change.found.tip, asked)
        found = tuple(
            weighed(one, tried[one.criterion]) if one.criterion in tried else one for one in found
        )
    evidence.keep(workshop, change, found, runs)


def unproven(workshop: Workshop, change: Change) -> tuple[str, ...]:
    """Return the criteria that the team wants proven by breaking their code, and are not.

    None where the configuration does not ask for that, nor what enough people waived for the code
    exactly as it is.
    """
    if workshop.config.mutation is not Mutation.REQUIRE:
        return ()
    known = evidence.known(workshop, change) or {}
    criteria = known.get("criteria")
    proved = {
        one["criterion"]
        for one in (criteria if isinstance(criteria, list) else [])
        if isinstance(one, dict)
        and (one.get("proof"), one.get("broken")) == (str(Proof.PROVEN), str(Answer.NOTICED))
    }
    left = [one.id for one in change.spec.criteria if one.id not in proved]
    return tuple(one for one in left if not evidence.waived_key(change, waiver_key(change, one)))


def waiver_key(change: Change, criterion: str) -> str:
    """Return what a waiver names that lets a criterion go unproven, for this code alone."""
    return f"{criterion} {change.code_digest}"


def _questions(
    change: Change, found: Sequence[Evidence], runs: Mapping[str, Run], links: Trace
) -> list[Question]:
    """Return what to ask: of each criterion with a test that passes, and code of its own."""
    asked = []
    for one in found:
        names = set(lineage(one.criterion))
        run = next(
            (
                runs[task.id]
                for task in change.tasks
                if names & set(task.satisfies) and runs[task.id].result is Result.PASS
            ),
            None,
        )
        if run is None or one.proof is Proof.MISSING:
            continue
        symbols = tuple(mark for name, mark in links.symbols if name == one.criterion)
        tests = tuple(
            mark for name, mark in links.tests
            if name == one.criterion and _passes(mark, run)
            # What fails without the change has to be what notices.
            and (not one.worked or any(is_one(mark, each) for each in one.worked))
        )  # fmt: skip
        asked.append(Question(one.criterion, symbols, tests, run.command))
    return asked


def _passes(mark: Mark, run: Run) -> bool:
    """Tell whether a test passed in a run; one that names no tests passed with all of them."""
    return not run.cases or any(one.passed and is_one(mark, one.name) for one in run.cases)
