from pathlib import Path

import pytest

from accord.errors import ConflictError, RefusedError
from accord.git.repo import GitRepo
from accord.git.run import Git
from gitrepo import AUTHOR, commit, contents, head, make_repo, run, write

MAIN = "refs/heads/main"


@pytest.fixture
def new(repo: GitRepo, base: str) -> str:
    files: dict[str, bytes | None] = {
        "src/cart.py": b"def keep(): return 60\n",
        "src/new.py": b"new\n",
        "docs/guide.md": None,
    }
    return repo.commit(base, files, "Do", AUTHOR)


def everything(top: Path) -> object:
    """Return all that a refused move may not touch: files, refs and the staged tree."""
    entries = run(top, "ls-files", "-s")
    return contents(top), run(top, "for-each-ref"), entries, run(top, "symbolic-ref", "HEAD")


def status(top: Path) -> str:
    return run(top, "status", "--porcelain")


def test_a_branch_that_is_not_checked_out_moves_alone(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    before = contents(top)
    repo.move("refs/heads/side", base, "", "make")
    repo.move("refs/heads/side", new, base, "move")
    assert head(top, "side") == new
    repo.move("refs/heads/side", "", new, "delete")
    assert repo.resolve("side") == ""
    assert contents(top) == before
    assert head(top) == base


def test_the_checkout_follows_its_branch_and_keeps_what_is_not_its_business(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    write(top, {"notes.txt": "mine", "build/out.o": "ignored", "README.md": "edited\n"})
    write(top, {"src/run.sh": "staged\n"})
    run(top, "add", "src/run.sh")
    repo.move(MAIN, new, base, "land")
    assert head(top) == new
    assert status(top).splitlines() == [" M README.md", "M  src/run.sh", "?? notes.txt"]
    assert (top / "src/new.py").read_bytes() == b"new\n"
    assert (top / "src/cart.py").read_bytes() == b"def keep(): return 60\n"
    assert not (top / "docs").exists()
    assert (top / "build/out.o").read_text() == "ignored"
    assert (top / "README.md").read_text() == "edited\n"
    assert run(top, "reflog", "-1", "--format=%gs") == "accord: land"


def test_a_file_that_was_only_touched_is_not_in_the_way(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    path = top / "src/cart.py"
    path.write_bytes(path.read_bytes())
    repo.move(MAIN, new, base, "land")
    assert status(top) == ""


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"src/cart.py": "mine\n"}, "src/cart.py"),
        ({"src/cart.py": None}, "src/cart.py"),
        ({"docs/guide.md": "mine\n"}, "docs/guide.md"),
        ({"src/new.py": "mine\n"}, "src/new.py"),
        ({"src/new.py": "new\n"}, "src/new.py"),
        ({"src/new.py/below.txt": "mine"}, "src/new.py/below.txt"),
    ],
)
def test_an_edit_in_the_way_refuses_the_move_and_nothing_is_touched(
    repo: GitRepo, top: Path, base: str, new: str, files: dict[str, str | None], named: str
) -> None:
    write(top, files)
    before = everything(top)
    with pytest.raises(RefusedError, match="is checked out in") as caught:
        repo.move(MAIN, new, base, "land")
    assert named in caught.value.message
    assert "stash" in caught.value.hint
    assert everything(top) == before


def test_a_staged_edit_in_the_way_refuses_the_move(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    write(top, {"src/cart.py": "mine\n"})
    run(top, "add", "-A")
    write(top, {"src/cart.py": "def keep(): ...\n"})
    before = everything(top)
    with pytest.raises(RefusedError):
        repo.move(MAIN, new, base, "land")
    assert everything(top) == before


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (".env.log", ".env.log"),
        ("keep.log", "keep.log/inside.md"),
        ("build/keep.o", "build"),
        ("build/keep.o", "build/keep.o"),
    ],
)
def test_an_ignored_file_of_the_person_is_not_overwritten(
    repo: GitRepo, top: Path, base: str, mine: str, theirs: str
) -> None:
    write(top, {mine: "my secret"})
    before = everything(top)
    tip = repo.commit(base, {theirs: b"theirs"}, "Do", AUTHOR)
    with pytest.raises(RefusedError, match="is not tracked and would be overwritten"):
        repo.move(MAIN, tip, base, "land")
    assert everything(top) == before


def test_a_file_may_take_the_place_of_a_tracked_folder(repo: GitRepo, top: Path, base: str) -> None:
    tip = repo.commit(base, {"docs/guide.md": None, "docs": b"one page\n"}, "Do", AUTHOR)
    repo.move(MAIN, tip, base, "land")
    assert (top / "docs").read_bytes() == b"one page\n"
    repo.move(MAIN, base, tip, "undo")
    assert status(top) == ""


def test_a_held_index_refuses_the_move(repo: GitRepo, top: Path, base: str, new: str) -> None:
    (top / ".git/index.lock").touch()
    before = everything(top)
    with pytest.raises(RefusedError, match=r"index\.lock"):
        repo.move(MAIN, new, base, "land")
    assert everything(top) == before


