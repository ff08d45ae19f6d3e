"""The table of what the real agents passed belongs to the versions that are pinned."""

import subprocess
import sys
from pathlib import Path

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
