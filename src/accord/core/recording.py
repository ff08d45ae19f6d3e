"""What is kept of a run that is over: what it said and did, and the files that it left."""

from collections.abc import Iterable

from attrs import evolve, frozen

from accord.core.orders import AgentEvent, AgentStatus, EventKind


@frozen
class Written:
    """One file as a run left it: its bytes (None: deleted), and its executable bit where it moved.

    `path` is relative to the root of the repository.
    """

    path: str
    data: bytes | None
    executable: bool | None = None


@frozen
class Recording:
    """A run that is over, as it can be played again.

    `subject` is the stage or the task that it was about, `task` tells which of the two. `left`
    names what is not played again, each with the reason.
    """

    run_id: str
    subject: str
    task: bool
    ended: AgentStatus
    events: tuple[AgentEvent, ...]
    files: tuple[Written, ...]
    left: tuple[tuple[str, str], ...] = ()


def joined(events: Iterable[AgentEvent]) -> tuple[AgentEvent, ...]:
    """Return `events` with texts that were told in pieces as one each."""
    found: list[AgentEvent] = []
    for one in events:
        if found and found[-1].goes_on and one.kind is EventKind.TEXT:
            last = found.pop()
            found.append(evolve(one, text=last.text + one.text))
        else:
            found.append(one)
    return tuple(found)
