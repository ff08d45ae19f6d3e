"""A criterion is proven when its test fails without the change, and when its code is broken."""

from typing import Any

import pytest

import gitrepo
from project import BUILT, DOCUMENTS, PYTEST, Project

KEPT = {
    "shop/cart.py": """\
def keep(cart):
    return list(cart)


def minutes(declined):
    if declined:
        return 60
    return 0
""",
    "tests/test_minutes.py": """\
import shop.cart


def test_r1_1_keeps_for_an_hour():
    assert shop.cart.minutes(True) == 60


def test_r1_2_says_until_when():
    assert hasattr(shop.cart, "minutes")
""",
}
UNITTEST = KEPT["tests/test_minutes.py"].replace(
    "def test_", "    def test_").replace("    assert", "        assert").replace(
    "():", "(self):").replace("import shop.cart\n\n", (
    "import unittest\n\nimport shop.cart\n\n\nclass Minutes(unittest.TestCase):"))  # fmt: skip


def proved(project: Project) -> dict[str, Any]:
    found = project.show()["evidence"]["criteria"]
    return {one["criterion"]: one for one in found}


def configure(project: Project, lines: str) -> None:
    path = project.top / ".accord/config.toml"
    path.write_text(path.read_text().replace("[verify]\n", f"[verify]\n{lines}\n", 1))
    project.git("commit", "-qam", "Configure")


def use(project: Project, command: str) -> None:
    path = project.top / ".accord/config.toml"
    said = [f'command = "{command}"' if one.startswith("command") else one
            for one in path.read_text().splitlines()]  # fmt: skip
    path.write_text("\n".join(said) + "\n")
    project.git("commit", "-qam", "Verify otherwise")


def build(project: Project, files: dict[str, str] | None = None) -> None:
    project.approve_spec()
    result = project.build(files=files or KEPT)
    assert result.exit == 0, result.said
    project.ok("approve", "--yes")


def test_a_test_that_fails_on_broken_code_proves_and_one_that_does_not_survives(
    project: Project,
) -> None:
    use(project, PYTEST)
    build(project)

    found = proved(project)

    assert found["R1.1"]["proof"] == "proven"
    assert found["R1.1"]["broken"] == "noticed"
    assert found["R1.1"]["reason"].endswith("passes with it; it fails when minutes() raises")
    # It fails without the change, since there is no `minutes` then; and it proves nothing.
    assert found["R1.2"]["proof"] == "claimed"
    assert found["R1.2"]["broken"] == "survives"
    assert found["R1.2"]["reason"] == "test_r1_2_says_until_when still passes when minutes() raises"


def test_what_survives_is_asked_at_the_review_and_keeps_nothing_shut(project: Project) -> None:
    use(project, PYTEST)
    build(project)

    said = project.ok("show", "guest").out

    assert "R1.2 survives: test_r1_2_says_until_when still passes when minutes() raises" in (
        " ".join(said.split()))  # fmt: skip
    project.ok("approve", "--yes")


def test_a_team_can_ask_that_every_criterion_is_proven(project: Project) -> None:
    configure(project, 'mutation = "require"')
    use(project, PYTEST)
    build(project)

    result = project.run("approve", "--yes")

    assert result.exit == 1
    assert "R1.2 of guest is not proven" in result.err
    assert "nothing proves R1.2" in project.ok("approve", "--waive", "seen by hand").out
    project.ok("approve", "--yes")
    assert project.gates()["review"] == "open"


def test_without_a_report_the_words_of_the_runner_say_which_test_failed(project: Project) -> None:
    build(project, {**KEPT, "tests/test_minutes.py": UNITTEST})

    assert proved(project)["R1.1"]["broken"] == "noticed"


def test_without_a_report_tests_that_pass_on_broken_code_survive(project: Project) -> None:
    last = UNITTEST.partition("    def test_r1_1")[0] + "    def test_r1_2" + (
        UNITTEST.partition("    def test_r1_2")[2])  # fmt: skip
    build(project, {**KEPT, "tests/test_minutes.py": last})

    assert proved(project)["R1.2"]["broken"] == "survives"


def test_a_team_can_do_without(project: Project) -> None:
    configure(project, 'mutation = "off"')
    build(project)

    assert all("broken" not in one for one in proved(project).values())


def test_code_that_does_not_load_when_broken_accuses_nobody(project: Project) -> None:
    use(project, PYTEST)
    files = {"shop/cart.py": KEPT["shop/cart.py"] + "\n\nminutes(False)\n",
             "tests/test_minutes.py": KEPT["tests/test_minutes.py"]}  # fmt: skip
    build(project, files)

    found = proved(project)

    # What raises is met while the tests are collected; the negated condition is what counts.
    assert found["R1.1"]["broken"] == "noticed"
    assert "condition in line 6 of shop/cart.py is negated" in found["R1.1"]["reason"]
    assert found["R1.2"]["broken"] == "unknown"


def test_a_value_is_broken_too(project: Project) -> None:
    use(project, PYTEST)
    build(project, dict(BUILT))

    assert "fails when MINUTES has another value" in proved(project)["R1.1"]["reason"]


