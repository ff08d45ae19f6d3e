import hashlib
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from accord.approvals import records, sshsig, trust
from accord.approvals.trust import PinError, TrustError
from accord.core.approval import GateRule, Json, Principal, Trust

PROJECT = "3f" * 16
ALICE, BOB, CAROL, EVE = (
    Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 5)
)
ALICE_LINE, BOB_LINE, CAROL_LINE, EVE_LINE = (
    sshsig.line_of(key.public_key()) for key in (ALICE, BOB, CAROL, EVE)
)
PERSON_ALICE = Principal("alice", (ALICE_LINE,), ("approver", "owner"))
PERSON_BOB = Principal("bob", (BOB_LINE,), ("approver", "owner"))
PERSON_CAROL = Principal("carol", (CAROL_LINE,))
TWO_OWNERS = {"trust": GateRule(2, "owner"), "release": GateRule(2)}

V1 = trust.first_trust(PROJECT, "alice", ALICE_LINE)
V2 = trust.next_trust(
    trust.read_trust({"v1.json": V1}), [PERSON_ALICE, PERSON_BOB, PERSON_CAROL], TWO_OWNERS
)


def signed(key: Ed25519PrivateKey, data: bytes, namespace: str = trust.NAMESPACE) -> bytes:
    return sshsig.sign(key, data, namespace)


TWO = {"v1.json": V1, "v2.json": V2, "v2.alice.sig": signed(ALICE, V2)}
V3 = trust.next_trust(trust.read_trust(TWO), [PERSON_BOB, PERSON_CAROL], {})
THREE = TWO | {
    "v3.json": V3,
    "v3.alice.sig": signed(ALICE, V3),
    "v3.bob.sig": signed(BOB, V3),
}


def changed(data: bytes, **fields: Json) -> bytes:
    text = json.dumps(json.loads(data) | fields, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


def person(name: str, *keys: str, roles: tuple[str, ...] = ("owner",)) -> Json:
    return {"name": name, "keys": list(keys), "roles": list(roles)}


def test_the_first_version_lets_one_person_approve_and_change_trust() -> None:
    found = trust.read_trust({"v1.json": trust.first_trust(PROJECT, "alice", f"{ALICE_LINE} home")})
    assert found == Trust(
        project=PROJECT,
        version=1,
        principals=(PERSON_ALICE,),
        gates={"trust": GateRule(1, "owner")},
        digest=hashlib.sha256(V1).hexdigest(),
    )


def test_each_version_is_taken_from_the_hands_of_the_one_before() -> None:
    two, three = trust.read_trust(TWO), trust.read_trust(THREE)
    assert two.version == 2
    assert two.principals == (PERSON_ALICE, PERSON_BOB, PERSON_CAROL)
    assert two.rule("release") == GateRule(2, "approver")
    assert three.version == 3
    assert three.principal("alice") is None
    assert three.digest == hashlib.sha256(V3).hexdigest()


def test_files_of_other_names_have_no_say() -> None:
    others = {
        "README.md": b"x",
        "v04.json": b"x",
        "V2.json": b"x",
        "v9.x.sig": b"x",
        "v0.json": b"",
    }
    assert trust.read_trust(TWO | others) == trust.read_trust(TWO)


def test_a_broken_signature_beside_enough_good_ones_does_no_harm() -> None:
    assert trust.read_trust(TWO | {"v2.eve.sig": b"junk"}).version == 2


def test_the_first_version_can_be_pinned_from_outside() -> None:
    root = hashlib.sha256(V1).hexdigest()
    assert trust.read_trust(THREE, root=root).version == 3
    other = {"v1.json": trust.first_trust(PROJECT, "eve", EVE_LINE)}
    found = hashlib.sha256(other["v1.json"]).hexdigest()
    with pytest.raises(PinError, match=f"is {found[:12]} and {root[:12]} is pinned"):
        trust.read_trust(other, root=root)


def test_without_a_trust_file_the_hint_is_to_make_one() -> None:
    with pytest.raises(TrustError, match="no trust file") as caught:
        trust.read_trust({})
    assert caught.value.hint == "run `accord init`"


def without(*names: str) -> dict[str, bytes]:
    return {name: data for name, data in THREE.items() if name not in names}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param(without("v1.json"), "v1.json is missing", id="no first version"),
        pytest.param(without("v2.json"), "v2.json is missing", id="a gap"),
        pytest.param(without("v2.alice.sig"), "0 of the 1", id="v2 unsigned"),
        pytest.param(without("v3.bob.sig"), "1 of the 2", id="v3 signed by one of two"),
        pytest.param(
            TWO | {"v2.alice.sig": signed(EVE, V2)}, "by SHA256:", id="signed by a stranger"
        ),
        pytest.param(
            TWO | {"v2.alice.sig": signed(BOB, V2)}, "0 of the 1", id="signed by its own new key"
        ),
        pytest.param(
            THREE | {"v3.bob.sig": signed(CAROL, V3)}, "1 of the 2", id="signed without the role"
        ),
        pytest.param(
            THREE | {"v3.bob.sig": THREE["v3.alice.sig"]}, "1 of the 2", id="one person twice"
        ),
        pytest.param(
            TWO | {"v2.alice.sig": signed(ALICE, V2, records.NAMESPACE)},
            "namespace",
            id="signed as an approval",
        ),
        pytest.param(
            TWO | {"v2.alice.sig": signed(ALICE, V1)}, "changed", id="signature of version 1"
        ),
        pytest.param(TWO | {"v1.json": V2}, "says that it is version 2", id="v2 named v1"),
        pytest.param({"v1.json": changed(V2, version=1)}, "not the first", id="v1 with a past"),
        pytest.param({"v1.json": V1 + b"\n"}, "canonical form", id="bytes after the end"),
        pytest.param({"v1.json": b"x" * 2**21}, "more than", id="far too long"),
        pytest.param({"v1.json": b"[]\n"}, "not an object", id="a list"),
    ],
)
def test_a_forged_chain_is_refused(files: dict[str, bytes], why: str) -> None:
    with pytest.raises(TrustError, match=why):
        trust.read_trust(files)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"prev": None}, "does not follow"),
        ({"prev": "00" * 32}, "does not follow"),
        ({"prev": 7}, "'prev' is not a string"),
        ({"project": "e" * 32}, "another project"),
        ({"project": ""}, "'project'"),
        ({"version": 3}, "says that it is version 3"),
        ({"version": 2.0}, "not a whole one"),
        ({"type": "https://accord.dev/approval/v1"}, "'type'"),
        ({"extra": 1}, "'extra' is not known"),
        ({"gates": {"trust": {"threshold": 0, "role": "owner"}}}, "'gates.trust.threshold'"),
        ({"gates": {"trust": {"threshold": True, "role": "owner"}}}, "'gates.trust.threshold'"),
        ({"gates": {"trust": {"threshold": 1}}}, "'gates.trust.role' is not there"),
        ({"gates": {"trust": {"threshold": 1, "role": "owner", "separate": False}}}, "not true"),
        ({"gates": {"trust": {"threshold": 1, "role": "owner", "level": 0}}}, "from 1 on"),
        ({"gates": {"trust": {"threshold": 1, "role": "owner", "factor": "gold"}}}, "one of ssh"),
        ({"gates": {"trust": {"threshold": 1, "role": "owner", "factor": ""}}}, "one of ssh"),
        ({"gates": {"trust": {"threshold": 1, "role": "owner", "factor": "ssh-key"}}}, "FIDO"),
        ({"keeps": []}, "spells out what is usual"),
        ({"keeps": ["x"]}, "records by their digests"),
        ({"reason": ""}, "'reason'"),
        ({"gates": {"trust": 1}}, "'gates.trust' is not an object"),
        ({"gates": {"trust": {"threshold": 4, "role": "owner"}}}, "need 4 signatures and 2 could"),
        ({"principals": []}, "need 2 signatures and 0 could"),
        ({"principals": {}}, "'principals' is not a list"),
        ({"principals": [person("a", ALICE_LINE), person("a", BOB_LINE)]}, "the same name"),
        ({"principals": [person("a", ALICE_LINE), person("b", ALICE_LINE)]}, "the same key"),
        ({"principals": [person("a", f"{ALICE_LINE} home")]}, "without comments"),
        ({"principals": [person("a", "ssh-dss AAAAB3NzaC1kc3M=")]}, "not accepted"),
        ({"principals": [person("a", ALICE_LINE, ALICE_LINE)]}, "'principals.keys'"),
        ({"principals": [person("", ALICE_LINE)]}, "'principals.name'"),
    ],
)
def test_a_version_that_says_the_wrong_thing_is_refused_though_validly_signed(
    fields: dict[str, Json], why: str
) -> None:
    data = changed(V2, **fields)
    with pytest.raises(TrustError, match=why):
        trust.read_trust({"v1.json": V1, "v2.json": data, "v2.alice.sig": signed(ALICE, data)})


