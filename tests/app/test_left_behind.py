"""What lies in a folder before it is used again or put away: a snapshot has it, whoever left it."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.app import workplaces
from accord.app.changes import load
from accord.wiring.opening import open_workshop
from project import BUILT, SMALL, Project

LATE = {"shop/late.py": "PRECIOUS = 1\n", "notes/mine.txt": "not asked for\n"}
NOTHING = '[[step]]\ndo = "say"\ntext = "nothing"\n'


def script(project: Project, text: str) -> str:
    path = project.root / "script.toml"
    path.write_text(text)
    return str(path)


def writes(files: gitrepo.Files) -> str:
    return "".join(f'[[step]]\ndo = "write"\npath = "{path}"\ntext = {json.dumps(text)}\n'
                   for path, text in files.items())  # fmt: skip


def left(project: Project, about: str) -> list[dict[str, str]]:
    """Return what each snapshot of what was left holds of LATE."""
    found = []
    for name in project.refs():
        if name.startswith(f"refs/accord/wip/guest/{about}/left-"):
            there = project.git("ls-tree", "-r", "--name-only", name).splitlines()
            found.append({path: project.file(name, path).decode() for path in LATE
                          if path in there})  # fmt: skip
    return found


def test_what_a_person_wrote_is_kept_when_the_task_is_another_one(project: Project) -> None:
    project.approve_spec(track="small")
    mine = project.lent()
    gitrepo.write(mine, LATE)
    project.write("requirements.md", SMALL.replace("shop/**, tests/**", "shop/**"))
    project.ok("approve", "guest", "--yes")

    assert project.lent() == mine

    assert not (mine / "shop/late.py").exists()
    assert left(project, "T1") == [LATE]


def test_what_was_added_after_an_agent_s_turn_is_kept_when_it_builds_again(
    project: Project,
) -> None:
    project.approve_spec(track="small")
    assert project.run("run", "guest", "--script", script(project, NOTHING)).exit != 0
    folder = project.state / "worktrees/guest-T1"
    gitrepo.write(folder, LATE)

    project.ok("run", "guest", "--script", script(project, writes(BUILT)))

    assert left(project, "T1") == [LATE]
    assert not (folder / "shop/late.py").exists()


def test_what_was_added_to_a_draft_is_kept_when_it_is_drafted_again(project: Project) -> None:
    project.new()
    play = script(project, NOTHING)
    assert project.run("run", "guest", "--script", play).exit != 0
    gitrepo.write(project.state / "worktrees/guest-story", LATE)

    project.run("run", "guest", "--script", play)

    assert left(project, "story") == [LATE]


@pytest.mark.parametrize("forgets", ["nobody", "git", "the journal", "both"])
@pytest.mark.parametrize("again", [True, False], ids=["used again", "put away"])
def test_nothing_goes_that_no_snapshot_has(project: Project, forgets: str, *, again: bool) -> None:
    project.approve_spec(track="small")
    about = {f"guest-{one}": one for one in ("story", "design", "architecture", "review", "T1")}
    about["guest-T1-by-hand"] = "T1"
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        change = load(workshop, "guest")
        folders = [Path(workplaces.fresh(workshop, f"guest/{one}", key, change.found.tip))
                   for key, one in about.items()]  # fmt: skip
        for folder in folders:
            gitrepo.write(folder, {**LATE, "where.txt": folder.name})
        if forgets in ("git", "both"):
            shutil.rmtree(project.top / ".git/worktrees")
        if forgets in ("the journal", "both"):
            for key in about:
                workshop.journal.note(f"at/{key}", {})

        if again:
            for key, one in about.items():
                workplaces.fresh(workshop, f"guest/{one}", key, change.found.tip)
        else:
            workplaces.put_away(workshop, change)

    for one in about.values():
        assert left(project, one) == [LATE] * list(about.values()).count(one)
    for folder in folders:
        assert folder.exists() is again
        assert not (folder / "shop/late.py").exists()


def test_what_could_not_be_kept_stays_where_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.approve_spec(track="small")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        change = load(workshop, "guest")
        tip = change.found.tip
        folder = Path(workplaces.fresh(workshop, "guest/T1", "guest-T1", tip))
        gitrepo.write(folder, LATE)
        gitrepo.write(project.top, {".git/refs/accord/wip/guest": "in the way of every snapshot\n"})

        with pytest.raises(Exception, match="wip"):
            workplaces.fresh(workshop, "guest/T1", "guest-T1", tip)
        with pytest.raises(Exception, match="wip"):
            workplaces.put_away(workshop, change)

    assert (folder / "shop/late.py").read_text() == LATE["shop/late.py"]


def test_a_release_keeps_what_was_written_after_the_work_was_handed_in(project: Project) -> None:
    project.approve_spec(track="small")
    project.build()
    gitrepo.write(project.state / "worktrees/guest-T1-by-hand", LATE)
    project.ok("approve", "guest", "--yes")

    project.ok("run", "guest")

    assert "guest-T1-by-hand" not in project.worktrees()
    assert left(project, "T1") == [LATE]
