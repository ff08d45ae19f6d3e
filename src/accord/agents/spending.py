"""The ledger of what the runs of a repository have spent, shared by all of their hosts.

One SQLite file. A request is entered before it is sent, with the most that it may take, and
entered again as what it took when its answer is over; both within one short transaction, so that
runs side by side never count on the same money. What a killed host had entered stays entered: at
most that was spent, and nobody knows how much less.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from attrs import astuple, frozen

from accord.agents.usage import Usage
from accord.core.orders import Budget
from accord.core.spending import Spent, shown, together

LEDGER = "spend.sqlite"
_RUN = "run:"
_BUSY_S = 10.0
_TRIES = 50

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, model TEXT NOT NULL,
    held INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL, output INTEGER NOT NULL, micros INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_held ON requests (run) WHERE held = 1;
CREATE TABLE IF NOT EXISTS spending (
    scope TEXT NOT NULL, request INTEGER NOT NULL REFERENCES requests (id), tokens INTEGER NOT NULL,
    micros INTEGER NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (scope, request)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS spending_request ON spending (request);
CREATE TABLE IF NOT EXISTS elsewhere (
    scope TEXT PRIMARY KEY, tokens INTEGER NOT NULL, micros INTEGER NOT NULL
) WITHOUT ROWID;
"""

_SUMS = (
    "total(tokens * (1 - held)), total(micros * (1 - held)), total(tokens * held),"
    " total(micros * held)"
)


@frozen
class Short:
    """A budget that has no room for a request of `asked` tokens or millionths of a dollar.

    `waits` tells that there would be room if requests under way took nothing.
    """

    scope: str
    unit: str
    limit: int
    spent: int
    asked: int
    waits: bool

    def __str__(self) -> str:
        """Return it as a sentence for the person who set the budget."""
        used, limit, more = (shown(self.unit, n) for n in (self.spent, self.limit, self.asked))
        used = used.removesuffix(" tokens")
        what = self.scope.replace(":", " ", 1)
        return (
            f"the budget of the {what} is spent: {used} of {limit} are used and the next request"
            f" may take {more}; it is set in .accord/config.toml"
        )


@frozen
class Entry:
    """What one request took or may take, in tokens and in millionths of a dollar."""

    usage: Usage = Usage()  # noqa: RUF009 - it is frozen
    micros: int = 0

    @property
    def tokens(self) -> int:
        """Return all tokens together."""
        return self.usage.tokens


class Ledger:
    """An open ledger; made when it is not there, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError or sqlite3.Error when it cannot be used."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._file = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        _wal(self._file)
        self._file.executescript(_SCHEMA)

    def hold(
        self, run: str, budgets: Sequence[tuple[str, Budget]], model: str, most: Entry
    ) -> int | Short:
        """Enter a request that may take `most`; return its number, or the budget without room."""
        scopes = {f"run:{run}": Budget(), **dict(budgets)}
        with _transaction(self._file):
            for scope, budget in scopes.items():
                short = _room(scope, budget, _sum(self._file, scope), most)
                if short is not None:
                    return short
            cursor = self._file.execute(
                "INSERT INTO requests VALUES (NULL, ?, unixepoch(), ?, 1, ?, ?, ?, ?, ?)",
                (run, model, *_row(most)),
            )
            number = int(cursor.lastrowid or 0)
            self._file.executemany(
                "INSERT INTO spending VALUES (?, ?, ?, ?, 1)",
                [(scope, number, most.tokens, most.micros) for scope in scopes],
            )
        return number

    def settle(self, number: int, took: Entry) -> None:
        """Enter what the request `number` really took."""
        with _transaction(self._file):
            self._file.execute(
                "UPDATE requests SET held = 0, input = ?, cache_read = ?, cache_write = ?,"
                " output = ?, micros = ? WHERE id = ?",
                (*_row(took), number),
            )
            self._file.execute(
                "UPDATE spending SET held = 0, tokens = ?, micros = ? WHERE request = ?",
                (took.tokens, took.micros, number),
            )

    def abandon(self, run: str) -> None:
        """Count as spent what a dead host of `run` had under way; nobody will settle it."""
        with _transaction(self._file):
            self._file.execute(
                "UPDATE spending SET held = 0 WHERE held = 1 AND request IN"
                " (SELECT id FROM requests WHERE held = 1 AND run = ?)",
                (run,),
            )
            self._file.execute("UPDATE requests SET held = 0 WHERE held = 1 AND run = ?", (run,))

    def learn(self, elsewhere: Mapping[str, Spent]) -> None:
        """Count as spent what was spent on each scope by the agents of other clones."""
        with _transaction(self._file):
            self._file.execute("DELETE FROM elsewhere")
            self._file.executemany(
                "INSERT INTO elsewhere VALUES (?, ?, ?)",
                [(scope, one.tokens, one.micros) for scope, one in elsewhere.items()],
            )

    def spent(self, scope: str) -> Spent:
        """Return what was spent on `scope` so far."""
        return _sum(self._file, scope)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Purse:
    """Looks into the ledger at a path, which need not be there; implements the `Purse` port."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file."""
        self._path = path

    def below(self, prefix: str) -> dict[str, Spent]:
        """Map each scope that begins with `prefix` to what was spent on it.

        A ledger that is not there or cannot be read says nothing: the gateways, which keep the
        budgets, refuse to work without one.
        """
        with suppress(sqlite3.Error), closing(self._reading()) as file:
            return _by_scope((*_mine(file, prefix), *_others(file, prefix)))
        return {}

    def own(self) -> dict[str, Spent]:
        """Map each scope that has a budget to what the agents of this clone spent or hold."""
        with suppress(sqlite3.Error), closing(self._reading()) as file:
            return {scope: one for scope, one in _mine(file, "") if not scope.startswith(_RUN)}
        return {}

    def learn(self, elsewhere: Mapping[str, Spent]) -> None:
        """Count what the agents of other clones spent as spent. Raises OSError, sqlite3.Error."""
        if elsewhere or self._path.exists():
            with closing(Ledger(self._path)) as ledger:
                ledger.learn(elsewhere)

    def _reading(self) -> sqlite3.Connection:
        where = f"{self._path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(where, uri=True, timeout=_BUSY_S)


