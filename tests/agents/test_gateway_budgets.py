"""Budgets are hard: what could go beyond one is not asked, by however many runs at once."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from accord.agents.spending import LEDGER, Entry, Ledger, Short, spent
from accord.agents.usage import Usage, micros
from accord.core.orders import (
    AgentReport,
    AgentStatus,
    Budget,
    Price,
)
from accord.core.spending import Spent, shown
from outlets import ASK, Got, gateway, message, out, service, sse, stream, url

# One request of ASK may take its 1,000 tokens of output and a third of its bytes as input.
MOST = 1000 + len(json.dumps(ASK)) // 3
SCOPES = ["run:run-1", "task:cart/T1", "change:cart", "day:2026-06-01"]
PRICE = Price("claude-*", 1_000_000, 2_000_000)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_budget_that_has_no_room_ends_the_run(tmp_path: Path, scope: str) -> None:
    budgets = [(name, Budget(tokens=2_100 if name == scope else 0)) for name in SCOPES]
    with (
        service(lambda _: [message()]) as upstream,
        gateway(tmp_path, out(url(upstream), *budgets)) as running,
    ):
        assert running.ask()[0] == 200
        status, body = running.ask()
        report = AgentReport("run-1", AgentStatus.ENDED, said="All done!")
        told = running.gateway.seen.joined(report, "")
        assert running.gateway.over.is_set()
    words = (
        f"the budget of the {scope.replace(':', ' ')} is spent: 1,130 of 2,100 tokens are"
        f" used and the next request may take {MOST:,} tokens; it is set in .accord/config.toml"
    )
    assert status == 402
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "billing_error", "message": f"Accord: {words}"},
    }
    assert (told.status, told.detail) == (AgentStatus.SPENT, words)
    assert len(upstream.got) == 1
    assert spent(tmp_path / LEDGER, scope) == Spent(tokens=1130)


def test_a_budget_in_money_is_held_by_the_prices(tmp_path: Path) -> None:
    cost = micros(Usage(100, 1000, 10, 20), PRICE)
    most = micros(Usage(MOST - 1000, output=1000), PRICE)
    budget = ("change:cart", Budget(micros=cost + most))
    with (
        service(lambda _: [message()]) as upstream,
        gateway(tmp_path, out(url(upstream), budget, prices=(PRICE,))) as running,
    ):
        assert [running.ask()[0] for _ in range(3)] == [200, 200, 402]
        assert running.gateway.seen.took.micros == 2 * cost
        assert "$0.01 of $0.01" in running.gateway.seen.spent


def test_a_model_without_a_price_is_not_asked_where_money_is_limited(tmp_path: Path) -> None:
    budget = ("run:run-1", Budget(micros=10**9))
    with (
        service(lambda _: [message()]) as upstream,
        gateway(tmp_path, out(url(upstream), budget, prices=(PRICE,))) as running,
    ):
        assert running.ask(body={**ASK, "model": "nameless"})[0] == 403
        trouble = running.gateway.seen.trouble(0.0, 9.0)
    assert "no price for nameless" in trouble
    assert upstream.got == []


def test_runs_side_by_side_do_not_count_on_the_same_tokens(tmp_path: Path) -> None:
    """Eight requests at once, room for three: no moment sees more than three under way."""
    under_way, most_seen, lock = 0, 0, threading.Lock()
    usage = {"input_tokens": MOST - 1000, "output_tokens": 1000}

    def answer(_: Got) -> Iterator[bytes]:
        nonlocal under_way, most_seen
        with lock:
            under_way += 1
            most_seen = max(most_seen, under_way)
        threading.Event().wait(0.2)
        with lock:
            under_way -= 1
        yield message(usage)

    budget = ("day:2026-06-01", Budget(tokens=3 * MOST + 5))
    with (
        service(answer) as upstream,
        gateway(tmp_path, out(url(upstream), budget), "run-1") as one,
        gateway(tmp_path, out(url(upstream), budget), "run-2") as two,
    ):
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda it=it: statuses.append(it.ask()[0]))
            for it in (one, two) * 4
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.gateway.seen.spent
        assert two.gateway.seen.spent
    assert sorted(statuses) == [200] * 3 + [402] * 5
    assert most_seen <= 3
    assert spent(tmp_path / LEDGER, "day:2026-06-01") == Spent(tokens=3 * MOST)


def test_a_request_waits_for_what_others_may_leave_over(tmp_path: Path) -> None:
    go_on = threading.Event()

    def answer(_: Got) -> Iterator[bytes]:
        go_on.wait(60)
        yield message()

    budget = ("change:cart", Budget(tokens=MOST + 1200))
    with (
        service(answer) as upstream,
        gateway(tmp_path, out(url(upstream), budget)) as running,
    ):
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(running.ask()[0])) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        go_on.set()
        for thread in threads:
            thread.join()
    assert statuses == [200, 200]


def test_an_answer_without_a_count_is_counted_by_its_size(tmp_path: Path) -> None:
    with (
        service(lambda _: stream(*sse()[1:2])) as upstream,
        gateway(tmp_path, out(url(upstream))) as running,
    ):
        running.ask()
        used = running.gateway.seen.took.usage
    assert used.input == MOST - 1000
    assert 20 < used.output < 200


def test_a_request_that_says_no_limit_is_held_to_a_large_one(tmp_path: Path) -> None:
    budget = ("change:cart", Budget(tokens=30_000))
    with (
        service(lambda _: [message()]) as upstream,
        gateway(tmp_path, out(url(upstream), budget)) as running,
    ):
        assert running.ask(body={"model": "m"})[0] == 402
        assert running.ask(body={"model": "m", "max_tokens": -5})[0] == 402
        assert running.ask(body={"model": "m", "max_tokens": 10**30})[0] == 402
        assert (
            running.ask(body={"model": "m", "max_tokens": 10, "maxOutputTokens": 10**6})[0] == 402
        )
    assert upstream.got == []


def test_what_a_killed_host_had_under_way_stays_counted(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys\n"
        "from accord.agents.spending import Entry, Ledger\n"
        "from accord.agents.usage import Usage\n"
        "from accord.core.orders import Budget\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "most = Entry(Usage(600, output=300), 7)\n"
        "ledger.hold('run-1', (('change:cart', Budget()),), 'm', most)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / LEDGER
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9
    assert spent(path, "change:cart") == Spent(held_tokens=900, held_micros=7)
    with closing(Ledger(path)) as ledger:
        budgets = (("change:cart", Budget(tokens=1000)),)
        short = ledger.hold("run-2", budgets, "m", Entry(Usage(101)))
        assert isinstance(short, Short)
        assert short.waits
        ledger.abandon("run-1")
        short = ledger.hold("run-2", budgets, "m", Entry(Usage(101)))
        assert isinstance(short, Short)
        assert not short.waits
        assert isinstance(ledger.hold("run-2", budgets, "m", Entry(Usage(100))), int)
    assert spent(path, "change:cart") == Spent(900, 7, 100)
    assert path.stat().st_mode & 0o777 == 0o600


def test_many_processes_keep_one_ledger(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from accord.agents.spending import Entry, Ledger\n"
        "from accord.agents.usage import Usage\n"
        "from accord.core.orders import Budget\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "for _ in range(20):\n"
        "    budget = ('day:x', Budget(tokens=70))\n"
        "    got = ledger.hold(sys.argv[2], [budget], 'm', Entry(Usage(1)))\n"
        "    if isinstance(got, int):\n"
        "        ledger.settle(got, Entry(Usage(1)))\n"
    )
    path = tmp_path / LEDGER
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), f"run-{n}"]) for n in range(4)
    ]
    assert [process.wait(120) for process in processes] == [0] * 4
    assert spent(path, "day:x") == Spent(tokens=70)


def test_the_cost_of_a_cache_is_its_price_or_the_most_it_can_be() -> None:
    used = Usage(input=1, cache_read=10, cache_write=100, output=1000)
    assert micros(used, Price("*", 1_000_000, 2_000_000)) == 1 + 10 + 200 + 2000
    assert micros(used, Price("*", 1_000_000, 2_000_000, 0, 1_250_000)) == 1 + 0 + 125 + 2000
    assert micros(Usage(1), Price("*", 1, 1)) == 1  # rounded up: never nothing
    assert micros(used, None) == 0


def test_amounts_are_written_for_people() -> None:
    assert shown("tokens", 1_234_567) == "1,234,567 tokens"
    assert shown("micros", 1_234_567_890) == "$1,234.57"
