"""A run that is over is played again: the same words and files, and nothing of it a command."""

import json
import sys
from collections.abc import Callable

import pytest

import gitrepo
from project import BUILT, STORY, Project

Play = Callable[..., None]

DRAFT = f"""
[[scene]]
when = ["Stage: story."]
[[scene.step]]
do = "say"
text = "I read the code \\r\\n and \\"quote\\" it."
[[scene.step]]
do = "write"
path = "specs/guest/requirements.md"
text = '''{STORY}'''
[[scene.step]]
do = "claim"
"""


STOLEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def built(steps: str = "") -> str:
    files = "".join(
        f"[[scene.step]]\ndo = 'write'\npath = '{path}'\ntext = '''{text}'''\n"
        for path, text in BUILT.items()
    )
    return f'[[scene]]\nwhen = ["Task T1: "]\n{files}{steps}'


@pytest.fixture(params=["scripted", "acp"])
def play(request: pytest.FixtureRequest, project: Project) -> Play:
    """Return what has an agent play a script, as the scripted agent or as any that speaks ACP."""
    if request.param == "acp":  # of an unknown agent no gateway knows the service
        project.unwalled()

    def begin(script: str, change: str = "guest") -> None:
        file = project.root / "script.toml"
        file.write_text(script)
        command = [str(file)]
        if request.param == "acp":
            command = [sys.executable, "-I", "-m", "accord.agents.scripted", str(file)]
        config = project.top / ".accord" / "config.toml"
        text = config.read_text().split("\n[agent]")[0]
        agent = f'kind = "{request.param}"\ncommand = {json.dumps(command)}\n'
        config.write_text(f'{text}\n[agent]\ndefault = "actor"\n[agents.actor]\n{agent}')
        project.git("commit", "-q", "-a", "-m", "Name the agent")
        project.run("run", change, "--accept-unsandboxed")
        config.write_text(text)  # from here on nobody is there to work
        project.git("commit", "-q", "-a", "-m", "No agent")

    return begin


def replay(project: Project, *arguments: str) -> str:
    return project.ok("replay", *arguments, "--accept-unsandboxed").said


def test_a_draft_played_for_another_change_gives_the_same_text(
    project: Project, play: Play
) -> None:
    project.new()
    play(DRAFT)
    project.new(change="other")
    project.ok("run", "other")

    replay(project, "guest/story", "other")

    assert project.file("accord/other", "specs/other/requirements.md") == project.file(
        "accord/guest", "specs/guest/requirements.md"
    )
    names = project.git("ls-tree", "-r", "--name-only", "accord/other", "specs").splitlines()
    assert not [name for name in names if name.startswith("specs/guest")]


def test_a_task_played_for_another_change_gives_the_same_tree(project: Project, play: Play) -> None:
    binary = "[[scene.step]]\ndo = 'write-bytes'\npath = 'shop/logo'\nbase64 = '/wD+'\n"
    gone = "[[scene.step]]\ndo = 'delete'\npath = 'shop/old.py'\n"
    gitrepo.commit(project.top, {"shop/old.py": "old = 1\n", "shop/run.sh": "true\n"})
    project.approve_spec()
    script = "[[scene.step]]\ndo = 'write'\npath = 'shop/go.sh'\ntext = 'true'\n"
    play(built(binary + gone + script))
    project.approve_spec("other")

    replay(project, "guest/T1", "other")

    trees = [project.git("rev-parse", f"accord/{name}:{folder}")
             for name in ("guest", "other") for folder in ("shop", "tests")]  # fmt: skip
    assert trees[:2] == trees[2:]
    assert project.file("accord/other", "shop/logo") == b"\xff\x00\xfe"


def test_a_saved_recording_is_a_script_like_any_other(project: Project, play: Play) -> None:
    project.new()
    play(DRAFT)
    file = project.root / "guest.toml"

    project.ok("replay", "guest/story", "--save", str(file))
    again = project.run("replay", "guest/story", "--save", str(file))
    project.new(change="other")
    project.ok("replay", "guest/story", "other", "--save", str(project.root / "other.toml"))
    project.ok("run", "other", "--script", str(project.root / "other.toml"), "--accept-unsandboxed")

    assert again.exit == 1
    assert "exists" in again.err
    assert "I read the code" in file.read_text()
    assert "Playing a script" not in file.read_text()
    assert project.file("accord/other", "specs/other/requirements.md") == project.file(
        "accord/guest", "specs/guest/requirements.md"
    )


