"""A change whose documents are written as Kiro, spec-kit or OpenSpec has them, in their place."""

import json
import re
from pathlib import Path

import pytest
from attrs import frozen

import gitrepo
from project import BUILT, FILES, VERIFY, Project, make_checkout
from visiting import Visitor, serving

KIRO_STORY = """\
# Requirements Document

## Introduction

The cart of a guest survives a declined card.

## Requirements

### Requirement 1

**User Story:** As a guest, I want to keep my cart, so that I can pay again

#### Acceptance Criteria

1. WHEN the card is declined THE SYSTEM SHALL keep the cart for 60 minutes
2. WHEN the cart is kept THE SYSTEM SHALL say until when
"""
KIRO_DESIGN = "# Design Document\n\n## Overview\n\nThe cart gets a number of minutes.\n"
KIRO_TASKS = """\
# Implementation Plan

- [ ] 1. Keep the cart on decline
  - _Requirements: 1.1, 1.2_
"""
SPECKIT_STORY = """\
# Feature Specification: Guest cart

## User Scenarios & Testing

### User Story 1 - Keep the cart (Priority: P1)

**Acceptance Scenarios**:

1. **Given** a cart, **When** the card is declined, **Then** the cart is there for 60 minutes

## Requirements

### Functional Requirements

- **FR-001**: System MUST keep the cart for 60 minutes when the card is declined
"""
SPECKIT_DESIGN = "# Implementation Plan: Guest cart\n\n## Summary\n\nA number of minutes.\n"
SPECKIT_TASKS = """\
# Tasks: Guest cart

## Phase 1: The cart is kept

- [ ] T001 [US1] Keep the cart in shop/cart.py, tested in tests/test_minutes.py
"""
OPENSPEC_STORY = "## Why\n\nCarts are lost.\n\n## What Changes\n\n- The cart is kept.\n"
OPENSPEC_DELTA = """\
## ADDED Requirements

### Requirement: Kept cart

The system SHALL keep the cart for 60 minutes when the card is declined.

#### Scenario: Declined card

- **WHEN** the card is declined
- **THEN** the cart is there for 60 minutes
"""
OPENSPEC_DESIGN = "## Context\n\nThe cart gets a number of minutes.\n"
OPENSPEC_TASKS = "## 1. Cart\n\n- [ ] 1.1 Keep the cart on decline\n"


@frozen
class Host:
    """One format: where a change lies, its documents stage by stage, an edit of one criterion."""

    name: str
    home: str
    stages: tuple[dict[str, str], ...]
    task: str
    criterion: str
    sign: str

    @property
    def documents(self) -> dict[str, str]:
        """Return every document, by its path from the root."""
        return {f"{self.home}/{path}": text for one in self.stages for path, text in one.items()}


KIRO = Host("kiro", ".kiro/specs/guest",
            ({"requirements.md": KIRO_STORY}, {"design.md": KIRO_DESIGN}, {"tasks.md": KIRO_TASKS}),
            "T1", "R1.1", ".kiro/specs/other/requirements.md")  # fmt: skip
SPECKIT = Host("spec-kit", "specs/guest",
               ({"spec.md": SPECKIT_STORY}, {"plan.md": SPECKIT_DESIGN},
                {"tasks.md": SPECKIT_TASKS}),
               "T001", "FR-001", ".specify/memory/constitution.md")  # fmt: skip
OPENSPEC = Host("openspec", "openspec/changes/guest",
                ({"proposal.md": OPENSPEC_STORY, "specs/guest/spec.md": OPENSPEC_DELTA},
                 {"design.md": OPENSPEC_DESIGN}, {"tasks.md": OPENSPEC_TASKS}),
                "1.1", "guest/Kept cart/Declined card", "openspec/specs/cart/spec.md")  # fmt: skip
HOSTS = pytest.mark.parametrize("host", [KIRO, SPECKIT, OPENSPEC], ids=lambda one: one.name)


def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host) -> Project:
    """Return a project whose specs are written in a host format, with Accord set up."""
    shop = make_checkout(tmp_path, monkeypatch, {**FILES, host.sign: "# What was there\n"})
    said = shop.ok("init", "--verify", VERIFY)
    assert f"specs:  {host.name}, in place" in said.out
    return shop


def approve(shop: Project, host: Host) -> None:
    """Write the documents of each stage by hand and approve it."""
    for texts in host.stages:
        folder = shop.desk()
        gitrepo.write(folder, dict(texts))
        shop.ok("approve", "guest", "--yes")


def agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host) -> Project:
    """Return such a project with a change whose documents are written and approved."""
    shop = set_up(tmp_path, monkeypatch, host)
    shop.new()
    approve(shop, host)
    return shop


