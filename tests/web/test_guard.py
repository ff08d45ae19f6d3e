"""The ways into a server on one's own machine, tried against a real one over a real socket.

What is refused at every address alike is tried in `test_requests`, who answers at the port in
`test_listening`. There are no uploads and no bearer token in a header; that nothing unpacks an
archive (names, links and bombs in one) is held in `test_forms`. Links, pipes and folders behind the
path of a document are tried in `test_paths`, a stale digest of an approval in `test_pages` and
`test_signing`, forged events in `test_live`, framing, rebinding and foreign pages in
`test_browser_attacks`.
"""

from collections.abc import Iterator, Mapping

import pytest

from accord.web.guard import BODY_BYTES, HEADER_BYTES
from accord.web.running import Server
from project import make_project
from visiting import Visitor, serving

GOOD = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        project = make_project(tmp_path_factory.mktemp("guarded"), patch)
        with serving(project) as server:
            yield server


@pytest.fixture
def stranger(server: Server) -> Visitor:
    return Visitor(server)


def test_nothing_but_the_door_is_shown_without_a_session(stranger: Visitor) -> None:
    for path in (
        "/",
        "/board",
        "/log",
        "/changes/guest",
        "/-/patterns",
        "/asks/1",
        "/keys",
        "/nothing",
    ):
        answer = stranger.get(path)
        assert (answer.status, 'name="code"' in answer.text) == (401, True), path
    assert stranger.get("/events").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {token}"},
        {"X-Token": "{token}"},
        {"Cookie": "session={token}"},
        {"Cookie": "accord-1={token}"},
        {"Cookie": "accord-{port}=wrong"},
        {"Cookie": "accord-{port}="},
        {"Cookie": 'accord-{port}="{token}'},
        {"Cookie": "=;;=\x7f"},
    ],
)
def test_a_token_counts_only_as_the_cookie_of_this_port(
    visitor: Visitor, headers: Mapping[str, str]
) -> None:
    token = visitor.cookie.partition("=")[2]
    given = {
        name: value.format(token=token, port=visitor.server.port) for name, value in headers.items()
    }
    visitor.cookie = ""
    assert visitor.get("/", given).status == 401
    assert visitor.get(f"/?token={token}").status == 401


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1:{port}", "0.0.0.0:{port}", "localhost:{port}", "accord.localhost",
     "accord.localhost:{port}.evil.example", "evil.accord.localhost:{port}", "accord.localhost:1",
     "ACCORD.LOCALHOST:{port}", "accord.localhost:{port}@evil.example", ""],
)  # fmt: skip
def test_only_one_host_is_answered(visitor: Visitor, host: str) -> None:
    answer = visitor.get("/", {"Host": host.format(port=visitor.server.port)})
    assert answer.status in (400, 421)
    assert "Needs you" not in answer.text


def test_two_hosts_are_refused(visitor: Visitor) -> None:
    said = visitor.raw(
        f"GET / HTTP/1.1\r\nHost: {visitor.host}\r\nHost: evil.example\r\n"
        f"Cookie: {visitor.cookie}\r\nConnection: close\r\n\r\n".encode()
    )
    assert said.startswith("HTTP/1.1 400")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:3000", "http://accord.localhost:3000",
     "http://accord.localhost", "https://accord.localhost:{port}", "http://127.0.0.1:{port}",
     "http://accord.localhost:{port}.evil.example", "http://evil.accord.localhost:{port}",
     "http://accord.localhost:{port}/"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_its_own_pages_may_ask(visitor: Visitor, origin: str, method: str) -> None:
    said = {"Origin": origin.format(port=visitor.server.port)}
    answer = visitor.get("/", said) if method == "GET" else visitor.post("/leave", {}, said)
    assert answer.status == 403
    assert visitor.get("/").status == GOOD


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_no_other_site_may_ask(visitor: Visitor, site: str) -> None:
    assert visitor.get("/", {"Sec-Fetch-Site": site}).status == 403
    assert visitor.post("/leave", {}, {"Sec-Fetch-Site": site}).status == 403
    assert visitor.get("/", {"Sec-Fetch-Site": "none"}).status == GOOD


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "text/xml"]
)
def test_only_forms_are_taken(visitor: Visitor, kind: str) -> None:
    token = visitor.get("/").token()
    assert visitor.post("/leave", {"csrf": token}, {"Content-Type": kind}).status == 415


