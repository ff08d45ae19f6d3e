"""What released changes promise, folded together: in force, superseded, retired."""

from typing import Any

import pytest

import gitrepo
from project import BUILT, SMALL, Project

MORE = """\
# Longer carts

Guests come back later than we thought.

## Questions

## Assumptions

## Requirements

### R1 Keep the cart longer

- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 90 minutes.
  - Supersedes: guest/R1.1

## Tasks

- [ ] T1 Keep the cart longer
  - Satisfies: R1.1
  - Touches: shop/**, tests/**
  - After: -

## Out of scope
"""
LONGER = {name: text.replace("60", "90") for name, text in BUILT.items()}


def release(project: Project, change: str, story: str, files: dict[str, str]) -> int:
    """Carry a small change from its story to the base; return the exit status of the release."""
    project.new("small", change)
    project.write("requirements.md", story, change)
    project.ok("approve", change, "--yes")
    assert project.build(change, files).exit == 0
    for _ in ("implementation", "review", "release"):
        if "waiting" in project.gates(change).values():
            project.ok("approve", change, "--yes")
    return project.run("run", change).exit


@pytest.fixture
def guest(project: Project) -> Project:
    """Return a project in which the change `guest` is released."""
    assert release(project, "guest", SMALL, BUILT) == 0
    return project


def living(project: Project, *more: str) -> dict[str, Any]:
    found = project.ok("show", "--living", "--json", *more).json["promises"]
    return {f"{one['change']}/{one['id']}": one for one in found}


def test_each_promise_says_how_it_stands_what_proves_it_and_who_agreed(guest: Project) -> None:
    day = guest.git("log", "-1", "--format=%as")
    said = guest.ok("show", "--living").out
    assert said == (
        "Guest cart (specs/guest/requirements.md)\n"
        f"  guest: agreed by robin on {day}\n"
        "  R1.1 holds\n"
        "    WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.\n"
        "    tests/test_minutes.py::Minutes.test_r1_1_keeps_for_an_hour\n"
        "  R1.2 unproven\n"
        "    WHEN the cart is kept THE shop SHALL say until when.\n"
        "\n"
        "promises: 1 unproven, 1 holds\n"
    )
    assert list(living(guest, "until when")) == ["guest/R1.2"]
    assert list(living(guest, "shop/cart.py")) == ["guest/R1.1", "guest/R1.2"]
    said = guest.ok("show", "--living", "payments").out
    assert said == "nothing that is promised speaks of payments\n"

    gitrepo.commit(guest.top, {"shop/cart.py": BUILT["shop/cart.py"].replace("60", "61")})
    assert {one["standing"] for one in living(guest).values()} == {"stale"}
    guest.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "61 is agreed")
    found = living(guest)
    assert found["guest/R1.1"]["standing"] == "holds"
    assert found["guest/R1.1"]["decided"].endswith(": 61 is agreed")
    assert found["guest/R1.2"]["standing"] == "stale"


def test_what_a_release_supersedes_is_retired_with_a_link_and_no_finding(guest: Project) -> None:
    base = guest.git("rev-parse", "main")
    assert release(guest, "longer", MORE, LONGER) == 0

    text = guest.file("main", "specs/guest/requirements.md").decode()
    assert "for 60 minutes.\n  - Superseded by: longer/R1.1\n- R1.2" in text
    assert list(living(guest)) == ["guest/R1.2", "longer/R1.1"]
    every = living(guest, "--all")
    assert every["guest/R1.1"]["over"] == "superseded by longer/R1.1"
    assert every["guest/R1.1"]["words"].endswith("for 60 minutes.")
    assert every["longer/R1.1"]["words"].endswith("for 90 minutes.")
    assert "1 more is over: --all shows" in guest.ok("show", "--living").out

    # Its code and its test changed with the one that took its place: that is nobody's question.
    found = guest.run("check", "--drift", "--json").json
    assert [one["criterion"] for one in found["findings"]] == ["R1.2"]
    assert found["standing"]["retired"] == 1
    assert guest.ok("check", "--base", base).exit == 0
    assert guest.ok("check").exit == 0