@HOSTS
def test_a_change_lives_in_the_hosts_own_folder_from_story_to_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    shop = agreed(tmp_path, monkeypatch, host)
    shop.ok("run", "guest")

    gitrepo.write(shop.lent(), BUILT)
    shop.ok("run", "guest", "--built", host.task)
    for _ in ("implementation", "review", "release"):
        shop.ok("approve", "guest", "--yes")
    shop.ok("run", "guest")

    names = shop.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert set(host.documents) <= set(names)
    assert [name for name in names if name.startswith("specs/") and name not in host.documents
            and name != host.sign] == []  # fmt: skip
    assert b"60" in shop.file("main", "shop/cart.py")
    assert shop.ok("check", "--drift", "--json").json["standing"]


@HOSTS
def test_what_is_approved_reads_back_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    shop = agreed(tmp_path, monkeypatch, host)

    for path, text in host.documents.items():
        assert shop.file("accord/guest", path) == text.encode()


@HOSTS
def test_an_edit_of_one_criterion_asks_for_it_and_not_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    shop = agreed(tmp_path, monkeypatch, host)
    for path, text in host.documents.items():
        name = path.removeprefix(f"{host.home}/")
        if "60 minutes" in text and name.endswith((".md",)):
            (shop.desk() / name).write_text(text.replace("60 minutes", "90 minutes"))

    shown = shop.show()

    assert shown["gates"][0]["standing"] != "open"
    asked = shown["gates"][0]["asked"]
    assert any(one.startswith(host.criterion.split("/")[0]) for one in asked)
    assert shop.gates()["implementation"] == "shut"
    assert shown["kept"]["count"] > 0


@HOSTS
def test_a_spec_that_lies_on_the_base_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    shop = make_checkout(tmp_path, monkeypatch, {**FILES, host.sign: "# There\n", **host.documents})
    shop.ok("init", "--verify", VERIFY)

    shop.new()

    assert shop.git("diff", "--name-only", "main", "accord/guest", "--", host.home) == ""
    shop.ok("approve", "guest", "--through", "architecture", "--yes")
    assert shop.show()["stage"] == "implementation"


@HOSTS
def test_without_documents_no_gate_opens_and_no_code_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    shop = set_up(tmp_path, monkeypatch, host)
    shop.new()

    assert shop.run("approve", "guest", "--yes").exit == 1
    assert shop.run("run", "guest", "--built", host.task).exit != 0
    assert shop.worktrees() == []


def test_the_folder_is_told_by_the_signed_record_and_not_by_what_this_machine_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = agreed(tmp_path, monkeypatch, KIRO)
    for file in shop.state.glob("journal.sqlite*"):
        file.unlink()

    assert shop.gates()["architecture"] == "open"
    assert shop.desk() == shop.state / "desks" / "guest"
    assert (shop.desk() / "requirements.md").read_text() == KIRO_STORY


def test_another_format_can_be_named_for_one_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = set_up(tmp_path, monkeypatch, KIRO)

    shop.new("full", "guest", "--format", "native")

    assert b"- R1.1" in shop.file("accord/guest", "specs/guest/requirements.md")
    assert shop.run("new", "More", "--format", "word").exit == 2


@pytest.mark.parametrize(
    ("host", "name", "said"),
    [(KIRO, "requirements.md", "for 60 minutes"),
     (SPECKIT, "spec.md", "60 minutes when"),
     (OPENSPEC, "specs/guest/spec.md", "for 60 minutes when")],
    ids=lambda one: one.name if isinstance(one, Host) else "",
)  # fmt: skip
def test_a_marker_is_a_question_at_the_gate_and_its_answer_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: Host, name: str, said: str
) -> None:
    shop = set_up(tmp_path, monkeypatch, host)
    shop.new()
    text = host.stages[0][name]
    marker = "[NEEDS CLARIFICATION: how long\r\n does [it] stay?]"
    asking = text.replace(said, marker).replace("\n", "\r\n").replace("\r\r", "\r")
    gitrepo.write(shop.desk(), {**host.stages[0], name: asking})
    notes = [one for one in shop.show()["notes"] if one["open"] and one["kind"] == "question"]
    assert [one["text"] for one in notes] == ["how long does [it] stay?"]
    assert "how long does [it] stay?" in shop.ok("show").out
    refused = shop.run("approve", "guest", "--yes")
    assert (refused.exit, "is not ready" in refused.err) == (1, True)

    written = shop.ok("answer", "guest", notes[0]["id"], *said.split()).out

    assert said in written
    assert shop.file("accord/guest", f"{host.home}/{name}") == text.replace("\n", "\r\n").encode()
    assert not [one for one in shop.show()["notes"] if one["kind"] == "question"]
    shop.ok("approve", "guest", "--yes")
    assert shop.gates()["story"] == "open"


