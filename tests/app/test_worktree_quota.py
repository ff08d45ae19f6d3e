"""`worktrees.quota` as a person meets it."""

import os

import gitrepo
from project import Project


def test_a_task_for_which_there_is_no_room_is_not_begun_and_says_so(project: Project) -> None:
    config = project.file("main", ".accord/config.toml").decode()
    files: dict[str, str | bytes | None] = {
        ".accord/config.toml": f'{config}\n[worktrees]\nquota = "1.5 MB"\n',
        "big.bin": os.urandom(2 * 10**6),
    }
    gitrepo.commit(project.top, files, "Configure")
    project.new("trivial")

    result = project.run("run")

    assert result.exit == 1
    said = " ".join(result.said.split())
    assert "the worktrees would take 2.0 MB, and worktrees.quota is 1.5 MB" in said
    assert "raise the quota in .accord/config.toml" in said
    assert project.worktrees() == []

    more = {".accord/config.toml": f'{config}\n[worktrees]\nquota = "20 GB"\n'}
    gitrepo.commit(project.top, more, "Configure")

    assert project.lent().is_dir()
