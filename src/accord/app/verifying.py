"""What the merge queues of this clone are at: noted while one works, believed while it lives.

A note outlives the process that was killed; the lock that it held does not. So what is left of
one is never told as if it went on, and nobody has to clear it away.
"""

import fcntl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field

from accord.app.workshop import Workshop
from accord.core import queue as queues
from accord.core.approval import Json
from accord.core.model import sha256
from accord.core.queue import Queue, Verify

VERIFYING = "verifying"


@define
class Telling:
    """Notes for others what one queue is at. `name` is whose queue it is."""

    workshop: Workshop
    name: str
    said: Mapping[str, Json] = field(factory=dict)

    def tell(self, queue: Queue, at_work: Collection[Verify]) -> None:
        """Note the order of the entries and what is verified now, where that is news.

        `line` are the ids of those that are to land, `tried` of those that failed and are looked
        at, and each of `now` the ids of those that one verification is about, in their order.
        """
        said: dict[str, Json] = {
            "line": [one.id for one in queue.entries],
            "tried": [one.id for one in queue.ejected],
            "now": [[*queues.chain(queue, one.commit)] for one in at_work],
        }
        if said != self.said:
            self.workshop.journal.note(f"{VERIFYING}/{self.name}", said)
            self.said = said


@contextmanager
def told(workshop: Workshop, name: str) -> Iterator[Telling]:
    """Hold the lock by which what is told of the queue of `name` is believed, until it is over."""
    place = _lock(workshop, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    telling = Telling(workshop, name)
    telling.tell(Queue("", ""), ())  # in the place of what somebody left who was killed
    with place.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield telling
        telling.tell(Queue("", ""), ())
        place.unlink(missing_ok=True)


def under_way(workshop: Workshop) -> dict[str, dict[str, Json]]:
    """Map the name of each queue that is at work now to what `Telling.tell` noted of it."""
    notes = workshop.journal.noted(f"{VERIFYING}/")
    named = ((key.removeprefix(f"{VERIFYING}/"), note) for key, note in notes.items())
    return {name: note for name, note in named if _is_held(_lock(workshop, name))}


def _lock(workshop: Workshop, name: str) -> Path:
    return workshop.state / "queues" / sha256(name.encode(errors="surrogateescape"))[:16]


def _is_held(place: Path) -> bool:
    try:
        with place.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
