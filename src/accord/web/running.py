"""A server on a thread of its own, which ends with the block that holds it.

It listens on this machine alone, and elsewhere only as the file of a team says, with TLS.
"""

import errno
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import uvicorn
from attrs import define, field

from accord.app.workshop import Workshop
from accord.errors import ConfigurationError
from accord.web.asks import Asks
from accord.web.guard import HEADER_BYTES
from accord.web.place import Place, local
from accord.web.room import Room
from accord.web.server import make_app
from accord.web.sessions import Sessions
from accord.web.team import IDLE, LASTS, Team

START_SECONDS = 20.0
LOOPBACK = ("127.0.0.1", "::1")
"""Both are held: a browser that is given the room's name asks `::1` first, and whoever answered
there would be sent the session."""
TRIES = 10
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


@define
class Server:
    """The room at `address` while the block lasts. Raises ConfigurationError for a taken port."""

    opens: Callable[[], Workshop]
    who_is: Callable[[Workshop], str]
    port: int
    terminal: bool
    team: Team | None = None
    sessions: Sessions = field(init=False)
    asks: Asks = field(factory=Asks, init=False)
    room: Room = field(init=False)
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)

    @property
    def address(self) -> str:
        """Return where the room is, without a slash at the end."""
        return self.place.origin

    @property
    def place(self) -> Place:
        """Return what browsers call the room."""
        return self.team.place if self.team else local(self.port)

    def __attrs_post_init__(self) -> None:
        limits = (LASTS, IDLE) if self.team else ()
        self.sessions = Sessions(time.monotonic, *limits)

    def __enter__(self) -> "Server":
        """Listen, and wait until the first request would be answered."""
        listening = self._listen()
        self.port = listening[0].getsockname()[1]
        self.room = Room(
            self.opens, self.who_is, self.sessions, self.asks, self.place, self.terminal, self.team
        )
        tls = self.team if self.team and self.team.certificate else None
        try:
            app = make_app(self.room)
        except ConfigurationError:
            _close(listening)
            self.room.close()
            raise
        config = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None,
            log_level="critical", access_log=False, server_header=False, proxy_headers=False,
            h11_max_incomplete_event_size=4 * HEADER_BYTES, timeout_graceful_shutdown=1,
            limit_concurrency=200, ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )  # fmt: skip
        try:
            config.load()  # what is wrong with a certificate is said here, not on the thread
        except OSError as error:  # that of TLS is one, too
            _close(listening)
            self.room.close()
            raise ConfigurationError(
                f"the certificate and its key cannot be used: {error.strerror or error}",
                hint="name two PEM files that belong together",
            ) from None
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=(listening,), name="room", daemon=True
        )
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End every request and the thread."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self.room.close()

    def _listen(self) -> list[socket.socket]:
        hosts = [self.team.host] if self.team else LOOPBACK
        failed = OSError()
        # A port that is free at one address may be taken at the other.
        for _ in range(1 if self.port else TRIES):
            try:
                return _listening(hosts, self.port)
            except OSError as error:
                failed = error
        raise ConfigurationError(
            f"port {self.port} cannot be used: {failed.strerror}",
            hint="accord serve, without --port, takes a free one",
        )


def _listening(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return what listens at each of `hosts` on one port; only the first has to be there."""
    found: list[socket.socket] = []
    for host in hosts:
        try:
            found.append(_at(host, found[0].getsockname()[1] if found else port))
        except OSError as error:
            if found and error.errno in _ABSENT:
                continue
            _close(found)
            raise
    return found


def _at(host: str, port: int) -> socket.socket:
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM
    )
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()  # what is bound and does not listen, another can bind as well
    except OSError:
        listening.close()
        raise
    return listening


def _close(listening: Sequence[socket.socket]) -> None:
    for one in listening:
        one.close()
