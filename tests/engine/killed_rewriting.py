"""Run `accord`, killing this process with SIGKILL at the Nth point at which it touches a file.

    python killed_rewriting.py N accord-arguments...

It exits as `accord` does when there are fewer points.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from accord.app import rewriting
from accord.cli import main as cli

left = int(sys.argv.pop(1))


def point() -> None:
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def around(name: str) -> None:
    real = getattr(rewriting, name)

    def played(*arguments: Any, **named: Any) -> Any:
        point()
        found = real(*arguments, **named)
        point()
        return found

    setattr(rewriting, name, played)


def torn(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write half of a file before the point at which it may end."""
    if path.name.startswith("."):
        path.write_bytes(data[: len(data) // 2])
        point()
    durable(path, data, mode)


durable = rewriting._durable
rewriting._durable = torn
for one in ("_perform", "_put", "_put_all"):
    around(one)
cli.main()
