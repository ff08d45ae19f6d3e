"""Begin to drive a repository: alone in it, beside other machines, after what was cut off."""

import asyncio
import fcntl
import itertools
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from accord.app.rewriting import about_files
from accord.app.workshop import Workshop
from accord.core import leases
from accord.engine import leash
from accord.engine.crew import Crew
from accord.errors import AccordError, ConflictError

KEEP_EVERY = 8
"""After how many renewals of its leases a worker brings its snapshots to the remote."""


def settle(workshop: Workshop) -> None:
    """Close the operations that were cut off: those whose refs moved are done, the others void."""
    for operation in workshop.journal.operations(pending=True):
        if about_files(operation):  # it has a note of its own, which `app.rewriting` settles
            continue
        took = all(workshop.repo.resolve(ref) == new for ref, (_, new) in operation.refs.items())
        if took:
            for ref, (old, new) in operation.refs.items():
                if old and new:
                    workshop.repo.settle(ref, old, new)
            workshop.journal.finish(operation.number)
        else:
            workshop.journal.void(operation.number)


async def beat(crew: Crew) -> None:
    """Renew the leases of a crew for as long as this is not cancelled; bring its snapshots."""
    loop = asyncio.get_running_loop()
    # On a thread of its own: those of everybody may all be busy with checks that take an hour.
    own = ThreadPoolExecutor(1)
    try:
        for count in itertools.count(1):
            await asyncio.sleep(leases.RENEW_S)
            await loop.run_in_executor(own, crew.beat)
            if count % KEEP_EVERY == 0:
                await asyncio.to_thread(crew.keep_snapshots)
    finally:
        own.shutdown(wait=False)


@contextmanager
def taking_part(workshop: Workshop, crew: Crew | None) -> Iterator[None]:
    """Take part in the crew for as long as this lasts; without one, nobody else does the work."""
    if crew is None:
        leash.release(workshop.state)
        yield
        return
    crew.board.join(crew.worker)
    try:
        crew.enter()
        yield
    finally:
        # What is not given back ends by itself, as on a full disk it has to.
        with suppress(AccordError, OSError, sqlite3.Error):
            crew.leave()


@contextmanager
def alone(workshop: Workshop) -> Iterator[None]:
    """Hold the repository's engine lock; it is let go with the process, however that ends."""
    workshop.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (workshop.state / "engine.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                "another accord run is at work in this repository",
                hint="wait for it, or look at accord status",
            ) from None
        yield
