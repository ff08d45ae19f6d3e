"""A journal of which the machines of a project share a part: which attempts at work are over.

All the rest of a journal is about one clone (its refs, its worktrees, its files) and stays there.
What is shared is kept in the clone as well, so that it is there when the database is not.
"""

import json
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import define, field

from accord.core.approval import Json
from accord.core.ports import Journal, Operation
from accord.engine.postgres import LOCK, Connection, Database

SHARED = ("draft/", "build/", "failed/", "took/", "asked/", "question/", "radar/", "told/", "left/")
"""Notes of attempts that are over, of what was tried in vain, of how long work took, of what agents
asked and people answered, of collisions and who was told of them, of what was left out."""

_PUT = (
    "INSERT INTO accord.note (project, key, value, turn)"
    " VALUES (%s, %s, %s, nextval('accord.turn')) ON CONFLICT (project, key)"
    " DO UPDATE SET value = excluded.value, turn = excluded.turn"
)
_GET = (
    "SELECT v.born, n.key, n.value, n.turn FROM accord.version v"
    " LEFT JOIN accord.note n ON n.project = %s AND n.turn > %s ORDER BY n.turn"
)

_AT_ONCE: ContextVar[bool] = ContextVar("at_once", default=False)


@define
class _Mirror:
    """What was read of a project's notes: up to `turn`, in the database that was made at `born`."""

    born: float = 0.0
    turn: int = 0
    notes: dict[str, dict[str, Json]] = field(factory=dict)
    keys: list[str] = field(factory=list)

    def below(self, prefix: str) -> dict[str, dict[str, Json]]:
        found = {}
        for at in range(bisect_left(self.keys, prefix), len(self.keys)):
            if not self.keys[at].startswith(prefix):
                break
            found[self.keys[at]] = dict(self.notes[self.keys[at]])
        return found

    def put(self, key: str, value: Mapping[str, Json]) -> None:
        if key not in self.notes:
            self.keys.insert(bisect_left(self.keys, key), key)
        self.notes[key] = dict(value)


class SharedJournal:
    """Implements the `Journal` port: `local` for what is this clone's, Postgres for the rest."""

    def __init__(self, local: Journal, database: Database, project: str) -> None:
        """Take the clone's own journal, the shared database and the id of the project."""
        self._local, self._database, self._project = local, database, project
        self._mirror, self._lock = _Mirror(), threading.Lock()

    def begin(self, operation: Operation) -> int:
        """Write down an operation that is about to happen; return its number."""
        return self._local.begin(operation)

    def finish(self, number: int) -> None:
        """Mark it as done."""
        self._local.finish(number)

    def void(self, number: int) -> None:
        """Mark it as one that did not happen."""
        self._local.void(number)

    def operations(
        self, *, change: str = "", pending: bool = False, limit: int = 0
    ) -> tuple[Operation, ...]:
        """Return the operations of this clone that were done (or are pending), newest first."""
        return self._local.operations(change=change, pending=pending, limit=limit)

    def note(self, key: str, value: Mapping[str, Json]) -> None:
        """Keep a small fact under `key`, in place of an earlier one."""
        if key.startswith(SHARED):

            def put(connection: Connection) -> None:
                connection.execute(LOCK, (self._project,))
                connection.execute(_PUT, (self._project, key, json.dumps(value)))

            self._database.within(put)
            with self._lock:
                self._mirror.put(key, value)
        self._local.note(key, value)

    def noted(self, prefix: str) -> dict[str, dict[str, Json]]:
        """Return the facts whose keys begin with `prefix`; what is shared counts as shared."""
        found = self._local.noted(prefix)
        if prefix.startswith(SHARED) or any(one.startswith(prefix) for one in SHARED):
            if not _AT_ONCE.get():
                self._read()
            with self._lock:
                found |= self._mirror.below(prefix)
        return dict(sorted(found.items()))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Ask the database once, for all that is read until this is left."""
        self._read()
        token = _AT_ONCE.set(True)
        try:
            yield
        finally:
            _AT_ONCE.reset(token)

    def close(self) -> None:
        """Close both."""
        self._local.close()
        self._database.close()

    def _read(self) -> None:
        """Learn what was noted since the last time: one short question, whatever there is."""
        with self._lock:
            seen = (self._project, self._mirror.turn)
            rows = self._database.within(lambda one: one.execute(_GET, seen).fetchall())
            if rows and rows[0][0] != self._mirror.born:
                self._mirror = _Mirror(rows[0][0])  # it was dropped, and begins to count anew
                if seen[1]:
                    seen = (self._project, 0)
                    rows = self._database.within(lambda one: one.execute(_GET, seen).fetchall())
            for _, key, value, turn in rows:
                if key is not None:
                    self._mirror.put(key, json.loads(value))
                    self._mirror.turn = turn
