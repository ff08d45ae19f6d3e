"""Which tests execute which lines, as a report of coverage.py says it.

The report is that of `coverage json --show-contexts`, of a run with `dynamic_context` or with
`pytest --cov-context=test` (https://coverage.readthedocs.io/en/latest/contexts.html).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from accord.core.evidence import TestCase
from accord.core.fingerprint import Mark

# The lines that tests execute: (path, line) to the names of the tests.
Executed: TypeAlias = Mapping[tuple[str, int], Sequence[str]]


def read(data: bytes) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return what a report says; empty where it names no test. Raises ValueError for no report."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    try:
        files = json.loads(data)["files"]
        for path, facts in files.items():
            for line, contexts in facts.get("contexts", {}).items():
                names = tuple(dict.fromkeys(_test(one) for one in contexts if one))
                if names:
                    found[path.replace("\\", "/"), int(line)] = names
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is no report of coverage json --show-contexts") from error
    return found


def _test(context: str) -> str:
    # pytest-cov adds the phase: `tests/test_cart.py::test_keeps|run`.
    return context.rpartition("|")[0] or context


def case(name: str) -> TestCase:
    """Return the test called `name` as a runner would report it."""
    return TestCase(name, passed=True)


def tests(executed: Executed, mark: Mark, first: int, last: int) -> frozenset[str]:
    """Return the tests that execute any line of a symbol, from the line `first` to `last`."""
    lines = (executed.get((mark.path, line), ()) for line in range(first, last + 1))
    return frozenset(one for names in lines for one in names)
