"""Which symbols are tests, and which of a runner's cases each of them is.

The customs are those of pytest and unittest, `go test` and gotestsum, Cargo and nextest, JUnit with
Maven and Gradle, and of JavaScript node:test, Jest, Vitest, Mocha and Playwright.
"""

import re
from collections.abc import Sequence

from accord.core.evidence import TestCase
from accord.core.fingerprint import Mark, Symbol, last_name

_TITLED = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_CALLS = (("it",), ("test",), ("xit",), ("xtest",))
_DEFINES = {".py": "def", ".go": "func"}
_MARKS = frozenset(("Test", "ParameterizedTest", "RepeatedTest"))
_FAR = 20  # tokens: where a mark stands at the latest, after others of its kind

_PARTS = re.compile(r"::| > | › ")
_WORD = re.compile(r"\w+")
_HOLE = re.compile(r"\$\{[^}]*\}|\$[^\W\d]\w*|(?<!\w)%(?:[a-z](?!\w)|(?!\w))")
_BETWEEN = re.compile(r"::|[./$]")
_GIVEN = re.compile(r"[\[(]")  # what a case of a test was given, or that it is a method
_NAMELESS = ("lib.rs", "main.rs")  # Rust names the crate instead


def is_case(path: str, symbol: Symbol) -> bool:
    """Tell whether a symbol of a file of tests is one test, of which a runner says how it ended.

    That is a function called like one in Python and Go, one with a mark before it in Rust and Java,
    a call with a title in JavaScript and TypeScript. Classes and groups that hold tests are none.
    In other files any hunk may be one.
    """
    kind = f".{path.rpartition('.')[2]}"
    named = last_name(symbol.name).casefold().startswith("test")
    if kind in _TITLED:
        return symbol.tokens[:1] in _CALLS
    if kind in _DEFINES:
        return named and _DEFINES[kind] in symbol.tokens and symbol.name != "TestMain"
    if kind == ".java":
        return named or bool(_MARKS & set(symbol.tokens[:_FAR]))
    return kind != ".rs" or _is_marked(symbol)


def said(mark: Mark) -> str:
    """Return a test as it stands in a sentence: `test_keeps`, or its titles in quotes."""
    whole = mark.name.partition("#")[0]
    return quoted(whole) if mark.path.endswith(_TITLED) else last_name(mark.name)


def quoted(name: str) -> str:
    """Return a name in quotes where it has words of its own, as titles do."""
    return f"'{name}'" if " " in name else name


def is_inline(path: str, symbol: Symbol) -> bool:
    """Tell whether a symbol is a test that stands beside the code, as they do in Rust."""
    return path.endswith(".rs") and _is_marked(symbol)


def _is_marked(symbol: Symbol) -> bool:
    """Tell whether a function of Rust has `#[test]` before it, or `#[tokio::test]`."""
    said = symbol.tokens
    head = said[: said.index("fn")] if "fn" in said else ()
    return any(one == "test" and head[at - 1] in ("[", "::") for at, one in enumerate(head))


def ran(mark: Mark, case: TestCase) -> bool:
    """Tell whether a case of a JUnit report is the test `mark`.

    Runners name a case by the module's dotted name, or its path, and the names within it; those of
    JavaScript by its titles, the group's first, with or without the file. Where a title has a
    hole (`%i`, `$name`, `${name}`), which is filled for each of its cases, anything may stand.
    """
    if mark.path.endswith(_TITLED):
        titles = [_WORD.findall(one) for one in _HOLE.split(mark.name.partition("#")[0])]
        told = _PARTS.split(case.name)
        ends = (_WORD.findall(" ".join(told[at:])) for at in range(len(told)))
        return any(titles) and any(_fits(titles, end) for end in ends)
    if mark.path.endswith(".go"):
        return _ran_by_go(mark, case.name)
    parts = [one for one in _BETWEEN.split(_GIVEN.split(case.name)[0]) if one]
    within = mark.name.partition("#")[0].split(".")
    if parts[-len(within) :] != within:
        return False
    *_, folder, file = ("", *mark.path.split("/"))
    stem = folder if file == "mod.rs" else file.partition(".")[0]
    return stem in parts[:-1] or file in _NAMELESS


def _ran_by_go(mark: Mark, name: str) -> bool:
    """Go has a name once in a package. Its report says which, by the package's import path."""
    package, _, test = name.rpartition("::")
    folder = mark.path.rpartition("/")[0].rpartition("/")[2]
    return test == last_name(mark.name) and (
        not package or not folder or package.rpartition("/")[2] == folder
    )


def _fits(parts: Sequence[Sequence[str]], said: Sequence[str]) -> bool:
    """Tell whether `said` is the `parts` in their order, with anything between two of them."""
    first, *rest = parts
    if not rest:
        return said == first
    last = rest.pop()
    at, end = len(first), len(said) - len(last)
    if at > end or said[:at] != first or said[end:] != last:
        return False
    for part in rest:
        starts = range(at, end - len(part) + 1)
        at = next((one for one in starts if said[one : one + len(part)] == part), end) + len(part)
        if at > end:
            return False
    return True
