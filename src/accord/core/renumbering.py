"""Files that are numbered in the order in which they are applied, migrations say: pure.

Where two sides added the same number, the one that lands later takes the numbers that follow. That
is done only where nothing but the number can be meant: both sides added files and changed none of
those that were there, in an order that stays the order of each side.
"""

import re
from collections.abc import Collection, Iterable, Mapping

_NUMBERED = re.compile(r"([A-Za-z]?)([0-9]+)([^0-9].*)", re.DOTALL)


def renamed(
    before: Collection[str], ours: Collection[str], theirs: Collection[str]
) -> dict[str, str]:
    """Map each name that the later side added to its new one; empty where nothing is to be done.

    All are names in one folder: those that were there, those that the landed side added, those
    that the later one added. Nothing is done unless both used a number that was not used before,
    each gave a number to one name at most (but for its endings, `7_a.up.sql` and `7_a.down.sql`),
    all numbers come after those that were there, and the new ones fit the width of the old.
    """
    old, mine, yours = (_numbers(names) for names in (before, ours, theirs))
    if not mine.keys() & yours.keys():
        return {}
    stems = [{stem(name) for name in names} for side in (mine, yours) for names in side.values()]
    letters = {_parts(name)[0] for name in (*ours, *theirs) if _NUMBERED.fullmatch(name)}
    if any(len(one) > 1 for one in stems) or len(letters) > 1:
        return {}
    if min((*mine, *yours)) <= max(old, default=-1):
        return {}
    found = {}
    for number, names in enumerate((yours[one] for one in sorted(yours)), max(mine) + 1):
        for name in names:
            letter, digits, rest = _parts(name)
            if len(str(number)) > len(digits) and _is_padded((*before, *ours, *theirs)):
                return {}
            found[name] = f"{letter}{str(number).zfill(len(digits))}{rest}"
    return found


def stem(name: str) -> str:
    """Return what others call a file: its name up to the first dot."""
    return name.partition(".")[0]


def is_numbered(name: str) -> bool:
    """Tell whether a name begins with a number, or with one letter and a number."""
    return _NUMBERED.fullmatch(name) is not None


def mentions(data: bytes, stems: Iterable[str]) -> bool:
    """Tell whether one of `stems` stands in `data` as a word."""
    return any(_word(one).search(data) for one in stems)


def rewritten(data: bytes, names: Mapping[str, str]) -> bytes:
    """Return `data` with each stem that is a key of `names` in its new form."""
    # At once, since the new form of one may be the old form of another.
    words = b"|".join(_word(one).pattern for one in names)
    return re.sub(words, lambda hit: names[hit[0].decode()].encode(), data)


def says_enough(name: str) -> bool:
    """Tell whether the stem of a file is more than its number, so that it means nothing else."""
    found = _NUMBERED.fullmatch(name)
    return bool(found and re.search(r"[A-Za-z]{2}", stem(found[3])))


def _numbers(names: Collection[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name in sorted(names):
        if parts := _NUMBERED.fullmatch(name):
            found.setdefault(int(parts[2]), []).append(name)
    return found


def _parts(name: str) -> tuple[str, str, str]:
    found = _NUMBERED.fullmatch(name)
    return (found[1], found[2], found[3]) if found else ("", "", "")


def _is_padded(names: Iterable[str]) -> bool:
    return any(len(digits) > 1 and digits.startswith("0") for _, digits, _ in map(_parts, names))


def _word(text: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w-])" + re.escape(text.encode()) + rb"(?![\w-])")
