import pytest

from accord.core import evidence
from accord.core.evidence import Proof, Result, Run, TestCase
from accord.core.model import Spec
from accord.core.ports import CommandRun
from accord.formats import native

JUNIT = b"""<testsuites><testsuite>
<testcase classname="tests.test_cart" name="test_R1_1_keeps_the_cart"/>
<testcase classname="tests.test_cart" name="test_other"><failure message="x"/></testcase>
<testcase classname="tests.test_cart" name="test_skipped"><skipped/></testcase>
</testsuite></testsuites>"""

SPEC = Spec(
    (
        native.read(
            "requirements.md",
            b"### R1 Cart\n- R1.1 THE shop SHALL keep it.\n- R1.2 THE shop SHALL drop it.\n"
            b"### R11 Mail\n- R11.1 THE shop SHALL mail.\n",
        ),
        native.read("tasks.md", b"- [ ] T1 Do\n  - Satisfies: R1\n- [ ] T2 Mail\n"),
    )
)


def ran(
    output: str, status: int | None = 0, *, missing: bool = False, timed_out: bool = False
) -> CommandRun:
    return CommandRun(("pytest",), status, output, timed_out=timed_out, missing=missing)


@pytest.mark.parametrize(
    ("output", "tests"),
    [
        ("===== 12 passed in 0.1s =====", 12),
        ("2 failed, 3 passed, 1 skipped in 0.2s", 5),
        ("Ran 7 tests in 0.001s\n\nOK", 7),
        ("# tests 4\n# pass 4", 4),
        ("Tests:       1 failed, 8 passed, 9 total", 9),
        ("Tests run: 3, Failures: 0", 3),
        ("--- PASS: TestA (0.00s)\n--- PASS: TestB (0.00s)", 2),
        ("5 examples, 0 failures", 5),
    ],
)
def test_the_number_of_tests_is_read_from_the_runners_own_words(output: str, tests: int) -> None:
    run = evidence.judge(ran(output), "tree")

    assert run.tests == tests
    assert run.result is Result.PASS


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (ran("", None, missing=True), "the command was not found: pytest"),
        (ran("3 passed", None, timed_out=True), "it was ended after its time limit: pytest"),
        (ran("no tests ran in 0.01s", 5), "no test ran (exit 5): pytest"),
        (ran("all good!", 0), "it did not say how many tests ran (exit 0): pytest"),
        (ran("Ran 0 tests in 0.000s\n\nOK", 0), "no test ran (exit 0): pytest"),
        (ran("segmentation fault", 139), "it did not say how many tests ran (exit 139): pytest"),
    ],
)
def test_a_run_that_proves_nothing_is_unknown_and_never_a_pass(
    run: CommandRun, reason: str
) -> None:
    judged = evidence.judge(run, "tree")

    assert (judged.result, judged.reason) == (Result.UNKNOWN, reason)


def test_a_red_run_is_a_failure() -> None:
    judged = evidence.judge(ran("1 failed, 2 passed", 1), "tree")

    assert (judged.result, judged.reason) == (Result.FAIL, "exit 1 after 3 tests: pytest")


def test_junit_names_each_test_and_leaves_out_the_skipped() -> None:
    run = evidence.judge(CommandRun(("pytest",), 1, "", (JUNIT,)), "tree")

    assert run.tests == 2
    assert run.cases == (
        TestCase("tests.test_cart::test_R1_1_keeps_the_cart", True),
        TestCase("tests.test_cart::test_other", False),
    )


def test_a_command_that_hides_a_failing_test_behind_exit_0_is_a_failure() -> None:
    judged = evidence.judge(CommandRun(("make", "test"), 0, "", (JUNIT,)), "tree")

    assert judged.result is Result.FAIL
    assert judged.reason == "exit 0, but tests.test_cart::test_other fails: make test"


ENTITIES = '<!DOCTYPE x [<!ENTITY a "t">]><testsuite><testcase name="&a;"/></testsuite>'


