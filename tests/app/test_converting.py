"""What a spec says is in the converted one, or in the report; nothing else is touched."""

import re
from pathlib import Path

import pytest

from accord.app import checking, converting
from accord.errors import ConfigurationError, RefusedError
from accord.formats.registry import FORMATS
from operations import writing
from project import Project

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NAMES = [one.name for one in FORMATS]
STORY = """# Guest cart

The cart of a guest survives a declined card.

## Questions

- Q1 (answered) How long?
  - Answer: one hour

## Assumptions

- A1 (high, accepted) A guest is known by a cookie.

## Requirements

### R1 Keep the cart

As a guest, I want to keep my cart, so that I can pay again.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.
- R1.2 WHEN the cart is kept THE shop SHALL say until when.

## Out of scope

- Gift cards
"""
DESIGN = "# Guest cart: design\n\n## D1 Minutes\n\nSatisfies: R1.1\n\nThe cart gets minutes.\n"
TASKS = """# Guest cart: tasks

- [x] T1 Keep the cart on decline
  - Satisfies: R1.1, R1.2
  - Touches: shop/cart.py
  - After: -
  - Verify: rm -rf /
- [ ] T2 Say until when
  - Satisfies: R1.2
  - Touches: shop/say.py
  - After: T1
"""
NATIVE = {"requirements.md": STORY, "design.md": DESIGN, "tasks.md": TASKS, "notes.md": "By hand\n"}


