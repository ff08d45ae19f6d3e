"""What may never reach a terminal, and what a program that reads the answers is given."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accord.cli.main import VERBS
from project import DESIGN, STORY, TASKS, Project

BRANCH = "accord/guest"
BIDI = "\u202e"
HOSTILE = f"\x1b[31mred\x1b[0m \x9b2J{BIDI}txt.exe\u2066 \x07\x00\u200bend"
FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_verb_has_help(project: Project, verb: str) -> None:
    out = project.ok(*[word for word in (verb, "--help") if word]).out
    assert out.startswith("Usage: accord ")
    assert max(map(len, out.splitlines())) <= 80


def test_every_command_answers_as_json(project: Project) -> None:
    project.ok("new", "Something", "--name", "first", "--json")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN + "\n- Q1 (open) Why?\n")
    answers = {
        "status": {"now", "changes", "released"},
        "show guest": {"change", "gates", "items", "findings", "next", "seen", "folder"},
        "show first --template": {"template"},
        "answer guest Q1 because": {"change", "item", "written"},
        "reject guest --reason no": {"change", "stage", "record"},
        "approve guest --yes": {"change", "approved"},
        "approve guest --track small": {"change", "track"},
        "run guest": {"waits", "released"},
        "log guest -n 3": {"operations"},
        "undo first": {"undone"},
        "doctor": {"checks"},
    }
    for line, keys in answers.items():
        result = project.ok(*line.split(), "--json")
        assert keys <= set(result.json), line
        assert result.out.isascii()
        assert result.err == ""


def test_an_error_is_json_where_json_was_asked_for(project: Project) -> None:
    result = project.run("show", "nothing", "--json")
    assert result.exit == 2
    assert result.json == {
        "error": "there is no change called nothing",
        "hint": "accord new 'what you want'",
        "kind": "configuration",
    }


@pytest.mark.parametrize("line", ["frobnicate", "new", "show --nope", "new x --track huge"])
def test_wrong_usage_is_json_where_json_was_asked_for(project: Project, line: str) -> None:
    result = project.run(*line.split(), "--json")
    assert result.exit == 2
    assert result.json["kind"] == "configuration"


def hostile(project: Project) -> None:
    """Begin a change in which everything that a person or an agent writes is hostile."""
    project.new()
    story = STORY.replace("# Guest cart", f"# Guest {HOSTILE}")
    story = story.replace("for 60 minutes", HOSTILE)
    story = story.replace("## Questions\n", f"## Questions\n\n- Q1 (open) {HOSTILE}?\n")
    story = story.replace("## Assumptions\n", f"## Assumptions\n\n- A1 ({HOSTILE}) {HOSTILE}.\n")
    project.write("requirements.md", story)
    project.write("design.md", DESIGN.replace("Minutes", HOSTILE))
    project.write("tasks.md", TASKS.replace("Keep the cart", HOSTILE).replace("shop/**", HOSTILE))
    project.write(f"notes {BIDI}.md", HOSTILE)


@pytest.mark.parametrize("also", [(), ("--json",)])
def test_nothing_in_a_document_steers_the_terminal(project: Project, also: tuple[str, ...]) -> None:
    hostile(project)
    for line in ("status", "show guest", "run guest", "show --template", "approve --yes",
                 "answer Q1 yes", "log guest", "doctor"):  # fmt: skip
        said = project.run(*line.split(), *also).said
        assert said
        assert not FORBIDDEN.search(said), line
    result = project.run("reject", "guest", "--reason", HOSTILE.replace("\x00", ""), *also)
    assert result.exit == 0, result.err
    for line in ("show guest", "log guest", "status"):
        assert not FORBIDDEN.search(project.ok(*line.split(), *also).said), line


def test_nothing_in_a_commit_steers_the_terminal(project: Project) -> None:
    project.approve_spec()
    name = os.fsdecode("shop/na\u202eme\x9b".encode() + b"\xff.py")
    folder = project.root / "elsewhere"
    project.git("worktree", "add", "-q", str(folder), BRANCH)
    (folder / name).write_bytes(b"x = 1\n")
    project.commit_on_checkout(folder)
    project.build()
    for also in ((), ("--json",)):
        for line in ("show", "status", "log", "approve --yes"):
            result = project.run(*line.split(), *also)
            assert result.exit != 70, result.err
            assert not FORBIDDEN.search(result.said), line


def test_a_branch_with_a_hostile_name_is_not_shown(project: Project) -> None:
    project.new()
    project.git("update-ref", f"refs/heads/accord/{BIDI}evil", "accord/guest")
    for line in ("status", "show", "doctor"):
        assert not FORBIDDEN.search(project.run(*line.split()).said), line


def test_colour_is_used_on_a_terminal_and_nothing_is_broken_by_it(project: Project) -> None:
    project.new()
    for command in ("status", "show"):
        text = _on_a_terminal(project, command)
        assert "\x1b[1m" in text
        assert "‹U+001B›" not in text
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n")
        assert plain == project.ok(command).out


def _on_a_terminal(project: Project, *arguments: str) -> str:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-m", "accord", *arguments], cwd=project.top, stdout=theirs,
        stderr=theirs, env={**environment, "TERM": "xterm"},
    ) as process:  # fmt: skip
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            parts.append(part)
        assert process.wait() == 0
    os.close(ours)
    return b"".join(parts).decode()


def test_a_pipe_that_is_closed_is_no_bug(project: Project) -> None:
    project.new()
    done = subprocess.run(
        ["sh", "-c", '"$0" -m accord show guest | true', sys.executable], cwd=project.top,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""


def test_accord_runs_as_a_program_of_its_own(project: Project) -> None:
    program = Path(sys.executable).with_name("accord")
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True, cwd=project.top
    )
    assert re.fullmatch(r"accord \d+\.\d+\.\d+\n", done.stdout)
    assert project.process("status").out == project.ok("status").out
