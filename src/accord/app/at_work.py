"""Which agents are at work now."""

from attrs import frozen

from accord.app import agency
from accord.app.workshop import Workshop


@frozen
class Running:
    """One run of an agent that is alive: its id, its change, what it is about, which try it is."""

    run_id: str
    change: str
    subject: str
    attempt: int


def under_way(workshop: Workshop) -> dict[str, tuple[str, str, int]]:
    """Map each draft or build that was begun and has not ended to (change, subject, attempt)."""
    ended = set(workshop.journal.noted("draft/")) | set(workshop.journal.noted("build/"))
    found = {}
    for key in workshop.journal.noted("base/"):
        action = key.removeprefix("base/")
        if action not in ended:
            _, change, subject, _, attempt = action.split("/")
            found[action] = (change, subject, int(attempt))
    return found


def running(workshop: Workshop) -> tuple[Running, ...]:
    """Return the agents' runs that are alive now."""
    return tuple(
        Running(run_id, change, subject, attempt)
        for action, (change, subject, attempt) in under_way(workshop).items()
        for number in range(1, agency.rounds(workshop, action) + 1)
        if workshop.agents.is_running(run_id := f"{action}/{number}")
    )


def alive(workshop: Workshop) -> tuple[str, ...]:
    """Return the ids of the runs of drafts and builds that are alive here, ended or not elsewhere.

    An attempt may be over for every machine while its agent goes on where it was begun.
    """
    return tuple(
        run_id
        for key in workshop.journal.noted("base/")
        if (action := key.removeprefix("base/")).startswith(("draft/", "build/"))
        for number in range(1, workshop.config.rounds + 1)
        if workshop.agents.is_running(run_id := f"{action}/{number}")
    )
