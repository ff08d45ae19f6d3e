"""What reads and breaks code: tree-sitter is loaded when the first file is read, and not before."""

from accord.core.breakage import Breakage
from accord.core.fingerprint import Symbol
from accord.core.ports import Executed


def read_symbols(path: str, data: bytes) -> tuple[Symbol, ...] | None:
    """Return the symbols of a file; what that takes is loaded only now."""
    from accord.symbols.reading import read

    return read(path, data)


def break_symbol(path: str, data: bytes, name: str, most: int) -> tuple[Breakage, ...]:
    """Return ways to break a symbol of a file; what that takes is loaded only now."""
    from accord.symbols.breaking import breakages

    return breakages(path, data, name, most)


def read_coverage(data: bytes) -> tuple[Executed, ...]:
    """Return which lines each test ran, from the data of coverage.py."""
    from accord.symbols import coverage

    return coverage.read_coverage(data)
