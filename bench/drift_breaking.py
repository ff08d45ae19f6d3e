"""Functions broken on purpose, one way after the other: how many of these are not noticed?"""

from collections.abc import Iterable, Mapping

from attrs import define, field

from accord.core.fingerprint import Symbol
from accord.symbols.breaking import breakages
from accord.symbols.reading import read
from bench.drift_truth import LINES, functions

MOST = 1000


@define
class Broken:
    """What was broken: how many functions, in how many ways, and what no fingerprint told."""

    name: str
    functions: int = 0
    ways: int = 0
    missed: list[str] = field(factory=list)
    blamed: int = 0

    def add(self, other: "Broken") -> None:
        """Add what came of another history."""
        self.functions += other.functions
        self.ways += other.ways
        self.missed += other.missed
        self.blamed += other.blamed

    def __str__(self) -> str:
        """Return it in one line."""
        return (
            f"{self.name}: {self.functions} functions broken in {self.ways} ways: "
            f"{len(self.missed)} missed, {self.blamed} other functions alarmed"
        )


def break_all(name: str, files: Mapping[str, bytes]) -> Broken:
    """Break every function of four lines or more in `files` in every way that is known.

    A way counts where Python's own `ast` says that the function does something else by then. It
    is missed where the function's fingerprint is the same; an alarm about a function whose text
    is as it was is false.
    """
    found = Broken(name)
    for path, data in files.items():
        truth = functions(data)
        ours = {one.first: one for one in read(path, data) or ()}
        for function, facts in truth.items():
            symbol = ours.get(facts.first)
            if symbol is None or facts.last - facts.first + 1 < LINES:
                continue
            found.functions += 1
            for one in breakages(path, data, symbol.name, MOST):
                now = functions(one.data).get(function)
                if now is None or now.does == facts.does:
                    continue
                found.ways += 1
                alarmed = _alarmed(ours.values(), {
                    each.name: each for each in read(path, one.data) or ()})  # fmt: skip
                if symbol.name not in alarmed:
                    found.missed.append(f"{name} {path}:{one.line} {function} {one.how}")
                # What holds a function holds what is broken in it too.
                inside = f"{symbol.name}."
                found.blamed += sum(
                    1 for each in alarmed - {symbol.name} if not each.startswith(inside)
                )
    return found


def _alarmed(was: Iterable[Symbol], now: Mapping[str, Symbol]) -> set[str]:
    return {one.name for one in was if one.name not in now or now[one.name].print != one.print}
