"""What a test proves is told from what the run without the change says of it, and of its file."""

import pytest

from accord.core import evidence
from accord.core.breaking import Answer, Tried, weighed
from accord.core.evidence import Evidence, Proof, Result, Run, TestCase
from accord.core.model import Spec
from accord.core.ports import CommandRun
from accord.formats import native

STORY = b"### R1 Cart\n- R1.1 THE shop SHALL keep it.\n- R1.2 THE shop SHALL drop it.\n"
SPEC = Spec(
    (
        native.read("requirements.md", STORY),
        native.read("tasks.md", b"- [ ] T1 Do\n  - Satisfies: R1\n"),
    )
)


def run_of(*cases: TestCase, result: Result = Result.PASS) -> Run:
    failed = tuple(one.name for one in cases if not one.passed)
    return Run(("pytest",), "tree", result, "2 tests passed: pytest", 0, 2, cases, failed)


def first(after: Run, base: Run) -> Evidence:
    """Return the evidence for R1.1."""
    return evidence.for_criteria(SPEC, {"T1": after}, {after.command: base})[0]


def claimed(after: Run, base: CommandRun) -> str:
    """Return why R1.1 is no more than claimed, without what is said of the run with the change."""
    found = first(after, evidence.judge(base, "base"))
    assert found.proof is Proof.CLAIMED
    return found.reason.removeprefix("2 tests passed: pytest; ")


def report(*cases: str) -> tuple[bytes, ...]:
    return (f"<testsuite timestamp='x'>{''.join(cases)}</testsuite>".encode(),)


UNLOADED = {
    "shop/cart_test.go": "# m/shop [m/shop.test]\nshop/mail_test.go:3:5: undefined: Keep\n",
    "cart_test.go": "# m\nvet: ./cart_test.go:3:5: undefined: Keep\n",
    "tests/cart.rs": "error[E0425]: cannot find function `b`\n --> tests/cart.rs:2:30\n  |\n",
    "src/test/CartTest.java": "[ERROR] /w/src/test/CartTest.java:[5,9] cannot find symbol\n",
    "test/CartTest.java": "/w/test/CartTest.java:5: error: cannot find symbol\n",
    "tests/cart.test.ts": "FAIL tests/cart.test.ts\n  \u25cf Test suite failed to run\n",
}


@pytest.mark.parametrize("path", UNLOADED)
def test_a_test_that_does_not_compile_without_the_change_did_not_pass_there(path: str) -> None:
    after = run_of(TestCase("test_R1_1", True, path=path))
    broken = CommandRun(("pytest",), 2, UNLOADED[path])

    found = first(after, evidence.judge(broken, "base"))

    assert (found.proof, found.reason) == (
        Proof.PROVEN, "test_R1_1 cannot even start without the change and passes with it"
    )  # fmt: skip
    elsewhere = "mail/cart_test.go" if path.endswith(".go") else path.replace("art", "urt")
    other = run_of(TestCase("test_R1_1", True, path=elsewhere))
    assert "without the change it did not say how many tests ran" in claimed(other, broken)


@pytest.mark.parametrize(
    ("case", "failed"),
    [
        (TestCase("tests.test_a.A::test_R1_1", True), ("", "tests.test_a")),
        (TestCase("test_R1_1", True, path="tests/test_a.py"), ("", "tests.test_a")),
        (TestCase("A > R1.1", True, path="tests/a.test.mjs"), ("test", "/w/tests/a.test.mjs")),
        (TestCase("x.ts::R1.1", True, path="tests/x.ts"), ("tests/x.ts", "tests/x.ts")),
    ],
)
def test_a_file_that_cannot_be_loaded_without_the_change_proves_what_its_tests_name(
    case: TestCase, failed: tuple[str, str]
) -> None:
    said = f"<testcase classname='{failed[0]}' name='{failed[1]}'><error/></testcase>"
    base = evidence.judge(CommandRun(("pytest",), 2, "", report(said)), "base")

    assert first(run_of(case), base).proof is Proof.PROVEN
    other = TestCase(case.name.replace("test_a", "test_b"), True, path=case.path and "tests/b.py")
    if other != case:
        assert first(run_of(other), base).proof is Proof.CLAIMED


