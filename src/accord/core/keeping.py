"""A merge, and whether what it joined keeps what both sides did, word by word: pure."""

import re
from collections import Counter
from collections.abc import Collection

from attrs import evolve, frozen

_WORD = re.compile(r"\w+|[^\w\s]")


@frozen
class Merge:
    """A merge in the object store: its tree, and the paths that conflict in it.

    `resolved` are those that git by itself does not have so: they conflicted, or got another name.
    """

    tree: str
    conflicts: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()

    def with_resolved(self, tree: str, paths: Collection[str]) -> "Merge":
        """Return the merge with the tree `tree`, in which `paths` are as they are to land."""
        left = tuple(path for path in self.conflicts if path not in paths)
        done = tuple(dict.fromkeys((*self.resolved, *paths)))
        return evolve(self, tree=tree, conflicts=left, resolved=done)


def keeps_both(base: bytes, ours: bytes, theirs: bytes, merged: bytes) -> bool:
    """Tell whether `merged` has what each side added and lacks what each took away.

    Words and signs are counted, blanks and order are not: a merge may move what it joins. Where
    both sides did the same, it may be there once or twice.
    """
    before, mine, yours, now = (
        Counter(_WORD.findall(one.decode(errors="surrogateescape")))
        for one in (base, ours, theirs, merged)
    )
    return all(
        least <= now[word] <= most
        for word in before | mine | yours | now
        for least, most in [_range(before[word], mine[word], yours[word])]
    )


def _range(before: int, mine: int, yours: int) -> tuple[int, int]:
    """Return the least and the most that there may be of a word."""
    changes = (mine - before, yours - before)
    both = before + sum(changes)
    if min(changes) >= 0:
        return before + max(changes), both
    if max(changes) <= 0:
        return max(0, both), before + min(changes)
    return max(0, both), max(0, both)
