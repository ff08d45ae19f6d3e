from collections.abc import Mapping

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import gates
from accord.core.approval import Approval, Decision, GateRule, Json, Trust, Unsound
from accord.core.gates import Facts, Standing
from accord.core.model import SPEC_STAGES, STAGES, Stage, Track
from agreements import CODE, FILES, STORY, agreed, also, at, facts, log, now, on_track, record, spec


def standing(known: Facts) -> list[Standing]:
    return [gate.standing for gate in gates.standings(known)]


def test_nothing_is_open_without_records() -> None:
    assert standing(facts()) == [Standing.WAITING] + [Standing.SHUT] * 5
    assert now(facts()).reason == "nobody has approved it yet"
    assert gates.standings(facts())[1].reason == "the story gate is not open"


def test_the_six_gates_open_one_after_the_other() -> None:
    for count, stage in enumerate(STAGES):
        found = gates.standings(agreed(facts(), stage))

        assert [one.passed for one in found] == [True] * (count + 1) + [False] * (5 - count)
        assert found[count].reason == "approved by ann"
        assert found[count].approvers == ("ann",)

    assert gates.current(gates.standings(agreed(facts()))) is None


def test_the_three_documents_are_divided_among_the_gates_to_the_last_item() -> None:
    found = gates.standings(facts(files={**FILES, "mockups/cart.html": "<p>", "notes.md": "x"}))

    assert [list(gate.items) for gate in found[:3]] == [
        ["requirements.md", "Q1", "R1", "R1.1", "R1.2", "R2", "R2.1", "R3.1"],
        ["design.md", "D1", "D2", "mockups/cart.html", "notes.md"],
        ["tasks.md", "T1", "T2", "T3"],
    ]
    assert all(gate.items == CODE for gate in found[3:])


def test_another_policy_shuts_every_gate_and_names_no_item() -> None:
    known = evolve(agreed(facts()), policy="another")

    assert standing(known) == [Standing.WAITING] + [Standing.SHUT] * 5
    assert now(known).reason == "the policy changed since it was approved"
    assert now(known).asked == ()


def test_a_rejection_after_the_approval_shuts_the_gate() -> None:
    known = agreed(facts(), Stage.STORY)
    story = at(known, Stage.STORY)
    back = evolve(
        record("story", story.items, by="bob", number=2, decision=Decision.REJECT), reason="vague"
    )

    known = also(known, back)

    assert now(known).reason == "bob sent it back: vague"
    assert now(known).asked == tuple(story.items)
    assert at(known, Stage.DESIGN).standing is Standing.SHUT
    assert at(also(known, record("story", story.items, number=3)), Stage.STORY).passed


def test_a_rejection_of_a_gate_that_is_shut_for_now_counts_when_it_would_open_again() -> None:
    known = agreed(facts(), Stage.DESIGN)
    known = also(known, record("design", at(known, Stage.DESIGN).items, number=2))
    newer = spec({**FILES, "requirements.md": STORY.replace("greet", "welcome")})
    shut = at(evolve(known, spec=newer), Stage.DESIGN)
    assert shut.standing is Standing.SHUT
    back = record("design", shut.items, number=shut.round + 1, decision=Decision.REJECT)

    known = agreed(also(evolve(known, spec=newer), back), Stage.STORY)

    assert (now(known).stage, now(known).rejected) == (Stage.DESIGN, known.log.signed[3])


@pytest.mark.parametrize("first", [Decision.APPROVE, Decision.REJECT])
def test_a_rejection_counts_among_the_decisions_of_its_round_in_any_order(first: Decision) -> None:
    items = now(facts()).items
    both = [
        record("story", items, decision=Decision.APPROVE),
        record("story", items, by="bob", decision=Decision.REJECT),
    ]
    both.sort(key=lambda one: one.decision is not first)

    assert now(facts(*both)).stage is Stage.STORY


def test_the_text_of_an_older_round_is_not_approved_any_more() -> None:
    known = agreed(facts(), Stage.STORY)
    newer = spec({**FILES, "requirements.md": STORY.replace("a receipt", "one receipt")})
    known = agreed(evolve(known, spec=newer), Stage.STORY)

    rolled_back = evolve(known, spec=spec())

    assert now(rolled_back).stage is Stage.STORY
    assert now(rolled_back).asked == ("R2.1",)


