"""Who answers at the port of the room: the room alone, while it is open and to its own sessions."""

import errno
import http.client
import socket

import pytest

from accord.errors import ConfigurationError
from accord.web import running
from accord.web.running import Server
from project import Project
from visiting import Visitor, serving

SIX = "::1"


def bound(host: str, port: int) -> socket.socket:
    """Return a socket of somebody who takes the port if it can be had."""
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        for shares in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            one.setsockopt(socket.SOL_SOCKET, shares, 1)
        one.bind((host, port))
        one.listen()
    except OSError:
        one.close()
        raise
    return one


@pytest.fixture(scope="module", autouse=True)
def six() -> None:
    try:
        bound(SIX, 0).close()
    except OSError:
        pytest.skip("this machine has no IPv6 address of its own")


@pytest.mark.parametrize("host", ["127.0.0.1", SIX, "0.0.0.0", "::"])  # noqa: S104 -- is refused
def test_nobody_else_can_listen_at_its_port(server: Server, host: str) -> None:
    with pytest.raises(OSError) as refused:
        bound(host, server.port)
    assert refused.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("host", running.LOOPBACK)
def test_a_port_is_held_from_the_moment_that_it_is_taken(host: str) -> None:
    held = running._listening([host], 0)
    try:
        with pytest.raises(OSError, match="in use"):
            bound(host, held[0].getsockname()[1])
    finally:
        running._close(held)


def test_it_answers_at_each_address_that_a_browser_tries(visitor: Visitor) -> None:
    for host in ("127.0.0.1", SIX):
        connection = http.client.HTTPConnection(host, visitor.server.port, timeout=20)
        asked = {"Host": visitor.host, "Cookie": visitor.cookie}
        connection.request("GET", "/", headers=asked)
        answer = connection.getresponse()
        assert (answer.status, "Needs you" in answer.read().decode()) == (200, True)
        connection.close()


def test_a_port_that_somebody_else_has_at_one_address_is_not_taken(project: Project) -> None:
    for host in ("127.0.0.1", SIX):
        with bound(host, 0) as other:
            server = serving(project)
            server.port = other.getsockname()[1]
            with pytest.raises(ConfigurationError, match="cannot be used: Address already"), server:
                pass


def test_a_free_port_is_free_at_both(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    given = running._at
    tried: list[tuple[str, int]] = []

    def at(host: str, port: int) -> socket.socket:
        tried.append((host, port))
        if tried == [("127.0.0.1", 0), (SIX, port)]:
            raise OSError(errno.EADDRINUSE, "somebody has it")
        return given(host, port)

    monkeypatch.setattr(running, "_at", at)
    with serving(project) as server:
        assert tried[2:] == [("127.0.0.1", 0), (SIX, server.port)]
        assert Visitor(server).get("/enter").status == 200


def test_a_machine_without_the_later_address_is_served(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = running._at

    def at(host: str, port: int) -> socket.socket:
        if host == SIX:
            raise OSError(errno.EADDRNOTAVAIL, "there is none")
        return given(host, port)

    monkeypatch.setattr(running, "_at", at)
    with serving(project) as server:
        assert Visitor(server).enter().get("/").status == 200


@pytest.mark.parametrize(("family", "away"), [(socket.AF_INET, "192.0.2.1"),
                                              (socket.AF_INET6, "2001:db8::1")])  # fmt: skip
def test_it_listens_on_this_machine_alone(
    server: Server, family: socket.AddressFamily, away: str
) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((away, 9))  # sends nothing; picks the outward address
            outward = probe.getsockname()[0]
        except OSError:
            pytest.skip("this machine has no outward address")
    if outward in ("127.0.0.1", SIX):
        pytest.skip("this machine has no outward address")
    with pytest.raises(OSError), socket.create_connection((outward, server.port), 2):
        pass


def test_what_was_given_by_one_room_is_nothing_to_the_next_at_its_port(asking: Project) -> None:
    with serving(asking) as server:
        old = Visitor(server).enter()
        page = old.get("/changes/guest")
        fields = {"csrf": page.token(), "reason": "too long"}
        asked = old.post("/changes/guest/reject", fields).headers["location"]
        code = server.sessions.offer()
    again = serving(asking)
    again.port = server.port
    with again:
        old.server = again
        assert old.get("/").status == 401
        assert old.get("/events").status == 401
        assert old.post("/changes/guest/reject", fields).status == 401
        assert old.post("/enter", {"code": code}).status == 403
        new = Visitor(again).enter()
        assert new.cookie.partition("=")[0] == old.cookie.partition("=")[0]
        assert new.post("/changes/guest/reject", fields).status == 403
        assert new.get(asked).status == 404
        assert again.asks.next() is None
