"""What tests say of code that was broken on purpose, read from what their runner wrote."""

import pytest

from accord.core import evidence
from accord.core.breaking import Answer, Tried, answer, is_one, weighed
from accord.core.cases import ran
from accord.core.evidence import Evidence, Proof, TestCase
from accord.core.fingerprint import Mark
from accord.core.ports import CommandRun

MARK = Mark("tests/test_a.py", "A.test_one", "")
OTHER = Mark("tests/test_a.py", "A.test_two", "")
REPORT = b"""<testsuite><testcase classname="tests.test_a.A" name="test_one"><failure/></testcase>
<testcase classname="tests.test_a.A" name="test_two"/></testsuite>"""
COLLECTED = b"""<testsuite><testcase classname="" name="tests.test_a"><error/></testcase>
</testsuite>"""


def say(run: CommandRun, *marks: Mark) -> tuple[Answer, str]:
    return answer(marks, run, evidence.judge(run, ""))


def test_a_report_says_which_test_noticed_and_which_did_not() -> None:
    run = CommandRun(("pytest",), 1, "", (REPORT,))

    assert say(run, MARK) == (Answer.NOTICED, "test_one")
    assert say(run, OTHER) == (Answer.SURVIVES, "test_two")
    assert say(run, OTHER, MARK)[0] is Answer.NOTICED


@pytest.mark.parametrize(
    "run",
    [
        CommandRun(("pytest",), 2, "", (COLLECTED,)),
        CommandRun(("pytest",), None, "", timed_out=True),
        CommandRun(("pytest",), None, "", missing=True),
        CommandRun(("pytest",), 0, "no tests ran"),
        CommandRun(("go",), 1, "./a.go:3: undefined: b\n"),
    ],
)
def test_what_did_not_run_accuses_nobody(run: CommandRun) -> None:
    assert say(run, MARK)[0] is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("mark", "output"),
    [
        (MARK, "FAIL: test_one (tests.test_a.A)\nRan 2 tests in 0s"),
        (MARK, "ERROR: test_one (tests.test_a.A.test_one)\nRan 2 tests in 0s"),
        (Mark("a_test.go", "TestOne", ""), "--- FAIL: TestOne (0.00s)\nFAIL\n"),
        (
            Mark("src/a.rs", "tests.keeps", ""),
            "test a::tests::keeps ... FAILED\n1 failed, 0 passed",
        ),
    ],
)
def test_without_a_report_the_words_of_the_runner_count(mark: Mark, output: str) -> None:
    assert say(CommandRun(("run",), 1, output), mark)[0] is Answer.NOTICED
    assert say(CommandRun(("run",), 1, output), OTHER)[0] is Answer.UNKNOWN


def test_a_command_that_passes_whole_notices_nothing() -> None:
    assert say(CommandRun(("run",), 0, "Ran 2 tests in 0s"), MARK)[0] is Answer.SURVIVES


def test_a_test_is_known_by_its_file_and_its_names() -> None:
    assert is_one(MARK, "tests.test_a.A::test_one")
    assert not is_one(MARK, "tests.test_b.A::test_one")
    assert not is_one(MARK, "tests.test_a.B::test_one")


GO = Mark("shop/cart_test.go", "TestKeeps", "")
RUST = Mark("src/cart.rs", "tests.keeps", "")
JAVA = Mark("src/test/java/shop/CartTest.java", "CartTest.Empty.keeps", "")


