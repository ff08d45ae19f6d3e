"""The board of a project as a store: on Postgres for many machines, in memory for one process.

Both hold what `core.leases` decides. On Postgres each step loads the few rows of one project under
a lock of that project, asks, and writes what differs; the time is that of the database alone.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, LiteralString, TypeVar

from accord.core import leases
from accord.core.leases import Lease, Ledger, Worker
from accord.engine.postgres import LOCK, Connection, Database

T = TypeVar("T")
Step = Callable[[Ledger, float], tuple[Ledger, T]]


class MemoryBoard:
    """Implements the `Board` port in this process, by the clock that it is given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock in seconds."""
        self._clock, self._lock, self._ledger = clock, threading.Lock(), Ledger()

    def join(self, worker: Worker) -> None:
        """Take part. Raises RefusedError beside a worker of another version of Accord."""
        self._do(lambda ledger, now: (leases.join(ledger, worker, now), None))

    def claim(self, worker: str, jobs: Sequence[str]) -> int:
        """Take all of `jobs` or none; return the token, 0 where another one holds any."""
        return self._do(lambda ledger, now: leases.claim(ledger, worker, jobs, now))

    def renew(self, worker: str, tokens: Mapping[str, int]) -> frozenset[str]:
        """Renew what is held still and return its jobs."""
        return self._do(lambda ledger, now: leases.renew(ledger, worker, tokens, now))

    def drop(self, worker: str, tokens: Mapping[str, int]) -> None:
        """Give back what is held."""
        self._do(lambda ledger, _: (leases.drop(ledger, worker, tokens), None))

    def reap(self, jobs: Collection[str]) -> None:
        """Take away those leases of `jobs` that ended."""
        self._do(lambda ledger, now: (leases.reap(ledger, jobs, now), None))

    def leave(self, worker: str) -> None:
        """Take part no more: what it holds may be had by others at once."""
        self._do(lambda ledger, _: (leases.leave(ledger, worker), None))

    def look(self) -> tuple[Ledger, float]:
        """Return all of it, and the present moment by its clock."""
        return self._do(lambda ledger, now: (ledger, (ledger, now)))

    def close(self) -> None:
        """Forget nothing: others of this process may hold it."""

    def _do(self, step: Step[T]) -> T:
        with self._lock:
            now = self._clock()
            self._ledger, found = step(leases.in_time(self._ledger, now), now)
            return found


class PostgresBoard(MemoryBoard):
    """Implements the `Board` port on the database that the machines share."""

    def __init__(self, database: Database, project: str) -> None:
        """Take the database and the id of the project, whose rows alone are seen."""
        super().__init__(lambda: 0.0)  # the time is the database's
        self._database, self._project = database, project

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _do(self, step: Step[T]) -> T:
        def act(connection: Connection) -> T:
            connection.execute(LOCK, (self._project,))
            row = connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
            before = _load(connection, self._project)
            now = float(row[0]) if row else 0.0
            after, found = step(leases.in_time(before, now), now)
            _save(connection, self._project, before, after)
            return found

        return self._database.within(act)


_WORKERS = "SELECT name, host, slots, release, expires FROM accord.worker WHERE project = %s"
_LEASES = "SELECT job, worker, token, expires FROM accord.lease WHERE project = %s"
_TOKEN = "SELECT token FROM accord.fence WHERE project = %s"  # noqa: S105 -- no password
_NO_WORKER = "DELETE FROM accord.worker WHERE project = %s AND name = %s"
_NO_LEASE = "DELETE FROM accord.lease WHERE project = %s AND job = %s"


def _load(connection: Connection, project: str) -> Ledger:
    def rows(query: LiteralString) -> list[tuple[Any, ...]]:
        return connection.execute(query, (project,)).fetchall()

    workers = {row[0]: Worker(*row) for row in rows(_WORKERS)}
    held = {row[0]: Lease(*row) for row in rows(_LEASES)}
    last = rows(_TOKEN)
    return Ledger(workers, held, int(last[0][0]) if last else 0)


def _save(connection: Connection, project: str, before: Ledger, after: Ledger) -> None:
    for name in before.workers.keys() - after.workers.keys():
        connection.execute(_NO_WORKER, (project, name))
    for job in before.leases.keys() - after.leases.keys():
        connection.execute(_NO_LEASE, (project, job))
    for name, worker in after.workers.items():
        if before.workers.get(name) != worker:
            connection.execute(
                "INSERT INTO accord.worker (project, name, host, slots, release, expires)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (project, name) DO UPDATE"
                " SET host = excluded.host, slots = excluded.slots, release = excluded.release,"
                " expires = excluded.expires",
                (project, name, worker.host, worker.slots, worker.release, worker.expires),
            )
    for job, lease in after.leases.items():
        if before.leases.get(job) != lease:
            connection.execute(
                "INSERT INTO accord.lease (project, job, worker, token, expires)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (project, job) DO UPDATE"
                " SET worker = excluded.worker, token = excluded.token,"
                " expires = excluded.expires",
                (project, job, lease.worker, lease.token, lease.expires),
            )
    if after.token != before.token:
        connection.execute(
            "INSERT INTO accord.fence (project, token) VALUES (%s, %s)"
            " ON CONFLICT (project) DO UPDATE SET token = excluded.token",
            (project, after.token),
        )
