"""The database that the machines of one project share: its tables, its version, one connection.

It holds what is agreed between machines (which attempts are over, who holds which piece of work)
and nothing that decides: a gate is open by what lies in git. What a server says of an address, a
name or a password is never passed on.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from accord.errors import ConfigurationError, RefusedError

VERSION = 2
"""Raised whenever the tables change; only one of them is ever at work in a database."""

_LOCK = 0x6163636F7264  # whoever makes the tables holds it: "accord" as a number
_CONNECT_S = 10
_PAUSE_S = 0.5
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS accord;
CREATE TABLE IF NOT EXISTS accord.version (
    version INTEGER NOT NULL,
    born DOUBLE PRECISION NOT NULL DEFAULT extract(epoch FROM clock_timestamp())
);
CREATE SEQUENCE IF NOT EXISTS accord.turn;
CREATE TABLE IF NOT EXISTS accord.note (
    project TEXT NOT NULL, key TEXT COLLATE "C" NOT NULL, value TEXT NOT NULL,
    turn BIGINT NOT NULL, PRIMARY KEY (project, key)
);
CREATE INDEX IF NOT EXISTS note_turn ON accord.note (project, turn);
CREATE TABLE IF NOT EXISTS accord.spent (
    project TEXT NOT NULL, worker TEXT NOT NULL, scope TEXT NOT NULL, tokens BIGINT NOT NULL,
    micros BIGINT NOT NULL, PRIMARY KEY (project, worker, scope)
);
CREATE TABLE IF NOT EXISTS accord.worker (
    project TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL, slots INTEGER NOT NULL,
    release TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (project, name)
);
CREATE TABLE IF NOT EXISTS accord.lease (
    project TEXT NOT NULL, job TEXT NOT NULL, worker TEXT NOT NULL, token BIGINT NOT NULL,
    expires DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (project, job)
);
CREATE TABLE IF NOT EXISTS accord.fence (project TEXT PRIMARY KEY, token BIGINT NOT NULL);
"""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
"""Has what is done for a project come one after the other, in the order of what is counted."""

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")


class Database:
    """One connection to the server at `url`, opened when first needed and anew when it was lost."""

    def __init__(self, url: str, patience_s: float = 0.0) -> None:
        """Take the address and how long a server that is gone is tried; nothing is opened yet."""
        self._url, self._patience_s = url, patience_s
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def within(self, act: Callable[[Connection], T]) -> T:
        """Do `act` in one transaction and return what it gives.

        Where the connection is lost in it, it is done again on a new one, so it must be such that
        doing it twice is doing it once. Raises ConfigurationError where the server cannot be
        reached or refuses, RefusedError where its tables are of another version.
        """
        with self._lock:
            end = time.monotonic() + self._patience_s
            again = self._connection is not None
            while True:
                try:
                    return self._once(act)
                except psycopg.OperationalError:
                    self._drop()
                if not again and time.monotonic() > end:
                    raise unreachable() from None
                if not again:
                    time.sleep(_PAUSE_S)
                again = False

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._drop()

    def _once(self, act: Callable[[Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = _connect(self._url)
            with self._connection.transaction():
                return act(self._connection)
        except psycopg.OperationalError:
            raise
        except psycopg.Error:
            raise ConfigurationError(
                "the database of ACCORD_DATABASE_URL refused what Accord asked of it",
                hint="let its user create a schema there; the server's log says more",
            ) from None

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def unreachable() -> ConfigurationError:
    """Return the error for a server that does not answer; it names nothing of the address."""
    return ConfigurationError(
        "the database of ACCORD_DATABASE_URL cannot be reached",
        hint="check the address and the server; without the variable this machine works alone",
    )


def _connect(url: str) -> Connection:
    try:
        found = psycopg.connect(
            url, connect_timeout=_CONNECT_S, application_name="accord", keepalives_idle=5,
            keepalives_interval=2, keepalives_count=3, tcp_user_timeout=_CONNECT_S * 1000,
        )  # fmt: skip
    except psycopg.ProgrammingError:  # the address itself cannot be read
        raise unreachable() from None
    try:
        with found.transaction():
            # Whoever waits for an answer that never comes would never know that its leases ended.
            found.execute("SET statement_timeout = '15s'")
            _agree(found)
    except BaseException:
        found.close()
        raise
    return found


def _agree(connection: Connection) -> None:
    """Make the tables where there are none; refuse those of another version."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    there = connection.execute("SELECT to_regclass('accord.version')").fetchone()
    if there == (None,):
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO accord.version (version) VALUES (%s)", (VERSION,))
    row = connection.execute("SELECT version FROM accord.version").fetchone()
    found = int(row[0]) if row else 0
    if found > VERSION:
        raise RefusedError(
            "a newer Accord has made this database its own", hint="upgrade Accord on this machine"
        )
    if found < VERSION:
        raise RefusedError(
            "this database was made by an older Accord",
            hint="end its workers with Ctrl-C, then: DROP SCHEMA accord CASCADE; it is a cache",
        )
