"""The environment that an agent starts with: a short list of what it needs, never of what to hide.

An agent runs text from strangers. A variable that it does not have cannot be printed, sent away
or used to change what a child process loads.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

RUN_MARK = "ACCORD_RUN"
"""Names the run in the environment of its agent and of all that it starts, to find them by."""

HOST_MARK = "ACCORD_HOST"
"""Names the run in the environment of its host, which does not pass it on."""

TOOLS_URL, TOOLS_TOKEN = "ACCORD_TOOLS_URL", "ACCORD_TOOLS_TOKEN"
"""Say to an agent's process where Accord's tools are reached, and with which token."""

_KEPT = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR"})
_SECRET = re.compile("TOKEN|KEY|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL", re.IGNORECASE)


def clean(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an agent: what is kept of this process's own, then `extra`."""
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    if "PATH" in kept:
        kept["PATH"] = _absolute(kept["PATH"])
    return {**kept, "TERM": "dumb", **extra}


def is_secret(name: str) -> bool:
    """Tell whether a variable of this name holds a secret, as far as names tell."""
    return _SECRET.search(name) is not None


def _is_kept(name: str) -> bool:
    return (name in _KEPT or name.startswith("LC_")) and not is_secret(name)


def _absolute(path: str) -> str:
    # An empty or relative entry means the folder that the agent works in, where anybody's
    # repository could hold a program called `git`.
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if Path(entry).is_absolute())
