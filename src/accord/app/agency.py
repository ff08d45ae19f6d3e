"""Which agent does a piece of work: by the task, the track and the stage, and who steps in."""

from attrs import evolve

from accord.app.changes import Change
from accord.app.config import Config
from accord.app.workshop import Workshop
from accord.core.model import Stage
from accord.core.orders import AgentChoice, AgentReport, AgentStatus
from accord.errors import AgentError, ConfigurationError

TAKEN_OVER = (
    "Another agent began this and was cut off when its model's service would not serve it. "
    "What lies in the folder is its work so far: go on from there."
)
"""What an agent is told that steps in for another."""


def agent_for(
    workshop: Workshop, change: Change, stage: Stage, run_id: str, task: str = ""
) -> AgentChoice:
    """Return the agent of the round `run_id` (`ACTION/NUMBER`) of a stage's or a task's work.

    Each earlier round in which a model's service would not serve an agent moves the work on to
    the one that is configured as its `else`. Raises AgentError where none is set.
    """
    agent = workshop.config.agent(stage, change.track, task)
    if agent is None:
        raise AgentError(f"no agent is set for the {stage}", hint="accord run --agent NAME")
    action, _, number = run_id.rpartition("/")
    for before in range(1, int(number)):
        report = workshop.agents.report(f"{action}/{before}")
        if report is not None and is_refused(report) and agent.otherwise:
            agent = workshop.config.agents[agent.otherwise]
    return agent


def steps_in(workshop: Workshop, agent: AgentChoice, run_id: str, number: int) -> str:
    """Return the words for whoever steps in for `agent` after its round, '' where nobody does."""
    report = workshop.agents.report(run_id)
    if report is None or not is_refused(report) or not agent.otherwise:
        return ""
    return TAKEN_OVER if number < workshop.config.rounds else ""


def is_refused(report: AgentReport) -> bool:
    """Tell whether a run failed because its model's service would not serve the agent."""
    return report.exhausted and report.status is not AgentStatus.ENDED


def chosen(config: Config, wishes: tuple[str, ...]) -> Config:
    """Return the configuration with what a person wished for: `NAME`, `STAGE=NAME`, `TASK=NAME`.

    Raises ConfigurationError for a name that the configuration does not know.
    """
    stages = dict(config.stages)
    for wish in sorted(wishes, key=lambda one: "=" in one):
        what, _, name = wish.rpartition("=")
        if name not in config.agents:
            known = ", ".join(config.agents) or "none is defined"
            raise ConfigurationError(
                f"there is no agent {name}", hint=f"in .accord/config.toml: {known}"
            )
        stages = {**stages, what: name} if what else {"default": name}
    return evolve(config, stages=stages)
