"""Have an agent read what was built, in a box in which nothing can be written."""

from accord.app import agency, boxing, opinions, prompting, running, workplaces
from accord.app.changes import Change, load
from accord.app.result_view import result_view
from accord.app.running import Taken
from accord.app.workshop import Workshop
from accord.core.model import Stage
from accord.core.orders import AgentOrder
from accord.core.reconcile import Review

DIFF_LINES = 1500
"""How many lines of diffs a prompt holds at most; the rest is read in the working copy."""


def begin(workshop: Workshop, action: Review, number: int, _feedback: str) -> str:
    """Start round `number` of a review, unless it was started before; return the run's id."""
    run_id = f"{action.id}/{number}"
    if running.known(workshop, run_id):
        return run_id
    change = load(workshop, action.change)
    workplaces.refuse_shut(change)
    about, key = f"{change.name}/{Stage.REVIEW}", workplaces.review_key(change.name)
    folder = workplaces.fresh(workshop, about, key, change.found.tip)
    note = {"commit": change.found.tip, "folder": folder}
    workshop.journal.note(f"base/{action.id}", dict(note))
    agent = agency.agent_for(workshop, change, Stage.REVIEW, run_id)
    box = boxing.for_review(workshop, agent, change.name, run_id, folder)
    order = AgentOrder(run_id, agent, folder, _prompt(workshop, change), ())
    running.start(workshop, order, box)
    return run_id


def take(workshop: Workshop, action: Review, number: int) -> Taken:
    """Keep what the agent said. That it said nothing is kept as well: it is not asked again."""
    change = load(workshop, action.change)
    run_id = f"{action.id}/{number}"
    agent = agency.agent_for(workshop, change, Stage.REVIEW, run_id)
    trouble = running.unfinished(workshop, run_id)
    instead = agency.steps_in(workshop, agent, run_id, number)
    if trouble and instead:
        return Taken(False, trouble, instead)
    report = workshop.agents.report(run_id)
    said = report.said.strip() if report is not None and not trouble else ""
    trouble = trouble or ("" if said else f"{agent.name} said nothing")
    opinions.keep(workshop, change.name, action.code, agent.name, said, trouble)
    return Taken(True, f"none: {trouble}" if trouble else f"given by {agent.name}")


def _prompt(workshop: Workshop, change: Change) -> str:
    found = result_view(workshop, change)
    criteria = [(one["id"], one["proof"], one["text"]) for one in found["criteria"]]
    diffs, left = [], DIFF_LINES
    for one in found["files"]:
        lines = [f"{sign}{text}" for sign, text in one["diff"][:left]]
        rest = one["cut"] or ("" if len(lines) == len(one["diff"]) else "read the rest in the file")
        diffs.append((one["path"], "\n".join([*lines, *([f"({rest})"] if rest else [])])))
        left -= len(lines)
    return prompting.for_review(change, criteria, diffs)
