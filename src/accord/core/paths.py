"""Paths in a repository: patterns, and the ones that no agent may change."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from pathspec import GitIgnoreSpec

# What steers Accord, the next agent, the editor or the CI: an agent that may write these decides
# what runs outside its box tomorrow.
PROTECTED = (
    "/.accord/", ".git", ".gitmodules", ".gitattributes", "/.github/", "/.gitlab-ci.yml",
    "/.circleci/", "/.claude/", "/.codex/", "/.gemini/", "/.copilot/", "/.kiro/settings/",
    "/.opencode/", "/.mcp.json", "/.vscode/", "/.idea/", "/.envrc", "/.pre-commit-config.yaml",
    "/CLAUDE.md", "/AGENTS.md", "/GEMINI.md", "/specs/",
)  # fmt: skip


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether `path` (with `/`, relative to the root) matches a gitignore-style pattern."""
    return _spec(tuple(patterns)).match_file(path)


def outside(paths: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that match none of `patterns`, in their order."""
    spec = _spec(tuple(patterns))
    return tuple(path for path in paths if not spec.match_file(path))


def is_protected(path: str, declared: Sequence[str]) -> bool:
    """Tell whether `path` steers more than the change, unless a pattern names it by itself.

    A pattern that begins with a wildcard declares no protected path; `.github/**` does.
    `.accord` and `.git` cannot be declared at all.
    """
    if not matches(path, PROTECTED):
        return False
    if matches(path, ("/.accord/", ".git")):
        return True
    named = [one for one in declared if not one.lstrip("/").startswith("*")]
    return not matches(path, named)


@lru_cache(maxsize=512)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
