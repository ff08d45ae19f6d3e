from collections.abc import Mapping

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core import gates
from accord.core.approval import Decision, Unsound
from accord.core.checks import Finding, Severity
from accord.core.gates import Facts
from accord.core.model import SPEC_STAGES, STAGES, Stage, Track
from accord.core.reconcile import (
    Action,
    Build,
    Draft,
    Land,
    Prove,
    Release,
    Situation,
    Step,
    Wait,
    Work,
    WorkState,
    next_steps,
)
from agreements import agreed, also, facts, now, on_track, record, spec

SHOW, RUN, APPROVE = "accord show guests", "accord run guests", "accord approve guests"
TIP, BASIS, KEY = "1" * 40, "2" * 64, "3" * 64


def before(stage: Stage) -> Facts:
    """Return the facts of a change that stands before the gate of `stage`."""
    number = STAGES.index(stage)
    return agreed(facts(), STAGES[number - 1]) if number else facts()


def situation(known: Facts) -> Situation:
    return Situation(
        "guests", Track.FULL, gates.standings(known), basis=BASIS, document="tasks.md",
        folder="/desk", code="c" * 64, tip=TIP,
    )  # fmt: skip


def sent_back(known: Facts) -> Facts:
    gate = now(known)
    back = record(gate.stage, gate.items, number=gate.round + 1, decision=Decision.REJECT)
    return also(known, evolve(back, reason="vague"))


def finding(rule: str, item: str) -> Finding:
    return Finding(rule, Severity.BLOCKS, "tasks.md", 1, 1, item, "", "")


def wait(what: str, command: str, place: str = "") -> Wait:
    return Wait("guests", what, command, place)


def work(task: str, state: WorkState, number: int = 1) -> Work:
    return Work(task, f"Do {task}", KEY, state, number, commit=f"{task}{'4' * 38}")


LANDED = work("T1", WorkState.LANDED)
READY = work("T2", WorkState.READY, 3)
BUILT = work("T3", WorkState.BUILT)
BLOCKED = work("T4", WorkState.BLOCKED)
BY_HAND = evolve(READY, by_hand=True, folder="/desk/T2")


def steps(known: Situation) -> tuple[Step, ...]:
    return next_steps(known, "5" * 40)


@pytest.mark.parametrize("stage", SPEC_STAGES)
def test_a_document_goes_from_blank_to_approved(stage: Stage) -> None:
    ready = situation(before(stage))
    blank = evolve(ready, blank=True)
    returned = situation(sent_back(before(stage)))
    questions = (finding("open-question", "Q1"), finding("open-assumption", "A1"))
    draft = Draft("guests", stage, BASIS, 1)

    assert [
        steps(evolve(blank, drafted_by_agent=True)),
        steps(evolve(blank, drafted_by_agent=True, draft=2)),
        steps(blank),
        steps(evolve(returned, drafted_by_agent=True)),
        steps(returned),
        steps(evolve(blank, drafted_by_agent=True, failed={stage: "the agent died"})),
        steps(evolve(ready, blocking=(*questions, finding("cycle", "T1")))),
        steps(evolve(ready, blocking=(finding("cycle", "T1"),))),
        steps(evolve(ready, blocking=(finding("cycle", "T1"),) * 2)),
        steps(ready),
    ] == [
        (draft,),
        (evolve(draft, number=2),),
        (wait("write tasks.md", SHOW, "/desk"),),
        (draft,),
        (wait("revise tasks.md", SHOW, "/desk"),),
        (wait("the agent died", RUN),),
        (wait("answer Q1, A1", "accord answer guests Q1 '...'"),),
        (wait("mend 1 finding in tasks.md", SHOW, "/desk"),),
        (wait("mend 2 findings in tasks.md", SHOW, "/desk"),),
        (wait(f"approve the {stage}", APPROVE),),
    ]


def test_a_document_that_was_edited_after_it_was_sent_back_waits_for_the_person() -> None:
    known = evolve(sent_back(facts()), spec=spec({"requirements.md": "# Other\n"}))

    assert steps(situation(known)) == (wait("approve the story", APPROVE),)


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ((READY, BLOCKED), [Build("guests", "T2", 3, KEY, by_hand=False)]),
        ((BY_HAND,), [wait("build T2: Do T2", f"{RUN} --built T2", "/desk/T2")]),
        ((evolve(BY_HAND, handed_in=True),), [Build("guests", "T2", 3, KEY, by_hand=True)]),
        ((LANDED, BUILT), [Land("guests", "T3", BUILT.commit, TIP)]),
        (
            (BUILT, evolve(BUILT, task="T5"), READY),
            [
                Land("guests", "T3", BUILT.commit, TIP),
                Build("guests", "T2", 3, KEY, by_hand=False),
            ],
        ),
        ((LANDED, BLOCKED), [wait("T4 can never start", SHOW)]),
    ],
)
def test_tasks_are_built_side_by_side_and_land_one_at_a_time(
    tasks: tuple[Work, ...], expected: list[Step]
) -> None:
    known = evolve(situation(evolve(before(Stage.IMPLEMENTATION), built=False)), work=tasks)

    assert list(steps(known)) == expected


