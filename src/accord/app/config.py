"""The team's configuration, `.accord/config.toml`, read from the base branch.

A change branch may hold an edited copy; that copy steers nothing until it has been released.
"""

import shlex
import tomllib
from collections.abc import Mapping
from typing import Any, TypeGuard

from attrs import field, frozen

from accord.core.model import SPEC_STAGES, Stage, Track
from accord.core.policy import RISK_PATHS, Policy, Size
from accord.core.ports import AgentChoice, AgentKind, Limits
from accord.errors import ConfigurationError

PATH = ".accord/config.toml"

_STAGES = (*SPEC_STAGES, Stage.IMPLEMENTATION)
_SHAPE: Mapping[str, tuple[str, ...]] = {
    "verify": ("command", "timeout_s"),
    "tracks": ("trivial", "small", "risk_paths"),
    "agent": ("default", "parallel", "rounds", "total_s", "idle_s", *_STAGES),
}
_AGENT = ("kind", "command", "model", "env")


@frozen
class Config:
    """What the team decided; see docs/configuration.md for each key."""

    policy: Policy = Policy()
    agents: Mapping[str, AgentChoice] = field(factory=dict)
    stages: Mapping[str, str] = field(factory=dict)
    parallel: int = 2
    rounds: int = 3
    limits: Limits = Limits()

    def agent(self, stage: Stage) -> AgentChoice | None:
        """Return the agent for `stage`, or None where people do the work."""
        name = self.stages.get(stage) or self.stages.get("default") or ""
        return self.agents.get(name)


def template(base: str, verify: str) -> str:
    """Return the file that `accord init` writes.

    Raises ConfigurationError for a base or a command that would not be read back as it is.
    """
    text = _filled(base, verify)
    try:
        policy = read(text.encode()).policy
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
    return text


def _filled(base: str, verify: str) -> str:
    import tomlkit  # reading a configuration, which every command does, needs none of it

    risks = "".join(f'  "{pattern}",\n' for pattern in RISK_PATHS)
    return f"""\
# Accord reads this file from the base branch: an edit counts once it is committed there.
base = {tomlkit.item(base).as_string()}

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
# env = ["ANTHROPIC_API_KEY"]
#
# [agents.gemini]
# kind = "acp"
# command = ["gemini", "--acp"]
"""


def read(data: bytes) -> Config:
    """Return the configuration in `data`. Raises ConfigurationError naming the key at fault."""
    try:
        raw = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{PATH} cannot be read: {error}") from None
    _known(raw, ("base", "agents", *_SHAPE), "")
    for table, keys in _SHAPE.items():
        _known(_table(raw, table), keys, f"{table}.")
    verify, tracks, agent = (_table(raw, name) for name in _SHAPE)
    policy = Policy(
        base=_text(raw, "base", "main"),
        risk_paths=_list(tracks, "risk_paths", RISK_PATHS),
        verify=_text(verify, "command", ""),
        verify_timeout_s=_number(verify, "timeout_s", 900),
        limits={
            Track.TRIVIAL: _size(tracks, "trivial", Size(3, 30)),
            Track.SMALL: _size(tracks, "small", Size(10, 300)),
        },
    )
    agents = {name: _agent(name, facts) for name, facts in _table(raw, "agents").items()}
    stages = {key: _text(agent, key, "") for key in ("default", *_STAGES) if agent.get(key)}
    for key, name in stages.items():
        if name not in agents:
            raise ConfigurationError(
                f"{PATH}: agent.{key} names {name}, which is not defined",
                hint=f"add a table [agents.{name}]",
            )
    total, idle = _number(agent, "total_s", 3600), _number(agent, "idle_s", 600)
    parallel, rounds = _number(agent, "parallel", 2), _number(agent, "rounds", 3)
    return Config(policy, agents, stages, parallel, rounds, Limits(total, idle))


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
    if not _is_table(facts):
        raise ConfigurationError(f"{PATH}: agents.{name} must be a table")
    _known(facts, _AGENT, f"agents.{name}.")
    kind = _text(facts, "kind", "acp")
    if kind not in set(AgentKind):
        raise ConfigurationError(
            f"{PATH}: agents.{name}.kind is {kind}", hint=f"one of {', '.join(AgentKind)}"
        )
    return AgentChoice(
        name,
        AgentKind(kind),
        _list(facts, "command", ()),
        _text(facts, "model", ""),
        _list(facts, "env", ()),
    )


def _known(table: Mapping[str, object], keys: tuple[str, ...], prefix: str) -> None:
    for key in table:
        if key not in keys:
            raise ConfigurationError(
                f"{PATH}: there is no key {prefix}{key}", hint=f"known here: {', '.join(keys)}"
            )


def _is_table(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _table(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key, {})
    if not _is_table(value):
        raise ConfigurationError(f"{PATH}: {key} must be a table")
    return value


def _text(table: Mapping[str, object], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ConfigurationError(f"{PATH}: {key} must be text in quotes")
    return value


def _number(table: Mapping[str, object], key: str, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{PATH}: {key} must be a whole number above 0")
    return value


def _list(table: Mapping[str, object], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(f"{PATH}: {key} must be a list of texts")
    return tuple(value)


def _size(table: Mapping[str, Any], key: str, default: Size) -> Size:
    value = table.get(key)
    if value is None:
        return default
    if not _is_table(value):
        raise ConfigurationError(f"{PATH}: tracks.{key} must be {{ files = N, lines = M }}")
    _known(value, ("files", "lines"), f"tracks.{key}.")
    return Size(_number(value, "files", default.files), _number(value, "lines", default.lines))
