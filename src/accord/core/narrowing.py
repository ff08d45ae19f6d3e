"""The command that runs just some tests, where the runner has a way to be asked for them.

pytest takes node ids, unittest `-k`, `go test` `-run`, Cargo `--test` for tests in files of their
own. Any other command runs as it stands. What
ran is judged by the names that the runner gives, so running more costs time and nothing else.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from accord.core.fingerprint import Mark, last_name

# Flags of pytest without a value: a path after one of these is a path to tests.
_BARE = frozenset(
    "-q -qq -v -vv -x -s -l --verbose --quiet --exitfirst --strict-markers --strict-config "
    "--no-header --no-summary".split()
)

# What has a runner end at the first test that fails.
_HASTY = {"unittest": ("-f", "--failfast"), "test": ("-failfast", "-failfast=true")}
_TARGET = re.compile(r"(?:^|/)tests/([^/]+)(?:/main)?\.rs$")
_CHOSEN = frozenset("--test --tests --lib --bin --bins --doc --example --all-targets".split())


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
    if _is_cargo(words, at):
        return (*words[: at + 1], *_targets(words, tests), *words[at + 1 :])
    if "-run" in words or any(one.startswith("-run=") for one in words):
        return words
    return (*words, "-run", f"^({'|'.join(re.escape(one) for one in bare)})$")


def apart(
    command: Sequence[str], tests: Sequence[Mark], exists: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return `command` for `tests` alone, so that none of them ends it for the others.

    That is for tests of which a run said nothing, since it ended at the first that failed.
    """
    words = narrowed(command, tests, exists)
    at = _runner(words)
    if at is None:
        return words
    name = words[at].rpartition("/")[2]
    if name in ("pytest", "py.test"):
        return (*words, "--maxfail=0", "--continue-on-collection-errors")
    if _is_cargo(words, at):
        more = () if "--no-fail-fast" in words else ("--no-fail-fast",)
        return (*words[: at + 1], *more, *words[at + 1 :])
    return (*words[: at + 1], *(one for one in words[at + 1 :] if one not in _HASTY[name]))


def _runner(words: Sequence[str]) -> int | None:
    """Return where the runner stands: `pytest`, `python -m pytest`, `uv run pytest`, `go test`.

    And `cargo test`, `cargo nextest run`.
    """
    for at, word in enumerate(words):
        last = word.rpartition("/")[2]
        if last in ("pytest", "py.test", "unittest"):
            return at
        if last == "test" and at and words[at - 1].rpartition("/")[2] in ("go", "cargo"):
            return at
        if last == "run" and words[max(0, at - 2) : at] == ("cargo", "nextest"):
            return at
    return None


def _is_cargo(words: Sequence[str], at: int) -> bool:
    return "cargo" in (one.rpartition("/")[2] for one in words[max(0, at - 2) : at])


def _targets(words: Sequence[str], tests: Sequence[Mark]) -> Iterator[str]:
    """Yield what asks Cargo for the files of `tests`; nothing where one stands beside the code."""
    files = dict.fromkeys(_TARGET.search(one.path) for one in tests)
    if None not in files and not _CHOSEN & set(words):
        for name in dict.fromkeys(one[1] for one in files if one):
            yield from ("--test", name)


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
