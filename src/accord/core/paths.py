"""Paths in a repository, and the patterns of gitignore that tell which are meant."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

# A path in git is bytes and need not be text, which the other engines of this library, chosen by
# what else is installed, cannot hold.
SIMPLE = "simple"

_WILD = re.compile(r"[*?\[\\]")


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether `path` (with `/`, relative to the root) matches a gitignore-style pattern."""
    return _spec(tuple(patterns)).match_file(path)


def outside(paths: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that match none of `patterns`, in their order."""
    spec = _spec(tuple(patterns))
    return tuple(path for path in paths if not spec.match_file(path))


def as_text(path: str) -> str:
    """Return a path, which in git is bytes, as one line of text that can be kept anywhere."""
    named = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "�".join(named.splitlines())


def prefix(pattern: str) -> str:
    """Return the folder or file that everything matched by `pattern` lies in, as far as is plain.

    That is what stands before the first wildcard, up to the last slash: `src` for `/src/a*.py`,
    nothing for `**`. A pattern without wildcards is its own prefix.
    """
    wild = _WILD.search(pattern)
    plain = pattern[: pattern.rfind("/", 0, wild.start()) + 1] if wild else pattern
    return plain.strip("/")


@lru_cache(maxsize=512)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(filter(_is_pattern, patterns), backend=SIMPLE)


def _is_pattern(text: str) -> bool:
    # Git takes a lone `!` or a lone backslash for a pattern that matches nothing.
    try:
        GitIgnoreSpec.from_lines([text], backend=SIMPLE)
    except GitIgnorePatternError:
        return False
    return True
