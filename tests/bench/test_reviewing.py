"""The figures of a review: each kind of change is made, and what a gate leaves out is found."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from bench.revising import Text, revisions

from accord.app import gate_view
from accord.app.views import View
from accord.core.delta import ItemChange
from accord.core.model import Spec
from accord.formats.registry import named
from bench import reviewing

CRITERIA = """\
1. WHEN a card fails THEN the shop SHALL keep the cart
2. WHEN an hour passes THEN the shop SHALL drop the cart
3. WHEN a guest returns THEN the shop SHALL greet them kindly
"""
STORY = f"""\
# Requirements

## Requirements

### Requirement 1: Cart

**User Story:** As a guest, I want to keep my cart, so that I can pay again.

#### Acceptance Criteria

{CRITERIA}
### Requirement 2: Receipt

#### Acceptance Criteria

1. WHEN a guest pays THEN the shop SHALL mail a receipt
"""
DESIGN = "# Design\n\n## Overview\n\n" + "Many words of prose about the carts. " * 20 + "\n"
TEXTS: Sequence[Text] = (
    ("design.md", DESIGN.encode()), ("requirements.md", STORY.encode()),
)  # fmt: skip
KIRO = named("kiro")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "one" / ".kiro" / "specs" / "cart"
    folder.mkdir(parents=True)
    for name, data in TEXTS:
        (folder / name).write_bytes(data)
    return tmp_path


def spec(texts: Sequence[Text] = TEXTS) -> Spec:
    return reviewing._read(KIRO, texts)


def test_each_kind_of_change_is_made_as_an_author_makes_it() -> None:
    made = {one.kind: spec(one.texts) for one in revisions(spec(), TEXTS)}
    said = {kind: [one.text for one in each.criteria] for kind, each in made.items()}
    was = [one.text for one in spec().criteria]
    assert len(made) == 7
    assert "altogether otherwise" in said["a criterion reworded"][2]
    assert len(said["a criterion added"]) == len(was) + 1
    assert said["a criterion removed"] == [was[0], was[1], was[3]]
    assert said["a criterion moved"] == [was[2], was[0], was[1], was[3]]
    assert [one.text for one in made["a question asked"].questions] == ["who pays for it?"]
    assert said["a paragraph of the design changed"] == was
    for each in made.values():  # each list counts from one, whatever was put in or taken out
        ids = [one.id for one in each.criteria]
        assert ids == [*(f"R1.{n}" for n in range(1, len(ids))), "R2.1"]


def test_reviewing_gives_words_and_keys_with_everything_shown(corpus: Path) -> None:
    found = {one.name: one for one in reviewing.measure(corpus)}
    first, again = (found[f"words read {when}, all gates"] for when in ("at first", "again"))
    assert 5 < first.value < 60
    assert again.value > 0
    assert found["words read at first, all gates, worst spec"].value == first.value
    assert all(kind in found["words read again, all gates"].note for kind in
               ("reworded", "added", "removed", "moved", "question", "paragraph"))  # fmt: skip
    assert found["changes and questions shown"].value == 1
    assert found["keys to decide at first, most"].value > found["keys to decide again, most"].value


def test_a_gate_that_leaves_out_a_change_is_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def but_one(spec: Spec, changed: Iterable[ItemChange]) -> list[View]:
        return gate_view.entries(spec, changed)[1:]

    monkeypatch.setattr(reviewing, "entries", but_one)
    found = {one.name: one for one in reviewing.measure(corpus)}
    assert not found["changes and questions shown"].kept


def test_a_gate_that_leaves_out_a_question_is_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "notes_of", lambda _: [])
    found = {one.name: one for one in reviewing.measure(corpus)}
    assert not found["changes and questions shown"].kept


def test_without_the_specs_of_others_it_says_so(tmp_path: Path) -> None:
    assert reviewing.measure(tmp_path / "none") == []
    assert reviewing.absent(tmp_path / "none") == f"the corpus is not here: {tmp_path / 'none'}"
    assert reviewing.absent(tmp_path) == ""
