"""Which folders a task of a large repository needs."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.cones import Cone, cone

THERE = (
    "README.md", "shop/cart/keep.py", "shop/cart/deep/one.py", "shop/pay.py", "tests/cart/t.py",
    "docs/guide.md", "tools/README.md", "libs/a b/[x]/f.txt",
)  # fmt: skip


@pytest.mark.parametrize(
    ("claims", "folders"),
    [
        (["shop/cart/**", "tests/cart/**"], ("shop/cart", "tests/cart")),
        (["/shop/cart/"], ("shop/cart",)),
        (["shop/cart/ke*.py"], ("shop/cart",)),
        (["shop/pay.py"], ("shop",)),
        (["shop/new.py"], ("shop",)),
        (["shop/new/deep/**"], ("shop/new/deep",)),
        (["shop/**", "shop/cart/**"], ("shop",)),
        (["README.md"], ("tools",)),
        (["/README.md"], ()),
        (["*.py"], ("shop", "tests/cart")),
        (["shop/**", "!shop/cart/**"], ("shop",)),
    ],
)
def test_the_folders_of_what_a_task_claims_are_there(
    claims: list[str], folders: tuple[str, ...]
) -> None:
    assert cone(claims, (), THERE) == Cone(folders)


@pytest.mark.parametrize("claims", [["**"], ["*"], ["shop/**", "**"]])
def test_who_claims_everything_gets_everything(claims: list[str]) -> None:
    assert cone(claims, ("docs",), THERE) is None


def test_a_name_that_git_cannot_write_down_means_everything() -> None:
    assert cone(["shop/**"], ("a\nb",), THERE) is None


def test_what_is_included_is_there_too() -> None:
    assert cone(["shop/cart/**"], ("/docs/", "tools"), THERE) == Cone(
        ("docs", "shop/cart", "tools")
    )


NAMES = st.sampled_from(["a", "b", "a b", "[x]", "b*", "c\\d", "ü"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@settings(max_examples=25, deadline=None)
@given(st.sets(PATHS, min_size=1, max_size=12), st.sets(PATHS, max_size=4))
def test_git_means_the_same_by_it(paths: set[str], folders: set[str]) -> None:
    files = sorted({f"{one}/file" for one in paths} | {"file"})
    made = cone((), tuple(folders), files)
    assert made is not None
    with tempfile.TemporaryDirectory() as place:

        def git(*arguments: str, feed: str = "") -> str:
            words = ["git", "-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=true"]
            done = subprocess.run([*words, *arguments], cwd=place, input=feed, check=True,
                                  text=True, capture_output=True)  # fmt: skip
            assert "disabling cone" not in done.stderr
            return done.stdout.strip("\n")

        git("init", "-q")
        assert git("hash-object", "-w", "--stdin") == EMPTY
        feed = "".join(f"100644 {EMPTY}\t{path}\0" for path in files)
        git("update-index", "-z", "--index-info", feed=feed)
        Path(place, ".git/info/sparse-checkout").write_text(made.patterns())
        git("read-tree", "--reset", "-u", git("write-tree"))
        there = {path for path in files if Path(place, path).exists()}
    assert there == {path for path in files if made.holds(path)}
