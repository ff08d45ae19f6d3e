"""The team's configuration, `.accord/config.toml`, read from the base branch.

A change branch may hold an edited copy; that copy steers nothing until it has been released.
"""

import shlex
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from accord.app import environment, side_by_side
from accord.app.environment import Environment
from accord.app.side_by_side import SideBySide
from accord.app.tables import PATH as PATH
from accord.app.tables import dollars, flag, is_table, known, number, size, table, text, texts
from accord.core.cones import Kind
from accord.core.model import SPEC_STAGES, Stage, Track
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    Budget,
    Limits,
    Price,
)
from accord.core.policy import RISK_PATHS, Policy, Size
from accord.errors import ConfigurationError
from accord.formats import registry
from accord.formats.registry import NAME

SCOPES = ("run", "task", "change", "day")
"""What spending is counted by, from the narrowest."""

SERVICES = ("anthropic", "openai", "gemini")
LEAST = 2
_STAGES = (*SPEC_STAGES, Stage.IMPLEMENTATION, Stage.REVIEW)
_TRACKS = (Track.TRIVIAL, Track.SMALL)
_SHAPE: Mapping[str, tuple[str, ...]] = {
    "verify": ("command", "timeout_s", "network", "mutation", "mutation_s", "coverage", "reports"),
    "tracks": ("trivial", "small", "risk_paths"),
    "agent": ("default", "parallel", "rounds", "total_s", "idle_s", *_STAGES, *_TRACKS),
    "box": ("least", "reads"),
    "budget": SCOPES,
    "worktrees": ("quota", "kind", "include"),
}
_AGENT = ("kind", "command", "model", "env", "service", "upstream", "key", "reads", "else")


class Mutation(StrEnum):
    """Whether code is broken on purpose to see if its tests notice, and what follows from it."""

    OFF = "off"
    SHOW = "show"
    REQUIRE = "require"


@frozen
class Config:
    """What the team decided; see docs/configuration.md for each key."""

    policy: Policy = Policy()
    agents: Mapping[str, AgentChoice] = field(factory=dict)
    stages: Mapping[str, str] = field(factory=dict)
    parallel: int = 2
    rounds: int = 3
    limits: Limits = Limits()
    least: int = LEAST
    reads: tuple[str, ...] = ()
    budgets: Mapping[str, Budget] = field(factory=dict)
    prices: tuple[Price, ...] = ()
    format: str = NAME
    network: bool = False
    mutation: Mutation = Mutation.SHOW
    mutation_s: int = 300
    coverage: str = ""
    reports: tuple[str, ...] = ()
    beside: SideBySide = field(factory=SideBySide)
    environment: Environment = field(factory=Environment)
    quota: int = 0
    kind: Kind = Kind.AUTO
    include: tuple[str, ...] = ()

    def agent(self, stage: Stage, track: Track = Track.FULL, task: str = "") -> AgentChoice | None:
        """Return the agent for a task, a track or a stage, in this order; None: people work.

        A review is nobody's work unless an agent is named for it: whoever built is no reviewer.
        """
        wanted = (stage,) if stage is Stage.REVIEW else (task, track, stage, "default")
        keys = [key for key in wanted if key]
        name = next((self.stages[key] for key in keys if self.stages.get(key)), "")
        return self.agents.get(name)


def template(base: str, verify: str, form: str = registry.NAME) -> str:
    """Return the file that `accord init` writes; `form` names the format of new documents.

    Raises ConfigurationError for a base or a command that would not be read back as it is.
    """
    filled = _filled(base, verify, form)
    try:
        policy = read(filled.encode()).policy
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{PATH} cannot name a branch or command that is not UTF-8",
            hint="git branch -m NEW, or accord init --verify COMMAND",
        ) from None
    if (policy.base, policy.verify) != (base, verify):
        raise ConfigurationError(
            f"{PATH} cannot hold this: {base}, {verify}", hint="accord init --verify COMMAND"
        )
    words(verify)
    return filled


def _filled(base: str, verify: str, form: str) -> str:
    import tomlkit  # reading a configuration, which every command does, needs none of it

    form = "" if form == registry.NAME else f'format = "{form}"\n'
    risks = "".join(f'  "{pattern}",\n' for pattern in RISK_PATHS)
    return f"""\
# Accord reads this file from the base branch: an edit counts once it is committed there.
base = {tomlkit.item(base).as_string()}
{form}
[verify]
# The command that proves a task that names none. It runs on a fresh checkout, without a shell.
command = {tomlkit.item(verify).as_string()}
timeout_s = 900

[tracks]
# The largest real diff of each track; a change that outgrows its track is stopped.
trivial = {{ files = 3, lines = 30 }}
small = {{ files = 10, lines = 300 }}
# Touching one of these asks for the full track.
risk_paths = [
{risks}]

[agent]
# The agent that drafts and builds, by its name below; empty: people write, Accord keeps the gates.
default = ""
parallel = 2

# [agents.claude]
# kind = "claude"
#
# [agents.gemini]
# kind = "acp"
# command = ["gemini", "--acp"]
#
# [budget]
# day = {{ dollars = 20 }}
#
# [prices]
# "claude-*" = {{ input = 3, output = 15 }}
"""


