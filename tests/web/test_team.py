"""The room of a team: who is let in, what they see and do, and what comes of lies and theft."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import issuing
import keyring
import passkeying
from accord.approvals import passkeys, webauthn
from accord.web.running import Server
from accord.web.team import Team
from issuing import Issuer
from member import LED, SASHA, URL, Member, led_back
from project import STORY, Project
from visiting import serving


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing.issuing() as issuer:
        issuer.vouches("1", SASHA)
        yield issuer


@pytest.fixture
def team(issuer: Issuer) -> Team:
    return Team(URL, issuer.address, issuing.CLIENT, issuing.SECRET, port=0)


KEY = passkeying.es256(5, "accord.example.com")


@pytest.fixture
def shared(project: Project, team: Team) -> Iterator[Server]:
    """The room; sasha approves with a passkey of its page, lee may only look."""
    offer = passkeys.told(KEY.offer())
    project.ok("trust", "add", "sasha", "--login", SASHA, "--passkey", offer)
    other = passkeys.told(passkeying.es256(6, "accord.example.com").offer())
    project.ok("trust", "add", "lee", "--role", "reader", "--login", "sub:lee", "--passkey", other)
    project.new()
    project.write("requirements.md", STORY)
    with serving(project, terminal=False, team=team) as server:
        yield server


@pytest.fixture
def sasha(shared: Server) -> Member:
    member = Member(shared)
    assert "Needs you" in member.sign_in().text
    return member


# Signing in


def test_nothing_is_shown_before_somebody_signed_in(shared: Server) -> None:
    visitor = Member(shared)
    for path in ("/", "/board", "/changes/guest", "/keys", "/join", "/asks/1"):
        page = visitor.get(path)
        assert (page.status, "/signin" in page.text) == (401, True), path
        assert "Guest" not in page.text
    assert visitor.get("/events").status == 401
    assert visitor.post("/enter", {"code": shared.sessions.offer()}).status == 404


def test_the_issuer_tells_who_it_is_and_the_trust_file_what_they_may(
    shared: Server, project: Project
) -> None:
    member = Member(shared)
    away = member.get("/signin")
    asked = {
        name: one[0] for name, one in parse_qs(urlsplit(away.headers["location"]).query).items()
    }
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{URL}/signed-in"
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    cookie = next(one for one in away.cookies if one.startswith("__Host-accord-signin="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    answer = member.get(led_back(away.headers["location"]), LED)
    assert answer.status == 200
    cookie = next(one for one in answer.cookies if one.startswith("__Host-accord="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    assert 'content="0; url=/"' in answer.text
    assert answer.headers["strict-transport-security"]
    assert "Guest cart" in member.get("/").text


def _claims(**claims: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(claims)


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"edit": _claims(nonce="x" * 20)},
    "no nonce": {"edit": lambda claims: claims.pop("nonce")},
    "another audience": {"edit": _claims(aud="somebody-else")},
    "several audiences": {"edit": _claims(aud=["somebody-else"])},
    "another audience for this client": {"edit": _claims(aud="somebody-else", azp="accord")},
    "another issuer": {"edit": _claims(iss="https://evil.example")},
    "no subject": {"edit": lambda claims: claims.pop("sub")},
    "an empty subject": {"edit": _claims(sub="")},
    "expired": {"edit": lambda claims: claims.update(exp=claims["iat"] - 3600)},
    "expired a minute ago": {"edit": lambda claims: claims.update(exp=claims["iat"] - 60)},
    "without an end": {"edit": lambda claims: claims.pop("exp")},
    "made tomorrow": {"edit": lambda claims: claims.update(nbf=claims["iat"] + 86400)},
    "unsigned": {"sign": issuing.unsigned},
    "by another key": {"sign": issuing.by_another_key},
    "by the public key as a secret": {"sign": issuing.by_the_public_key},
    "by the secret of the client": {"sign": issuing.by_the_client_secret},
    "no token": {"sign": lambda _: ""},
    "no JWT": {"sign": lambda _: "a.b.c"},
    "an issuer of another name": {"says": {"issuer": "https://evil.example"}},
    "keys from elsewhere": {"says": {"jwks_uri": "ftp://evil.example/keys"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=list(LIES))
def test_a_token_that_does_not_hold_lets_nobody_in(
    shared: Server, issuer: Issuer, lie: dict[str, Any]
) -> None:
    member = Member(shared)
    for name, value in lie.items():
        setattr(issuer, name, value)
    away = member.get("/signin")
    if away.status == 302:
        away = member.get(led_back(away.headers["location"]), LED)
    assert away.status == 403
    assert "Not signed in" in away.text
    assert "__Host-accord" not in member.jar
    assert member.get("/").status == 401


def test_an_answer_counts_once_and_in_the_browser_that_asked(shared: Server) -> None:
    victim, attacker = Member(shared), Member(shared)
    back = attacker.begin()
    victim.begin()
    assert victim.get(back, LED).status == 403  # else the victim would work as the attacker
    assert Member(shared).get(back, LED).status == 403
    assert victim.get("/").status == 401
    assert attacker.get(back, LED).status == 200
    attacker.jar.pop("__Host-accord")
    assert attacker.get(back, LED).status == 403


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied",
                                   "?code=x&state=y", "?error=%3Cscript%3E"])  # fmt: skip
def test_a_return_without_a_beginning_is_refused(shared: Server, query: str) -> None:
    member = Member(shared)
    member.begin()
    answer = member.get(f"/signed-in{query}", LED)
    assert answer.status == 403
    assert "<script>" not in answer.text.replace("<script src", "")


def test_a_code_of_somebody_else_needs_the_proof_of_the_browser(shared: Server) -> None:
    """What PKCE is for: a code that was stolen on its way back."""
    victim, thief = Member(shared), Member(shared)
    stolen = parse_qs(urlsplit(victim.begin()).query)["code"][0]
    state = parse_qs(urlsplit(thief.begin()).query)["state"][0]
    assert thief.get(f"/signed-in?code={stolen}&state={state}", LED).status == 403


def test_the_session_is_a_new_one_whatever_the_browser_had(shared: Server) -> None:
    member = Member(shared)
    member.jar["__Host-accord"] = "chosen-by-an-attacker"
    member.sign_in()
    first = member.jar["__Host-accord"]
    assert first != "chosen-by-an-attacker"
    member.get(member.begin(), {"Sec-Fetch-Site": "same-origin"})
    assert member.jar["__Host-accord"] != first
    member.jar["__Host-accord"] = first
    assert member.get("/").status == 401


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_nothing_leads_away_after_signing_in(shared: Server, to: str) -> None:
    member = Member(shared)
    away = member.get(f"/signin?next={to}&to={to}&redirect_uri={to}")
    assert "evil" not in away.headers["location"]
    answer = member.get(f"{led_back(away.headers['location'])}&next={to}", LED)
    assert "evil" not in answer.text
    for path in (f"/{to}", f"//{to}", f"/arrive?to={to}", "//evil.example/%2f", "/\\evil.example"):
        for found in re.findall(r'url=([^"]*)"', member.get(path, LED).text):
            assert re.match(r"/(?![/\\])", found), found


def test_a_link_from_elsewhere_arrives_and_a_form_or_a_frame_does_not(sasha: Member) -> None:
    page = sasha.get("/changes/guest?x=1", LED)
    assert 'content="0; url=/changes/guest?x=1"' in page.text
    assert "Guest cart" not in page.text
    for change in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"},
                   {"Sec-Fetch-Mode": "cors"}, {"Sec-Fetch-Dest": "script"}):  # fmt: skip
        assert sasha.get("/changes/guest", {**LED, **change}).status == 403
    assert sasha.post("/leave", {"csrf": "x"}, LED).status == 403


# The same guards as on one's own machine


@pytest.mark.parametrize("host", ["evil.example", "accord.localhost", "127.0.0.1:{port}",
                                  "accord.example.com:{port}", "accord.example.com.evil.example",
                                  "ACCORD.example.com", ""])  # fmt: skip
def test_one_host_is_answered(sasha: Member, host: str) -> None:
    for path in ("/", "/signin", "/signed-in", "/join", "/keys"):
        answer = sasha.get(path, {"Host": host.format(port=sasha.server.port)})
        assert answer.status in (400, 421), path


@pytest.mark.parametrize("forwarded", [{"X-Forwarded-Host": "evil.example"},
                                       {"Forwarded": "host=evil.example;proto=http"},
                                       {"X-Forwarded-Proto": "http"}])  # fmt: skip
def test_what_a_proxy_claims_is_not_read(shared: Server, forwarded: dict[str, str]) -> None:
    away = Member(shared).get("/signin", forwarded)
    assert parse_qs(urlsplit(away.headers["location"]).query)["redirect_uri"] == [
        f"{URL}/signed-in"
    ]


@pytest.mark.parametrize("path", ["/keys", "/join", "/asks/1/sign", "/asks/1/terminal"])
def test_the_forms_of_keys_are_guarded_as_all_are(sasha: Member, path: str) -> None:
    token = sasha.get("/keys").token()
    for headers, status in (
        ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": ""}, 403),
        ({"Origin": "http://accord.example.com"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "text/plain"}, 415), ({"Host": "evil.example"}, 421),
    ):  # fmt: skip
        assert sasha.post(path, {"csrf": token}, headers).status == status, headers
    assert sasha.post(path, {"csrf": "x"}).status == 403
    assert sasha.post(path, {}).status == 403
    assert Member(sasha.server).post(path, {"csrf": token}).status == 401
    assert sasha.ask("OPTIONS", path, {"Origin": URL}).status == 405
    assert sasha.ask("PUT", path, {"Origin": URL}).status == 405


def test_every_answer_carries_the_strict_headers(sasha: Member) -> None:
    for path in ("/", "/keys", "/signin", "/signed-in", "/arrive", "/nothing"):
        answer = sasha.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_a_session_of_a_team_ends_when_nobody_is_there(
    shared: Server, sasha: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = shared.sessions.now()
    monkeypatch.setattr(shared.sessions, "now", lambda: now + 3500)
    assert sasha.get("/").status == 200
    monkeypatch.setattr(shared.sessions, "now", lambda: now + 3500 + 3700)
    assert sasha.get("/").status == 401


# Who may what


def test_somebody_who_is_not_in_the_trust_file_sees_nothing_and_can_ask_to_be(
    shared: Server, issuer: Issuer, project: Project
) -> None:
    issuer.vouches("2", "kim@example.com")
    kim = Member(shared)
    page = kim.sign_in()
    assert page.status == 403
    assert "does not know kim@example.com" in page.text
    for path in ("/board", "/changes/guest", "/log", "/keys", "/asks/1",
                 "/changes/guest/document/requirements.md"):  # fmt: skip
        assert (kim.get(path).status, "cart" in kim.get(path).text) == (403, False), path
    assert kim.get("/events").status == 403
    form = kim.get("/join")
    key = passkeying.es256(7, "accord.example.com")
    challenge = webauthn.decode(keyring.options(form)["challenge"])
    said = passkeying.said(webauthn.CREATE, challenge, URL)
    fields = {"csrf": form.token(), "who": "kim", "name": "Phone",
              "authenticator": webauthn.encode(key.made()),
              "client": webauthn.encode(said)}  # fmt: skip
    page = kim.post("/join", fields)
    command = page.text.partition("accord trust add ")[2].partition("<")[0].split()
    project.ok("trust", "add", *command)
    assert "Needs you" in kim.get("/").text


@pytest.mark.parametrize(
    ("subject", "email", "verified"),
    [("2", SASHA, False), ("2", "sasha@example.com.evil.example", True), ("2", "sub:1", True),
     ("2", "sub:lee", True), ("sasha", "", True), (SASHA, "", True), ("2", "", True),
     ("LEE", "", True)],
)  # fmt: skip
def test_only_an_address_that_was_checked_or_the_very_name_counts(
    shared: Server, issuer: Issuer, subject: str, email: str, verified: bool
) -> None:
    issuer.vouches(subject, email, verified=verified)
    assert Member(shared).sign_in().status == 403


def test_an_approval_carries_the_persons_own_signature_and_name(
    project: Project, sasha: Member
) -> None:
    address = keyring.asked(sasha)
    page = keyring.send(sasha, address, keyring.answer(sasha, address, KEY))
    assert "the story of guest: approved by sasha" in page.text
    assert project.gates()["story"] == "open"
    assert project.git("log", "-1", "--format=%an <%ae>", "accord/guest") == f"sasha <{SASHA}>"
    assert any(b'"channel":"team"' in data for data in project.records().values())


def test_nobody_signs_what_another_asked_for(
    project: Project, sasha: Member, issuer: Issuer
) -> None:
    key = passkeying.es256(8, "accord.example.com")
    project.ok("trust", "add", "kim", "--login", "sub:kim", "--passkey", passkeys.told(key.offer()))
    issuer.vouches("kim")
    kim = Member(sasha.server)
    kim.sign_in()
    address = keyring.asked(sasha)
    assert kim.get(address).status == 404
    made = keyring.answer(sasha, address, key)
    fields = {"csrf": kim.get("/").token(), "credential": made.credential}
    assert kim.post(f"{address}/sign", fields).status == 404
    assert keyring.send(sasha, address, made).status == 409
    assert project.gates()["story"] == "waiting"


def test_nobody_takes_back_what_another_did(project: Project, sasha: Member) -> None:
    page = sasha.get("/log")
    answer = sasha.post("/undo", {"csrf": page.token(), "number": page.hidden("number")})
    assert answer.status == 409
    assert "Robin did that" in answer.text
    assert 'action="/undo"' not in sasha.get("/board").text


def test_who_is_revoked_is_out_at_once(project: Project, sasha: Member) -> None:
    project.ok("trust", "revoke", "sasha", "--because", "left")
    assert sasha.get("/").status == 403
    assert "cart" not in sasha.get("/changes/guest").text


def test_leaving_ends_the_session_on_the_server(sasha: Member) -> None:
    token = sasha.jar["__Host-accord"]
    sasha.send("/", "/leave", {})
    sasha.jar["__Host-accord"] = token
    assert sasha.get("/").status == 401
