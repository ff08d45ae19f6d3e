import pytest

from accord.core.paths import as_text, matches, outside, prefix


@pytest.mark.parametrize(
    ("path", "patterns", "expected"),
    [
        ("src/cart/a.py", ("src/cart/**",), True),
        ("src/cart", ("src/cart/**",), False),
        ("src/cart/a.py", ("src/cart",), True),
        ("lib/src/a.py", ("src",), True),
        ("lib/src/a.py", ("/src",), False),
        ("src/a.py", ("*.py",), True),
        ("src/a.py", ("src/*", "!src/a.py"), False),
        ("src/deep/a.py", ("src/*/a.py",), True),
        ("src/a b.py", ("src/a b.py",), True),
        ("größe/文.py", ("größe/*.py",), True),
        ("src/a.py", (), False),
        ("src/a.py", ("", "# a comment"), False),
        ("!", ("!",), False),
        ("src/a.py", ("!", "\\", "src/**"), True),
    ],
)
def test_patterns_are_those_of_gitignore(
    path: str, patterns: tuple[str, ...], expected: bool
) -> None:
    assert matches(path, patterns) is expected


def test_what_is_outside_keeps_its_order() -> None:
    assert outside(["z", "src/a", "b", "src/c"], ["src/**"]) == ("z", "b")
    assert outside(["a"], []) == ("a",)


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        ("**", ""),
        ("*.py", ""),
        ("/src/a*.py", "src"),
        ("src/deep/**", "src/deep"),
        (".github/", ".github"),
        ("src/a.py", "src/a.py"),
        ("src/\\[a/b", "src"),
    ],
)
def test_what_is_plain_of_a_pattern_ends_before_its_first_wildcard(
    pattern: str, plain: str
) -> None:
    assert prefix(pattern) == plain


def test_a_name_that_is_no_text_is_matched_whatever_else_is_installed() -> None:
    pytest.importorskip("re2")
    assert matches("shop/\udcff.py", ("shop/**",))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("größe/文.py", "größe/文.py"),
        ("a\nb", "a�b"),
        ("a\u2028b\r\n", "a�b"),
        (b"a\xff.py".decode(errors="surrogateescape"), "a\\xff.py"),
    ],
)
def test_a_path_of_any_bytes_is_one_line_of_text(path: str, text: str) -> None:
    assert as_text(path) == text
    as_text(path).encode()
