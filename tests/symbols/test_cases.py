"""Which symbols of a file of tests are tests, told from the file as it is written."""

import pytest

from accord.core.cases import is_case, is_inline
from accord.core.fingerprint import hunk
from accord.symbols.reading import read

PYTHON = """\
TEST_DATA = [1]

def helper(): ...

class TestCart:
    make = lambda self: 1
    def test_keeps(self): ...

@pytest.fixture(scope="session")
def test_client(): ...

@pytest.mark.parametrize("cart", [fixture(1)])
async def test_drops(cart): ...
"""
GO = """\
package shop

var testSizes = []int{1}

func TestMain(m *testing.M) {}
func TestKeeps(t *testing.T) {}
func helper(t *testing.T) {}
func testServer(t *testing.T) *Server { return nil }
func TestServer() *Server { return nil }
func Testable(t *testing.T) {}
type testCase struct { keep func() int }
var testFns = []func(){}
func FuzzKeeps(f *testing.F) {}
func ExampleKeep() {}
func BenchmarkKeep(b *testing.B) {}
func (s *CartSuite) TestDrops() {}
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
it(named, helper);
"""
RUST = """\
fn keep(test: i32) -> i32 { test }

#[cfg(test)]
fn helper() {}

#[test]
fn keeps() {}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn drops() {}

#[rstest]
#[case(1)]
fn sends(#[case] count: i32) {}

#[test_case(1)]
fn asks(count: i32) {}
"""
JAVA = """\
class CartTest {
  static final int HOUR = 60;
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void keeps(int size) {}
  @Test public void drops() {}
  void helper() {}
  Cart testCart() { return null; }
  public void testGiven(int size) {}
  public void testOld() {}
  public @org.junit.Test(timeout = 3) void asks() {}
}
@Test class TestCart { static final int[] TEST_SIZES = {1}; }
"""
KNOWN = {
    "tests/test_cart.py": (PYTHON, {"TestCart.test_keeps", "test_drops"}),
    "shop/cart_test.go": (GO, {"TestKeeps", "FuzzKeeps", "ExampleKeep",
                                "CartSuite.TestDrops"}),
    "tests/cart.test.ts": (TYPESCRIPT, {"Cart.keeps", "Cart.keeps by ${way}"}),
    "tests/cart.rs": (RUST, {"keeps", "drops", "sends", "asks"}),
    "src/test/CartTest.java": (JAVA, {"CartTest.keeps", "CartTest.drops", "CartTest.testOld",
                                     "CartTest.asks"}),
}  # fmt: skip


@pytest.mark.parametrize("path", KNOWN)
def test_tests_are_told_from_what_stands_beside_them(path: str) -> None:
    text, known = KNOWN[path]
    found = read(path, text.encode()) or ()
    assert {one.name for one in found if is_case(path, one)} == known
    inline = {one.name for one in found if is_inline(path, one)}
    assert inline == (known if path.endswith(".rs") else set())


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("tests/data/cart.json", False),
        ("tests/test_cart.json", False),
        ("tests/look.css", False),
        ("tests/cart.test.ts.snap", False),
        ("tests/Makefile", False),
        ("spec/cart_spec.rb", True),
        ("src/test/kotlin/CartTest.kt", True),
        ("tests/test_cart.sh", True),
    ],
)
def test_what_lies_beside_tests_is_none_unless_its_file_is_named_like_tests(
    path: str, known: bool
) -> None:
    assert is_case(path, hunk(["it 'keeps'"], 1, 1)) is known
