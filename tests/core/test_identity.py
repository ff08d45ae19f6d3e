"""Items are known again, or the doubt is told; an id never passes to another item in silence."""

import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import identity
from accord.core.identity import How, Identified, Known, identify, record, shifts
from accord.core.model import Spec
from accord.errors import ConfigurationError
from accord.formats import kiro, openspec

STORY = """# Requirements

### Requirement 1: Cart

#### Acceptance Criteria

1. WHEN the card is declined THEN the shop SHALL keep the cart
2. WHEN an hour has passed THEN the shop SHALL empty the basket at once
3. IF a guest comes back THEN the shop SHALL greet the guest by name

### Requirement 2: Mail

#### Acceptance Criteria

1. WHEN an order is paid THEN the shop SHALL send one letter
"""
PLAN = "# Plan\n\n- [ ] 1. Empty it\n  - _Requirements: 1.2_\n"


def spec(story: str = STORY, plan: str = PLAN) -> Spec:
    files = {"requirements.md": story, "tasks.md": plan}
    return Spec(tuple(kiro.read(name, text.encode()) for name, text in files.items()))


LEDGER = record((), identify((), spec()))
IDS = {one.host: one.id for one in LEDGER}


def now(story: str = STORY, plan: str = PLAN) -> tuple[Identified, Mapping[str, tuple[str, How]]]:
    found = identify(LEDGER, spec(story, plan))
    return found, {one.item.id: (one.id, one.how) for one in found.matches}


def test_what_did_not_change_is_the_same() -> None:
    found, by_host = now()

    assert by_host == {host: (name, How.SAME) for host, name in IDS.items()}
    assert (found.gone, found.unsure, shifts(LEDGER, found)) == ((), (), ())


def test_an_insert_moves_positions_and_no_id() -> None:
    more = STORY.replace(
        "2. WHEN an hour", "2. WHEN it rains THEN nobody SHALL care\n3. WHEN an hour"
    )
    found, by_host = now(more.replace("3. IF", "4. IF"))

    assert by_host["R1.1"] == (IDS["R1.1"], How.SAME)
    assert by_host["R1.2"][1] is How.NEW
    assert by_host["R1.3"] == (IDS["R1.2"], How.MOVED)
    assert by_host["R1.4"] == (IDS["R1.3"], How.MOVED)
    assert [(one.item.id, one.name, one.was, one.now) for one in shifts(LEDGER, found)] == [
        ("T1", "R1.2", IDS["R1.2"], by_host["R1.2"][0])
    ]


def test_an_edit_keeps_the_id_and_a_rename_too() -> None:
    _, by_host = now(STORY.replace("basket at once", "basket").replace("1: Cart", "1: Trolley"))

    assert by_host["R1.2"] == (IDS["R1.2"], How.EDITED)
    assert by_host["R1"] == (IDS["R1"], How.EDITED)


def test_a_criterion_that_goes_to_another_requirement_keeps_its_id() -> None:
    line = "1. WHEN an order is paid THEN the shop SHALL send one letter\n"
    _, by_host = now(STORY.replace(line, "").replace("name\n", f"name\n{line.replace('1.', '4.')}"))

    assert by_host["R1.4"] == (IDS["R2.1"], How.MOVED)


def test_other_words_in_the_same_place_are_a_doubt() -> None:
    hour = "WHEN an hour has passed THEN the shop SHALL empty the basket at once"
    found, by_host = now(STORY.replace(hour, "Nobody pays twice SHALL hold"))

    assert by_host["R1.2"] == ("", How.UNSURE)
    assert found.unsure[0].candidates == (IDS["R1.2"],)
    assert [one.name for one in shifts(LEDGER, found)] == ["R1.2"]
    undecided = record(LEDGER, found)
    assert IDS["R1.2"] in {one.id for one in undecided}
    assert "R1.2" not in {one.host for one in undecided if one.id != IDS["R1.2"]}
    decided = record(LEDGER, found, {"R1.2": IDS["R1.2"]})
    assert {one.host: one.id for one in decided}["R1.2"] == IDS["R1.2"]
    renewed = record(LEDGER, found, {"R1.2": ""})
    assert {one.host: one.id for one in renewed}["R1.2"] not in {*IDS.values(), ""}