def lay(root: Path, folder: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def words(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def everything(root: Path, folder: str) -> str:
    texts = [path.read_text() for path in sorted((root / folder).rglob("*")) if path.is_file()]
    return f" {words(' '.join(texts))} "


@pytest.mark.parametrize("target", NAMES)
def test_every_sentence_is_carried_or_named(tmp_path: Path, target: str) -> None:
    lay(tmp_path, "specs/cart", NATIVE)

    folder = f"{converting.HOMES[target]}/other"
    done = converting.convert(tmp_path, "specs/cart", target, writing(tmp_path), folder)

    (found,) = checking.check(tmp_path, [folder])
    assert (found.format, found.criteria, found.tasks) == (target, 2, 2)
    there = everything(tmp_path, folder)
    lines = "\n".join(NATIVE.values()).splitlines()
    for line in (one for one in lines if not one.startswith("#")):
        said = line.partition(") " if line.startswith(("- Q", "- A")) else "# ")[2] or line
        label, _, rest = said.partition(": ")
        said = rest if label.strip(" -") in ("Answer", "Satisfies", "Touches", "After") else said
        said = re.sub(r"^- (?:\[.\] )?[RTD][\d.]+ |^[RTD]\d+ |Satisfies: .*|  - Verify: ", "", said)
        assert words(said) in there or re.match(r"[RTD]\d", said), line
    assert "T1" in {one.what for one in done.left if one.text == "rm -rf /"}
    assert "rm -rf" not in "".join(
        path.read_text() for path in (tmp_path / folder).rglob("*") if path.name == "tasks.md"
    )
    assert (tmp_path / folder / "notes.md").read_text() == "By hand\n"
    assert {name: (tmp_path / "specs/cart" / name).read_text() for name in NATIVE} == NATIVE


def test_a_round_trip_keeps_criteria_tasks_and_links(tmp_path: Path) -> None:
    lay(tmp_path, "specs/cart", NATIVE)
    converting.convert(tmp_path, "specs/cart", "kiro", writing(tmp_path), "a")
    (tmp_path / "a").rename(tmp_path / ".kiro")
    (tmp_path / "b/.kiro/specs").mkdir(parents=True)
    (tmp_path / ".kiro").rename(tmp_path / "b/.kiro/specs/cart")

    done = converting.convert(tmp_path / "b", ".kiro/specs/cart", "native", writing(tmp_path / "b"))

    story = (tmp_path / "b/specs/cart/requirements.md").read_text()
    for line in STORY.splitlines():
        if line.startswith("- R1"):
            assert line in story
    tasks = (tmp_path / "b/specs/cart/tasks.md").read_text()
    assert "- [x] T1 Keep the cart on decline\n  - Satisfies: R1.1, R1.2\n" in tasks
    assert "  - After: T1\n" in tasks
    assert done.folder == "specs/cart"


def test_what_a_format_has_no_place_for_is_in_the_report(tmp_path: Path) -> None:
    lay(tmp_path, "specs/cart", NATIVE)

    done = converting.convert(tmp_path, "specs/cart", "kiro", writing(tmp_path))

    assert {one.what for one in done.left} >= {"Q1", "A1", "requirements.md: Out of scope", "T1"}
    report = (tmp_path / done.folder / "conversion.md").read_text()
    assert "> How long? (answered: one hour)" in report
    assert "| R1.1 | R1.1 |" in report


DELTA = """## MODIFIED Requirements

### Requirement: Session
The system SHALL end a session after 60 minutes.

#### Scenario: Idle at night
- **WHEN** nobody moves
- **THEN** the session ends

## REMOVED Requirements

### Requirement: Old way
**Reason**: passkeys

## RENAMED Requirements

- FROM: `### Requirement: Guest`
- TO: `### Requirement: Visitor`
"""
CHANGE = {
    "proposal.md": "## Why\nToo long.\n",
    "specs/auth/spec.md": DELTA,
    "tasks.md": "## 1. First wave\n\n- [ ] 1.1 Change the\n  clock\n  - in one place\n",
}


@pytest.mark.parametrize("target", ["native", "kiro", "spec-kit"])
def test_what_only_a_delta_can_say_is_in_the_report_and_no_requirement(
    tmp_path: Path, target: str
) -> None:
    lay(tmp_path, "openspec/changes/shorter", CHANGE)

    source = "openspec/changes/shorter"
    done = converting.convert(tmp_path, source, target, writing(tmp_path), "out")

    left = {one.what: one.text for one in done.left}
    assert "Reason**: passkeys" in left["specs/auth/spec.md: removed Old way"]
    assert "Visitor" in left["specs/auth/spec.md: renamed Guest → Visitor"]
    assert "specs/auth/spec.md: modified Session" in left
    assert left["tasks.md"] == "1. First wave"
    texts = {name: (tmp_path / "out" / name).read_text() for name in done.files[:-1]}
    everything = "".join(texts.values())
    assert "Old way" not in everything
    assert "Visitor" not in everything
    # A scenario keeps its name, a task its words once, and the spec that of its folder.
    assert "Idle at night: WHEN nobody moves THEN the session ends" in everything
    assert everything.count("clock") == everything.count("in one place") == 1
    assert "shorter" in texts["spec.md" if target == "spec-kit" else "requirements.md"]


def test_a_scenario_has_its_name_in_openspec_too(tmp_path: Path) -> None:
    lay(tmp_path, "openspec/changes/shorter", CHANGE)

    source = "openspec/changes/shorter"
    done = converting.convert(tmp_path, source, "openspec", writing(tmp_path), "out")

    assert done.ids["auth/Session/Idle at night"] == "shorter/Session/Idle at night"
    delta = (tmp_path / "out/specs/shorter/spec.md").read_text()
    assert "#### Scenario: Idle at night\n- WHEN nobody moves THEN the session ends" in delta


def test_two_specs_with_the_title_of_their_format_become_two_capabilities(tmp_path: Path) -> None:
    story = "# Requirements Document\n\n### Requirement 1: Keep\n\n1. THE shop SHALL keep it.\n"
    for name in ("cart", "till"):
        lay(tmp_path, f".kiro/specs/{name}", {"requirements.md": story})
        converting.convert(tmp_path, f".kiro/specs/{name}", "openspec", writing(tmp_path))

    deltas = (tmp_path / "openspec/changes").glob("*/specs/*/spec.md")
    assert {one.parent.name for one in deltas} == {"cart", "till"}


@pytest.mark.parametrize("target", NAMES)
def test_a_line_of_a_design_that_looks_like_a_field_stays(tmp_path: Path, target: str) -> None:
    body = "Verify the backup each day.\n\n- Status codes are kept.\n- After: the first sale\n"
    design = f"# Design Document\n\n## Backups\n\n{body}"
    lay(tmp_path, ".kiro/specs/cart", {"requirements.md": STORY, "design.md": design})

    done = converting.convert(tmp_path, ".kiro/specs/cart", target, writing(tmp_path), "out")

    name = "plan.md" if target == "spec-kit" else "design.md"
    written = words((tmp_path / "out" / name).read_text())
    for line in body.splitlines():
        assert words(line) in written
    assert "#backups" not in {one.what for one in done.left}


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    lay(tmp_path, "specs/cart", NATIVE)
    lay(tmp_path, ".kiro/specs/cart", {"mine.md": "mine"})

    with pytest.raises(RefusedError, match="is there already"):
        converting.convert(tmp_path, "specs/cart", "kiro", writing(tmp_path))
    with pytest.raises(RefusedError, match="outside"):
        converting.convert(tmp_path, "specs/cart", "kiro", writing(tmp_path), "../elsewhere")
    with pytest.raises(ConfigurationError, match="no format"):
        converting.convert(tmp_path, "specs/cart", "word", writing(tmp_path))
    with pytest.raises(ConfigurationError, match="no spec"):
        converting.convert(tmp_path, "specs", "kiro", writing(tmp_path))
    assert [path.name for path in (tmp_path / ".kiro/specs/cart").iterdir()] == ["mine.md"]


def real() -> list[tuple[Path, str]]:
    found = []
    for repository in sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []:
        if repository.is_dir():
            folders = [one.folder for one in checking.check(repository, [])]
            found += [(repository, one) for one in folders if not one.startswith("openspec/specs")]
    return found


def stands(line: str, there: str) -> bool:
    """Tell whether a line stands there, but for a mark or a number that it may begin with."""
    said = words(line)
    return any(said[at:] in there for at in range(min(24, len(said) // 2 + 1)))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real specs is not beside this one")
@pytest.mark.parametrize("target", NAMES)
def test_real_specs_are_carried_or_named(tmp_path: Path, target: str) -> None:
    for number, (repository, folder) in enumerate(real()):
        source = tmp_path / str(number)
        for path in (repository / folder).rglob("*.md"):
            copy = source / folder / path.relative_to(repository / folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())

        done = converting.convert(source, folder, target, writing(source), "out")

        names = {"requirements.md", "spec.md", "tasks.md", "proposal.md"}
        have = {name for name in names if (source / folder / name).is_file()}
        there = everything(source, "out")
        lost = [
            (name, line)
            for name in have
            for line in (source / folder / name).read_text().splitlines()
            if line.strip()
            and not line.lstrip().startswith(("#", "```", "|"))
            and not re.fullmatch(r"requirements [\d ]+|", words(line))  # links, with new ids
            and not all(stands(part, there) for part in re.split(r"→ A:", line))
        ]
        assert len(done.ids) > 3
        assert not lost, (folder, lost[:5])


def test_the_command_says_what_was_left(project: Project) -> None:
    lay(project.top, "specs/cart", NATIVE)

    result = project.ok("convert", "specs/cart", "spec-kit", "--into", "specs/001-cart")

    assert "specs/001-cart holds specs/cart as spec-kit" in result.out
    assert "not carried: T1: a command is never taken over" in " ".join(result.out.split())
    assert project.run("convert", "specs/cart", "spec-kit", "--into", "specs/001-cart").exit == 1
