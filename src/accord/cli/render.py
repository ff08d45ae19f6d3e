"""Text for a terminal: 80 columns, readable without colour, nothing hostile left in it."""

import os
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click

from accord.core.hidden import visible

WIDTH = 80
NAME = 28

# Half a surrogate pair stands for a byte that is no text, in the name of a file for example.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(text: str) -> str:
    """Return `text` from a document or an agent with nothing in it that a terminal would obey."""
    return _CONTROLS.sub("�", visible(text).replace("\r\n", "\n"))


def coloured(*, err: bool = False) -> bool:
    """Tell whether stdout (or stderr) is a terminal that wants colour (https://no-color.org)."""
    stream = sys.stderr if err else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, *, err: bool = False, **looks: bool | str) -> str:
    """Return `text` in the given looks where colour is wanted: on stdout, or with `err` stderr."""
    return click.style(text, **looks) if coloured(err=err) else text  # type: ignore[arg-type] # looks are click's


def wrap(text: str, indent: str = "", hanging: str | None = None) -> str:
    """Return `text` cleaned and folded at 80 columns."""
    hanging = indent if hanging is None else hanging
    lines = [
        textwrap.fill(
            line, WIDTH, initial_indent=indent if number == 0 else hanging,
            subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False,
        )
        for number, line in enumerate(plain(text).splitlines() or [""])
    ]  # fmt: skip
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> Iterable[str]:
    """Yield the lines of a table; the last column takes what is left of 80 columns.

    A first cell that would leave too little has a line of its own.
    """
    cells = [list(head), *([plain(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head) - 1)]
    widths[0] = max(len(row[0]) for row in cells if len(row[0]) <= NAME)
    room = max(16, WIDTH - sum(widths) - 2 * len(widths) - 2)
    for number, row in enumerate(cells):
        if len(row[0]) > NAME:
            yield f"  {row[0]}"
            row[0] = ""
        last = row[-1] if len(row[-1]) <= room else row[-1][: room - 1] + "…"
        text = "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), last]
        )
        yield "  " + (style(text.rstrip(), dim=True) if number == 0 else text.rstrip())
