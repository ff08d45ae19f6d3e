"""Look for the agents that are configured or installed here, and ask each who it is."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from attrs import frozen

from accord.agents import asking, quirks
from accord.app import boxing
from accord.app.workshop import Workshop
from accord.core.orders import AgentChoice, AgentKind
from accord.core.ports import Walls
from accord.wiring.doctoring import claude_version


@frozen
class Found:
    """One agent: whether it is configured or merely installed, for which work, what it answered.

    `state` is `answers`, `silent` (it was asked and `said` is why not), `absent` or `unasked`;
    `lacks` says what it goes without.
    """

    name: str
    configured: bool
    command: tuple[str, ...]
    work: tuple[str, ...]
    otherwise: str
    state: str
    version: str = ""
    can: tuple[str, ...] = ()
    said: str = ""
    tried: bool = True
    kind: AgentKind = AgentKind.ACP
    lacks: str = ""


def look(workshop: Workshop) -> list[Found]:
    """Return the agents that are configured, then those that are only installed.

    Each is started once behind the walls of this machine, without a way out; without walls none
    is, unless a person accepted that.
    """
    agents = list(workshop.config.agents.values())
    known = {quirks.of(one.command).name for one in agents}
    names = {name for one in agents for name in (one.name, *one.command[:1])}
    for one in quirks.QUIRKS:
        program = next((name for name in one.programs if shutil.which(name)), "")
        # The driver of Codex starts its app-server itself.
        words = (program, *one.arguments) if one.kind is AgentKind.ACP else (program,)
        if program and one.name not in known and program not in names:
            agents.append(AgentChoice(one.name, one.kind, words))
    native = any(one.kind is AgentKind.CLAUDE or one.name == "claude" for one in agents)
    if claude_version() and not native:
        agents.append(AgentChoice("claude", AgentKind.CLAUDE, ()))  # it comes with its program
    return asyncio.run(_all(workshop, agents))


async def _all(workshop: Workshop, agents: list[AgentChoice]) -> list[Found]:
    # Starting one takes seconds of processor time; all at once would only be late together.
    return [await _one(workshop, agent) for agent in agents]


async def _one(workshop: Workshop, agent: AgentChoice) -> Found:
    stages = workshop.config.stages
    work = tuple(key for key, name in stages.items() if name == agent.name)
    told = quirks.of(agent.command)

    def found(state: str, answer: asking.Answer) -> Found:
        configured = agent.name in workshop.config.agents
        said = (state, answer.version, answer.can, answer.trouble, told.tried, agent.kind)
        facts = (*said, answer.lacks)
        return Found(agent.name, configured, agent.command, work, agent.otherwise, *facts)

    if agent.kind is AgentKind.SCRIPTED:
        return found("answers", asking.Answer(can=("plays a file and thinks nothing",)))
    if agent.kind is AgentKind.CLAUDE:
        said = claude_version()
        if not said:
            trouble = "claude-agent-sdk is not installed: pip install 'accord[claude]'"
            return found("absent", asking.Answer(trouble=trouble))
        return found("answers", asking.Answer(said, ("resume", asking.TOOLS)))
    if not agent.command or not shutil.which(agent.command[0]):
        program = agent.command[0] if agent.command else "no command"
        return found("absent", asking.Answer(trouble=f"{program} was not found"))
    box = workshop.sandbox()
    if box.level < 2 and not workshop.accepts_open:
        trouble = "it is not started where there are no walls: --accept-unsandboxed"
        return found("unasked", asking.Answer(trouble=trouble))
    workshop.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop.state, prefix="ask-") as scratch:
        visible = boxing.readable((*workshop.config.reads, *agent.reads))
        prefix = box.prefix(Walls(str(Path(scratch)), visible=visible))
        answer = await asking.ask(agent, prefix, scratch)
    return found("silent" if answer.trouble else "answers", answer)
