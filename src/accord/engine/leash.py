"""What the agents of a clone hang on while it works beside others: a file that changes."""

import os
import time
from contextlib import suppress
from pathlib import Path

from accord.core import leases
from accord.core.orders import Leash

_HELD = "held"


def hold(state: Path) -> Leash:
    """Write the file anew; return what an agent that is begun now hangs on.

    It lasts longer than the leases, so that whoever is back in time finds its agents.
    """
    file = state / _HELD
    part = file.with_suffix(".part")
    with suppress(OSError):  # where it cannot be written, agents end, and that is as well
        part.write_text(f"{os.getpid()} {time.monotonic_ns()}")
        part.replace(file)
    return Leash(str(file), leases.LASTS_S + leases.RENEW_S)


def release(state: Path) -> None:
    """Let agents hang on nothing, since nobody else may take their work."""
    (state / _HELD).unlink(missing_ok=True)
