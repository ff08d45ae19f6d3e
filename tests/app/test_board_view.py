"""What a card of the board says of a run, beside the other runs."""

from accord.app.at_work import Running
from accord.app.board_view import cards
from accord.core.model import ItemKind, Place, Task


def task(name: str, *touches: str) -> Task:
    place = Place("tasks.md", 0, 1, 1)
    return Task(name, ItemKind.TASK, place, f"Build {name}", "", touches=touches)


def test_runs_that_may_write_the_same_paths_say_so_on_both_cards() -> None:
    plans = {"cart": (task("T1", "shop/**"), task("T2", "docs/**")),
             "tax": (task("T1", "shop/tax/**"),)}  # fmt: skip
    alive = [Running("a", "cart", "T1", 1), Running("b", "cart", "T2", 1),
             Running("c", "tax", "T1", 1), Running("d", "tax", "design", 1)]  # fmt: skip
    found = {one["run"]: one for one in cards(alive, {}, plans)}
    assert [(one["change"], one["subject"]) for one in found["a"]["meets"]] == [("tax", "T1")]
    assert [(one["change"], one["subject"]) for one in found["c"]["meets"]] == [("cart", "T1")]
    assert found["a"]["meets"][0]["paths"] == ["shop/**", "shop/tax/**"]
    assert (found["b"]["meets"], found["d"]["meets"]) == ([], [])
    assert (found["b"]["does"], found["d"]["does"]) == ("Build T2", "")
