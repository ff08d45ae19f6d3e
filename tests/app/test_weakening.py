"""Tests that a change weakens are named at its gates, even where it only added lines."""

from project import BUILT, FILES, Project

CART = "tests/test_cart.py"
SKIPPED = FILES[CART].replace(
    "    def test_keeps", '    @unittest.skip("later")\n    def test_keeps'
)


def test_a_test_that_is_skipped_is_named(project: Project) -> None:
    project.approve_spec()
    result = project.build(files={**BUILT, CART: SKIPPED})
    assert result.exit == 0, result.said

    data = project.show()
    said = project.ok("show", "guest").out

    assert [(one["path"], one["test"], one["words"]) for one in data["weakened"]] == [
        (CART, "Cart.test_keeps", "is skipped")
    ]
    assert (
        "Tests that do less than before\n  tests/test_cart.py:7 Cart.test_keeps is skipped" in said
    )


def test_where_no_test_does_less_nothing_is_said(project: Project) -> None:
    project.approve_spec()
    project.build()

    assert project.show()["weakened"] == []
    assert "do less" not in project.ok("show", "guest").out
