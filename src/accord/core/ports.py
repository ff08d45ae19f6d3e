"""What Accord asks of the world, as protocols; the adapters that answer are chosen in `wiring`."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from attrs import field, frozen


class AgentKind(StrEnum):
    """How an agent is spoken to."""

    ACP = "acp"
    CLAUDE = "claude"
    SCRIPTED = "scripted"


@frozen
class AgentChoice:
    """One configured agent: its name on screens, how it is driven, the command that starts it.

    For ACP the command speaks the Agent Client Protocol on stdin and stdout. For the scripted
    agent `command` holds the path of its script. For Claude it may name the CLI, or be empty to
    use the one that the SDK carries.
    """

    name: str
    kind: AgentKind
    command: tuple[str, ...] = ()
    model: str = ""


@frozen
class Limits:
    """When a run is ended for the agent: seconds in all, seconds of silence, bytes of output."""

    total_s: float = 3600.0
    idle_s: float = 600.0
    output_bytes: int = 64 * 2**20


@frozen
class AgentOrder:
    """Everything one run of an agent needs; the same `run_id` never starts twice.

    `writable` holds gitignore-style patterns relative to `workdir`: a request to write anywhere
    else is refused. `box` is put before the agent's command. `environment` is added to the
    cleaned one.
    """

    run_id: str
    agent: AgentChoice
    workdir: str
    prompt: str
    writable: tuple[str, ...]
    limits: Limits = Limits()
    box: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


class AgentStatus(StrEnum):
    """How a run ended, as Accord saw it; none of these says that the work is good."""

    ENDED = "ended"
    DIED = "died"
    HUNG = "hung"
    FLOODED = "flooded"
    GARBAGE = "garbage"
    FAILED = "failed"
    STOPPED = "stopped"


@frozen
class AgentReport:
    """What is known of a finished run. `said` is the agent's last text: a claim, never a fact."""

    run_id: str
    status: AgentStatus
    detail: str = ""
    said: str = ""
    stop_reason: str = ""
    refused: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0


class EventKind(StrEnum):
    """The normalised events of a run, the same for every agent."""

    TEXT = "text"
    TOOL = "tool"
    REFUSED = "refused"
    ALLOWED = "allowed"
    USAGE = "usage"
    ERROR = "error"
    END = "end"


@frozen
class AgentEvent:
    """One line of a transcript; `text` is hostile data and is cleaned before it is shown."""

    kind: EventKind
    text: str = ""
    path: str = ""


Emit = Callable[[AgentEvent], None]


class Agent(Protocol):
    """Runs agents outside this process, so that a run outlives whoever asked for it."""

    def start(self, order: AgentOrder) -> None:
        """Start the run, or do nothing when it runs or ran already. Raises AgentError."""

    def report(self, run_id: str) -> AgentReport | None:
        """Return the report of a finished run, None while it is under way or was never started."""

    def is_running(self, run_id: str) -> bool:
        """Tell whether the run's process is alive."""

    def stop(self, run_id: str) -> None:
        """End the run and everything that it started; a run that is over is left alone."""


class Sandbox(Protocol):
    """Puts a wall around a command. Level 1 is none at all, and says so."""

    level: int

    def prefix(self, workdir: str, writable: Sequence[str]) -> tuple[str, ...]:
        """Return the words to put before a command that may write only `writable` in `workdir`."""


class Clock(Protocol):
    """The time, so that the rules never ask for it themselves."""

    def now(self) -> str:
        """Return the present moment in UTC as `2026-06-01T10:00:00Z`."""


@frozen
class CommandRun:
    """One command that Accord itself ran: how it ended and what it printed (the tail, cleaned)."""

    command: tuple[str, ...]
    exit_status: int | None
    output: str
    junit: bytes | None = field(default=None, repr=False)
    timed_out: bool = False
    missing: bool = False


@frozen
class Entry:
    """One file in a tree: its mode as six octal digits and the id of its blob."""

    mode: str
    id: str


@frozen
class FileChange:
    """One path that differs: its new mode, its new blob (empty: deleted), lines added or taken."""

    path: str
    mode: str
    id: str
    lines: int


@frozen
class Merge:
    """A merge in the object store: the tree, and the paths that conflict (none when clean)."""

    tree: str
    conflicts: tuple[str, ...]


@frozen
class Harvest:
    """What was taken from a worktree: a commit on top of `base`, or none when nothing changed.

    `parked` names what was left out and why; the whole worktree, parked files included, is kept
    under `snapshot`.
    """

    commit: str
    changed: tuple[str, ...]
    parked: tuple[tuple[str, str], ...]
    snapshot: str
