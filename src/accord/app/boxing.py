"""What an agent can reach in its box, and what it may spend: made for one run, stage by stage."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve, frozen

from accord.app.workshop import Workshop
from accord.core.model import Task
from accord.core.orders import AgentChoice, AgentKind, Outlet
from accord.core.ports import Sandbox, Walls
from accord.core.protected import protected_for
from accord.errors import ConfigurationError, RefusedError

LEVEL = "Sandbox-Level"
"""The trailer that says at which level the agent ran that wrote a commit."""

NO_AGENT = 4
"""The level of what no agent had a hand in: there was nothing to put a wall around."""

ALL = "."

LARGEST = 32 * 2**20  # bytes


@frozen
class Boxed:
    """One run's box: the words before its agent, its only way out, its level."""

    prefix: tuple[str, ...]
    outlet: Outlet | None
    level: int


def for_draft(workshop: Workshop, agent: AgentChoice, change: str, home: str, run_id: str,
              folder: str) -> Boxed:  # fmt: skip
    """Return the box of a run that writes documents: nothing is open but their folder `home`.

    Raises RefusedError where there are no walls and nobody accepted that.
    """
    walls = Walls(folder, writable=(home,))
    return _boxed(workshop, agent, walls, run_id, (("change", change),))


def for_build(workshop: Workshop, agent: AgentChoice, change: str, task: Task, run_id: str,
              folder: str) -> Boxed:  # fmt: skip
    """Return the box of a run that builds `task`: the worktree is open, what rules it is shut.

    Raises RefusedError where there are no walls and nobody accepted that.
    """
    walls = Walls(folder, writable=(ALL,), protected=protected_for(task.touches))
    scopes = (("task", f"{change}/{task.id}"), ("change", change))
    return _boxed(workshop, agent, walls, run_id, scopes)


def for_review(workshop: Workshop, agent: AgentChoice, change: str, run_id: str,
               folder: str) -> Boxed:  # fmt: skip
    """Return the box of a run that reads what was built: nothing is open for writing.

    Raises RefusedError where there are no walls and nobody accepted that.
    """
    return _boxed(workshop, agent, Walls(folder), run_id, (("change", change),), tools=False)


def for_check(workshop: Workshop, folder: str) -> Walls:
    """Return the walls around a command that proves something: it has its own fresh checkout."""
    config = workshop.config
    visible = readable((*config.reads, *config.environment.caches))
    return Walls(folder, writable=(ALL,), visible=visible, network=config.network)


@contextmanager
def checked_out(workshop: Workshop, commit: str) -> Iterator[Path]:
    """Give the place of a plain checkout of `commit` for a command in a box; then delete it.

    It lies in a folder of its own: a command that was cut off may still be at work in another.
    """
    checks = workshop.state / "checks"
    checks.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=checks, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve() / "tree"
        workshop.repo.export(commit, str(folder))
        yield folder


def left_behind(place: Path) -> bytes | None:
    """Return the bytes of the file that a command left at `place`, which has no link on its way.

    None where there is no plain file, or one that is too large: the command may have left a link
    to anywhere.
    """
    plain = place.is_file() and place.resolve() == place
    return place.read_bytes() if plain and place.stat().st_size <= LARGEST else None


def for_setup(workshop: Workshop, folder: str) -> Walls:
    """Return the walls around the set-up of a worktree that holds nothing but agreed code.

    It has the network if the team said so, and may fill the caches that others only read.
    """
    environment = workshop.config.environment
    walls = for_check(workshop, folder)
    network = walls.network or environment.network
    return evolve(walls, network=network, shared=readable(environment.caches))


def lowest(levels: Sequence[str]) -> int:
    """Return the lowest of the levels that a change's commits name; 0 for what cannot be read."""
    return min((int(one) if one.isdecimal() else 0 for one in levels), default=NO_AGENT)


def refuse_open(workshop: Workshop, box: Sandbox) -> None:
    """Raise RefusedError where the walls are lower than the team asks for and nobody accepted it.

    Level 1 is accepted for each command anew; nothing remembers it.
    """
    least = workshop.config.least
    if box.level >= max(least, 2) or workshop.accepts_open:
        return
    raise RefusedError(
        f"agents would run at level {box.level} here, and level {max(least, 2)} is asked for: "
        f"{box.gaps[0]}",
        hint="accord doctor says how to mend it; --accept-unsandboxed runs them all the same",
    )


def service_of(agent: AgentChoice) -> str:
    """Return the protocol of the model's service that `agent` speaks to, '' when it is not known.

    What the configuration does not say is told by the program's name.
    """
    if agent.service or agent.kind is AgentKind.SCRIPTED:
        return agent.service
    if agent.kind is AgentKind.CLAUDE:
        return "anthropic"
    if agent.kind is AgentKind.CODEX:
        return "openai"
    line = " ".join(agent.command)
    named = {"claude": "anthropic", "codex": "openai", "gemini": "gemini"}
    named |= dict.fromkeys(("copilot", "opencode", "goose"), "openai")
    return next((service for name, service in named.items() if name in line), "")


def _boxed(workshop: Workshop, agent: AgentChoice, walls: Walls, run_id: str,
           scopes: tuple[tuple[str, str], ...], *, tools: bool = True) -> Boxed:  # fmt: skip
    box = workshop.sandbox()
    refuse_open(workshop, box)
    outlet = _outlet(workshop, agent, (("run", run_id), *scopes, ("day", _today(workshop))))
    if outlet is None and agent.kind is not AgentKind.SCRIPTED and box.level > 1:
        raise ConfigurationError(
            f"{agent.name} has no way to its model out of its box",
            hint=f"set agents.{agent.name}.service in .accord/config.toml",
        )
    # Accord's tools are behind the door, also where there is no outlet.
    door = workshop.agents.door(run_id) if tools or outlet is not None else ""
    reads = (*workshop.config.reads, *workshop.config.environment.caches, *agent.reads)
    visible = (*workshop.repo.sight(), *readable(reads))
    # A script is the person's own file and lies anywhere.
    script = agent.command[:1] if agent.kind is AgentKind.SCRIPTED else ()
    home = workshop.agents.home(run_id)
    prefix = box.prefix(evolve(walls, visible=(*visible, *script), door=door, home=home))
    return Boxed(prefix, outlet, box.level)


def _outlet(
    workshop: Workshop, agent: AgentChoice, scopes: tuple[tuple[str, str], ...]
) -> Outlet | None:
    service = service_of(agent)
    if not service:
        return None
    limits = workshop.config.budgets
    budgets = tuple((f"{scope}:{name}", limits[scope]) for scope, name in scopes if scope in limits)
    keys = (agent.key,) if agent.key else ()
    return Outlet(service, agent.upstream, keys, budgets, workshop.config.prices)


def _today(workshop: Workshop) -> str:
    return workshop.clock.now()[:10]


def readable(paths: Sequence[str]) -> tuple[str, ...]:
    """Return configured paths as absolute ones; `~` is the person's home."""
    return tuple(str(Path(path).expanduser()) for path in paths)
