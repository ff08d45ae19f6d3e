"""A test that changed proves what it still sees of what it saw, with the fixtures that it had."""

import json

import pytest

from accord.core import trace
from project import Project
from reproved import BROKEN, FILES, TRACE, change, configure, release, run, stands

FIXTURE = """\
import pytest


@pytest.fixture
def full():
    return [1]


@pytest.fixture
def minutes():
    return 60
"""
WITH_FIXTURE = """\
import shop.cart


def test_r1_1_keeps_for_an_hour(full, minutes):
    assert shop.cart.keep(full) == minutes


def test_r1_2_says_until_when():
    assert shop.cart.keep([]) == 0
"""


@pytest.fixture
def fixtures(project: Project) -> Project:
    configure(project)
    files = {"tests/conftest.py": FIXTURE, "tests/test_minutes.py": WITH_FIXTURE}
    return release(project, {**FILES, **files})


def test_a_test_is_held_against_itself_with_the_fixtures_that_it_had(fixtures: Project) -> None:
    change(fixtures, tests__conftest=FIXTURE.replace("full", "cart"),
           tests__test_minutes=WITH_FIXTURE.replace("full", "cart"))  # fmt: skip
    assert stands(json.loads(fixtures.run("check", "--drift", "--json").out)) == {"R1.1": "stale"}

    assert stands(run(fixtures)) == {}


def test_a_fixture_that_makes_the_tests_see_less_is_for_a_person(fixtures: Project) -> None:
    blind = """

@pytest.fixture(autouse=True)
def nothing_is_reckoned(monkeypatch):
    import shop.cart
    monkeypatch.setattr(shop.cart, "keep", lambda cart: 60 if cart else 0)
"""
    edited = WITH_FIXTURE.replace("    assert shop.cart.keep(full)",
                                  "    cart = full\n    assert shop.cart.keep(cart)")  # fmt: skip
    change(fixtures, tests__conftest=FIXTURE + blind, tests__test_minutes=edited)

    assert stands(run(fixtures))["R1.1"] == "stale"


def test_code_and_fixtures_that_changed_together_are_for_a_person(fixtures: Project) -> None:
    renamed = WITH_FIXTURE.replace("minutes", "wanted")
    change(fixtures, shop__cart=BROKEN, tests__test_minutes=renamed,
           tests__conftest=FIXTURE.replace("minutes", "wanted").replace("60", "120"))  # fmt: skip

    assert stands(run(fixtures))["R1.1"] == "stale"


def test_a_test_that_left_its_class_is_found_and_asks_nobody(project: Project) -> None:
    configure(project)
    text = FILES["tests/test_minutes.py"]
    head, first, second = text.split("\n\n\n")
    inside = [f"    {one.strip()}".replace("\n", "\n    ").replace("()", "(self)", 1)
              for one in (first, second)]  # fmt: skip
    within = f"{head}\n\n\nclass TestMinutes:\n{inside[1]}\n"
    release(project, {**FILES, "tests/test_minutes.py": f"{within}\n{inside[0]}\n"})
    bound = trace.from_toml("guest", (project.top / TRACE).read_text())
    # The class itself is no test: nothing would ever say that it passed.
    assert {one.name for name, one in bound.tests if name == "R1.1"} == {
        "TestMinutes.test_r1_1_keeps_for_an_hour", "test_nothing"}  # fmt: skip

    change(project, tests__test_minutes=f"{within}\n\n{first}\n")

    assert "R1.1" not in stands(run(project))


PUT = """\
def keep(cart, shelf):
    shelf.append(60 * len(cart))
"""
PUT_TEST = """\
import shop.cart


def test_r1_1_keeps_for_an_hour():
    shelf = []
    shop.cart.keep([1], shelf)
    assert shelf == [60]


def test_r1_2_says_until_when():
    assert shop.cart.keep
"""


@pytest.mark.parametrize(("told", "found"), [("[int(60)]", {}), ("shelf + []", {"R1.1": "stale"})])
def test_of_code_that_returns_nothing_a_test_has_to_see_what_it_does(
    project: Project, told: str, found: dict[str, str]
) -> None:
    configure(project)
    release(project, {**FILES, "shop/cart.py": PUT, "tests/test_minutes.py": PUT_TEST})
    change(project, tests__test_minutes=PUT_TEST.replace("[60]", told))

    assert stands(run(project)) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [("shelf = list()\n    shop.cart.keep([1], shelf)", {}), ("shelf = []", {"R1.1": "stale"})],
)
def test_a_test_that_only_saw_that_the_code_runs_has_to_see_that(
    project: Project, told: str, found: dict[str, str]
) -> None:
    configure(project)
    text = PUT_TEST.replace("shelf == [60]", "isinstance(shelf, list)")
    release(project, {**FILES, "shop/cart.py": PUT, "tests/test_minutes.py": text})
    was = "shelf = []\n    shop.cart.keep([1], shelf)"
    change(project, tests__test_minutes=text.replace(was, told))

    assert stands(run(project)) == found


def test_each_way_to_break_code_has_its_turn(project: Project) -> None:
    configure(project)
    asks = "".join(f"        if one == {one}:\n            return None\n" for one in range(2, 10))
    code = PUT.replace("    shelf", f"    for one in cart[1:]:\n{asks}    shelf")
    release(project, {**FILES, "shop/cart.py": code, "tests/test_minutes.py": PUT_TEST})
    # Of none of the eight do these tests see that it is negated, or that nothing is returned.
    change(project, tests__test_minutes=PUT_TEST.replace("[60]", "[int(60)]"))

    assert stands(run(project)) == {}
