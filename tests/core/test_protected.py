"""Paths that steer more than a change (T15, T16), and what a task says to be let near them."""

import pytest

from accord.core.paths import matches
from accord.core.protected import PROTECTED, declarable, is_protected, protected_for


@pytest.mark.parametrize("name", PROTECTED)
@pytest.mark.parametrize("below", ["", "/x"])
@pytest.mark.parametrize("declared", [(), ("**",), ("*",), (".*",), ("?*/**", "?*"), ("[.c]*",)])
def test_a_wildcard_declares_no_protected_path(
    name: str, below: str, declared: tuple[str, ...]
) -> None:
    path = name.lstrip("/").replace("*", "x") + below
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
     "docs/claude.md.txt", "src/.accord/x", "openspecs/x", ".githubx", "aider.py", ".claudette"],
)  # fmt: skip
def test_ordinary_paths_are_not_protected(path: str) -> None:
    assert not is_protected(path, ())


def test_a_wall_keeps_every_protected_name_that_nothing_declares() -> None:
    kept = protected_for(("src/**", "**", "*", ".*", "?ithub/**", "!.github/**"))
    assert kept == protected_for(())
    for one in PROTECTED:
        if "*" not in one:
            name = one.lstrip("/")
            assert any(name == each or name.startswith(f"{each}/") for each in kept), name
    assert ".aider.conf.yml" in kept
    assert not [one for one in kept if one.startswith("/") or "*" in one or ".." in one]
    assert not [one for one in kept if any(one.startswith(f"{each}/") for each in kept)]
    assert all(is_protected(one, ()) for one in kept)


@pytest.mark.parametrize(
    ("touches", "opened"),
    [
        ((".github/**",), {".github"}),
        (("/.github/",), {".github"}),
        ((".GitHub/ISSUE_TEMPLATE/**",), {".github"}),
        (("CLAUDE.md", "src/**"), {"CLAUDE.md"}),
        ((".claude/settings.json",), {".claude"}),
        ((".vscode/*.json",), {".vscode"}),
        (("src/CLAUDE.md",), set()),
        ((".git*/**",), set()),
        ((".accord/**", ".git/config", ".git"), set()),
        (("specs/guest/tasks.md", "/specs/**", "openspec/**", ".specify/x"), set()),
    ],
)
def test_a_wall_has_a_door_just_where_a_task_declares_one(
    touches: tuple[str, ...], opened: set[str]
) -> None:
    closed = set(protected_for(touches))
    assert set(protected_for(())) - closed == opened


def test_what_is_worse_stays_shut_where_a_task_declares_a_part() -> None:
    kept = protected_for((".github/ISSUE_TEMPLATE/**", ".kiro/steering/a.md"))
    assert {".github/workflows", ".github/copilot-instructions.md", ".kiro/specs"} <= set(kept)
    assert ".github/workflows" not in protected_for((".github/workflows/ci.yml",))


def test_no_task_declares_a_spec_a_record_or_git() -> None:
    touches = ("src/**", "**", "specs/guest/**", "/.accord/trust/v2.json", "!specs/x", "src/.git/x",
               ".kiro/specs/a/tasks.md", "SPECS/x", "openspec/", "docs/specs/a.md")  # fmt: skip
    assert declarable(touches) == ("src/**", "**", "!specs/x", "docs/specs/a.md")
    assert is_protected("specs/guest/a.md", declarable(touches))
    assert not is_protected("specs/guest/a.md", touches)


@pytest.mark.parametrize("touches", [(".github/**",), ("CLAUDE.md",), (".vscode/*.json",)])
def test_what_a_wall_lets_through_is_what_the_harvest_takes(touches: tuple[str, ...]) -> None:
    opened = set(protected_for(())) - set(protected_for(touches))
    inside = {one if one.endswith(".md") else f"{one}/x.json" for one in opened}
    assert inside
    assert all(matches(one, touches) and not is_protected(one, touches) for one in inside)


@pytest.mark.parametrize(
    "path",
    [".vscode./tasks.json", ".vscode /tasks.json", ".claude::$INDEX_ALLOCATION/x", "CLAUDE.md.",
     "AGENTS.md:x", ".clau\u200cde/settings.json", "．vscode/tasks.json", "VSCODE~1/tasks.json",
     "GITHUB~1/workflows/x.yml", "ACCORD~1/trust/v2.json", ".Accord./x", "gitmod~1", "MCP~1.JSO"],
)  # fmt: skip
def test_a_name_that_another_file_system_takes_for_a_protected_one_is_protected(path: str) -> None:
    assert is_protected(path, ("**",))
    assert is_protected(path, (".accord/**", "**"))


@pytest.mark.parametrize("path", ["notes~1", "src/a.py~1", "README~1.MD", "docs/x. y", "a:b", "~1"])
def test_a_name_that_no_file_system_takes_for_one_is_not(path: str) -> None:
    assert not is_protected(path, ())