def test_a_test_that_is_called_like_its_file_is_not_the_file() -> None:
    said = "<testcase classname='tests.test_a' name='test_a'><failure/></testcase>"
    base = evidence.judge(CommandRun(("pytest",), 1, "", report(said)), "base")
    after = run_of(TestCase("tests.test_a::test_R1_1", True, path="tests/test_a.py"))

    assert first(after, base).proof is Proof.CLAIMED


PASSED = run_of(TestCase("a::test_R1_1", True))


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (CommandRun(("pytest",), 1, "no such lock file", unready=True), "could not be set up"),
        (CommandRun(("pytest",), -9, "Killed"), "exit -9"),
        (CommandRun(("pytest",), 127, "sh: vitest: not found"), "exit 127"),
        (CommandRun(("pytest",), None, "", timed_out=True), "time limit"),
        (CommandRun(("pytest",), None, "", missing=True), "not found"),
        (CommandRun(("pytest",), 2, "make: *** No rule to make target 'test'."), "exit 2"),
        (CommandRun(("pytest",), 5, "", report()), "no test ran (exit 5)"),
    ],
)
def test_a_run_that_could_not_do_its_job_without_the_change_proves_nothing(
    base: CommandRun, why: str
) -> None:
    said = claimed(PASSED, base)
    assert said.startswith("without the change ")
    assert why in said


@pytest.mark.parametrize(
    "cases",
    [
        ("<testcase classname='a' name='test_first'><failure/></testcase>",),  # pytest -x
        ("<testcase classname='a' name='test_first'/>",),
        ("<testcase classname='a' name='test_first'/>",
         "<testcase classname='a' name='test_R1_1'><skipped/></testcase>"),
    ],
)  # fmt: skip
def test_a_test_that_did_not_run_without_the_change_did_not_fail_there(
    cases: tuple[str, ...],
) -> None:
    base = CommandRun(("pytest",), 1 if "failure" in cases[0] else 0, "", report(*cases))

    assert claimed(PASSED, base) == "without the change its test did not run"


def by_work(*linked: str, name: str = "test_keeps") -> Evidence:
    after = run_of(TestCase(name, True, linked=linked))
    before = run_of(TestCase(name, False), result=Result.FAIL)
    return first(after, before)


def test_a_test_that_the_work_links_to_one_criterion_proves_it_once_it_notices() -> None:
    found = by_work("R1.1")

    assert (found.proof, found.worked) == (Proof.CLAIMED, ("test_keeps",))
    proven = weighed(found, Tried(Answer.NOTICED, "test_keeps", "keep() raises"))
    assert (proven.proof, proven.tests) == (Proof.PROVEN, ("test_keeps",))
    assert proven.reason == (
        "test_keeps fails without the change and passes with it; it fails when keep() raises; "
        "the work links it, no test names it"
    )
    for answer in (Answer.SURVIVES, Answer.UNKNOWN):
        assert weighed(found, Tried(answer, "test_keeps", "x")).proof is Proof.CLAIMED


def test_a_test_that_the_work_links_to_several_criteria_proves_none_of_them() -> None:
    found = by_work("R1.1", "R1.2")

    assert (found.proof, found.worked) == (Proof.CLAIMED, ())
    assert found.reason.endswith("; no test names it, and its tests serve R1.2 too")
    noticed = weighed(found, Tried(Answer.NOTICED, "test_keeps", "keep() raises"))
    assert noticed.proof is Proof.CLAIMED
    # Nor does one that names another.
    assert by_work("R1.1", name="test_r1_2").worked == ()
