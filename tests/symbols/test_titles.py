"""Tests with titles are symbols, and the names that runners give them are known again."""

import pytest

from accord.core.drift import ran
from accord.core.evidence import TestCase
from accord.core.fingerprint import mark
from accord.symbols.reading import read

PATH = "tests/cart.test.ts"
TEXT = """\
import { keep } from "../cart";

const HOUR = 60;
describe("Cart", () => {
  beforeEach(() => clear());
  test("keeps for  an hour", () => expect(keep([1])).toBe(HOUR));
  describe.only(`when empty`, function () {
    it.skip("does not keep", async () => { await keep([]); });
  });
  test.each([1, 2])("keeps %i", (count) => expect(keep([count])).toBe(HOUR));
});
xit("handles #2", () => {});
setTimeout("later", () => {});
test(named, () => {});
test("without a function");
"""


def test_each_test_and_each_group_is_a_symbol_by_its_titles() -> None:
    found = {one.name: one for one in read(PATH, TEXT.encode()) or ()}
    assert set(found) == {
        "HOUR", "<module>", "handles 2", "Cart", "Cart.keeps for an hour", "Cart.keeps %i",
        "Cart.when empty", "Cart.when empty.does not keep",
    }  # fmt: skip
    assert (found["Cart"].first, found["Cart"].last) == (4, 11)
    assert "beforeEach" in found["Cart"].tokens
    assert "toBe" not in found["Cart"].tokens
    assert "setTimeout" in found["<module>"].tokens


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("tests/cart.test.ts::Cart > keeps for an hour", True),  # Vitest
        ("Cart keeps for an hour::Cart keeps for an hour", True),  # jest-junit, mocha-junit
        ("cart.test.ts::Cart › keeps for an hour", True),  # Playwright
        ("tests/cart.test.ts::Cart > also keeps for an hour", False),
        ("tests/cart.test.ts::Other > keeps for an hour", False),
        ("tests/cart.test.ts::keeps for an hour", False),
        ("", False),
    ],
)  # fmt: skip
def test_the_name_that_a_runner_gives_is_that_of_one_test(name: str, known: bool) -> None:
    one = next(one for one in read(PATH, TEXT.encode()) or () if one.name.endswith("an hour"))
    assert ran(mark(PATH, one), TestCase(name, passed=True)) is known
