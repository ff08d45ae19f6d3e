import pytest

from accord.core import checks, plan
from accord.core.checks import RULES, Severity
from accord.core.model import Spec
from accord.formats import native

STORY = """# Cart

## Questions

## Assumptions

### R1 Keep it
- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.
"""
DESIGN = "# Design\n\n## D1 Store\n\nSatisfies: R1.1\n"
TASKS = """# Tasks

- [ ] T1 Keep the cart
  - Satisfies: R1.1
  - Touches: shop/**
  - After: -
  - Verify: pytest
"""


def spec(story: str = STORY, design: str = DESIGN, tasks: str = TASKS) -> Spec:
    files = {"requirements.md": story, "design.md": design, "tasks.md": tasks}
    return Spec(tuple(native.read(path, text.encode()) for path, text in files.items() if text))


def rules(of: Spec) -> list[str]:
    return [finding.rule for finding in checks.check(of)]


def test_a_sound_spec_has_no_findings() -> None:
    assert rules(spec()) == []


BROKEN = {
    "open-question": {"story": STORY.replace("## Questions", "- Q1 (open) Which?")},
    "open-assumption": {"story": STORY.replace("## Assumptions", "- A1 (high) All.")},
    "placeholder": {"design": DESIGN + "\n<<how it works>>\n"},
    "no-criterion": {"story": "# Cart\n", "design": "", "tasks": ""},
    "no-section": {"design": "# Design\n"},
    "no-task": {"tasks": "# Tasks\n"},
    "no-shall": {"story": STORY.replace("SHALL keep", "keeps")},
    "no-result": {"story": STORY.replace("keep the cart for 60 minutes", "work as expected")},
    "vague-word": {"story": STORY.replace("for 60 minutes", "for a reasonable time")},
    "stack-in-story": {"story": STORY.replace("keep the cart", "keep the cart in Redis")},
    "duplicate-id": {"tasks": TASKS + TASKS.partition("\n\n")[2]},
    "dangling-id": {"design": DESIGN.replace("R1.1", "R1.1, R9.9")},
    "no-id": {"tasks": TASKS.replace("T1 Keep", "Keep")},
    "satisfies-nothing": {"design": DESIGN.replace("Satisfies: R1.1", "")},
    "no-task-for-criterion": {"story": STORY + "- R1.2 THE shop SHALL mail a receipt.\n"},
    "no-touches": {"tasks": TASKS.replace("  - Touches: shop/**\n", "")},
    "no-verify": {"tasks": TASKS.replace("  - Verify: pytest\n", "")},
    "overlap": {"tasks": TASKS + TASKS.partition("\n\n")[2].replace("T1", "T2")},
    "cycle": {"tasks": TASKS.replace("After: -", "After: T1")},
    "hidden-text": {"story": STORY + "A zero\u200bwidth space.\n"},
    "odd-text": {"story": STORY + "Write <b>it</b>.\n"},
}


def test_every_rule_is_shown_to_fire() -> None:
    assert set(BROKEN) == set(RULES)


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_fires_on_its_own_example_alone(rule: str) -> None:
    assert set(rules(spec(**BROKEN[rule]))) == {rule}


def test_a_finding_says_where_what_and_how_to_mend_it() -> None:
    broken = spec(story=STORY.replace("keep the cart", "quickly keep it in cart/store.py"))

    vague, stack = checks.check(broken)

    assert (vague.path, vague.line, vague.item) == ("requirements.md", 8, "R1.1")
    assert vague.message == "'quickly' can be read in more than one way"
    assert vague.severity is Severity.WARNS
    assert stack.message == "'cart/store.py' is a means, not a behaviour"


def test_hidden_text_is_named_by_line_and_column_and_made_visible() -> None:
    (finding,) = checks.check(spec(story=STORY + "- R1.2\u202e odd\n", tasks=""))

    assert (finding.line, finding.column) == (9, 7)
    assert finding.message == "there is a bidirectional control ‹U+202E› (right-to-left override)"


def test_a_configured_command_stands_in_for_verify_lines() -> None:
    without = spec(tasks=TASKS.replace("  - Verify: pytest\n", ""))

    assert checks.check(without, default_verify="make test") == ()


def test_a_criterion_may_be_met_through_its_requirement() -> None:
    assert rules(spec(tasks=TASKS.replace("Satisfies: R1.1", "Satisfies: R1"))) == []


def test_a_cycle_is_spelled_out() -> None:
    tasks = TASKS.replace("After: -", "After: T2")
    tasks += TASKS.partition("\n\n")[2].replace("T1", "T2").replace("After: -", "After: T1")

    (finding,) = checks.check(spec(tasks=tasks))

    assert finding.message in ("T1 waits for T2 waits for T1", "T2 waits for T1 waits for T2")


def test_tasks_are_ready_when_everything_before_them_landed() -> None:
    tasks = "".join(
        TASKS.partition("\n\n")[2].replace("T1", name).replace("After: -", f"After: {after}")
        for name, after in (("T1", "-"), ("T2", "-"), ("T3", "T1, T2"))
    )
    read = spec(tasks=tasks).tasks

    assert [task.id for task in plan.ready(read, ())] == ["T1", "T2"]
    assert [task.id for task in plan.ready(read, ("T1",))] == ["T2"]
    assert [task.id for task in plan.ready(read, ("T1", "T2"))] == ["T3"]
    assert plan.waves(read) == (("T1", "T2"), ("T3",))


def test_a_task_for_a_requirement_is_a_task_for_the_parts_of_its_criteria() -> None:
    story = STORY + "- R1.1.1 THE shop SHALL say so.\n"

    assert rules(spec(story=story, tasks=TASKS.replace("R1.1", "R1"))) == []


def test_a_story_that_holds_the_tasks_needs_one() -> None:
    story = spec(design="", tasks="")

    assert rules(story) == []
    assert [one.rule for one in checks.check(story, tasks_in_story=True)] == ["no-task"]
