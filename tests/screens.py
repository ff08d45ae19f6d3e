"""What a command prints, held against 80 columns, without what differs from run to run."""

import re

from project import Project


def normal(project: Project, text: str) -> str:
    """Return output with what differs from one run to the next written as words."""
    text = text.replace(str(project.state), "STATE").replace(str(project.root), "ROOT")
    text = re.sub(r"SHA256:[\w+/]{43}", "SHA256:KEY", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", "DATE", text)
    text = re.sub(r"projects/[0-9a-f]{32}", "projects/ID", text)
    text = re.sub(r"\b[0-9a-f]{8}(?=\.\.)|(?<=\.\.)[0-9a-f]{8}\b", "HASH8", text)
    return re.sub(r"\b[0-9a-f]{12,64}\b", "HASH", text)


def seen(project: Project, *arguments: str) -> str:
    """Run a command and return what it says, after holding it against 80 columns."""
    result = project.ok(*arguments)
    for line in result.said.splitlines():
        assert len(line) <= 80 or str(project.root) in line, line
        assert line == line.rstrip()
    return normal(project, result.said)
