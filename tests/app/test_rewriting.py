"""Files that a command changed come back byte for byte, and no crash leaves half of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import gitrepo
from accord.app import rewriting
from accord.app.rewriting import Rewrite, Rewriter
from accord.errors import ConflictError, RefusedError
from operations import rewriter
from project import Project, make_checkout

KILLED = Path(__file__).parents[1] / "engine/killed_rewriting.py"
SPEC = (
    "# Cart Specification\n\n## Purpose\nThe cart of a shopper is kept while the shopper is away.\n"
    "\n## Requirements\n\n### Requirement: Kept cart\nThe shop SHALL keep the cart for 60 minutes."
    "\n\n#### Scenario: Declined\n- **WHEN** the card is declined\n- **THEN** the cart is there\n"
)
DELTA = "## MODIFIED Requirements\n\n" + SPEC.partition("## Requirements\n\n")[2].replace(
    "60", "90"
)
STORY = (
    "# Cart\n\n### R1 Keep\n\n- R1.1 THE shop SHALL keep the cart.\n- R1.2 THE shop SHALL say.\n"
)
CHANGE = "openspec/changes/longer"
FILES: gitrepo.Files = {
    "openspec/specs/cart/spec.md": SPEC.replace("\n", "\r\n"),
    f"{CHANGE}/proposal.md": "# longer\n\n## Why\n\nIt helps.\n",
    f"{CHANGE}/specs/cart/spec.md": DELTA,
    f"{CHANGE}/picture.png": b"\x00\xff\r\n",
    "specs/cart/requirements.md": STORY,
    "tasks.json": '{"tasks": [{"id": 1, "title": "Keep the cart"}]}',
}
COMMANDS = {
    "archive": ("archive", "longer"),
    "convert": ("convert", "specs/cart", "kiro"),
    "import": ("import", "tasks.json"),
    "revise": ("revise", "specs/cart", "R1.2", "THE shop SHALL sing.", "--why", "asked for"),
}
UNDONE = {
    "archive": "undid: archive longer (cart)\n",
    "convert": "undid: convert cart (specs/cart to .kiro/specs/cart)\n",
    "import": "undid: import imported-tasks (tasks.json to specs/imported-tasks)\n",
    "revise": "undid: revise cart (R1.2: asked for)\n",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Specs of several formats in a checkout in which nobody ran `accord init`."""
    project = make_checkout(tmp_path, monkeypatch, FILES)
    (project.top / CHANGE / "picture.png").chmod(0o755)
    (project.top / CHANGE / "link").symlink_to("proposal.md")
    (project.top / CHANGE / "notes").mkdir()
    return project


def files(top: Path) -> dict[str, tuple[int, bytes]]:
    """Map every file of a checkout to its mode and its bytes; no folder is left empty."""
    found = {}
    for folder, folders, names in os.walk(top):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = Path(folder, name)
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[path.relative_to(top).as_posix()] = path.lstat().st_mode, data
    return found


@pytest.mark.parametrize("verb", COMMANDS)
def test_what_a_command_did_to_files_is_taken_back_byte_for_byte(
    checkout: Project, verb: str
) -> None:
    before = files(checkout.top)
    checkout.ok(*COMMANDS[verb])
    after = files(checkout.top)
    assert after != before
    (done,) = checkout.ok("log", "--json").json["operations"]
    assert (done["verb"], done["actor"], done["refs"]) == (verb, "Robin", {})
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert set(done["files"]) == {str(checkout.top / name) for name in changed}

    assert checkout.ok("undo").out == UNDONE[verb]

    assert files(checkout.top) == before
    assert [one["verb"] for one in checkout.ok("log", "--json").json["operations"]] == [
        "undo", verb,
    ]  # fmt: skip
    assert checkout.run("undo").err == "error: there is nothing to undo\nhint: accord log\n"
    checkout.ok(*COMMANDS[verb])
    assert files(checkout.top) == after


def test_it_is_one_log_with_what_the_gates_did(project: Project) -> None:
    gitrepo.commit(project.top, FILES)
    project.ok("archive", "longer")
    project.new()
    assert "undid: new guest" in project.ok("undo").out
    before = files(project.top)
    assert project.ok("undo").out == UNDONE["archive"]
    assert files(project.top) != before
    assert (project.top / CHANGE).is_dir()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("openspec/specs/cart/spec.md", "edited\n"),
        (f"{CHANGE}/proposal.md", "begun anew\n"),
        ("openspec/changes/archive/{day}-longer/proposal.md", "edited\n"),
    ],
)
def test_what_was_edited_since_is_named_and_nothing_is_touched(
    checkout: Project, path: str, text: str
) -> None:
    folder = checkout.ok("archive", "longer", "--json").json["folder"]
    path = path.replace("openspec/changes/archive/{day}-longer", folder)
    gitrepo.write(checkout.top, {path: text})
    before = files(checkout.top)

    result = checkout.run("undo")

    assert result.exit == 3
    assert f"{path} was changed since: archive longer (cart)" in " ".join(result.err.split())
    assert files(checkout.top) == before


