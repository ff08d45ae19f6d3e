"""A decision's file: strict, reported line by line, written in one form, stamped byte for byte."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import decision_record, frontmatter, patterns
from accord.core.decision_record import Check, CheckKind, Rule
from accord.core.model import Stage

TEXT = """---
id: D-12
status: active            # what counts is the record
statement: All state lives in PostgreSQL.
because: 'one backup: one runbook'
stages: [design, architecture]
labels: [storage]
paths: ["src/**/storage/**"]
triggers: [database, "cache, table"]
check:
  - in: [design]
    forbid: '(?i)\\b(mysql|redis)\\b'
    unless: 'it''s gone'
  - in: design
    ask: Is it so?
    level: warn
supersedes: []
review_after: 2027-02-01
source:
  change: orders
  by: robin
---
Some prose.

Wrong: "Orders are kept in Redis."
Right: Orders are kept in PostgreSQL.
"""


def faults(text: str, slug: str = "one") -> list[tuple[int, str]]:
    return [(one.line, one.message) for one in decision_record.read(slug, text.encode())[1]]


def head(*lines: str) -> str:
    return "\n".join(["---", "statement: Say it.", *lines, "---", ""])


def test_a_record_reads_as_what_it_says() -> None:
    rule, found = decision_record.read("use-postgres", TEXT.encode())
    assert found == ()
    assert rule is not None
    assert (rule.id, rule.status, rule.because) == ("D-12", "active", "one backup: one runbook")
    assert rule.stages == (Stage.DESIGN, Stage.ARCHITECTURE)
    assert rule.triggers == ("database", "cache, table")
    forbid, ask = rule.checks
    assert forbid.value == r"(?i)\b(mysql|redis)\b"
    assert forbid.options == {"unless": "it's gone"}
    assert (ask.kind, ask.blocks) == (CheckKind.ASK, False)
    assert rule.source == {"change": "orders", "by": "robin"}
    assert rule.wrong == "Orders are kept in Redis."
    assert rule.right == "Orders are kept in PostgreSQL."
    assert rule.names == ("D-12", "D-use-postgres")
    assert rule.path == ".accord/decisions/use-postgres.md"


def test_what_is_stamped_is_not_what_is_signed_and_everything_else_is() -> None:
    rule, _ = decision_record.read("use-postgres", TEXT.encode())
    assert rule is not None
    stamped = decision_record.stamp(
        TEXT.encode(), name="D-99", status="superseded", superseded_by="D-3", aliases=("D-12",)
    )
    after, found = decision_record.read("use-postgres", stamped)
    assert found == ()
    assert after is not None
    assert after.digest == rule.digest
    assert (after.id, after.status, after.superseded_by) == ("D-99", "superseded", "D-3")
    assert after.aliases == ("D-12",)
    for old, new in (("PostgreSQL.\n", "MySQL.\n"), ("robin", "sam"), ("mysql", "mssql"),
                     ("Some prose", "Other prose"), ("2027", "2028")):  # fmt: skip
        edited, _ = decision_record.read("use-postgres", TEXT.replace(old, new, 1).encode())
        assert edited is not None
        assert edited.digest != rule.digest


def test_a_stamp_leaves_every_other_byte_as_it_is() -> None:
    stamped = decision_record.stamp(TEXT.encode(), status="expired").decode()
    kept = [line for line in TEXT.splitlines() if not line.startswith("status:")]
    assert [line for line in stamped.splitlines() if not line.startswith("status:")] == kept
    assert "status: expired\n" in stamped


@pytest.mark.parametrize(
    ("line", "at", "said"),
    [
        ("colour: red", 3, "colour is no key"),
        ("status: active\nstatus: active", 4, "stands there twice"),
        ("because:\tx", 3, "there is a tab"),
        ("because: [one", 3, "not closed by ]"),
        ("because: 'one", 3, "a quote that is not closed"),
        ("because: &a one", 3, "has to stand in quotes"),
        ("because: *a", 3, "has to stand in quotes"),
        ("because: !!str x", 3, "has to stand in quotes"),
        ("because: >", 3, "has to stand in quotes"),
        ("because: use x: y", 3, "has to stand in quotes"),
        ("stages: [coding]", 3, "not coding"),
        ("kind: whim", 3, "kind is one of"),
        ("always: yes", 3, "always is true or false"),
        ("review_after: soon", 3, "review_after is a date"),
        ("supersedes: [ADR-1]", 3, "names a decision as D-12"),
        ("labels: red", 3, "labels is a list"),
        ("check: all", 3, "check is a list"),
        ("check:\n  - in: [design]", 3, "a check has one of"),
        ("check:\n  - forbid: a\n    require: b", 3, "a check has one of"),
        ("check:\n  - forbid: a\n    colour: b", 3, "colour is no part"),
        ("check:\n  - forbid: '('", 3, "cannot be used"),
        ("check:\n  - forbid: '(?=a)'", 3, "cannot be used"),
        ("check:\n  - forbid: '(a)\\1'", 3, "cannot be used"),
        ("check:\n  - pair: a", 3, "pair wants"),
        ("check:\n  - trace: a\n    to: code", 3, "trace wants"),
        ("check:\n  - cover: a", 3, "cover is a list"),
        ("check:\n  - exists: symbols", 3, "exists is paths or lines"),
        ("check:\n  - forbid: a\n      unless: b", 4, "nested too deeply"),
        ("nothing at all", 3, "form key: value"),
        ("because: a \u200b b", 3, "hidden character"),
        ("because: AKIAQ3EGZ7PMBXN5RTYW", 3, "aws-access"),
        ("because: api_key = Zx9kQ2mVb7Lw4RtY8pNc3HdF6sJg1TuE", 3, "a secret"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, at: int, said: str) -> None:
    found = faults(head(line))
    assert any(number == at and said in words for number, words in found), found


def test_a_file_without_a_head_or_a_statement_is_no_decision_and_says_why() -> None:
    assert decision_record.read("one", b"# Heading\n")[0] is None
    assert faults("# Heading\n") == [(1, "it does not begin with ---"), (1, "it has no statement")]
    assert "is not closed" in faults("---\nstatement: x\n")[0][1]
    assert decision_record.read("one", b"---\nid: \xff\n---\n")[1][0].line == 2
    assert faults("---\n" + "x" * 70_000)[0][1] == "it is larger than 64 KiB"


def test_a_long_statement_is_to_be_divided() -> None:
    assert "divide it" in faults("---\nstatement: " + "word " * 41 + "\n---\n")[0][1]


def test_words_paths_and_digests_are_no_secrets() -> None:
    body = (
        "Use src/accord/core/decision_record.py and 3e1f0ab9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3,\n"
        "OrderRepositoryFactoryBeanV2 and https://example.org/a/very/long/path/Indeed2/x.html\n"
    )
    assert faults(head() + body) == []


def test_an_example_may_be_fenced_and_hold_several_lines() -> None:
    text = head() + "Wrong:\n```\none\n\ntwo\n```\nRight: three\n\nMore prose.\n"
    rule, _ = decision_record.read("one", text.encode())
    assert rule is not None
    assert (rule.wrong, rule.right) == ("one\n\ntwo", "three")


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "))


@given(_WORDS, st.lists(_WORDS.filter(str.strip), max_size=3), _WORDS)
def test_what_is_written_reads_back(statement: str, labels: list[str], because: str) -> None:
    statement = f"Use {statement}".strip()
    rule = Rule("one", "D-one", "proposed", statement, because.strip(),
                labels=tuple(label.strip() for label in labels),
                checks=(Check(CheckKind.FORBID, (Stage.DESIGN,), r"\bx: #'y\b"),))  # fmt: skip
    back = decision_record.read("one", decision_record.write(rule))[0]
    assert back is not None
    assert evolve(back, digest="") == rule


def test_a_value_with_a_line_break_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="line break"):
        frontmatter.write({"statement": "one\nstatus: active"}, "")


def test_an_expression_made_to_be_slow_is_answered_at_once_or_refused() -> None:
    bomb = "a" * 50_000 + "!"
    assert not patterns.found("^(a+)+$", bomb)
    assert not patterns.found("^(a|aa)+$", bomb)
    assert not patterns.found(r"^([a-z]*)*\1?$".replace(r"\1?", ""), bomb)
    assert "repetition" in patterns.fault("((a{100}){100}){100}")
    assert "longer" in patterns.fault("a" * 2000)