@pytest.mark.parametrize(
    ("mark", "name", "known"),
    [
        (GO, "example.com/m/shop::TestKeeps", True),  # gotestsum
        (GO, "example.com/m/mail::TestKeeps", False),
        (GO, "TestKeeps", True),  # go test -v
        (GO, "TestKeeps/empty", False),
        (Mark("cart_test.go", "TestKeeps", ""), "example.com/m::TestKeeps", True),
        (RUST, "shop::cart::tests::keeps", True),  # nextest
        (RUST, "shop::mail::tests::keeps", False),
        (Mark("src/cart/mod.rs", "tests.keeps", ""), "shop::cart::tests::keeps", True),
        (Mark("src/lib.rs", "tests.keeps", ""), "shop::tests::keeps", True),
        (Mark("tests/cart.rs", "keeps", ""), "tests/cart.rs::keeps", True),  # cargo test
        (JAVA, "shop.CartTest$Empty::keeps", True),  # Surefire
        (JAVA, "shop.CartTest$Empty::keeps()", True),  # Gradle
        (JAVA, "shop.MailTest$Empty::keeps()", False),
        (MARK, "tests.test_a.A::test_one[a(b.c]", True),  # pytest
        (MARK, "test_a.A::test_one", True),  # unittest, from the folder of the tests
        (Mark("tests/unit/test_a.py", "test_x", ""), "tests.web.test_a::test_x", False),
        (Mark("tests/unit/test_a.py", "test_x", ""), "test_x", False),
        (Mark("shop/cart_test.go", "TestKeeps", ""), "example.com/m/shop/v2::TestKeeps", True),
        (Mark("a/shop/cart_test.go", "TestKeeps", ""), "example.com/m/b/shop::TestKeeps", False),
        (Mark("api/v1/a_test.go", "TestKeeps", ""), "m/api/v2::TestKeeps", False),
        (Mark("back/shop/a_test.go", "TestKeeps", ""), "github.com/me/it/shop::TestKeeps", True),
        (Mark("shop/cart_test.go", "Suite.TestKeeps", ""), "m/shop::TestSuite/TestKeeps", True),
        (Mark("shop/cart_test.go", "Suite.TestKeeps", ""), "m/shop::TestKeeps", False),
        (GO, "shop/cart_test.go::TestKeeps", True),  # by its place
        (RUST, "src/lib.rs::cart::tests::keeps", True),
        (RUST, "src/lib.rs::cart::tests::keeps::case_1", True),
        (RUST, "src/lib.rs::mail::tests::keeps", False),
        (RUST, "tests/cart.rs::cart::tests::keeps", False),
        (RUST, "src/bin/other.rs::cart::tests::keeps", False),
        (RUST, "tests::keeps", True),
        (RUST, "shop::mail::cart::tests::keeps", False),
        (Mark("src/lib.rs", "tests.keeps", ""), "shop::mail::tests::keeps", False),
        (Mark("src/bin/x.rs", "tests.keeps", ""), "shop::bin/x::tests::keeps", True),
        (Mark("src/bin/x.rs", "tests.keeps", ""), "src/bin/x.rs::tests::keeps", True),
        (Mark("tests/cart.rs", "keeps", ""), "shop::cart::keeps", True),
        (Mark("tests/cart.rs", "keeps", ""), "shop::mail::keeps", False),
        (Mark("tests/cart.rs", "keeps", ""), "tests/mail.rs::keeps", False),
        (Mark("tests/common/mod.rs", "keeps", ""), "tests/cart.rs::common::keeps", True),
        (JAVA, "mail.CartTest$Empty::keeps", False),
        (Mark("test/CartTest.java", "CartTest.keeps", ""), "shop.CartTest::keeps", True),
        (Mark("spec/cart_spec.rb", "<lines 1+2>", ""), "spec.cart_spec::keeps", True),
        (Mark("spec/cart_spec.rb", "<lines 1+2>", ""), "spec.mail_spec::keeps", False),
    ],
)  # fmt: skip
def test_a_case_is_known_by_the_names_that_runners_of_each_language_give(
    mark: Mark, name: str, known: bool
) -> None:
    assert ran(mark, TestCase(name, passed=True)) is known


def test_a_test_that_passes_on_broken_code_proves_nothing() -> None:
    proven = Evidence("R1.1", Proof.PROVEN, "it fails without the change", ("a",))

    assert weighed(proven, Tried(Answer.UNKNOWN)).proof is Proof.PROVEN
    assert weighed(proven, Tried(Answer.NOTICED, "a", "b() raises")).proof is Proof.PROVEN
    survives = weighed(proven, Tried(Answer.SURVIVES, "a", "b() raises"))
    assert (survives.proof, survives.reason) == (Proof.CLAIMED, "a still passes when b() raises")
