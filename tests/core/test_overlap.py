import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import overlap, paths

PARTS = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "?", "**", "[ab]"])
PATTERNS = st.tuples(
    st.sampled_from(["", "/"]), st.lists(PARTS, min_size=1, max_size=3), st.sampled_from(["", "/"])
).map(lambda one: one[0] + "/".join(one[1]) + one[2])
NAMES = [
    "/".join(parts)
    for parts in [
        *[(one,) for one in ("a", "b", "ab")],
        *[(one, two) for one in ("a", "b", "ab") for two in ("a", "b", "ab")],
        *[("a", one, two) for one in ("a", "b", "ab") for two in ("a", "b", "ab")],
    ]
]


@given(PATTERNS, PATTERNS)
def test_patterns_that_match_one_file_meet(one: str, other: str) -> None:
    both = [name for name in NAMES if paths.matches(name, [one]) and paths.matches(name, [other])]

    assert overlap.meet(one, other) or not both
    assert overlap.meet(one, other) == overlap.meet(other, one)


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ("src/cart/**", "src/pay/**", False),
        ("src/cart/**", "src/**/test_*.py", True),
        ("*.py", "docs/**", True),
        ("*.py", "docs/*.md", False),
        ("etc/conf.d", "etc/conf.d/site.conf", True),
        ("docs/v1.2", "docs/v1.2/index.md", True),
        ("/CHANGELOG.md", "CHANGELOG.md", True),
        ("shop", "shop/cart.py", True),
        ("src/a*c.py", "src/ab*.py", True),
        ("src/a*c.py", "src/b*c.py", False),
        ("src/[ab].py", "src/c.py", True),  # it errs to yes
        (r"src/\*.py", "src/a.py", False),
        ("!src/a.py", "src/a.py", False),
    ],
)
def test_whether_two_patterns_can_name_one_file(one: str, other: str, *, meets: bool) -> None:
    assert overlap.meet(one, other) == meets


def test_a_pattern_as_long_as_somebody_likes_is_answered() -> None:
    assert overlap.meet("/" + "*a" * 300 + "x.py", "/" + "*a" * 300 + "y.py") is False
    assert overlap.meet("/".join(["**", "a"] * 300), "/".join(["a"] * 300))


def test_a_claim_on_everything_is_known_as_one() -> None:
    assert all(overlap.claims_all([one]) for one in ("**", "*", "/**", "**/*"))
    assert not any(overlap.claims_all([one]) for one in ("src/**", "*.py", "", "!**", "/"))
