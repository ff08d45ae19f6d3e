"""A history is replayed before anybody set Accord up, in each format: what would be asked?"""

from pathlib import Path

import pytest

import gitrepo
from project import make_checkout

CODE = """\
def keep_declined_cart(cart, minutes=60):
    kept = list(cart)
    return kept, minutes


def refuse_empty_checkout(cart):
    return not cart
"""
KIRO = """\
# Requirements Document

## Requirements

### Requirement 1

#### Acceptance Criteria

1. WHEN the card is declined THE SYSTEM SHALL keep the cart for 60 minutes
"""
SPECKIT = """\
# Feature Specification: Cart

## Requirements

### Functional Requirements

- **FR-001**: System MUST keep the declined cart for 60 minutes
"""
OPENSPEC = """\
# cart Specification

## Purpose
The cart of a guest is kept in one place for a while.

## Requirements

### Requirement: Keep the declined cart
The system SHALL keep the declined cart for 60 minutes.

#### Scenario: Declined
- **WHEN** the card is declined
- **THEN** keep the cart
"""
SPECS = {
    "kiro": {".kiro/specs/cart/requirements.md": KIRO},
    "spec-kit": {"specs/001-cart/spec.md": SPECKIT},
    "openspec": {"openspec/specs/cart/spec.md": OPENSPEC},
}


@pytest.mark.parametrize("form", SPECS)
def test_a_history_is_replayed_where_nobody_set_anything_up(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_checkout(tmp_path, monkeypatch, {**SPECS[form], "shop/cart.py": CODE})
    first = project.git("rev-parse", "HEAD")
    gitrepo.commit(project.top, {"shop/cart.py": f"# Carts\n{CODE}"}, "Lay it out")
    behaves = gitrepo.commit(project.top, {"shop/cart.py": CODE.replace("=60", "=90")}, "Longer")
    gitrepo.commit(project.top, {"shop/cart.py": CODE.replace("=60", " = 90")}, "Space")

    found = project.ok("check", "--drift", "--replay", f"{first}..HEAD", "--json").json

    assert [one["commit"] for one in found["reports"]] == [behaves]
    assert found["guessed"] >= 1
    out = project.ok("check", "--drift", "--replay", f"{first}..HEAD").out
    assert "in 3 commits\nnothing was traced then: " in out
    assert "keep_declined_cart does something else" in out
