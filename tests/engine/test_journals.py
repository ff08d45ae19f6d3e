"""What every journal does, on the file of one clone and with a part of it on Postgres."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from accord.core.ports import Journal, Operation
from accord.engine.journal import SqliteJournal
from accord.engine.postgres import VERSION, Database
from accord.engine.shared_journal import SharedJournal
from accord.errors import AccordError, ConfigurationError, RefusedError
from postgres import SECRET, Server

Open = Callable[..., Journal]


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """Return the address of the server's database, without Accord's tables before and after."""
    drop = "DROP SCHEMA IF EXISTS accord CASCADE"
    with psycopg.connect(server.url()) as one:
        one.execute(drop)
    yield server.url()
    with psycopg.connect(server.url()) as one:  # of another version, it would refuse all others
        one.execute(drop)


@pytest.fixture(params=["sqlite", "postgres"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return what opens the same journal anew, as the next process would."""
    url = request.getfixturevalue("database") if request.param == "postgres" else ""
    opened: list[Journal] = []

    def one(clone: str = "here", project: str = "p1") -> Journal:
        local = SqliteJournal(tmp_path / f"{clone}.sqlite")
        opened.append(SharedJournal(local, Database(url), project) if url else local)
        return opened[-1]

    yield one
    for journal in opened:
        journal.close()


def shared(tmp_path: Path, url: str, clone: str, project: str = "p1") -> Journal:
    return SharedJournal(SqliteJournal(tmp_path / f"{clone}.sqlite"), Database(url), project)


def test_an_operation_is_pending_until_it_is_finished_or_void(reopen: Open) -> None:
    journal = reopen()
    moved = {"refs/heads/main": ("a" * 40, "b" * 40)}
    done = journal.begin(Operation("Robin", "land", "guest", "T1", moved, "2026-01-01T00:00:00Z"))
    gone = journal.begin(Operation("Robin", "land", "guest", "T2", {}))
    left = journal.begin(Operation("Robin", "land", "other", "T3", {}))
    journal.finish(done)
    journal.void(gone)

    again = reopen()
    assert [one.number for one in again.operations()] == [done]
    assert again.operations()[0].refs == moved
    assert [one.number for one in again.operations(pending=True)] == [left]
    assert again.operations(change="other") == ()


def test_the_newest_operations_come_first_and_no_more_than_are_asked_for(reopen: Open) -> None:
    journal = reopen()
    for name in ("one", "two", "three"):
        journal.finish(journal.begin(Operation("Robin", "new", name, "", {})))
    assert [one.change for one in journal.operations(limit=2)] == ["three", "two"]


@pytest.mark.parametrize("kind", ["build", "at"])
def test_a_note_takes_the_place_of_an_earlier_one_and_is_there_for_the_next(
    reopen: Open, kind: str
) -> None:
    reopen().note(f"{kind}/guest/T1", {"detail": "red"})
    reopen().note(f"{kind}/guest/T1", {"detail": "green \0 \ud800 ☃", "count": 2})
    reopen().note(f"{kind}/guest/T10", {"detail": "other"})
    assert reopen().noted(f"{kind}/guest/T1") == {
        f"{kind}/guest/T1": {"detail": "green \0 \ud800 ☃", "count": 2},
        f"{kind}/guest/T10": {"detail": "other"},
    }
    assert reopen().noted(f"{kind}/guest/T2") == {}


def test_every_note_is_found_by_no_prefix_at_all_in_the_order_of_its_key(reopen: Open) -> None:
    keys = ["took/b", "at/x", "build/c/T1", "at/X", "build/C/T1"]
    for key in keys:
        reopen().note(key, {})
    assert list(reopen().noted("")) == sorted(keys)


def test_machines_share_which_attempts_are_over_and_nothing_of_their_worktrees(
    tmp_path: Path, database: str
) -> None:
    one, other = (shared(tmp_path, database, name) for name in ("one", "other"))
    one.note("build/guest/T1/abc/1", {"accepted": False})
    one.note("at/guest-T1", {"commit": "a" * 40})
    one.begin(Operation("Robin", "land", "guest", "T1", {}))

    assert list(other.noted("build/guest/")) == ["build/guest/T1/abc/1"]
    assert other.noted("at/") == {}
    assert other.operations(pending=True) == ()
    one.close()
    other.close()


def test_two_projects_in_one_database_see_nothing_of_each_other(
    tmp_path: Path, database: str
) -> None:
    mine, theirs = (shared(tmp_path, database, name, name) for name in ("p1", "p2"))
    mine.note("build/guest/T1/abc/1", {"accepted": True})
    assert theirs.noted("build/") == {}
    mine.close()
    theirs.close()


def test_what_was_shared_is_in_the_clone_when_the_database_is_not(
    tmp_path: Path, database: str
) -> None:
    journal = shared(tmp_path, database, "one")
    journal.note("build/guest/T1/abc/1", {"accepted": True})
    journal.close()
    alone = SqliteJournal(tmp_path / "one.sqlite")
    assert list(alone.noted("build/")) == ["build/guest/T1/abc/1"]
    alone.close()


def test_a_journal_goes_on_after_the_server_was_killed(
    tmp_path: Path, database: str, server: Server
) -> None:
    journal = shared(tmp_path, database, "one")
    journal.note("took/guest/T1", {"seconds": 1})
    server.stop()
    with pytest.raises(ConfigurationError, match="cannot be reached"):
        journal.note("took/guest/T2", {"seconds": 2})
    server.start()
    journal.note("took/guest/T3", {"seconds": 3})
    assert list(journal.noted("took/")) == ["took/guest/T1", "took/guest/T3"]
    journal.close()


@pytest.mark.parametrize("address", [
    "postgresql://tester:{wrong}@127.0.0.1:{port}/postgres",
    "postgresql://tester:{wrong}@127.0.0.1:1/postgres",
    "postgresql://tester:{wrong}@[::1/postgres",
    "postgresql://tester:{wrong}@no-such-host.invalid/postgres?nonsense=1",
])  # fmt: skip
def test_an_address_that_does_not_work_is_told_without_any_part_of_it(
    tmp_path: Path, server: Server, address: str
) -> None:
    wrong = "wrong-" + SECRET
    url = address.format(wrong=wrong, port=server.port)
    journal = shared(tmp_path, url, "one")
    with pytest.raises(AccordError) as raised:
        journal.noted("build/")
    said = f"{raised.value} {raised.value.hint} {raised.value.__cause__}"
    assert "cannot be reached" in said
    for secret in (wrong, "tester", "127.0.0.1", "::1", "no-such-host", str(server.port)):
        assert secret not in said
    assert raised.value.__suppress_context__
    journal.close()


@pytest.mark.parametrize(("version", "words"), [
    (VERSION + 1, "newer Accord"), (VERSION - 1, "older Accord"),
])  # fmt: skip
def test_a_database_of_another_version_is_refused_in_words(
    tmp_path: Path, database: str, version: int, words: str
) -> None:
    first = shared(tmp_path, database, "one")
    first.note("took/guest/T1", {"seconds": 1})
    first.close()
    with psycopg.connect(database) as one:
        one.execute("UPDATE accord.version SET version = %s", (version,))
    journal = shared(tmp_path, database, "one")
    with pytest.raises(RefusedError, match=words) as raised:
        journal.note("took/guest/T2", {"seconds": 2})
    assert raised.value.hint
    journal.close()
