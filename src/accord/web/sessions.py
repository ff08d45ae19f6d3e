"""Who may look: a code that works once, and the sessions that were begun with one.

All of it is in memory, so that stopping the server ends every session.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable

from attrs import define, field, frozen

CODE_SECONDS = 60.0
GUESSES = 5
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


@frozen
class _Code:
    text: str
    until: float


@define
class Sessions:
    """The codes and sessions of one server. `now` tells seconds that never go back."""

    now: Callable[[], float]
    _code: _Code | None = field(default=None, init=False)
    _wrong: int = field(default=0, init=False)
    _known: set[str] = field(factory=set, init=False)
    _said: dict[str, str] = field(factory=dict, init=False)
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
            token = secrets.token_urlsafe(32)
            self._known.add(_digest(token))
            return token

    def knows(self, token: str) -> bool:
        """Tell whether `token` is one of a session here."""
        with self._turn:
            return bool(token) and _digest(token) in self._known

    def say(self, token: str, words: str) -> None:
        """Keep one sentence for the next page of a session."""
        with self._turn:
            self._said[_digest(token)] = words

    def hear(self, token: str) -> str:
        """Return the sentence that was kept for this session, once."""
        with self._turn:
            return self._said.pop(_digest(token), "")

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
            self._known.discard(_digest(token))
            self._said.pop(_digest(token), "")
            self._dared.pop(_digest(token), b"")


def form_token(token: str) -> str:
    """Return what every form of the session `token` carries, so that no other page can send one."""
    return hmac.new(token.encode(), b"accord form", hashlib.sha256).hexdigest()


def is_form_token(token: str, said: str) -> bool:
    """Tell whether `said` is the form token of the session `token`."""
    return hmac.compare_digest(form_token(token).encode(), said.encode())


def _digest(token: str) -> str:
    # Looked up by digest, so that how long the look-up takes tells nothing about a token.
    return hashlib.sha256(token.encode()).hexdigest()
