"""Read the data file of coverage.py: which lines ran in which context.

It is an SQLite database (https://coverage.readthedocs.io, "The database schema"), and whatever ran
could have written it: it is read from memory, only tables are in it, and nothing but these four
statements is ever run on it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from accord.core.ports import Executed

LARGEST = 2**26
_MAGIC = b"SQLite format 3\0"
_ROWS = 2_000_000
_STEPS = 50_000_000  # instructions of SQLite: a view or an index could be made to take for ever
_TABLES = {"file": ("id", "path"), "context": ("id", "context"),
           "line_bits": ("file_id", "context_id", "numbits"),
           "arc": ("file_id", "context_id", "fromno", "tono")}  # fmt: skip
_LINES = """SELECT path, context, numbits FROM line_bits JOIN file ON file.id = file_id
JOIN context ON context.id = context_id LIMIT ?"""
_ARCS = """SELECT path, context, fromno, tono FROM arc JOIN file ON file.id = file_id
JOIN context ON context.id = context_id LIMIT ?"""


def read_coverage(data: bytes) -> tuple[Executed, ...]:
    """Return which lines of which file ran in each context; '' is while no test ran.

    Raises ValueError for bytes that are no data of coverage.py, or too many.
    """
    if len(data) > LARGEST:
        raise ValueError(f"the coverage data has more than {LARGEST} bytes")
    if not data.startswith(_MAGIC):
        raise ValueError("the coverage data is no database")
    found: dict[tuple[str, str], set[int]] = {}
    try:
        with closing(sqlite3.connect(":memory:")) as base:
            base.deserialize(data)
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA query_only = ON")
            steps = iter(range(_STEPS // 1000))
            base.set_progress_handler(lambda: next(steps, None) is None, 1000)
            _check(base)
            for path, context, lines in _rows(base):
                found.setdefault((path, context), set()).update(lines)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"the coverage data cannot be read: {error}") from error
    return tuple(
        Executed(path, context, frozenset(lines)) for (path, context), lines in found.items()
    )


def _check(base: sqlite3.Connection) -> None:
    """Raise ValueError for a schema with anything in it that is not a table, or without ours."""
    rows = base.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100").fetchall()
    plain = {"table": "create table", "index": "create"}
    for kind, _, sql in rows:
        # The indexes that SQLite makes for itself have no text.
        if kind not in plain or not str(sql or "create").casefold().startswith(plain[kind]):
            raise ValueError("the coverage data holds more than tables")
    tables = {name for kind, name, _ in rows if kind == "table"}
    for table, columns in _TABLES.items():
        said = {row[1] for row in base.execute(f"PRAGMA table_info({table})")}
        if table not in tables or not said.issuperset(columns):
            raise ValueError(f"the coverage data has no table {table} as coverage.py writes it")


def _rows(base: sqlite3.Connection) -> Iterator[tuple[str, str, set[int]]]:
    for path, context, bits in base.execute(_LINES, (_ROWS,)):
        if isinstance(path, str) and isinstance(context, str) and isinstance(bits, bytes):
            yield path, context, _numbers(bits)
    for path, context, first, last in base.execute(_ARCS, (_ROWS,)):
        if isinstance(path, str) and isinstance(context, str):
            yield path, context, {one for one in (first, last) if isinstance(one, int) and one > 0}


def _numbers(bits: bytes) -> set[int]:
    """Return the numbers of a bitmap, as coverage.py packs lines: bit n is line n."""
    return {at * 8 + bit for at, byte in enumerate(bits) for bit in range(8) if byte & 1 << bit}