def test_a_branch_that_moved_meanwhile_is_a_conflict_and_nothing_is_touched(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    later = commit(top, {"README.md": "later\n"})
    for ref in (MAIN, "refs/heads/gone"):
        before = everything(top)
        with pytest.raises(ConflictError, match="moved while this was being done"):
            repo.move(ref, new, base, "land")
        assert everything(top) == before
    assert head(top) == later


def test_a_branch_that_is_checked_out_is_not_deleted(repo: GitRepo, base: str) -> None:
    with pytest.raises(RefusedError, match="main is checked out"):
        repo.move(MAIN, "", base, "delete")
    assert repo.resolve("main") == base


def test_a_linked_worktree_follows_too(
    repo: GitRepo, top: Path, base: str, new: str, tmp_path: Path
) -> None:
    side = tmp_path / "odd\nplace"
    run(top, "worktree", "add", "-q", "-b", "side", str(side))
    assert repo.checkout_of("refs/heads/side") == str(side)
    repo.move("refs/heads/side", new, base, "land")
    assert (status(side), head(side)) == ("", new)
    assert head(top) == base


def test_a_worktree_whose_folder_is_gone_holds_nothing_up(
    repo: GitRepo, top: Path, base: str, new: str, tmp_path: Path
) -> None:
    run(top, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side").rename(tmp_path / "elsewhere")
    assert repo.checkout_of("refs/heads/side") == ""
    repo.move("refs/heads/side", new, base, "land")
    assert head(top, "side") == new


def test_the_checkout_of_a_submodule_follows(tmp_path: Path) -> None:
    make_repo(tmp_path / "library").close()
    make_repo(tmp_path / "outer").close()
    allow = ("-c", "protocol.file.allow=always")
    run(tmp_path / "outer", *allow, "submodule", "add", "-q", str(tmp_path / "library"), "sub")
    inner = GitRepo(Git(tmp_path / "outer/.git/modules/sub"), tmp_path / "state")
    start = inner.resolve("main")
    tip = inner.commit(start, {"README.md": b"new\n"}, "Do", AUTHOR)
    assert inner.checkout_of(MAIN) == str(tmp_path / "outer/sub")
    inner.move(MAIN, tip, start, "land")
    assert (tmp_path / "outer/sub/README.md").read_bytes() == b"new\n"
    inner.close()


def test_linked_worktrees_of_a_bare_repository_follow(repo: GitRepo, top: Path, base: str) -> None:
    bare = top.parent / "bare.git"
    run(top, "clone", "-q", "--bare", ".", str(bare))
    run(bare, "worktree", "add", "-q", str(top.parent / "work"), "main")
    clone = GitRepo(Git(bare), top.parent / "state")
    tip = clone.commit(base, {"README.md": b"new\n"}, "Do", AUTHOR)
    clone.move(MAIN, tip, base, "land")
    assert status(top.parent / "work") == ""
    assert clone.worktree("t", tip) == str(top.parent / "state/worktrees/t")
    clone.close()


def cut_off(top: Path, new: str) -> None:
    """Leave what a crash between the ref and the checkout leaves."""
    run(top, "update-ref", MAIN, new)


def test_a_move_that_was_cut_off_is_finished(repo: GitRepo, top: Path, base: str, new: str) -> None:
    write(top, {"README.md": "edited\n", "notes.txt": "mine"})
    cut_off(top, new)
    repo.settle(MAIN, base, new)
    assert status(top).splitlines() == [" M README.md", "?? notes.txt"]
    repo.settle(MAIN, base, new)
    assert status(top).splitlines() == [" M README.md", "?? notes.txt"]


def test_a_move_that_was_cut_off_while_files_were_written_is_finished(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    cut_off(top, new)
    write(top, {"src/new.py": "new\n", "docs/guide.md": None})
    repo.settle(MAIN, base, new)
    assert status(top) == ""


def test_settling_leaves_a_checkout_alone_when_the_person_has_staged_work(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    cut_off(top, new)
    write(top, {"README.md": "staged\n"})
    run(top, "add", "README.md")
    before = everything(top)
    repo.settle(MAIN, base, new)
    assert everything(top) == before


def test_settling_leaves_a_local_edit_in_the_way_alone(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    cut_off(top, new)
    write(top, {"src/cart.py": "mine\n"})
    before = everything(top)
    repo.settle(MAIN, base, new)
    assert everything(top) == before


def test_settling_does_nothing_before_the_ref_moved_or_after_it_moved_on(
    repo: GitRepo, top: Path, base: str, new: str
) -> None:
    before = everything(top)
    repo.settle(MAIN, base, new)
    repo.settle("refs/heads/side", base, new)
    assert everything(top) == before
    further = repo.commit(new, {"x": b"1"}, "Further", AUTHOR)
    cut_off(top, further)
    before = everything(top)
    repo.settle(MAIN, base, new)
    assert everything(top) == before


def test_what_lies_in_the_checkout_is_adopted_where_it_lies(
    repo: GitRepo, top: Path, base: str
) -> None:
    write(top, {"specs/guest/requirements.md": "# Mine\n", "README.md": "edited\n"})
    write(top, {"src/run.sh": "staged\n"})
    run(top, "add", "src/run.sh")
    path = "specs/guest/requirements.md"
    new = repo.commit(base, {path: b"# Mine\n"}, "Do", AUTHOR)
    repo.adopt(MAIN, new, base, [path], "edit")
    assert status(top).splitlines() == [" M README.md", "M  src/run.sh"]
    assert (top / path).read_text() == "# Mine\n"
    assert head(top) == new


def test_adopting_no_path_unstages_nothing(repo: GitRepo, top: Path, base: str, new: str) -> None:
    write(top, {"README.md": "staged\n"})
    run(top, "add", "README.md")
    repo.adopt(MAIN, repo.join(repo.tree(base), [base], "Empty", AUTHOR), base, [], "edit")
    assert status(top) == "M  README.md"


def test_an_adoption_that_was_cut_off_is_finished(repo: GitRepo, top: Path, base: str) -> None:
    write(top, {"README.md": "mine\n", "src/new.py": "new\n"})
    new = repo.commit(base, {"README.md": b"mine\n", "src/new.py": b"new\n"}, "Do", AUTHOR)
    cut_off(top, new)
    repo.settle(MAIN, base, new)
    assert status(top) == ""
