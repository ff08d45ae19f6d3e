"""What the page asks the terminal to sign: the page can ask, only the terminal can do it.

The token of a session lets its holder look and write documents. What is signed is confirmed where
`accord serve` was started, by whoever sits there.
"""

import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress

from attrs import define, evolve, field, frozen

KEPT = 50


@frozen
class Ask:
    """One signature that was asked for.

    `verb` is `approve`, `reject`, `undo` or one of `app.asked`, which is given `fields` and says
    `words`; `seen` binds an approval to what the page showed, and `aloud` is the same as words.
    `state` is `waiting`, `done` or `refused`, and `said` tells why; `back` is where to go then.
    """

    id: str
    verb: str
    change: str
    stage: str = ""
    title: str = ""
    seen: str = ""
    aloud: str = ""
    reason: str = ""
    fields: Mapping[str, str] = field(factory=dict)
    words: tuple[str, ...] = ()
    back: str = ""
    state: str = "waiting"
    said: str = ""


@define
class Asks:
    """The asks of one server. `wakes` is a file descriptor that is readable when one came in."""

    _held: OrderedDict[str, Ask] = field(factory=OrderedDict, init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    wakes: int = field(init=False)
    _bell: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.wakes, self._bell = os.pipe()
        os.set_blocking(self.wakes, False)
        os.set_blocking(self._bell, False)

    def put(self, ask: Ask) -> Ask:
        """Add an ask under a new id; one that waits for the same change is given up for it."""
        ask = evolve(ask, id=secrets.token_hex(8), state="waiting")
        with self._turn:
            for name, one in list(self._held.items()):
                if one.state == "waiting" and one.change == ask.change:
                    said = "another decision was asked for since"
                    self._held[name] = evolve(one, state="refused", said=said)
            self._held[ask.id] = ask
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        self._ring()
        return ask

    def get(self, name: str) -> Ask | None:
        """Return the ask with the id `name`, or None."""
        with self._turn:
            return self._held.get(name)

    def next(self) -> Ask | None:
        """Return the oldest ask that waits, or None; forget that the bell rang."""
        with suppress(BlockingIOError):
            while os.read(self.wakes, 512):
                pass
        with self._turn:
            return next((one for one in self._held.values() if one.state == "waiting"), None)

    def settle(self, ask: Ask, state: str, said: str) -> None:
        """Write down what came of an ask."""
        with self._turn:
            if ask.id in self._held:
                self._held[ask.id] = evolve(ask, state=state, said=said)

    def close(self) -> None:
        """Close the pipe."""
        os.close(self.wakes)
        os.close(self._bell)

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # it rings already
            os.write(self._bell, b"!")
