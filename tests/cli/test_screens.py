"""What reaches the screen is clean and short; options that contradict each other are refused."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gitrepo
from accord.cli.commands.show import FINDINGS
from accord.cli.render import plain
from project import BUILT, STORY, TASKS, Project, make_project


@pytest.mark.parametrize("line", ["show guest", "run guest", "status", "approve guest --yes"])
def test_a_file_whose_name_holds_an_escape_is_shown_without_it(project: Project, line: str) -> None:
    project.approve_spec(last="design")
    project.write("tasks.md", TASKS)
    project.write("note \x1b[2Jgone.md", "text\n")

    said = project.run(*line.split()).said

    assert "\x1b" not in said
    if line == "show guest":
        assert "note ‹U+001B›[2Jgone.md (added)" in said


def test_a_checkout_whose_name_holds_an_escape_is_shown_without_it(project: Project) -> None:
    project.git("switch", "-q", "-c", "feature")
    project.new("full", "guest", "--here")
    moved = project.top.rename(project.top.with_name("sh\x1b[2Jop"))
    for line in ("show guest", "show guest --path", "run guest", "status"):
        assert "\x1b" not in project.run(*line.split(), folder=moved).said, line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("one\rtwo", "one‹U+000D›two"),
        ("one\r\r\n", "one‹U+000D›\n"),
    ],
)
def test_a_carriage_return_is_shown_unless_it_ends_a_line(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("more", [0, 1, 5])
def test_the_screen_of_a_gate_lists_no_more_findings_than_are_read(
    project: Project, more: int
) -> None:
    project.new()
    criteria = "".join(
        f"- R1.{number} WHEN it is {number} THE shop SHALL be quickly done.\n"
        for number in range(3, 1 + FINDINGS + more + 2)
    )
    start, end = STORY.split("\n## Out of scope")
    project.write("requirements.md", f"{start}{criteria}\n## Out of scope{end}")
    count = len(project.show()["findings"])

    lines = project.ok("show").out.splitlines()

    assert count == FINDINGS + more
    assert sum(line.startswith("    hint: ") for line in lines) == FINDINGS
    words = {0: [], 1: ["  … 1 more finding"], 5: ["  … 5 more findings"]}
    assert [line for line in lines if line.startswith("  … ")] == words[more]


def test_what_a_run_would_do_is_said_once(project: Project) -> None:
    project.new("trivial")
    project.build()
    project.ok("approve", "--yes")
    assert "next: accord run guest (release)\n" in project.ok("show").out


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_log_of_less_than_one_line_is_wrong_usage(project: Project, count: str) -> None:
    result = project.run("log", "-n", count)
    assert (result.exit, result.out) == (2, "")


def test_a_run_that_is_stopped_says_that_agents_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, monkeypatch, verify="sleep 15")
    project.new("trivial")
    gitrepo.write(project.lent(), BUILT)

    words = [sys.executable, "-m", "accord", "run", "guest", "--built", "T1"]
    with subprocess.Popen(words, cwd=project.top, stderr=subprocess.PIPE, text=True) as process:
        while not any((project.state / "checks").glob("*/tree/shop")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    last = "stopped; an agent that runs goes on, and accord run finds it"
    assert said.splitlines()[-1] == last


@pytest.mark.parametrize("one", [("--waive", "it may"), ("--track", "small")])
@pytest.mark.parametrize("other", [("--yes",), ("--seen", "0" * 64), ("--through", "design")])
def test_a_waiver_or_a_track_is_signed_alone(
    project: Project, one: tuple[str, str], other: tuple[str, ...]
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    exit_code, lines = project.refused("approve", "guest", *one, *other)
    assert exit_code == 2
    assert "--waive and --track sign something else" in lines[0]
