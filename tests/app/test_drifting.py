"""What was released is held against what is there now: quiet where nothing moved."""

import json
from pathlib import Path
from typing import Any

import pytest

import gitrepo
from project import BUILT, Project

CART = """

def keep(cart, minutes=MINUTES):
    kept = list(cart)
    until = minutes * 60
    return kept, until if kept else 0
"""
CODE = f"MINUTES = 60\n{CART}"
TESTS = BUILT["tests/test_minutes.py"].replace(
    "        self.assertEqual(shop.cart.MINUTES, 60)\n",
    "        self.assertEqual(shop.cart.keep([1]), ([1], 3600))\n",
)
OTHER = "def keeps():\n    pass\n"
TEST = "tests/test_minutes.py"
NAME = "Minutes.test_r1_1_keeps_for_an_hour"


@pytest.fixture
def released(project: Project) -> Project:
    """Return a project whose change was released from its task to its trace."""
    project.approve_spec()
    files = {"shop/cart.py": CODE, TEST: TESTS, "tests/test_cart.py": OTHER}
    assert project.build(files=files).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    return project


def drift(project: Project, *more: str) -> dict[str, Any]:
    result = project.run("check", "--drift", "--json", *more)
    found: dict[str, Any] = json.loads(result.out)
    assert result.exit == (1 if found["findings"] else 0)
    return found


def change(project: Project, **files: str | None) -> str:
    said = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return gitrepo.commit(project.top, said, "Change")


def stands(found: dict[str, Any]) -> dict[str, str]:
    return {one["criterion"]: one["standing"] for one in found["findings"]}


def junit(project: Project, *, passes: bool) -> Path:
    path = project.root / "junit.xml"
    inside = "" if passes else "<failure/>"
    case = '<testcase classname="tests.test_minutes.Minutes" name="test_r1_1_keeps_for_an_hour">'
    path.write_text(f"<testsuite>{case}{inside}</testcase></testsuite>")
    return path


def test_from_quiet_to_stale_and_back(released: Project) -> None:
    assert drift(released)["standing"] == {"holds": 1, "unproven": 1}

    # Layout, comments, docstrings, annotations and local names are nobody's business.
    plain = CODE.replace("def keep(cart, minutes=MINUTES)", "def keep(cart: list, minutes=MINUTES)")
    plain = plain.replace("    kept", '    """Keep."""\n    kept', 1).replace("until", "end")
    change(released, shop__cart=f"# A cart.\n{plain}")
    assert drift(released)["standing"] == {"holds": 1, "unproven": 1}

    # Nor is where it lies.
    change(released, shop__cart=None, shop__basket=plain.replace("keep", "hold"))
    assert drift(released)["standing"] == {"holds": 1, "unproven": 1}

    commit = change(released, shop__basket=plain.replace("keep", "hold").replace("* 60", "* 61"))
    found = drift(released)
    assert stands(found) == {"R1.1": "stale", "R1.2": "stale"}
    assert found["findings"][0]["causes"][0]["seen"]["name"] == "hold"

    # What the linked test still proves renews itself; what no test proves does not.
    again = drift(released, "--junit", str(junit(released, passes=True)))
    assert stands(again) == {"R1.2": "stale"}
    assert again["renewed"] == 1
    broken = drift(released, "--junit", str(junit(released, passes=False)))
    assert stands(broken) == {"R1.1": "broken", "R1.2": "stale"}

    released.git("revert", "--no-edit", commit)
    assert drift(released)["standing"] == {"holds": 1, "unproven": 1}


def test_a_finding_says_who_and_when_and_shows_both_lines(released: Project) -> None:
    commit = change(released, shop__cart=CODE.replace("* 60", "* 61"))
    change(released, shop__cart=CODE.replace("* 60", "* 61") + "\n\nX = 1\n")

    result = released.run("check", "--drift")
    assert result.exit == 1
    assert result.out == (
        "guest R1.1, R1.2 are stale\n"
        "  shop/cart.py:4 keep does something else (commit "
        f"{commit[:12]} by Robin)\n"
        "    was: until = minutes * 60\n"
        "    now: until = minutes * 61\n"
        "criteria: 2 stale\n"
    )
    log = json.loads(released.run("check", "--drift", "--format", "sarif").out)
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["drift/stale"]
    words = log["runs"][0]["results"][0]["message"]["text"]
    assert words.startswith("guest R1.1, R1.2 are stale: keep does something else (since ")
    assert words.endswith("\nwas: until = minutes * 60\nnow: until = minutes * 61")
    said = released.run("check", "--drift", "--format", "markdown").out
    assert (
        f"| guest R1.1, R1.2 | stale | keep does something else | shop/cart.py:4 | {commit[:12]}"
        in said
    )


