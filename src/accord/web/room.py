"""The room behind the pages: one workshop that requests take turns with, and who is looking."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, evolve, field

from accord.app import deciders
from accord.app.workshop import Workshop
from accord.approvals.signers import Signer
from accord.errors import RefusedError
from accord.web.asks import Asks
from accord.web.place import Place
from accord.web.sessions import LOOKING, Sessions
from accord.web.team import Team

STALE_SECONDS = 120.0


class StrangerError(RefusedError):
    """Raised for somebody who signed in and whom the trust file does not know."""


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
    team: Team | None = None
    _workshop: Workshop | None = field(default=None, init=False)
    _opened: float = field(default=0.0, init=False)
    _tip: str = field(default="", init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @contextmanager
    def workshop(self, *, acts: bool = False) -> Iterator[Workshop]:
        """Lend the workshop to one request at a time; it cannot sign anything.

        It is opened anew when the base moved (the rules and the people may have) and now and then.
        In a team it works for whoever asks, by the trust file as it is now; `acts` is for what
        those may not do who may only look. Raises what opening one raises, StrangerError and
        RefusedError.
        """
        with self._turn:
            held = self._fresh()
            lent = held if self.team is None else self._of(held)
            if acts and (refused := self.looks(lent)):
                raise refused
            yield lent

    def who(self, workshop: Workshop) -> str:
        """Return the name that the trust file has for the person, or git's where it has none.

        On one's own machine it goes by the key that signs there, or else by the name in git: that
        is no proof, and whatever is signed needs one of the person's keys.
        """
        if self.team:
            return workshop.person
        return self.who_is(workshop) or deciders.named(workshop)

    def looks(self, workshop: Workshop) -> RefusedError | None:
        """Return what refuses all that the person does who may only look; None for the others."""
        person = workshop.trust.principal(workshop.person) if self.team else None
        if self.team is None or person is None or self.team.acts(person.roles):
            return None
        return RefusedError(
            f"{person.name} may look and do nothing here",
            hint=f"accord trust show; roles that look: {', '.join(self.team.look)}",
        )

    def _of(self, held: Workshop) -> Workshop:
        """Return the workshop as whoever sent the request meets it."""
        login = LOOKING.get()
        people = (one for one in held.trust.principals if login.is_one_of(one.logins))
        person = next(people, None)
        if person is None:
            raise StrangerError(f"the trust file does not know {login}",
                                hint="make a passkey at /join and have it added")  # fmt: skip
        return evolve(held, person=person.name, email=login.email or held.email, channel="team")

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
            self._workshop.signer, self._workshop.channel = _refuse, "web"
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
