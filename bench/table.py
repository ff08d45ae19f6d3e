"""A figure with its budget and its peers, and the table that is printed."""

import textwrap
from collections.abc import Iterator, Sequence

from attrs import frozen


@frozen
class Peer:
    """What was measured beside it in the same run, in the same unit; None: not available here."""

    name: str
    value: float | None


@frozen
class Figure:
    """One figure. `budget` is the most that it may be, or the least where `more` is better.

    One without a budget is told and not judged.
    """

    name: str
    value: float
    unit: str
    budget: float | None
    peers: tuple[Peer, ...]
    more: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        """Tell whether the figure is within its budget, if it has one."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.more else self.value <= self.budget


_COLUMNS = 80
_HEAD = ("FIGURE, AND ITS PEERS", "MEASURED", "BUDGET", "", "RATIO")


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the table, a peer below its figure, then the notes: 80 columns.

    A name that is too long for what the other columns leave goes on in the next line.
    """
    rows = [_HEAD, *(row for figure in figures for row in _rows(figure))]
    widths = [max(len(row[at]) for row in rows) for at in range(1, len(_HEAD))]
    room = _COLUMNS - sum(widths) - 2 * len(widths)
    longest = min(room, max(len(row[0]) for row in rows))
    for name, *others in rows:
        first, *rest = _wrapped(name, longest)
        cells = zip((first, *others), (longest, *widths), strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in cells).rstrip()
        yield from rest
    noted = [figure for figure in figures if figure.note]
    if noted:
        yield ""
    for figure in noted:
        yield from textwrap.wrap(
            f"{figure.name}: {figure.note}",
            _COLUMNS,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _wrapped(name: str, width: int) -> list[str]:
    indent = name[: len(name) - len(name.lstrip())]
    return textwrap.wrap(
        name.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )


def _rows(figure: Figure) -> Iterator[tuple[str, ...]]:
    budget, verdict = "", ""
    if figure.budget is not None:
        budget = f"{'>=' if figure.more else '<='} {figure.budget:.4g}"
        verdict = "ok" if figure.kept else "BROKEN"
    yield figure.name, f"{figure.value:.3f} {figure.unit}", budget, verdict, ""
    for peer in figure.peers:
        name = f"  {peer.name}"
        if peer.value is None:
            yield name, "not available", "", "", ""
        else:
            ratio = f"{figure.value / peer.value:.2f}" if peer.value else "-"
            yield name, f"{peer.value:.3f} {figure.unit}", "", "", ratio
