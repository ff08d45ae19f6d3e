"""Merges in the object store are git's own, but for the files where both sides' lines belong."""

from pathlib import Path

import pytest

import gitrepo
from accord.git.repo import GitRepo


def sides(tmp_path: Path, start: gitrepo.Files, ours: gitrepo.Files, theirs: gitrepo.Files,
          ) -> tuple[GitRepo, str, str]:  # fmt: skip
    repo = gitrepo.make_repo(tmp_path / "shop", {"README.md": "shop\n", **start})
    top = tmp_path / "shop"
    fork = gitrepo.run(top, "rev-parse", "HEAD")
    mine = gitrepo.commit(top, ours)
    gitrepo.run(top, "checkout", "-q", "-b", "side", fork)
    return repo, mine, gitrepo.commit(top, theirs)


def test_a_changelog_takes_the_lines_of_both_sides(tmp_path: Path) -> None:
    start = {"CHANGELOG.md": "# Changes\n\n- start\n", "a.txt": "a\n"}
    repo, mine, other = sides(
        tmp_path, start, {"CHANGELOG.md": "# Changes\n\n- ours\n- start\n"},
        {"CHANGELOG.md": "# Changes\n\n- theirs\n- start\n", "a.txt": "b\n"},
    )  # fmt: skip

    plain = repo.merge(mine, other)
    found = repo.merge(mine, other, ("CHANGELOG.md",))

    assert plain.conflicts == ("CHANGELOG.md",)
    assert found.conflicts == ()
    assert repo.read(found.tree, "CHANGELOG.md") == b"# Changes\n\n- ours\n- theirs\n- start\n"
    assert repo.read(found.tree, "a.txt") == b"b\n"
    repo.close()


@pytest.mark.parametrize("theirs", ["link", None, b"\0 theirs", "theirs\n"])
def test_what_is_no_pair_of_texts_stays_a_conflict_and_so_does_every_other_file(
    tmp_path: Path, theirs: str | bytes | None
) -> None:
    repo, mine, other = sides(
        tmp_path, {"CHANGELOG.md": "start\n", "a.txt": "a\n"},
        {"CHANGELOG.md": b"\0 ours" if isinstance(theirs, bytes) else "ours\n", "a.txt": "ours\n"},
        {"CHANGELOG.md": theirs if theirs != "link" else None, "a.txt": "theirs\n"},
    )  # fmt: skip
    if theirs == "link":
        (tmp_path / "shop/CHANGELOG.md").symlink_to("a.txt")
        other = gitrepo.commit(tmp_path / "shop", {})

    found = repo.merge(mine, other, ("CHANGELOG.md",))

    resolved = theirs == "theirs\n"
    assert "a.txt" in found.conflicts
    assert ("CHANGELOG.md" not in found.conflicts) == resolved
    repo.close()
