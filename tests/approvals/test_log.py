import json
from typing import Any

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from accord.approvals import records, sshsig
from accord.approvals.log import read_log, tip
from accord.approvals.wire import string
from accord.core.approval import (
    Approval,
    Assurance,
    Decision,
    GateRule,
    Log,
    Principal,
    Subject,
    Trust,
)

Files = dict[str, bytes]

PROJECT, CHANGE = "3f" * 16, "guest-checkout"
ALICE, BOB, EVE = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 4))
ALICE_LINE, BOB_LINE, EVE_LINE = (sshsig.line_of(key.public_key()) for key in (ALICE, BOB, EVE))
TRUST = Trust(
    project=PROJECT,
    version=1,
    principals=(
        Principal("alice", (f"{ALICE_LINE} alice@home",), ("approver", "releaser")),
        Principal("bob", (BOB_LINE,)),
    ),
    gates={"release": GateRule(1, "releaser")},
)
FIRST = Approval(
    project=PROJECT,
    change=CHANGE,
    gate="story",
    decision=Decision.REJECT,
    round=1,
    subject=(Subject("specs/guest-checkout/requirements.md", "d3" * 32),),
    items={"R1.1": "a1" * 32},
    policy="b0" * 32,
    approver="alice",
    issued="2026-06-01T10:00:00Z",
)


def seal(data: bytes, key: Ed25519PrivateKey = ALICE, namespace: str = records.NAMESPACE) -> Files:
    """Return the two files of a record, named after its bytes and signed."""
    stem = records.digest(data)[:32]
    return {f"{stem}.json": data, f"{stem}.sig": sshsig.sign(key, data, namespace)}


def chain(*approvals: Approval) -> list[bytes]:
    """Return the records of `approvals`, each following the one before."""
    made: list[bytes] = []
    for approval in approvals:
        previous = records.digest(made[-1]) if made else None
        made.append(records.to_bytes(evolve(approval, previous=previous)))
    return made


def name(data: bytes) -> str:
    return f"{records.digest(data)[:32]}.json"


ONE, TWO, THREE = chain(
    FIRST,
    evolve(FIRST, round=2, decision=Decision.APPROVE),
    evolve(FIRST, round=2, gate="design", approver="bob"),
)
HONEST = seal(ONE) | seal(TWO) | seal(THREE, BOB)


def digests(log: Log) -> list[str]:
    return [signed.digest for signed in log.signed]


def test_an_honest_log_is_read_in_the_order_of_its_chain() -> None:
    log = read_log(CHANGE, HONEST, TRUST)
    assert log.unsound == ()
    assert digests(log) == [records.digest(data) for data in (ONE, TWO, THREE)]
    assert [signed.key for signed in log.signed] == [ALICE_LINE, ALICE_LINE, BOB_LINE]
    assert log.signed[1].approval == records.from_bytes(TWO)
    assert tip(log) == records.digest(THREE)


def test_an_empty_log_is_sound() -> None:
    log = read_log(CHANGE, {}, TRUST)
    assert log == Log()
    assert tip(log) is None


def test_two_people_who_decided_at_the_same_time_are_both_heard() -> None:
    previous = records.digest(ONE)
    parallel = records.to_bytes(evolve(FIRST, round=2, approver="bob", previous=previous))
    files = seal(ONE) | seal(TWO) | seal(parallel, BOB)
    after = records.to_bytes(evolve(FIRST, round=3, previous=records.digest(parallel)))
    files |= seal(after)
    log = read_log(CHANGE, files, TRUST)
    assert log.unsound == ()
    middle = sorted([records.digest(TWO), records.digest(parallel)])
    assert digests(log) == [records.digest(ONE), *middle, records.digest(after)]
    assert read_log(CHANGE, dict(reversed(files.items())), TRUST) == log


def test_two_first_records_are_both_heard() -> None:
    other = records.to_bytes(evolve(FIRST, approver="bob"))
    log = read_log(CHANGE, seal(ONE) | seal(other, BOB), TRUST)
    assert digests(log) == sorted([records.digest(ONE), records.digest(other)])
    assert log.unsound == ()


