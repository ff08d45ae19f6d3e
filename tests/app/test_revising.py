"""A criterion that is superseded or retired leaves its id, its words and the work to be undone."""

from pathlib import Path

import pytest

from accord.app import identifying, revising
from accord.core import revising as rules
from accord.core.model import Spec
from accord.errors import ConfigurationError, RefusedError
from accord.formats import kiro, native
from operations import writing
from project import Project

STORY = """# Cart

### R1 Keep

- R1.1 THE shop SHALL keep the cart.
- R1.2 THE shop SHALL say until when.

### R2 Mail

- R2.1 THE shop SHALL send a letter.
"""
TASKS = """# Cart: tasks

- [x] T1 Keep it
  - Satisfies: R1.1, R1.2
  - Touches: shop/cart.py
- [ ] T2 Say it
  - Satisfies: R1.2
  - Touches: shop/say.py
- [x] T3 Send it
  - Satisfies: R2
  - Touches: shop/mail.py
"""
FOLDER = "specs/cart"


def lay(root: Path) -> None:
    (root / FOLDER).mkdir(parents=True)
    (root / FOLDER / "requirements.md").write_text(STORY)
    (root / FOLDER / "tasks.md").write_text(TASKS)


def test_a_superseded_criterion_gets_a_new_id_and_the_old_one_is_never_used_again(
    tmp_path: Path,
) -> None:
    lay(tmp_path)

    first = revising.revise(
        tmp_path, FOLDER, "R1.2", "THE shop SHALL say it twice.", "asked for", writing(tmp_path)
    )
    again = revising.revise(tmp_path, FOLDER, "R1.3", "", "too loud", writing(tmp_path))
    last = revising.revise(
        tmp_path, FOLDER, "R1.1", "THE shop SHALL hold it.", "clearer", writing(tmp_path)
    )

    assert (first.new, again.new, last.new) == ("R1.3", "", "R1.4")
    text = (tmp_path / FOLDER / "requirements.md").read_text()
    assert text == STORY.replace("- R1.2 THE shop SHALL say until when.\n", "").replace(
        "R1.1 THE shop SHALL keep the cart.", "R1.4 THE shop SHALL hold it."
    )
    gone = {one.host: (one.words, one.retired) for one in identifying.known(tmp_path, FOLDER)
            if one.retired}  # fmt: skip
    assert gone == {
        "R1.2": ("THE shop SHALL say until when.", "superseded by R1.3: asked for"),
        "R1.3": ("THE shop SHALL say it twice.", "retired: too loud"),
        "R1.1": ("THE shop SHALL keep the cart.", "superseded by R1.4: clearer"),
    }


def test_what_was_built_is_proposed_to_be_removed(tmp_path: Path) -> None:
    lay(tmp_path)

    done = revising.revise(tmp_path, FOLDER, "R1.2", "", "nobody reads it", writing(tmp_path))

    assert [one.sentence for one in done.removals] == [
        "Remove what T1 built for R1.2 in shop/cart.py; R1.1 must still hold",
        "Take R1.2 out of T2, which is not built",
    ]


def test_a_requirement_takes_its_criteria_with_it() -> None:
    spec = Spec((native.read("tasks.md", TASKS.encode()),))

    assert [one.task for one in rules.removals(spec, {"R1"})] == ["T1", "T2"]
    assert [one.sentence for one in rules.removals(spec, {"R2"})] == [
        "Remove what T3 built for R2 in shop/mail.py"
    ]
    assert rules.removals(spec, {"R9"}) == ()


def test_a_host_that_counts_keeps_its_numbers(tmp_path: Path) -> None:
    folder = tmp_path / ".kiro/specs/cart"
    folder.mkdir(parents=True)
    story = ("### Requirement 1: Cart\n\n#### Acceptance Criteria\n\n1. WHEN a THEN it SHALL b\n"
             "2. WHEN c THEN it SHALL d\n")  # fmt: skip
    (folder / "requirements.md").write_text(story)

    done = revising.revise(
        tmp_path, ".kiro/specs/cart", "R1.2", "WHEN e THEN it SHALL f", "new", writing(tmp_path)
    )

    other = story.replace("c THEN it SHALL d", "e THEN it SHALL f")
    assert (folder / "requirements.md").read_text() == other
    assert done.new == "R1.2"
    rows = identifying.known(tmp_path, ".kiro/specs/cart")
    assert len({one.id for one in rows if one.host == "R1.2"}) == 2


