"""The gateway connects to the address that it checked, and to public ones alone (T13)."""

import json
from pathlib import Path

import pytest

from accord.agents import outlet, upstream
from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    Outlet,
)
from accord.errors import AgentError
from outlets import KEY, authority, gateway, message, out, service, url

BAD = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104 - it is to be refused
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", BAD)
def test_a_public_service_is_not_reached_at_an_address_that_is_not(address: str) -> None:
    public = upstream.parse("https://api.anthropic.com", configured=False)
    assert upstream.refused(public, address)


@pytest.mark.parametrize("address", ["160.79.104.10", "2607:6bc0::10", "8.8.8.8"])
def test_a_public_service_is_reached_at_a_public_address(address: str) -> None:
    public = upstream.parse("https://api.anthropic.com", configured=False)
    assert upstream.refused(public, address) == ""
    assert "without encryption" in upstream.refused(
        upstream.parse("http://api.example", configured=True), address
    )


@pytest.mark.parametrize(
    ("written", "address", "opened"),
    [
        ("http://127.0.0.1:11434", "127.0.0.1", True),
        ("http://localhost:11434", "127.0.0.1", True),
        ("http://localhost:11434", "::1", True),
        ("http://[::1]:11434", "::1", True),
        ("https://models.corp.example", "10.1.2.3", True),
        ("http://192.168.1.7:8080", "192.168.1.7", True),
        ("https://models.corp.example", "127.0.0.1", False),
        ("https://models.corp.example", "169.254.169.254", False),
        ("https://models.corp.example", "100.100.100.200", False),
        ("http://169.254.169.254", "169.254.169.254", False),
        ("http://localhost:11434", "169.254.169.254", False),
    ],
)
def test_what_the_person_wrote_opens_that_and_no_more(
    written: str, address: str, opened: bool
) -> None:
    configured = upstream.parse(written, configured=True)
    assert (upstream.refused(configured, address) == "") is opened
    assert upstream.refused(upstream.parse(written, configured=False), address)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_comes_to_mean_another_address_is_not_followed(
    tmp_path: Path, address: str
) -> None:
    async def rebound(host: str, port: int) -> list[str]:
        assert host == "api.anthropic.com"
        return ["160.79.104.10", address]

    with (
        service(lambda _: [message()]) as up,
        gateway(tmp_path, Outlet("anthropic"), resolve=rebound) as running,
    ):
        status, body = running.ask()
        trouble = running.gateway.seen.trouble(0.0, 9.0)
    assert status == 502
    assert up.got == []
    assert "must not be reached: api.anthropic.com leads to" in trouble
    assert json.loads(body)["error"]["type"] == "api_error"


def test_the_address_that_was_checked_is_the_one_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    async def once(host: str, port: int) -> list[str]:
        calls.append(host)
        return ["127.0.0.1"]

    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    with (
        service(lambda _: [message()], made.server("localhost")) as up,
        gateway(tmp_path, out(url(up, "localhost", "https")), resolve=once) as running,
    ):
        assert running.ask()[0] == 200
    assert calls == ["localhost"]
    assert up.got[0].headers["host"] == f"localhost:{up.server_address[1]}"


@pytest.mark.parametrize(("proved", "trusted"), [("other.example", True), ("localhost", False)])
def test_a_service_that_cannot_prove_its_name_is_not_given_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proved: str, trusted: bool
) -> None:
    made = authority(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    with (
        service(lambda _: [message()], made.server(proved)) as up,
        gateway(tmp_path, out(url(up, "localhost", "https"))) as running,
    ):
        status, body = running.ask()
    assert status == 502
    assert b"its certificate is not valid" in body
    assert up.got == []


@pytest.mark.parametrize(
    "written",
    [
        "ftp://x.example",
        "https://user:secret@x.example",
        "https://x.example?a=b",
        "https://x.example/#a",
        "https://x.example/../y",
        "https://x.example/a%2fb",
        "https://x.example:99999",
        "https://",
        "https://x_y.example",
        "https://x y.example",
        "x.example",
    ],
)
def test_an_address_that_is_none_is_an_error_before_the_agent_starts(written: str) -> None:
    agent = AgentChoice("agent", AgentKind.ACP)
    order = AgentOrder("r", agent, "/", "", ())
    with pytest.raises(AgentError, match="cannot be asked"):
        outlet.plan(order, Outlet("anthropic", written), {"ANTHROPIC_API_KEY": KEY})


def test_a_missing_key_is_an_error_that_names_the_variable() -> None:
    order = AgentOrder("r", AgentChoice("agent", AgentKind.ACP), "/", "", ())
    with pytest.raises(AgentError) as raised:
        outlet.plan(order, Outlet("anthropic"), {"ANTHROPIC_API_KEY": " ", "OPENAI_API_KEY": KEY})
    assert "ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN" in raised.value.hint
    with pytest.raises(AgentError) as raised:
        outlet.plan(order, Outlet("openai", keys=("MY_KEY",)), {"OPENAI_API_KEY": KEY})
    assert "MY_KEY" in raised.value.hint
