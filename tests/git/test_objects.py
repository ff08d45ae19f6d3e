import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accord.core.ports import FileChange
from accord.errors import ConfigurationError, ConflictError
from accord.git.objects import move_ref, scratch_index
from accord.git.repo import GitRepo
from accord.git.run import GitError
from gitrepo import AUTHOR, commit, contents, head, run

Written = dict[str, bytes | None]


def whole(repo: GitRepo, commit: str, target: Path) -> dict[str, bytes]:
    repo.export(commit, str(target))
    return contents(target)


def test_a_commit_adds_replaces_and_deletes_and_keeps_the_rest(
    repo: GitRepo, base: str, top: Path, tmp_path: Path
) -> None:
    before = contents(top)
    files: Written = {"new/a.txt": b"a", "README.md": b"other", "docs/guide.md": None, "gone": None}
    made = repo.commit(base, files, "Do\n\nSo-Far: yes", AUTHOR)
    expected = before | {"new/a.txt": b"a", "README.md": b"other"}
    del expected["docs/guide.md"]
    assert whole(repo, made, tmp_path / "out") == expected
    assert contents(top) == before
    assert repo.resolve("main") == base
    assert run(top, "log", "-1", "--format=%P %an %ae %cn %s", made) == (
        f"{base} Robin robin@example.org Robin Do"
    )


@pytest.mark.parametrize(
    "name",
    ["with space.md", 'with "quotes".md', "größe/naïve.md", "tab\there", "new\nline", "-dash",
     ":(top)x", "star*[a].md", "back\\slash", b"not-\xff-utf8".decode(errors="surrogateescape")],
)  # fmt: skip
def test_an_unusual_name_is_written_and_listed_as_it_is(
    repo: GitRepo, base: str, name: str
) -> None:
    made = repo.commit(base, {f"odd/{name}": b"kept\n"}, "Do", AUTHOR)
    assert [one.path for one in repo.changed(base, made)] == [f"odd/{name}"]
    assert repo.changed(base, made)[0].lines == 1
    folder, _, last = f"odd/{name}".rpartition("/")
    assert repo.names(made, folder) == (last,)
    if "\n" not in name:  # one request is one line
        assert repo.read(made, f"odd/{name}") == b"kept\n"


@pytest.mark.parametrize("name", ["../out", "/abs", ".git/config", "a/.git/hooks/x", "a//b", "."])
def test_a_path_that_is_none_is_refused(repo: GitRepo, base: str, name: str) -> None:
    with pytest.raises((GitError, ConfigurationError)):
        repo.commit(base, {name: b"x"}, "Do", AUTHOR)
    assert repo.resolve("main") == base


@pytest.mark.parametrize("name", ["README.md/below", "src"])
def test_a_file_is_never_dropped_for_a_folder_of_its_name(
    repo: GitRepo, base: str, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="both a file and a folder"):
        repo.commit(base, {name: b"x"}, "Do", AUTHOR)
    made = repo.commit(base, {"README.md": None, "README.md/below": b"x"}, "Do", AUTHOR)
    assert repo.read(made, "README.md/below") == b"x"


def test_an_executable_file_stays_executable_when_it_is_rewritten(repo: GitRepo, top: Path) -> None:
    (top / "src/run.sh").chmod(0o755)
    made = repo.commit(commit(top, {}), {"src/run.sh": b"#!/bin/bash\n"}, "Do", AUTHOR)
    assert repo.folder(made, "src")["run.sh"].mode == "100755"


def test_what_is_not_there_reads_as_none(repo: GitRepo, base: str) -> None:
    assert repo.read(base, "missing") is None
    assert repo.read(base, "src") is None
    assert repo.read("0" * 40, "README.md") is None
    assert repo.read(base, "a b missing 5") is None
    assert repo.resolve("no-such-branch") == ""
    assert repo.resolve("main\nmain") == ""
    assert repo.tree("nothing") == ""
    assert repo.blob("0" * 40) == b""
    assert repo.folder(base, "missing") == {}
    assert repo.names(base, "README.md") == ()
    assert repo.read(base, "README.md") == b"shop\n"


def test_big_and_binary_files_are_read_whole(repo: GitRepo, base: str) -> None:
    data = os.urandom(1000) * 9000 + b"\n\n"
    made = repo.commit(base, {"big": data, "empty": b""}, "Do", AUTHOR)
    assert repo.read(made, "big") == data
    assert repo.read(made, "empty") == b""
    assert repo.read(made, "README.md") == b"shop\n"


def test_many_threads_read_through_one_pipe(repo: GitRepo, base: str) -> None:
    files: Written = {f"many/{n}": f"{n}".encode() * 999 for n in range(50)}
    made = repo.commit(base, files, "Do", AUTHOR)
    with ThreadPoolExecutor(8) as pool:
        read = dict(zip(files, pool.map(lambda path: repo.read(made, path), files), strict=True))
    assert read == files


def test_a_reader_that_was_killed_is_started_again(repo: GitRepo, base: str) -> None:
    assert repo.read(base, "README.md") == b"shop\n"
    reader = repo.objects._reader
    assert reader is not None
    reader.kill()
    reader.wait()
    assert repo.read(base, "README.md") == b"shop\n"


