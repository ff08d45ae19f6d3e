"""Code and tests in other languages are bound by their work too, and drift is told by symbol."""

import pytest

import gitrepo
from accord.core import trace
from project import BUILT, Project

GO = """\
package shop

func Keep(cart []int) int {
\treturn len(cart) * 60
}
"""
GO_TEST = """\
package shop

import "testing"

func TestR1_1Keeps(t *testing.T) {
\tif Keep([]int{1}) != 60 {
\t\tt.Fail()
\t}
}
"""
TYPESCRIPT = """\
export function keep(cart: number[]): number {
  return cart.length * 60;
}
"""
TYPESCRIPT_TEST = """\
import { keep } from "../shop/cart";

describe("Cart", () => {
  test("R1.1 keeps for an hour", () => {
    expect(keep([1])).toBe(60);
  });
  it("R1.2 says until when", async () => {
    expect(keep([])).toBe(0);
  });
});
"""
RUST = """\
pub fn keep(cart: &[i32]) -> usize {
    cart.len() * 60
}
"""
RUST_TEST = """\
#[test]
fn r1_1_keeps() {
    assert_eq!(keep(&[1]), 60);
}
"""
JAVA = """\
class Cart {
  int keep(int[] cart) {
    return cart.length * 60;
  }
}
"""
JAVA_TEST = """\
class CartTest {
  @Test
  void r1_1_keeps() {
    assertEquals(60, new Cart().keep(new int[1]));
  }
}
"""
SPOKEN = {
    "go": ("shop/cart.go", GO, "Keep", "shop/cart_test.go", GO_TEST, "TestR1_1Keeps"),
    "typescript": ("shop/cart.ts", TYPESCRIPT, "keep", "tests/cart.test.ts", TYPESCRIPT_TEST,
                   "Cart.R1.1 keeps for an hour"),
    "javascript": ("shop/cart.js", TYPESCRIPT.replace(": number[]): number", ")"), "keep",
                   "tests/cart.test.js", TYPESCRIPT_TEST, "Cart.R1.1 keeps for an hour"),
    "rust": ("shop/cart.rs", RUST, "keep", "tests/cart.rs", RUST_TEST, "r1_1_keeps"),
    "java": ("shop/Cart.java", JAVA, "Cart.keep", "tests/CartTest.java", JAVA_TEST,
             "CartTest.r1_1_keeps"),
}  # fmt: skip


@pytest.mark.parametrize("language", SPOKEN)
def test_what_a_task_built_is_bound_and_what_changed_since_is_told(
    project: Project, language: str
) -> None:
    path, code, symbol, tests, text, test = SPOKEN[language]
    project.approve_spec()
    assert project.build(files={**BUILT, path: code, tests: text}).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")

    found = trace.from_toml("guest", project.file("main", ".accord/trace/guest.toml").decode())
    assert ("R1.1", f"{path}::{symbol}") in [(name, one.place) for name, one in found.symbols]
    assert ("R1.1", f"{tests}::{test}") in [(name, one.place) for name, one in found.tests]

    laid_out = code.replace("{\n", "{\n\n  // An hour.\n")
    gitrepo.commit(project.top, {path: laid_out})
    assert project.ok("check", "--drift", "--json").json["findings"] == []
    gitrepo.commit(project.top, {path: laid_out.replace("60", "61")})
    told = project.run("check", "--drift")
    assert told.exit == 1
    assert "guest R1.1, R1.2 are stale" in told.out
    assert f"{symbol} does something else" in told.out
