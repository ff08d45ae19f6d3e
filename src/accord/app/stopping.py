"""End the run of an agent, or end it and take its work over: what it wrote so far is kept."""

from accord.app import authoring, records, workplaces
from accord.app.at_work import running
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core.model import SPEC_STAGES, Stage
from accord.core.ports import Operation
from accord.errors import ConflictError


def stop(workshop: Workshop, run_id: str) -> str:
    """End a run that is alive, with all it started; return what was done in a sentence.

    The work waits for a person then. Raises ConflictError for a run that is over, and AgentError
    for one that cannot be ended from here.
    """
    records.refuse_agents()
    one = next((each for each in running(workshop) if each.run_id == run_id), None)
    if one is None:
        raise ConflictError("that run is over", hint="look at the board again")
    workshop.agents.stop(run_id)
    detail = f"the agent's run on {one.subject}"
    operation = Operation(workshop.person, "stop", one.change, detail, {}, workshop.clock.now())
    workshop.record(operation, lambda: None)
    return f"stopped {detail} of {one.change}"


def take_over(workshop: Workshop, run_id: str) -> str:
    """End a run and have the person go on with its work; return where, in a sentence.

    A task is built in a fresh worktree, a document written on the desk. Raises what `stop` does.
    """
    said = stop(workshop, run_id)
    _, name, subject, *_ = run_id.split("/")
    change = load(workshop, name)
    if subject in list(SPEC_STAGES):
        return f"{said}; write it in {authoring.begin(workshop, change, Stage(subject))}"
    task = next(one for one in change.tasks if one.id == subject)
    folder = workplaces.lend(workshop, change, task)
    return f"{said}; build it in {folder}, then: accord run {name} --built {subject}"
