"""What Accord's own tools tell the agent of one run, and what becomes of what it proposed."""

from collections.abc import Sequence

from accord.app import asking, deciding, showing
from accord.app.changes import Change
from accord.app.workshop import Workshop
from accord.core import recall
from accord.core.decision_record import Rule
from accord.core.delta import source
from accord.core.model import SPEC_STAGES, Stage
from accord.core.orders import AgentReport, AgentStatus, Reply, Tools
from accord.core.tools import replied
from accord.errors import AccordError

PATIENCE_S = 45.0
"""How long an agent waits for an answer; some give a tool no more than a minute."""

DECISIONS = 400
"""How many decisions an agent is shown at most when it asks for them."""


def for_stage(workshop: Workshop, change: Change, stage: Stage, path: str) -> Tools:
    """Return the tools of a run that writes the document of `stage` at `path`."""
    return _tools(workshop, change, stage, str(stage), path, ())


def for_task(workshop: Workshop, change: Change, task: str, paths: Sequence[str]) -> Tools:
    """Return the tools of a run that builds `task`, which touches `paths`."""
    return _tools(workshop, change, Stage.IMPLEMENTATION, task, "", paths)


def _tools(workshop: Workshop, change: Change, stage: Stage, subject: str, path: str,
           paths: Sequence[str]) -> Tools:  # fmt: skip
    layout, work = change.spec.layout, asking.about(change.name, subject)
    # A later stage's document may hold what was drafted and never agreed on.
    until = SPEC_STAGES.index(stage) + 1 if stage in SPEC_STAGES else len(SPEC_STAGES)
    texts = [one for one in change.spec.documents if one.path.endswith(".md")]
    seen = [one for one in texts if layout.stage(one.path) in SPEC_STAGES[:until]]
    items = {item.id: source(document, item).rstrip() for document in seen
             for item in document.items[1:] if item.id != document.path}  # fmt: skip
    found = showing.recalled(change, stage, paths=paths)
    first = [one.rule for one in found.shown]
    known = {rule.slug for rule in first}
    rest = [rule for rule in change.ledger.register.in_force
            if stage in rule.stages and rule.slug not in known]  # fmt: skip
    return Tools(
        work,
        tuple((one.path, one.data.decode(errors="replace")) for one in seen),
        tuple(items.items()),
        tuple(recall.line(rule) for rule in (*first, *rest)[:DECISIONS]),
        path,
        asking.replies(workshop, work),
        PATIENCE_S,
    )


def prompted(prompt: str, replies: Sequence[Reply]) -> str:
    """Return a prompt with what people answered to the agents that did this work before."""
    return f"{prompt}\n## What you asked\n\n{replied(tuple(replies))}\n" if replies else prompt


def is_asking(report: AgentReport | None) -> bool:
    """Tell whether a run waits for an answer."""
    return report is not None and report.status is AgentStatus.ASKS


def keep_proposals(workshop: Workshop, change: str, run_id: str, agent: str) -> None:
    """Write the decisions that the agent of a run proposed as proposals; nobody is bound by them.

    What is proposed already, or would be no decision, is left out: an agent's proposal is no
    reason to stop its work.
    """
    offered = workshop.agents.proposals(run_id)
    if not offered:
        return
    known = {entry.rule.statement for entry in
             deciding.held(workshop, change).register.entries.values()}  # fmt: skip
    from_whom = {"change": change, "run": run_id, "by": agent, "at": workshop.clock.now()}
    for statement, because in offered:
        rule = Rule("", "", "proposed", statement, because, source=from_whom)
        if statement in known or deciding.unwritable(rule):
            continue
        try:
            deciding.propose(workshop, change, (rule,))
        except AccordError:
            continue
