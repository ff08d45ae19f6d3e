"""Where the room of a team listens: with TLS or on this machine alone, and as its file says."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from attrs import evolve

from accord.errors import ConfigurationError
from accord.web import team
from accord.web.team import Team
from project import Project
from tls import certificate
from visiting import serving

GOOD = """\
url = "https://accord.example.com"
issuer = "https://login.example.com/realm"
client = "accord"
"""
KNOWN = {team.SECRET: "x"}


def read(tmp_path: Path, text: str, known: dict[str, str] | None = None) -> Team:
    path = tmp_path / "team.toml"
    path.write_text(text)
    return team.read(path, KNOWN if known is None else known)


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert (found.host, found.port, found.look) == ("127.0.0.1", 8443, ("reader",))
    assert found.place.cookie.startswith("__Host-")
    assert "x" not in repr(evolve(found, secret="xxxx")).replace("example", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + 'listen = "0.0.0.0:443"\n', "reached by others"),
        (GOOD + 'listen = "192.0.2.7:443"\n', "reached by others"),
        (GOOD + 'listen = "[::]:443"\n', "reached by others"),
        (GOOD + 'listen = "localhost:443"\n', "listen is not"),
        (GOOD + 'listen = "443"\n', "listen is not"),
        (GOOD + 'certificate = "a.pem"\n', "go together"),
        (GOOD + 'secret = "x"\n', "unknown field secret"),
        (GOOD + "look = 1\n", "look is not"),
        (GOOD.replace("https://accord", "http://accord"), "url is not"),
        (GOOD.replace("accord.example.com", "accord.example.com/room"), "url is not"),
        (GOOD.replace("accord.example.com", "a@evil.example"), "url is not"),
        (GOOD.replace("accord.example.com", "accord.example.com:443"), "url is not"),
        (GOOD.replace("https://login", "http://login"), "issuer is not"),
        (GOOD.replace("client", "clients"), "unknown field clients"),
        (GOOD.replace('client = "accord"', ""), "lacks the field client"),
        ("x = ", "is not TOML"),
    ],
)
def test_what_cannot_be_served_safely_is_refused_in_words(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        read(tmp_path, text)


def test_others_reach_it_with_a_certificate_alone(tmp_path: Path) -> None:
    tls = 'listen = "0.0.0.0:443"\ncertificate = "a.pem"\nkey = "a.key"\n'
    assert read(tmp_path, GOOD + tls).host == "0.0.0.0"  # noqa: S104 -- what is asked for


def test_the_secret_is_in_the_environment_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=team.SECRET):
        read(tmp_path, GOOD, {})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        team.read(tmp_path / "none.toml", KNOWN)


def test_it_speaks_tls_itself(project: Project, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "accord.example.com")
    served = Team("https://accord.example.com", "https://login.example.com", "accord", "x",
                  port=0, certificate=str(pem), key=str(key))  # fmt: skip
    with serving(project, terminal=False, team=served) as server:
        trusted = ssl.create_default_context(cafile=str(pem))
        trusted.check_hostname = False  # the name is not of this machine; the certificate is held
        connection = HTTPSConnection("127.0.0.1", server.port, context=trusted, timeout=20)
        connection.request("GET", "/", headers={"Host": "accord.example.com"})
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
    assert (answer.status, "/signin" in page) == (401, True)
    assert answer.getheader("strict-transport-security")


def test_a_certificate_that_cannot_be_used_is_told(project: Project, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "accord.example.com")
    for one, other in ((tmp_path / "none", key), (pem, pem), (pem, tmp_path / "none")):
        served = Team("https://accord.example.com", "https://login.example.com", "accord", "x",
                      port=0, certificate=str(one), key=str(other))  # fmt: skip
        with (
            pytest.raises(ConfigurationError, match="cannot be used"),
            serving(project, terminal=False, team=served),
        ):
            pass


@contextmanager
def command(project: Project, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "serve", *arguments], cwd=project.top, text=True,
        env={**os.environ, team.SECRET: "x"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_command_serves_until_it_is_stopped(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "team.toml"
    file.write_text(GOOD + 'listen = "127.0.0.1:0"\n')
    with command(project, "--team", str(file)) as process:
        assert process.stdout
        assert process.stdout.readline() == "the review room: https://accord.example.com\n"
        assert process.stdout.readline().startswith("it listens on 127.0.0.1, port ")
        process.send_signal(signal.SIGINT)
        assert "the room is closed" in process.communicate(timeout=60)[0]


def test_the_command_takes_nothing_beside_the_file(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "team.toml"
    file.write_text(GOOD + 'listen = "0.0.0.0:443"\n')
    monkeypatch.setenv(team.SECRET, "x")
    code, (error, _) = project.refused("serve", "--team", str(file))
    assert (code, "no certificate for TLS" in error) == (2, True)
    for more in (["--port", "80"], ["--window"], ["--no-open"]):
        assert project.refused("serve", "--team", str(file), *more)[0] == 2


def test_without_its_library_the_command_says_what_to_install(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "team.toml"
    file.write_text(GOOD + 'listen = "127.0.0.1:0"\n')
    monkeypatch.setenv(team.SECRET, "x")
    for name in ("accord.web.joining", "accord.web.oidc"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "authlib.integrations.starlette_client", None)
    code, (error, hint) = project.refused("serve", "--team", str(file))
    assert (code, error) == (2, "error: the server of a team needs authlib, which is not installed")
    assert "accord[team]" in hint
