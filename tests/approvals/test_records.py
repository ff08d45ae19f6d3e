import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.approvals import records
from accord.approvals.records import RecordError
from accord.core.approval import Approval, Assurance, Decision, Json, Reviewed, Subject

SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WORD = TEXT.filter(bool)
WORDS = st.lists(WORD, unique=True, max_size=3).map(tuple)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
APPROVALS = st.builds(
    Approval,
    project=WORD,
    change=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True),
    gate=WORD,
    decision=st.sampled_from(Decision),
    round=st.integers(1, 1000),
    subject=st.lists(
        st.builds(Subject, WORD, SHA256), max_size=3, unique_by=lambda file: file.name
    ).map(tuple),
    items=st.dictionaries(WORD, SHA256, max_size=3),
    policy=TEXT,
    approver=WORD,
    issued=st.just("2026-06-01T10:00:00Z"),
    authors=WORDS,
    reason=TEXT,
    previous=st.none() | SHA256,
    reviewed=st.builds(Reviewed, st.integers(0, 9), WORDS, st.none() | TEXT, WORD),
    assurance=st.builds(Assurance, WORD, st.integers(0, 9), WORD),
    channel=WORD,
    tool=WORD,
    details=st.dictionaries(WORD, JSON, max_size=3),
)


def statement(approval: Approval) -> dict[str, Json]:
    value = json.loads(records.to_bytes(approval))
    assert isinstance(value, dict)
    return value


def written(value: Json) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii") + b"\n"


@given(approval=APPROVALS)
def test_every_approval_reads_back_as_it_was_written(approval: Approval) -> None:
    data = records.to_bytes(approval)
    assert records.from_bytes(data) == approval
    assert records.to_bytes(records.from_bytes(data)) == data


@given(data=st.binary() | JSON.map(written))
def test_other_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(RecordError):
        records.from_bytes(data)


def test_a_record_is_an_in_toto_statement_on_one_ascii_line(approval: Approval) -> None:
    data = records.to_bytes(approval)
    value = statement(approval)
    assert data.isascii()
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["predicateType"] == "https://accord.dev/approval/v1"
    assert value["subject"] == [
        {"digest": {"sha256": "d3" * 32}, "name": "specs/guest-checkout/requirements.md"}
    ]


def test_a_record_lies_under_its_change_and_is_named_after_its_bytes(approval: Approval) -> None:
    data = records.to_bytes(approval)
    stem = f".accord/approvals/guest-checkout/{records.digest(data)[:32]}"
    assert records.paths("guest-checkout", data) == (f"{stem}.json", f"{stem}.sig")


@pytest.mark.parametrize("change", ["", "..", "../main", "a/b", ".git", "a\n", "a b", "é"])
def test_a_change_that_could_lead_out_of_its_folder_has_no_path(change: str) -> None:
    with pytest.raises(RecordError, match="cannot be the name of a change"):
        records.paths(change, b"")


def spoil(name: str, value: Json) -> Callable[[dict[str, Json]], None]:
    """Return what puts `value` at the dotted `name` of a statement."""

    def apply(document: dict[str, Json]) -> None:
        *way, last = name.split(".")
        inner: Json = document
        for step in way:
            assert isinstance(inner, dict | list)
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        assert isinstance(inner, dict)
        inner[last] = value

    return apply


