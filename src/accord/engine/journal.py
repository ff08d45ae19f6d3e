"""The operation log and the notes of finished work, in one SQLite file.

It is written before a ref moves and closed after, so that a process that was killed in between
leaves a pending line which the next one settles. It can be deleted: git holds the truth.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from accord.core.approval import Json
from accord.core.ports import Operation

_SCHEMA = """
CREATE TABLE IF NOT EXISTS operation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL, change TEXT NOT NULL,
    detail TEXT NOT NULL, refs TEXT NOT NULL, undoes INTEGER NOT NULL, state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteJournal:
    """Implements the `Journal` port on the SQLite file at `path`, made when first needed."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file; its folder is made with it."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def begin(self, operation: Operation) -> int:
        """Write down an operation that is about to happen; return its number."""
        refs = json.dumps({ref: list(moved) for ref, moved in operation.refs.items()})
        with self._open() as database:
            cursor = database.execute(
                "INSERT INTO operation (at, actor, verb, change, detail, refs, undoes, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'pending')",
                (operation.at, operation.actor, operation.verb, operation.change,
                 operation.detail, refs, operation.undoes),
            )  # fmt: skip
            return cursor.lastrowid or 0

    def finish(self, number: int) -> None:
        """Mark it as done."""
        self._mark(number, "done")

    def void(self, number: int) -> None:
        """Mark it as one that did not happen."""
        self._mark(number, "void")

    def operations(
        self, *, change: str = "", pending: bool = False, limit: int = 0
    ) -> tuple[Operation, ...]:
        """Return the operations that were done (or are pending), the newest first."""
        query = (
            "SELECT actor, verb, change, detail, refs, at, number, undoes FROM operation"
            " WHERE state = ? AND (? = '' OR change = ?) ORDER BY number DESC LIMIT ?"
        )
        with self._open() as database:
            rows = database.execute(
                query, ("pending" if pending else "done", change, change, limit or -1)
            ).fetchall()
        return tuple(_operation(row) for row in rows)

    def note(self, key: str, value: Mapping[str, Json]) -> None:
        """Keep a small fact under `key`, in place of an earlier one."""
        with self._open() as database:
            database.execute(
                "INSERT INTO note (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )

    def noted(self, prefix: str) -> dict[str, dict[str, Json]]:
        """Return the facts whose keys begin with `prefix`."""
        with self._open() as database:
            rows = database.execute(
                "SELECT key, value FROM note WHERE key >= ? AND key < ? ORDER BY key",
                (prefix, prefix + "\U0010ffff"),
            ).fetchall()
        # All in one go: a board reads some hundreds of them for each look.
        values: list[dict[str, Json]] = json.loads(f"[{','.join(value for _, value in rows)}]")
        return {key: value for (key, _), value in zip(rows, values, strict=True)}

    def at_once(self) -> AbstractContextManager[None]:
        """Do nothing: whoever else writes to this file does so between two calls, and may."""
        return nullcontext()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _mark(self, number: int, state: str) -> None:
        with self._open() as database:
            database.execute("UPDATE operation SET state = ? WHERE number = ?", (state, number))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.executescript(_SCHEMA)
            with self._connection:
                yield self._connection


def _operation(row: tuple[str, str, str, str, str, str, int, int]) -> Operation:
    actor, verb, change, detail, refs, at, number, undoes = row
    moved = {ref: (old, new) for ref, (old, new) in json.loads(refs).items()}
    return Operation(actor, verb, change, detail, moved, at, number, undoes)
