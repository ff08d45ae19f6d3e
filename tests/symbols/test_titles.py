"""Tests with titles are symbols, and the names that runners give them are known again."""

import pytest

from accord.core.cases import is_case, ran
from accord.core.evidence import TestCase
from accord.core.fingerprint import Mark, mark
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
  test.each(SIZES)("keeps $size.name for $hours hours", ({ size }) => expect(keep(size)).toBe(1));
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
        "Cart.keeps $size for $hours hours",
        "Cart.when empty", "Cart.when empty.does not keep",
    }  # fmt: skip
    assert (found["Cart"].first, found["Cart"].last) == (4, 12)
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
        ("web/cart.test.ts::Cart > keeps for an hour", False),
        ("tests/mail.test.ts::Cart > keeps for an hour", False),
        ("Cart::keeps for an hour", True),  # jest-junit, as it can be told to
        ("keeps for an hour::Cart keeps for an hour", True),  # mocha-junit
        ("Mail > Cart > keeps for an hour", False),
    ],
)  # fmt: skip
def test_the_name_that_a_runner_gives_is_that_of_one_test(name: str, known: bool) -> None:
    one = next(one for one in read(PATH, TEXT.encode()) or () if one.name.endswith("an hour"))
    assert ran(mark(PATH, one), TestCase(name, passed=True)) is known


@pytest.mark.parametrize(
    ("title", "name", "known"),
    [
        ("keeps %i", "keeps 12", True),
        ("keeps %i", "keeps", True),  # filled with nothing that is a word
        ("keeps %i", "drops 12", False),
        ("%s is kept for %d hours", "a big cart is kept for 2 hours", True),
        ("%s is kept for %d hours", "a big cart is kept for 2 days", False),
        ("case % keeps", "case 3 keeps", True),  # it was `case %# keeps`
        ("keeps $size for $hours hours", "keeps many for 2 hours", True),
        ("keeps ${size} for ${1 + 1} hours", "keeps many for 2 hours", True),
        ("keeps %i of %i of %i", "keeps 1 of 2", False),
        ("keeps 100% of it", "keeps 100% of it", True),
        ("keeps 100% of it", "keeps 100 and more of it", False),
        ("%s", "anything", False),
    ],
)
def test_what_fills_a_hole_of_a_title_may_be_anything(title: str, name: str, known: bool) -> None:
    assert ran(Mark(PATH, title, ""), TestCase(f"cart.test.ts::{name}", passed=True)) is known


def test_a_test_without_a_group_is_none_of_a_group() -> None:
    alone = Mark(PATH, "keeps", "")
    assert ran(alone, TestCase("tests/cart.test.ts::keeps", passed=True))
    for name in ("tests/cart.test.ts::Mail > keeps", "Mail > keeps", "Mail::keeps"):
        assert not ran(alone, TestCase(name, passed=True))


PLAYWRIGHT = """\
import { helper } from "./helper";
test.describe.parallel("Cart", () => {
  test.beforeEach("opens", async ({ page }) => { await page.goto("/"); });
  test("R1.1 keeps", async ({ page }) => { expect(page).toBe(60); });
  test.fixme("drops", async ({ page }) => {});
  test.step("no test", async () => {});
});
test.describe("Mail", () => { test.describe.configure({ mode: "serial" }); });
it("works", helper);
it("waits", fakeAsync(() => { tick(); }));
"""


def test_groups_and_tests_of_playwright_are_known_and_tests_that_are_written_elsewhere() -> None:
    path = "e2e/cart.spec.ts"
    found = {one.name: one for one in read(path, PLAYWRIGHT.encode()) or ()}
    tests = {"Cart.R1.1 keeps", "Cart.drops", "works", "waits"}
    assert set(found) == {"Cart", "Mail", *tests}
    assert {"beforeEach", "step"} <= set(found["Cart"].tokens)
    assert {name for name, one in found.items() if is_case(path, one)} == tests
    kept = mark(path, found["Cart.R1.1 keeps"])
    assert ran(kept, TestCase("cart.spec.ts::Cart › R1.1 keeps", passed=True))