@pytest.mark.parametrize(
    "junit", [b"<oops", b"<!DOCTYPE x><testsuite/>", b"\xff\xfe", ENTITIES.encode("utf-16")]
)
def test_a_hostile_report_is_no_report(junit: bytes) -> None:
    assert evidence.judge(CommandRun(("pytest",), 0, "", (junit,)), "tree").result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("name", "criterion", "expected"),
    [
        ("test_R1_1_keeps", "R1.1", True),
        ("test_r1_1", "R1.1", True),
        ("keeps the cart (R1.1)", "R1.1", True),
        ("test_R1_12", "R1.1", False),
        ("test_R11_1", "R1.1", False),
        ("TestR1_1Keeps", "R1.1", True),
        ("TestR1_12", "R1.1", False),
        ("latestR1_1", "R1.1", False),
    ],
)
def test_a_test_names_a_criterion_by_its_whole_id(
    name: str, criterion: str, expected: bool
) -> None:
    assert evidence.names_criterion(name, criterion) is expected


def run_of(*cases: TestCase, result: Result = Result.PASS) -> Run:
    failed = tuple(one.name for one in cases if not one.passed)
    return Run(("pytest",), "tree", result, "2 tests passed: pytest", 0, 2, cases, failed)


def proofs(runs: dict[str, Run], before: Run | None = None) -> list[Proof]:
    known = {before.command: before} if before else {}
    return [one.proof for one in evidence.for_criteria(SPEC, runs, known)]


def test_a_test_that_fails_without_the_change_proves_its_criterion() -> None:
    after = run_of(TestCase("test_R1_1", True))
    before = run_of(TestCase("test_R1_1", False), result=Result.FAIL)

    assert proofs({"T1": after}, before) == [Proof.PROVEN, Proof.CLAIMED, Proof.MISSING]


def test_a_test_that_passes_anyway_proves_nothing() -> None:
    after = run_of(TestCase("test_R1_1", True))

    assert proofs({"T1": after}, after)[0] is Proof.CLAIMED


def test_a_base_whose_tests_did_not_run_proves_nothing() -> None:
    after = run_of(TestCase("test_R1_1", True))

    assert proofs({"T1": after}, run_of(result=Result.UNKNOWN))[0] is Proof.CLAIMED


def test_a_run_that_failed_proves_nothing_even_where_its_named_test_passed() -> None:
    after = run_of(TestCase("test_R1_1", True), result=Result.UNKNOWN)
    before = run_of(TestCase("test_R1_1", False), result=Result.FAIL)

    assert proofs({"T1": after}, before)[0] is Proof.MISSING


def test_a_named_test_that_fails_under_one_command_is_not_saved_by_another() -> None:
    red = run_of(TestCase("test_R1_1", False), result=Result.FAIL)
    green = run_of(TestCase("test_R1_1", True))

    assert proofs({"T2": red, "T1": green})[0] is Proof.MISSING


def test_a_task_that_satisfies_a_requirement_satisfies_every_part_of_it() -> None:
    story = b"- R1.1.1 THE shop SHALL keep it.\n"
    tasks = b"- [ ] T1 Do\n  - Satisfies: R1\n"
    known = Spec((native.read("requirements.md", story), native.read("tasks.md", tasks)))

    (found,) = evidence.for_criteria(known, {"T1": run_of()}, {})

    assert found.proof is Proof.CLAIMED


def test_a_failing_named_test_outweighs_everything() -> None:
    after = run_of(TestCase("test_R1_1", False), result=Result.FAIL)

    assert proofs({"T1": after}, None) == [Proof.MISSING, Proof.MISSING, Proof.MISSING]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/a.py", True), ("src/test_a.py", True), ("web/a.test.ts", True), ("src/a.py", False)],
)
def test_test_files_are_known_by_their_names(path: str, expected: bool) -> None:
    assert evidence.is_test(path) is expected


