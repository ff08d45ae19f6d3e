import pytest

from accord.core.paths import PROTECTED, is_protected, matches, outside


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


@pytest.mark.parametrize("name", PROTECTED)
@pytest.mark.parametrize("below", ["", "/x"])
@pytest.mark.parametrize("declared", [(), ("**",), ("*",), (".*",), ("?*/**", "?*"), ("[.c]*",)])
def test_a_wildcard_declares_no_protected_path(
    name: str, below: str, declared: tuple[str, ...]
) -> None:
    path = name.lstrip("/") + below
    assert is_protected(path, declared)
    assert is_protected(path.upper(), declared)


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("src/CLAUDE.md", "src/**"),
        ("src/.gitattributes", "src/*"),
        ("src/.gitattributes", "src/"),
        ("specs/mail/design.md", "specs/guest/**"),
        ("specs", "specs/guest/**"),
        (".github/workflows/ci.yml", ".git*/**"),
        (".github/workflows/ci.yml", ".github/ISSUE_TEMPLATE/**"),
        (".github/workflows/ci.yml", "\\.github/**"),
        ("CLAUDE.md", "docs/CLAUDE.md"),
    ],
)
def test_a_pattern_that_does_not_name_it_declares_no_protected_path(
    path: str, declared: str
) -> None:
    assert is_protected(path, (declared, "**"))


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        (".github/workflows/ci.yml", ".github/**"),
        (".github/workflows/ci.yml", "/.github/workflows/*.yml"),
        (".github/workflows/ci.yml", ".github/"),
        ("specs/guest/design.md", "specs/guest/**"),
        ("specs/guest/mockups/a.html", "specs/guest/mockups/*.html"),
        (".kiro/specs/guest/tasks.md", ".kiro/specs/guest/tasks.md"),
        ("CLAUDE.md", "CLAUDE.md"),
        ("docs/CLAUDE.md", "docs/CLAUDE.md"),
    ],
)
def test_a_pattern_that_names_it_declares_a_protected_path(path: str, declared: str) -> None:
    assert is_protected(path, ())
    assert not is_protected(path, (declared,))


def test_a_declaration_can_be_taken_back_in_part() -> None:
    declared = (".github/**", "!.github/workflows/release.yml")
    assert not is_protected(".github/workflows/ci.yml", declared)
    assert is_protected(".github/workflows/release.yml", declared)


@pytest.mark.parametrize("path", [".accord/trust/v1.json", ".accord", ".ACCORD/x", "src/.git/x"])
def test_git_and_accord_cannot_be_declared(path: str) -> None:
    assert is_protected(path, (path, ".accord/**", "src/.git/**", ".git", "/.accord"))


@pytest.mark.parametrize(
    "path",
    ["src/cart.py", "docs/specs/a.md", "src/github/x", ".gitignore", "src/accord/x.py", "agents/x",
     "docs/claude.md.txt", "src/.accord/x", "openspecs/x"],
)  # fmt: skip
def test_ordinary_paths_are_not_protected(path: str) -> None:
    assert not is_protected(path, ())


def test_a_name_that_is_no_text_is_matched_whatever_else_is_installed() -> None:
    pytest.importorskip("re2")
    assert matches("shop/\udcff.py", ("shop/**",))
