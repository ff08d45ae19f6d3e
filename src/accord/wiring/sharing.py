"""What the machines of one project share: named by ACCORD_DATABASE_URL, and absent without it."""

import os
from typing import TYPE_CHECKING

from accord.core.ports import Journal
from accord.errors import ConfigurationError

if TYPE_CHECKING:  # psycopg is imported only where there is a database
    from accord.engine.postgres import Database

VARIABLE = "ACCORD_DATABASE_URL"

PATIENCE_S = 15.0
"""How long a worker waits for a database that is being started again."""


def is_shared() -> bool:
    """Tell whether this machine works with others."""
    return bool(os.environ.get(VARIABLE, "").strip())


def database(patience_s: float = 0.0) -> "Database":
    """Return the database that the machines share, not opened yet; see `Database` for patience.

    Raises ConfigurationError where none is named, where it is not Postgres, and where the driver
    for it is not installed.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        raise ConfigurationError(
            "there is no database for the machines to share",
            hint=f"export {VARIABLE}=postgresql://USER@HOST/NAME on each of them",
        )
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            f"{VARIABLE} does not name a Postgres", hint="postgresql://USER@HOST/NAME"
        )
    try:
        from accord.engine.postgres import Database
    except ImportError:
        raise ConfigurationError(
            "the driver for Postgres is not installed", hint="pip install 'accord[postgres]'"
        ) from None
    return Database(url, patience_s)


def shared(local: Journal, project: str, patience_s: float = 0.0) -> Journal:
    """Return the journal to work with: `local`, with a part on Postgres where one is named."""
    if not is_shared():
        return local
    shares = database(patience_s)
    from accord.engine.shared_journal import SharedJournal

    return SharedJournal(local, shares, project)
