"""What a verdict is about is what stands there by now, whoever looks, and hides nothing else."""

import shutil
from collections.abc import Callable

import pytest

import gitrepo
from project import FILES as SHOP
from project import Project
from reproved import BROKEN, FILES, SAME, TRACE, change, configure, release, run, stands

WHY = ("--reason", "agreed")


def drift(project: Project) -> dict[str, str]:
    return stands(project.run("check", "--drift", "--json").json)


@pytest.fixture
def released(project: Project) -> Project:
    configure(project, 'mutation = "off"\n')
    return release(project, FILES)


def test_a_verdict_is_held_against_what_tests_proved_last(released: Project) -> None:
    change(released, shop__cart=SAME)
    assert "R1.1" not in stands(run(released))
    asked = released.process("verdict", "guest", feed="l\n" * 3).err
    assert "R1.1" not in asked
    living = released.ok("show", "--living").out
    assert "R1.1 holds" in living

    change(released, shop__cart=BROKEN)
    assert drift(released)["R1.1"] == "stale"
    released.ok("verdict", "guest", "R1.1", "--still-true", *WHY)
    assert "R1.1" not in drift(released)
    # Nor is it found where nobody ran anything: the trace in git says what was judged.
    shutil.rmtree(released.state / "checked")
    assert "R1.1" not in drift(released)
    assert "still true, says robin on " in released.ok("show", "--living").out


def test_words_that_are_still_true_are_what_the_next_change_is_held_against(
    released: Project,
) -> None:
    path = "specs/guest/requirements.md"
    words = released.file("main", path).decode()
    gitrepo.commit(released.top, {path: words.replace("keep the cart", "hold the cart")})
    assert drift(released)["R1.1"] == "stale"
    released.ok("verdict", "guest", "R1.1", "--still-true", *WHY)
    assert "R1.1" not in drift(released)

    change(released, shop__cart=SAME)
    assert "R1.1" not in stands(run(released))


def test_what_is_gone_hides_nothing_of_what_changed(released: Project) -> None:
    test = released.file("main", "tests/test_minutes.py").decode()
    rest = test.partition("def test_r1_1")[0] + "def test_r1_2" + test.partition("def test_r1_2")[2]
    change(released, tests__test_minutes=rest)
    assert drift(released)["R1.1"] == "orphaned"
    released.ok("verdict", "guest", "R1.1", "--still-true", *WHY)
    assert "R1.1" not in drift(released)

    change(released, shop__cart=BROKEN)
    assert drift(released)["R1.1"] == "stale"


def test_what_is_broken_is_judged_as_such_and_loses_its_tick(released: Project) -> None:
    bad = change(released, shop__cart=BROKEN)
    test = released.file("main", "tests/test_minutes.py").decode()
    change(released, tests__test_minutes=test + "\n\n# a note\n")
    assert stands(run(released))["R1.1"] == "broken"
    told = released.run("check", "--drift").out
    assert (
        "its test test_r1_1_keeps_for_an_hour fails\n" in told
    )  # and no commit that did not do it
    assert f"keep does something else (commit {bad[:12]} by Robin)" in told

    said = released.run("verdict", "guest", "R1.1", "--still-true", *WHY)
    assert (said.exit, "its test fails" in said.err) == (2, True)
    assert "- [x] T1" in released.file("main", "specs/guest/tasks.md").decode()
    released.ok("status", "--sync-status")
    assert "- [ ] T1" in released.file("main", "specs/guest/tasks.md").decode()

    # It moved to another commit, on which nobody ran a test yet.
    run(released)
    released.ok("verdict", "guest", "R1.1", "--waive-until", "2199-01-01", *WHY)
    run(released)
    assert "R1.1" not in drift(released)


@pytest.mark.parametrize(
    ("now", "standing", "said"),
    [
        (lambda text: text.replace("red", "blue"), "stale", "was: color: red;"),
        (lambda text: text.replace("red", "blue"), "stale", "now: color: blue;"),
        (lambda text: "/* above */\n\n" + text, "", ""),
        (
            lambda text: text.partition("/* the cart */")[0],
            "orphaned",
            "is gone from shop/cart.css",
        ),
    ],
)
def test_lines_of_a_file_that_nothing_parses_are_held_too(
    project: Project, now: Callable[[str], str], standing: str, said: str
) -> None:
    text = "body { margin: 0 }\n"
    gitrepo.commit(project.top, {"shop/cart.css": text})
    project.approve_spec()
    styled = text + "/* the cart */\n.cart {\n  color: red;\n}\n"
    assert project.build(files={**SHOP, "shop/cart.css": styled}).exit == 0
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    assert "shop/cart.css::<lines " in project.file("main", TRACE).decode()
    changed = gitrepo.commit(project.top, {"shop/cart.css": now(styled)})

    found = project.run("check", "--drift")
    assert drift(project).get("R1.1", "") == standing
    assert said in found.out
    if standing:
        assert f"(commit {changed[:12]} by" in found.out
        project.ok("verdict", "guest", "R1.1", "--still-true", *WHY)
        assert "R1.1" not in drift(project)
        gitrepo.commit(project.top, {"shop/cart.css": now(styled).replace("margin", "padding")})
        assert "R1.1" not in drift(project)
