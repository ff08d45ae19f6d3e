"""What a run of an agent is given and how it ended, as values."""

from collections.abc import Callable
from enum import StrEnum

from attrs import field, frozen


class AgentKind(StrEnum):
    """How an agent is spoken to."""

    ACP = "acp"
    CLAUDE = "claude"
    CODEX = "codex"
    SCRIPTED = "scripted"


@frozen
class AgentChoice:
    """One configured agent: its name on screens, how it is driven, the command that starts it.

    For ACP the command speaks the Agent Client Protocol on stdin and stdout. For the scripted
    agent `command` holds the absolute path of its script. For Codex it names the program; for
    Claude it may do so, or be empty to use the one that the SDK carries. `passes` names the
    variables of the person's environment that the agent is given; it gets no other that could
    hold a secret. `service`, `upstream` and `key` say where its model is asked (see `Outlet`), and
    `reads` which files of the person it may read in its box. `otherwise` names the agent that
    steps in for this one where its service does not serve it.
    """

    name: str
    kind: AgentKind
    command: tuple[str, ...] = ()
    model: str = ""
    passes: tuple[str, ...] = ()
    service: str = ""
    upstream: str = ""
    key: str = ""
    reads: tuple[str, ...] = ()
    otherwise: str = ""


@frozen
class Limits:
    """When a run is ended for the agent: seconds in all, seconds of silence, bytes of output."""

    total_s: float = 3600.0
    idle_s: float = 600.0
    output_bytes: int = 64 * 2**20


@frozen
class Budget:
    """The most that may be spent: tokens (in and out), millionths of a dollar; 0 sets no limit."""

    tokens: int = 0
    micros: int = 0


@frozen
class Price:
    """What the models that match a glob cost, in millionths of a dollar for a million tokens."""

    models: str
    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None


@frozen
class Outlet:
    """An agent's only way out: the model's service, whose key it never sees, and its budgets.

    `service` names the protocol (`anthropic`, `openai` or `gemini`), `upstream` its address when
    it is not the public one, `keys` the variables of the person's environment that may hold the
    key. `budgets` maps what is counted together (`run:ID`, `task:CHANGE/T1`, `change:CHANGE`,
    `day:2026-06-01`) to what may be spent on it. A service that is too busy is asked again for
    `retry_s` seconds.
    """

    service: str
    upstream: str = ""
    keys: tuple[str, ...] = ()
    budgets: tuple[tuple[str, Budget], ...] = ()
    prices: tuple[Price, ...] = ()
    retry_s: float = 30.0


@frozen
class Reply:
    """What a person answered to a question that an agent asked: the question's id, both texts."""

    id: str
    question: str
    words: str


@frozen
class Tools:
    """What Accord's own tools tell the agent of one run, and what they take from it.

    `about` names the work across its attempts (`cart/design`): the same question about the same
    work is one question, and `replies` are those that were answered. `documents` are (path, text)
    and `items` (id, text) of what this stage may see, `decisions` a line for each in force here.
    `hands_in` is the path, from the folder that the agent works in, of the document that it may
    hand in; empty where its work is no document. An agent that asks waits `patience_s` for an
    answer, and then ends its turn. `url`, `token` and `door` say where the tools are reached; the
    host of the run fills them in, and they are in no file.
    """

    about: str
    documents: tuple[tuple[str, str], ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    decisions: tuple[str, ...] = ()
    hands_in: str = ""
    replies: tuple[Reply, ...] = ()
    patience_s: float = 45.0
    url: str = ""
    token: str = field(default="", repr=False)
    door: str = ""


@frozen
class Question:
    """A question that the agent of a run asked and nobody has answered yet."""

    id: str
    run_id: str
    about: str
    text: str


UNHELD = "its worker was not heard of for too long"
"""How a run ended whose work may be another machine's by now."""


@frozen
class Leash:
    """What a run hangs on whose work others may take when nobody here holds it any more.

    `file` is written anew as long as it is held. A run ends when that was not so for `lasts_s`
    seconds; where the file is not there, nobody else is, and the run hangs on nothing.
    """

    file: str
    lasts_s: float


@frozen
class AgentOrder:
    """Everything one run of an agent needs; the same `run_id` never starts twice.

    `writable` holds gitignore-style patterns relative to `workdir`: a request to write anywhere
    else is refused. `box` is put before the agent's command. `environment` is added to the
    cleaned one. With an `outlet` or `tools`, the run has a gateway in the folder that `Agent.door`
    names. `leash` is what it hangs on, if anything.
    """

    run_id: str
    agent: AgentChoice
    workdir: str
    prompt: str
    writable: tuple[str, ...]
    limits: Limits = Limits()
    box: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    outlet: Outlet | None = None
    tools: Tools | None = None
    leash: Leash | None = None


class AgentStatus(StrEnum):
    """How a run ended, as Accord saw it; none of these says that the work is good.

    One that ASKS is not over: it goes on when a person has answered (`Agent.go_on`).
    """

    ENDED = "ended"
    ASKS = "asks"
    DIED = "died"
    HUNG = "hung"
    LOOPED = "looped"
    FLOODED = "flooded"
    GARBAGE = "garbage"
    FAILED = "failed"
    SPENT = "spent"
    STOPPED = "stopped"


@frozen
class AgentReport:
    """What is known of a finished run. `said` is the agent's last text: a claim, never a fact.

    `claimed` is what it said when it called its task done, which is a claim as well.
    With a gateway all counts are its own; `trouble` says how the model's service failed the run,
    and `exhausted` tells that it would not serve it: a quota is used up, or it has no room.
    """

    run_id: str
    status: AgentStatus
    detail: str = ""
    said: str = ""
    stop_reason: str = ""
    refused: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    cost_micros: int = 0
    trouble: str = ""
    exhausted: bool = False
    claimed: str = ""


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
    """One line of a transcript; `text` is hostile data and is cleaned before it is shown.

    `goes_on` tells that the next text goes on with this one.
    """

    kind: EventKind
    text: str = ""
    path: str = ""
    goes_on: bool = False


DOOR = "gateway.sock"
"""The name of the socket on which the gateway of a run listens."""

PORT = "port"
"""The file beside it that names the loopback port in a box which could not have BRIDGE_PORT."""

BRIDGE_PORT = 8899
"""The loopback port in the box that leads to the gateway."""

Emit = Callable[[AgentEvent], None]
