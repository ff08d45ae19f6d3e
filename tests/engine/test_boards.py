"""What every board does: in memory, and on Postgres by the database's clock."""

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from accord.core.leases import LASTS_S, Board, Worker, ended, living
from accord.engine.board import MemoryBoard, PostgresBoard
from accord.engine.postgres import Database
from accord.errors import RefusedError
from postgres import Server

ONE = Worker("one", "machine-1", 2, "1.0")
TWO = Worker("two", "machine-2", 3, "1.0")


@pytest.fixture(params=["memory", "postgres"])
def board(request: pytest.FixtureRequest) -> Iterator[tuple[Board, Callable[[float], None]]]:
    """Return a board and what lets that many seconds go by for it."""
    if request.param == "memory":
        at = [1000.0]

        def later(seconds: float) -> None:
            at[0] += seconds

        yield MemoryBoard(lambda: at[0]), later
        return
    url = request.getfixturevalue("server").url()
    with psycopg.connect(url) as one:
        one.execute("DROP SCHEMA IF EXISTS accord CASCADE")

    def earlier(seconds: float) -> None:
        with psycopg.connect(url) as one:
            one.execute("UPDATE accord.worker SET expires = expires - %s", (seconds,))
            one.execute("UPDATE accord.lease SET expires = expires - %s", (seconds,))

    found = PostgresBoard(Database(url), "p1")
    yield found, earlier
    found.close()


Given = tuple[Board, Callable[[float], None]]


def test_work_is_had_by_one_worker_and_each_grant_has_a_larger_token(board: Given) -> None:
    at, _ = board
    first = at.claim("one", ["a"])
    assert first > 0
    assert at.claim("two", ["a"]) == 0
    at.drop("one", {"a": first})
    assert at.claim("two", ["a"]) > first


def test_all_of_a_claim_is_granted_or_none_of_it(board: Given) -> None:
    at, _ = board
    at.claim("one", ["serial/lockfile"])
    assert at.claim("two", ["a", "serial/lockfile"]) == 0
    assert at.claim("one", ["a"]) > 0


def test_a_lease_that_is_renewed_goes_on_and_one_that_ended_does_not(board: Given) -> None:
    at, later = board
    token = at.claim("one", ["a"])
    later(LASTS_S / 2)
    assert at.renew("one", {"a": token}) == {"a"}
    later(LASTS_S * 0.7)
    assert at.renew("one", {"a": token}) == {"a"}
    later(LASTS_S + 1)
    assert at.renew("one", {"a": token}) == frozenset()


def test_a_lease_that_ended_is_nobodys_until_it_was_reaped(board: Given) -> None:
    at, later = board
    token = at.claim("one", ["a"])
    later(LASTS_S + 1)
    assert at.claim("two", ["a"]) == 0
    assert at.claim("one", ["a"]) == 0
    assert [one.job for one in ended(*at.look())] == ["a"]
    at.reap(["a"])
    assert at.claim("two", ["a"]) > token
    assert at.renew("one", {"a": token}) == frozenset()


def test_nobody_reaps_what_is_held(board: Given) -> None:
    at, _ = board
    token = at.claim("one", ["a"])
    at.reap(["a"])
    assert at.renew("one", {"a": token}) == {"a"}


def test_a_worker_that_came_back_has_what_it_held_under_a_new_token(board: Given) -> None:
    at, _ = board
    before = at.claim("one", ["a"])
    after = at.claim("one", ["a"])
    assert after > before
    assert at.renew("one", {"a": before}) == frozenset()
    at.drop("one", {"a": before})
    assert at.renew("one", {"a": after}) == {"a"}


def test_a_worker_of_another_version_is_refused_beside_one_that_lives(board: Given) -> None:
    at, later = board
    at.join(ONE)
    with pytest.raises(RefusedError, match=r"Accord 1\.0 is at work on machine-1") as raised:
        at.join(Worker("two", "machine-2", 1, "2.0"))
    assert "Ctrl-C" in raised.value.hint
    at.join(TWO)
    later(LASTS_S + 1)
    at.join(Worker("three", "machine-3", 1, "2.0"))
    assert [one.name for one in living(*at.look())] == ["three"]


def test_whoever_leaves_gives_everything_back(board: Given) -> None:
    at, _ = board
    at.join(ONE)
    at.claim("one", ["a", "b"])
    at.leave("one")
    ledger, now = at.look()
    assert (ledger.leases, living(ledger, now)) == ({}, ())
    assert at.claim("two", ["a", "b"]) > 0


def test_of_many_that_ask_at_once_one_gets_it(server: Server) -> None:
    boards = [PostgresBoard(Database(server.url()), "race") for _ in range(6)]
    got: list[int] = []

    def ask(number: int) -> None:
        claim = boards[number].claim
        got.extend(job for job in range(10) if claim(f"w{number}", [f"job/{job}"]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == list(range(10))
    for board in boards:
        board.close()


def test_projects_in_one_database_do_not_mix(server: Server) -> None:
    mine, theirs = (PostgresBoard(Database(server.url()), name) for name in ("p8", "p9"))
    assert mine.claim("one", ["a"]) > 0
    assert theirs.claim("two", ["a"]) > 0
    mine.close()
    theirs.close()


def test_a_clock_that_was_set_back_lets_no_lease_last_longer(board: Given) -> None:
    at, later = board
    at.join(ONE)
    at.claim("one", ["a"])
    later(-20 * LASTS_S)  # it lasts by a clock that was ahead
    at.look()
    later(LASTS_S + 1)
    assert [one.job for one in ended(*at.look())] == ["a"]
    assert living(*at.look()) == ()
