import pytest

from accord.core.model import Spec, bindings, dependencies, lineage
from accord.formats import native


def spec(**files: str) -> Spec:
    names = {"story": "requirements.md", "design": "design.md", "tasks": "tasks.md"}
    return Spec(tuple(native.read(names[one], text.encode()) for one, text in files.items()))


def frame(story: str) -> str:
    return bindings(spec(story=story))["requirements.md"]


@pytest.mark.parametrize(
    ("name", "above"),
    [("R1", ("R1",)), ("R1.2", ("R1.2", "R1")), ("R1.2.3", ("R1.2.3", "R1.2", "R1"))],
)
def test_an_id_is_part_of_those_above_it(name: str, above: tuple[str, ...]) -> None:
    assert lineage(name) == above


def test_naming_a_requirement_names_the_parts_of_its_criteria() -> None:
    known = spec(
        story="- R1.1 THE shop SHALL keep.\n- R1.1.1 THE shop SHALL mail.\n",
        design="## D1 Store\nSatisfies: R1\n",
    )

    assert dependencies(known)["D1"] == ("R1.1", "R1.1.1")


def test_items_that_share_an_id_rest_on_what_each_of_them_rests_on() -> None:
    known = spec(
        story="- R1.1 THE shop SHALL keep.\n- R1.2 THE shop SHALL mail.\n",
        design="## D1 Store\nSatisfies: R1.1\n\n## D1 Mail\nSatisfies: R1.2\n",
    )

    assert dependencies(known)["D1"] == ("R1.1", "R1.2")


ONE, TWO = "- R1.1 THE shop SHALL keep.\n", "- R1.2 THE shop SHALL mail.\n"


@pytest.mark.parametrize(
    "moved", [f"## Now\n{TWO}## Later\n{ONE}", f"## Now\n{ONE}{TWO}## Later\n",
              f"## Now\n## Later\n{ONE}{TWO}", f"{ONE}## Now\n## Later\n{TWO}"],
)  # fmt: skip
def test_an_item_cannot_move_between_the_lines_unseen(moved: str) -> None:
    assert frame(moved) != frame(f"## Now\n{ONE}## Later\n{TWO}")


def test_an_edit_of_an_item_leaves_what_is_around_it_alone() -> None:
    assert frame(f"## Now\n{ONE}") == frame(f"## Now\n{ONE.replace('keep', 'drop')}")
