"""A visitor of the review room: speaks HTTP as a browser does, and as an attacker does."""

import http.client
import re
import socket
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode

from attrs import define, field, frozen

from accord.app.workshop import Workshop
from accord.web.running import Server
from accord.web.team import Team
from accord.wiring import opening
from project import Project


def serving(project: Project, *, terminal: bool = True, team: Team | None = None) -> Server:
    """Return the room of `project` (for `team`), to be held in a block."""

    def opens() -> Workshop:
        return opening.open_workshop(project.top, lambda _: "")

    return Server(opens, opening.reader, team.port if team else 0, terminal, team)


@frozen
class Answer:
    """What came back: the status, the headers with their names in small letters, the text."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: tuple[str, ...] = ()

    def token(self) -> str:
        """Return the form token of the page."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found, self.text
        return found[1]

    def hidden(self, name: str) -> str:
        """Return the value of the first hidden field called `name`."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, name
        return unescape(found[1])


@define
class Visitor:
    """Somebody at `server`; with a session after `enter`."""

    server: Server
    cookie: str = field(default="")

    @property
    def host(self) -> str:
        """Return the one host that the server answers for."""
        return self.server.place.authority

    def enter(self) -> "Visitor":
        """Begin a session with a code from the terminal."""
        code = self.server.sessions.offer()
        answer = self.post("/enter", {"code": code})
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, headers or {})

    def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a form as a browser sends one from a page of the room."""
        own = {"Origin": self.server.address, "Sec-Fetch-Site": "same-origin",
               "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        return self.ask("POST", path, {**own, **(headers or {})}, urlencode(fields).encode())

    def send(self, page: str, path: str, fields: Mapping[str, str]) -> Answer:
        """Load `page`, send a form to `path` with its token, and return the page that follows."""
        token = self.get(page).token()
        answer = self.post(path, {"csrf": token, **fields})
        return self.get(answer.headers["location"]) if answer.status == 303 else answer

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Send one request; an empty value takes a header away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        sent = {"Host": self.host, "Cookie": self.cookie, **headers}
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            if body is not None and "Content-Length" not in sent:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            cookies = tuple(answer.headers.get_all("set-cookie") or ())
            return Answer(answer.status, found, answer.read().decode(), cookies)
        finally:
            connection.close()

    def raw(self, data: bytes) -> str:
        """Send bytes as they are and return what comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as line:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            parts = []
            while part := line.recv(65536):
                parts.append(part)
        return b"".join(parts).decode(errors="replace")