def test_a_criterion_whose_id_is_in_doubt_is_not_revised(tmp_path: Path) -> None:
    folder = ".kiro/specs/cart"
    (tmp_path / folder).mkdir(parents=True)
    story = tmp_path / folder / "requirements.md"
    hour = "WHEN an hour has passed THEN the shop SHALL empty the basket at once"
    story.write_text("### Requirement 1: Cart\n\n#### Acceptance Criteria\n\n"
                     f"1. WHEN the card is declined THEN the shop SHALL keep the cart\n2. {hour}\n"
                     "3. IF the cart is empty THEN the shop SHALL say so\n")  # fmt: skip
    spec = Spec((kiro.read("requirements.md", story.read_bytes()),))
    identifying.remember(tmp_path, folder, spec)
    story.write_text(story.read_text().replace(hour, "Nobody pays twice SHALL hold"))
    before = (story.read_bytes(), identifying.known(tmp_path, folder))

    with pytest.raises(RefusedError, match=r"R1\.2 may be another criterion than it was"):
        revising.revise(tmp_path, folder, "R1.2", "", "why", writing(tmp_path))

    assert (story.read_bytes(), identifying.known(tmp_path, folder)) == before


def test_what_cannot_be_revised_is_said(tmp_path: Path) -> None:
    lay(tmp_path)
    change = tmp_path / "openspec/changes/one/specs/cart"
    change.mkdir(parents=True)
    (change / "spec.md").write_text("## ADDED Requirements\n### Requirement: A\nIt SHALL.\n"
                                    "#### Scenario: B\n- c\n")  # fmt: skip

    with pytest.raises(ConfigurationError, match="no criterion R9"):
        revising.revise(tmp_path, FOLDER, "R9", "", "why", writing(tmp_path))
    with pytest.raises(RefusedError, match="by a change"):
        revising.revise(tmp_path, "openspec/changes/one", "cart/A/B", "", "why", writing(tmp_path))
    with pytest.raises(ConfigurationError, match="no spec"):
        revising.revise(tmp_path, "specs", "R1", "", "why", writing(tmp_path))
    with pytest.raises(ValueError, match="no number"):
        rules.next_id("cart", [])


def test_the_command_says_what_is_left_to_do(project: Project) -> None:
    lay(project.top)

    result = project.ok("revise", FOLDER, "R1.2", "--why", "nobody reads it")

    assert "R1.2 is retired in specs/cart/requirements.md" in result.out
    assert "to do: Remove what T1 built for R1.2" in result.out
    again = project.run("revise", FOLDER, "R1.2", "--why", "again")
    assert again.exit == 2
    assert "hint: there are R1.1" in again.err


def test_an_id_with_a_letter_behind_its_number_is_superseded_by_the_next_number(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "specs/001-cart"
    folder.mkdir(parents=True)
    story = "## Requirements\n\n- **FR-001**: It MUST a\n- **FR-001a**: It MUST b\n"
    (folder / "spec.md").write_text(story)

    done = revising.revise(
        tmp_path, "specs/001-cart", "FR-001a", "It MUST c", "new", writing(tmp_path)
    )

    assert done.new == "FR-002"
    after = story.replace("FR-001a**: It MUST b", "FR-002**: It MUST c")
    assert (folder / "spec.md").read_text() == after


def test_where_the_host_counts_the_command_says_that_the_number_stays(project: Project) -> None:
    folder = project.top / ".kiro/specs/cart"
    folder.mkdir(parents=True)
    (folder / "requirements.md").write_text("### Requirement 1\n\n1. WHEN a THE shop SHALL b\n")

    result = project.ok("revise", ".kiro/specs/cart", "R1.1", "IT SHALL c", "--why", "new")

    assert "R1.1 has the new words, and keeps its number, in" in result.out
