"""Which symbols are tests, and which of a runner's cases each of them is.

The customs are those of pytest and unittest, `go test` and gotestsum, Cargo and nextest, JUnit with
Maven and Gradle, and of JavaScript node:test, Jest, Vitest, Mocha and Playwright.
"""

import re
from collections.abc import Sequence

from accord.core.evidence import TestCase
from accord.core.fingerprint import MODULE, Mark, Symbol, last_name

_TITLED = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_CALLS = (("it",), ("test",), ("xit",), ("xtest",))
_GROUPS = ((".", "describe"), (".", "suite"), (".", "context"))
_JAVA = frozenset(("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate"))
_MODIFIERS = frozenset("public protected private static final abstract synchronized".split())
_RUST = frozenset(("test", "rstest", "test_case", "wasm_bindgen_test", "quickcheck"))
_FIXTURES = frozenset(("fixture", "yield_fixture"))
# `go test` knows tests by their names, and hands them one of these; benchmarks tell a speed.
_GO = {"Test": "T", "Fuzz": "F", "Example": ""}
_LINES = "<lines "
_OWN_NAME = re.compile(r"(?i)(?:^|/)(?:test[_-][^/]*|[^/]*(?:test|tests|spec|specs))\.(\w+)$")
_DATA = frozenset(
    "csv golden html ini json json5 jsonl lock log md out rst snap sql svg toml tsv txt xml "
    "yaml yml".split()
)

_PARTS = re.compile(r"::| > | › ")
_WORD = re.compile(r"\w+")
_HOLE = re.compile(r"\$\{[^}]*\}|\$[^\W\d]\w*|(?<!\w)%(?:[a-z](?!\w)|(?!\w))")
_BETWEEN = re.compile(r"::|[./$]")
_GIVEN = re.compile(r"[\[(]")  # what a case of a test was given, or that it is a method
_NAMELESS = ("lib.rs", "main.rs")  # Rust names the crate instead


def is_case(path: str, symbol: Symbol) -> bool:
    """Tell whether a symbol of a file of tests is one test, of which a runner says how it ended.

    That is a function called like one in Python and Go, one with a mark before it in Rust and Java,
    a call with a title in JavaScript and TypeScript. Classes and groups that hold tests are none,
    nor is what makes something for them. In a language that is not known it is any hunk of a file
    that is itself named like tests; what lies beside tests is mostly data.
    """
    kind = f".{path.rpartition('.')[2]}"
    if kind in _TITLED:
        return _is_titled(symbol)
    known = {".py": _is_python, ".go": _is_go, ".java": _is_java, ".rs": _is_rust}
    return known[kind](symbol) if kind in known else _is_hunk(path, symbol.name)


def said(mark: Mark) -> str:
    """Return a test as it stands in a sentence: `test_keeps`, or its titles in quotes."""
    whole = mark.name.partition("#")[0]
    return quoted(whole) if mark.path.endswith(_TITLED) else last_name(mark.name)


def quoted(name: str) -> str:
    """Return a name in quotes where it has words of its own, as titles do."""
    return f"'{name}'" if " " in name else name


def is_inline(path: str, symbol: Symbol) -> bool:
    """Tell whether a symbol is a test that stands beside the code, as they do in Rust."""
    return path.endswith(".rs") and _is_rust(symbol)


def _is_titled(symbol: Symbol) -> bool:
    if symbol.name.rpartition(".")[2] == MODULE:
        return False
    return symbol.tokens[:1] in _CALLS and symbol.tokens[1:3] not in _GROUPS


def _is_python(symbol: Symbol) -> bool:
    marks, rest = _marked(symbol.tokens)
    function = rest[:1] == ("def",) or rest[:2] == ("async", "def")
    return function and last_name(symbol.name).startswith("test") and not _FIXTURES & set(marks)


def _is_go(symbol: Symbol) -> bool:
    """Tell whether `go test` runs a function, or testify a method of a suite, for a test."""
    name, said = last_name(symbol.name), symbol.tokens
    prefix = next((one for one in _GO if name.startswith(one)), "")
    if said[:1] != ("func",) or not prefix or name[len(prefix) :][:1].islower():
        return False
    given = said[said.index(")") :] if said[1:2] == ("(",) else said
    given = given[given.index("(") + 1 :]
    given = given[: given.index(")")]
    if said[1:2] == ("(",):
        return prefix == "Test" and not given
    return given[-2:-1] == (_GO[prefix],) if _GO[prefix] else not given


def _is_java(symbol: Symbol) -> bool:
    """Tell whether a method is annotated as a test, or is one of JUnit 3."""
    marks, rest = _marked(symbol.tokens)
    held = set()
    while rest and (rest[0] in _MODIFIERS or rest[0] == "@"):
        more, rest = _marked(rest)
        marks += more
        held |= set(rest[:1]) & _MODIFIERS
        rest = rest[1:] if rest[:1] and rest[0] in _MODIFIERS else rest
    head = rest[: rest.index("(")] if "(" in rest else ()
    if not head or {"class", "interface", "enum", "record", "{", "="} & set(head):
        return False
    old = "public" in held and head[:1] == ("void",) and rest[len(head) + 1] == ")"
    return bool(_JAVA & set(marks)) or (old and last_name(symbol.name).startswith("test"))


def _is_rust(symbol: Symbol) -> bool:
    """Tell whether a function has `#[test]` before it, or `#[tokio::test]`, or `#[rstest]`."""
    marks, rest = _marked(symbol.tokens)
    return "fn" in rest[: rest.index("(") if "(" in rest else 0] and bool(_RUST & set(marks))


def _is_hunk(path: str, name: str) -> bool:
    """Tell whether a mark is lines of a file that is named like tests, in whatever language."""
    found = _OWN_NAME.search(path)
    return name.startswith(_LINES) and found is not None and found[1].casefold() not in _DATA


def _marked(tokens: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the names of the decorators, annotations or attributes before a symbol, and the rest.

    Of `@pytest.fixture(scope="session")` it is `fixture`, of `#[tokio::test]` it is `test`.
    """
    names, at = [], 0
    while tokens[at : at + 1] == ("@",) or tokens[at : at + 2] == ("#", "["):
        rust = tokens[at] == "#"
        at += 2 if rust else 1
        if tokens[at : at + 1] == ("interface",):
            break
        name = "".join(tokens[at : at + 1])
        at += 1
        while at < len(tokens) and tokens[at] in (".", "::", "("):
            if tokens[at] == "(":
                at = _closed(tokens, at)
            else:
                name, at = "".join(tokens[at + 1 : at + 2]), at + 2
        if rust:
            at = next((end for end in range(at, len(tokens)) if tokens[end] == "]"), at) + 1
        names.append(name)
    return names, tuple(tokens[at:])


def _closed(tokens: Sequence[str], at: int) -> int:
    """Return where it goes on after the bracket that opens at `at`."""
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end] == "(") - (tokens[end] == ")")
        if not depth:
            return end + 1
    return len(tokens)


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
