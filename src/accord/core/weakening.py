"""Tests that a change weakened: gone, skipped, with fewer or looser assertions, or with none.

Each file of tests is held against itself before the change, test by test, in the normal form of
its language: comments and layout say nothing. The words are those of the common runners; what a
project calls its own is not known, so a test that lost lines is shown whatever is found here.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from attrs import frozen

from accord.core.cases import is_case, quoted
from accord.core.fingerprint import Symbol, last_name

GONE = "is gone"

_ASSERTS = re.compile(r"(?i)_*(?:assert|expect|should|raises|warns|require|verify|fail|must)\w*")
_GO_FAILS = frozenset(("Error", "Errorf", "Fatal", "Fatalf"))
_SKIPS = frozenset(
    "skip skipif skipIf skipUnless skipTest SkipTest xfail expectedFailure importorskip Skip Skipf "
    "SkipNow Disabled DisabledIf Ignore ignore xit xtest xdescribe todo collect_ignore "
    "collect_ignore_glob".split()
)
_STRICT = frozenset(
    "== === assertEqual assertEquals assertSame assertListEqual assertDictEqual assertIs toBe "
    "toEqual toStrictEqual strictEqual deepEqual deepStrictEqual equal Equal assert_eq "
    "assert_called_once_with isEqualTo".split()
)
_LOOSE = frozenset(
    "> < >= <= in is approx assertTrue assertIn assertIsNotNone assertGreater assertLess "
    "assertGreaterEqual assertLessEqual assertAlmostEqual assertNotNull toBeTruthy toBeDefined "
    "toContain toBeCloseTo toMatchObject toBeGreaterThan toBeLessThan anything any ANY NotNil "
    "NotEmpty Contains True assert_called isNotNull ok".split()
)
_TELLING = (["raises"], ["warns"])


@frozen
class Weakened:
    """One test, and in words what it does no longer; `line` is where it stands now, or 1."""

    path: str
    line: int
    test: str
    words: str


def weakened(
    path: str, before: Sequence[Symbol], after: Sequence[Symbol], elsewhere: Collection[str] = ()
) -> tuple[Weakened, ...]:
    """Return how the tests in the file `path` were weakened between two states of its symbols.

    `elsewhere` are the prints of what is new anywhere in the change: a test that went there is not
    gone.
    """
    was, now = ({one.name: one for one in some} for some in (before, after))
    kept = {one.print for one in now.values()} | set(elsewhere)
    found = []
    for name, old in was.items():
        new = now.get(name)
        if new is None:
            if _is_test(path, old) and old.print not in kept:
                found.append(Weakened(path, 1, quoted(name), GONE))
        elif new.print != old.print:
            found += [Weakened(path, new.first, quoted(name), one) for one in _lost(path, old, new)]
    for name, new in now.items():
        # A mark for the whole file, or the whole class.
        if name not in was and not _is_test(path, new) and _count(new, _SKIPS):
            found.append(Weakened(path, new.first, quoted(name), "skips tests"))
    return tuple(found)


def _lost(path: str, old: Symbol, new: Symbol) -> Iterator[str]:
    if _count(new, _SKIPS) > _count(old, _SKIPS):
        yield "is skipped"
    had, has = (_assertions(path, one) for one in (old, new))
    if had and not has:
        yield "asserts nothing any more"
    elif has < had:
        yield f"has {had - has} assertion{'' if had - has == 1 else 's'} less"
    elif had and _looser(old, new):
        yield "compares less strictly"


def _looser(old: Symbol, new: Symbol) -> bool:
    strict = _count(new, _STRICT) < _count(old, _STRICT)
    return strict and _count(new, _LOOSE) > _count(old, _LOOSE)


def _assertions(path: str, one: Symbol) -> int:
    go = path.endswith(".go")
    return _matches(one.tokens) + sum(
        1
        for token in one.tokens
        if (token.isidentifier() and _ASSERTS.fullmatch(token)) or (go and token in _GO_FAILS)
    )


def _matches(tokens: Sequence[str]) -> int:
    """Count the errors and warnings that have to say something: `raises(Late, match="an hour")`.

    A pattern without a letter or a digit asks for nothing.
    """
    calls: list[str] = []
    found = 0
    for at, one in enumerate(tokens):
        if one == "(":
            calls += tokens[at - 1 : at] or [""]
        elif one == ")" and calls:
            calls.pop()
        elif one == "match" and calls[-1:] in _TELLING and tokens[at + 1 : at + 2] == ("=",):
            said = "".join(tokens[at + 2 : at + 3])
            found += any(each.isalnum() for each in said.partition("'")[2] or said)
    return found


def _count(one: Symbol, words: Collection[str]) -> int:
    found = Counter(one.tokens)
    return sum(found[word] for word in words)


def _is_test(path: str, one: Symbol) -> bool:
    """Tell whether a symbol is a test, or a class of tests."""
    return is_case(path, one) or last_name(one.name).casefold().startswith("test")