def test_of_two_questions_in_the_same_words_the_one_that_is_meant_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = set_up(tmp_path, monkeypatch, KIRO)
    shop.new()
    mark = "[NEEDS CLARIFICATION: how?]"
    shop.write("requirements.md", f"{KIRO_STORY}\nA {mark}\n\nB {mark}\n")
    first, second = (one["id"] for one in shop.show()["notes"] if one["kind"] == "question")
    assert second == f"{first}~2"

    shop.ok("answer", "guest", second, "so")

    path = f"{KIRO.home}/requirements.md"
    assert shop.file("accord/guest", path).decode() == f"{KIRO_STORY}\nA {mark}\n\nB so\n"
    with serving(shop) as server:
        visitor = Visitor(server).enter()
        page = visitor.get("/changes/guest")
        found = re.search(rf'value="{first}"><input type="hidden" name="own" value="(\w+)"',
                          page.text)  # fmt: skip
        assert found
        fields = {"item": first, "own": found[1], "words": "thus"}
        visitor.send("/changes/guest", "/changes/guest/answer", fields)
    assert shop.file("accord/guest", path).decode() == f"{KIRO_STORY}\nA thus\n\nB so\n"


def test_an_assumption_is_corrected_in_the_text_where_the_format_has_no_other_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = set_up(tmp_path, monkeypatch, SPECKIT)
    shop.new()
    shop.write("spec.md", f"{SPECKIT_STORY}\n## Assumptions\n\n- A guest has a cookie\n")
    note = next(one["id"] for one in shop.show()["notes"] if one["kind"] == "assumption")

    code, lines = shop.refused("answer", "guest", note, "yes")

    assert code == 1
    assert "specs/guest/spec.md, line" in lines[1]


CC_SDD = """\
{
  "feature_name": "guest",
  "phase": "tasks-generated",
  "approvals": {
    "requirements": { "generated": true, "approved": false },
    "design": { "generated": true, "approved": true },
    "tasks": { "generated": true, "approved": false }
  },
  "ready_for_implementation": true
}
"""


def test_a_claim_of_approval_is_shown_as_what_it_is_and_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**FILES, **KIRO.documents, ".kiro/specs/guest/spec.json": CC_SDD}
    shop = make_checkout(tmp_path, monkeypatch, files)
    shop.ok("init", "--verify", VERIFY)
    shop.new()

    shown = shop.ok("show").out

    words = "spec.json claims approvals.design.approved: true; the gates say otherwise"
    assert words in " ".join(shown.split())
    assert shop.gates()["design"] != "open"


def test_the_status_of_the_host_is_kept_in_step_and_no_gate_shuts_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {**FILES, **KIRO.documents, ".kiro/specs/guest/spec.json": CC_SDD}
    shop = make_checkout(tmp_path, monkeypatch, files)
    shop.ok("init", "--verify", VERIFY)
    shop.new()
    shop.ok("approve", "guest", "--through", "design", "--yes")

    shop.ok("status", "--sync-status")

    said = json.loads(shop.file("accord/guest", ".kiro/specs/guest/spec.json"))["approvals"]
    assert {name: one["approved"] for name, one in said.items()} == {
        "requirements": True, "design": True, "tasks": False,
    }  # fmt: skip
    assert [shop.gates()[stage] for stage in ("story", "design")] == ["open", "open"]
    before = shop.git("rev-parse", "accord/guest")
    shop.ok("status", "--sync-status")
    assert shop.git("rev-parse", "accord/guest") == before


def test_the_status_of_spec_kit_follows_the_story_and_other_text_there_is_covered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = set_up(tmp_path, monkeypatch, SPECKIT)
    shop.new()
    head = "# Feature Specification: Guest cart\n\n**Status**: Draft\n"
    shop.write("spec.md", SPECKIT_STORY.replace("# Feature Specification: Guest cart\n", head))
    shop.ok("approve", "guest", "--yes")

    shop.ok("status", "--sync-status")

    assert b"**Status**: Approved\n" in shop.file("accord/guest", "specs/guest/spec.md")
    assert shop.gates()["story"] == "open"
    text = (shop.desk() / "spec.md").read_text()
    shop.write("spec.md", text.replace("**Status**: Approved", "**Status**: obey the next line"))
    assert shop.gates()["story"] != "open"


def test_what_a_number_meant_is_remembered_with_the_approval_and_a_shift_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = agreed(tmp_path, monkeypatch, KIRO)
    ledger = shop.file("accord/guest", ".accord/ids/guest.toml").decode()
    assert "keep the cart for 60 minutes" in ledger

    first = "1. WHEN the card is declined"
    above = "1. WHEN a guest leaves THE SYSTEM SHALL forget the guest\n2. WHEN the card is declined"
    text = KIRO_STORY.replace(first, above).replace("2. WHEN the cart", "3. WHEN the cart")
    shop.write("requirements.md", text)
    shop.ok("approve", "guest", "--through", "design", "--yes")
    shown = " ".join(shop.ok("show").out.split())

    assert "T1 names R1.1, which said 'WHEN the card is declined" in shown


def test_the_ledger_of_ids_is_no_code_and_passes_the_check_of_a_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = agreed(tmp_path, monkeypatch, KIRO)
    gitrepo.write(shop.lent(), BUILT)
    shop.ok("run", "guest", "--built", "T1")

    assert [one["path"] for one in shop.show()["files"]] == sorted(BUILT)
    shop.git("switch", "-q", "accord/guest")
    assert "all was agreed before" in shop.ok("check", "--base", "main").out
