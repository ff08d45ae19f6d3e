"""The command that runs just some tests, where the runner has a way to be asked for them.

pytest takes node ids, unittest `-k`, `go test` `-run`. Any other command runs as it stands. What
ran is judged by the names that the runner gives, so running more costs time and nothing else.
"""

import re
from collections.abc import Callable, Sequence

from accord.core.fingerprint import Mark, last_name

# Flags of pytest without a value: a path after one of these is a path to tests.
_BARE = frozenset(
    "-q -qq -v -vv -x -s -l --verbose --quiet --exitfirst --strict-markers --strict-config "
    "--no-header --no-summary".split()
)


def narrowed(
    command: Sequence[str], tests: Sequence[Mark], exists: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return `command` for `tests` alone, or as it is; `exists` tells of paths in its checkout."""
    words = tuple(command)
    if not tests:
        return words
    at = _runner(words)
    if at is None:
        return words
    name = words[at].rpartition("/")[2]
    if name in ("pytest", "py.test"):
        ids = tuple(dict.fromkeys(_node_id(one) for one in tests))
        return (*words[: at + 1], *_without_paths(words[at + 1 :], exists), *ids)
    bare = tuple(dict.fromkeys(last_name(one.name) for one in tests))
    if name == "unittest":
        return (*words, *(part for one in bare for part in ("-k", one)))
    if "-run" in words or any(one.startswith("-run=") for one in words):
        return words
    return (*words, "-run", f"^({'|'.join(re.escape(one) for one in bare)})$")


def _runner(words: Sequence[str]) -> int | None:
    """Return where the runner stands: `pytest`, `python -m pytest`, `uv run pytest`, `go test`."""
    for at, word in enumerate(words):
        last = word.rpartition("/")[2]
        if last in ("pytest", "py.test", "unittest"):
            return at
        if last == "test" and at and words[at - 1].rpartition("/")[2] == "go":
            return at
    return None


def _node_id(mark: Mark) -> str:
    return f"{mark.path}::{mark.name.partition('#')[0].replace('.', '::')}"


def _without_paths(words: Sequence[str], exists: Callable[[str], bool]) -> tuple[str, ...]:
    kept: list[str] = []
    before = "-q"
    for word in words:
        free = not before.startswith("-") or before in _BARE or "=" in before
        if not (free and exists(word.partition("::")[0].rstrip("/"))):
            kept.append(word)
        before = word
    return tuple(kept)
