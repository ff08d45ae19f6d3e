"""What agents spent is on every screen, from the ledger that the gateways keep, and not besides."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from accord.agents.spending import LEDGER, Entry, Ledger
from accord.agents.usage import Usage
from accord.core.orders import Budget
from accord.core.spending import Spent, Use, shown
from project import BUILT, Project
from visiting import Visitor, serving

CHANGE = (("change:guest", Budget(tokens=10_000)), ("task:guest/T1", Budget(micros=1_000_000)))


@pytest.fixture
def built(project: Project) -> Project:
    """A project in which an agent drafted a story and built T1 of another change."""
    script = project.root / "script.toml"
    steps = [f"[[step]]\ndo='write'\npath='{path}'\ntext='''{text}'''\n"
             for path, text in BUILT.items()]  # fmt: skip
    script.write_text("".join(steps))
    project.unwalled()
    project.approve_spec(track="small")
    project.run("run", "guest", "--script", str(script), "--accept-unsandboxed")
    return project


def run_of(project: Project) -> str:
    found: str = project.ok("show", "guest", "--runs", "--json").json["runs"][0]["run"]
    return found


def spend(project: Project, run: str, tokens: int, micros: int, budgets: object = CHANGE) -> None:
    assert isinstance(budgets, tuple)
    with closing(Ledger(project.state / LEDGER)) as ledger:
        number = ledger.hold(run, budgets, "m", Entry(Usage(0, 0, 0, 1)))
        assert isinstance(number, int)
        ledger.settle(number, Entry(Usage(tokens - 100, 0, 0, 100), micros))


def configure(project: Project, text: str) -> None:
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text() + text)
    project.git("commit", "-q", "-a", "-m", "Budgets")


@pytest.fixture
def visitor(built: Project) -> Iterator[Visitor]:
    run = run_of(built)
    spend(built, run, 9_400, 420_000)
    configure(built, "\n[budget]\nchange = { tokens = 10000 }\ntask = { dollars = 1 }\n")
    with serving(built) as server:
        yield Visitor(server).enter()


def _read(visitor: Visitor, path: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", visitor.get(path).text).split())


def test_nothing_is_said_where_nothing_was_spent(built: Project) -> None:
    assert "spent" not in built.ok("status").out
    assert "spent" not in built.ok("show", "guest").out
    assert "SPENT" in built.ok("show", "guest", "--runs").out
    assert built.ok("status", "--json").json["spent"]["tokens"] == 0


def test_each_screen_of_the_command_line_says_what_was_spent(built: Project) -> None:
    run = run_of(built)
    spend(built, run, 9_400, 420_000)
    spend(built, run, 100, 1, ())
    spend(built, "build/else/T1/0123456789ab/1/1", 7_000_000, 0, ())
    configure(built, "\n[budget]\nchange = { tokens = 10000 }\nday = { dollars = 2 }\n")

    status = built.ok("status").out
    show = built.ok("show", "guest").out
    runs = built.ok("show", "guest", "--runs").out
    held = built.ok("show", "guest", "--json").json["spent"]

    assert "spent on these: 9,500 tokens, $0.43" in status
    assert "budget: $0.00 of $2.00 for the day" in status
    assert "spent: 9,500 tokens, $0.43 in 1 run (accord show guest --runs)" in show
    assert "budget: 9,400 of 10,000 tokens for the change guest (94 %)" in show
    assert run in runs
    sums = [line.split() for line in runs.splitlines() if line.endswith("9,500 tokens, $0.43")]
    assert [one[0] for one in sums] == ["scripted", "T1", "scripted"]  # the run, the sums
    assert (held["tokens"], held["micros"]) == (9_500, 420_001)
    assert built.ok("status", "--json").json["spent"]["changes"]["guest"]["tokens"] == 9_500
    assert all(len(line) <= 80 for line in f"{status}{runs}".splitlines())


def test_the_pages_say_what_was_spent_and_how_the_budgets_are_used(visitor: Visitor) -> None:
    board = _read(visitor, "/board")
    result = _read(visitor, "/changes/guest/result")
    past = _read(visitor, "/changes/guest/past")

    assert "9,400 tokens, $0.42 spent" in board
    assert "Spent on agents: 9,400 tokens, $0.42" in result
    assert "9,400 of 10,000 tokens for the change guest (94 %)" in result
    assert "$0.42 of $1.00 for the task guest/T1 (42 %)" in result
    assert "9,400 tokens, $0.42" in past


def test_a_ledger_that_cannot_be_read_keeps_nobody_from_looking(built: Project) -> None:
    (built.state / LEDGER).write_bytes(b"no ledger at all" * 500)

    assert built.ok("status", "--json").json["spent"]["tokens"] == 0


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (Use("change a", "tokens", 1, 3), "1 of 3 tokens for the change a (33 %)"),
        (Use("day x", "micros", 5, 3), "$0.01 of $0.01 for the day x (100 %)"),
    ],
)
def test_the_use_of_a_budget_is_told_in_one_phrase(use: Use, words: str) -> None:
    assert str(use) == words


def test_what_is_little_is_not_shown_as_nothing() -> None:
    assert shown("micros", 1) == "$0.01"
    assert str(Spent(1)) == "1 token"
