"""A figure with its budget and its peers, and the table that is printed."""

from collections.abc import Iterator, Sequence

from attrs import frozen


@frozen
class Peer:
    """What was measured beside it in the same run, in the same unit; None: not available here."""

    name: str
    value: float | None


@frozen
class Figure:
    """One figure. `budget` is the most that it may be, or the least where `more` is better."""

    name: str
    value: float
    unit: str
    budget: float
    peers: tuple[Peer, ...]
    more: bool = False
    note: str = ""

    @property
    def kept(self) -> bool:
        """Tell whether the figure is within its budget."""
        return self.value >= self.budget if self.more else self.value <= self.budget


_HEAD = ("FIGURE", "MEASURED", "BUDGET", "", "PEER", "PEER'S", "RATIO")


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the table, then the notes."""
    rows = [_HEAD, *(row for figure in figures for row in _rows(figure))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    noted = [figure for figure in figures if figure.note]
    if noted:
        yield ""
    for figure in noted:
        yield f"{figure.name}: {figure.note}"


def _rows(figure: Figure) -> Iterator[tuple[str, ...]]:
    budget = f"{'>=' if figure.more else '<='} {figure.budget:g}"
    verdict = "ok" if figure.kept else "BROKEN"
    head = (figure.name, f"{figure.value:.3f} {figure.unit}", budget, verdict)
    for peer in figure.peers or (Peer("", None),):
        if peer.value is None:
            yield (*head, peer.name, "not available" if peer.name else "", "")
        else:
            ratio = f"{figure.value / peer.value:.2f}" if peer.value else "-"
            yield (*head, peer.name, f"{peer.value:.3f} {figure.unit}", ratio)
        head = ("", "", "", "")
