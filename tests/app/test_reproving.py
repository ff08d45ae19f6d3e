"""`check --run` runs the tests of what was touched; what they prove anew asks nobody."""

import json
from pathlib import Path

import pytest

import gitrepo
from accord.core import trace
from project import Project
from reproved import BROKEN, FILES, SAME, TRACE, change, configure, release, run, stands

COVERED = """\
coverage = "python -m coverage run --rcfile cov.toml --source shop -m pytest -q"
"""
CONTEXTS = "[tool.coverage.run]\ndynamic_context = 'test_function'\n"


@pytest.fixture
def released(project: Project) -> Project:
    configure(project)
    return release(project, FILES)


def test_where_nothing_was_touched_nothing_runs(released: Project) -> None:
    found = run(released)

    assert found["run"] is None
    assert found["findings"] == []


def test_code_that_its_tests_still_prove_asks_nobody_and_the_rest_is_left(
    released: Project,
) -> None:
    change(released, shop__cart=SAME)
    assert released.run("check", "--drift").exit == 1

    found = run(released)

    assert found["run"]["tests"] == 3
    assert {one["criterion"]: one["answer"] for one in found["tried"]} == {
        "R1.1": "noticed", "R1.2": "survives"}  # fmt: skip
    # R1.2 has a test that proves nothing, so a person has to look.
    assert stands(found) == {"R1.2": "stale"}
    causes = [one["message"] for one in found["findings"][0]["causes"]]
    assert any("still passes when" in one and "proves nothing" in one for one in causes)


def test_what_was_renewed_stays_quiet_without_running_again(released: Project) -> None:
    change(released, shop__cart=SAME)
    run(released)

    again = json.loads(released.run("check", "--drift", "--json").out)
    assert stands(again) == {"R1.2": "stale"}

    # Something else in the same file: what was proved is not asked again.
    change(released, shop__cart=SAME + "\n\nOTHER = 1\n")
    again = json.loads(released.run("check", "--drift", "--json").out)
    assert stands(again) == {"R1.2": "stale"}
    change(released, shop__cart=BROKEN)
    again = json.loads(released.run("check", "--drift", "--json").out)
    assert stands(again) == {"R1.1": "stale", "R1.2": "stale"}


def test_renewed_fingerprints_are_written_to_be_committed_alone(released: Project) -> None:
    change(released, shop__cart=SAME)
    was = trace.from_toml("guest", (released.top / TRACE).read_text())

    found = run(released, "--write")

    assert found["written"] == [TRACE]
    now = trace.from_toml("guest", (released.top / TRACE).read_text())
    changed = {(name, one.name) for name, one in set(now.symbols) - set(was.symbols)}
    assert changed == {("R1.1", "keep")}
    base = released.git("rev-parse", "HEAD")
    released.git("commit", "-qam", "Renew")
    assert released.ok("check", "--base", base).exit == 0
    for path in released.state.rglob("renewed.json"):
        path.unlink()
    assert stands(json.loads(released.run("check", "--drift", "--json").out)) == {"R1.2": "stale"}


def test_a_test_that_fails_breaks_its_criterion(released: Project) -> None:
    change(released, shop__cart=BROKEN)

    assert stands(run(released))["R1.1"] == "broken"


def test_a_test_that_changed_proves_nothing(released: Project) -> None:
    path = released.top / "tests/test_minutes.py"
    change(released, shop__cart=BROKEN,
           tests__test_minutes=path.read_text().replace("== 60", "> 0"))  # fmt: skip

    assert stands(run(released))["R1.1"] == "stale"


def test_a_test_that_was_rewritten_and_sees_whatever_it_saw_asks_nobody(
    released: Project,
) -> None:
    text = (released.top / "tests/test_minutes.py").read_text()
    told = text.replace("[1]) == 60", "[0]) == 60").replace("    assert", "    x = 1\n    assert")
    change(released, tests__test_minutes=told)
    assert stands(json.loads(released.run("check", "--drift", "--json").out))["R1.1"] == "stale"

    assert "R1.1" not in stands(run(released, "--write"))

    # It is what is held against the code from here on.
    released.git("commit", "-qam", "Renew")
    change(released, shop__cart=SAME)
    assert "R1.1" not in stands(run(released))
    change(released, shop__cart=BROKEN)
    assert stands(run(released))["R1.1"] == "broken"


def test_a_test_that_became_stricter_proves_code_that_changed_with_it(released: Project) -> None:
    text = (released.top / "tests/test_minutes.py").read_text()
    more = text.replace("== 60\n", "== 60\n    assert shop.cart.keep([]) == 0\n")
    change(released, shop__cart=SAME, tests__test_minutes=more)

    assert "R1.1" not in stands(run(released))


