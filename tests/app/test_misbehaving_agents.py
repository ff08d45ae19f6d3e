"""What an agent does wrong is noticed, named, and costs nothing that was agreed or written."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project

# Only the agent that hangs is waited for; every other one ends by itself.
LIMITS = '\n[agent]\ndefault = "actor"\nidle_s = 8\ntotal_s = 600\nrounds = 2\n'

MISBEHAVIOURS = {
    "dies": ('do = "die"\nstatus = 3', "status 3"),
    "hangs": ('do = "hang"', "silent"),
    "floods": ('do = "flood"\nbytes = 90000000', "bytes"),
    "answers garbage": ('do = "garbage"', "protocol"),
    "claims to be done": ('do = "claim"', "nothing was changed"),
    "writes only what is protected": (
        'do = "write"\npath = ".github/workflows/x.yml"\ntext = "x"',
        "nothing was changed",
    ),
}

Play = Callable[[str], None]


@pytest.fixture
def play(project: Project) -> Play:
    """Return what names a scripted agent with the given steps, and begins a trivial change."""

    def begin(steps: str) -> None:
        script = project.root / "script.toml"
        script.write_text(steps)
        config = project.top / ".accord" / "config.toml"
        text = config.read_text().split("\n[agent]")[0]
        agent = f'\n[agents.actor]\nkind = "scripted"\ncommand = ["{script}"]\n'
        config.write_text(text + LIMITS + agent)
        project.git("commit", "-q", "-a", "-m", "Name the agent")
        project.new("trivial")

    return begin


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_a_misbehaving_agent_is_named_and_lands_nothing(
    project: Project, play: Play, name: str
) -> None:
    step, word = MISBEHAVIOURS[name]
    play(f"[[step]]\n{step}\n")
    before = project.refs()["refs/heads/accord/guest"]

    result = project.run("run", "guest")

    assert result.exit == 4
    assert word in " ".join(result.said.split())
    assert project.refs()["refs/heads/accord/guest"] == before
    assert project.gates()["review"] != "open"


def test_what_a_dying_agent_wrote_is_kept(project: Project, play: Play) -> None:
    play(
        textwrap.dedent(
            """\
            [[step]]
            do = "write"
            path = "shop/half.py"
            text = "half = 1"
            [[step]]
            do = "die"
            """
        )
    )

    project.run("run", "guest")

    kept = [ref for ref in project.refs() if ref.startswith("refs/accord/wip/guest/")]
    assert [project.file(ref, "shop/half.py") for ref in kept] == [b"half = 1"]


def test_a_draft_with_findings_goes_back_and_then_to_the_person(project: Project) -> None:
    script = project.root / "script.toml"
    story = "# T\\n\\n### R1 A\\n- R1.1 WHEN x THE shop keeps it.\\n"
    script.write_text(
        f'[[step]]\ndo = "write"\npath = "specs/guest/requirements.md"\ntext = "{story}"\n'
    )
    project.new("full")

    result = project.run("run", "guest", "--script", str(script))

    assert result.exit == 0
    assert result.err.count("back to the agent: 1 finding: R1.1 does not say what SHALL") == 2
    assert "mend 1 finding in requirements.md" in result.out
    assert (
        b"the shop keeps it".lower()
        in project.file("accord/guest", "specs/guest/requirements.md").lower()
    )


def test_an_agent_that_spoils_the_specs_changes_no_document(project: Project, play: Play) -> None:
    play('[[step]]\ndo = "write"\npath = ".accord/config.toml"\ntext = "base = 1"\n')

    result = project.run("run", "guest")

    assert result.exit == 4
    assert "nothing was changed" in " ".join(result.said.split())
    assert Path(project.top, ".accord/config.toml").read_text().startswith("#")


def test_a_run_with_a_script_says_that_it_is_scripted(project: Project, play: Play) -> None:
    play('[[step]]\ndo = "claim"\n')

    assert "the agent is scripted" in project.run("run", "guest").err
