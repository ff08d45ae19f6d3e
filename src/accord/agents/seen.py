"""What a gateway saw of one run, and what that says about how the run ended."""

from collections import Counter

from attrs import Factory, define, evolve

from accord.agents.spending import Entry
from accord.core.orders import AgentReport, AgentStatus

_UNSERVED = ("answered 402", "answered 429", "answered 503", "answered 529")


@define
class Seen:
    """Counts of one run, kept as its requests come and go.

    An agent asks for its work with tools on offer and, beside that, for titles and the like
    without; whether the service failed the run is told by the former as soon as there are any.
    """

    requests: int = 0
    refused: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    took: Entry = Entry()  # noqa: RUF009 - it is frozen
    spent: str = ""
    in_a_row: int = 0
    _failures: Counter[str] = Factory(Counter)
    _with_tools: bool = False
    _waiting: dict[int, float] = Factory(dict)

    def begin(self, number: int, now: float, *, tools: bool) -> None:
        """Note that a request went to the service at `now`, a moment in seconds."""
        if tools and not self._with_tools:
            self._with_tools = True
            self._failures.clear()
        self.requests += 1
        self._waiting[number] = now

    def hear(self, number: int, now: float) -> None:
        """Note that something of the answer came at `now`."""
        self._waiting[number] = now

    def end(self, number: int, failure: str, took: Entry, *, tools: bool, times: int = 1) -> None:
        """Note how a request ended: `failure` in words, or empty when it was answered.

        `times` is how often the service was asked for it.
        """
        self._waiting.pop(number, None)
        self.took = Entry(self.took.usage.plus(took.usage), self.took.micros + took.micros)
        if self._with_tools and not tools:
            return
        if failure:
            self._failures[failure] += max(times, 1)
            self.in_a_row += 1
        else:
            self._failures.clear()
            self.in_a_row = 0

    def deny(self, words: str, *, tools: bool) -> None:
        """Note that a request for the model's work was turned away here, and why."""
        if tools or not self._with_tools:
            self._failures[f"was not asked: {words}"] += 1

    def trouble(self, now: float, patience: float) -> str:
        """Return how the service failed since it last answered; empty when it did not.

        `patience` is the silence in seconds, up to `now`, that counts as a failure by itself.
        """
        told = [words if n == 1 else f"{words} ({n} times)" for words, n in self._failures.items()]
        silent = max((now - heard for heard in self._waiting.values()), default=0.0)
        if silent >= patience:
            told.append(f"was silent for {silent:.0f} s")
        return f"the model's service {', '.join(told)}" if told else ""

    def joined(self, report: AgentReport, trouble: str) -> AgentReport:
        """Return `report` with what was seen: what an agent calls an end may be no such thing."""
        status, detail = report.status, report.detail
        if status is not AgentStatus.STOPPED and self.spent:
            status, detail = AgentStatus.SPENT, self.spent
        elif trouble and status is AgentStatus.ENDED:
            status, detail = AgentStatus.FAILED, trouble
        elif trouble and trouble not in detail and status is not AgentStatus.STOPPED:
            detail = f"{detail}; {trouble}" if detail else trouble
        exhausted = any(words.startswith(_UNSERVED) for words in self._failures)
        return evolve(report, status=status, detail=detail, trouble=trouble, exhausted=exhausted)

    def counted(self, report: AgentReport) -> AgentReport:
        """Return `report` with the sums of all requests in place of what the agent counted."""
        return evolve(
            report,
            input_tokens=self.took.tokens - self.took.usage.output,
            output_tokens=self.took.usage.output,
            requests=self.requests,
            cost_micros=self.took.micros,
        )
