"""Passkeys: what a browser signed is checked offline, from the record and the trust file alone."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import authenticator
import passkeying
from accord.approvals import passkeys, records, sshsig, trust, webauthn
from accord.approvals.log import read_log
from accord.approvals.passkeys import PasskeyError
from accord.approvals.sshsig import SignatureError
from accord.approvals.trust import TrustError
from accord.core.approval import Approval, Assurance, GateRule, Passkey, Principal, Trust
from passkeying import ATTESTED, EXTENDED, PAGE, SYNCED, UP, UV, SoftPasskey

MESSAGE = b"what the person saw\n"
MINE = passkeying.es256()
KINDS = [MINE, passkeying.eddsa(), passkeying.rs256()]
NAMES = ["ES256", "EdDSA", "RS256"]


@pytest.mark.parametrize("key", KINDS, ids=NAMES)
def test_each_kind_of_passkey_is_proved_with_its_page(key: SoftPasskey) -> None:
    proof = sshsig.prove(key.sign(MESSAGE), MESSAGE, records.NAMESPACE)
    assert proof == sshsig.Proof(key.line, "uv", PAGE)
    assert proof.factor == "fido-uv"
    made = key.answer(MESSAGE, flags=UP | UV | SYNCED | EXTENDED, extensions=b"\xa0")
    armored = passkeys.signed(key.line, made, MESSAGE, records.NAMESPACE, PAGE)
    assert sshsig.prove(armored, MESSAGE, records.NAMESPACE).key == key.line


ATTACKS: dict[str, dict[str, Any]] = {
    "another text": {"challenge": sshsig.blob_to_sign(b"other", records.NAMESPACE)},
    "the bare text": {"challenge": MESSAGE},
    "another purpose": {"challenge": sshsig.blob_to_sign(MESSAGE, trust.NAMESPACE)},
    "another host": {"host": "evil.example"},
    "no PIN": {"flags": UP},
    "nobody there": {"flags": UV},
    "no flag at all": {"flags": 0},
    "a page in a page": {"crossOrigin": True},
    "a page in a page, as a word": {"crossOrigin": "true"},
    "a page around it": {"topOrigin": "https://evil.example"},
    "a registration": {"kind": webauthn.CREATE},
    "a payment": {"kind": "payment.get"},
    "extensions that no flag tells of": {"extensions": b"\xa0"},
    "a flag without extensions": {"flags": UP | UV | EXTENDED},
    "a flag of a registration": {"flags": UP | UV | ATTESTED},
}


@pytest.mark.parametrize("parts", ATTACKS.values(), ids=list(ATTACKS))
@pytest.mark.parametrize("key", KINDS, ids=NAMES)
def test_what_was_signed_otherwise_is_refused(key: SoftPasskey, parts: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        sshsig.prove(key.sign(MESSAGE, **parts), MESSAGE, records.NAMESPACE)
    made = key.answer(MESSAGE, **parts)
    with pytest.raises((PasskeyError, SignatureError)):
        passkeys.signed(key.line, made, MESSAGE, records.NAMESPACE, PAGE)


@pytest.mark.parametrize("origin", ["https://evil.example", f"{PAGE}.evil.example",
                                    "http://accord.localhost:40124", ""])  # fmt: skip
def test_the_room_takes_what_was_signed_on_its_own_page_alone(origin: str) -> None:
    with pytest.raises((PasskeyError, SignatureError)):
        passkeys.signed(MINE.line, MINE.answer(MESSAGE, origin=origin), MESSAGE,
                        records.NAMESPACE, PAGE)  # fmt: skip


def test_an_altered_client_data_is_refused() -> None:
    made = MINE.answer(MESSAGE)
    for old, new in ((b'"crossOrigin":false', b'"crossOrigin":false,"x":1'), (b"get", b"get "),
                     (b'"origin":', b'"origin" :'), (b"40123", b"40124")):  # fmt: skip
        assert old in made.client
        altered = evolve(made, client=made.client.replace(old, new, 1))
        with pytest.raises(SignatureError):
            sshsig.prove(MINE.file(altered), MESSAGE, records.NAMESPACE)


@pytest.mark.parametrize(
    "client", [b"", b"[]", b"\xff", b"[" * 9000, b" " * 20000, b'"x"', b"{}",
               b'{"type":"webauthn.get","type":"webauthn.get"}'],
)  # fmt: skip
def test_what_is_no_client_data_is_refused(client: bytes) -> None:
    with pytest.raises(ValueError):
        webauthn.origin_of(client, webauthn.GET, b"")


def test_a_name_that_is_there_twice_has_no_second_reading() -> None:
    made = MINE.answer(MESSAGE)
    twice = b'{"origin":"https://evil.example",' + made.client[1:]
    data = evolve(made, client=twice)
    with pytest.raises(SignatureError, match="twice"):
        sshsig.prove(MINE.file(data), MESSAGE, records.NAMESPACE)


def test_the_page_beside_the_signature_is_the_one_in_it() -> None:
    made = MINE.answer(MESSAGE)
    other = MINE.file(evolve(made, client=made.client.replace(b"40123", b"40124")))
    parts = sshsig._parse(sshsig._dearmor(other), records.NAMESPACE)
    body = parts[1].replace(made.client.replace(b"40123", b"40124"), made.client)
    forged = sshsig.wrap(parts[0], body, records.NAMESPACE)
    with pytest.raises(SignatureError, match="the browser was on"):
        sshsig.prove(forged, MESSAGE, records.NAMESPACE)


def test_flags_counter_and_page_are_part_of_what_was_signed() -> None:
    made = MINE.answer(MESSAGE, flags=UP)
    for data in (made.authenticator[:32] + bytes([UP | UV]) + made.authenticator[33:],
                 MINE.answer(MESSAGE, counter=9).authenticator):  # fmt: skip
        with pytest.raises(SignatureError):
            sshsig.prove(MINE.file(evolve(made, authenticator=data)), MESSAGE, records.NAMESPACE)


def test_another_passkey_is_not_this_one() -> None:
    other = passkeying.es256(8).answer(MESSAGE)
    with pytest.raises(SignatureError, match="changed"):
        passkeys.signed(MINE.line, other, MESSAGE, records.NAMESPACE, PAGE)
    with pytest.raises(PasskeyError):
        passkeys.signed(MINE.line, evolve(other, signature=b"x"), MESSAGE, records.NAMESPACE, PAGE)


def test_a_passkey_signs_on_pages_alone_and_a_key_of_ssh_never_does() -> None:
    plain = authenticator.Authenticator(MINE.private, b"accord.localhost")  # type: ignore[arg-type]  # it is ECDSA
    assert plain.line == MINE.line
    with pytest.raises(SignatureError, match="may not sign"):
        sshsig.prove(plain.sign(MESSAGE, flags=UP | UV), MESSAGE, records.NAMESPACE)
    key = authenticator.Authenticator(MINE.private)  # type: ignore[arg-type]  # it is ECDSA
    web = sshsig._parse(sshsig._dearmor(MINE.sign(MESSAGE)), records.NAMESPACE)[1]
    with pytest.raises(SignatureError, match="may not sign"):
        sshsig.prove(sshsig.wrap(key.blob, web, records.NAMESPACE), MESSAGE, records.NAMESPACE)


def test_ssh_keygen_reads_the_signature_of_a_passkey(
    requires: Callable[[str], str], tmp_path: Path
) -> None:
    allowed, signature = tmp_path / "allowed", tmp_path / "signature"
    allowed.write_text(f"alice {MINE.line}\n")
    command = [requires("ssh-keygen"), "-Y", "verify", "-f", str(allowed), "-I", "alice"]
    command += ["-n", records.NAMESPACE, "-s", str(signature)]
    for message, status in ((MESSAGE, 0), (b"other", 255)):
        signature.write_bytes(MINE.sign(message))
        done = subprocess.run(command, input=MESSAGE, capture_output=True, check=False)
        assert done.returncode == status, done.stderr


# Enrolment


def test_a_registration_gives_the_line_of_the_key() -> None:
    offer = MINE.offer("My laptop")
    assert offer.passkey == passkeying.entry("My laptop", MINE.identity)
    assert sshsig.application(offer.line) == b"accord.localhost"
    assert passkeys.read(passkeys.told(offer)) == offer


@pytest.mark.parametrize(
    "parts",
    [{"flags": UP | ATTESTED}, {"flags": UV | ATTESTED}, {"flags": UP | UV},
     {"host": "evil.example"}],
)  # fmt: skip
def test_a_registration_without_consent_or_for_another_host_is_refused(
    parts: dict[str, Any],
) -> None:
    client = passkeying.said(webauthn.CREATE, b"made", PAGE)
    with pytest.raises(PasskeyError):
        passkeys.register(MINE.made(**parts), client, challenge=b"made", origin=PAGE,
                          entry=passkeying.ENTRY, name="x")  # fmt: skip


@pytest.mark.parametrize(
    "client",
    [passkeying.said(webauthn.CREATE, b"older", PAGE),
     passkeying.said(webauthn.GET, b"made", PAGE),
     passkeying.said(webauthn.CREATE, b"made", "https://evil.example"),
     passkeying.said(webauthn.CREATE, b"made", PAGE, crossOrigin=True)],
)  # fmt: skip
def test_a_registration_for_another_page_or_challenge_is_refused(client: bytes) -> None:
    with pytest.raises(PasskeyError):
        passkeys.register(MINE.made(), client, challenge=b"made", origin=PAGE,
                          entry=passkeying.ENTRY, name="x")  # fmt: skip


@pytest.mark.parametrize("text", ["", "passkey:", "passkey:e30", "ssh-ed25519 AAAA", "passkey:é",
                                  "passkey:" + webauthn.encode(b'{"key":1}')])  # fmt: skip
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(PasskeyError, match="no passkey"):
        passkeys.read(text)


# The trust file


def made_with(person: Principal) -> Trust:
    first = trust.first_trust("3f" * 16, "alice", OWNER.line)
    now = trust.read_trust({"v1.json": first})
    data = trust.next_trust(now, [*now.principals, person], {})
    files = {"v1.json": first, "v2.json": data, "v2.a.sig": OWNER.sign(data, trust.NAMESPACE)}
    return trust.read_trust(files)


OWNER = authenticator.ed25519(2)


@pytest.mark.parametrize(
    "passkey",
    [None, passkeying.entry(origin="https://accord.localhost.evil.example"),
     passkeying.entry(origin="http://evil.example"), passkeying.entry(origin="http://localhost"),
     passkeying.entry(origin="http://accord.localhost:80"), passkeying.entry(name=" "),
     passkeying.entry(origin="https://accord.localhost/"), passkeying.entry(credential=b"x")],
)  # fmt: skip
def test_a_passkey_without_a_sound_entry_cannot_be_trusted(passkey: Passkey | None) -> None:
    known = {MINE.line: passkey} if passkey else {}
    with pytest.raises(TrustError, match="passkeys"):
        made_with(Principal("pat", (MINE.line,), passkeys=known))


def test_a_key_of_ssh_cannot_have_the_entry_of_a_passkey() -> None:
    key = authenticator.ed25519(3).line
    with pytest.raises(TrustError, match="passkeys"):
        made_with(Principal("pat", (key,), passkeys={key: passkeying.entry()}))


@pytest.mark.parametrize(
    ("entry", "origin", "allowed"),
    [("http://accord.localhost", PAGE, True), ("http://accord.localhost", passkeying.ENTRY, True),
     ("http://accord.localhost", "https://accord.localhost:40123", False),
     ("http://accord.localhost", f"{PAGE}1.evil.example", False),
     ("http://accord.localhost", "http://accord.localhost.evil.example", False),
     ("http://accord.localhost", "http://accord.localhost:", False),
     ("http://accord.localhost", "http://accord.localhost:80@evil.example", False),
     ("https://a.example", "https://a.example", True),
     ("https://a.example", "https://a.example:8443", False),
     ("https://a.example", "http://a.example", False),
     ("https://a.example", "https://b.a.example", False)],
)  # fmt: skip
def test_a_page_has_to_be_that_of_the_entry(entry: str, origin: str, allowed: bool) -> None:
    assert Passkey("x", "y", entry).allows(origin) is allowed


@pytest.fixture
def first(approval: Approval) -> Approval:
    return evolve(approval, previous=None, approver="pat", assurance=Assurance("fido-uv", 3))


@pytest.mark.parametrize(
    ("origin", "reason"),
    [(PAGE, ""), ("https://accord.localhost", "was signed on"),
     ("http://localhost:3000", "was signed on"), ("https://evil.example", "was signed on")],
)  # fmt: skip
def test_a_record_counts_if_it_was_signed_on_the_page_that_the_trust_file_names(
    first: Approval, origin: str, reason: str
) -> None:
    data = records.to_bytes(first)
    stem = records.digest(data)[:32]
    files = {f"{stem}.json": data, f"{stem}.sig": MINE.sign(data, origin=origin)}
    log = read_log(first.change, files, made_with(MINE.person()))
    assert bool(log.signed) is not bool(reason)
    assert all(reason in one.reason for one in log.unsound)
    if log.signed:
        assert (log.signed[0].factor, log.signed[0].attested) == ("fido-uv", False)


def test_a_passkey_is_no_proof_of_a_device() -> None:
    known = made_with(MINE.person())
    assert [one.name for one in evolve(known, gates={
        "story": GateRule(factor="fido-uv")}).able("story")] == ["alice", "pat"]  # fmt: skip
    assert evolve(known, gates={"story": GateRule(hardware=True)}).able("story") == ()


def test_a_passkey_signs_the_trust_file_on_its_page_alone() -> None:
    rules = {"trust": GateRule(role="owner")}
    now = evolve(made_with(MINE.person("pat", "owner")), gates=rules)
    data = trust.next_trust(now, now.principals, rules)
    for origin, names in ((PAGE, {"pat"}), ("https://evil.example", set())):
        files = {"v3.json": data, "v3.p.sig": MINE.sign(data, trust.NAMESPACE, origin=origin)}
        assert set(trust.signers_of(now, 3, files)[0]) == names


def test_the_entry_of_a_passkey_stays_what_it_was_when_it_is_read_back() -> None:
    person = MINE.person(label="Sasha's phone")
    assert made_with(person).principal("pat") == person
    value = json.loads(trust._to_bytes(evolve(made_with(person), earlier=()), "ab" * 32))
    assert value["principals"][1]["passkeys"][MINE.line]["name"] == "Sasha's phone"


# Logins


@pytest.mark.parametrize("login", ["", "sasha", "sub:", "a b@example.com", "a@b@c", "sub:a b"])
def test_a_login_is_an_address_or_a_name_of_the_issuer(login: str) -> None:
    with pytest.raises(TrustError, match="logins"):
        made_with(evolve(MINE.person(), logins=(login,)))


def test_a_login_belongs_to_one_person() -> None:
    one = evolve(MINE.person(), logins=("Pat@example.com", "sub:7"))
    assert made_with(one).principal("pat") == one
    other = evolve(passkeying.es256(8).person("kim"), logins=("pat@example.com",))
    now = made_with(one)
    with pytest.raises(TrustError, match="same login"):
        trust.next_trust(now, [*now.principals, other], {})
