"""What the page asks to be signed: it can ask, only a key of the person's can do it.

The token of a session lets its holder look and write documents. What is signed is confirmed by a
passkey in the browser, or where `accord serve` was started, by whoever sits there.
"""

import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress

from attrs import define, evolve, field, frozen

from accord.approvals.passkeys import Offer

KEPT = 50


@frozen
class Draft:
    """What a passkey would sign: the bytes, their purpose, when they were made, and which may."""

    message: bytes
    namespace: str
    issued: str
    credentials: tuple[str, ...]


@frozen
class Ask:
    """One signature that was asked for.

    `verb` is `approve`, `reject`, `undo`, `trust` or one of `app.asked`, which is given `fields`
    and says `words`; `seen` binds an approval to what the page showed, and `aloud` is the same as
    words. `who` asked, `offer` is the passkey to be trusted. `state` is `open` while the page waits
    for a passkey, which signs `draft`; `waiting` for the terminal; `offered` where somebody else
    has to sign; then `done` or `refused`, and `said` tells why. `back` is where to go then.
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
    who: str = ""
    offer: Offer | None = None
    draft: Draft | None = None


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

    def put(self, ask: Ask, *, terminal: bool = True) -> Ask:
        """Add an ask under a new id; one of the person's for the same is given up for it.

        With a draft it waits for a passkey, without one for the terminal if there is one.
        """
        state = "open" if ask.draft else "waiting" if terminal else "offered"
        ask = evolve(ask, id=secrets.token_hex(16), state=state)
        with self._turn:
            for name, one in list(self._held.items()):
                same = (one.who, one.change) == (ask.who, ask.change)
                if one.state in ("open", "waiting") and same:
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

    def forward(self, name: str) -> bool:
        """Let the terminal decide on an ask that waits for a passkey; tell whether it did wait."""
        with self._turn:
            one = self._held.get(name)
            if one is None or one.state != "open":
                return False
            self._held[name] = evolve(one, state="waiting")
        self._ring()
        return True

    def next(self) -> Ask | None:
        """Return the oldest ask that waits for the terminal, or None; forget that the bell rang."""
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