def test_a_fido_factor_is_believed_only_of_a_fido_key() -> None:
    claimed = records.to_bytes(evolve(FIRST, assurance=Assurance("fido-up")))
    (unsound,) = read_log(CHANGE, seal(claimed), TRUST).unsound
    assert "claims a FIDO key" in unsound.reason


def edited(**fields: Any) -> bytes:
    """Return the first record with other values in its predicate, spelled canonically."""
    document = json.loads(ONE)
    document["predicate"] |= fields
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def replaced(old: bytes, new: bytes) -> bytes:
    """Return the first record with other bytes in one place."""
    assert old in ONE
    return ONE.replace(old, new, 1)


def only(approval: Approval, key: Ed25519PrivateKey = ALICE) -> Files:
    return seal(records.to_bytes(approval), key)


def signature_of(data: bytes, signature: bytes) -> Files:
    return {name(data): data, name(data).replace(".json", ".sig"): signature}


SIGNATURE = HONEST[name(ONE).replace(".json", ".sig")]
TOUCHLESS = sshsig.wrap(
    string(b"sk-ssh-ed25519@openssh.com") + string(b"\1" * 32) + string(b"ssh:"),
    string(b"sk-ssh-ed25519@openssh.com") + string(b"\1" * 64) + bytes(5),
    records.NAMESPACE,
)

FORGERIES = [
    ("unsigned", {name(ONE): ONE}, "is not signed"),
    ("an empty signature", signature_of(ONE, b""), "begin and end"),
    ("a foreign key", seal(ONE, EVE), "does not know"),
    ("a bare base64 blob", signature_of(ONE, b"AAAA"), "begin and end"),
    ("one byte edited", {**seal(ONE), name(ONE): replaced(b"reject", b"Reject")}, "was changed"),
    ("one byte edited, renamed", signature_of(replaced(b"R1.1", b"R1.2"), SIGNATURE), "changed"),
    ("the signature of another record", signature_of(TWO, SIGNATURE), "does not fit"),
    ("the namespace git", seal(ONE, namespace="git"), "namespace 'git'"),
    ("the namespace file", seal(ONE, namespace="file"), "namespace 'file'"),
    ("the namespace of trust", seal(ONE, namespace="accord-trust-v1@accord.dev"), "namespace"),
    ("another project", only(evolve(FIRST, project="other")), "another project, 'other'"),
    ("another change", only(evolve(FIRST, change="other")), "another change, 'other'"),
    ("another's name", only(evolve(FIRST, approver="bob")), "belongs to 'alice'"),
    ("a stranger's name", only(evolve(FIRST, approver="mallory")), "names 'mallory'"),
    ("no role", only(evolve(FIRST, gate="release", approver="bob"), BOB), "lacks the role"),
    ("a key twice", seal(replaced(b'"round":1', b'"round":9,"round":1')), "there twice"),
    ("spaces", seal(replaced(b'"round":1', b'"round": 1')), "byte "),
    ("another order", seal(replaced(b'{"_type', b'{"x":1,"_type')), "byte "),
    ("bytes after the JSON", seal(ONE + b"{}\n"), "not JSON"),
    ("an empty line after the JSON", seal(ONE + b"\n"), "byte "),
    ("no line feed", seal(ONE[:-1]), "byte "),
    ("CRLF", seal(ONE[:-1] + b"\r\n"), "carriage return"),
    ("bytes after the armour", signature_of(ONE, SIGNATURE + b"\0"), "begin and end"),
    ("two signatures", signature_of(ONE, SIGNATURE * 2), "base64"),
    ("an unknown field", seal(edited(admin=True)), "not known"),
    ("a missing field", seal(replaced(b'"gate":"story",', b"")), "not there"),
    ("a float", seal(edited(round=1.5)), "not a whole"),
    ("a negative round", seal(edited(round=-1)), "from 1 on"),
    ("a made-up decision", seal(edited(decision="ok")), "one of"),
    ("not JSON", seal(b"yes\n"), "not JSON"),
    ("far too large", seal(b" " * (2**20 + 1)), "more than"),
    ("another file name", {f"{'0' * 32}.json": ONE, f"{'0' * 32}.sig": SIGNATURE}, "renamed"),
    ("a signature alone", {f"{'0' * 32}.sig": SIGNATURE}, "was removed"),
    ("a note", {"notes.md": b"approved!"}, "neither a record"),
    ("capital letters", {name(ONE).upper(): ONE}, "neither a record"),
    ("a line feed in the name", {f"{name(ONE)}\n": ONE}, "neither a record"),
    ("no previous record", only(evolve(FIRST, previous="0" * 64)), "a record that was removed"),
    ("an untouched FIDO key", signature_of(ONE, TOUCHLESS), "without being touched"),
]