def test_a_record_of_an_older_round_that_comes_late_opens_nothing_and_hides_nothing() -> None:
    known = agreed(facts(), Stage.STORY)
    newer = spec({**FILES, "requirements.md": STORY.replace("a receipt", "one receipt")})
    known = agreed(evolve(known, spec=newer), Stage.STORY)

    known = also(evolve(known, spec=spec()), record("story", at(facts(), Stage.STORY).items))

    assert now(known).stage is Stage.STORY
    assert now(known).asked == ("R2.1",)


@pytest.mark.parametrize("gate", ["design", "track", "size", "Story", ""])
def test_an_approval_for_another_gate_opens_nothing(gate: str) -> None:
    known = facts(record(gate, now(facts()).items))

    assert now(known).stage is Stage.STORY
    assert now(known).reason == "nobody has approved it yet"


@pytest.mark.parametrize("decision", [Decision.WAIVE, Decision.REJECT])
def test_only_an_approval_opens_a_gate(decision: Decision) -> None:
    assert now(facts(record("story", now(facts()).items, decision=decision))).stage is Stage.STORY


def test_an_approval_of_fewer_or_more_items_opens_nothing() -> None:
    items = dict(now(facts()).items)
    fewer = {name: digest for name, digest in items.items() if name != "R2.1"}

    assert now(facts(record("story", fewer))).asked == ("R2.1",)
    assert now(facts(record("story", {**items, "R9.9": "0" * 64}))).asked == ("R9.9",)
    assert now(facts(record("story", {}))).asked == tuple(items)


def test_the_gates_of_the_work_wait_until_it_is_built() -> None:
    known = agreed(facts())

    unbuilt = gates.standings(evolve(known, built=False))

    assert [gate.passed for gate in unbuilt] == [True] * 3 + [False] * 3
    assert unbuilt[3].standing is Standing.EARLY
    assert unbuilt[3].reason == "the work is not built yet"
    assert unbuilt[4].reason == "the implementation gate is not open"


def test_a_stage_without_anything_in_it_cannot_be_approved() -> None:
    known = agreed(facts(files={"requirements.md": STORY}), Stage.STORY)

    assert now(known).standing is Standing.EARLY
    assert now(also(known, record("design", {}))).standing is Standing.EARLY


def test_later_gates_stay_shut_behind_one_that_is_not_open() -> None:
    approvals = [one.approval for one in agreed(facts()).log.signed]
    without = [one for one in approvals if one.gate != "design"]

    assert standing(facts(*without)) == [Standing.OPEN, Standing.WAITING] + [Standing.SHUT] * 4


def two(*approvals: Approval) -> Facts:
    trust = Trust("shop", 1, (), {"story": GateRule(threshold=2)})
    return evolve(facts(*approvals), trust=trust)


def test_a_threshold_counts_people_and_not_records() -> None:
    items = now(facts()).items
    alone = two(record("story", items), record("story", items))

    assert now(alone).reason == "1 of 2 people approved"
    both = at(two(record("story", items), record("story", items, by="bob")), Stage.STORY)
    assert (both.passed, both.approvers) == (True, ("ann", "bob"))


def test_two_people_who_saw_different_items_do_not_add_up() -> None:
    items = now(facts()).items
    other = {**items, "R2.1": "0" * 64}

    assert now(two(record("story", items), record("story", other, by="bob"))).approvers == ("ann",)


def test_two_people_in_different_rounds_do_not_add_up() -> None:
    items = now(facts()).items

    known = two(record("story", items), record("story", items, by="bob", number=2))

    assert now(known).approvers == ("bob",)


def test_the_second_person_is_asked_about_all_that_the_first_one_was() -> None:
    items = now(facts()).items

    assert now(two(record("story", items))).asked == tuple(items)


def test_no_threshold_makes_a_gate_open_by_itself() -> None:
    trust = Trust("shop", 1, (), {"story": GateRule(threshold=0)})

    assert now(evolve(facts(), trust=trust)).stage is Stage.STORY


@pytest.mark.parametrize("track", list(Track))
def test_one_unsound_record_shuts_every_gate_on_every_track(track: Track) -> None:
    known = agreed(facts(on_track(track)))

    shut = evolve(known, log=evolve(known.log, unsound=(Unsound("x.json", "x.json was changed."),)))

    assert standing(shut) == [Standing.SHUT] * 6
    assert now(shut).reason == "x.json was changed."