def test_one_of_two_that_say_the_same_is_a_doubt() -> None:
    twice = STORY.replace(
        "1. WHEN an order is paid THEN the shop SHALL send one letter",
        "1. WHEN the card is declined THEN the shop SHALL keep the cart",
    )
    ledger = record((), identify((), spec(twice)))
    kept = identify(ledger, spec(twice))
    assert {one.how for one in kept.matches} == {How.SAME}

    found = identify(ledger, spec(STORY.replace("send one letter", "do otherwise now")))
    names = {one.item.id: one.how for one in found.matches}
    assert names["R1.1"] in (How.UNSURE, How.EDITED)


def test_a_title_that_openspec_goes_by_may_change() -> None:
    text = """## ADDED Requirements

### Requirement: Kept
It SHALL.

#### Scenario: Away
- **WHEN** a shopper leaves the shop
- **THEN** the cart stays
"""

    def read(source: str) -> Spec:
        return Spec((openspec.read("specs/cart/spec.md", source.encode()),))

    ledger = record((), identify((), read(text)))
    found = identify(ledger, read(text.replace("Requirement: Kept", "Requirement: Held")))
    assert [one.how for one in found.matches] == [How.EDITED, How.MOVED]
    assert [one.id for one in found.matches] == [one.id for one in ledger]


def test_an_id_that_was_retired_never_comes_back() -> None:
    ledger = identity.retired(LEDGER, IDS["R1.2"], "replaced")

    found = identify(ledger, spec())

    by_host = {one.item.id: one for one in found.matches}
    assert by_host["R1.2"].how is How.NEW
    assert by_host["R1.2"].id != IDS["R1.2"]
    assert IDS["R1.2"] in {one.id for one in record(ledger, found)}


@given(st.lists(st.tuples(st.text(), st.text(), st.lists(st.text()))))
def test_a_ledger_is_read_back_as_it_was_written(rows: list[tuple[str, str, list[str]]]) -> None:
    known = tuple(
        Known(one, "c", one, words, tuple(names), tuple(names)) for one, words, names in rows
    )

    assert identity.from_toml(identity.to_toml(known)) == known


@pytest.mark.parametrize("text", ["x", "item = 3", "[[item]]\nid = 1\n", "[item]\n"])
def test_what_is_no_ledger_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="ledger"):
        identity.from_toml(text)


# Each criterion has words of its own, so that who is who can be known for certain.
def sentence(number: int) -> list[str]:
    stem = string.ascii_lowercase[number % 26] * (number // 26 + 1)
    return [f"{stem}{letter}" for letter in "abcdefgh"]


STEPS = st.lists(
    st.tuples(st.sampled_from("insert delete move edit rename".split()), st.integers(0, 99),
              st.integers(0, 99)),
    max_size=6,
)  # fmt: skip


@given(st.integers(1, 9), STEPS)
def test_no_id_ever_passes_to_another_item(count: int, steps: list[tuple[str, int, int]]) -> None:
    rows = [(number, sentence(number)) for number in range(count)]
    title = "Cart"

    def text() -> Spec:
        lines = [f"{at}. {' '.join(words)} SHALL" for at, (_, words) in enumerate(rows, 1)]
        story = f"### Requirement 1: {title}\n\n#### Acceptance Criteria\n\n" + "\n".join(lines)
        return Spec((kiro.read("requirements.md", story.encode()),))

    ledger = record((), identify((), text()))
    ids = {number: ledger[number + 1].id for number in range(count)}
    untouched = set(range(count))
    for step, (kind, one, other) in enumerate(steps):
        at = one % max(1, len(rows))
        if kind == "insert":
            rows.insert(at, (100 + step, sentence(30 + step)))
        elif kind == "rename":
            title = f"Name {one}"
        elif not rows:
            continue
        elif kind == "delete":
            del rows[at]
        elif kind == "move":
            rows.insert(other % len(rows), rows.pop(at))
        else:
            number, words = rows[at]
            rows[at] = number, [*words[:-1], f"new{step}"]
            untouched.discard(number)
    found = identify(ledger, text())

    told = [one for one in found.matches if one.item.kind == "criterion"]
    for (number, _), match in zip(rows, told, strict=True):
        if number in untouched:
            assert match.id == ids[number]
        elif number in ids:
            assert match.id == ids[number] or match.how is How.UNSURE
        else:
            assert match.id not in ids.values()
    given_ids = [one.id for one in found.matches if one.id]
    assert len(given_ids) == len(set(given_ids))
