"""What a change would be built beside: the tasks of other changes on the same files."""

from contextlib import closing

from accord.app import planning
from accord.app.changes import load
from accord.app.gate_view import gate_view
from accord.wiring.opening import open_workshop
from project import SMALL, TASKS, Project

WORDS = "T1 and T1 of tax overlap: shop/**, tests/**"
APART = TASKS.replace("shop/**, tests/**", "mail/**")


def at_its_tasks(project: Project, change: str, tasks: str = TASKS) -> None:
    """Bring a change to the gate of its architecture, its tasks written and not approved."""
    project.approve_spec(change, last="design")
    project.write("tasks.md", tasks, change)


def test_what_is_agreed_in_another_change_is_drawn_beside_the_plan(project: Project) -> None:
    project.approve_spec("tax")
    at_its_tasks(project, "guest")

    drawn = project.ok("show", "guest", "--plan", "--json").json
    said = project.ok("show", "guest", "--plan").out

    (row,) = drawn["across"]
    assert (row["task"], row["change"], row["other"]) == ("T1", "tax", "T1")
    assert row["patterns"] == [["shop/**", "shop/**"], ["tests/**", "tests/**"]]
    assert f"\n{WORDS}\n" in said
    assert max(map(len, said.splitlines())) <= 80
    assert planning_of(project, "tax") == [], "what is not agreed on there counts for nobody"


def test_it_is_a_note_at_the_gate_of_the_architecture_and_keeps_nothing_shut(
    project: Project,
) -> None:
    project.approve_spec("tax")
    project.approve_spec("guest", last="design")
    assert project.show()["meets"] == []
    project.write("tasks.md", TASKS)

    assert project.show()["meets"] == [WORDS]
    assert f"Beside it\n  {WORDS}\n" in project.ok("show", "guest").out
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        view = gate_view(workshop, load(workshop, "guest"), "robin")
    assert view["meets"] == [WORDS]
    assert view["blocks"] == []
    project.ok("approve", "guest", "--yes")
    assert project.show()["meets"] == [], "it is decided by now"


def test_a_small_change_is_told_at_its_story(project: Project) -> None:
    project.approve_spec("tax")
    project.new("small")
    project.write("requirements.md", SMALL)

    assert project.show()["meets"] == [WORDS]


def test_other_files_and_what_has_landed_are_no_overlap(project: Project) -> None:
    project.approve_spec("tax")
    at_its_tasks(project, "guest", APART)
    assert project.show()["meets"] == []
    project.write("tasks.md", TASKS)
    assert project.show()["meets"] == [WORDS]
    project.build("tax")
    assert project.show()["meets"] == []


def planning_of(project: Project, change: str) -> list[str]:
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        return [name for name, _ in planning.across(workshop, load(workshop, change))]