def drop(name: str) -> Callable[[dict[str, Json]], None]:
    """Return what removes the field `name` of the predicate."""

    def apply(document: dict[str, Json]) -> None:
        predicate = document["predicate"]
        assert isinstance(predicate, dict)
        del predicate[name]

    return apply


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (spoil("_type", "https://in-toto.io/Statement/v2"), "_type"),
        (spoil("predicateType", "https://accord.dev/trust/v1"), "predicateType"),
        (spoil("extra", 1), "extra"),
        (spoil("predicate.extra", None), "predicate.extra"),
        (spoil("predicate.reviewed.extra", 1), "predicate.reviewed.extra"),
        (spoil("predicate.assurance.extra", 1), "predicate.assurance.extra"),
        (spoil("subject.0.extra", 1), "subject.extra"),
        (spoil("subject.0.digest.sha512", "00"), "subject.digest.sha512"),
        (spoil("subject.0.digest.sha256", "D3" * 32), "subject.digest.sha256"),
        (spoil("subject.0.name", ""), "subject.name"),
        (spoil("subject", {}), "subject"),
        (spoil("predicate", []), "predicate"),
        *((drop(name), f"predicate.{name}") for name in ("policy", "previous", "items", "round")),
        (spoil("predicate.round", -1), "predicate.round"),
        (spoil("predicate.round", 0), "predicate.round"),
        (spoil("predicate.round", True), "predicate.round"),
        (spoil("predicate.round", "1"), "predicate.round"),
        (spoil("predicate.decision", "revoke"), "predicate.decision"),
        (spoil("predicate.decision", 1), "predicate.decision"),
        (spoil("predicate.change", "../x"), "predicate.change"),
        (spoil("predicate.approver", ""), "predicate.approver"),
        (spoil("predicate.approver", None), "predicate.approver"),
        (spoil("predicate.authors", ["bob", "bob"]), "predicate.authors"),
        (spoil("predicate.authors", [1]), "predicate.authors"),
        (spoil("predicate.items", ["R1"]), "predicate.items"),
        (spoil("predicate.items.R1", "short"), "predicate.items.R1"),
        (spoil("predicate.items.R1", 7), "predicate.items.R1"),
        (spoil("predicate.previous", "../../etc"), "predicate.previous"),
        (spoil("predicate.issued", "2026-06-01T10:00:00+02:00"), "predicate.issued"),
        (spoil("predicate.issued", "٢٠٢٦-06-01T10:00:00Z"), "predicate.issued"),
        (spoil("predicate.reviewed.hidden_findings", -1), "predicate.reviewed.hidden_findings"),
        (spoil("predicate.assurance.sandbox", None), "predicate.assurance.sandbox"),
        (spoil("predicate.details", []), "predicate.details"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    approval: Approval, change: Callable[[dict[str, Json]], None], named: str
) -> None:
    value = statement(approval)
    change(value)
    with pytest.raises(RecordError, match=f"'{named}'"):
        records.from_bytes(written(value))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"round":2', b'"round":2.0', "not a whole one"),
        (b'"round":2', b'"round":2e0', "not a whole one"),
        (b'"round":2', b'"round":NaN', "not a whole one"),
        (b'"round":2', b'"round":9007199254740992', "or more"),
        (b'"round":2', b'"round":' + b"9" * 5000, "too large"),
        (b'"round":2', b'"round":2,"round":2', "there twice"),
        (b'"round":2', b'"round": 2', "byte "),
        (b'"round":2', b'"round":02', "not JSON"),
        (b"}\n", b"}", "byte "),
        (b"}\n", b"}\n\n", "byte "),
        (b"}\n", b"}\r\n", "carriage return"),
        (b"}\n", b"}\nx", "not JSON"),
        (b"\\u0142", b"\xc5\x82", "not ASCII"),
        (b"\\u0142", b"\\u0141\\ud800", "surrogate"),
        (b"\\u0142", b"\\u0142\\u004c", "byte "),
        (b"full", b"\\u0066ull", "byte "),
        (b'"full"', b"[" * 40 + b"]" * 40, "nested deeper"),
        (b'"full"', b"[" * 200_000, "nested too deeply"),
        (b'"full"', b'"' + b"x" * 2**20 + b'"', "more than 1048576"),
        (b"{", b"\xef\xbb\xbf{", "byte 0 is not ASCII"),
    ],
)
def test_a_spelling_that_is_not_canonical_is_refused(
    approval: Approval, old: bytes, new: bytes, why: str
) -> None:
    data = records.to_bytes(approval)
    assert old in data
    with pytest.raises(RecordError, match=why):
        records.from_bytes(data.replace(old, new, 1))


def test_what_could_not_be_read_back_is_not_written(approval: Approval) -> None:
    deep: Json = None
    for _ in range(5000):
        deep = [deep]
    share: Any = 0.5
    for unfit in (
        evolve(approval, round=0),
        evolve(approval, reason="\ud800"),
        evolve(approval, issued="yesterday"),
        evolve(approval, subject=approval.subject * 2),
        evolve(approval, details={"share": share}),
        evolve(approval, details={"deep": deep}),
    ):
        with pytest.raises(RecordError):
            records.to_bytes(unfit)
