"""Requests that no page of the room sends, to each of its addresses: refused, and nothing is done.

The addresses are those of the routes, so that none is forgotten that is added.
"""

import http.client
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest

import posting
from accord.web.guard import BODY_BYTES, HEADER_BYTES
from accord.web.running import Server
from accord.web.sessions import GUESSES, form_token
from posting import DOORS, address, routes, standing
from project import Project, make_project
from visiting import Answer, Visitor, serving

Forms = dict[str, tuple[str, dict[str, str]]]
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
AWAY = ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)",
        "/changes/asks/..//evil.example", "\thttps://evil.example", "board/../..//evil.example",
        "/board\r\nLocation: https://evil.example")  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        project = make_project(tmp_path_factory.mktemp("requested"), patch)
        posting.ready(project)
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    with serving(project) as server:
        yield server


@pytest.fixture(scope="module")
def forms(server: Server) -> Forms:
    """Each action with a form that holds, but for what takes a built or a released change."""
    return posting.forms(Visitor(server).enter(), server)


@pytest.fixture
def nothing_done(project: Project, server: Server, forms: Forms) -> Iterator[None]:
    """Hold that the test leaves everything as it was."""
    before = standing(project, server)
    yield
    assert standing(project, server) == before


# Forms of somebody else


@pytest.mark.usefixtures("nothing_done")
@pytest.mark.parametrize("token", ["", "0" * 64, "another session", "no session"])
def test_no_action_is_done_without_the_token_of_its_session(
    visitor: Visitor, forms: Forms, token: str
) -> None:
    if token == "another session":
        token = Visitor(visitor.server).enter().get("/").token()
    elif token == "no session":
        token = form_token("")
    for route, (path, fields) in forms.items():
        if route != "/enter":
            answer = visitor.post(path, {**fields, "csrf": token})
            assert answer.status == 403, path
            assert "the form is not one of this session" in answer.text, path
    assert visitor.get("/").status == 200


@pytest.mark.usefixtures("nothing_done")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421), ({"Host": "localhost:{port}"}, 421),
        ({"Host": "127.0.0.1:{port}"}, 421), ({"Host": "evil.accord.localhost:{port}"}, 421),
        ({"Host": "[::1]:{port}"}, 421),
        ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403), ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "http://accord.localhost:3000"}, 403),
        ({"Origin": "https://accord.localhost:{port}"}, 403),
        ({"Origin": "http://accord.localhost:{port}.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
          "Sec-Fetch-Dest": "document"}, 403),
        ({"Content-Type": "application/json"}, 415), ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415), ({"Content-Type": ""}, 415),
        ({"Content-Length": "99999999"}, 413), ({"X-Large": "a" * HEADER_BYTES}, 431),
        ({"Cookie": ""}, 401), ({"Cookie": "accord-1=x"}, 401),
        ({"Cookie": "", "Authorization": "Bearer {token}"}, 401),
    ],
)  # fmt: skip
def test_every_action_is_guarded_alike(
    visitor: Visitor, forms: Forms, headers: Mapping[str, str], status: int
) -> None:
    token, csrf = visitor.cookie.partition("=")[2], visitor.get("/").token()
    sent = {
        name: value.format(token=token, port=visitor.server.port) for name, value in headers.items()
    }
    for route, (path, fields) in forms.items():
        if status != 401 or route != "/enter":
            assert visitor.post(path, {**fields, "csrf": csrf}, sent).status == status, path


@pytest.mark.usefixtures("nothing_done")
def test_an_action_cannot_be_asked_for_with_get(visitor: Visitor, forms: Forms) -> None:
    csrf = visitor.get("/").token()
    shown = set(routes(visitor.server, "GET"))
    for route, (path, _) in forms.items():
        for headers in ({}, *({name: "POST"} for name in OVERRIDES)):
            for asked in (path, f"{path}?_method=POST&csrf={csrf}"):
                for method in ("GET", "HEAD"):
                    status = visitor.ask(method, asked, headers).status
                    assert status in (200, 303, 404) if route in shown else status == 405, asked


@pytest.mark.usefixtures("nothing_done")
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "X",
                                    "PROPFIND", "get"])  # fmt: skip
def test_other_methods_are_refused_everywhere(visitor: Visitor, method: str) -> None:
    server = visitor.server
    asked = {"Origin": server.address, "Access-Control-Request-Method": "POST"}
    for route in (*routes(server, "GET"), *routes(server, "POST")):
        answer = visitor.ask(method, address(route), asked)
        assert answer.status == 405, route
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert visitor.cookie not in answer.text


# Forms that hold: where they lead


