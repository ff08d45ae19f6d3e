import re
from pathlib import Path

import pytest

import console
from accord.agents import script
from accord.app import config, ruling, side_by_side
from accord.cli.main import VERBS
from accord.core import decision_record
from accord.core.checks import RULES
from accord.core.decision_record import CheckKind

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_of_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    text = (DOCS / "tutorial.md").read_text()
    shell = console.Shell(tmp_path)
    blocks = [console.steps(block) for block in console.BLOCK.findall(text)]
    assert sum(len(block) for block in blocks) > 20

    for block in blocks:
        for step in block:
            printed = shell.run(step.command)

            assert console.normal(printed) == console.normal(step.output), step.command


def test_every_configuration_key_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    keys = [f"{table}.{key}" for table, names in config._SHAPE.items() for key in names]
    keys += [f"queue.{key}" for key in side_by_side.QUEUE]
    keys += ["base", "format", "serial.NAME", *(f"agents.NAME.{key}" for key in config._AGENT)]

    assert [key for key in keys if f"`{key}`" not in text] == []


def test_every_step_of_a_script_is_documented() -> None:
    text = (DOCS / "agents.md").read_text()

    assert [verb for verb in script._VERBS if f"`{verb}`" not in text] == []


def test_every_verb_and_every_rule_is_documented() -> None:
    text = (DOCS / "commands.md").read_text()

    assert [verb for verb in VERBS if f"`accord {verb}" not in text] == []
    assert [rule for rule in RULES if f"`{rule}`" not in text] == []


def test_every_key_check_and_finding_of_decisions_is_documented() -> None:
    text = (DOCS / "decisions.md").read_text()
    names = [*decision_record._KEYS, *CheckKind, *ruling.FINDINGS]

    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("path", sorted(DOCS.parent.glob("*.md")) + sorted(DOCS.glob("*.md")))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_has_two_commands_to_set_up() -> None:
    text = (DOCS.parent / "README.md").read_text()

    assert "```\nmake demo\nmake test\n```" in text
