"""What was spent on agents, as values: tokens and millionths of a dollar, beside its budgets."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from attrs import frozen


@frozen
class Spent:
    """What was spent on a scope, and what requests that are under way may take at most."""

    tokens: int = 0
    micros: int = 0
    held_tokens: int = 0
    held_micros: int = 0

    def __str__(self) -> str:
        """Return it for a person: `1,200 tokens, $0.42`."""
        money = f", {shown('micros', self.micros)}" if self.micros else ""
        return f"{shown('tokens', self.tokens)}{money}"


class Purse(Protocol):
    """Knows what was spent on agents; it is for looking, the gateways keep the budgets."""

    def below(self, prefix: str) -> Mapping[str, Spent]:
        """Map each scope that begins with `prefix` (`run:build/guest/`) to what was spent on it."""

    def own(self) -> Mapping[str, Spent]:
        """Map each scope that has a budget to what was spent on it by the agents of this clone."""

    def learn(self, elsewhere: Mapping[str, Spent]) -> None:
        """Count what the agents of other clones spent as spent."""


class Takings(Protocol):
    """Where the clones of a project tell one another what they spent."""

    def exchange(self, worker: str, mine: Mapping[str, Spent]) -> Mapping[str, Spent]:
        """Tell what this worker spent on each scope; return what all others did."""


@frozen
class Use:
    """How much of one limit is used: `scope` as in `day 2026-06-01`, `unit` tokens or micros."""

    scope: str
    unit: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        """Return the share that is used, in whole per cent, never more than 100."""
        return min(100, 100 * self.used // self.limit)

    def __str__(self) -> str:
        """Return it for a person: `$0.42 of $10.00 for the day 2026-06-01 (4 %)`."""
        used = shown(self.unit, self.used).partition(" ")[0]
        return f"{used} of {shown(self.unit, self.limit)} for the {self.scope} ({self.percent} %)"


def together(every: Iterable[Spent]) -> Spent:
    """Return the sums of all."""
    found = tuple(every)
    return Spent(
        sum(one.tokens for one in found), sum(one.micros for one in found),
        sum(one.held_tokens for one in found), sum(one.held_micros for one in found),
    )  # fmt: skip


def shown(unit: str, amount: int) -> str:
    """Return an amount of `tokens` or `micros` for a person: `1,200 tokens` or `$0.42`.

    Money is rounded up to a cent, so that nothing that was spent looks like nothing.
    """
    if unit == "tokens":
        return f"{amount:,} token{'' if amount == 1 else 's'}"
    cents = -(-amount // 10_000)
    return f"${cents // 100:,}.{cents % 100:02d}"
