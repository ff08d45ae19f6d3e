"""T25: what happens at each level of the box: never silently less, and written where it counts."""

import json
from pathlib import Path

from attrs import define

from accord.core.ports import Sandbox
from accord.sandbox.none import NoSandbox
from accord.wiring import opening
from needing import need
from project import BUILT, Project

SCRIPT = f"""\
[[step]]
do = "write"
path = "shop/cart.py"
text = {json.dumps(BUILT["shop/cart.py"])}
[[step]]
do = "write"
path = "tests/test_minutes.py"
text = {json.dumps(BUILT["tests/test_minutes.py"])}
"""


@define
class Partly(NoSandbox):
    """What runs like no box at all and says that it is one of level 2."""

    level = 2
    gaps: tuple[str, ...] = ("a process that it left behind may outlive it",)


def on(project: Project, box: Sandbox) -> Path:
    """Make `box` the strongest of this machine; return a script that builds a trivial change."""
    project.monkeypatch.setattr(opening, "walls", lambda _: box)
    project.new("trivial")
    script = project.root / "script.toml"
    script.write_text(SCRIPT)
    return script


def records(project: Project) -> list[int]:
    """Return the level in each record of the change, the oldest first."""
    said = [json.loads(data) for path, data in project.records().items() if path.endswith(".json")]
    said.sort(key=lambda one: one["predicate"]["round"])
    return sorted(one["predicate"]["assurance"]["sandbox"] for one in said)


def test_without_walls_no_agent_is_started_and_the_way_out_is_told(project: Project) -> None:
    script = on(project, NoSandbox())

    result = project.run("run", "guest", "--script", str(script))

    said = " ".join(result.said.split())
    assert result.exit == 1
    assert "agents would run at level 1 here, and level 2 is asked for" in said
    assert "accord doctor says how to mend it" in said
    assert not project.agent_ran()


def test_accepted_for_one_command_it_is_written_in_the_commit_the_record_and_the_screen(
    project: Project,
) -> None:
    script = on(project, NoSandbox())

    result = project.ok("run", "guest", "--script", str(script), "--accept-unsandboxed")
    shown = project.ok("show", "guest").out
    project.ok("approve", "guest", "--yes")

    assert "warning: level 1: nothing keeps the agent from" in result.err
    assert "Sandbox-Level: 1" in project.git("log", "--format=%B", "main..accord/guest")
    assert "level 1: an agent wrote this with no wall around it" in shown
    assert records(project) == [1, 4]


def test_the_acceptance_is_not_remembered(project: Project) -> None:
    script = on(project, NoSandbox())
    project.ok("run", "guest", "--script", str(script), "--accept-unsandboxed")
    project.ok("reject", "guest", "--reason", "shorter")

    assert project.run("run", "guest", "--script", str(script)).exit == 1


def test_part_of_a_box_is_taken_with_its_gaps_named_and_a_team_may_ask_for_the_whole(
    project: Project,
) -> None:
    script = on(project, Partly())

    result = project.ok("run", "guest", "--script", str(script))

    assert "warning: level 2: a process that it left behind may outlive it" in result.err
    assert "Sandbox-Level: 2" in project.git("log", "--format=%B", "main..accord/guest")
    config = project.top / ".accord" / "config.toml"
    config.write_text(config.read_text() + "\n[box]\nleast = 3\n")
    project.git("commit", "-q", "-a", "-m", "Ask for the whole box")
    project.ok("reject", "guest", "--reason", "shorter")
    refused = project.run("run", "guest", "--script", str(script))
    assert refused.exit == 1
    assert "level 3 is asked for" in " ".join(refused.said.split())


def test_what_no_agent_had_a_hand_in_has_no_level_to_lower(project: Project) -> None:
    on(project, NoSandbox())
    assert project.build().exit == 0
    project.ok("approve", "guest", "--yes")

    assert records(project) == [4, 4]
    assert "Sandbox-Level" not in project.git("log", "--format=%B", "main..accord/guest")


def test_in_the_whole_box_commits_and_records_say_so(project: Project) -> None:
    box = opening.walls(project.state)
    need(box.level >= 3, "a box of level 3")
    script = on(project, box)

    project.ok("run", "guest", "--script", str(script))
    project.ok("approve", "guest", "--yes")

    assert "Sandbox-Level: 3" in project.git("log", "--format=%B", "main..accord/guest")
    assert records(project) == [3, 4]
