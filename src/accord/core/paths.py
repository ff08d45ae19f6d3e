"""Paths in a repository: patterns, and the ones that no agent may change."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

# What steers Accord, the next agent, the editor or the CI: an agent that may write these decides
# what runs outside its box tomorrow. A name without a slash before it is read by tools in any
# folder, the others only at the top. None ends with a slash: a link of that name counts too.
PROTECTED = (
    "/.accord", ".git", ".gitmodules", ".gitattributes", "/.github", "/.gitlab", "/.gitlab-ci.yml",
    "/.circleci", "/.buildkite", "/azure-pipelines.yml", "/Jenkinsfile", "/.husky",
    "/.pre-commit-config.yaml", "/.devcontainer", "/.devcontainer.json", "/.vscode", "/.idea",
    ".envrc", ".claude", ".codex", ".gemini", "/.copilot", "/.opencode", "/.agents", ".cursor",
    ".cursorrules", ".windsurfrules", ".clinerules", ".mcp.json", "CLAUDE.md", "CLAUDE.local.md",
    "AGENTS.md", "GEMINI.md", "/specs", "/openspec", "/.kiro", "/.specify",
)  # fmt: skip
_NEVER = ("/.accord", ".git")
_STEERING = tuple(one.casefold() for one in PROTECTED)
_WILD = re.compile(r"[*?\[\\]")


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether `path` (with `/`, relative to the root) matches a gitignore-style pattern."""
    return _spec(tuple(patterns)).match_file(path)


def outside(paths: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that match none of `patterns`, in their order."""
    spec = _spec(tuple(patterns))
    return tuple(path for path in paths if not spec.match_file(path))


def is_protected(path: str, declared: Sequence[str]) -> bool:
    """Tell whether `path` steers more than the change, unless a pattern names it by itself.

    A pattern does so when what stands before its first wildcard is protected: `.github/**` and
    `src/CLAUDE.md` do, `**`, `.*` and `src/**` do not. `.accord` and `.git` cannot be declared at
    all. Case does not count: on many machines `claude.md` is read as CLAUDE.md.
    """
    folded = path.casefold()
    if not matches(folded, _STEERING):
        return False
    if matches(folded, _NEVER):
        return True
    named = [one for one in declared if one.startswith("!") or _names_protected(one)]
    return not matches(path, named)


def _names_protected(pattern: str) -> bool:
    wild = _WILD.search(pattern)
    plain = pattern[: pattern.rfind("/", 0, wild.start()) + 1] if wild else pattern
    return matches(plain.strip("/").casefold(), _STEERING)


@lru_cache(maxsize=512)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    # Other backends come and go with what else is installed, and fail on a name that is no text.
    return GitIgnoreSpec.from_lines((one for one in patterns if _is_pattern(one)), backend="simple")


def _is_pattern(text: str) -> bool:
    # Git takes a lone `!` or a lone backslash for a pattern that matches nothing.
    try:
        GitIgnoreSpec.from_lines([text], backend="simple")
    except GitIgnorePatternError:
        return False
    return True