def test_no_field_of_a_form_leads_away(visitor: Visitor, forms: Forms) -> None:
    """The forms are those of the tests above: each is taken here, but for what would need more."""
    taken = set()
    for away in AWAY:
        others = dict.fromkeys(("from", "to", "next", "back", "return", "url"), away)
        for route, (path, fields) in forms.items():
            if route in DOORS:
                continue
            number = visitor.get("/log").hidden("number")
            fresh = {"number": number} if route == "/undo" else {}
            sent = {**fields, **fresh, **others, "csrf": visitor.get("/").token()}
            answer = visitor.post(f"{path}?{urlencode(others)}", sent, {"Referer": away.split()[0]})
            assert answer.status in (303, 400, 404, 409), path
            if answer.status == 303:
                taken.add(route.rpartition("/")[2])
                assert re.fullmatch(r"/(?![/\\])[\w/.-]*", answer.headers["location"]), path
    assert taken >= {"answer", "correct", "undo", "pause", "approve", "reject"}


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/", "//evil.example/%2e%2e",
                                  "/\\evil.example/", "/board/", "/enter/", "/board//",
                                  "/enter?next=//evil.example", "/changes/guest/"])  # fmt: skip
def test_no_address_leads_away(visitor: Visitor, path: str) -> None:
    for somebody in (visitor, Visitor(visitor.server)):
        answer = somebody.get(path)
        assert answer.status in (200, 303, 401, 404), path
        assert answer.headers.get("location", "/") == "/"
        assert "evil.example" not in answer.text


# WebSockets


@pytest.mark.parametrize("path", ["/", "/events", "/changes/guest", "/static/room.css", "/nothing"])
@pytest.mark.parametrize(
    ("more", "status"),
    [({}, 400), ({"Origin": "{own}"}, 400), ({"Origin": "https://evil.example"}, 403),
     ({"Origin": "null"}, 403), ({"Origin": "{own}", "Sec-Fetch-Site": "cross-site"}, 403),
     ({"Host": "evil.example"}, 421), ({"Upgrade": "WebSocket"}, 400),
     ({"Sec-WebSocket-Protocol": "accord, {token}"}, 400)],
)  # fmt: skip
def test_no_websocket_is_opened_to_anybody(
    visitor: Visitor, path: str, more: Mapping[str, str], status: int
) -> None:
    token = visitor.cookie.partition("=")[2]
    sent = {name: one.format(own=visitor.server.address, token=token) for name, one in more.items()}
    for somebody in (visitor, Visitor(visitor.server)):
        answer = somebody.get(path, {**UPGRADE, **sent})
        assert answer.status == status
        assert "upgrade" not in answer.headers
        assert not any(name.startswith("sec-websocket") for name in answer.headers)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert len(answer.text) < 60
        assert token not in answer.text


# How a request is framed


