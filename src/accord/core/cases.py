"""Which symbols are tests, and which of a runner's cases each of them is.

The customs are those of pytest and unittest, `go test` and gotestsum, Cargo and nextest, JUnit with
Maven and Gradle, and of JavaScript node:test, Jest, Vitest, Mocha and Playwright.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

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
_VERSION = re.compile(r"v\d+")  # the last part of a module's path, and no folder
_HOSTS = ("github.com", "gitlab.com", "bitbucket.org")  # whose modules have three parts at least


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
    Where a name tells of a file, a module, a package or a crate, that agrees as far as both say.
    """
    if case.name == mark.place:
        return True
    if mark.path.endswith(_TITLED):
        return _ran_by_title(mark, case.name)
    if last_name(mark.name) not in case.name and not mark.name.startswith(_LINES):
        return False  # this is asked of every test for every case
    if mark.path.endswith(".go"):
        return _ran_by_go(mark, case.name)
    if mark.path.endswith(".rs"):
        return _ran_by_cargo(mark, case.name)
    parts = [one for one in _BETWEEN.split(_GIVEN.split(case.name)[0]) if one]
    *folders, file = mark.path.split("/")
    stem = file.partition(".")[0]
    if _is_hunk(mark.path, mark.name):  # all of the file is one test
        return stem in parts
    within = mark.name.partition("#")[0].split(".")
    before = parts[: -len(within)]
    if parts[-len(within) :] != within:
        return False
    if mark.path.endswith(".java"):
        return _is_of_java(folders, stem, parts[:-1], before)
    return bool(before) and _agree([*".".join(folders).split("."), stem], before)


def _is_of_java(
    folders: Sequence[str], stem: str, classes: Sequence[str], package: Sequence[str]
) -> bool:
    """Tell whether a package may stand in a folder: below `java`, folders are called like it."""
    if "java" not in folders:
        return stem in classes
    at = len(folders) - list(reversed(folders)).index("java")
    return _agree(folders[at:], package)


def _agree(some: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether two paths are one as far as both say: either may begin further up."""
    count = min(len(some), len(others))
    return list(some[len(some) - count :]) == list(others[len(others) - count :])


@lru_cache(maxsize=8192)
def _titles(name: str) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_words, _HOLE.split(name.partition("#")[0])))


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _ran_by_title(mark: Mark, name: str) -> bool:
    titles = _titles(mark.name)
    head, colons, tail = name.partition("::")
    if not colons:
        head, tail = "", name
    words, above = _words(tail), _words(head)
    if head.endswith(_TITLED):
        if not _agree(mark.path.split("/"), head.removeprefix("./").split("/")):
            return False
    elif words[len(words) - len(above) :] != above:  # not the titles over again
        words = above + words
    return any(titles) and _fits(titles, words)


def _ran_by_go(mark: Mark, name: str) -> bool:
    """Go has a name once in a package. Its report says which, by the package's import path.

    A method of a suite of testify is run by a test.
    """
    package, _, test = name.rpartition("::")
    if "." in mark.name:
        _, slash, test = test.rpartition("/")
        if not slash:
            return False
    return test == last_name(mark.name) and (not package or _is_package(mark.path, package))


def _is_package(path: str, package: str) -> bool:
    """Tell whether the folder of a file may have the import path `package`.

    That is the module's path, and the folder's within the module. Where the module begins is not
    known: it is called like its folder, or it has to be a module of its own, being too short.
    """
    folders, parts = path.split("/")[:-1], package.split("/")
    host = parts[0]
    below = len(parts) - (3 if host in _HOSTS else 2 if "." in host else 1)
    last = parts[:-1] if _VERSION.fullmatch(parts[-1]) and parts[-1:] != folders[-1:] else parts
    if not folders or len(folders) > below:
        return folders[-1:] in ([], last[-1:])
    return _agree(folders, last)


def _ran_by_cargo(mark: Mark, name: str) -> bool:
    """Cargo says the file of a crate's root and the modules below it, nextest says the crate.

    Each case of `#[rstest]` and `#[test_case]` stands below its test.
    """
    *parts, last = name.split("::")
    root = parts.pop(0) if parts and parts[0].endswith(".rs") else ""
    within = mark.name.partition("#")[0].split(".")
    said = [*parts, last]
    return any(
        some[-len(within) :] == within and _is_module(mark.path, root, some[: -len(within)])
        for some in (said, said[:-1])
    )


def _is_module(path: str, root: str, modules: Sequence[str]) -> bool:
    """Tell whether `path` may be the file of a module: in the crate of `root`, or one before it."""
    *folders, file = path.removesuffix(".rs").split("/")
    if root and _agree(path.split("/"), root.split("/")):
        return not modules
    where = next((one for one in ("src", "tests") if one in folders), "")
    inside = folders[len(folders) - folders[::-1].index(where) :] if where else []
    own = [*inside, *(() if file in ("lib", "main", "mod") else (file,))]
    program = own[:1] == ["bin"]
    own = own[2:] if program else own
    if root:
        crate = where != "src" or root.startswith("src/bin/") == program
        return crate and root.startswith(where) and list(modules) == own
    # nextest says the crate before the modules, and which program of it.
    most = len(own) + 1 + program if where == "src" else len(modules)
    return _agree(own, modules) and len(modules) <= most


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