def test_what_somebody_changed_meanwhile_is_not_superseded_unseen(guest: Project) -> None:
    guest.new("small", "longer")
    guest.write("requirements.md", MORE, "longer")
    guest.ok("approve", "longer", "--yes")
    assert guest.build("longer", LONGER).exit == 0
    text = (guest.top / "specs/guest/requirements.md").read_text()
    for old, new, said in (
        ("60 min", "75 min", "'WHEN the card is declined THE shop SHALL keep the cart for 60"),
        ("minutes.\n", "minutes.\n  - Superseded by: other/R1.1\n", "was superseded by other/R1.1"),
    ):
        gitrepo.commit(guest.top, {"specs/guest/requirements.md": text.replace(old, new, 1)})
        before = guest.git("rev-parse", "main")
        guest.run("approve", "longer", "--yes", "--through", "release")
        result = guest.run("run", "longer")
        assert result.exit == 3
        assert said in " ".join(result.said.split())
        assert guest.git("rev-parse", "main") == before


def test_what_is_not_in_force_cannot_be_superseded(guest: Project) -> None:
    guest.new("small", "longer")
    guest.write("requirements.md", MORE.replace("guest/R1.1", "guest/R7.1"), "longer")
    said = guest.run("approve", "longer", "--yes")
    assert said.exit == 1
    found = guest.show("longer")["findings"]
    assert [one["message"] for one in found if one["severity"] == "blocks"] == [
        "guest/R7.1 is no criterion of a released change"
    ]


def test_a_criterion_may_be_retired_by_a_change_or_in_place(guest: Project) -> None:
    story = MORE.replace("  - Supersedes: guest/R1.1\n", "").replace(
        "## Tasks", "Retires: guest/R1.2 because nobody asked for it\n\n## Tasks"
    )
    assert release(guest, "longer", story, LONGER) == 0
    over = living(guest, "--all")["guest/R1.2"]["over"]
    assert over == "retired by longer because nobody asked for it"

    guest.ok("revise", "specs/guest", "R1.1", "--why", "nobody declines")
    guest.git("add", "-A")
    guest.git("commit", "-qm", "Revise")
    found = guest.run("check", "--drift", "--json").json
    assert found["findings"] == []
    assert found["standing"] == {"retired": 2, "holds": 1}
    assert living(guest, "--all")["guest/R1.1"]["over"] == "retired: nobody declines"


def test_specs_of_hosts_are_promises_too_and_need_no_setting_up(
    checkout: Project,
) -> None:
    cart = (
        "# Cart\n\n## Requirements\n\n### Requirement: Kept\n\nIt SHALL be kept.\n\n"
        "#### Scenario: %s\n\n- **WHEN** declined\n- **THEN** kept\n"
    )
    gitrepo.commit(
        checkout.top,
        {
            ".kiro/specs/pay/requirements.md": "# Pay\n\n### Requirement 1\n\n"
            "#### Acceptance Criteria\n\n1. WHEN it is paid THE SYSTEM SHALL say so\n",
            "openspec/specs/cart/spec.md": cart % "Declined",
            "openspec/changes/more/specs/cart/spec.md": cart % "Open",
            "openspec/changes/archive/2026-01-02-begin/specs/cart/spec.md": cart % "Open",
            "specs/001-mail/spec.md": "# Mail\n\n### Functional Requirements\n\n"
            "- **FR-001**: System MUST send mail\n",
        },
    )
    found = living(checkout)
    assert list(found) == ["begin/cart/Kept/Declined", "pay/R1.1", "001-mail/FR-001"]
    assert {one["standing"] for one in found.values()} == {"unproven"}
    assert "begin: nobody signed it here" in checkout.ok("show", "--living").out
    assert list(living(checkout, ".kiro")) == ["pay/R1.1"]
