"""Tests that a change weakens are named at its gates, even where it only added lines."""

import pytest

import gitrepo
from accord.app import weakening
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


RUST = """\
pub fn keep(cart: &[i32]) -> usize {
    assert!(cart.len() < 9);
    cart.len()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keeps() {
        assert_eq!(super::keep(&[1]), 1);
    }

    #[test]
    fn drops() {
        assert_eq!(super::keep(&[]), 0);
    }
}
"""


def test_a_test_of_rust_that_stands_beside_the_code_is_named(project: Project) -> None:
    gitrepo.commit(project.top, {"shop/cart.rs": RUST})
    project.approve_spec()
    less = RUST.replace("    #[test]\n    fn keeps", "    #[test]\n    #[ignore]\n    fn keeps")
    less = less.partition("\n    #[test]\n    fn drops")[0] + "}\n"
    code = less.replace("    assert!(cart.len() < 9);\n", "")  # which is no test
    assert project.build(files={**BUILT, "shop/cart.rs": code}).exit == 0

    assert [(one["test"], one["words"]) for one in project.show()["weakened"]] == [
        ("tests.keeps", "is skipped"), ("tests.drops", "is gone")
    ]  # fmt: skip


def test_how_many_files_were_not_looked_at_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weakening, "MOST", 1)
    project.approve_spec()
    more = {f"tests/test_{name}.py": "X = 1\n" for name in "ab"}
    assert project.build(files={**BUILT, **more}).exit == 0

    [one] = project.show()["weakened"]

    assert f"{one['path']} {one['test']} {one['words']}" == (
        "tests/test_b.py the file was not looked at, nor was 1 more: 1 files were"
    )
