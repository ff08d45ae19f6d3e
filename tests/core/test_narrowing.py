"""Runners are asked for just some tests in their own words; any other command stays as it is."""

import pytest

from accord.core.fingerprint import Mark
from accord.core.narrowing import narrowed

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
