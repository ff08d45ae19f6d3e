"""What a person or an agent wrote is there afterwards, whoever did what meanwhile."""

import gitrepo
from project import STORY, Project

# Proves everything; and does meanwhile what a file of the person's says.
PROVE = """\
import os, subprocess
if os.path.exists({busy!r}):
    subprocess.run(["sh", {busy!r}], cwd={top!r}, check=True)
print("1 passed")
"""


def ready(project: Project, meanwhile: str) -> None:
    """Bring a small change to its release, during whose verification `meanwhile` is done."""
    project.unwalled()  # what happens meanwhile is played by the check itself
    busy = project.root / "busy"
    config = project.file("main", ".accord/config.toml").decode()
    command = config[config.index("command = ") :].splitlines()[0]
    gitrepo.commit(
        project.top,
        {
            "prove.py": PROVE.format(top=str(project.top), busy=str(busy)),
            ".accord/config.toml": config.replace(command, 'command = "python prove.py"'),
        },
        "Prove otherwise",
    )
    project.approve_spec(track="small")
    assert project.build().exit == 0
    project.ok("approve", "guest", "--yes")
    busy.write_text(meanwhile)


def test_what_is_typed_while_a_release_is_verified_stays_on_the_desk(project: Project) -> None:
    project.new("full", "other")
    desk = project.desk("other").parent / "guest"
    ready(project, f"echo 'One more thing.' >> '{desk}/requirements.md'")

    result = project.run("run", "guest")

    assert result.exit == 3
    assert "changed while it was being verified" in " ".join(result.said.split())
    assert (desk / "requirements.md").read_text().endswith("One more thing.\n")


def test_a_commit_on_the_change_while_it_is_verified_stops_the_release(project: Project) -> None:
    ready(
        project,
        "git update-ref refs/heads/accord/guest "
        "$(git commit-tree -p accord/guest -m 'Meanwhile' accord/guest^{tree})",
    )
    before = project.refs()["refs/heads/main"]

    result = project.run("run", "guest")

    assert result.exit == 3
    assert project.refs()["refs/heads/main"] == before


def test_a_person_and_an_agent_never_build_in_one_folder(project: Project) -> None:
    script = project.root / "script.toml"
    script.write_text('[[step]]\ndo = "write"\npath = "shop/agent.py"\ntext = "AGENT = 1"\n')
    project.new("trivial")
    mine = project.lent()
    gitrepo.write(mine, {"shop/mine.py": "MINE = 1\n"})

    project.ok("run", "guest", "--script", str(script))

    assert (mine / "shop" / "mine.py").read_text() == "MINE = 1\n"
    assert project.file("accord/guest", "shop/agent.py") == b"AGENT = 1"


def test_an_answer_joins_what_was_typed_and_what_the_branch_has_got(project: Project) -> None:
    project.new()
    asked = STORY.replace("## Questions\n", "## Questions\n- Q1 (open) How long?\n")
    project.write("requirements.md", asked)
    project.ok("show", "guest")
    project.run("approve", "guest", "--yes")
    project.ok("answer", "guest", "Q1", "An hour.")
    on_branch = project.file("accord/guest", "specs/guest/requirements.md").decode()
    project.write("requirements.md", on_branch + "\nTyped here.\n")
    theirs = on_branch.replace("# Guest cart", "# The guest's cart")
    project.commit_on("accord/guest", {"specs/guest/requirements.md": theirs}, "A colleague")

    project.ok("answer", "guest", "Q1", "Two hours.")

    text = project.file("accord/guest", "specs/guest/requirements.md").decode()
    assert text.startswith("# The guest's cart")
    assert "Two hours." in text
    assert text.endswith("Typed here.\n")


def test_taking_back_an_approval_asks_for_nothing_to_be_built_again(project: Project) -> None:
    project.approve_spec(track="small")
    assert project.build().exit == 0
    project.ok("approve", "--yes")

    project.ok("undo")

    assert project.gates()["review"] == "waiting"
    assert project.show()["tasks"][0]["landed"]
    project.ok("approve", "--yes")
    assert "guest is released" in project.ok("run", "guest").out


def test_a_submodule_that_points_elsewhere_is_another_file(project: Project) -> None:
    project.approve_spec(track="small")
    assert project.build().exit == 0
    tips = [project.git("rev-parse", "HEAD").strip(), project.git("rev-parse", "HEAD~1").strip()]
    seen = []
    for tip in tips:
        tree = project.git("ls-tree", "accord/guest").strip().splitlines()
        entries = [
            *(line for line in tree if not line.endswith("\tsub")),
            f"160000 commit {tip}\tsub",
        ]
        made = project.git("mktree", "--missing", feed=("\n".join(entries) + "\n").encode()).strip()
        commit = project.git("commit-tree", "-p", "accord/guest", "-m", "Point", made).strip()
        project.git("update-ref", "refs/heads/accord/guest", commit)
        seen.append(project.show()["seen"])

    assert seen[0] != seen[1]
