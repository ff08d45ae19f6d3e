"""Which files of tests could not be loaded or compiled, as a run says.

A compiler names the place of each error. pytest, Vitest and node:test report a file that could not
be loaded as a test of the file's name that fails; Jest prints it.
"""

import re
from collections.abc import Iterable

_JS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_ERRORS = re.compile(
    r"^(?:error(?:\[E\d+\])?: .*\n\s*--> (\S+\.rs):\d+:\d+"  # rustc
    r"|(\S+\.rs):\d+:\d+: error"  # rustc, in one line
    r"|(?:vet: )?(\S+\.go):\d+:\d+: "  # go
    r"|(?:\[ERROR\] )?(\S+\.java):(?:\[\d+,\d+\]|\d+: error:)"  # Maven, javac
    r"|FAIL (\S+).*\n\s*● Test suite failed to run)",  # Jest
    re.MULTILINE,
)


def named(output: str) -> tuple[str, ...]:
    """Return the files that the `output` of a command says have errors, each once, as it does."""
    found = (next(filter(None, groups)) for groups in _ERRORS.findall(output))
    return tuple(dict.fromkeys(found))


def is_among(path: str, files: Iterable[str], failed: Iterable[str]) -> bool:
    """Tell whether the tests in the file at `path` could not run for what it holds.

    `files` are those that a compiler named. `failed` are the names of the tests that failed: one
    may stand for a file. Go compiles the files of a folder together.
    """
    if path.endswith(".go"):
        folder = path.rpartition("/")[0]
        return any(
            one.endswith(".go") and _agree(folder, one.removeprefix("./").rpartition("/")[0])
            for one in files
        )
    if any(_agree(path, one) for one in files):
        return True
    if path.endswith(_JS):
        ends = (re.split(r"::| > ", one)[-1] for one in failed)
        return any(one.endswith(_JS) and _agree(path, one) for one in ends)
    # pytest: a case without a class, `::tests.test_cart`.
    module = path.removesuffix(".py").replace("/", ".")
    modules = (one.removeprefix("::") for one in failed if one.startswith("::"))
    return path.endswith(".py") and any(_agree(module, one, ".") for one in modules)


def holds(failed: Iterable[str], name: str) -> bool:
    """Tell whether one of `failed` stands for the module of pytest that the test `name` is in."""
    modules = (one.removeprefix("::") for one in failed if one.startswith("::"))
    return any(one and name.startswith((f"{one}::", f"{one}.")) for one in modules)


def _agree(one: str, other: str, between: str = "/") -> bool:
    """Tell whether two paths agree as far as both say: one may begin further up than the other."""
    some, more = (each.removeprefix("./").split(between) for each in (one, other))
    count = min(len(some), len(more))
    return some[-count:] == more[-count:]
