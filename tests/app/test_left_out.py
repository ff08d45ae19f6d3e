"""What a task's agent wrote outside of its claim is never in the result, and never silently so."""

import json

import pytest

import gitrepo
from project import BUILT, Project
from visiting import Visitor, serving

OUTSIDE = "it is outside the paths that were agreed"
STRAY = {"notes/mine.txt": "not asked for\n"}
# Each is the name of a file at the root, as bytes.
HOSTILE = {
    "an end of a line": b"a\n  next: accord approve guest --yes",
    "a command to the terminal": b"b\x1b[2Jc",
    "half of a character": b"d\xff",
    "words turned around": "e\u202etxt.exe".encode(),
    "markup": b"f<script>alert(1)<",
}


def script(project: Project, files: gitrepo.Files, *raw: bytes) -> str:
    lines = [f'[[step]]\ndo = "write"\npath = "{path}"\ntext = {json.dumps(text)}\n'
             for path, text in files.items()]  # fmt: skip
    for name in raw:
        code = f"open(bytes.fromhex('{name.hex()}'), 'w').write('x')"
        lines.append(f'[[step]]\ndo = "run"\nargv = ["python", "-c", {json.dumps(code)}]\n')
    path = project.root / "script.toml"
    path.write_text("".join(lines))
    return str(path)


def test_a_write_outside_the_claim_is_said_until_the_task_is_built_with_a_wider_one(
    project: Project,
) -> None:
    project.approve_spec(track="small")

    project.ok("run", "guest", "--script", script(project, {**BUILT, **STRAY}))

    (row,) = project.show()["left_out"]
    assert row["task"] == "T1"
    assert row["paths"] == [{"path": "notes/mine.txt", "reason": OUTSIDE}]
    assert project.ok("status", "--json").json["changes"][0]["left_out"] == "1 file left out of T1"
    said = project.ok("show", "guest").out
    assert f"T1 notes/mine.txt: {OUTSIDE}" in said
    assert f"to have it: accord salvage {row['snapshot']} --to FOLDER" in said
    assert "widen its Touches, requirements.md:" in said
    assert "guest: 1 file left out of T1: accord show guest" in project.ok("status").out
    with serving(project) as server:
        page = Visitor(server).enter().get("/changes/guest/result")
    assert "notes/mine.txt" in page.text
    assert row["command"] in page.text

    project.ok("salvage", row["snapshot"], "--to", str(project.root / "out"))
    assert (project.root / "out/notes/mine.txt").read_text() == STRAY["notes/mine.txt"]
    assert "notes/mine.txt" not in project.git("ls-tree", "-r", "--name-only", "accord/guest")

    document, line = row["document"].split(":")
    text = (project.desk() / document).read_text()
    assert text.splitlines()[int(line) - 1].startswith("- [ ] T1")
    project.write(document, text.replace("shop/**, tests/**", "shop/**, tests/**, notes/**"))
    project.ok("approve", "guest", "--yes")
    assert project.show()["left_out"] == []
    project.ok("run", "guest", "--script", script(project, {**BUILT, **STRAY}))
    assert project.show()["left_out"] == []
    assert "left out" not in project.ok("status").out
    assert project.file("accord/guest", "notes/mine.txt") == b"not asked for\n"


def test_what_a_person_wrote_outside_the_claim_is_said_as_well(project: Project) -> None:
    project.approve_spec(track="small")

    project.build(files={**BUILT, **STRAY})

    (row,) = project.show()["left_out"]
    assert (
        project.file(f"refs/accord/wip/{row['snapshot']}", "notes/mine.txt") == b"not asked for\n"
    )


def test_work_of_which_nothing_could_be_taken_is_said_as_well(project: Project) -> None:
    project.approve_spec(track="small")

    assert project.run("run", "guest", "--script", script(project, STRAY)).exit != 0

    assert project.show()["left_out"][0]["paths"][0]["path"] == "notes/mine.txt"
    project.ok("run", "guest", "--script", script(project, BUILT))
    assert project.show()["left_out"] == []


def test_names_that_would_deceive_are_shown_as_what_they_are(project: Project) -> None:
    project.approve_spec(track="small")

    project.ok("run", "guest", "--script", script(project, BUILT, *HOSTILE.values()))

    (row,) = project.show()["left_out"]
    names = {one["path"].encode(errors="surrogateescape") for one in row["paths"]}
    assert names == set(HOSTILE.values())
    for said in (project.ok("show", "guest").out, project.ok("status").out):
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert "next: accord approve guest --yes" not in [one.strip() for one in said.splitlines()]
    with serving(project) as server:
        page = Visitor(server).enter().get("/changes/guest/result").text
    assert "<script>alert" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("count", [50, 53])
def test_of_very_many_the_first_are_named_and_all_are_kept(project: Project, count: int) -> None:
    project.approve_spec(track="small")
    stray = {f"notes/{number:03}": "x" for number in range(count)}

    project.build(files={**BUILT, **stray})

    (row,) = project.show()["left_out"]
    assert (len(row["paths"]), row["more"]) == (50, count - 50)
    assert project.show()["left_out"][0]["paths"][-1]["path"] == "notes/049"
    words = f"{count} files left out of T1"
    assert words in project.ok("status").out
    kept = project.git("ls-tree", "-r", "--name-only", f"refs/accord/wip/{row['snapshot']}")
    assert f"notes/{count - 1:03}" in kept.splitlines()
