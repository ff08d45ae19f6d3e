"""Passkeys and logins in the trust file, by the command line."""

from pathlib import Path

import pytest

import passkeying
import people
from accord.approvals import passkeys, sshsig
from project import Project, make_project
from screens import seen

KEY = passkeying.es256()
TEXT = passkeys.told(KEY.offer("Sasha's phone"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


def test_a_passkey_and_a_login_are_added_shown_and_taken_away(project: Project) -> None:
    said = seen(project, "trust", "add", "sasha", "--passkey", TEXT, "--login", "s@example.com")
    assert 'sasha gets the key SHA256:KEY (passkey "Sasha\'s phone"' in " ".join(said.split())
    assert "sasha signs in as s@example.com" in said
    shown = " ".join(seen(project, "trust", "show").split())
    assert "sasha: approver, signs in as s@example.com" in shown
    assert 'SHA256:KEY fido-uv, passkey "Sasha\'s phone" on http://accord.localhost' in shown
    assert people.shown(project)["people"][1]["logins"] == ["s@example.com"]
    project.ok("trust", "revoke", sshsig.fingerprint(KEY.line), "--because", "the phone is gone")
    assert [one["name"] for one in people.shown(project)["people"]] == ["robin"]
    code, (error, _) = project.refused("trust", "add", "sasha", "--passkey", TEXT)
    assert (code, "had the key" in error) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--passkey", "x"], "this is no passkey"),
     (["--passkey", TEXT, "--verify-required"], "goes without"),
     (["--login", "not an address"], "logins")],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused(
    project: Project, arguments: list[str], reason: str
) -> None:
    result = project.run("trust", "add", "robin", *arguments)
    assert result.exit in (1, 2)
    assert reason in result.err
    assert people.shown(project)["version"] == 1


def test_another_page_written_into_an_offer_does_not_fit_its_key(project: Project) -> None:
    offer = KEY.offer()
    forged = passkeys.told(
        passkeys.Offer(offer.line, passkeying.entry(origin="https://evil.example"))
    )
    result = project.run("trust", "add", "robin", "--passkey", forged)
    assert result.exit == 1
    assert "a page of the host" in result.err


def test_a_name_of_a_passkey_does_not_steer_the_terminal(project: Project) -> None:
    for name in ("x\x1b[2Jy", "x\u202ey", "x" * 61, " "):
        text = passkeys.told(passkeys.Offer(KEY.line, passkeying.entry(name)))
        assert project.run("trust", "add", "robin", "--passkey", text).exit == 1
