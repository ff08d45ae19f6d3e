"""Forged approvals of every kind that we know, held against one gate that is honestly open.

Each names the threat that it belongs to. T1: an agent makes records. T3: the right signature for
the wrong bytes, round or place. T4: other people or weaker rules. T21: a key that nobody touched.
T25: a wall that was not there.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from attrs import Factory, evolve, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import agreements
import authenticator
import passkeying
from accord.approvals import records, sshsig, trust
from accord.approvals.log import read_log
from accord.core.approval import Approval, Decision, GateRule, Principal, Subject
from accord.core.gates import Facts, Standing, standings
from accord.core.model import Stage
from accord.errors import RefusedError

PROJECT, CHANGE, POLICY = "3f" * 16, "guests", "b0" * 32
ALICE, BOB, CAROL, DAVE, EVE = (
    Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 6)
)
FIDO = authenticator.ed25519(9)
PASSKEY = passkeying.es256(9)
Bytes = dict[str, bytes]
Sign = Callable[[bytes, str], bytes]


def line(key: Ed25519PrivateKey) -> str:
    return sshsig.line_of(key.public_key())


def by(key: Ed25519PrivateKey) -> Sign:
    return lambda data, namespace: sshsig.sign(key, data, namespace)


@frozen
class World:
    """The trust file, the records, the documents and the policy that a gate is decided from."""

    trust: Mapping[str, bytes]
    records: Mapping[str, bytes]
    documents: Mapping[str, str] = Factory(lambda: agreements.FILES)
    policy: str = POLICY
    authors: tuple[str, ...] = ("claude (agent)",)

    def standing(self) -> Standing:
        known = trust.read_trust(self.trust)
        log = read_log(CHANGE, self.records, known)
        facts = Facts(
            agreements.spec(self.documents), log, known, self.policy, {},
            authors={Stage.STORY: self.authors},
        )  # fmt: skip
        return standings(facts)[0].standing


PEOPLE = [
    Principal("alice", (line(ALICE),), ("approver", "owner")),
    Principal("bob", (line(BOB), line(DAVE)), ("approver", "owner"), ("Bob B.",)),
    Principal("carol", (line(CAROL),), ("reader",)),
    Principal("fay", (FIDO.line,)),
    PASSKEY.person("pat"),
]
RULES = {
    "trust": GateRule(2, "owner"),
    "story": GateRule(2, separate=True),
    "design": GateRule(2),
}
V1 = trust.first_trust(PROJECT, "alice", line(ALICE))
V2 = trust.next_trust(trust.read_trust({"v1.json": V1}), PEOPLE, RULES)
TRUST = {"v1.json": V1, "v2.json": V2, "v2.a.sig": by(ALICE)(V2, trust.NAMESPACE)}


def version(
    people: list[Principal], rules: Mapping[str, GateRule], *signers: Sign, **more: Any
) -> Bytes:
    """Return the trust file with a third version, signed by `signers`."""
    data = trust.next_trust(trust.read_trust(TRUST), people, rules, **more)
    signed = {f"v3.{at}.sig": sign(data, trust.NAMESPACE) for at, sign in enumerate(signers)}
    return {**TRUST, "v3.json": data, **signed}


def seal(data: bytes, sign: Sign, namespace: str = records.NAMESPACE) -> Bytes:
    stem = records.digest(data)[:32]
    return {f"{stem}.json": data, f"{stem}.sig": sign(data, namespace)}


def record(approval: Approval, sign: Sign, namespace: str = records.NAMESPACE) -> Bytes:
    return seal(records.to_bytes(approval), sign, namespace)


def digest(approval: Approval) -> str:
    return records.digest(records.to_bytes(approval))


ITEMS = dict(agreements.now(agreements.facts()).items)
ONE = Approval(
    PROJECT, CHANGE, "story", Decision.APPROVE, 1,
    (Subject("specs/guests/requirements.md", "d3" * 32),), ITEMS, POLICY, "alice",
    "2026-06-01T10:00:00Z",
)  # fmt: skip
TWO = evolve(ONE, approver="bob", previous=digest(ONE))
FIRST, SECOND = record(ONE, by(ALICE)), record(TWO, by(BOB))
HONEST = World(TRUST, {**FIRST, **SECOND})
REJECTED = evolve(TWO, decision=Decision.REJECT, reason="no", previous=digest(TWO))
THIRD = record(evolve(REJECTED, round=2), by(BOB))
OLD = agreements.FILES["requirements.md"]


def instead(files: Bytes, **world: Any) -> World:
    """Return the world where `files` stand in the place of the second approval."""
    return evolve(HONEST, records={**FIRST, **files}, **world)


def second(sign: Sign | None = None, namespace: str = records.NAMESPACE, **fields: Any) -> World:
    """Return the world with another second approval."""
    return instead(record(evolve(TWO, **fields), sign or by(BOB), namespace))


def edited(old: bytes, new: bytes) -> bytes:
    data = records.to_bytes(TWO)
    assert old in data
    return data.replace(old, new, 1)


def unsigned(data: bytes) -> Bytes:
    return {f"{records.digest(data)[:32]}.json": data}


def pasted(data: bytes, tail: bytes = b"") -> Bytes:
    """Return `data` with the signature of the honest second approval."""
    signature = next(one for name, one in SECOND.items() if name.endswith(".sig"))
    return {**unsigned(data), f"{records.digest(data)[:32]}.sig": signature + tail}


def typed(old: str, new: str) -> World:
    assert old in OLD
    documents = {**agreements.FILES, "requirements.md": OLD.replace(old, new, 1)}
    return evolve(HONEST, documents=documents)


def broken(files: Bytes) -> Bytes:
    return {name: data[:-9] + b"AAAAAAAA\n" for name, data in files.items()}


def rerouted(text: str, to: str) -> Bytes:
    """Return the trust file in which `text` stands for something else, signed by nobody anew."""
    return {**TRUST, "v2.json": V2.replace(text.encode(), to.encode())}


EVIL = [*PEOPLE, Principal("eve", (line(EVE),), ("approver",))]
WEAK = {**RULES, "story": GateRule(1)}
LOST = [PEOPLE[0], evolve(PEOPLE[1], keys=(line(DAVE),)), *PEOPLE[2:]]
BOTH = (by(ALICE), by(BOB))
WALLED = {**RULES, "story": GateRule(2, level=2)}
HARD = {**RULES, "story": GateRule(2, factor="fido-up")}

ON_PAGES: dict[str, dict[str, Any]] = {
    "another text": {"challenge": b"another text"},
    "another host": {"host": "evil.example"},
    "another page": {"origin": "https://evil.example"},
    "a page of any port of another name": {"origin": "http://localhost:3000"},
    "nobody gave a PIN": {"flags": 1},
    "nobody was there": {"flags": 4},
    "a page in a page": {"crossOrigin": True},
    "a registration": {"kind": "webauthn.create"},
}

FORGERIES: list[tuple[str, str, World]] = [
    ("T1", "unsigned", instead(unsigned(records.to_bytes(TWO)))),
    ("T1", "a foreign key", second(by(EVE))),
    ("T1", "a foreign key in its own name", second(by(EVE), approver="eve")),
    ("T1", "an empty signature", instead({**unsigned(records.to_bytes(TWO)),
                                          f"{digest(TWO)[:32]}.sig": b""})),
    ("T1", "a tick in the record and no signature", instead(pasted(edited(b'"bob"', b'"Bob"')))),
    ("T4", "own key added to trust, unsigned", instead(
        record(evolve(TWO, approver="eve"), by(EVE)), trust=version(EVIL, RULES))),
    ("T4", "own key added to trust, signed with it", instead(
        record(evolve(TWO, approver="eve"), by(EVE)), trust=version(EVIL, RULES, by(EVE)))),
    ("T4", "trust v3 with 1 of 2 signatures", instead(
        record(evolve(TWO, approver="eve"), by(EVE)), trust=version(EVIL, RULES, by(ALICE)))),
    ("T4", "trust v3 signed twice by one person", instead(
        record(evolve(TWO, approver="eve"), by(EVE)),
        trust=version(EVIL, RULES, by(BOB), by(DAVE)))),
    ("T4", "trust v3 signed without the role", instead(
        record(evolve(TWO, approver="eve"), by(EVE)),
        trust=version(EVIL, RULES, by(ALICE), by(CAROL)))),
    ("T4", "another key written into trust", instead(
        record(TWO, by(EVE)), trust=rerouted(line(BOB), line(EVE)))),
    ("T4", "a weaker rule written into trust", evolve(
        HONEST, records=FIRST, trust=version(PEOPLE, WEAK, by(ALICE)))),
    ("T4", "a threshold edited in place", evolve(
        HONEST, records=FIRST,
        trust=rerouted('"story":{"role":"approver","separate":true,"threshold":2}',
                       '"story":{"role":"approver","threshold":1}'))),
    ("T4", "a weaker policy", evolve(HONEST, policy="c1" * 32)),
    ("T4", "two people under different policies", second(policy="c1" * 32)),
    ("T4", "a key that is not valid yet", second(
        by(EVE), approver="eve", issued="2030-01-01T00:00:00Z")),
    ("T4", "a revoked key, dated back", instead(
        record(evolve(TWO, issued="2020-01-01T00:00:00Z"), by(BOB)),
        trust=version(LOST, RULES, *BOTH))),
    ("T4", "a revoked key beside a record that is kept", instead(
        record(evolve(TWO, reason="mine"), by(BOB)),
        trust=version(LOST, RULES, *BOTH, keeps=[digest(TWO)]))),
    ("T4", "a kept record under another name", instead(
        record(TWO, by(BOB)),
        trust=version([*LOST, Principal("rob", (line(BOB),))], RULES, *BOTH,
                      keeps=[digest(TWO)]))),
    ("T4", "the list of kept records with one of two signatures", instead(
        SECOND, trust=version(LOST, RULES, by(ALICE), keeps=[digest(TWO)]))),
    ("T3", "an edit after the approval", typed("hour", "day")),
    ("T3", "one zero-width character", typed("hour", "ho\u200bur")),
    ("T3", "one space at the end of a line", typed("cart.\n", "cart. \n")),
    ("T3", "CRLF in the document", typed("\n", "\r\n")),
    ("T3", "an item that nobody saw", typed(
        "### R2", "- R1.3 WHEN x THE shop SHALL pay.\n\n### R2")),
    ("T3", "the signature pasted on a new statement", instead(
        pasted(edited(b'"round":1', b'"round":2')))),
    ("T3", "roll-back to a superseded round", evolve(
        HONEST, records={**HONEST.records, **record(
            evolve(ONE, items={**ITEMS, "R1.1": "ee" * 32}, round=2, previous=digest(TWO)),
            by(ALICE))})),
    ("T3", "another gate", second(gate="design")),
    ("T3", "another project", second(project="ab" * 16)),
    ("T3", "another change", second(change="others")),
    ("T3", "the namespace git", second(namespace="git")),
    ("T3", "the namespace file", second(namespace="file")),
    ("T3", "the namespace of the trust file", second(namespace=trust.NAMESPACE)),
    ("T3", "the wrong role", second(by(CAROL), approver="carol")),
    ("T3", "the name of another", second(by(ALICE))),
    ("T3", "an author approves their own", evolve(HONEST, authors=("alice",))),
    ("T3", "an author under another name", evolve(HONEST, authors=("bob b.",))),
    ("T3", "one person for two", instead({})),
    ("T3", "one person twice", second(by(ALICE), approver="alice")),
    ("T3", "one person with two keys", evolve(HONEST, records={
            **record(evolve(ONE, approver="bob"), by(BOB)),
            **record(evolve(TWO, previous=digest(evolve(ONE, approver="bob"))), by(DAVE))})),
    ("T3", "two people on different bytes", second(items={**ITEMS, "R1.1": "ee" * 32})),
    ("T3", "two people in different rounds", second(round=2)),
    ("T3", "a rejection in the round", evolve(HONEST, records={
        **HONEST.records, **record(REJECTED, by(BOB))})),
    ("T3", "a rejection in a later round", evolve(HONEST, records={**HONEST.records, **THIRD})),
    ("T3", "a corrupted rejection", evolve(
        HONEST, records={**HONEST.records, **broken(THIRD)})),
    ("T3", "a rejection without its record", evolve(HONEST, records={
        **HONEST.records, **{name: data for name, data in THIRD.items() if ".sig" in name}})),
    ("T3", "a rejection deleted from the middle", evolve(HONEST, records={
        **HONEST.records, **record(evolve(TWO, round=3, previous=digest(
            evolve(REJECTED, round=2))), by(BOB))})),
    ("T3", "duplicate keys, validly signed", instead(
        seal(edited(b'"round":1', b'"round":9,"round":1'), by(BOB)))),
    ("T3", "a space in the JSON, validly signed", instead(
        seal(edited(b'"round":1', b'"round": 1'), by(BOB)))),
    ("T3", "trailing bytes, validly signed", instead(seal(records.to_bytes(TWO) + b"\n", by(BOB)))),
    ("T3", "trailing bytes after the signature", instead(pasted(records.to_bytes(TWO), b"\0"))),
    ("T3", "CRLF in the record, validly signed", instead(
        seal(records.to_bytes(TWO)[:-1] + b"\r\n", by(BOB)))),
    ("T3", "an extra file among the records", evolve(
        HONEST, records={**HONEST.records, "approved.txt": b"yes"})),
    ("T3", "a round far ahead, unsigned", evolve(HONEST, records={
        **HONEST.records, **unsigned(records.to_bytes(evolve(TWO, round=9)))})),
    ("T21", "a FIDO key that nobody touched", second(
        lambda data, name: FIDO.sign(data, name, flags=0), approver="fay")),
    ("T21", "a touch written in afterwards", second(
        lambda data, name: FIDO.sign(data, name, flags=1, signed_flags=0), approver="fay")),
    ("T21", "a counter written in afterwards", second(
        lambda data, name: FIDO.sign(data, name, counter=8, signed_counter=7), approver="fay")),
    ("T21", "a FIDO key of a web page", second(
        authenticator.ed25519(9, b"https://evil.example").sign, approver="fay")),
    ("T21", "a soft key that says it was touched", second(
        assurance=evolve(TWO.assurance, factor="fido-up"))),
    ("T21", "a soft key where a touch is asked for", evolve(
        HONEST, trust=version(
            [*PEOPLE, Principal("gil", (authenticator.ecdsa().line,))], HARD, *BOTH))),
    *(("T21", f"a passkey: {name}", second(partial(PASSKEY.sign, **parts), approver="pat"))
      for name, parts in ON_PAGES.items()),
    ("T21", "a passkey that the trust file does not know", second(
        passkeying.es256(10).sign, approver="pat")),
    ("T21", "a passkey of somebody else", second(PASSKEY.sign, approver="bob")),
    ("T21", "a passkey without its page", second(
        authenticator.ecdsa(9, b"accord.localhost").sign, approver="pat")),
    ("T1", "no signature but that of the session", second(
        lambda *_: b"token", approver="pat")),
    ("T3", "the answer of a passkey for the approval before", second(
        lambda _, name: PASSKEY.sign(records.to_bytes(ONE), name), approver="pat")),
    ("T25", "no wall where one is asked for", evolve(
        HONEST, trust=version(PEOPLE, WALLED, *BOTH))),
]  # fmt: skip


@pytest.mark.parametrize(
    "world", [pytest.param(world, id=f"{threat} {name}") for threat, name, world in FORGERIES]
)
def test_a_forgery_does_not_open_the_gate(world: World) -> None:
    try:
        assert world.standing() is not Standing.OPEN
    except RefusedError:  # the trust file does not hold: then nothing is decided at all
        assert world.trust != TRUST


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(HONEST, id="two people"),
        pytest.param(second(FIDO.sign, approver="fay"), id="a person and a FIDO key"),
        pytest.param(second(PASSKEY.sign, approver="pat"), id="a person and a passkey"),
        pytest.param(second(by(DAVE)), id="the other key of a person"),
        pytest.param(evolve(HONEST, trust=version(EVIL, RULES, *BOTH)), id="one person more"),
        pytest.param(
            evolve(HONEST, trust=version(LOST, RULES, *BOTH, keeps=[digest(TWO)])),
            id="a key that was rotated",
        ),
        pytest.param(
            evolve(
                HONEST,
                records={
                    **HONEST.records,
                    **THIRD,
                    **(third := record(evolve(ONE, round=3, previous=digest(
                        evolve(REJECTED, round=2))), by(ALICE))),
                    **record(evolve(TWO, round=3, previous=records.digest(
                        next(iter(third.values())))), by(BOB)),
                },
            ),
            id="a new round after a rejection",
        ),
    ],
)  # fmt: skip
def test_what_is_honest_opens_it(world: World) -> None:
    assert world.standing() is Standing.OPEN


def test_there_are_enough_of_them_and_each_is_another() -> None:
    names = [name for _, name, _ in FORGERIES]
    assert len(set(names)) == len(names) >= 33
    assert {threat for threat, _, _ in FORGERIES} == {"T1", "T3", "T4", "T21", "T25"}