def test_code_and_tests_that_changed_together_are_for_a_person(released: Project) -> None:
    text = (released.top / "tests/test_minutes.py").read_text()
    change(released, shop__cart=BROKEN, tests__test_minutes=text.replace("== 60", "== 120"))

    assert stands(run(released))["R1.1"] == "stale"


@pytest.mark.parametrize("less", [
    "keep([1]) == shop.cart.keep([1])",  # it agrees with itself
    "keep([1]) == 60 or True",
    "keep([1]) in (60, None)",
])  # fmt: skip
def test_a_test_that_sees_less_than_before_is_for_a_person(released: Project, less: str) -> None:
    text = (released.top / "tests/test_minutes.py").read_text()
    change(released, tests__test_minutes=text.replace("keep([1]) == 60", less))

    assert stands(run(released))["R1.1"] == "stale"


def test_a_run_that_says_nothing_renews_nothing(released: Project) -> None:
    change(released, shop__cart=SAME, tests__conftest="raise SystemExit(3)\n")

    found = run(released)

    assert found["run"]["result"] == "unknown"
    assert stands(found) == {"R1.1": "stale", "R1.2": "stale"}


def test_it_runs_on_a_detached_head(released: Project) -> None:
    change(released, shop__cart=BROKEN)
    released.git("checkout", "-q", "--detach")

    assert stands(run(released))["R1.1"] == "broken"


def test_code_that_tests_run_is_looked_at_as_well(project: Project) -> None:
    gitrepo.commit(project.top, {"shop/price.py": FILES["shop/price.py"], "cov.toml": CONTEXTS},
                   "Price")  # fmt: skip
    configure(project, COVERED)
    release(project, {name: text for name, text in FILES.items() if name != "shop/price.py"})
    bound = trace.from_toml("guest", (project.top / TRACE).read_text())
    assert {(name, one.place) for name, one in bound.executes} == {
        ("R1.1", "shop/price.py::rate")}  # fmt: skip

    change(project, shop__price="def rate():\n    return 30 * 2\n")
    before = json.loads(project.ok("check", "--drift", "--json").out)
    assert before["standing"]["touched"] == 1
    assert run(project)["standing"].get("touched") is None
    assert (
        json.loads(project.ok("check", "--drift", "--json").out)["standing"].get("touched") is None
    )

    change(project, shop__price="def rate():\n    return 30\n")
    assert stands(run(project)) == {"R1.1": "broken"}


def test_what_its_tests_ran_and_is_gone_has_them_run_once_more(project: Project) -> None:
    price = "def half():\n    return 30\n\n\ndef rate():\n    return half() * 2\n"
    gitrepo.commit(project.top, {"shop/price.py": price, "cov.toml": CONTEXTS}, "Price")
    configure(project, COVERED)
    release(project, {name: text for name, text in FILES.items() if name != "shop/price.py"})
    # Nothing here is like what it was: `half` is not to be followed to `rate`.
    change(project, shop__price="def rate():\n    return 60\n")

    before = json.loads(project.ok("check", "--drift", "--json").out)
    assert before["standing"]["touched"] == 1
    assert run(project, "--write")["standing"].get("touched") is None

    bound = trace.from_toml("guest", (project.top / TRACE).read_text())
    assert {one.name: bool(one.print) for _, one in bound.executes} == {
        "half": False, "rate": True}  # fmt: skip
    gitrepo.commit(project.top, {"shop/price.py": "def rate():\n    return 60\n\n\nX = 1\n"},
                   "More")  # fmt: skip
    again = json.loads(project.ok("check", "--drift", "--json").out)
    assert again["standing"].get("touched") is None


def test_run_and_a_report_of_somebody_else_do_not_go_together(project: Project) -> None:
    report = Path(project.root / "junit.xml")
    report.write_text("<testsuite/>")

    assert project.run("check", "--run", "--junit", str(report)).exit == 2
    assert project.run("check", "--write").exit == 2


def test_what_a_person_said_is_still_true_is_what_the_next_change_is_held_against(
    released: Project,
) -> None:
    text = (released.top / "tests/test_minutes.py").read_text()
    change(released, shop__cart=BROKEN, tests__test_minutes=text.replace("== 60", "== 120"))
    released.ok("verdict", "guest", "R1.1", "--still-true", "--reason", "two hours are agreed")
    assert "R1.1" not in stands(run(released))

    # By now it is 120 that tests prove anew, and 60 that breaks it.
    change(released, shop__cart=BROKEN.replace("2 * len(cart)", "len(cart) * 2"))
    assert "R1.1" not in stands(run(released))
    change(released, shop__cart=SAME)
    assert stands(run(released))["R1.1"] == "broken"