@pytest.mark.parametrize(
    ("files", "why"), [pytest.param(files, why, id=label) for label, files, why in FORGERIES]
)
def test_a_forgery_counts_for_nothing_and_the_reason_is_one_sentence(
    files: Files, why: str
) -> None:
    log = read_log(CHANGE, files, TRUST)
    assert log.signed == ()
    reasons = [unsound.reason for unsound in log.unsound if unsound.file.endswith("json")]
    (reason,) = reasons or [unsound.reason for unsound in log.unsound]
    assert why in reason
    assert reason.endswith(".")
    assert reason.isascii()
    assert "\n" not in reason
    assert log.unsound[0].file in files


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(files, id=label)
        for label, files, _ in FORGERIES
        if not files.keys() & HONEST.keys()
    ],
)
def test_a_forgery_beside_honest_records_takes_none_of_them_away(files: Files) -> None:
    log = read_log(CHANGE, HONEST | files, TRUST)
    assert digests(log) == [records.digest(data) for data in (ONE, TWO, THREE)]
    assert log.unsound == read_log(CHANGE, files, TRUST).unsound


def test_a_record_removed_from_the_middle_takes_what_follows_with_it() -> None:
    four = records.to_bytes(evolve(FIRST, round=3, previous=records.digest(THREE)))
    files = HONEST | seal(four)
    del files[name(TWO)]
    log = read_log(CHANGE, files, TRUST)
    assert digests(log) == [records.digest(ONE)]
    reasons = {unsound.file: unsound.reason for unsound in log.unsound}
    assert f"follows {name(TWO)}, a record that was removed" in reasons[name(THREE)]
    assert f"follows {name(THREE)}, which is cut off" in reasons[name(four)]
    assert "signature of a record that was removed" in reasons[name(TWO).replace("json", "sig")]


def test_a_record_that_follows_a_forged_one_does_not_count() -> None:
    log = read_log(CHANGE, {**HONEST, **seal(TWO, EVE)}, TRUST)
    assert digests(log) == [records.digest(ONE)]
    reasons = {unsound.file: unsound.reason for unsound in log.unsound}
    assert "does not know" in reasons[name(TWO)]
    assert f"follows {name(TWO)}, which does not verify" in reasons[name(THREE)]


NAMES = st.sampled_from([*HONEST]) | st.from_regex(r"[0-9a-f]{32}\.(json|sig)") | st.text()
CONTENTS = st.binary(max_size=200) | st.sampled_from([*HONEST.values()])


@given(files=st.dictionaries(NAMES, CONTENTS, max_size=6), honest=st.booleans())
def test_arbitrary_files_never_raise_and_never_add_a_record(files: Files, honest: bool) -> None:
    log = read_log(CHANGE, (HONEST if honest else {}) | files, TRUST)
    assert set(digests(log)) <= {records.digest(data) for data in (ONE, TWO, THREE)}
    assert all(unsound.reason.isascii() for unsound in log.unsound)


@given(at=st.integers(0, len(ONE) - 1), bits=st.integers(1, 255))
def test_a_changed_byte_is_caught_even_when_renamed_and_signed_by_a_stranger(
    at: int, bits: int
) -> None:
    data = ONE[:at] + bytes([ONE[at] ^ bits]) + ONE[at + 1 :]
    for files in (seal(data, EVE), signature_of(data, SIGNATURE), {**HONEST, name(ONE): data}):
        log = read_log(CHANGE, files, TRUST)
        assert log.signed == ()
        assert log.unsound


@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_with_a_good_signature_are_still_no_record(data: bytes) -> None:
    (unsound,) = read_log(CHANGE, seal(data), TRUST).unsound
    assert "canonical" in unsound.reason