@pytest.mark.parametrize("play", ["scripted"], indirect=True)
def test_no_command_of_a_run_is_run_again(project: Project, play: Play) -> None:
    project.unwalled()
    mark = project.root / "mark"
    project.approve_spec(track="small")
    play(built(f"[[scene.step]]\ndo = 'run'\nargv = ['touch', '{mark}']\n"))
    assert mark.exists()
    mark.unlink()
    project.approve_spec("other", track="small")

    replay(project, "guest/T1", "other")

    assert not mark.exists()
    said = "".join(one.read_text() for one in project.state.glob("runs/*other*/transcript.jsonl"))
    assert f"run touch {mark}" in said


@pytest.mark.parametrize("play", ["scripted"], indirect=True)
def test_what_was_left_out_of_a_run_is_left_out_of_its_recording(
    project: Project, play: Play
) -> None:
    outside = "[[scene.step]]\ndo = 'write'\npath = 'elsewhere.py'\ntext = 'x = 1'\n"
    secret = f"[[scene.step]]\ndo = 'write'\npath = 'shop/key.py'\ntext = 'KEY = \"{STOLEN}\"'\n"
    project.approve_spec()
    play(built(outside + secret))
    file = project.root / "guest.toml"

    result = project.ok("replay", "guest/T1", "--save", str(file), "--json")

    assert {one["path"] for one in result.json["left"]} == {"elsewhere.py", "shop/key.py"}
    assert STOLEN not in file.read_text()
    assert sorted(result.json["files"]) == sorted(BUILT)


@pytest.mark.parametrize("play", ["scripted"], indirect=True)
def test_a_run_that_died_dies_again_after_what_it_did(project: Project, play: Play) -> None:
    project.approve_spec(track="small")
    play(built("[[scene.step]]\ndo = 'die'\nstatus = 3\n"))
    project.approve_spec("other", track="small")

    result = project.run("replay", "guest/T1", "other")

    assert result.exit == 4
    assert "exited with status 1" in " ".join(result.err.split())
    kept = [ref for ref in project.refs() if ref.startswith("refs/accord/wip/other/T1/1-1")]
    assert [project.file(ref, "shop/cart.py").decode() for ref in kept] == [BUILT["shop/cart.py"]]


@pytest.mark.parametrize("play", ["scripted"], indirect=True)
def test_what_cannot_be_played_is_refused_with_words(project: Project, play: Play) -> None:
    project.new()
    play(DRAFT)
    run = next(iter(project.state.glob("runs/draft*")))

    assert "there is no run guest/T9" in project.refused("replay", "guest/T9")[1][0]
    assert "does not ask for the story now" in project.refused("replay", "guest/story")[1][0]
    order = (run / "order.json").read_bytes()
    (run / "order.json").write_text("{")
    assert "cannot be played" in project.refused("replay", "guest/story")[1][0]
    (run / "order.json").write_bytes(order)
    project.git("update-ref", "refs/accord/wip/guest/story/1-1", "HEAD")
    assert "a later run took the place" in project.refused("replay", "guest/story")[1][0]


@pytest.mark.parametrize("play", ["scripted"], indirect=True)
def test_only_what_is_played_is_worked_on(project: Project, play: Play) -> None:
    project.approve_spec(last="design")
    two = "- [ ] T{} One\n  - Satisfies: R1.1, R1.2\n  - Touches: shop/**, tests/**\n  - After: -\n"
    project.write("tasks.md", f"# Guest cart: tasks\n\n{two.format(1)}{two.format(2)}")
    project.ok("approve", "guest", "--yes")
    play(built())
    project.approve_spec("other", last="design")
    project.write("tasks.md", f"# Guest cart: tasks\n\n{two.format(1)}{two.format(2)}", "other")
    project.ok("approve", "other", "--yes")
    tries = len(list(project.state.glob("runs/build%2Fother*")))

    replay(project, "guest/T1", "other")

    assert tries == 0
    assert [path.name.split("%2F")[2] for path in project.state.glob("runs/build%2Fother*")] == [
        "T1"
    ]
    assert not [name for name in project.worktrees() if "T2" in name and "other" in name]
