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

PAUSED = (
    "A person had this wait and lets it go on now. What lies in the folder is your work so far: "
    "go on from there."
)
"""What an agent is told that goes on after a pause."""

HANDED_OVER = (
    "Another agent began this, and a person handed it over to you. What lies in the folder is its "
    "work so far: go on from there."
)
"""What an agent is told to which work was handed over."""


def set_for(workshop: Workshop, change: Change, stage: Stage, task: str = "") -> AgentChoice | None:
    """Return the agent that a person handed the work over to, else the configured one, or None."""
    key = f"agent/{change.name}/{task or stage}"
    name = str(workshop.journal.noted(key).get(key, {}).get("name", ""))
    return workshop.config.agents.get(name) or workshop.config.agent(stage, change.track, task)


def is_paused(workshop: Workshop, change: str, subject: str) -> bool:
    """Tell whether a person has this stage or task wait."""
    key = f"pause/{change}/{subject}"
    return bool(workshop.journal.noted(key).get(key, {}).get("paused"))


def halted(workshop: Workshop, run_id: str) -> str:
    """Return what the next round is told where a person ended this one, '' where nobody did."""
    key = f"halt/{run_id}"
    return str(workshop.journal.noted(key).get(key, {}).get("words", ""))


def rounds(workshop: Workshop, action: str) -> int:
    """Return how many rounds a piece of work may take: one that a person ended does not count."""
    return workshop.config.rounds + len(workshop.journal.noted(f"halt/{action}/"))


def agent_for(
    workshop: Workshop, change: Change, stage: Stage, run_id: str, task: str = ""
) -> AgentChoice:
    """Return the agent of the round `run_id` (`ACTION/NUMBER`) of a stage's or a task's work.

    Each earlier round in which a model's service would not serve an agent moves the work on to
    the one that is configured as its `else`. Raises AgentError where none is set.
    """
    agent = set_for(workshop, change, stage, task)
    if agent is None:
        raise AgentError(f"no agent is set for the {stage}", hint="accord run --agent NAME")
    action, _, number = run_id.rpartition("/")
    for before in range(_first(workshop, change, task or stage, action), int(number)):
        report = workshop.agents.report(f"{action}/{before}")
        if report is not None and is_refused(report) and agent.otherwise:
            agent = workshop.config.agents[agent.otherwise]
    return agent


def _first(workshop: Workshop, change: Change, subject: str, action: str) -> int:
    """Return the first round of the agent that has the work now."""
    key = f"agent/{change.name}/{subject}"
    begun, _, number = str(workshop.journal.noted(key).get(key, {}).get("run", "")).rpartition("/")
    return int(number) + 1 if begun == action else 1


def steps_in(workshop: Workshop, agent: AgentChoice, run_id: str, number: int) -> str:
    """Return the words for whoever steps in for `agent` after its round, '' where nobody does."""
    report = workshop.agents.report(run_id)
    if report is None or not is_refused(report) or not agent.otherwise:
        return ""
    return TAKEN_OVER if number < rounds(workshop, run_id.rpartition("/")[0]) else ""


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