@pytest.mark.parametrize("script", ["read line", f"read line; echo {'0' * 40} blob 9; echo short"])
def test_a_reader_that_dies_while_answering_is_an_error_and_never_an_absence(
    repo: GitRepo, base: str, script: str
) -> None:
    repo.close()
    pipe = subprocess.PIPE
    repo.objects._reader = subprocess.Popen(["sh", "-c", script], stdin=pipe, stdout=pipe)
    with pytest.raises(GitError):
        repo.read(base, "README.md")


def test_links_and_submodules_in_a_tree_are_told_from_files(
    repo: GitRepo, base: str, top: Path
) -> None:
    (top / "docs/link").symlink_to("guide.md")
    run(top, "update-index", "--add", "--cacheinfo", f"160000,{base},docs/sub")
    run(top, "add", "docs/link")
    run(top, "commit", "-q", "-m", "odd")
    tip = head(top)
    modes = {name: entry.mode for name, entry in repo.folder(tip, "docs").items()}
    assert modes == {"guide.md": "100644", "link": "120000", "sub": "160000"}
    assert repo.read(tip, "docs/link") == b"guide.md"
    assert repo.read(tip, "docs/sub") is None
    assert repo.names(tip, "docs") == ("guide.md", "link", "sub")
    assert set(repo.folder(tip, "")) >= {"README.md", "docs/link", "src/cart.py"}


def test_a_difference_names_what_was_added_deleted_made_executable_and_binary(
    repo: GitRepo, base: str, top: Path
) -> None:
    (top / "src/run.sh").chmod(0o755)
    files = {"README.md": "shop\nmore\n", "docs/guide.md": None, "logo.png": b"\0\1\2"}
    tip = commit(top, files)
    found = {one.path: one for one in repo.changed(base, tip)}
    assert {path: (one.mode, one.lines) for path, one in found.items()} == {
        "README.md": ("100644", 1),
        "docs/guide.md": ("000000", 1),
        "logo.png": ("100644", 0),
        "src/run.sh": ("100755", 0),
    }
    assert found["docs/guide.md"].id == ""
    assert found["README.md"] == FileChange(
        "README.md", "100644", run(top, "rev-parse", "HEAD:README.md"), 1
    )
    assert repo.changed(tip, tip) == ()


def test_a_clean_merge_holds_both_sides(repo: GitRepo, base: str, tmp_path: Path) -> None:
    ours = repo.commit(base, {"README.md": b"ours\n"}, "Ours", AUTHOR)
    theirs = repo.commit(base, {"docs/guide.md": b"theirs\n"}, "Theirs", AUTHOR)
    merge = repo.merge(ours, theirs)
    assert merge.conflicts == ()
    made = repo.join(merge.tree, [ours, theirs], "Join", AUTHOR)
    assert repo.read(made, "README.md") == b"ours\n"
    assert repo.read(made, "docs/guide.md") == b"theirs\n"
    assert repo.tree(made) == merge.tree
    assert repo.fork(made, theirs) == theirs


def test_a_merge_names_every_path_that_conflicts(repo: GitRepo, base: str) -> None:
    odd = b"\xff.md".decode(errors="surrogateescape")
    ours = repo.commit(base, {"README.md": b"1\n", "é x.md": b"1", odd: b"1"}, "Ours", AUTHOR)
    theirs = repo.commit(base, {"README.md": b"2\n", "é x.md": b"2", odd: b"2"}, "Theirs", AUTHOR)
    assert set(repo.merge(ours, theirs).conflicts) == {"README.md", "é x.md", odd}
    gone = repo.commit(base, {"README.md": None}, "Gone", AUTHOR)
    assert repo.merge(ours, gone).conflicts == ("README.md",)


def test_merging_what_is_no_commit_fails(repo: GitRepo, base: str) -> None:
    with pytest.raises(GitError):
        repo.merge(base, "nothing")


def test_a_ref_is_made_moved_and_deleted_only_from_where_it_was_expected(
    repo: GitRepo, base: str
) -> None:
    ref = "refs/accord/x"
    next_one = repo.commit(base, {"x": b"1"}, "Do", AUTHOR)
    with pytest.raises(ConflictError):
        move_ref(repo.git, ref, next_one, base, "too early")
    assert repo.refs("refs/accord") == {}
    move_ref(repo.git, ref, base, "", "make")
    with pytest.raises(ConflictError):
        move_ref(repo.git, ref, next_one, "", "make again")
    move_ref(repo.git, ref, next_one, base, "move")
    with pytest.raises(ConflictError):
        move_ref(repo.git, ref, "", base, "delete from elsewhere")
    assert repo.refs("refs/accord") == {ref: next_one}
    move_ref(repo.git, ref, "", next_one, "delete")
    assert repo.refs("refs/accord") == {}


def test_a_scratch_index_is_gone_afterwards_even_after_a_failure(repo: GitRepo, base: str) -> None:
    def break_off() -> None:
        with scratch_index(repo.git) as extra:
            repo.git.bytes("read-tree", base, extra=extra)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert list((repo.git.directory / "accord").glob("index-*")) == []
