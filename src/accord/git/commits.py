"""Read a range of commits at once: what each says and what it changed.

A merge is held against what git makes of its parents by itself (`--remerge-diff`, git 2.35).
"""

import re
from collections.abc import Iterator

from accord.core.lifecycle import LINK, TRAILER, Commit, Touch
from accord.git.run import Git

_HEXADECIMAL = frozenset("0123456789abcdef")
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|(?:FETCH_|ORIG_|MERGE_)?HEAD")
_KINDS = ("refs", "refs/tags", "refs/heads", "refs/remotes")


def between(git: Git, base: str, head: str) -> tuple[Commit, ...]:
    """Return the commits after `base` up to `head`, each after its parents.

    Both are ids. A message that is no UTF-8 is read as far as it is.
    """
    said = git.bytes(
        # What separates a trailer could be configured; what Accord writes is a colon.
        "-c", "trailer.separators=:", "log", "--topo-order", "--reverse", "-z", "--encoding=UTF-8",
        f"--format=%H%x00%P%x00%(trailers:key={TRAILER},valueonly,unfold)%x00%B",
        f"{base}..{head}", "--",
    )  # fmt: skip
    words = said.decode(errors="replace").split("\0")
    changed = _changed(git, base, head)
    return tuple(
        Commit(
            words[at],
            tuple(words[at + 1].split()),
            words[at + 3],
            tuple(line.strip() for line in words[at + 2].splitlines() if line.strip()),
            changed.get(words[at], ()),
        )
        for at in range(0, len(words) - 3, 4)
    )


def is_shallow(git: Git) -> bool:
    """Tell whether the clone lacks the older part of its history."""
    return git.text("rev-parse", "--is-shallow-repository") != "false"


def meanings(git: Git, name: str) -> tuple[str, ...]:
    """Return the refs that a person could mean by `name`, in full; see gitrevisions(7).

    A name that is full already means itself and nothing else, and an id or HEAD means no ref.
    """
    if name.startswith("refs/"):
        wanted = {name}
    elif _ID.fullmatch(name):
        wanted = set()
    else:
        wanted = {f"{kind}/{name}" for kind in _KINDS} | {f"refs/remotes/{name}/HEAD"}
    said = git.text("for-each-ref", "--format=%(refname)", *sorted(wanted)) if wanted else ""
    return tuple(one for one in said.splitlines() if one in wanted)


def _changed(git: Git, base: str, head: str) -> dict[str, tuple[Touch, ...]]:
    said = git.bytes(
        "-c", "log.showRoot=true", "log", "-z", "--raw", "--numstat", "--no-abbrev",
        "--no-renames", "--remerge-diff", "--ignore-submodules=none", "--no-ext-diff",
        "--no-textconv", "--format=%H", f"{base}..{head}", "--",
    )  # fmt: skip
    found: dict[str, list[Touch]] = {}
    counts: dict[tuple[str, str], int] = {}
    commit = ""
    words = iter(said.decode(errors="surrogateescape").split("\0"))
    for word in words:
        text = word.lstrip("\n")
        if text.startswith(":"):
            was, mode, _, oid, _ = text[1:].split(" ")
            path = next(words)
            target = _target(git, oid) if mode == LINK else ""
            found[commit].append(Touch(path, was, mode, oid, 0, target))
        elif "\t" in text:
            added, deleted, path = text.split("\t", 2)
            counts[commit, path] = sum(int(one) for one in (added, deleted) if one.isdigit())
        elif text and _HEXADECIMAL.issuperset(text):
            commit = text
            found[commit] = []
    return {commit: tuple(_counted(commit, every, counts)) for commit, every in found.items()}


def _counted(
    commit: str, touches: list[Touch], counts: dict[tuple[str, str], int]
) -> Iterator[Touch]:
    for one in touches:
        lines = counts.get((commit, one.path), 0)
        yield Touch(one.path, one.was, one.mode, one.id, lines, one.target)


def _target(git: Git, oid: str) -> str:
    return git.bytes("cat-file", "blob", oid).decode(errors="surrogateescape")
