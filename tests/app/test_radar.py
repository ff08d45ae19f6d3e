"""Work that is under way at once is seen to collide before either of it lands."""

import json
from contextlib import closing

from accord.app.board_view import board_view
from accord.wiring.opening import open_workshop
from project import Project

CART = "def keep(cart):\n    return list(cart)\n"
RENAMED = {
    "shop/cart.py": "def hold_it(cart):\n    return list(cart)\n",
    "tests/test_cart.py": """\
import unittest

from shop.cart import hold_it


class Cart(unittest.TestCase):
    def test_keeps(self):
        self.assertEqual(hold_it([1]), [1])
""",
}
USES = {
    "shop/till.py": "from shop import cart\n\n\ndef pay(items):\n    return cart.keep(items)\n",
    "tests/test_till.py": """\
import unittest

from shop.till import pay


class Till(unittest.TestCase):
    def test_pays(self):
        self.assertEqual(pay([1]), [1])
""",
}


def built(project: Project, change: str, files: dict[str, str]) -> str:
    """Bring a trivial change with `files` to its review; return what was said."""
    project.new("trivial", change)
    result = project.build(change, files)
    assert result.exit == 0, result.said
    return " ".join(result.said.split())


def beside(project: Project) -> list[str]:
    return list(project.ok("status", "--json").json["beside"])


def test_changes_that_conflict_are_told_once_and_shown_until_it_is_over(project: Project) -> None:
    said = built(project, "one", {"shop/cart.py": CART.replace("list(cart)", "list(cart)[:9]")})
    assert "conflict" not in said

    said = built(project, "two", {"shop/cart.py": CART.replace("list(cart)", "list(cart)[:5]")})

    words = "one and two conflict in shop/cart.py"
    assert said.count(words) == 1
    assert beside(project) == [words]
    assert words in " ".join(project.ok("status").out.split())
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        assert board_view(workshop, "Robin")["beside"] == [words]
    assert words in " ".join(project.ok("show", "one").out.split())
    assert words not in " ".join(project.ok("run").said.split())

    project.ok("approve", "one", "--yes")
    project.ok("run", "one")
    assert beside(project) == []


def test_the_same_file_that_merges_is_told_as_that(project: Project) -> None:
    built(project, "one", {"shop/cart.py": f"import math\n{CART}"})
    built(project, "two", {"shop/cart.py": f"{CART}\n\nMINUTES = 60\n"})
    (said,) = beside(project)
    assert said == "one and two both change shop/cart.py"


def test_a_name_taken_away_by_one_and_used_by_the_other_is_seen_and_both_tests_are_run(
    project: Project,
) -> None:
    built(project, "one", dict(RENAMED))
    said = built(project, "two", dict(USES))

    words = "one took away shop/cart.py::keep, two uses it in shop/till.py::pay"
    assert words in said
    shown = project.show("two")["beside"]
    assert words in shown[0]
    assert shown[1].startswith("with one: exit 1 after")
    assert project.show("one")["beside"] == shown[:1]  # it was proved before the other was there
    assert "with one: exit 1" in " ".join(project.ok("show", "two").out.split())


def test_work_that_goes_together_is_not_said_to_fail_together(project: Project) -> None:
    built(project, "one", {"shop/cart.py": f"import math\n{CART}"})
    built(project, "two", {"shop/cart.py": f"{CART}\n\nMINUTES = 60\n"})
    assert project.show("two")["beside"] == ["one and two both change shop/cart.py"]


def test_an_agent_is_told_of_the_work_that_is_in_its_way_once(project: Project) -> None:
    built(project, "one", {"shop/cart.py": CART.replace("list(cart)", "list(cart)[:9]")})
    project.new("trivial", "two")
    steps = [
        {
            "do": "write",
            "path": "shop/cart.py",
            "text": CART.replace("list(cart)", "list(cart)[:5]"),
        },
        {"do": "write", "path": "tests/test_cart.py", "text": "import nothing_like_it\n"},
    ]
    lines = []
    for step in steps:
        lines += ["[[step]]", *(f"{key} = {json.dumps(text)}" for key, text in step.items())]
    script = project.root / "script.toml"
    script.write_text("\n".join(lines))

    project.run("run", "two", "--script", str(script))

    runs = [path.read_text() for path in project.state.glob("runs/*/order.json")]
    told = [one for one in runs if "Others are at work beside you" in one]
    assert len(runs) == 3
    assert len(told) == 1
    assert "one and two T1 conflict in shop/cart.py" in told[0]