def read(data: bytes) -> Config:
    """Return the configuration in `data`. Raises ConfigurationError naming the key at fault."""
    try:
        raw = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{PATH} cannot be read: {error}") from None
    known(
        raw, ("base", "format", "agents", "prices", "serial", "queue", "environment", *_SHAPE), ""
    )
    for name, keys in _SHAPE.items():
        known(table(raw, name), keys, f"{name}.")
    verify, tracks, agent, box, budget, worktrees = (table(raw, name) for name in _SHAPE)
    policy = Policy(
        base=text(raw, "base", "main"),
        risk_paths=texts(tracks, "risk_paths", RISK_PATHS),
        verify=text(verify, "command", ""),
        verify_timeout_s=number(verify, "timeout_s", 900),
        limits={
            Track.TRIVIAL: _size(tracks, "trivial", Size(3, 30)),
            Track.SMALL: _size(tracks, "small", Size(10, 300)),
        },
    )
    agents = {name: _agent(name, facts) for name, facts in table(raw, "agents").items()}
    stages = {key: text(agent, key, "") for key in ("default", *_STAGES, *_TRACKS)
              if agent.get(key)}  # fmt: skip
    for key, name in stages.items():
        if name not in agents:
            raise ConfigurationError(
                f"{PATH}: agent.{key} names {name}, which is not defined",
                hint=f"add a table [agents.{name}]",
            )
    _refuse_loops(agents)
    total, idle = number(agent, "total_s", 3600), number(agent, "idle_s", 600)
    parallel, rounds = number(agent, "parallel", 2), number(agent, "rounds", 3)
    least = number(box, "least", LEAST)
    budgets = {scope: _budget(budget, scope) for scope in SCOPES if scope in budget}
    return Config(policy, agents, stages, parallel, rounds, Limits(total, idle), least,
                  texts(box, "reads", ()), budgets, _prices(table(raw, "prices")),
                  registry.named(text(raw, "format", NAME)).name,
                  flag(verify, "network"), _mutation(verify),
                  number(verify, "mutation_s", 300), text(verify, "coverage", ""),
                  texts(verify, "reports", ()),
                  side_by_side.read(raw), environment.read(raw),
                  size(worktrees, "quota"), _kind(worktrees),
                  texts(worktrees, "include", ()))  # fmt: skip


def _mutation(verify: Mapping[str, Any]) -> Mutation:
    said = text(verify, "mutation", Mutation.SHOW)
    if said not in set(Mutation):
        raise ConfigurationError(
            f"{PATH}: verify.mutation is {said}", hint=f"one of {', '.join(Mutation)}"
        )
    return Mutation(said)


def _kind(worktrees: Mapping[str, Any]) -> Kind:
    said = text(worktrees, "kind", Kind.AUTO)
    if said not in set(Kind):
        raise ConfigurationError(
            f"{PATH}: worktrees.kind is {said}", hint=f"one of {', '.join(Kind)}"
        )
    return Kind(said)


def words(command: str) -> tuple[str, ...]:
    """Split a command line into words. Raises ConfigurationError for an unclosed quote."""
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise ConfigurationError(
            f"this command cannot be read ({error}): {command}",
            hint="close the quote, or put a backslash before it",
        ) from None


def _agent(name: str, facts: object) -> AgentChoice:
    if not is_table(facts):
        raise ConfigurationError(f"{PATH}: agents.{name} must be a table")
    known(facts, _AGENT, f"agents.{name}.")
    kind = text(facts, "kind", "acp")
    if kind not in set(AgentKind):
        raise ConfigurationError(
            f"{PATH}: agents.{name}.kind is {kind}", hint=f"one of {', '.join(AgentKind)}"
        )
    service = text(facts, "service", "")
    if service and service not in SERVICES:
        raise ConfigurationError(
            f"{PATH}: agents.{name}.service is {service}", hint=f"one of {', '.join(SERVICES)}"
        )
    return AgentChoice(
        name,
        AgentKind(kind),
        texts(facts, "command", ("codex",) if kind == AgentKind.CODEX else ()),
        text(facts, "model", ""),
        texts(facts, "env", ()),
        service,
        text(facts, "upstream", ""),
        text(facts, "key", ""),
        texts(facts, "reads", ()),
        text(facts, "else", ""),
    )


def _refuse_loops(agents: Mapping[str, AgentChoice]) -> None:
    for name in agents:
        met, at = {name}, agents[name].otherwise
        while at:
            if at not in agents or at in met:
                why = "comes back to itself" if at in met else "is not defined"
                raise ConfigurationError(f"{PATH}: agents.{name}.else leads to {at}, which {why}")
            met.add(at)
            at = agents[at].otherwise


def _budget(budgets: Mapping[str, Any], scope: str) -> Budget:
    value = budgets[scope]
    if not is_table(value) or not value:
        raise ConfigurationError(
            f"{PATH}: budget.{scope} must be {{ tokens = N, dollars = M }}, or one of them"
        )
    known(value, ("tokens", "dollars"), f"budget.{scope}.")
    return Budget(number(value, "tokens", 1) if "tokens" in value else 0, dollars(value, "dollars"))


def _prices(prices: Mapping[str, Any]) -> tuple[Price, ...]:
    found = []
    for models, value in prices.items():
        if not is_table(value) or set(value) != {"input", "output"}:
            raise ConfigurationError(
                f"{PATH}: prices.{models!r} must be {{ input = N, output = M }}",
                hint="dollars for a million tokens",
            )
        found.append(Price(models, dollars(value, "input"), dollars(value, "output")))
    return tuple(found)


def _size(sizes: Mapping[str, Any], key: str, default: Size) -> Size:
    value = sizes.get(key)
    if value is None:
        return default
    if not is_table(value):
        raise ConfigurationError(f"{PATH}: tracks.{key} must be {{ files = N, lines = M }}")
    known(value, ("files", "lines"), f"tracks.{key}.")
    return Size(number(value, "files", default.files), number(value, "lines", default.lines))
