"""The replay of concurrent commits: git's own merge is what lands, or the conflict is told."""

from pathlib import Path

import pytest

import gitrepo
from accord.core.keeping import Merge
from accord.git.repo import GitRepo
from bench import replay


@pytest.fixture
def history(tmp_path: Path) -> Path:
    top = tmp_path / "shop"
    text = "".join(f"line {number}\n" for number in range(12))
    gitrepo.make_repo(top, {"a.txt": text, "b.txt": "b\n"}).close()
    sides: list[tuple[gitrepo.Files, gitrepo.Files]] = [
        ({"a.txt": text.replace("line 1\n", "one\n")}, {"a.txt": text.replace("line 10", "ten")}),
        ({"a.txt": text.replace("line 5", "five")}, {"a.txt": text.replace("line 5", "5")}),
        ({"b.txt": None}, {"b.txt": "other\n"}),
        ({"c.txt": "c\n"}, {"d/e.txt": "e\n"}),
    ]
    start = gitrepo.run(top, "rev-parse", "HEAD")
    for number, (ours, theirs) in enumerate(sides):
        gitrepo.run(top, "checkout", "-q", "-B", f"left{number}", start)
        gitrepo.commit(top, ours)
        gitrepo.run(top, "checkout", "-q", "-B", f"right{number}", start)
        gitrepo.commit(top, theirs)
        parents = ("-p", f"left{number}", "-p", f"right{number}")
        made = gitrepo.run(top, "commit-tree", f"{start}^{{tree}}", *parents, "-m", "Merge")
        gitrepo.run(top, "update-ref", f"refs/heads/merged{number}", made)
    return top


def test_every_pair_lands_as_git_merges_it_or_is_reported(history: Path) -> None:
    count = replay.replay(history, 100)

    assert (count.pairs, count.clean, count.conflicts, count.wrong) == (4, 2, 2, 0)


def test_a_merge_that_drops_one_side_is_seen(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ours_alone(repo: GitRepo, ours: str, theirs: str) -> Merge:
        return Merge(repo.tree(ours), ())

    monkeypatch.setattr(GitRepo, "merge", ours_alone)

    assert replay.replay(history, 100).wrong == 4
