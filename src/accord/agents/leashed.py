"""A run that hangs on its worker: it ends when nobody held its work for a while.

What is waited for is a file that is written anew, and the time is this process's own: neither a
clock that jumps nor a machine that slept makes the wait shorter.
"""

import asyncio
import time
from pathlib import Path

from accord.core.orders import Leash

_LOOKS = 20


async def unheld(leash: Leash) -> None:
    """Return when the file of `leash` was there and stayed as it was for as long as it lasts."""
    before, since = _read(leash), time.monotonic()
    while not before or time.monotonic() - since <= leash.lasts_s:
        await asyncio.sleep(leash.lasts_s / _LOOKS)
        now = _read(leash)
        if now != before:
            before, since = now, time.monotonic()


def _read(leash: Leash) -> bytes:
    try:
        return Path(leash.file).read_bytes()
    except OSError:
        return b""
