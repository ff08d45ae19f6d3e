"""A link that is missing is told only in a plan that has most of them."""

from accord.core import linking
from accord.core.model import Spec
from accord.formats import speckit

SPEC = "## Requirements\n\n" + "".join(f"- **FR-00{n}**: System MUST {n}\n" for n in range(1, 6))


def found(*tasks: str) -> list[tuple[str, str]]:
    plan = "## Phase 1\n\n" + "".join(f"- [ ] {one}\n" for one in tasks)
    spec = Spec(tuple(speckit.read(*one) for one in
                      (("spec.md", SPEC.encode()), ("tasks.md", plan.encode()))))  # fmt: skip
    return [(one.rule, one.item) for one in linking.check(spec)]


def test_the_requirement_that_a_careful_plan_forgot_is_told() -> None:
    assert found("T001 a (FR-001, FR-002)", "T002 b (FR-003)", "T003 c (FR-004)") == [
        ("no-task-names-it", "FR-005")
    ]


def test_a_plan_that_names_few_requirements_is_left_in_peace() -> None:
    assert found("T001 a (FR-001)", "T002 b", "T003 c") == []
    assert found("T001 a", "T002 b") == []


def test_the_task_that_names_none_is_told_among_those_that_do() -> None:
    tasks = ["T001 a (FR-001, FR-002, FR-003)", "T002 b (FR-004, FR-005)", "T003 c", "T004 Checkp"]
    assert ("names-nothing", "T003") not in found(*tasks)
    assert found(*tasks[:3]) == [("names-nothing", "T003")]


def test_a_plan_that_names_hardly_any_criterion_was_not_meant_to() -> None:
    text = SPEC.encode()

    def spec(tasks: str) -> Spec:
        plan = f"## Phase 1\n\n- [ ] T001 a {tasks}\n".encode()
        return Spec((speckit.read("spec.md", text), speckit.read("tasks.md", plan)))

    assert linking.is_sparse(spec("(FR-001, FR-002)"))
    assert not linking.is_sparse(spec("(FR-001 to FR-003)"))
