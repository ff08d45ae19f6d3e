"""Deciding with a passkey: over real sockets, against real records, as a browser and a thief do."""

from typing import Any

import pytest

import gitrepo
import keyring
import passkeying
from accord.approvals import passkeys, records, sshsig, webauthn
from accord.approvals.passkeys import Assertion
from accord.web.running import Server
from passkeying import UP, UV
from project import STORY, Project
from visiting import Visitor, serving

KEY = passkeying.es256()


@pytest.fixture
def ready(project: Project) -> Project:
    project.new()
    project.write("requirements.md", STORY)
    return project


@pytest.fixture
def holder(ready: Project, visitor: Visitor) -> Visitor:
    """Somebody in the room whose passkey the trust file knows."""
    keyring.enrol(ready, visitor, KEY)
    return visitor


def test_a_passkey_counts_once_the_terminal_signed_the_trust_file(
    ready: Project, visitor: Visitor
) -> None:
    sent = visitor.post("/keys", keyring.registration(visitor, KEY))
    address = sent.headers["location"]
    page = visitor.get(address)
    assert "Confirm it in the terminal" in page.text
    assert sshsig.fingerprint(KEY.line) in page.text
    assert len(ready.ok("trust", "show", "--json").json["people"][0]["keys"]) == 1
    assert keyring.confirm(ready, visitor.server) == "version 2 of the trust file holds"
    assert "Signed" in visitor.get(address).text
    shown = " ".join(ready.ok("trust", "show").out.split())
    assert "fido-uv, passkey 'Laptop' on http://accord.localhost" in shown
    assert "Laptop" in visitor.get("/keys").text


def test_a_gate_opens_by_the_passkey_alone(ready: Project, holder: Visitor) -> None:
    address = keyring.asked(holder)
    assert "Sign with your passkey" in holder.get(address).text
    assert holder.server.asks.next() is None
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "the story of guest: approved by robin" in page.text
    assert ready.gates()["story"] == "open"
    data, signature = _newest(ready)
    assert sshsig.prove(signature, data, records.NAMESPACE).origin == holder.server.address
    assert b'"factor":"fido-uv"' in data
    assert b'"channel":"web"' in data


def _newest(project: Project) -> tuple[bytes, bytes]:
    """Return the record of the story, and its signature."""
    files = project.records()
    name = next(one for one, data in files.items() if b'"gate":"story"' in data)
    return files[name], files[name.replace(".json", ".sig")]


def test_sending_back_and_taking_back_are_signed_by_the_passkey_too(
    ready: Project, holder: Visitor
) -> None:
    address = keyring.asked(holder)
    keyring.send(holder, address, keyring.answer(holder, address, KEY))
    page = holder.get("/log")
    fields = {"csrf": page.token(), "number": page.hidden("number")}
    address = holder.post("/undo", fields).headers["location"]
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "withdrew the approval of the story of guest" in page.text
    assert ready.gates()["story"] == "waiting"
    fields = {"csrf": holder.get("/").token(), "note-R1.1": "an hour is long"}
    address = holder.post("/changes/guest/reject", fields).headers["location"]
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "the story of guest was sent back" in page.text
    assert "an hour is long" in ready.ok("show", "guest").out


def test_a_second_passkey_is_trusted_by_the_signature_of_the_first(
    ready: Project, holder: Visitor
) -> None:
    other = passkeying.es256(9)
    address = holder.post("/keys", keyring.registration(holder, other, "Phone")).headers["location"]
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "version 3 of the trust file holds" in page.text
    assert "Phone" in ready.ok("trust", "show").out


THEFTS: dict[str, dict[str, Any]] = {
    "for another text": {"challenge": b"another text"},
    "on another page": {"origin": "https://evil.example"},
    "on another port": {"origin": "http://accord.localhost:3000"},
    "for another host": {"host": "evil.example"},
    "without a PIN": {"flags": UP},
    "without anybody": {"flags": UV},
    "in a page of another": {"crossOrigin": True},
    "as a registration": {"kind": webauthn.CREATE},
}


