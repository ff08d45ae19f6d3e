"""Run the console blocks of a markdown file and compare, or renew, what they print.

    python tests/console.py docs/tutorial.md       writes the outputs anew

A block of the language `console` holds commands (`$ ...`, heredocs run on to their mark) and
their output. All run in one fresh home, in order; ids and paths of the machine are compared as
placeholders.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from attrs import frozen

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<'?(\w+)'?$")


@frozen
class Step:
    """One command as it stands in the document, and the output that is said to follow it."""

    command: str
    output: str


def steps(block: str) -> list[Step]:
    """Split the text of a console block into commands and outputs."""
    found: list[Step] = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = [line[2:]]
            heredoc = HEREDOC.search(line)
            while heredoc and command[-1] != heredoc[1]:
                command.append(next(lines))
            found.append(Step("\n".join(command), ""))
        else:
            last = found.pop()
            found.append(Step(last.command, last.output + line + "\n"))
    return found


class Shell:
    """A home of its own, in which commands run one after the other."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home
        (home / "tmp").mkdir()
        self.environment = {
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@example.org",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, command: str) -> str:
        """Run a command and return what it printed, with this home written as ~."""
        done = subprocess.run(
            ["bash", "-c", f"{command}\nstatus=$?\npwd > {self.home}/.where\nexit $status"],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        self.folder = Path((self.home / ".where").read_text().strip())
        return done.stdout.replace(str(self.home), "~")


def normal(output: str) -> str:
    """Return `output` with what differs from run to run replaced by placeholders."""
    joined = re.sub(r"\s+", " ", output)  # ids of another length may fold a line elsewhere
    joined = re.sub(r"SHA256:\S+", "<fingerprint>", joined)
    joined = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", joined)
    joined = re.sub(r"\b[0-9a-f]{7,64}\b", "<id>", joined)
    joined = re.sub(r"in \d+\.\d+s", "in <seconds>", joined)
    return joined.strip()


def renewed(text: str, home: Path) -> str:
    """Return the document with the outputs that its commands print now."""
    shell = Shell(home)

    def block(match: re.Match[str]) -> str:
        parts = [f"$ {step.command}\n{_ended(printed(step))}" for step in steps(match[1])]
        return f"```console\n{''.join(parts)}```"

    def printed(step: Step) -> str:
        output = shell.run(step.command)
        return step.output if normal(output) == normal(step.output) else output

    return BLOCK.sub(block, text)


def _ended(output: str) -> str:
    return output if not output or output.endswith("\n") else output + "\n"


if __name__ == "__main__":
    document = Path(sys.argv[1])
    cache = Path.home() / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        document.write_text(renewed(document.read_text(), Path(folder)))
