from pathlib import Path

import pytest

from accord.git.repo import GitRepo
from accord.git.run import GitError
from gitrepo import AUTHOR, commit, head, run


def test_refs_below_a_prefix_are_mapped_to_their_commits(
    repo: GitRepo, base: str, top: Path
) -> None:
    run(top, "branch", "accord/guest")
    run(top, "branch", "accord/mail")
    assert repo.refs("refs/heads/accord") == {
        "refs/heads/accord/guest": base,
        "refs/heads/accord/mail": base,
    }
    assert repo.refs("refs/nothing") == {}


def test_the_fork_and_the_ancestry_of_two_commits_are_known(repo: GitRepo, base: str) -> None:
    one = repo.commit(base, {"a": b"1"}, "One", AUTHOR)
    other = repo.commit(base, {"b": b"1"}, "Other", AUTHOR)
    assert repo.fork(one, other) == base
    assert repo.contains(one, base)
    assert repo.contains(one, one)
    assert not repo.contains(one, other)
    assert not repo.contains(one, "nothing")


def test_histories_without_a_common_commit_have_no_fork(repo: GitRepo, base: str) -> None:
    stranger = repo.join(repo.tree(base), [], "Stranger", AUTHOR)
    with pytest.raises(GitError):
        repo.fork(base, stranger)


def test_trailers_are_read_from_every_commit_after_the_base(repo: GitRepo, base: str) -> None:
    one = repo.commit(base, {"a": b"1"}, "One\n\nAccord-Run: r1\nAccord-Run: r2", AUTHOR)
    two = repo.commit(one, {"a": b"2"}, "Two\n\nnot Accord-Run: r3 in\nthe middle", AUTHOR)
    three = repo.commit(two, {"a": b"3"}, "Three\n\naccord-run: r4\n  folded", AUTHOR)
    assert sorted(repo.trailers(base, three, "Accord-Run")) == ["r1", "r2", "r4 folded"]
    assert repo.trailers(three, three, "Accord-Run") == ()


def test_authors_are_those_who_wrote_a_path_each_once(repo: GitRepo, base: str) -> None:
    one = repo.commit(base, {"src/a": b"1"}, "One", "Zoë Ångström <z@example.org>")
    two = repo.commit(one, {"src/a": b"2"}, "Two", "Zoë Ångström <z@example.org>")
    three = repo.commit(two, {"src/b": b"2"}, "Three", "Kim\u2028Lee <k@example.org>")
    last = repo.commit(three, {"docs/c": b"2"}, "Four", "Sam <s@example.org>")
    assert repo.authors(base, last, "src") == ("Kim\u2028Lee", "Zoë Ångström")
    assert repo.authors(base, last, ".") == ("Kim\u2028Lee", "Sam", "Zoë Ångström")
    assert repo.authors(base, last, "nothing") == ()
    assert repo.authors(base, last, "s*") == ()


def test_whoever_only_merged_wrote_nothing_and_whoever_edited_in_a_merge_did(
    repo: GitRepo, base: str
) -> None:
    one = repo.commit(base, {"src/a": b"1"}, "One", "Zoë <z@example.org>")
    other = repo.commit(base, {"src/b": b"2"}, "Other", "Kim <k@example.org>")
    tree = repo.merge(one, other).tree
    clean = repo.join(tree, [one, other], "Merge", "Sam <s@example.org>")
    assert repo.authors(base, clean, "src/a", "src/b") == ("Kim", "Zoë")
    edited = repo.tree(repo.commit(clean, {"src/a": b"3"}, "x", AUTHOR))
    evil = repo.join(edited, [one, other], "Merge", "Sam <s@example.org>")
    assert repo.authors(base, evil, "src/a") == ("Sam", "Zoë")
    assert repo.authors(base, evil, "src/b") == ("Kim",)
    both = repo.tree(repo.commit(clean, {"src/a": b"3", "src/b": b"4"}, "x", AUTHOR))
    evil = repo.join(both, [one, other], "Merge", "Sam <s@example.org>")
    assert repo.authors(base, evil, "src/a", "src/b") == ("Kim", "Sam", "Zoë")


RECORD = ".accord/approvals/guest/a.json"


def test_records_that_were_only_added_are_not_altered(repo: GitRepo, base: str) -> None:
    one = repo.commit(base, {RECORD: b"1"}, "One", AUTHOR)
    side = repo.commit(base, {".accord/approvals/mail/b.json": b"2"}, "Side", AUTHOR)
    merge = repo.join(repo.merge(one, side).tree, [one, side], "Join", AUTHOR)
    assert repo.altered(base, [merge], ".accord/approvals") == ()


def test_a_record_that_was_changed_or_removed_is_named_with_its_commit(
    repo: GitRepo, base: str, top: Path
) -> None:
    odd = ".accord/approvals/guest/odd \u2028\t\n.json"
    one = repo.commit(base, {RECORD: b"1", odd: b"1"}, "One", AUTHOR)
    two = repo.commit(one, {RECORD: b"2", "src/x": b"1"}, "Two", AUTHOR)
    three = repo.commit(two, {RECORD: None}, "Three", AUTHOR)
    four = repo.commit(three, {odd: None}, "Four", AUTHOR)
    short = {name: head(top, name)[:7] for name in (two, three, four)}
    assert [(path, commit[:7]) for path, commit in repo.altered(base, [four], ".accord")] == [
        (odd, short[four]),
        (RECORD, short[three]),
        (RECORD, short[two]),
    ]
    assert repo.altered(one, [one], ".accord") == ()


@pytest.mark.parametrize("first", ["the base", "the record"])
@pytest.mark.parametrize("data", [b"2", None])
def test_a_merge_cannot_hide_that_a_record_was_changed_or_lost(
    repo: GitRepo, base: str, first: str, data: bytes | None
) -> None:
    one = repo.commit(base, {RECORD: b"1"}, "One", AUTHOR)
    forged = repo.tree(repo.commit(one, {RECORD: data}, "Forge", AUTHOR))
    parents = [base, one] if first == "the base" else [one, base]
    merge = repo.join(forged, parents, "Join", AUTHOR)
    last = repo.commit(merge, {"src/x": b"1"}, "Last", AUTHOR)
    assert [path for path, _ in repo.altered(base, [last], ".accord")] == [RECORD]


def test_a_record_that_became_a_link_is_altered(repo: GitRepo, base: str, top: Path) -> None:
    one = commit(top, {RECORD: b"1"})
    (top / RECORD).unlink()
    (top / RECORD).symlink_to("../../../README.md")
    two = commit(top, {})
    assert [path for path, _ in repo.altered(base, [two], ".accord")] == [RECORD]
    assert repo.altered(base, [one], ".accord") == ()
