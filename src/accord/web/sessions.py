"""Who may look: a code that works once, and the sessions that were begun with one.

All of it is in memory, so that stopping the server ends every session.
"""

import hashlib
import hmac
import math
import secrets
import threading
from collections.abc import Callable
from contextvars import ContextVar

from attrs import define, evolve, field, frozen

CODE_SECONDS = 60.0
GUESSES = 5
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


@frozen
class Login:
    """Whom an issuer vouched for; `email` is one that it checked, or empty."""

    subject: str
    email: str = ""

    def is_one_of(self, logins: tuple[str, ...]) -> bool:
        """Tell whether a person of the trust file with these logins is meant."""
        emails = {one.casefold() for one in logins if not one.startswith("sub:")}
        return f"sub:{self.subject}" in logins or self.email.casefold() in emails

    def __str__(self) -> str:
        """Return it as the trust file would name it."""
        return self.email or f"sub:{self.subject}"


NOBODY = Login("")
LOOKING: ContextVar[Login] = ContextVar("LOOKING", default=NOBODY)
"""Who sent the request that is answered; the guard sets it, for a team alone."""


@frozen
class _Code:
    text: str
    until: float


@frozen
class _Session:
    login: Login
    until: float
    idle_at: float


@define
class Sessions:
    """The codes and sessions of one server. `now` tells seconds that never go back.

    A session ends after `lasts` seconds, and when nothing was asked for in `idle` seconds.
    """

    now: Callable[[], float]
    lasts: float = math.inf
    idle: float = math.inf
    _code: _Code | None = field(default=None, init=False)
    _wrong: int = field(default=0, init=False)
    _known: dict[str, _Session] = field(factory=dict, init=False)
    _said: dict[str, str] = field(factory=dict, init=False)
    _told: dict[str, tuple[str, str]] = field(factory=dict, init=False)
    _dared: dict[str, bytes] = field(factory=dict, init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def offer(self, seconds: float = CODE_SECONDS) -> str:
        """Return a new code that works once within `seconds`; an earlier one works no more."""
        text = "".join(secrets.choice(_LETTERS) for _ in range(12))
        with self._turn:
            self._code, self._wrong = _Code(text, self.now() + seconds), 0
        return text

    def enter(self, code: str) -> str:
        """Return the token of a new session for a code that holds, else an empty string.

        After GUESSES wrong codes the one that was offered works no more.
        """
        wanted = code.strip().lower().replace("-", "").encode()
        with self._turn:
            offered = self._code
            if offered is None or self.now() > offered.until:
                return ""
            if not hmac.compare_digest(offered.text.encode(), wanted):
                self._wrong += 1
                if self._wrong >= GUESSES:
                    self._code = None
                return ""
            self._code = None
            return self._begin(NOBODY)

    def begin(self, login: Login) -> str:
        """Return the token of a new session for whom an issuer vouched for."""
        with self._turn:
            now = self.now()
            for name in [name for name, one in self._known.items() if _over(one, now)]:
                self._end(name)
            return self._begin(login)

    def knows(self, token: str, *, asked: bool = True) -> bool:
        """Tell whether `token` is one of a session here; `asked` begins its idle time anew."""
        name = _digest(token)
        with self._turn:
            held, now = self._known.get(name), self.now()
            if not token or held is None:
                return False
            if _over(held, now):
                self._end(name)
                return False
            if asked:
                self._known[name] = evolve(held, idle_at=now + self.idle)
            return True

    def login(self, token: str) -> Login:
        """Return for whom a session was begun; NOBODY for one that was begun with a code."""
        with self._turn:
            held = self._known.get(_digest(token))
            return held.login if held else NOBODY

    def say(self, token: str, words: str) -> None:
        """Keep one sentence for the next page of a session."""
        with self._turn:
            self._said[_digest(token)] = words

    def hear(self, token: str, page: str, *, news: bool = False) -> str:
        """Return the sentence that was kept for this session, once.

        A `page` that was told it, and asks for what is new, is told it again and takes none that
        is meant for another: what a form did is said on the page that its answer is.
        """
        name = _digest(token)
        with self._turn:
            if not news:
                self._told[name] = (page, self._said.pop(name, ""))
            where, words = self._told.get(name, ("", ""))
            return words if where == page else ""

    def dare(self, token: str) -> bytes:
        """Return new bytes that the browser of this session has to bring back."""
        with self._turn:
            self._dared[_digest(token)] = secrets.token_bytes(32)
            return self._dared[_digest(token)]

    def dared(self, token: str) -> bytes:
        """Return the bytes that this session has to bring back, once; else empty."""
        with self._turn:
            return self._dared.pop(_digest(token), b"")

    def leave(self, token: str) -> None:
        """End a session."""
        with self._turn:
            self._end(_digest(token))

    def _begin(self, login: Login) -> str:
        token, now = secrets.token_urlsafe(32), self.now()
        self._known[_digest(token)] = _Session(login, now + self.lasts, now + self.idle)
        return token

    def _end(self, name: str) -> None:
        self._known.pop(name, None)
        self._said.pop(name, "")
        self._told.pop(name, None)
        self._dared.pop(name, b"")


def form_token(token: str) -> str:
    """Return what every form of the session `token` carries, so that no other page can send one."""
    return hmac.new(token.encode(), b"accord form", hashlib.sha256).hexdigest()


def is_form_token(token: str, said: str) -> bool:
    """Tell whether `said` is the form token of the session `token`."""
    return hmac.compare_digest(form_token(token).encode(), said.encode())


def _over(held: _Session, now: float) -> bool:
    return now > held.until or now > held.idle_at


def _digest(token: str) -> str:
    # Looked up by digest, so that how long the look-up takes tells nothing about a token.
    return hashlib.sha256(token.encode()).hexdigest()
