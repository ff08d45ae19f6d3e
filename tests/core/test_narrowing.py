"""Runners are asked for just some tests in their own words; any other command stays as it is."""

import pytest

from accord.core.fingerprint import Mark
from accord.core.narrowing import apart, narrowed

TESTS = [Mark("tests/test_a.py", "A.test_one", ""), Mark("tests/test_a.py", "test_two#2", "")]
IDS = "tests/test_a.py::A::test_one tests/test_a.py::test_two"

COMMANDS = {
    "pytest": f"pytest {IDS}",
    "pytest -q tests": f"pytest -q {IDS}",
    "pytest tests/test_a.py::B": f"pytest {IDS}",
    "python -m pytest -q tests/ -p tests": f"python -m pytest -q -p tests {IDS}",
    "uv run pytest --durations=3 tests": f"uv run pytest --durations=3 {IDS}",
    "python -m unittest discover -s tests":
        "python -m unittest discover -s tests -k test_one -k test_two",
    "go test ./...": "go test ./... -run ^(test_one|test_two)$",
    "go test -run X ./...": "go test -run X ./...",
    "npm test": "npm test",
    "make test": "make test",
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_narrowed_to_tests_where_its_runner_can(command: str) -> None:
    def exists(path: str) -> bool:
        return path in ("tests", "tests/test_a.py")

    assert narrowed(command.split(), TESTS, exists) == tuple(COMMANDS[command].split())


def test_without_tests_nothing_is_narrowed() -> None:
    assert narrowed(["pytest"], [], lambda _: True) == ("pytest",)


CARGO = [Mark("tests/cart.rs", "keeps", ""), Mark("crates/a/tests/mail/main.rs", "sends", "")]
CARGO_COMMANDS = {
    "cargo test -- --nocapture": "cargo test --test cart --test mail -- --nocapture",
    "cargo nextest run": "cargo nextest run --test cart --test mail",
    "cargo test --lib": "cargo test --lib",
}


@pytest.mark.parametrize("command", CARGO_COMMANDS)
def test_cargo_is_asked_for_files_of_tests(command: str) -> None:
    words = command.split()

    assert narrowed(words, CARGO, lambda _: True) == tuple(CARGO_COMMANDS[command].split())
    inline = Mark("src/cart.rs", "tests.keeps", "")
    assert narrowed(words, [*CARGO, inline], lambda _: True) == tuple(words)


APART = {
    "pytest -x": f"pytest -x {IDS} --maxfail=0 --continue-on-collection-errors",
    "go test -failfast ./...": "go test ./... -run ^(test_one|test_two)$",
    "python -m unittest -f": "python -m unittest -k test_one -k test_two",
    "cargo test": "cargo test --no-fail-fast",
    "make test": "make test",
}


@pytest.mark.parametrize("command", APART)
def test_no_test_that_is_asked_alone_ends_the_run_for_the_others(command: str) -> None:
    assert apart(command.split(), TESTS, lambda _: False) == tuple(APART[command].split())
