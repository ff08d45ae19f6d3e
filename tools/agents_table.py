"""`agents_table.py REPORT.xml [--write]`: the table of what the real agents passed, in the docs.

REPORT is what `pytest --junitxml` wrote of tests/agents/test_real_agents.py. Exit status 0 when
docs/agents.md holds the table that follows from it; else 1, or with --write the table is put there.
What did not pass, was left out, or has another version than the locks name is out of date too.
"""

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

DOC = Path("docs/agents.md")
LOCK = Path("locks/agents/package-lock.json")
PYTHON_LOCK = Path("locks/dev.txt")
# The lines of the page between which the table stands.
BEGIN, END = "what the model's service was asked.\n", "## When processes are killed\n"
# The longest that a case names is the one that it drove: some names begin like others.
PACKAGES = {
    "claude": "claude-agent-sdk",
    "claude-agent-acp": "@agentclientprotocol/claude-agent-acp",
    "codex": "@openai/codex",
    "codex-acp": "@agentclientprotocol/codex-acp",
    "copilot": "@github/copilot",
    "gemini": "@google/gemini-cli",
    "opencode": "opencode-linux-x64",
}
COLUMNS = {
    "test_hello": "answers, and is counted",
    "test_spec_stage": "spec stage: nothing but the document is written",
    "test_task": "task: what is protected stays",
    "test_cancel": "stopped with its children",
    "test_hang": "stopped while it waits",
    "test_errors[401": "401",
    "test_errors[429": "429",
    "test_errors[529": "529",
    "test_loop": "a loop is ended",
    "test_busy": "busy, then well",
    "test_dropped": "dropped stream",
    "test_budget": "budget",
    "test_tools": "Accord's tools: reads, asks and is answered, hands in",
    "test_answered_later": "asks, ends its turn, goes on with the answer",
    "test_tools_not_loaded": "a run without the tools is a failed one",
    "test_killed[agent": "killed: the conversation goes on",
    "test_killed[both": "killed with its host: the conversation goes on",
}
_CASE = re.compile(r"(?P<test>\w+)\[(?P<parameters>.+)\]")


def passed(report: Path) -> dict[tuple[str, str], str]:
    """Return for each agent and column `yes`, `no` or `-` (it was left out)."""
    found: dict[tuple[str, str], str] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        match = _CASE.fullmatch(case.get("name", ""))
        named = [one for one in PACKAGES if match and one in match["parameters"]]
        agent = max(named, key=len, default="")
        if match is None or not agent:
            continue
        head = match["parameters"].removeprefix(agent).strip("-").removesuffix(agent).strip("-")
        column = f"{match['test']}[{head}" if head else match["test"]
        kinds = {child.tag for child in case}
        said = "-" if "skipped" in kinds else "no" if kinds & {"failure", "error"} else "yes"
        found[agent, column] = said
    return found


def versions() -> dict[str, str]:
    """Return the version of each agent that the locks pin."""
    packages = json.loads(LOCK.read_text())["packages"]
    pinned = dict(re.findall(r"(?m)^([\w-]+)==(\S+)", PYTHON_LOCK.read_text()))
    npm = {one: packages.get(f"node_modules/{one}", {}).get("version") for one in PACKAGES.values()}
    return {name: npm[one] or pinned[one] for name, one in PACKAGES.items()}


def table(found: dict[tuple[str, str], str]) -> str:
    """Return the table as markdown, a row for each property."""
    pinned = versions()
    lines = ["| | " + " | ".join(f"{name} {pinned[name]}" for name in PACKAGES) + " |"]
    lines.append("|---" * (len(PACKAGES) + 1) + "|")
    for test, words in COLUMNS.items():
        cells = [found.get((name, test), "-") for name in PACKAGES]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Compare or write the table; see above."""
    made = table(passed(Path(arguments[0])))
    text = DOC.read_text()
    if BEGIN not in text or END not in text:
        print(f"{DOC} has no place for the table any more: see BEGIN and END in this tool")
        return 1
    before, _, rest = text.partition(BEGIN)
    held, _, after = rest.partition(END)
    if held.strip() == made.strip():
        return 0
    if "--write" not in arguments:
        print(f"the table in {DOC} is out of date: make drive")
        return 1
    DOC.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