def test_no_more_is_told_than_was_asked_for(released: Project) -> None:
    story = released.top / "specs/guest/requirements.md"
    words = story.read_text().replace("keep the cart", "hold the cart")
    said = {"specs/guest/requirements.md": words.replace("until when", "how long")}
    gitrepo.commit(released.top, said, "Reword")
    assert len(drift(released)["findings"]) == 2
    few = released.run("check", "--drift", "--most", "1").out
    assert "R1.1 is stale" in few
    assert "and 1 more\n" in few
    assert "R1.2" not in few
    log = json.loads(released.run("check", "--drift", "--most", "1", "--format", "sarif").out)
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [one["message"]["text"] for one in notes] == ["and 1 more: 1 stale"]
    assert len(log["runs"][0]["results"]) == 1
    summary = released.run("check", "--drift", "--most", "1", "--format", "markdown").out
    assert "and 1 more: 1 stale\n" in summary


def test_tests_that_changed_prove_nothing_and_those_that_are_gone_are_missed(
    released: Project,
) -> None:
    change(released, tests__test_minutes=TESTS.replace("3600)", "3600), 'kept'"))
    weak = drift(released, "--junit", str(junit(released, passes=True)))
    assert stands(weak) == {"R1.1": "stale"}
    # Code that changed is proved anew by no test that changed with it, however it passes.
    change(released, shop__cart=CODE.replace("* 60", "* 61"))
    both = drift(released, "--junit", str(junit(released, passes=True)))
    assert stands(both) == {"R1.1": "stale", "R1.2": "stale"}
    change(released, shop__cart=CODE)

    change(released, tests__test_minutes=None)
    assert stands(drift(released)) == {"R1.1": "orphaned"}


def test_a_criterion_that_says_something_else_is_stale_and_one_that_is_gone_orphaned(
    released: Project,
) -> None:
    path = released.top / "specs/guest/requirements.md"
    text = path.read_text()
    gitrepo.commit(released.top, {"specs/guest/requirements.md": text.replace("60 min", "90 min")})
    assert stands(drift(released)) == {"R1.1": "stale"}
    kept = "".join(one for one in text.splitlines(keepends=True) if "R1.2 " not in one)
    gitrepo.commit(released.top, {"specs/guest/requirements.md": kept})
    assert stands(drift(released)) == {"R1.2": "orphaned"}


def test_only_what_was_touched_since_the_last_check_is_looked_at(released: Project) -> None:
    assert drift(released)["looked"] == 2
    gitrepo.commit(released.top, {"README.md": "Shop\n"})
    assert drift(released)["looked"] == 0
    change(released, shop__cart=CODE.replace("60", "61", 1))
    assert drift(released)["looked"] == 2
    # A finding stays one until it is dealt with.
    gitrepo.commit(released.top, {"README.md": "Shop.\n"})
    assert stands(drift(released)) == {"R1.1": "stale", "R1.2": "stale"}


def test_what_cannot_be_read_is_said(released: Project) -> None:
    gitrepo.commit(released.top, {".accord/trace/guest.toml": "[symbols]\n<<<<<<<\n"})
    result = released.run("check", "--drift")
    assert result.exit == 2
    assert "guest.toml cannot be read" in result.err
    assert released.run("check", "--drift", "--junit", "nowhere.xml").exit == 2
    assert released.run("check", "--junit", "nowhere.xml").exit == 2


def test_a_history_is_replayed_and_each_finding_told_once(released: Project) -> None:
    first = released.git("rev-parse", "HEAD~1")
    change(released, shop__cart=f"# Layout.\n{CODE}")
    commit = change(released, shop__cart=CODE.replace("* 60", "* 61"))
    gitrepo.commit(released.top, {"README.md": "Shop\n"})

    found = released.ok("check", "--drift", "--replay", f"{first}..HEAD").out
    line = "guest R1.1, R1.2 are stale: keep does something else\n"
    assert found == f"{commit[:12]} {line}1 finding in 4 commits\n"
    assert released.run("check", "--drift", "--replay", "nowhere..HEAD").exit == 2
