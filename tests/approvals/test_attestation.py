"""T21: a key that is no device's is not taken for one; the devices here are made in software."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import authenticator
from accord.approvals import attestation, records, trust
from accord.approvals.attestation import AttestationError
from accord.approvals.log import read_log
from accord.approvals.wire import string, uint32
from accord.core.approval import ATTESTED, Approval, GateRule, Principal, Trust
from accord.core.gates import powerless
from authenticator import Authenticator

CHALLENGE = b"chosen by the team\n"
KEY = authenticator.ed25519()
MAKER, OTHER = authenticator.maker(), authenticator.maker(31, "Other")
BLOB = MAKER.attest(KEY, CHALLENGE)


@pytest.mark.parametrize("key", [KEY, authenticator.ecdsa()])
def test_a_key_that_was_made_in_a_device_is_told_from_one_that_says_so(key: Authenticator) -> None:
    blob = MAKER.attest(key, CHALLENGE)
    attestation.verify(blob, CHALLENGE, key.line, MAKER.roots)
    attestation.verify(blob, CHALLENGE, f"{key.line} home", OTHER.roots + MAKER.roots)


@pytest.mark.parametrize(
    ("blob", "line", "roots", "why"),
    [
        pytest.param(BLOB, KEY.line, OTHER.roots, "No maker", id="another maker"),
        pytest.param(BLOB, authenticator.ed25519(2).line, MAKER.roots, "another key", id="key"),
        pytest.param(BLOB, authenticator.ecdsa().line, MAKER.roots, "another key", id="kind"),
        pytest.param(
            MAKER.attest(KEY, b"x"), KEY.line, MAKER.roots, "another challenge", id="challenge"
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, flags=0x40), KEY.line, MAKER.roots, "touched", id="touch"
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, flags=0x01), KEY.line, MAKER.roots, "no key", id="no key"
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, application=b"web"), KEY.line, MAKER.roots,
            "another application", id="application",
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, model=b"\1" * 16), KEY.line, MAKER.roots,
            "another model", id="model",
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, by_authority=True), KEY.line, MAKER.roots,
            "by an authority", id="authority",
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, cose=b"\xa1\x01\x05"), KEY.line, MAKER.roots,
            "no name", id="a kind of key that is not known",
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, cose=b"\xa2\x01\x05\x01\x05"), KEY.line, MAKER.roots,
            "field twice", id="a field twice",
        ),
        pytest.param(
            MAKER.attest(KEY, CHALLENGE, cose=b"\xbf"), KEY.line, MAKER.roots, "without an end",
            id="without an end",
        ),
        pytest.param(BLOB + b"x", KEY.line, MAKER.roots, "trail", id="trailing bytes"),
        pytest.param(BLOB[:-1], KEY.line, MAKER.roots, "ends after", id="cut off"),
        pytest.param(
            BLOB.replace(b"v01", b"v00"), KEY.line, MAKER.roots, "is no attestation", id="v00"
        ),
        pytest.param(b"x" * 70_000, KEY.line, MAKER.roots, "more than", id="far too long"),
        pytest.param(BLOB, KEY.line, b"no certificate", "malformed", id="no roots"),
    ],
)  # fmt: skip
def test_a_proof_that_proves_something_else_is_refused(
    blob: bytes, line: str, roots: bytes, why: str
) -> None:
    with pytest.raises(AttestationError, match=why):
        attestation.verify(blob, CHALLENGE, line, roots)


def test_a_device_that_vouches_for_itself_is_refused() -> None:
    own = evolve(MAKER, authority=MAKER.device)
    with pytest.raises(AttestationError, match="No maker"):
        attestation.verify(own.attest(KEY, CHALLENGE), CHALLENGE, KEY.line, MAKER.roots)


# After the magic word and the certificate, which its own signature guards; the last 8 are reserved.
START = 21 + 4 + int.from_bytes(BLOB[21:25], "big")


@given(at=st.integers(START, len(BLOB) - 9), bits=st.integers(1, 255))
def test_no_byte_of_what_the_device_said_can_be_changed(at: int, bits: int) -> None:
    forged = BLOB[:at] + bytes([BLOB[at] ^ bits]) + BLOB[at + 1 :]
    with pytest.raises(AttestationError):
        attestation.verify(forged, CHALLENGE, KEY.line, MAKER.roots)


@given(data=st.binary(max_size=80))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    inside = string(attestation.MAGIC) + string(data) * 3 + uint32(0) + string(b"")
    for hostile in (data, inside, MAKER.attest(KEY, CHALLENGE, cose=data or b"x")):
        with pytest.raises(AttestationError):
            attestation.verify(hostile, CHALLENGE, KEY.line, MAKER.roots)


@pytest.mark.parametrize("marks", [{}, {KEY.line: (ATTESTED,)}])
def test_a_gate_that_asks_for_a_device_is_opened_by_no_other_key(
    approval: Approval, marks: dict[str, tuple[str, ...]]
) -> None:
    known = Trust("3f" * 16, 1, (Principal("alice", (KEY.line,), marks=marks),))
    data = records.to_bytes(
        evolve(approval, previous=None, assurance=evolve(approval.assurance, factor="fido-up"))
    )
    stem = records.digest(data)[:32]
    files = {f"{stem}.json": data, f"{stem}.sig": KEY.sign(data)}
    (signed,) = read_log(approval.change, files, known).signed
    said = powerless(signed, GateRule(hardware=True))
    assert said == ("" if marks else said)
    assert ("nothing proves" in said) is not bool(marks)
    assert powerless(signed, GateRule()) == ""


def test_a_rule_for_a_device_stands_in_the_trust_file_and_holds_for_trust_too() -> None:
    owner = Principal("alice", (KEY.line,), ("approver", "owner"), marks={KEY.line: (ATTESTED,)})
    v1 = trust.first_trust("3f" * 16, "alice", KEY.line)
    rules = {"trust": GateRule(1, "owner", hardware=True)}
    one = trust.read_trust({"v1.json": v1})
    with pytest.raises(trust.TrustError, match="0 could sign"):
        trust.next_trust(one, [evolve(owner, marks={})], rules)
    v2 = trust.next_trust(one, [owner], rules)
    files = {"v1.json": v1, "v2.json": v2, "v2.a.sig": KEY.sign(v2, trust.NAMESPACE)}
    assert trust.read_trust(files).rule("trust").hardware
