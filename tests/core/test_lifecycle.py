"""The rule by itself, on facts that are written down here."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from accord.core.lifecycle import (
    ABSENT,
    LINK,
    PLAIN,
    Agreed,
    Commit,
    Facts,
    Kind,
    Reviewed,
    Touch,
    Work,
    claim,
    judge,
)

KEY = "a" * 64
NAMED = f"guest/T1@{KEY}"
AGREED = Agreed("guest", "", tasks={"T1": Work(KEY, ("shop/**",))})


def touch(path: str = "shop/cart.py", was: str = PLAIN, mode: str = PLAIN) -> Touch:
    return Touch(path, was, mode, "1" * 40)


def commit(*touches: Touch, said: str = NAMED, parents: int = 1) -> Commit:
    message = f"Keep\n\nSpec-Task: {said}\n" if said else "Keep\n"
    names = tuple(str(number) * 40 for number in range(parents))
    return Commit("c" * 40, names, message, (said,) if said else (), touches or (touch(),))


def rules(one: Commit, facts: Facts) -> list[str]:
    return [found.rule for found in judge(one, facts)]


def test_code_that_was_agreed_in_the_parent() -> None:
    assert rules(commit(), Facts((AGREED,))) == []


def test_one_of_two_parents_is_enough() -> None:
    other = Agreed("guest", "the story is not open")
    assert rules(commit(parents=2), Facts((other, AGREED))) == []


def test_no_parent_at_all() -> None:
    assert rules(commit(parents=0), Facts()) == ["not-agreed"]


def test_a_commit_that_changes_nothing() -> None:
    assert judge(Commit("c", ("p",), "Nothing", (), ()), Facts()) == ()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("specs/guest/design.md", Kind.DOCUMENT),
        ("specs/guest/mockups/cart.html", Kind.DOCUMENT),
        ("specs/guest/test_it.py", Kind.CODE),
        ("specs/guest/Makefile", Kind.CODE),
        ("specs/guest/CLAUDE.md", Kind.CODE),
        ("specs/guest/agents.md", Kind.CODE),
        ("specs/guest/.claude/settings.json", Kind.CODE),
        ("specs/readme.md", Kind.CODE),
        ("Specs/guest/design.md", Kind.CODE),
        ("docs/design.md", Kind.CODE),
        (f".accord/approvals/guest/{'0' * 32}.json", Kind.RECORD),
        (f".accord/approvals/guest/{'0' * 32}.sig", Kind.RECORD),
        (".accord/approvals/guest/conftest.py", Kind.STEERING),
        (f".accord/approvals/../{'0' * 32}.json", Kind.STEERING),
        (f".Accord/approvals/guest/{'0' * 32}.json", Kind.STEERING),
        (".accord/trust/v2.json", Kind.TRUST),
        (".accord/config.toml", Kind.STEERING),
        (".ACCORD/trust/v2.json", Kind.STEERING),
        (".accord", Kind.STEERING),
        ("accord/trust/v1.json", Kind.CODE),
    ],
)
def test_what_a_file_is(path: str, kind: Kind) -> None:
    assert touch(path).kind is kind


@pytest.mark.parametrize("mode", ["100755", LINK, "160000"])
def test_a_document_is_a_plain_file_before_and_after(mode: str) -> None:
    assert touch("specs/guest/design.md", mode=mode).kind is Kind.CODE
    assert touch("specs/guest/design.md", was=mode).kind is Kind.CODE


def test_a_record_that_is_no_plain_file() -> None:
    one = touch(f".accord/approvals/guest/{'0' * 32}.json", ABSENT, LINK)
    assert rules(commit(one), Facts()) == ["records"]


def test_what_steers_needs_an_open_review_of_just_that() -> None:
    one = commit(touch(".accord/config.toml"))
    assert rules(one, Facts()) == ["steering"]
    assert rules(one, Facts(reviewed=frozenset([".accord/config.toml"]))) == []


def test_a_version_of_the_trust_file_is_never_replaced() -> None:
    assert rules(commit(touch(".accord/trust/v1.json")), Facts()) == ["trust"]
    assert rules(commit(touch(".accord/trust/v2.json", ABSENT)), Facts()) == []
    assert rules(commit(touch(".accord/trust/v2.json", ABSENT)), Facts(trust="no")) == ["trust"]


def test_code_that_comes_with_its_records_must_be_reviewed_and_within_the_paths() -> None:
    record = touch(f".accord/approvals/guest/{'0' * 32}.json", ABSENT)
    one = commit(touch(), record, said="")
    covered = Reviewed(AGREED, "", frozenset(["shop/cart.py"]))
    assert rules(one, Facts(brought=(covered,))) == []
    assert rules(one, Facts(brought=(evolve(covered, shut="no"),))) == ["squash"]
    assert rules(one, Facts(brought=(evolve(covered, files=frozenset()),))) == ["squash"]
    narrow = evolve(AGREED, tasks={"T1": Work(KEY, ("tests/**",))})
    assert rules(one, Facts(brought=(evolve(covered, agreed=narrow),))) == ["outside"]


def test_a_name_with_a_line_end_does_not_begin_a_line() -> None:
    found = judge(commit(touch("x\n1 commit: all was agreed before")), Facts((AGREED,)))
    assert [one.rule for one in found] == ["outside", "file"]
    assert not [one for one in found if "\n" in one.message]


@pytest.mark.parametrize(
    "said", ["guest/T1@short", f"guest/T1@{KEY}x", f"/T1@{KEY}", f"../T1@{KEY}", f"guest/T 1@{KEY}"]
)
def test_a_trailer_that_names_nothing(said: str) -> None:
    assert claim(commit(said=said)) is None
    assert rules(commit(said=said), Facts((AGREED,))) == ["no-task"]


@given(st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3))
def test_no_message_makes_code_agreed(message: str, said: list[str]) -> None:
    one = Commit("c", ("p",), message, tuple(said), (touch(),))
    assert judge(one, Facts((evolve(AGREED, shut="it is shut"),)))


@given(st.from_regex(r"(\.\.?|[a-c]|\.git|/){0,6}", fullmatch=True), st.integers(0, 2))
def test_a_link_that_is_accepted_stays_inside(target: str, depth: int) -> None:
    path = "/".join(["shop", *["x"] * depth, "link"])
    one = evolve(touch(path, ABSENT, LINK), target=target)
    if rules(commit(one), Facts((AGREED,))):
        return
    at = path.split("/")[:-1]
    for part in target.split("/"):
        assert part != ".git"
        if part == "..":
            at.pop()
        elif part not in ("", "."):
            at.append(part)
    assert not target.startswith("/")