def test_a_form_without_an_origin_is_refused(visitor: Visitor) -> None:
    token = visitor.get("/").token()
    assert visitor.post("/leave", {"csrf": token}, {"Origin": ""}).status == 403


def test_what_belongs_to_a_team_is_not_there_for_one_person(visitor: Visitor) -> None:
    stranger = Visitor(visitor.server)
    for path in ("/signin", "/signed-in", "/signed-in?code=x&state=y", "/arrive", "/join"):
        assert visitor.get(path).status == 404, path
        assert stranger.get(path).status == 401, path


@pytest.mark.parametrize(
    "path",
    ["/static/../guard.py", "/static/%2e%2e/guard.py", "/static/..%2fguard.py", "/static/%2fetc",
     "/static/..%5cguard.py", "/static/%252e%252e%252fguard.py", "/static//etc/passwd",
     "/static/%00", "/static/room.css%00.js", "/static/.", "/static/", "/static/room.css",
     "/static/vendor/vendor.toml", "//etc/passwd", "/static/C:%5cwindows", "/static/vendor"],
)  # fmt: skip
def test_no_file_but_those_of_the_pages_is_served(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status == 404
    assert "root:" not in answer.text
    assert "class Guard" not in answer.text


def test_who_lost_the_session_is_told_in_the_way_that_they_asked(server: Server) -> None:
    stranger = Visitor(server)
    script = stranger.get("/board", {"HX-Request": "true"})
    sent = stranger.post("/changes/guest/answer", {}, {"Sec-Fetch-Mode": "cors"})
    for answer in (script, sent):
        assert (answer.status, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")
        assert answer.text.startswith("this session is over; press Enter where accord serve runs")
    form = stranger.post("/changes/guest/answer", {}, {"Sec-Fetch-Mode": "navigate"})
    assert (form.status, 'name="code"' in form.text) == (401, True)
    assert "This session is over, so that was not done." in form.text
    assert "so that was not done" not in stranger.get("/board").text


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    token = visitor.get("/").token()
    assert visitor.post("/leave", {"csrf": token, "x": "a" * BODY_BYTES}).status == 413
    chunk = b"%x\r\n" % (BODY_BYTES + 1) + b"a" * (BODY_BYTES + 1) + b"\r\n0\r\n\r\n"
    said = visitor.raw(_post(visitor, "Transfer-Encoding: chunked") + chunk)
    assert said.startswith("HTTP/1.1 413")
    said = visitor.raw(_post(visitor, "Content-Length: 99999999999") + b"a=b")
    assert said.startswith("HTTP/1.1 413")


def test_a_body_whose_length_is_said_twice_is_refused(visitor: Visitor) -> None:
    both = "Content-Length: 4\r\nTransfer-Encoding: chunked"
    said = visitor.raw(_post(visitor, both) + b"0\r\n\r\n")
    assert said.startswith("HTTP/1.1 400")
    twice = "Content-Length: 4\r\nContent-Length: 5"
    assert visitor.raw(_post(visitor, twice) + b"a=b&c").startswith("HTTP/1.1 400")


def test_headers_that_are_too_large_are_refused(visitor: Visitor) -> None:
    assert visitor.get("/", {"X-Large": "a" * HEADER_BYTES}).status == 431
    many = "".join(f"X-{number}: {'a' * 100}\r\n" for number in range(1000))
    said = visitor.raw(f"GET / HTTP/1.1\r\nHost: {visitor.host}\r\n{many}\r\n".encode())
    assert said[:12] in ("HTTP/1.1 400", "HTTP/1.1 431")


def test_a_session_ends_when_it_is_left(visitor: Visitor) -> None:
    assert 'name="code"' in visitor.send("/", "/leave", {}).text
    assert visitor.get("/").status == 401


def test_the_cookie_is_for_this_port_and_out_of_reach_of_scripts(server: Server) -> None:
    visitor = Visitor(server)
    answer = visitor.post("/enter", {"code": server.sessions.offer()})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"accord-{server.port}=")
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert "domain" not in cookie.lower()


def _post(visitor: Visitor, length: str) -> bytes:
    return (
        f"POST /leave HTTP/1.1\r\nHost: {visitor.host}\r\nOrigin: http://{visitor.host}\r\n"
        f"Cookie: {visitor.cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"{length}\r\nConnection: close\r\n\r\n"
    ).encode()
