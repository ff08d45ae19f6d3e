"""What the clones of a project spent, each with its own sums, on the database that they share."""

from collections.abc import Mapping

from accord.core.spending import Spent
from accord.engine.postgres import Connection, Database

_PUT = (
    "INSERT INTO accord.spent (project, worker, scope, tokens, micros) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (project, worker, scope)"
    " DO UPDATE SET tokens = excluded.tokens, micros = excluded.micros"
)
_OTHERS = (
    "SELECT scope, sum(tokens)::bigint, sum(micros)::bigint FROM accord.spent"
    " WHERE project = %s AND worker <> %s GROUP BY scope"
)


class PostgresTakings:
    """Implements the `Takings` port."""

    def __init__(self, database: Database, project: str) -> None:
        """Take the database and the id of the project."""
        self._database, self._project = database, project
        self._sent: dict[str, Spent] = {}

    def exchange(self, worker: str, mine: Mapping[str, Spent]) -> dict[str, Spent]:
        """Tell what this worker spent on each scope; return what all others did.

        What a request under way may take at most counts as spent, as it does in its own clone.
        """
        fresh = {scope: one for scope, one in mine.items() if self._sent.get(scope) != one}

        def act(connection: Connection) -> dict[str, Spent]:
            for scope, one in fresh.items():
                sums = one.tokens + one.held_tokens, one.micros + one.held_micros
                connection.execute(_PUT, (self._project, worker, scope, *sums))
            rows = connection.execute(_OTHERS, (self._project, worker)).fetchall()
            return {scope: Spent(tokens, micros) for scope, tokens, micros in rows}

        found = self._database.within(act)
        self._sent |= fresh
        return found
