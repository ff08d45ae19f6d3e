"""Links for what was built before Accord was there: proposed with reasons, kept when accepted."""

import json
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData

import gitrepo
from accord.core import trace
from project import FILES, VERIFY, Project, make_checkout

SPEC = """\
# Pay

### Requirement 1

#### Acceptance Criteria

1. WHEN an invoice is overdue THE SYSTEM SHALL send a reminder to the debtor
2. WHEN a refund is asked for THE SYSTEM SHALL need a second approver
3. WHEN it rains THE SYSTEM SHALL stay dry
"""
CODE = """\
def overdue_reminder(invoice):
    \"\"\"Tell the debtor.\"\"\"
    return post(invoice.debtor)


def second(refund):
    return refund.approver


def unrelated(x):
    return x
"""
TESTS = """\
import unittest


class Pay(unittest.TestCase):
    def test_tells(self):
        \"\"\"Satisfies: R1.1\"\"\"

    def test_r1_2_needs_two(self):
        pass
"""
OLD = {"billing/pay.py": CODE, "tests/test_pay.py": TESTS}
PAY = ".kiro/specs/pay/requirements.md"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a repository with a spec and a history, in which Accord was set up afterwards."""
    project = make_checkout(tmp_path, monkeypatch, {**FILES, **OLD, PAY: SPEC})
    again = CODE.replace("refund.approver", "refund.approver.other")
    gitrepo.commit(project.top, {"billing/pay.py": again}, "Ask two people\n\npay R1.2 says so.\n")
    drier = again + "\n\ndef roof():\n    return 1\n"
    wetter = SPEC.replace("stay dry", "remain dry")
    gitrepo.commit(project.top, {"billing/pay.py": drier, PAY: wetter}, "Stay dry")
    project.ok("init", "--verify", VERIFY)
    return project


def proposed(project: Project, *more: str) -> dict[tuple[str, str], Any]:
    found = project.ok("trace", "suggest", "--json", *more).json["suggestions"]
    return {(one["criterion"], one["place"].partition("::")[2]): one for one in found}


def test_links_are_proposed_from_history_names_and_markers_with_their_reasons(
    old: Project,
) -> None:
    found = proposed(old)
    reasons = {key: one["reasons"] for key, one in found.items()}
    assert reasons["pay/R1.1", "Pay.test_tells"][0] == "it says Satisfies: R1.1"
    assert reasons["pay/R1.2", "Pay.test_r1_2_needs_two"][0] == "its name holds R1.2"
    assert reasons["pay/R1.1", "overdue_reminder"][0].startswith("words in common: ")
    assert reasons["pay/R1.2", "second"][0].startswith("named by commit ")
    assert reasons["pay/R1.3", "roof"][0].startswith("changed with it in commit ")
    assert not [key for key in found if key[1] == "unrelated"]
    assert [one["score"] for one in found.values()] == sorted(
        (one["score"] for one in found.values()), reverse=True
    )
    assert {key[0] for key in proposed(old, "refund")} == {"pay/R1.2"}


def test_what_was_accepted_is_in_the_trace_with_a_signed_record_and_is_held_from_then_on(
    old: Project,
) -> None:
    base = old.git("rev-parse", "main")
    found = proposed(old)
    numbers = [found[key]["number"] for key in
               (("pay/R1.1", "overdue_reminder"), ("pay/R1.1", "Pay.test_tells"))]  # fmt: skip
    said = old.ok("trace", "suggest", "--accept", f"{numbers[0]},{numbers[1]}").out
    assert said.endswith("2 links accepted in pay\n")

    kept = trace.from_toml("pay", old.file("main", ".accord/trace/pay.toml").decode())
    assert [(name, one.place) for name, one in kept.symbols] == [
        ("R1.1", "billing/pay.py::overdue_reminder")
    ]
    assert [(name, one.place) for name, one in kept.tests] == [
        ("R1.1", "tests/test_pay.py::Pay.test_tells")
    ]
    record = next(
        json.loads(data)["predicate"]
        for path, data in old.records("pay", "main").items() if path.endswith(".json")
    )  # fmt: skip
    assert record["gate"] == "trace"
    assert min(record["details"]["links"]) == "pay/R1.1 -> billing/pay.py::overdue_reminder"
    assert old.ok("check", "--base", base).exit == 0
    # What is there is not proposed again; what else is accepted is added.
    again = proposed(old)
    assert not {("pay/R1.1", "overdue_reminder"), ("pay/R1.1", "Pay.test_tells")} & again.keys()
    old.ok("trace", "suggest", "--accept", str(again["pay/R1.2", "second"]["number"]))
    kept = trace.from_toml("pay", old.file("main", ".accord/trace/pay.toml").decode())
    assert [name for name, _ in kept.symbols] == ["R1.1", "R1.2"]
    assert [one.id for one in kept.promises] == ["R1.1", "R1.2", "R1.3"]

    old.git("merge", "-q", "--ff-only", "main")
    assert old.ok("check", "--drift", "--json").json["standing"] == {"holds": 1, "unproven": 2}
    gitrepo.commit(old.top, {"billing/pay.py": CODE.replace("invoice.debtor", "invoice.boss")})
    found_now = old.run("check", "--drift", "--json").json["findings"]
    assert [one["criterion"] for one in found_now] == ["R1.1", "R1.2"]


def test_each_proposal_is_answered_by_one_key(old: Project) -> None:
    said = old.process("trace", "suggest", "overdue", "--ask", feed="n\ny\nq\n")
    assert said.exit == 0, said.said
    assert "accept (y), leave (n), stop (q)?" in said.err
    assert said.out.endswith("1 link accepted in pay\n")
    assert old.process("trace", "suggest", "refund", "--ask", feed="").out == (
        "nothing was accepted\n"
    )


def test_a_test_that_executes_a_symbol_proposes_it(old: Project) -> None:
    lines = CODE.splitlines()
    at = lines.index("def unrelated(x):") + 2
    path = old.root / "data"
    data = CoverageData(str(path))
    data.set_context("tests/test_pay.py::Pay::test_tells|run")
    data.add_lines({str(old.top / "billing/pay.py"): [at]})
    data.write()
    data.close()
    found = proposed(old, "--coverage", str(path))
    assert found["pay/R1.1", "unrelated"]["reasons"] == ["a test of it runs this"]
    path.write_text("[]")
    assert old.refused("trace", "suggest", "--coverage", str(path))[0] == 2


def test_what_cannot_be_accepted_is_refused(old: Project) -> None:
    for numbers in ("0", "99", "x", "1-"):
        assert old.refused("trace", "suggest", "--accept", numbers)[0] == 2
    with old.monkeypatch.context() as patch:
        patch.setenv("ACCORD_RUN", "x")
        assert old.refused("trace", "suggest", "--accept", "1")[0] == 1


LIVING = """\
# pay Specification

