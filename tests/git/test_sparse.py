"""Worktrees in which only some folders are: what is not there was not deleted."""

from pathlib import Path

import pytest

from accord.core.cones import Kind, Want
from accord.core.ports import Harvest
from accord.git import worktrees
from accord.git.repo import GitRepo
from gitrepo import AUTHOR, commit, contents, head, make_repo, run, write

WANT = Want(("src/**",))
OUTSIDE = "it is outside the paths that were agreed"


@pytest.fixture
def kind() -> Kind:
    return Kind.SPARSE


@pytest.fixture
def tree(repo: GitRepo, base: str) -> Path:
    return Path(repo.worktree("T1", base, WANT))


def take(repo: GitRepo, base: str) -> Harvest:
    return repo.harvest("T1", base, WANT.claims, message="Do\n", author=AUTHOR)


def test_what_a_task_claims_is_there_and_the_files_at_the_root(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    assert set(contents(tree)) == {".gitignore", "README.md", "src/cart.py", "src/run.sh"}
    assert head(tree) == base
    assert run(tree, "status", "--porcelain") == ""
    assert run(tree, "ls-files") == run(top, "ls-files")
    found = take(repo, base)
    assert (found.commit, found.changed, found.parked, found.snapshot) == ("", (), (), "")


def test_the_configuration_of_the_person_stays_as_it_is(
    repo: GitRepo, top: Path, base: str
) -> None:
    before = (top / ".git/config").read_bytes()
    repo.worktree("T1", base, WANT)
    assert (top / ".git/config").read_bytes() == before
    assert (top / "docs/guide.md").exists()
    assert run(top, "status", "--porcelain") == ""


def test_work_in_the_cone_is_taken_and_the_rest_of_the_tree_stays(
    repo: GitRepo, tree: Path, base: str
) -> None:
    write(tree, {"src/cart.py": "better\n", "src/run.sh": None, "src/new/a.py": "a\n"})
    found = take(repo, base)
    assert found.changed == ("src/cart.py", "src/new/a.py", "src/run.sh")
    assert found.parked == ()
    there = set(run(repo.git.directory, "ls-tree", "-r", "--name-only", found.commit).split())
    assert there == {".gitignore", "README.md", "docs/guide.md", "specs/guest/requirements.md",
                     "src/cart.py", "src/new/a.py"}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["docs/guide.md", "docs/new.md", "specs", "docs/guide.md/x", "other/deep/x"]
)
def test_a_write_outside_of_the_cone_is_parked_and_kept_and_deletes_nothing(
    repo: GitRepo, tree: Path, base: str, path: str
) -> None:
    write(tree, {path: "mine\n", "src/cart.py": "better\n"})
    found = take(repo, base)
    assert found.changed == ("src/cart.py",)
    assert dict(found.parked)[path] == OUTSIDE if path != "specs" else path in dict(found.parked)
    assert repo.read(found.snapshot, path) == b"mine\n"
    assert repo.changed(base, found.commit)[0].path == "src/cart.py"
    assert len(repo.changed(base, found.commit)) == 1


def test_what_an_agent_put_there_and_took_away_again_is_no_deletion(
    repo: GitRepo, tree: Path, base: str
) -> None:
    write(tree, {"docs/guide.md": "x"})
    write(tree, {"docs/guide.md": None})
    assert take(repo, base).snapshot == ""


def test_a_bit_that_somebody_set_in_the_index_hides_no_edit(
    repo: GitRepo, tree: Path, base: str
) -> None:
    run(tree, "update-index", "--skip-worktree", "src/cart.py")
    write(tree, {"src/cart.py": None})
    assert take(repo, base).changed == ("src/cart.py",)


def test_the_next_one_holds_just_what_it_is_for(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    write(tree, {"docs/guide.md": "poisoned\n", "docs/x": "x", "src/x": "x"})
    other = Path(repo.worktree("T1", base, Want(("docs/**",))))
    assert set(contents(other)) == {".gitignore", "README.md", "docs/guide.md"}
    assert (other / "docs/guide.md").read_text() == "guide\n"
    for key, want in (("T1", Want()), ("T1", WANT), ("T1", Want(("**",)))):
        folder = Path(repo.worktree(key, base, want))
        assert (contents(folder) == contents(top)) == (want != WANT)
    assert contents(Path(repo.worktree("mine", base, Want(WANT.claims, lasting=True)))) == contents(
        top
    )


def test_one_that_is_dropped_serves_nobody_as_a_whole_one(
    repo: GitRepo, tree: Path, top: Path, base: str
) -> None:
    repo.drop_worktree("T1")
    assert not tree.exists()
    assert "T1" not in run(top, "worktree", "list")
    assert contents(Path(repo.worktree("T2", base))) == contents(top)


def test_a_whole_one_in_the_pool_serves_nobody_as_a_sparse_one(
    repo: GitRepo, top: Path, base: str
) -> None:
    repo.worktree("T0", base)
    repo.drop_worktree("T0")
    folder = Path(repo.worktree("T1", base, WANT))
    assert not (folder / "docs").exists()
    assert len(list((repo.state / "pool").iterdir())) == 1


def test_folders_that_are_included_are_there_for_every_task(repo: GitRepo, base: str) -> None:
    repo.include = ("docs",)
    folder = Path(repo.worktree("T1", base, WANT))
    assert (folder / "docs/guide.md").exists()
    assert not (folder / "specs").exists()


def test_a_repository_inside_outside_of_the_cone_is_named(
    repo: GitRepo, tree: Path, base: str
) -> None:
    make_repo(tree / "docs/inner").close()
    assert "docs/inner/.git" in dict(take(repo, base).parked)


def test_verification_and_landing_see_the_whole_tree(
    repo: GitRepo, tree: Path, base: str, tmp_path: Path
) -> None:
    write(tree, {"src/cart.py": "better\n"})
    found = take(repo, base)
    repo.export(found.commit, str(tmp_path / "out"))
    assert (tmp_path / "out/docs/guide.md").read_text() == "guide\n"
    merged = repo.merge(commit(repo.git.directory.parent, {"docs/guide.md": "more\n"}),
                        found.commit)  # fmt: skip
    assert merged.conflicts == ()
    assert worktrees.find(repo.git, tree) is not None
