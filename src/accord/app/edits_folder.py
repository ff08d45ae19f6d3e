"""Where what files were is kept; apart from what changes them, so that asking costs nothing."""

from pathlib import Path

EDITS, PENDING = "edits", "pending"


def cut_off(state: Path) -> bool:
    """Tell whether a command was cut off while it changed files; `state` is Accord's folder."""
    return (state / EDITS / PENDING).exists()
