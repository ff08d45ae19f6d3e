"""Which symbols of a file of tests are tests, told from the file as it is written."""

import pytest

from accord.core.cases import is_case, is_inline
from accord.symbols.reading import read

PYTHON = """\
TEST_DATA = [1]

def helper(): ...

class TestCart:
    def test_keeps(self): ...
"""
GO = """\
package shop

var testSizes = []int{1}

func TestMain(m *testing.M) {}
func TestKeeps(t *testing.T) {}
func helper(t *testing.T) {}
"""
TYPESCRIPT = """\
const HOUR = 60;
function helper() {}
describe("Cart", () => {
  it("keeps", () => {});
  for (const way of WAYS) {
    it.only(`keeps by ${way}`, () => {});
  }
});
"""
RUST = """\
fn keep(test: i32) -> i32 { test }

#[cfg(test)]
fn helper() {}

#[test]
fn keeps() {}

#[cfg(unix)]
#[tokio::test]
async fn drops() {}
"""
JAVA = """\
class CartTest {
  static final int HOUR = 60;
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void keeps(int size) {}
  @Test public void drops() {}
  void helper() {}
}
"""
KNOWN = {
    "tests/test_cart.py": (PYTHON, {"TestCart.test_keeps"}),
    "shop/cart_test.go": (GO, {"TestKeeps"}),
    "tests/cart.test.ts": (TYPESCRIPT, {"Cart.keeps", "Cart.keeps by ${way}"}),
    "tests/cart.rs": (RUST, {"keeps", "drops"}),
    "src/test/CartTest.java": (JAVA, {"CartTest.keeps", "CartTest.drops"}),
}


@pytest.mark.parametrize("path", KNOWN)
def test_tests_are_told_from_what_stands_beside_them(path: str) -> None:
    text, known = KNOWN[path]
    found = read(path, text.encode()) or ()
    assert {one.name for one in found if is_case(path, one)} == known
    inline = {one.name for one in found if is_inline(path, one)}
    assert inline == (known if path.endswith(".rs") else set())