@pytest.mark.parametrize("parts", THEFTS.values(), ids=list(THEFTS))
def test_what_a_device_signed_otherwise_opens_nothing(
    ready: Project, holder: Visitor, parts: dict[str, Any]
) -> None:
    address = keyring.asked(holder)
    sent = keyring.send(holder, address, keyring.answer(holder, address, KEY, **parts))
    assert sent.status == 409
    assert ready.gates()["story"] == "waiting"
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "approved by robin" in page.text


def test_the_session_alone_signs_nothing(ready: Project, holder: Visitor) -> None:
    address = keyring.asked(holder)
    made = keyring.answer(holder, address, KEY)
    stolen = keyring.answer(holder, address, passkeying.es256(8))
    for one in (Assertion("", b"", b"", b""), stolen,
                Assertion(made.credential, stolen.authenticator, stolen.client,
                                     stolen.signature),
                Assertion(made.credential, made.authenticator, made.client, b"")):  # fmt: skip
        assert keyring.send(holder, address, one).status == 409
    assert holder.post(f"{address}/sign", {"csrf": holder.get("/").token()}).status == 409
    assert ready.gates()["story"] == "waiting"


def test_an_answer_works_once_and_for_its_own_ask(ready: Project, holder: Visitor) -> None:
    ready.new(change="other")
    ready.write("requirements.md", STORY, "other")
    address = keyring.asked(holder)
    other = keyring.asked(holder, "/changes/other")
    made = keyring.answer(holder, address, KEY)
    assert keyring.send(holder, other, made).status == 409
    assert ready.gates("other")["story"] == "waiting"
    token = holder.get("/").token()
    assert "approved" in keyring.send(holder, address, made).text
    fields = {"csrf": token, "credential": made.credential,
              "client": webauthn.encode(made.client), "signature": webauthn.encode(made.signature),
              "authenticator": webauthn.encode(made.authenticator)}  # fmt: skip
    assert holder.post(f"{address}/sign", fields).status == 409


def test_what_was_edited_after_the_page_asked_is_not_signed(
    ready: Project, holder: Visitor
) -> None:
    address = keyring.asked(holder)
    made = keyring.answer(holder, address, KEY)
    ready.write("requirements.md", STORY.replace("60", "90"))
    assert "changed since you looked" in keyring.send(holder, address, made).text
    assert ready.gates()["story"] == "waiting"


def test_a_reason_is_signed_for_just_the_text_that_was_there(
    ready: Project, holder: Visitor
) -> None:
    fields = {"csrf": holder.get("/").token(), "reason": "an hour is long"}
    address = holder.post("/changes/guest/reject", fields).headers["location"]
    made = keyring.answer(holder, address, KEY)
    ready.write("requirements.md", STORY.replace("60", "90"))
    page = keyring.send(holder, address, made)
    assert "what you would sign changed since you looked" in page.text
    assert "sent back" not in ready.ok("show", "guest").out


def test_a_passkey_that_was_revoked_meanwhile_signs_nothing(
    ready: Project, holder: Visitor
) -> None:
    address = keyring.asked(holder)
    made = keyring.answer(holder, address, KEY)
    ready.ok("trust", "revoke", sshsig.fingerprint(KEY.line), "--because", "lost")
    assert keyring.send(holder, address, made).status == 409
    assert ready.gates()["story"] == "waiting"


def test_the_terminal_can_sign_instead(ready: Project, holder: Visitor) -> None:
    address = keyring.asked(holder)
    made = keyring.answer(holder, address, KEY)
    page = holder.send(address, f"{address}/terminal", {})
    assert "Confirm it in the terminal" in page.text
    assert keyring.send(holder, address, made).status == 409
    assert ready.gates()["story"] == "waiting"
    assert "approved by robin" in keyring.confirm(ready, holder.server)
    assert ready.gates()["story"] == "open"