def spent(path: Path, scope: str) -> Spent:
    """Return what the ledger at `path` says was spent on `scope`; nothing when there is none."""
    return Purse(path).below(scope).get(scope, Spent())


def _room(scope: str, budget: Budget, used: Spent, most: Entry) -> Short | None:
    for unit, limit, spent_, held, asked in (
        ("tokens", budget.tokens, used.tokens, used.held_tokens, most.tokens),
        ("micros", budget.micros, used.micros, used.held_micros, most.micros),
    ):
        if limit and spent_ + held + asked > limit:
            return Short(scope, unit, limit, spent_, asked, spent_ + asked <= limit)
    return None


def _sum(file: sqlite3.Connection, scope: str) -> Spent:
    found = file.execute(
        f"SELECT {_SUMS} FROM spending WHERE scope = ?",  # noqa: S608 -- a constant
        (scope,),
    ).fetchone()
    others = file.execute("SELECT tokens, micros FROM elsewhere WHERE scope = ?", (scope,))
    mine = Spent(*(int(value) for value in found))
    return together((mine, *(Spent(*row) for row in others)))


Scoped = tuple[str, Spent]


def _mine(file: sqlite3.Connection, prefix: str) -> list[Scoped]:
    rows = file.execute(
        f"SELECT scope, {_SUMS} FROM spending WHERE scope >= ? AND scope < ?"  # noqa: S608 -- a constant
        " GROUP BY scope",
        (prefix, f"{prefix}\U0010ffff"),
    )
    return [(scope, Spent(*map(int, sums))) for scope, *sums in rows]


def _others(file: sqlite3.Connection, prefix: str) -> list[Scoped]:
    if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'elsewhere'").fetchone():
        return []  # made before there were others
    rows = file.execute(
        "SELECT scope, tokens, micros FROM elsewhere WHERE scope >= ? AND scope < ?",
        (prefix, f"{prefix}\U0010ffff"),
    )
    return [(scope, Spent(*sums)) for scope, *sums in rows]


def _by_scope(found: Iterable[Scoped]) -> dict[str, Spent]:
    sums: dict[str, Spent] = {}
    for scope, one in found:
        sums[scope] = together((sums.get(scope, Spent()), one))
    return sums


def _row(entry: Entry) -> tuple[int, ...]:
    return (*astuple(entry.usage), entry.micros)


@contextmanager
def _transaction(file: sqlite3.Connection) -> Iterator[None]:
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


def _wal(file: sqlite3.Connection) -> None:
    # SQLite does not wait for others while it changes to its log, only while it writes to it.
    for _ in range(_TRIES):
        try:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.OperationalError:
            time.sleep(0.05)
        else:
            return
    file.execute("PRAGMA journal_mode=WAL")
