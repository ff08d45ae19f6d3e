"""A command that failed and then passed on the same tree is told of where people look."""

from collections.abc import Iterator
from contextlib import closing

import pytest

import gitrepo
from accord.app import flakes, landing
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.wiring.opening import open_workshop
from lining import built
from project import VERIFY, Project
from visiting import Visitor, serving

# Fails once for each file that is put there, whatever the code is.
SHAKY = """\
import os, sys
if os.path.exists({shaky!r}):
    os.remove({shaky!r})
    print("1 failed")
    sys.exit(1)
print("1 passed")
"""


@pytest.fixture
def workshop(project: Project) -> Iterator[Workshop]:
    project.unwalled()  # the check looks at a file outside
    config = project.file("main", ".accord/config.toml").decode()
    prove = SHAKY.format(shaky=str(project.root / "shaky"))
    files = {"prove.py": prove, ".accord/config.toml": config.replace(VERIFY, "python prove.py")}
    gitrepo.commit(project.top, files, "Prove otherwise")
    with closing(open_workshop(project.top, lambda _: "")) as opened:
        yield opened


def test_what_failed_and_then_passed_lands_and_is_shown_with_how_often(
    project: Project, workshop: Workshop
) -> None:
    (first,) = built(project, workshop, {"T1": {"a.py": ""}})
    assert "SAME CODE" not in project.ok("show", "guest").out
    # What was proved where it was built is not run again on that tree, so there is another.
    project.commit_on("accord/guest", {"c.py": ""}, "Meanwhile")
    (project.root / "shaky").touch()

    assert landing.land_task(workshop, first).accepted
    assert load(workshop, "guest").landed == {"T1"}
    assert not (project.root / "shaky").exists()
    assert [(one["command"], one["times"]) for one in flakes.flakes(workshop, "guest")] == [
        ("python prove.py", 1)
    ]
    assert flakes.flakes(workshop, "another") == []
    assert project.show()["flakes"][0]["times"] == 1
    out = project.ok("show", "guest").out
    assert "  TIMES  FAILED, THEN PASSED ON THE SAME CODE\n  1      python prove.py\n" in out


def test_flakes_are_counted_by_command_and_a_long_one_keeps_to_its_line(
    project: Project, workshop: Workshop
) -> None:
    long = "python -m pytest " + "tests/test_" * 12
    for name, tree, command in (("guest", "1", "make"), ("guest", "1", "make"),
                                ("tax", "2", "make"), ("guest", "1", long)):  # fmt: skip
        flakes.note(workshop, name, tree, command)
    workshop.journal.note("flake/3/old", {"command": "make", "change": "guest"})
    assert flakes.flakes(workshop) == [
        {"command": "make", "times": 4, "changes": ["guest", "tax"]},
        {"command": long, "times": 1, "changes": ["guest"]},
    ]
    project.approve_spec()
    lines = project.ok("show", "guest").out.splitlines()
    at = lines.index("  TIMES  FAILED, THEN PASSED ON THE SAME CODE")
    assert lines[at + 1] == "  3      make"
    assert lines[at + 2].startswith("  1      python -m pytest tests/test_")
    assert lines[at + 2].endswith("…")
    assert max(map(len, lines[at : at + 3])) <= 80


def test_the_figures_have_a_table_of_flakes_where_there_are_any(
    project: Project, workshop: Workshop
) -> None:
    with serving(project) as server:
        visitor = Visitor(server).enter()
        assert "same code" not in visitor.get("/figures").text
        flakes.note(workshop, "guest", "1", "make <b>")
        flakes.note(workshop, "tax", "2", "make <b>")
        page = visitor.get("/figures").text
    row = page.partition("Failed, then passed on the same code")[2].partition("<tbody>")[2]
    assert '<code>make &lt;b&gt;</code></th><td class="num">2</td><td>guest, tax</td>' in row
