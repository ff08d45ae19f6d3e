"""The drive starts what the scheduler lets start."""

from pathlib import Path

import pytest

import gitrepo
from project import DOCUMENTS, TASKS, Project, make_project

TWO = (
    TASKS
    + """\
- [ ] T2 Say until when
  - Satisfies: R1.2
  - Touches: shop/until.py
  - After: -
"""
)
SCRIPT = """\
[[scene]]
when = ["T{number}"]
[[scene.step]]
do = "write"
path = "shop/{name}.py"
text = "MINUTES = 60\\n\\ndef keep(cart):\\n    return list(cart)\\n"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


def approve(project: Project, tasks: str = TWO) -> None:
    project.new()
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")


def configure(project: Project, more: str) -> None:
    config = project.file("main", ".accord/config.toml").decode()
    gitrepo.commit(project.top, {".accord/config.toml": config + more}, "Configure")


def build_both(project: Project) -> list[str]:
    """Let a scripted agent build both tasks; return who began to be built and who landed."""
    script = project.root / "script.toml"
    scenes = [
        SCRIPT.format(number=number, name=name) for number, name in ((1, "cart"), (2, "until"))
    ]
    script.write_text("".join(scenes))
    said = project.run("run", "guest", "--script", str(script), "--accept-unsandboxed").err
    told = [line.strip() for line in said.splitlines()]
    return [one for one in told if one.endswith((": is being built", ": landed"))]


def test_tasks_with_the_same_files_run_side_by_side(project: Project) -> None:
    approve(project)

    said = build_both(project)

    assert {one.partition(": ")[2] for one in said[:2]} == {"is being built"}, said


def test_a_serial_resource_is_had_by_one_task_until_it_landed(project: Project) -> None:
    configure(project, '\n[serial]\nshop = ["shop/**"]\n')
    approve(project)

    said = build_both(project)

    assert said == [
        "guest T1: is being built", "guest T1: landed",
        "guest T2: is being built", "guest T2: landed",
    ]  # fmt: skip


def test_no_change_is_begun_while_too_many_wait_for_a_person(project: Project) -> None:
    configure(project, "\n[queue]\nunder_way = 1\n")
    project.approve_spec("one", track="small")
    script = project.root / "script.toml"
    script.write_text('[[step]]\ndo = "say"\ntext = "no"\n')
    project.new("full", "asks")
    project.write("requirements.md", DOCUMENTS["story"][1], "asks")

    result = project.run("run", "--script", str(script), "--accept-unsandboxed", "--json")

    waits = {one["change"]: one["what"] for one in result.json["waits"]}
    assert waits["asks"] == "approve the story"
    assert waits["one"].startswith("T1 is held: 1 change under way is the limit")
    assert not project.agent_ran()


def test_the_plan_shows_waves_claims_leases_and_overlaps(project: Project) -> None:
    configure(project, '\n[serial]\ncart = ["shop/cart.py"]\n')
    approve(project, TWO + "- [ ] T3 Last\n  - Satisfies: R1.1\n  - Touches: docs/**\n"
                           "  - After: T1\n")  # fmt: skip

    drawn = project.ok("show", "guest", "--plan", "--json").json
    said = project.ok("show", "guest", "--plan").out

    assert drawn["waves"] == [["T1", "T2"], ["T3"]]
    assert drawn["tasks"]["T1"]["leases"] == ["cart"]
    assert [one["tasks"] for one in drawn["overlaps"]] == [["T1", "T2"]]
    assert "T1 and T2 overlap: shop/**, shop/until.py" in said
    assert max(map(len, said.splitlines())) <= 80
