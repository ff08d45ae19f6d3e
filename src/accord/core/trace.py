"""The trace of a change: which symbols and tests its criteria are bound to, as text in git.

One line for each link, in the order of the alphabet, so that two branches merge as lines do. TOML
(https://toml.io), and read as such: a key that stands twice is a conflict that nobody resolved.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from accord.core.fingerprint import Mark, packed, unpacked
from accord.core.model import Spec, lineage, sha256

FOLDER = ".accord/trace"
HEAD = "# What each criterion is bound to. Accord writes this; accord check --drift reads it.\n"

EVERY = "*"
"""In a trace: each criterion that has tests."""

_ARROW = " -> "
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MARKER = re.compile(r"(?im)\bsatisfies(?::|[\"'],)[ \t]*[\"']?([^\r\n\"']+)")
_ID = re.compile(r"[A-Za-z]+\d+(?:\.\d+)*")


class TraceError(ValueError):
    """Raised for a text that is no trace; the message says where."""


@frozen
class Promise:
    """One criterion as it was bound: its id, the file that it stands in, a digest of its words."""

    id: str
    path: str
    words: str


@frozen
class Trace:
    """What the criteria of one change are bound to: each link is a criterion's id and a mark.

    `symbols` is what their tasks changed; `executes` is what their tests run beside it, where
    somebody looked.
    """

    change: str
    promises: tuple[Promise, ...] = ()
    symbols: tuple[tuple[str, Mark], ...] = field(default=())
    tests: tuple[tuple[str, Mark], ...] = field(default=())
    executes: tuple[tuple[str, Mark], ...] = field(default=())


def path(change: str) -> str:
    """Return where the trace of `change` lies in the repository."""
    return f"{FOLDER}/{change}.toml"


def change_of(name: str) -> str:
    """Return the change whose trace the file `name` in the folder is, or an empty string."""
    change = name.removesuffix(".toml")
    return change if name.endswith(".toml") and _NAME.fullmatch(change) else ""


def words(text: str) -> str:
    """Return 16 hex digits of what a criterion says; how its lines are broken does not count."""
    return sha256(" ".join(text.split()).encode())[:16]


def to_toml(trace: Trace) -> str:
    """Return `trace` as text: sorted, each link once, a line for each."""
    promises = {_quoted(one.id): _quoted(f"{one.words} {one.path}") for one in trace.promises}
    lines = [HEAD, "[criteria]", *_rows(promises), "", "[symbols]", *_rows(_links(trace.symbols))]
    lines += ["", "[tests]", *_rows(_links(trace.tests)), ""]
    if trace.executes:
        lines += ["[executes]", *_rows(_links(_folded(trace))), ""]
    return "\n".join(lines)


def from_toml(change: str, text: str) -> Trace:
    """Return the trace that `to_toml` wrote. Raises TraceError for anything else."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TraceError(str(error)) from error
    promises = []
    for name, value in _table(found, "criteria").items():
        digest, space, where = value.partition(" ")
        if not space:
            raise TraceError(f"criteria: {name} names no file")
        promises.append(Promise(name, where, digest))
    symbols = tuple(_link(*row) for row in _table(found, "symbols").items())
    tests = tuple(_link(*row) for row in _table(found, "tests").items())
    executes = _unfolded(tests, (_link(*row) for row in _table(found, "executes").items()))
    return Trace(change, tuple(promises), symbols, tests, executes)


def promises(spec: Spec, folder: str) -> tuple[Promise, ...]:
    """Return the criteria of a spec in `folder` as they are to be bound."""
    return tuple(
        Promise(one.id, f"{folder}/{one.place.path}", words(one.text)) for one in spec.criteria
    )


def satisfied(spec: Spec, named: Iterable[str]) -> tuple[str, ...]:
    """Return the criteria that are meant where `named` are: naming R1 names R1.1 and R1.2."""
    wanted = set(named)
    return tuple(one.id for one in spec.criteria if wanted & set(lineage(one.id)))


def markers(text: str) -> tuple[str, ...]:
    """Return the ids after `Satisfies:` in a docstring or a comment of a test, each once.

    Also those of a property: `record_property("Satisfies", "R1.1")`.
    """
    found = (one for line in _MARKER.findall(text) for one in ids(line))
    return tuple(dict.fromkeys(found))


def ids(text: str) -> tuple[str, ...]:
    """Return the ids in a list of them: `R1.1, R2`."""
    return tuple(_ID.findall(text))


def _rows(table: Mapping[str, str]) -> list[str]:
    return [f"{key} = {value}" for key, value in sorted(table.items())]


def _links(links: Iterable[tuple[str, Mark]]) -> dict[str, str]:
    return {
        _quoted(f"{name}{_ARROW}{one.place}"): _quoted(f"{one.print} {packed(one.sketch)}".strip())
        for name, one in links
    }


def _folded(trace: Trace) -> Iterator[tuple[str, Mark]]:
    """Yield what is executed: what every criterion that has tests is bound to, as one link."""
    tested = {name for name, _ in trace.tests}
    bound: dict[Mark, set[str]] = {}
    for name, one in trace.executes:
        bound.setdefault(one, set()).add(name)
    for name, one in trace.executes:
        yield (EVERY if len(tested) > 1 and tested <= bound[one] else name), one


def _unfolded(
    tests: Iterable[tuple[str, Mark]], links: Iterable[tuple[str, Mark]]
) -> tuple[tuple[str, Mark], ...]:
    tested = dict.fromkeys(name for name, _ in tests)
    return tuple((each, one) for name, one in links for each in (
        tested if name == EVERY else (name,)))  # fmt: skip


def _link(key: str, value: str) -> tuple[str, Mark]:
    name, arrow, place = key.partition(_ARROW)
    where, colons, symbol = place.partition("::")
    if not (arrow and colons and symbol):
        raise TraceError(f"{key} is no link: ID{_ARROW}PATH::SYMBOL")
    digest, _, sketch = value.partition(" ")
    return name, Mark(where, symbol, digest, unpacked(sketch))


def _table(found: Mapping[str, object], name: str) -> dict[str, str]:
    table = found.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
        raise TraceError(f"{name} is no table of texts")
    return table


def _quoted(text: str) -> str:
    # A basic string of TOML: what cannot be seen, and half a surrogate pair, is escaped.
    said = "".join(one if one.isprintable() and one not in '"\\' else _escaped(one) for one in text)
    return f'"{said}"'


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    number = ord(one)
    if 0xD800 <= number < 0xE000:
        return "\\uFFFD"
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
