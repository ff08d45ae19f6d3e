"""The table of what the real agents passed belongs to the versions that are pinned."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPORT = """<testsuites><testsuite>
<testcase name="test_hello[gemini]"/>
<testcase name="test_errors[429-codex-acp]"/>
<testcase name="test_errors[codex-429]"><skipped message="x"/></testcase>
<testcase name="test_loop[claude]"/>
<testcase name="test_errors[opencode-429]"><failure message="x"/></testcase>
<testcase name="test_task[copilot]"><skipped message="x"/></testcase>
</testsuite></testsuites>"""


def test_the_table_in_the_docs_names_the_versions_that_are_pinned(tmp_path: Path) -> None:
    tool = ROOT / "tools/agents_table.py"
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    doc = tmp_path / "docs/agents.md"
    doc.parent.mkdir()
    doc.write_bytes((ROOT / "docs/agents.md").read_bytes())
    (tmp_path / "locks").symlink_to(ROOT / "locks")
    command = [sys.executable, str(tool), str(report)]
    held = [line for line in doc.read_text().splitlines() if line.startswith("| | claude")]
    other = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (other.returncode, other.stdout) == (
        1,
        "the table in docs/agents.md is out of date: make drive\n",
    )
    subprocess.run([*command, "--write"], cwd=tmp_path, check=True)
    made = doc.read_text().splitlines()
    assert [line for line in made if line.startswith("| | claude")] == held
    assert "| 429 | - | - | - | yes | - | - | no |" in made
    assert "| answers, and is counted | - | - | - | - | - | yes | - |" in made
    assert "| a loop is ended | yes | - | - | - | - | - | - |" in made
    subprocess.run(command, cwd=tmp_path, check=True)


def passed_all() -> str:
    """Return a report in which every agent passed every test that the table has a row for."""
    text = (ROOT / "tools/agents_table.py").read_text()
    columns = re.findall(r'    "(test_[^"]+)":', text)
    agents = [one for one in re.findall(r'    "([\w-]+)": "', text) if one not in columns]
    cases = (
        f'<testcase name="{column}-{agent}]"/>' if "[" in column
        else f'<testcase name="{column}[{agent}]"/>'
        for agent in agents for column in columns
    )  # fmt: skip
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report, doc: (report.replace("test_task[gemini]", "test_task[none]"), doc),
        lambda report, doc: (report, doc.replace("gemini 0.", "gemini 9.")),
        lambda report, doc: (report, doc.replace("| a loop is ended | yes |", "| loops | yes |")),
        lambda report, doc: (report, doc.replace("## When processes are killed", "## Killed")),
    ],
    ids=["not passed", "another version", "another row", "no place"],
)
def test_a_table_that_is_out_of_date_is_refused(
    tmp_path: Path, spoil: Callable[[str, str], tuple[str, str]]
) -> None:
    doc, report = tmp_path / "docs/agents.md", tmp_path / "report.xml"
    doc.parent.mkdir()
    (tmp_path / "locks").symlink_to(ROOT / "locks")
    command = [sys.executable, str(ROOT / "tools/agents_table.py"), str(report)]
    held, passed = (ROOT / "docs/agents.md").read_text(), passed_all()
    for (said, text), status in (((passed, held), 0), (spoil(passed, held), 1)):
        report.write_text(said)
        doc.write_text(text)
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode == status
        assert doc.read_text() == text


def test_each_row_of_the_table_is_a_test_that_there_is() -> None:
    text = (ROOT / "tests/agents/test_real_agents.py").read_text()
    rows = re.findall(r'    "(test_\w+)', (ROOT / "tools/agents_table.py").read_text())
    assert rows
    assert [one for one in rows if f"def {one}(" not in text] == []
