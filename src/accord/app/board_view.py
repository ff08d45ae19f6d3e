"""The board: what waits for a person, what runs, what is queued, what was released."""

from collections.abc import Iterator

from accord.app import board
from accord.app.at_work import running
from accord.app.changes import released
from accord.app.needs import needs
from accord.app.views import View
from accord.app.workplaces import BUILT
from accord.app.workshop import Workshop

SHOWN = 12


def board_view(workshop: Workshop, who: str) -> View:
    """Return the four columns of the board, with how many more each has than are listed."""
    every = board.rows(workshop)
    waiting = needs(workshop, who, every)
    alive = running(workshop)
    at_work = {one.change for one in alive}
    rows = [row for row in every if not row["command"]]
    titles = {row["change"]: row["title"] for row in rows}
    return {
        "changes": [row["change"] for row in every],
        "needs": waiting[:SHOWN],
        "needs_more": max(0, len(waiting) - SHOWN),
        "running": [
            {"change": one.change, "title": titles.get(one.change, one.change),
             "subject": one.subject, "attempt": one.attempt, "run": one.run_id}
            for one in alive
        ],
        "able": [row for row in rows if row["change"] not in at_work][:SHOWN],
        "able_more": max(0, len([r for r in rows if r["change"] not in at_work]) - SHOWN),
        "queue": list(_queue(workshop, {row["change"] for row in every})),
        "landed": _landed(workshop),
    }  # fmt: skip


def _queue(workshop: Workshop, known: set[str]) -> Iterator[View]:
    """Yield the tasks that are built and proved and wait to be joined to their change."""
    done = {
        (one.change, one.detail)
        for one in workshop.journal.operations(limit=500)
        if one.verb == "land"
    }
    for ref in workshop.repo.refs(f"{BUILT}/"):
        change, _, task = ref.removeprefix(f"{BUILT}/").partition("/")
        if change in known and (change, task) not in done:
            yield {"change": change, "task": task}


def _landed(workshop: Workshop) -> list[View]:
    """Return what was released, the newest first; what another machine released has no time."""
    at = {
        one.change: one.at
        for one in workshop.journal.operations(limit=2000)
        if one.verb == "release"
    }
    names = sorted(released(workshop), key=lambda name: at.get(name, ""), reverse=True)
    return [{"change": name, "at": at.get(name, "")} for name in names[:SHOWN]]
