"""One way in which a symbol is broken on purpose."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import zip_longest

from attrs import field, frozen

from accord.core.fingerprint import last_name


class How(StrEnum):
    """In which way a symbol is broken; what comes first says most, and is tried first."""

    RAISES = "raises"
    NEGATED = "negated"
    NOTHING = "nothing"
    VALUE = "value"
    IDLE = "idle"
    LEFT_OUT = "left out"


@frozen
class Breakage:
    """A symbol broken in one way: where, and the whole file with it.

    `data` parses as well as the file did.
    """

    path: str
    symbol: str
    line: int
    how: How
    data: bytes = field(repr=False)

    @property
    def words(self) -> str:
        """Return what is wrong with it, for a person: `pay() raises`."""
        name = last_name(self.symbol)
        if self.how is How.RAISES:
            return f"{name}() raises"
        if self.how is How.NEGATED:
            return f"the condition in line {self.line} of {self.path} is negated"
        if self.how is How.NOTHING:
            return f"{name}() returns nothing in line {self.line}"
        if self.how is How.IDLE:
            return f"{name}() does nothing"
        if self.how is How.LEFT_OUT:
            return f"line {self.line} of {self.path} is left out"
        return f"{name} has another value"


def in_turn(ways: Iterable[Breakage], most: int) -> tuple[Breakage, ...]:
    """Return `most` of them: the first of each way, then the second of each, and so on."""
    by: dict[How, list[Breakage]] = {}
    for one in ways:
        by.setdefault(one.how, []).append(one)
    rounds = zip_longest(*by.values())
    return tuple(one for some in rounds for one in some if one is not None)[:most]
