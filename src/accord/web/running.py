"""A server on a thread of its own, which ends with the block that holds it.

It listens on 127.0.0.1, and elsewhere only as the file of a team says, with TLS.
"""

import socket
import threading
import time
from collections.abc import Callable
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
        self.port = listening.getsockname()[1]
        self.room = Room(
            self.opens, self.who_is, self.sessions, self.asks, self.place, self.terminal, self.team
        )
        tls = self.team if self.team and self.team.certificate else None
        try:
            app = make_app(self.room)
        except ConfigurationError:
            listening.close()
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
            listening.close()
            self.room.close()
            raise ConfigurationError(
                f"the certificate and its key cannot be used: {error.strerror or error}",
                hint="name two PEM files that belong together",
            ) from None
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="room", daemon=True
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

    def _listen(self) -> socket.socket:
        host = self.team.host if self.team else "127.0.0.1"
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, self.port))
        except OSError as error:
            listening.close()
            raise ConfigurationError(
                f"port {self.port} cannot be used: {error.strerror}",
                hint="accord serve, without --port, takes a free one",
            ) from None
        return listening
