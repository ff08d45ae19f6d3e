"""`worktrees.kind` as a person meets it: agents in real boxes on overlays and in sparse folders."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import gitrepo
from accord.core.cones import Kind
from accord.git import mounting
from accord.wiring.opening import open_workshop
from needing import need
from project import BUILT, Project

LOOK = """\
import pathlib
names = ("docs/guide.md", "tools/notes.md", "shop/cart.py")
pathlib.Path("seen.txt").write_text("|".join(one for one in names if pathlib.Path(one).exists()))
"""


def configured(project: Project, table: str) -> None:
    config = project.file("main", ".accord/config.toml").decode()
    files = {".accord/config.toml": f"{config}\n[worktrees]\n{table}\n",
             ".gitignore": "__pycache__/\nseen.txt\n", "look.py": LOOK,
             "docs/guide.md": "guide\n", "tools/notes.md": "notes\n"}  # fmt: skip
    gitrepo.commit(project.top, files, "Configure")


def script(project: Project, *more: Mapping[str, object]) -> str:
    steps: list[Mapping[str, object]] = [{"do": "run", "argv": ["python", "look.py"]}]
    steps += [{"do": "write", "path": path, "text": text} for path, text in BUILT.items()]
    lines = []
    for step in [*steps, *more]:
        lines += ["[[step]]", *(f"{key} = {json.dumps(value)}" for key, value in step.items())]
    path = project.root / "script.toml"
    path.write_text("\n".join(lines))
    return str(path)


def laid(project: Project) -> list[Path]:
    return [one.path for one in mounting.listed() if one.ours and project.state in one.path.parents]


@pytest.fixture
def overlaid(project: Project) -> Iterator[Project]:
    need(mounting.works(project.root / "try"), "the right to mount an overlay")
    configured(project, 'kind = "overlay"')
    yield project
    mounting.clear(project.root)


def test_an_agent_in_its_box_works_on_an_overlay_and_its_work_lands(overlaid: Project) -> None:
    project = overlaid
    project.approve_spec(track="small")

    result = project.run("run", "guest", "--script", script(project))

    assert result.exit == 0, result.said
    folder = project.state / "worktrees/guest-T1"
    assert laid(project) == [folder]
    assert (folder / "seen.txt").read_text() == "docs/guide.md|tools/notes.md|shop/cart.py"
    assert project.file("accord/guest", "shop/cart.py").decode() == BUILT["shop/cart.py"]
    files = project.git("ls-tree", "-r", "--name-only", "accord/guest")
    assert "docs/guide.md" in files
    assert "seen.txt" not in files


def test_what_an_agent_left_on_an_overlay_is_there_after_a_start_of_the_machine(
    overlaid: Project,
) -> None:
    project = overlaid
    project.approve_spec(track="small")
    worse = {"do": "write", "path": "shop/cart.py", "text": "def keep(cart):\n    return 1\n"}
    assert project.run("run", "guest", "--script", script(project, worse)).exit != 0
    for path in laid(project):
        mounting.take_off(path)
    folder = project.state / "worktrees/guest-T1"
    assert not (folder / "shop").exists()

    project.ok("status")

    assert (folder / "shop/cart.py").read_text() == worse["text"]
    assert project.run("run", "guest", "--script", script(project)).exit == 0
    assert project.file("accord/guest", "shop/cart.py").decode() == BUILT["shop/cart.py"]


def test_a_person_works_in_a_plain_folder(overlaid: Project) -> None:
    overlaid.approve_spec(track="small")
    assert (overlaid.lent() / "docs/guide.md").exists()
    assert laid(overlaid) == []


def test_an_agent_has_the_folders_of_its_task_and_what_it_writes_elsewhere_is_left_out(
    project: Project,
) -> None:
    configured(project, 'kind = "sparse"\ninclude = ["tools"]')
    project.approve_spec(track="small")
    stray = {"do": "write", "path": "docs/guide.md", "text": "mine\n"}

    result = project.run("run", "guest", "--script", script(project, stray))

    folder = project.state / "worktrees/guest-T1"
    assert (folder / "seen.txt").read_text() == "tools/notes.md|shop/cart.py", result.said
    assert "docs/guide.md" in result.said
    assert project.file("accord/guest", "docs/guide.md") == b"guide\n"
    wip = project.git("for-each-ref", "--format=%(refname)", "refs/accord/wip/guest").split()
    assert any(project.git("show", f"{ref}:docs/guide.md") == "mine" for ref in wip)


def test_the_kind_and_the_folders_are_read_from_the_configuration(project: Project) -> None:
    configured(project, 'kind = "sparse"\ninclude = ["tools", "libs"]')
    workshop = open_workshop(project.top, lambda _: "")
    try:
        assert workshop.config.kind is Kind.SPARSE
        assert workshop.config.include == ("tools", "libs")
    finally:
        workshop.close()
