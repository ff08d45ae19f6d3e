"""FIDO keys: T21, a key that nobody touched, or that is none, approves nothing."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

import authenticator
from accord.approvals import records, sshsig, trust
from accord.approvals.log import read_log
from accord.approvals.sshsig import SignatureError
from accord.approvals.trust import TrustError
from accord.core.approval import (
    VERIFY_REQUIRED,
    Approval,
    Assurance,
    GateRule,
    Log,
    Principal,
    Trust,
)
from authenticator import UP, UV, Authenticator

MESSAGE = b"what the person saw\n"
KINDS = [authenticator.ed25519(), authenticator.ecdsa()]
KEY = KINDS[0]


@pytest.fixture
def first(approval: Approval) -> Approval:
    return evolve(approval, previous=None, approver="alice", assurance=Assurance("fido-up", 3))


def people(*, verify: bool = False) -> Trust:
    marks = {KEY.line: (VERIFY_REQUIRED,)} if verify else {}
    return Trust("3f" * 16, 1, (Principal("alice", (KEY.line,), marks=marks),))


def log_of(approval: Approval, known: Trust, flags: int) -> Log:
    data = records.to_bytes(approval)
    stem = records.digest(data)[:32]
    files = {f"{stem}.json": data, f"{stem}.sig": KEY.sign(data, flags=flags)}
    return read_log(approval.change, files, known)


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize(("flags", "fido"), [(UP, "up"), (UP | UV, "uv"), (0x81, "up")])
def test_a_touch_is_proved_and_a_pin_is_told_apart(
    key: Authenticator, flags: int, fido: str
) -> None:
    proof = sshsig.prove(key.sign(MESSAGE, flags=flags), MESSAGE, records.NAMESPACE)
    assert (proof.key, proof.fido, proof.factor) == (key.line, fido, f"fido-{fido}")


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("flags", [0, UV, 0xFE])
def test_without_a_touch_nothing_is_proved_whatever_else_the_flags_say(
    key: Authenticator, flags: int
) -> None:
    with pytest.raises(SignatureError, match="without being touched"):
        sshsig.prove(key.sign(MESSAGE, flags=flags), MESSAGE, records.NAMESPACE)


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize(
    "written", [{"signed_flags": 0}, {"flags": UP | UV, "signed_flags": UP}, {"signed_counter": 8}]
)
def test_flags_and_counter_are_part_of_what_was_signed(
    key: Authenticator, written: dict[str, int]
) -> None:
    with pytest.raises(SignatureError, match="changed"):
        sshsig.prove(key.sign(MESSAGE, records.NAMESPACE, **written), MESSAGE, records.NAMESPACE)


@pytest.mark.parametrize("application", [b"", b"webauthn.example", b"https://bank.example"])
@pytest.mark.parametrize("make", [authenticator.ed25519, authenticator.ecdsa])
def test_a_key_of_another_application_is_refused(
    make: Callable[..., Authenticator], application: bytes
) -> None:
    with pytest.raises(SignatureError, match="application"):
        sshsig.prove(make(application=application).sign(MESSAGE), MESSAGE, records.NAMESPACE)


def test_the_application_is_part_of_what_was_signed() -> None:
    other = authenticator.ed25519(application=b"ssh:other").sign(MESSAGE)
    mine = KEY.blob
    forged = sshsig.wrap(mine, _signature(other), records.NAMESPACE)
    with pytest.raises(SignatureError, match="changed"):
        sshsig.prove(forged, MESSAGE, records.NAMESPACE)


def _signature(armored: bytes) -> bytes:
    return sshsig._parse(sshsig._dearmor(armored), records.NAMESPACE)[1]


def test_ssh_keygen_takes_what_is_refused_here(
    requires: Callable[[str], str], tmp_path: Path
) -> None:
    """The reason for a parser of our own; when OpenSSH refuses it too, this test may go."""
    allowed, signature = tmp_path / "allowed", tmp_path / "signature"
    allowed.write_text(f"alice {KEY.line}\n")
    signature.write_bytes(KEY.sign(MESSAGE, flags=0))
    command = [requires("ssh-keygen"), "-Y", "verify", "-f", str(allowed), "-I", "alice"]
    command += ["-n", records.NAMESPACE, "-s", str(signature)]
    assert subprocess.run(command, input=MESSAGE, capture_output=True, check=False).returncode == 0
    with pytest.raises(SignatureError, match="without being touched"):
        sshsig.verify(signature.read_bytes(), MESSAGE, records.NAMESPACE)


@pytest.mark.parametrize(("flags", "factor"), [(UP, "fido-up"), (UP | UV, "fido-uv")])
def test_the_factor_is_what_the_signature_proves(first: Approval, flags: int, factor: str) -> None:
    log = log_of(first, people(), flags)
    assert log.unsound == ()
    assert log.signed[0].factor == factor


def test_a_record_cannot_claim_a_pin_that_the_signature_does_not_have(first: Approval) -> None:
    claimed = evolve(first, assurance=Assurance("fido-uv", 3))
    (unsound,) = log_of(claimed, people(), UP).unsound
    assert "claims a PIN or a finger" in unsound.reason
    assert log_of(claimed, people(), UP | UV).unsound == ()


def test_a_key_that_must_ask_for_its_pin_signs_nothing_without(first: Approval) -> None:
    (unsound,) = log_of(first, people(verify=True), UP).unsound
    assert "without the PIN or the finger" in unsound.reason
    assert log_of(first, people(verify=True), UP | UV).unsound == ()


OWNER = Principal("alice", (KEY.line,), ("approver", "owner"))
V1 = trust.first_trust("3f" * 16, "alice", KEY.line)


def chain(data: bytes, before: dict[str, bytes], number: int, flags: int) -> dict[str, bytes]:
    signature = KEY.sign(data, trust.NAMESPACE, flags=flags)
    return {**before, f"v{number}.json": data, f"v{number}.alice.sig": signature}


@pytest.mark.parametrize(
    ("rule", "marks", "why"),
    [
        (GateRule(1, "owner", factor="fido-uv"), {}, "asks for fido-uv"),
        (GateRule(1, "owner"), {KEY.line: (VERIFY_REQUIRED,)}, "without the PIN"),
    ],
)
def test_a_version_of_trust_is_held_to_the_factor_as_well(
    rule: GateRule, marks: dict[str, tuple[str, ...]], why: str
) -> None:
    """T4, T21"""
    one = trust.read_trust({"v1.json": V1})
    v2 = trust.next_trust(one, [evolve(OWNER, marks=marks)], {"trust": rule})
    two = chain(v2, {"v1.json": V1}, 2, UP)
    v3 = trust.next_trust(trust.read_trust(two), [OWNER], {"trust": GateRule(1, "owner")})
    with pytest.raises(TrustError, match=why):
        trust.read_trust(chain(v3, two, 3, UP))
    assert trust.read_trust(chain(v3, two, 3, UP | UV)).version == 3
    with pytest.raises(TrustError, match="without being touched"):
        trust.read_trust(chain(v3, two, 3, 0))


def test_a_mark_is_for_a_fido_key_of_the_person_alone() -> None:
    one = trust.read_trust({"v1.json": V1})
    for marks in ({KINDS[1].line: (VERIFY_REQUIRED,)}, {KEY.line: ("gold",)}, {KEY.line: ()}):
        with pytest.raises(TrustError, match="marks"):
            trust.next_trust(one, [evolve(OWNER, marks=marks)], one.gates)