def test_a_broken_version_is_never_run_twice(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accord.app import breaking

    use(project, PYTEST)
    build(project)
    ran: list[object] = []
    monkeypatch.setattr(breaking, "run_on", lambda *words: ran.append(words))
    project.git("commit", "-q", "--allow-empty", "-m", "Go on")
    project.ok("run", "guest")

    assert ran == []


SAID = """\
import shop.cart


def test_keeps():
    \"\"\"Satisfies: R1.1\"\"\"
    assert shop.cart.minutes(True) == 60


def test_says_until_when(record_property):
    record_property("Satisfies", "R1.2")
    assert shop.cart.minutes(False) == 0


def test_more():
    assert shop.cart.minutes(True)
"""


def test_a_docstring_and_a_property_name_a_criterion_as_a_name_does(project: Project) -> None:
    use(project, PYTEST)
    build(project, {**KEPT, "tests/test_minutes.py": SAID})

    found = proved(project)

    assert {name: one["proof"] for name, one in found.items()} == {
        "R1.1": "proven", "R1.2": "proven"
    }  # fmt: skip
    assert found["R1.1"]["tests"] == ["tests.test_minutes::test_keeps"]
    assert found["R1.2"]["tests"] == ["tests.test_minutes::test_says_until_when"]


SEVERAL = """\
import shop.cart


def test_r1_1_keeps_for_an_hour():
    assert shop.cart.minutes(True) == 60


def test_r1_2_says_until_when():
    assert shop.cart.minutes(False) == 0


def test_r1_2_was_so_before():
    assert shop.cart.keep([1]) == [1]
"""
LOADED = "from shop.cart import minutes\n\n\ndef test_loads():\n    assert minutes(True)\n"


@pytest.mark.parametrize("more", [{}, {"tests/test_a.py": LOADED}])
def test_a_test_that_an_early_end_left_out_without_the_change_is_asked_alone(
    project: Project, more: dict[str, str]
) -> None:
    use(project, f"{PYTEST} -x")
    # Without a file that says where the project begins, pytest names what it is asked for.
    project.git("rm", "-q", "pyproject.toml")
    project.git("commit", "-qm", "Go without")
    build(project, {**KEPT, "tests/test_minutes.py": SEVERAL, **more})

    found = proved(project)

    assert {name: one["proof"] for name, one in found.items()} == {
        "R1.1": "proven", "R1.2": "proven"
    }  # fmt: skip
    assert "test_r1_2_says_until_when fails without the change" in found["R1.2"]["reason"]


def test_a_test_that_does_not_run_without_the_change_proves_nothing(project: Project) -> None:
    use(project, PYTEST)
    skipped = SEVERAL.replace(
        "def test_r1_1",
        """\
import pytest


@pytest.mark.skipif(not hasattr(shop.cart, "minutes"), reason="not yet")
def test_r1_1""",
    )
    build(project, {**KEPT, "tests/test_minutes.py": skipped})

    found = proved(project)["R1.1"]

    assert found["proof"] == "claimed"
    assert "without the change its test did not run" in found["reason"]


def test_a_file_of_tests_that_does_not_load_without_the_change_proves(project: Project) -> None:
    use(project, PYTEST)
    loaded = KEPT["tests/test_minutes.py"].replace(
        "import shop.cart", "from shop.late import minutes")  # fmt: skip
    late = {"shop/late.py": KEPT["shop/cart.py"],
            "tests/test_minutes.py": loaded.replace("shop.cart.minutes(", "minutes(").partition(
                "\n\n\ndef test_r1_2")[0] + "\n"}  # fmt: skip
    build(project, late)

    found = proved(project)["R1.1"]

    assert (found["proof"], found["broken"]) == ("proven", "noticed")
    assert "test_r1_1_keeps_for_an_hour fails without the change" in found["reason"]


UNNAMED = (
    KEPT["tests/test_minutes.py"].replace("test_r1_1_", "test_").replace("test_r1_2_", "test_")
)


@pytest.mark.parametrize("serves", ["R1.1", "R1.1, R1.2"])
def test_a_test_that_names_nothing_proves_the_one_criterion_that_its_task_satisfies(
    project: Project, monkeypatch: pytest.MonkeyPatch, serves: str
) -> None:
    name, text = DOCUMENTS["architecture"]
    tasks = text.replace("  - Satisfies: R1.1, R1.2", f"  - Satisfies: {serves}")
    if serves == "R1.1":
        tasks += (
            "- [ ] T2 Say until when\n  - Satisfies: R1.2\n  - Touches: docs/**\n  - After: T1\n"
        )
    monkeypatch.setitem(DOCUMENTS, "architecture", (name, tasks))
    use(project, PYTEST)
    project.approve_spec()
    assert project.build(files={**KEPT, "tests/test_minutes.py": UNNAMED}).exit == 0
    if serves == "R1.1":
        gitrepo.write(project.lent(), {"docs/cart.md": "It is kept for an hour.\n"})
        assert project.run("run", "guest", "--built", "T2").exit == 0
    project.ok("approve", "--yes")

    found = proved(project)

    if serves == "R1.1":
        assert (found["R1.1"]["proof"], found["R1.1"]["broken"]) == ("proven", "noticed")
        assert found["R1.1"]["reason"].endswith("the work links it, no test names it")
        assert found["R1.1"]["tests"] == ["tests.test_minutes::test_keeps_for_an_hour",
                                          "tests.test_minutes::test_says_until_when"]  # fmt: skip
        assert found["R1.2"]["proof"] == "claimed"
    else:
        assert [one["proof"] for one in found.values()] == ["claimed", "claimed"]
        assert "its tests serve R1.2 too" in found["R1.1"]["reason"]