@pytest.mark.parametrize(
    "more", [{"origin": "https://evil.example"}, {"origin": "http://localhost:3000"},
             {"crossOrigin": True}],
)  # fmt: skip
def test_a_registration_from_elsewhere_is_refused(visitor: Visitor, more: dict[str, Any]) -> None:
    assert visitor.post("/keys", keyring.registration(visitor, KEY, **more)).status == 409
    assert visitor.server.asks.next() is None


def test_a_registration_works_once_and_in_its_own_session(visitor: Visitor) -> None:
    form = keyring.registration(visitor, KEY)
    other = Visitor(visitor.server).enter()
    other.get("/keys")
    assert other.post("/keys", {**form, "csrf": other.get("/").token()}).status == 409
    assert visitor.post("/keys", form).status == 303
    assert visitor.post("/keys", form).status == 409


def test_without_a_terminal_the_passkey_is_handed_to_whoever_changes_trust(
    ready: Project,
) -> None:
    with serving(ready, terminal=False) as server:
        visitor = Visitor(server).enter()
        sent = visitor.post("/keys", keyring.registration(visitor, KEY))
        page = visitor.get(sent.headers["location"])
        assert "Have it trusted" in page.text
        command = page.text.partition("accord trust add ")[2].partition("<")[0].split()
        ready.ok("trust", "add", *command)
        address = keyring.asked(visitor)
        page = keyring.send(visitor, address, keyring.answer(visitor, address, KEY))
        assert "approved by robin" in page.text
    assert ready.gates()["story"] == "open"


@pytest.mark.parametrize(("origin", "status"), [("", 0), ("https://evil.example", 1)])
def test_a_clone_checks_what_a_passkey_signed(
    ready: Project, holder: Visitor, origin: str, status: int
) -> None:
    address = keyring.asked(holder)
    keyring.send(holder, address, keyring.answer(holder, address, KEY))
    if origin:
        data, _ = _newest(ready)
        name = f".accord/approvals/guest/{records.digest(data)[:32]}.sig"
        ready.commit_on("accord/guest", {name: KEY.sign(data, origin=origin)})
    clone = ready.root / "clone"
    ready.git("clone", "-q", str(ready.top), str(clone))
    gitrepo.run(clone, "switch", "-q", "--detach", "origin/accord/guest")
    done = ready.run("check", "--base", "origin/main", folder=clone)
    assert done.exit == status, done.said


def test_a_gate_can_ask_for_a_passkey_and_for_a_device(ready: Project, holder: Visitor) -> None:
    ready.ok("trust", "require", "story", "--factor", "fido-uv")
    assert "would not count" in " ".join(ready.run("approve", "guest", "--yes").err.split())
    address = keyring.asked(holder)
    page = keyring.send(holder, address, keyring.answer(holder, address, KEY))
    assert "approved by robin" in page.text
    assert ready.run("trust", "require", "design", "--hardware").exit == 1


def test_a_server_asks_nobody_for_a_passkey_of_another_place(
    ready: Project, server: Server, visitor: Visitor
) -> None:
    far = passkeying.es256(7, "accord.example.com").offer()
    ready.ok("trust", "add", "robin", "--passkey", passkeys.told(far))
    assert "Confirm it in the terminal" in visitor.get(keyring.asked(visitor)).text


def test_somebody_without_a_key_for_ssh_decides_with_a_passkey_alone(ready: Project) -> None:
    ready.ok("trust", "add", "kim-lee", "--passkey", passkeys.told(KEY.offer()))
    (ready.root / "config/accord/projects" / f"{ready.trust_project}.toml").unlink()
    ready.git("config", "user.name", "Kim Lee")
    with serving(ready) as server:
        visitor = Visitor(server).enter()
        assert "What kim-lee signs with" in visitor.get("/keys").text
        address = keyring.asked(visitor)
        page = keyring.send(visitor, address, keyring.answer(visitor, address, KEY))
        assert "approved by kim-lee" in page.text