def test_what_came_beside_it_since_stays(checkout: Project) -> None:
    folder = checkout.ok("archive", "longer", "--json").json["folder"]
    gitrepo.write(checkout.top, {f"{folder}/more.md": "more\n"})
    checkout.ok("undo")
    assert (checkout.top / folder / "more.md").read_text() == "more\n"
    assert (checkout.top / CHANGE / "proposal.md").is_file()


def test_the_way_back_is_closed_where_nothing_was_kept(checkout: Project) -> None:
    checkout.ok("archive", "longer")
    before = files(checkout.top)
    for path in (checkout.state / "edits").iterdir():
        path.unlink()
    result = checkout.run("undo")
    assert result.exit == 1
    assert "is no longer kept" in result.err
    assert files(checkout.top) == before


def test_a_log_of_nothing_makes_no_folder(checkout: Project) -> None:
    for verb in ("log", "undo"):
        assert checkout.refused(verb)[0] == 2
    assert not list((checkout.root / "state").rglob("*"))


@pytest.mark.parametrize("verb", ["archive", "revise", "undo"])
def test_a_kill_at_any_point_leaves_all_or_nothing(checkout: Project, verb: str) -> None:
    if verb == "undo":
        checkout.ok(*COMMANDS["archive"])
    before = files(checkout.top)
    checkout.ok(*COMMANDS.get(verb, ("undo",)))
    after = files(checkout.top)
    checkout.ok("undo") if verb != "undo" else checkout.ok(*COMMANDS["archive"])
    assert files(checkout.top) == before

    seen = set()
    for point in range(200):
        done = subprocess.run(
            [sys.executable, str(KILLED), str(point), *COMMANDS.get(verb, ("undo",))],
            cwd=checkout.top, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            assert files(checkout.top) == after
            break
        assert done.returncode == -9, done.stderr
        halfway = files(checkout.top)
        checkout.run("log")
        now = files(checkout.top)
        seen.add((halfway in (before, after), now == after))
        assert now in (before, after), (point, verb)
        if now == after:
            checkout.ok("undo") if verb != "undo" else checkout.ok(*COMMANDS["archive"])
            assert files(checkout.top) == before
    else:
        pytest.fail("it never came to its end")
    # Some kills came in the middle, and the work was finished by the next command.
    assert (False, True) in seen


def test_an_edit_between_a_kill_and_the_next_command_is_left_as_it_is(checkout: Project) -> None:
    before = files(checkout.top)
    for point in range(200):
        subprocess.run(
            [sys.executable, str(KILLED), str(point), "archive", "longer"],
            cwd=checkout.top, capture_output=True, check=False,
        )  # fmt: skip
        if "90 minutes" in (checkout.top / "openspec/specs/cart/spec.md").read_text():
            break
        checkout.run("log")
    spec = checkout.top / "openspec/specs/cart/spec.md"
    spec.write_text("mine\n")

    said = checkout.run("check")

    assert "openspec/specs/cart/spec.md was edited meanwhile" in " ".join(said.err.split())
    assert spec.read_text() == "mine\n"
    spec.write_bytes(before["openspec/specs/cart/spec.md"][1])
    assert files(checkout.top) == before


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Rewriter]:
    top = tmp_path / "top"
    top.mkdir()
    found = rewriter(top)
    with closing(found.journal):
        yield found


def test_what_changed_since_it_was_read_is_never_written_over(at: Rewriter) -> None:
    (at.top / "one").write_text("one")
    for read, path in ((b"two", "one"), (None, "one"), (b"two", "none")):
        with pytest.raises(ConflictError, match="changed meanwhile"):
            rewriting.rewrite(at, Rewrite("v", "s", "", {"new": (None, b"x"), path: (read, b"y")}))
    assert files(at.top) == {"one": (0o100644, b"one")}
    assert not at.journal.operations()


def test_a_way_out_of_the_checkout_is_refused(at: Rewriter, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (at.top / "link").symlink_to("../out")
    for path in ("../out/x", "link/x", str(tmp_path / "out/x")):
        with pytest.raises(RefusedError, match="leads out"):
            rewriting.rewrite(at, Rewrite("v", "s", "", {path: (None, b"y")}))
    assert not list((tmp_path / "out").iterdir())


def test_a_folder_that_cannot_be_written_leaves_everything(at: Rewriter) -> None:
    (at.top / "a").mkdir()
    (at.top / "b").write_text("a file where a folder is needed")
    with pytest.raises(OSError, match="b"):
        rewriting.rewrite(at, Rewrite("v", "s", "", {
            "a/x": (None, b"x"), "b/y": (None, b"y"),
        }))  # fmt: skip
    assert files(at.top) == {"b": (0o100644, b"a file where a folder is needed")}
    assert not at.journal.operations()
    assert not at.journal.operations(pending=True)
    assert rewriting.settle(at) == ()