@pytest.mark.parametrize(
    "project", ["../x", "", "3f", "3F" * 16, "3f" * 17, "3f" * 16 + "\n", "x" * 32]
)
def test_a_project_that_is_not_32_hex_digits_is_refused(project: str) -> None:
    with pytest.raises(TrustError, match="'project' is not of the right form"):
        trust.read_trust({"v1.json": changed(V1, project=project)})
    with pytest.raises(TrustError, match="'project' is not of the right form"):
        trust.first_trust(project, "alice", ALICE_LINE)


@pytest.mark.parametrize(
    "write",
    [
        lambda: trust.first_trust(PROJECT, "alice", "no key"),
        lambda: trust.first_trust(PROJECT, "", ALICE_LINE),
        lambda: trust.first_trust("", "alice", ALICE_LINE),
        lambda: trust.next_trust(trust.read_trust(TWO), [PERSON_ALICE], TWO_OWNERS),
        lambda: trust.next_trust(trust.read_trust(TWO), [PERSON_ALICE], {"story": GateRule(0)}),
    ],
)
def test_a_version_that_could_not_be_read_is_not_written(write: Callable[[], bytes]) -> None:
    with pytest.raises(TrustError):
        write()


NAMES = st.sampled_from([*THREE, "v4.json", "v1.x.sig", "x"]) | st.text(max_size=8)


@given(
    files=st.dictionaries(NAMES, st.binary(max_size=40) | st.sampled_from([*THREE.values()])),
    base=st.sampled_from([{}, TWO, THREE]),
)
def test_arbitrary_files_give_an_error_or_a_chain_that_began_with_the_first(
    files: dict[str, bytes], base: dict[str, bytes]
) -> None:
    try:
        found = trust.read_trust(base | files)
    except TrustError:
        return
    assert found.digest in {hashlib.sha256(data).hexdigest() for data in (V1, V2, V3)}
