"""What an agent wrote is never lost: snapshots while it works, listed and brought back."""

from contextlib import closing

import pytest

from accord.app import salvaging
from accord.core.reconcile import Build
from accord.engine import jobs
from accord.wiring.opening import open_workshop
from project import Project

SCRIPT = """\
[[step]]
do = "write"
path = "shop/cart.py"
text = "first = 1\\n"
[[step]]
do = "wait"
seconds = 2.5
[[step]]
do = "write"
path = "shop/cart.py"
text = "second = 2\\n"
[[step]]
do = "write"
path = "outside.txt"
text = "not asked for\\n"
"""


def test_each_snapshot_of_an_agent_at_work_is_listed_and_comes_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs._Bench, "keep_every_s", 0.3)
    project.approve_spec(track="small")
    script = project.root / "script.toml"
    script.write_text(SCRIPT)
    project.run("run", "guest", "--script", str(script), "--accept-unsandboxed")

    listed = project.ok("salvage", "--json").json["snapshots"]
    texts = set()
    for number, one in enumerate(listed):
        folder = project.root / f"out{number}"
        project.ok("salvage", one["name"], "--to", str(folder))
        assert not (folder / ".git").exists()
        texts.add((folder / "shop/cart.py").read_text())
        if (folder / "outside.txt").exists():
            texts.add("all of it")

    assert {"first = 1\n", "second = 2\n", "all of it"} <= texts
    assert all(one["name"].startswith("guest/T1/") for one in listed)
    assert project.ok("salvage", "guest", "--json").json["snapshots"] == listed
    assert project.ok("salvage", "other", "--json").json["snapshots"] == []

    name = listed[0]["name"]
    project.ok("salvage", name, "--branch", "kept")
    assert project.git("rev-parse", "kept") == listed[0]["commit"]
    assert project.refused("salvage", name, "--branch", "kept")[0] == 1
    assert project.refused("salvage", name, "--branch", "accord/kept")[0] == 2
    assert project.refused("salvage", name, "--to", str(project.root / "out0"))[0] == 1
    assert project.refused("salvage", "guest/T9/1-1", "--to", str(project.root / "x"))[0] == 2


def test_nothing_new_in_a_worktree_makes_no_snapshot(project: Project) -> None:
    project.approve_spec(track="small")
    script = project.root / "script.toml"
    script.write_text('[[step]]\ndo = "write"\npath = "shop/cart.py"\ntext = "first = 1\\n"\n')
    project.run("run", "guest", "--script", str(script), "--accept-unsandboxed")
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        notes = workshop.journal.noted("base/build/guest/T1/")
        _, _, _, task, key, number = next(iter(notes)).split("/")
        action = Build("guest", task, int(number), key, by_hand=False)

        first = salvaging.look_in(workshop, action, 1)
        again = salvaging.look_in(workshop, action, 1)

    assert first.startswith(f"refs/accord/wip/guest/T1/{number}-1.")
    assert again == ""
