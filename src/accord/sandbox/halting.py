"""The commands that run now, so that all of them can be ended at once when a person says so.

Ctrl-C is heard by one thread, and commands are waited for on others. One that was ended like that
neither passed nor failed: whoever waits for it is interrupted too, and has nothing to record.
"""

import subprocess
import threading
from collections.abc import Callable

from attrs import define, field

Process = subprocess.Popen[bytes]
End = Callable[[Process], None]


@define
class _Floor:
    running: dict[int, tuple[Process, End]] = field(factory=dict)
    halted: bool = False
    turn: threading.Lock = field(factory=threading.Lock)


_FLOOR = _Floor()


def halt(*, halted: bool) -> None:
    """End every command that runs and let none begin, until this is called with False."""
    with _FLOOR.turn:
        _FLOOR.halted = halted
        ending = list(_FLOOR.running.values()) if halted else []
    for process, end in ending:
        end(process)


def begun(start: Callable[[], Process], end: End) -> Process:
    """Return what `start` starts, to be ended by `end`. Raises KeyboardInterrupt while halted."""
    with _FLOOR.turn:
        if _FLOOR.halted:
            raise KeyboardInterrupt
        process = start()
        _FLOOR.running[process.pid] = process, end
    return process


def over(process: Process) -> None:
    """Forget a command that has ended. Raises KeyboardInterrupt while halted."""
    with _FLOOR.turn:
        _FLOOR.running.pop(process.pid, None)
        if _FLOOR.halted:
            raise KeyboardInterrupt
