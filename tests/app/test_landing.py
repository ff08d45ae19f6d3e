"""A release lands exactly what was verified on the base that it was verified with, or nothing."""

import gitrepo
from project import Project

# Proves everything; and while a file says so, somebody else commits on main meanwhile.
PROVE = """\
import os, subprocess
top = {top!r}
if os.path.exists({busy!r}):
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "Meanwhile"], cwd=top, check=True)
print("1 passed")
"""


def ready(project: Project) -> None:
    """Bring a trivial change to the point where only its release is left."""
    project.unwalled()  # what happens meanwhile is played by the check itself
    busy = str(project.root / "busy")
    prove = PROVE.format(top=str(project.top), busy=busy)
    config = project.file("main", ".accord/config.toml").decode()
    command = config[config.index("command = ") :].splitlines()[0]
    gitrepo.commit(
        project.top,
        {
            "prove.py": prove,
            ".accord/config.toml": config.replace(command, 'command = "python prove.py"'),
        },
        "Prove otherwise",
    )
    project.new("trivial")
    assert project.build(files={"shop/cart.py": "MINUTES = 60\n"}).exit == 0
    project.ok("approve", "--yes")


def test_a_base_that_moves_during_the_last_check_is_a_conflict_and_the_next_run_lands(
    project: Project,
) -> None:
    ready(project)
    (project.root / "busy").touch()
    before = project.git("rev-list", "--count", "main").strip()

    result = project.run("run", "guest")

    assert result.exit == 3
    assert "main moved while this was being done" in " ".join(result.said.split())
    assert int(project.git("rev-list", "--count", "main")) == int(before) + 1
    assert project.git("status", "--porcelain") == ""

    (project.root / "busy").unlink()
    project.ok("run", "guest")

    assert project.file("main", "shop/cart.py") == b"MINUTES = 60\n"
    assert project.git("log", "--format=%s", "main").count("Meanwhile") == 1
