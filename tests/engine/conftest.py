from collections.abc import Iterator

import pytest

import postgres
from needing import need


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """Return a server of Postgres that these tests have to themselves."""
    found = postgres.programs()
    need(found is not None, "Postgres")
    assert found is not None
    with postgres.serving(found) as one:
        yield one
