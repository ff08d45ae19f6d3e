"""The room behind the pages: one workshop that requests take turns with, and who is looking."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field

from accord.app.workshop import Workshop
from accord.approvals.signers import Signer
from accord.errors import RefusedError
from accord.web.asks import Asks
from accord.web.place import Place
from accord.web.sessions import Sessions

STALE_SECONDS = 120.0


@define
class Room:
    """What every page needs. `opens` opens a workshop, `who_is` names its person.

    `terminal` tells that somebody can confirm signatures where the server was started.
    """

    opens: Callable[[], Workshop]
    who_is: Callable[[Workshop], str]
    sessions: Sessions
    asks: Asks
    place: Place
    terminal: bool
    _workshop: Workshop | None = field(default=None, init=False)
    _opened: float = field(default=0.0, init=False)
    _tip: str = field(default="", init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @contextmanager
    def workshop(self) -> Iterator[Workshop]:
        """Lend the workshop to one request at a time; it cannot sign anything.

        It is opened anew when the base moved (the rules and the people may have) and now and then.
        Raises what opening one raises.
        """
        with self._turn:
            yield self._fresh()

    def who(self, workshop: Workshop) -> str:
        """Return the name that the trust file has for the person, or git's where it has none."""
        return self.who_is(workshop) or workshop.person

    def close(self) -> None:
        """Close the workshop and the asks."""
        with self._turn:
            self._drop()
        self.asks.close()

    def _fresh(self) -> Workshop:
        now = time.monotonic()
        held = self._workshop
        if held is not None and (
            now - self._opened > STALE_SECONDS or held.repo.resolve(held.base) != self._tip
        ):
            self._drop()
        if self._workshop is None:
            self._workshop = self.opens()
            self._workshop.signer = _refuse
            self._opened, self._tip = now, self._workshop.repo.resolve(self._workshop.base)
        return self._workshop

    def _drop(self) -> None:
        if self._workshop is not None:
            self._workshop.close()
            self._workshop = None


def _refuse() -> Signer:
    raise RefusedError(
        "a page signs nothing", hint="sign it with a passkey, or where accord serve runs"
    )
