"""A journal of which the machines of a project share a part: which attempts at work are over.

All the rest of a journal is about one clone (its refs, its worktrees, its files) and stays there.
What is shared is kept in the clone as well, so that it is there when the database is not.
"""

import json
from collections.abc import Mapping

from accord.core.approval import Json
from accord.core.ports import Journal, Operation
from accord.engine.postgres import Connection, Database

SHARED = ("draft/", "build/", "failed/", "took/")
"""Notes of attempts that are over, of what was tried in vain, of how long work took."""

_PUT = (
    "INSERT INTO accord.note (project, key, value) VALUES (%s, %s, %s)"
    " ON CONFLICT (project, key) DO UPDATE SET value = excluded.value"
)
_GET = (
    "SELECT key, value FROM accord.note"
    " WHERE project = %s AND key >= %s AND key < %s ORDER BY key"
)  # fmt: skip


class SharedJournal:
    """Implements the `Journal` port: `local` for what is this clone's, Postgres for the rest."""

    def __init__(self, local: Journal, database: Database, project: str) -> None:
        """Take the clone's own journal, the shared database and the id of the project."""
        self._local, self._database, self._project = local, database, project

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
            row = (self._project, key, json.dumps(value))
            self._database.within(lambda connection: connection.execute(_PUT, row))
        self._local.note(key, value)

    def noted(self, prefix: str) -> dict[str, dict[str, Json]]:
        """Return the facts whose keys begin with `prefix`; what is shared counts as shared."""
        found = self._local.noted(prefix)
        if prefix.startswith(SHARED) or any(one.startswith(prefix) for one in SHARED):
            found |= self._database.within(lambda connection: self._read(connection, prefix))
        return dict(sorted(found.items()))

    def close(self) -> None:
        """Close both."""
        self._local.close()
        self._database.close()

    def _read(self, connection: Connection, prefix: str) -> dict[str, dict[str, Json]]:
        row = (self._project, prefix, prefix + "\U0010ffff")
        return {key: json.loads(value) for key, value in connection.execute(_GET, row)}
