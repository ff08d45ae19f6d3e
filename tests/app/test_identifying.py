"""The ledger beside a host's spec: written when somebody looked, read at every check."""

from pathlib import Path

import pytest

from accord.app import checking, identifying
from accord.core.model import Spec
from accord.errors import ConfigurationError
from accord.formats import kiro

FOLDER = ".kiro/specs/cart"
STORY = """# Requirements

### Requirement 1: Cart

#### Acceptance Criteria

1. WHEN the card is declined THEN the shop SHALL keep the cart
2. WHEN an hour has passed THEN the shop SHALL empty the basket
"""
PLAN = "# Plan\n\n- [ ] 1. Empty it\n  - _Requirements: 1.1, 1.2_\n"


def lay(root: Path, story: str) -> Spec:
    texts = {"requirements.md": story, "tasks.md": PLAN}
    for name, text in texts.items():
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        (root / FOLDER / name).write_text(text)
    return Spec(tuple(kiro.read(name, text.encode()) for name, text in texts.items()))


def told(root: Path) -> list[str]:
    (spec,) = checking.check(root, [], kept=root / "kept")
    return [one.message for one in spec.findings if one.rule in ("re-pointed", "unsure-id")]


def test_a_reference_that_came_to_mean_something_else_is_told(tmp_path: Path) -> None:
    spec = lay(tmp_path, STORY)
    assert told(tmp_path) == []
    identifying.remember(tmp_path, FOLDER, spec)
    assert told(tmp_path) == []

    more = STORY.replace("2. WHEN", "2. WHEN it rains THEN all SHALL wait\n3. WHEN")
    spec = lay(tmp_path, more)

    (message,) = told(tmp_path)
    assert message == (
        "T1 names R1.2, which said 'WHEN an hour has passed THEN the shop SHALL empty the basket'"
        " and now says 'WHEN it rains THEN all SHALL wait'"
    )
    identifying.remember(tmp_path, FOLDER, spec)
    assert told(tmp_path) == []


def test_an_item_in_doubt_is_told_until_it_is_decided(tmp_path: Path) -> None:
    identifying.remember(tmp_path, FOLDER, lay(tmp_path, STORY))
    other = lay(tmp_path, STORY.replace("an hour has passed THEN the shop SHALL empty the basket",
                                        "nobody pays SHALL a bell ring"))  # fmt: skip

    first = told(tmp_path)
    assert len(first) == 2
    assert "which one that is now is not certain" in first[0]
    assert first[1].startswith("R1.2 may be what said 'WHEN an hour has passed")
    identifying.remember(tmp_path, FOLDER, other)
    assert len(told(tmp_path)) == 2
    identifying.remember(tmp_path, FOLDER, other, {"R1.2": ""})
    assert told(tmp_path) == []


def test_a_ledger_that_is_none_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, STORY)
    path = tmp_path / identifying.ledger(FOLDER)
    path.parent.mkdir(parents=True)
    path.write_text("x")

    with pytest.raises(ConfigurationError, match="ledger"):
        checking.check(tmp_path, [])