@pytest.mark.parametrize(
    ("track", "stages"),
    [
        (Track.FULL, STAGES),
        (Track.SMALL, (Stage.STORY, Stage.REVIEW)),
        (Track.TRIVIAL, (Stage.REVIEW,)),
    ],
)
def test_a_track_skips_the_gates_that_it_does_not_have(
    track: Track, stages: tuple[Stage, ...]
) -> None:
    found = gates.standings(agreed(facts(on_track(track))))

    assert tuple(gate.stage for gate in found if gate.standing is Standing.OPEN) == stages
    assert all(gate.passed for gate in found)


def test_a_skipped_gate_is_skipped_even_behind_one_that_is_not_open() -> None:
    found = standing(facts(on_track("small")))

    assert found == [Standing.WAITING, *[Standing.SKIPPED] * 3, Standing.SHUT, Standing.SKIPPED]


@pytest.mark.parametrize("path", ["mockups/a.html", "design.md", "tasks.md", "x.md"])
def test_on_the_small_track_the_story_covers_the_whole_folder(path: str) -> None:
    small = {"requirements.md": STORY}
    known = agreed(facts(on_track("small"), files=small))

    after = evolve(known, spec=spec({**small, path: "text"}))

    assert now(after).stage is Stage.STORY
    assert now(after).asked == (path,)


TRUST = Trust("shop", 1, ())


def test_a_track_counts_when_as_many_chose_it_as_the_trust_file_asks() -> None:
    two = Trust("shop", 1, (), {"track": GateRule(threshold=2)})
    ann, ben = on_track("trivial", 2), evolve(on_track("trivial", 2), approver="ben")

    assert gates.track(log(on_track("full"), ann), two) is Track.FULL
    assert gates.track(log(on_track("full"), ann, ann), two) is Track.FULL
    assert gates.track(log(on_track("full"), ann, ben), two) is Track.TRIVIAL


def test_of_two_tracks_chosen_in_one_round_the_stricter_counts() -> None:
    assert gates.track(log(on_track("small"), on_track("trivial")), TRUST) is Track.SMALL


def test_the_latest_track_counts_and_full_is_what_holds_without_one() -> None:
    assert gates.track(log(), TRUST) is Track.FULL
    assert gates.track(log(on_track("small"), on_track("full", 2)), TRUST) is Track.FULL
    assert gates.track(log(on_track("full"), on_track("trivial", 2)), TRUST) is Track.TRIVIAL


@pytest.mark.parametrize("value", ["none", "", None, 3, ["trivial"], {"track": "trivial"}])
def test_a_track_that_nobody_knows_is_ignored(value: Json) -> None:
    assert gates.track(log(on_track("small"), on_track(value, 2)), TRUST) is Track.SMALL
    assert gates.track(log(on_track(value)), TRUST) is Track.FULL


@pytest.mark.parametrize("decision", [Decision.REJECT, Decision.WAIVE])
def test_a_track_is_set_by_an_approval_alone(decision: Decision) -> None:
    assert gates.track(log(on_track("trivial", decision=decision)), TRUST) is Track.FULL


def test_stepping_up_keeps_the_story_that_was_approved() -> None:
    small = {"requirements.md": STORY}
    known = agreed(facts(on_track("small"), files=small), Stage.STORY)

    known = also(known, on_track("full", 2))

    assert at(known, Stage.STORY).passed
    assert at(known, Stage.DESIGN).standing is Standing.EARLY


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(list(FILES)), st.sampled_from("abc")),
        st.tuples(st.just("approve"), st.sampled_from(SPEC_STAGES), st.just("")),
        st.tuples(st.just("reject"), st.sampled_from(SPEC_STAGES), st.just("")),
    ),
    max_size=12,
)


@given(STEPS)
def test_a_gate_is_open_only_by_an_approval_of_exactly_what_is_there(
    steps: list[tuple[str, str, str]],
) -> None:
    known, files = facts(), dict(FILES)
    latest: dict[str, tuple[str, Mapping[str, str]]] = {}
    for verb, what, letter in steps:
        if verb == "edit":
            files[what] = FILES[what].replace("the", letter)
            known = evolve(known, spec=spec(files))
            continue
        gate = at(known, Stage(what))
        latest[what] = (verb, gate.items)
        known = also(
            known, record(what, gate.items, number=gate.round + 1, decision=Decision(verb))
        )
    ahead = True
    for gate in gates.standings(known)[:3]:
        ahead = ahead and latest.get(gate.stage) == ("approve", gate.items)
        assert gate.passed is ahead