## Purpose
Invoices are paid, and whoever forgets to is told so.

## Requirements

### Requirement: Overdue reminder
The system SHALL send a reminder to the debtor when an invoice is overdue.

#### Scenario: Overdue
- **WHEN** an invoice is overdue
- **THEN** a reminder goes to the debtor
"""


def test_a_living_spec_of_openspec_is_linked_where_no_change_is_there_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = "openspec/specs/pay/spec.md"
    files = {**FILES, "billing/pay.py": CODE, spec: LIVING}
    project = make_checkout(tmp_path, monkeypatch, files)
    project.ok("init", "--verify", VERIFY)
    found = proposed(project)
    assert [name for _, name in found] == ["overdue_reminder"]

    project.ok("trace", "suggest", "--accept", "1")

    assert proposed(project) == {}
    gitrepo.commit(project.top, {"billing/pay.py": CODE.replace("(invoice.", "(not invoice.")})
    (one,) = json.loads(project.run("check", "--drift", "--json").out)["findings"]
    assert (one["standing"], one["path"]) == ("stale", spec)
    assert "pay/Overdue reminder/Overdue stale" in project.ok("show", "--living").out
    # A proposed change of that name would be taken for what was agreed here.
    gitrepo.commit(project.top, {"openspec/changes/pay/proposal.md": "# Pay\n"})
    assert proposed(project) == {}
