"""Which tests run which symbols, from what coverage.py noted line by line."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

from attrs import evolve

from accord.core.cases import ran
from accord.core.evidence import TestCase, is_test
from accord.core.fingerprint import MODULE, Mark, Symbol, last_name
from accord.core.ports import Executed


def placed(executed: Sequence[Executed], known: Iterable[str]) -> tuple[Executed, ...]:
    """Return what ran in the `known` files, by their paths; tests are left out.

    A path of a run may be absolute in its checkout: the longest that it ends with is meant, and
    where the checkout lay does not matter.
    """
    places = _places({one.path for one in executed}, set(known))
    return tuple(evolve(one, path=places[one.path]) for one in executed if one.path in places)


def _places(paths: Iterable[str], inside: Container[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        parts = path.replace("\\", "/").split("/")
        ends = ("/".join(parts[at:]) for at in range(len(parts)))
        match = next((end for end in ends if end in inside), "")
        if match and not is_test(match):
            found[path] = match
    return found


def executes(
    tests: Iterable[tuple[str, Mark]],
    executed: Sequence[Executed],
    symbols: Mapping[str, Sequence[Symbol]],
) -> tuple[tuple[str, str, Symbol], ...]:
    """Return (criterion, path, symbol) for each symbol in which a test of the criterion ran a line.

    `symbols` are those of the files that `executed` names. The line of a `def` runs when a module
    is loaded, and what a module does beside its symbols runs for whoever comes first: neither says
    that the test is about it.
    """
    rows: dict[tuple[str, str, str], Symbol] = {}
    links = list(tests)
    contexts = {one.context for one in executed}
    meant = {
        context: {name for name, mark in links if _is_context(mark, context)}
        for context in contexts
    }
    for one in executed:
        for name in meant[one.context]:
            for symbol in run_in(symbols.get(one.path, ()), one.lines):
                rows[name, one.path, symbol.name] = symbol
    return tuple((name, path, symbol) for (name, path, _), symbol in sorted(
        rows.items(), key=lambda row: row[0]))  # fmt: skip


def beside(
    paths: Collection[str], executed: Sequence[Executed], symbols: Mapping[str, Sequence[Symbol]]
) -> Iterator[tuple[str, Symbol]]:
    """Yield (path, symbol) for what ran in the files `paths` while no test did, each once.

    That is what was run to make a fixture, and what a module did as it was loaded: its constants,
    its classes, its statements. Tests that run anything else in that file may depend on it, and on
    files beside it in which no test runs anything.
    """
    seen = set()
    executed = tuple(_by_no_test(executed, symbols))
    paths = {*paths, *_only_loaded(paths, executed)}
    for one in executed:
        if one.context or one.path not in paths:
            continue
        for line in sorted(one.lines):
            held = [each for each in symbols.get(one.path, ()) if each.first <= line <= each.last]
            inner = min(held, key=lambda each: each.last - each.first, default=None)
            if inner is None or (one.path, inner.name) in seen:
                continue
            # What a function is called with is read when it is defined; it does not run by that.
            if inner.name == MODULE or line > inner.first or not _is_function(inner):
                seen.add((one.path, inner.name))
                yield one.path, inner


def _only_loaded(paths: Collection[str], executed: Sequence[Executed]) -> set[str]:
    """Return the files of the folders of `paths` that were loaded and in which no test ran a line.

    They hold constants, types and errors, and belong to nobody if not to what lies beside them.
    """
    folders = {one.rpartition("/")[0] for one in paths}
    run = {one.path for one in executed if one.context}
    loaded = {one.path for one in executed if not one.context}
    return {one for one in loaded - run if one.rpartition("/")[0] in folders}


def _by_no_test(
    executed: Sequence[Executed], symbols: Mapping[str, Sequence[Symbol]]
) -> Iterator[Executed]:
    """Yield what ran, with no context where that is code under test.

    coverage.py takes every function for a test that is called like one (`Client.test_request`).
    """
    called = [
        Mark(path, one.name, "")
        for path, some in symbols.items()
        for one in some
        if last_name(one.name).startswith("test")
    ]
    contexts = {one.context for one in executed}
    own = {one for one in contexts if any(_is_context(mark, one) for mark in called)}
    return (evolve(one, context="") if one.context in own else one for one in executed)


def _is_function(symbol: Symbol) -> bool:
    return next((one for one in symbol.tokens if one in ("def", "class")), "") == "def"


def _is_context(mark: Mark, context: str) -> bool:
    """Tell whether a context is the test: `tests/a.py::A::test_b|run`, or `tests.a.A.test_b`."""
    return ran(mark, TestCase(context.partition("|")[0].replace(".py::", "::"), passed=True))


def run_in(symbols: Sequence[Symbol], lines: frozenset[int]) -> Iterable[Symbol]:
    """Yield the innermost symbol around each of `lines`, but for lines that only define it."""
    for line in lines:
        held = [one for one in symbols if one.first <= line <= one.last and one.name != MODULE]
        if held:
            inner = min(held, key=lambda one: one.last - one.first)
            if line > inner.first or (inner.first == inner.last and _is_function(inner)):
                yield inner