@pytest.mark.usefixtures("nothing_done")
@pytest.mark.parametrize(
    "framed",
    ["Content-Length: 0\r\nTransfer-Encoding: chunked", "Content-Length: 5\r\nContent-Length: 0",
     "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: xchunked",
     "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip, chunked",
     "Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 6", "Content-Length: 0x5",
     "Content-Length : 5", "Content-Length: 5\r\n Transfer-Encoding: chunked", "X\r\nY: z",
     "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
)  # fmt: skip
def test_no_second_request_is_smuggled_in(visitor: Visitor, framed: str) -> None:
    head = (f"Host: {visitor.host}\r\nOrigin: {visitor.server.address}\r\n"
            f"Cookie: {visitor.cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n")  # fmt: skip
    body = f"csrf={visitor.get('/').token()}"
    hidden = f"POST /leave HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
    said = visitor.raw(f"POST /undo HTTP/1.1\r\n{head}{framed}\r\n\r\n0\r\n\r\n{hidden}".encode())
    assert re.match(r"HTTP/1\.1 (400|413|501) ", said)
    assert said.count("HTTP/1.1 ") == 1
    assert visitor.get("/").status == 200


@pytest.mark.parametrize("path", ["/enterprise", "/enter/", "/enter//", "/static", "/staticky"])
def test_what_begins_like_the_door_is_not_the_door(server: Server, path: str) -> None:
    assert Visitor(server).get(path).status == 401


@pytest.mark.parametrize(
    ("path", "line", "status"),
    [("/", "X-Large: {}", 431), ("/", "Cookie: a={}", 431), ("/", "Referer: {}", 431),
     ("/", "Host: {}", 431), ("/", "{}: x", 431), ("/?{}", "X: y", 414), ("/{}", "X: y", 414)],
)  # fmt: skip
def test_a_head_of_70_kilobytes_is_refused(
    visitor: Visitor, path: str, line: str, status: int
) -> None:
    path, line = path.format("a" * 70_000), line.format("a" * 70_000)
    said = visitor.raw(f"GET {path} HTTP/1.1\r\nHost: {visitor.host}\r\n{line}\r\n\r\n".encode())
    # What comes in several pieces the server itself gives up on, before the guard is asked.
    assert said[:12] in (f"HTTP/1.1 {status}", "HTTP/1.1 400")


# What every answer says


def _answers(server: Server) -> dict[str, Answer]:
    visitor, stranger = Visitor(server).enter(), Visitor(server)
    token = visitor.get("/").token()
    large = {"csrf": token, "x": "a" * BODY_BYTES}
    length = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
    return {
        "200 page": visitor.get("/"), "200 head": visitor.ask("HEAD", "/", {}),
        "200 document": visitor.get("/changes/guest/document/requirements.md"),
        "200 stream": _head_of_the_stream(visitor), "200 door": stranger.get("/enter"),
        "303 redirect": visitor.get("/enter"),
        "303 action": visitor.post("/changes/guest/reject", {"csrf": token, "reason": "x"}),
        "400 framing": stranger.post("/enter", {}, length),
        "400 upgrade": visitor.get("/", UPGRADE),
        "400 action": visitor.post("/changes/guest/verdict", {"csrf": token, "answer": "x"}),
        "401 page": stranger.get("/"), "401 stream": stranger.get("/events"),
        "403 origin": visitor.get("/", {"Origin": "null"}),
        "403 token": visitor.post("/leave", {"csrf": "x"}),
        "403 code": stranger.post("/enter", {"code": "x"}),
        "404 route": visitor.get("/nothing"), "404 change": visitor.get("/changes/nothing"),
        "404 static": stranger.get("/static/nothing"), "405 guard": visitor.ask("PUT", "/", {}),
        "405 route": visitor.get("/leave"),
        "409 action": visitor.post("/undo", {"csrf": token, "number": "0"}),
        "413 form": visitor.post("/leave", large), "415 json": visitor.post(
            "/leave", {}, {"Content-Type": "application/json"}),
        "421 host": visitor.get("/", {"Host": "evil.example"}),
        "431 headers": visitor.get("/", {"X-Large": "a" * HEADER_BYTES}),
    }  # fmt: skip


def _head_of_the_stream(visitor: Visitor) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", visitor.server.port, timeout=20)
    try:
        sent = {"Host": visitor.host, "Cookie": visitor.cookie}
        connection.request("GET", "/events", headers=sent)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.readline().decode())
    finally:
        connection.close()


def _is_strict(answer: Answer, kept: str = "no-store") -> None:
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    said = {name: answer.headers[name] for name in (
        "x-content-type-options", "x-frame-options", "cross-origin-opener-policy",
        "cross-origin-resource-policy", "referrer-policy", "cache-control")}  # fmt: skip
    assert list(said.values()) == ["nosniff", "DENY", "same-origin", "same-origin", "same-origin",
                                   kept]  # fmt: skip
    assert "permissions-policy" in answer.headers
    for name in answer.headers:
        assert name not in ("server", "via")
        assert not name.startswith(("x-powered", "access-control"))


def test_every_kind_of_answer_carries_the_strict_headers_and_no_banner(server: Server) -> None:
    for kind, answer in _answers(server).items():
        assert kind.startswith(f"{answer.status} "), kind
        _is_strict(answer)
    address = re.search(r'href="(/static/[^"]+\.css)"', Visitor(server).get("/enter").text)
    assert address
    kept = Visitor(server).get(address[1])
    assert kept.status == 200
    _is_strict(kept, "public, max-age=31536000, immutable")


def test_an_answer_about_a_bug_does_as_well(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("accord.web.pages.rows", lambda _: 1 / 0)
    answer = visitor.get("/")
    assert answer.status == 500
    _is_strict(answer)
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9\r\n\r\n",
                                  b"GET /\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                  b"GET http://a/ HTTP/1.1\r\n\r\n"])  # fmt: skip
def test_what_is_no_request_is_told_nothing(visitor: Visitor, data: bytes) -> None:
    said = visitor.raw(data + b"\r\n\r\n").lower()
    assert said[:12] in ("http/1.1 400", "http/1.1 421")
    assert "server:" not in said
    assert "uvicorn" not in said
    assert "version" not in said


# Codes that are guessed


def test_guessing_ends_the_code_for_its_owner_too(server: Server) -> None:
    code = server.sessions.offer()
    for number in range(GUESSES):
        guess = Visitor(server).post("/enter", {"code": f"wrong{number}"})
        assert (guess.status, "set-cookie" in guess.headers) == (403, False)
    assert Visitor(server).post("/enter", {"code": code}).status == 403
    assert Visitor(server).enter().get("/").status == 200