def test_a_test_that_another_command_ran_without_the_change_proves_nothing() -> None:
    after = run_of(TestCase("test_R1_1", True))
    other = Run(("other",), "tree", Result.FAIL, "exit 1", 1, 1, (TestCase("test_x", False),))

    assert proofs({"T1": after}, other)[0] is Proof.CLAIMED


def test_a_report_in_which_everything_was_skipped_outweighs_what_the_output_says() -> None:
    junit = b'<testsuite><testcase name="a"><skipped/></testcase></testsuite>'

    run = evidence.judge(CommandRun(("pytest",), 0, "5 passed in the log", (junit,)), "tree")

    assert (run.result, run.tests) == (Result.UNKNOWN, 0)


NODE = b"""<testsuites>
<testsuite name="Cart"><testsuite name="empty">
<testcase name="R1.1 does not keep" classname="test"><failure/></testcase>
</testsuite></testsuite>
<testcase name="alone" classname="test"/>
</testsuites>"""


def test_the_groups_of_node_test_are_part_of_a_name() -> None:
    run = evidence.judge(CommandRun(("node",), 1, "", (NODE, JUNIT)), "tree")

    assert run.cases[:2] == (
        TestCase("Cart > empty > R1.1 does not keep", False),
        TestCase("alone", True),
    )
    assert run.tests == 4  # of both reports
    deep = b"<testsuite name='a'>" * 900 + b"<testcase name='b' classname='test'/>"
    run = evidence.judge(CommandRun(("node",), 0, "", (deep + b"</testsuite>" * 900,)), "tree")
    assert len(run.cases[0].name) < 200


def test_the_suite_of_pytest_is_no_part_of_a_name() -> None:
    report = (b'<testsuites><testsuite name="pytest" timestamp="2026-11-23T09:00:00">'
              b'<testcase classname="test" name="test_one"/></testsuite></testsuites>')  # fmt: skip
    run = evidence.judge(CommandRun(("pytest",), 0, "", (report,)), "tree")
    assert run.cases == (TestCase("test::test_one", True),)


CARGO = """\
     Running unittests src/lib.rs (target/debug/deps/shop-0f)
running 2 tests
test cart::tests::r1_1_keeps ... ok
test cart::tests::r1_2_panics - should panic ... FAILED
     Running tests/cart.rs (target/debug/deps/cart-1e)
test r2_1_drops ... ok
test result: FAILED. 2 passed; 1 failed; 0 ignored
"""
GO = "--- PASS: TestR1_1 (0.00s)\n    --- FAIL: TestR1_2/late (0.00s)\nFAIL\tshop\t0.1s\n"


def test_without_a_report_tests_are_known_by_what_go_and_cargo_print() -> None:
    assert evidence.judge(ran(CARGO, 101), "tree").cases == (
        TestCase("src/lib.rs::cart::tests::r1_1_keeps", True),
        TestCase("src/lib.rs::cart::tests::r1_2_panics", False),
        TestCase("tests/cart.rs::r2_1_drops", True),
    )
    assert evidence.judge(ran(GO, 1), "tree").cases == (
        TestCase("TestR1_1", True),
        TestCase("TestR1_2/late", False),
    )
    # Without -v Go tells of failures alone: what it says nothing of may have passed.
    failed = evidence.judge(ran(GO.partition("\n")[2], 1), "tree")
    assert (failed.cases, failed.failed) == ((), ("TestR1_2/late",))


def test_a_property_of_a_case_names_what_it_satisfies() -> None:
    report = (b"<testsuite><testcase classname='a' name='test_keeps'><properties>"
              b"<property name='Satisfies' value='R1.2, R11'/><property name='x' value='R1.1'/>"
              b"</properties></testcase></testsuite>")  # fmt: skip
    run = evidence.judge(CommandRun(("pytest",), 0, "", (report,)), "tree")
    assert run.cases == (TestCase("a::test_keeps", True, ("R1.2", "R11")),)
    before = run_of(TestCase("a::test_keeps", False), result=Result.FAIL)
    assert proofs({"T1": run}, before) == [Proof.CLAIMED, Proof.PROVEN, Proof.PROVEN]
