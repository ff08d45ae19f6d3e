"""What an agent says, told soon after it is said, and never with a secret cut in two.

Agents stream a few letters at a time. A line is told when it ends, and words without an end of the
line after a short quiet spell; what may be the beginning of a secret waits for what comes after it.
What was told of a line is remembered, since a secret may be known only by the words before it.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from itertools import takewhile

from attrs import evolve

from accord.agents.transcript import EVENT_CHARS
from accord.core import secrets
from accord.core.orders import AgentEvent, Emit, EventKind

QUIET_S = 0.05
"""How long words wait for more of them, in seconds."""

_BEFORE = 1_024  # further back than any secret has a word that tells of it
_LONGEST = 2**14  # no secret has more characters
_HELD = 2**17  # much at once, since each look costs as much as _LONGEST more
_TELLING = 4  # fewer characters of a known secret say nothing of it
_KEY, _KEY_ENDS = "-----BEGIN ", "-----END"
_PLAIN = re.compile(r"[A-Za-z]{4,24}[.,;:!?)]?")
_GIVEN = re.compile(r"(?:[Bb](?:earer|EARER)|[=:>\"'`])[ \t]{0,16}\Z")


class Speech:
    """Lets the events of one run through to `emit`, without secrets; an `Emit` itself."""

    def __init__(self, redact: Callable[[str], str], known: Sequence[str], emit: Emit) -> None:
        """Take what redacts a text, the values that it takes out, and where events go."""
        self._redact, self._emit = redact, emit
        self._forms = secrets.forms(known)
        self._held = ""
        self._told = ""
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, event: AgentEvent) -> None:
        """Take an event of the agent's: a text is a piece of what it says. Needs a running loop."""
        if event.kind is EventKind.TEXT:
            self._hear(event.text)
            return
        if event.kind is not EventKind.USAGE:
            self.finish()
        self._pass(event)

    def aside(self, event: AgentEvent) -> None:
        """Take an event that others tell of the run, which may come between two of its letters."""
        if event.kind not in (EventKind.USAGE, EventKind.ERROR):
            self.finish()
        self._pass(event)

    def finish(self) -> None:
        """Tell all that is held: the agent is done with saying it."""
        self._tell(len(self._held), goes_on=False)
        self._told = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hear(self, text: str) -> None:
        self._held += text
        if "\n" in text:
            self._tell(self._ripe(self._held.rindex("\n") + 1))
        if len(self._held) >= _HELD:
            self._tell(self._forced())
        if self._held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._pause)

    def _pause(self) -> None:
        self._timer = None
        self._tell(self._ripe(len(self._held)))

    def _ripe(self, size: int) -> int:
        """Return how much of the first `size` characters that are held can be told now."""
        return max(0, ripe(self._told + self._held[:size], self._forms) - len(self._told))

    def _forced(self) -> int:
        """Return how much to tell where more is held than any secret has characters."""
        return _uncut(self._held, len(self._held) - _LONGEST, self._forms) or _LONGEST

    def _tell(self, size: int, *, goes_on: bool = True) -> None:
        if size <= 0:
            return
        known, self._held = self._told + self._held[:size], self._held[size:]
        before, said = self._redact(self._told), self._redact(known)
        pairs = zip(before, said, strict=False)
        said = said[sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) :]
        self._told = known[known.rfind("\n") + 1 :][-_BEFORE:]
        for start in range(0, len(said), EVENT_CHARS):
            more = goes_on or start + EVENT_CHARS < len(said)
            piece = said[start : start + EVENT_CHARS]
            self._emit(AgentEvent(EventKind.TEXT, piece, goes_on=more))

    def _pass(self, event: AgentEvent) -> None:
        self._emit(evolve(event, text=self._redact(event.text), path=self._redact(event.path)))


def ripe(text: str, forms: Sequence[str]) -> int:
    """Return how much of `text` can be told before what follows it is known.

    In the rest may begin a secret that has not come to its end: one of `forms`, as
    `secrets.forms` returns them, a private key, or a word that is not plainly one.
    """
    end = len(text)
    key = text.rfind(_KEY)
    if key >= 0 and end - key < _LONGEST and _KEY_ENDS not in text[key:]:
        end = key
    word = "" if text[-1:].isspace() else (text.rsplit(maxsplit=1) or [""])[-1]
    if word and not _is_plain(word, text[: len(text) - len(word)], forms):
        end = min(end, len(text) - len(word))
    for form in forms:
        at = text.find(form[:_TELLING], max(0, len(text) - len(form) + 1))
        while 0 <= at < end and not form.startswith(text[at:]):
            at = text.find(form[:_TELLING], at + 1)
        end = at if 0 <= at < end else end
    return _uncut(text, end, forms)


def _uncut(text: str, end: int, forms: Sequence[str]) -> int:
    """Return `end`, or where the secret begins that it would cut in two."""
    if not 0 < end < len(text):
        return end
    first = max(0, end - _LONGEST)
    near = secrets.find(text[first : end + _LONGEST])
    found = [(first + one.start, first + one.end) for one in near]
    for form in forms:
        at = text.find(form, max(0, end - len(form) + 1), end + len(form) - 1)
        found += [(at, at + len(form))] if at >= 0 else []
    return min((start for start, stop in found if start < end < stop), default=end)


def _is_plain(word: str, before: str, forms: Sequence[str]) -> bool:
    if _PLAIN.fullmatch(word) is None or _GIVEN.search(before, max(0, len(before) - 32)):
        return False
    needles = (needle for kind in secrets.KINDS for needle in kind.needles)
    if any(needle.startswith(word) or word.startswith(needle) for needle in needles):
        return False
    return not any(form.startswith(word) for form in forms)