def test_a_task_that_failed_waits_and_holds_up_no_other() -> None:
    known = evolve(
        situation(evolve(before(Stage.IMPLEMENTATION), built=False)),
        work=(LANDED, READY, BUILT, evolve(READY, task="T6"), BLOCKED),
        failed={"T1": "old", "T2": "exit 1", "T3": "it conflicts"},
    )

    assert list(steps(known)) == [
        wait("T2 is not done: exit 1", RUN),
        wait("T3 is not done: it conflicts", RUN),
        Build("guests", "T6", 3, KEY, by_hand=False),
    ]


@pytest.mark.parametrize("stage", STAGES[3:])
@pytest.mark.parametrize("tasks", [(READY, BUILT), (LANDED,)])
def test_a_change_that_outgrew_its_track_stops_whatever_is_left_of_it(
    stage: Stage, tasks: tuple[Work, ...]
) -> None:
    known = evolve(
        situation(before(stage)), work=tasks, obstacle="too large", obstacle_hint="--track full"
    )

    assert steps(known) == (wait("too large", "--track full"),)
    assert steps(evolve(known, gates=gates.standings(agreed(facts())))) == steps(known)


@pytest.mark.parametrize("stage", STAGES[3:])
def test_what_is_built_is_proved_and_then_decided_on(stage: Stage) -> None:
    built = evolve(situation(before(stage)), work=(LANDED,))
    returned = evolve(situation(sent_back(before(stage))), work=(LANDED,), evidence=True)

    assert [
        steps(built),
        steps(evolve(built, failed={"evidence": "no room on the disk"})),
        steps(evolve(built, evidence=True)),
        steps(returned),
        steps(evolve(returned, work=(LANDED, READY))),
    ] == [
        (Prove("guests", "c" * 64),),
        (wait("no room on the disk", RUN),),
        (wait(f"approve the {stage}", APPROVE),),
        (wait("ann sent it back: vague", SHOW),),
        (Build("guests", "T2", 3, KEY, by_hand=False),),
    ]


@pytest.mark.parametrize(
    ("built", "files", "reason"),
    [
        (False, {"a.py": "a" * 64}, "the work is not built yet"),
        (True, {}, "there is nothing to approve yet"),
    ],
)
def test_nobody_is_asked_to_approve_work_that_is_not_there(
    built: bool,
    files: Mapping[str, str],
    reason: str,
) -> None:
    known = evolve(before(Stage.IMPLEMENTATION), built=built, files=files)

    assert steps(evolve(situation(known), evidence=True)) == (wait(reason, SHOW),)


def test_a_change_with_every_gate_open_is_released_until_that_fails() -> None:
    known = situation(agreed(facts()))

    assert steps(known) == (Release("guests", TIP, "5" * 40),)
    assert steps(evolve(known, failed={"release": "it conflicts"})) == (wait("it conflicts", RUN),)


@pytest.mark.parametrize("track", list(Track))
@pytest.mark.parametrize("reason", ["x.json was changed.", "not built is no record."])
@pytest.mark.parametrize("tasks", [(), (READY, BUILT), (LANDED,)])
def test_nothing_goes_on_while_a_record_does_not_verify(
    track: Track, reason: str, tasks: tuple[Work, ...]
) -> None:
    known = agreed(facts(on_track(track)))
    shut = evolve(known, log=evolve(known.log, unsound=(Unsound("x", reason),)))

    assert steps(evolve(situation(shut), work=tasks, blank=True)) == (wait(reason, SHOW),)


def test_two_pieces_of_work_never_share_a_name() -> None:
    actions: list[Action] = [
        *(Draft("guests", stage, BASIS, number) for stage in SPEC_STAGES for number in (1, 2)),
        Draft("guests", Stage.STORY, KEY, 1),
        Draft("other", Stage.STORY, BASIS, 1),
        *(Build("guests", task, 1, KEY, by_hand=False) for task in ("T1", "T11")),
        Build("guests", "T1", 11, KEY, by_hand=False),
        Build("guests", "T1", 1, BASIS, by_hand=False),
        *(Land("guests", "T1", commit, tip) for commit in (TIP, KEY) for tip in (TIP, KEY)),
        *(Prove("guests", code) for code in (TIP, KEY)),
        *(Release("guests", tip, base) for tip in (TIP, KEY) for base in (TIP, KEY)),
    ]

    assert len({action.id for action in actions}) == len(actions)
    assert actions[0].id == "draft/guests/story/222222222222/1"
    assert [one.subject for one in (actions[0], actions[8], actions[-1])] == [
        "story", "T1", "release",
    ]  # fmt: skip


@given(
    st.sampled_from(STAGES),
    st.lists(st.sampled_from(list(WorkState)), max_size=4),
    st.booleans(),
    st.booleans(),
    st.dictionaries(st.sampled_from(["T0", "T1", "story", "evidence"]), st.just("no")),
)
def test_there_is_always_a_next_step_and_it_is_the_same_when_asked_again(
    stage: Stage,
    states: list[WorkState],
    blank: bool,
    evidence: bool,
    failed: dict[str, str],
) -> None:
    tasks = tuple(work(f"T{number}", state) for number, state in enumerate(states))
    built = all(state is WorkState.LANDED for state in states)
    known = evolve(
        situation(evolve(before(stage), built=built)),
        work=tasks, blank=blank, evidence=evidence, failed=failed, drafted_by_agent=blank,
    )  # fmt: skip

    found = steps(known)

    assert found == steps(known)
    assert found
    named = [step.id for step in found if not isinstance(step, Wait)]
    assert len(set(named)) == len(named)
    assert sum(isinstance(step, Land) for step in found) <= 1
